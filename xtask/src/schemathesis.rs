//! `cargo xtask schemathesis`: whether the server does what its OpenAPI document says, asked by schemathesis with all of
//! its checks but those that `schemathesis/schemathesis.toml` names, with reasons.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, ensure};

use crate::{
    bench::Server,
    command::{built, cargo, root, run},
    packages::{Needed, install_missing},
};

const NEEDED: [&Needed; 1] = [&Needed { file: "/usr/share/doc/python3-venv", package: "python3-venv" }];
/// Made-up requests for each call and phase.
const EXAMPLES: &str = "20";
/// The call that takes away what the others are asked with, so it is asked last.
const REMOVE_TOKEN: &str = "/admin/v1/tokens/{id}";
const SCOPES: [&str; 5] = ["apps:read", "apps:write", "statistics:read", "audit:read", "access:write"];

/// Installs schemathesis, builds the server, and asks.
pub(crate) fn check() -> anyhow::Result<()> {
    install()?;
    run(&mut cargo(&["build", "--package", "haechi"]))?;
    check_installed()
}

/// Installs schemathesis into an environment of its own, unless it is there.
pub(crate) fn install() -> anyhow::Result<()> {
    install_missing(&NEEDED, "Install it, or leave this check out")?;
    if program().is_file() {
        return Ok(());
    }
    let folder = folder();
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    let requirements = root().join("xtask/schemathesis/requirements.txt");
    run(Command::new(folder.join("bin/pip")).args(["install", "--quiet", "--requirement"]).arg(requirements))
}

/// Asks with what was installed the server that was built.
pub(crate) fn check_installed() -> anyhow::Result<()> {
    let haechi = built("debug", "haechi");
    let server = Server::start(&haechi, "memory:")?;
    let mut create = Command::new(haechi);
    create.args(["token", "create", "schemathesis", "--json", "--data"]).arg(server.data());
    for scope in SCOPES {
        create.args(["--scope", scope]);
    }
    let made = create.output()?;
    ensure!(made.status.success(), "no token: {}", String::from_utf8_lossy(&made.stderr));
    let made: serde_json::Value = serde_json::from_slice(&made.stdout)?;
    let token = made["token"].as_str().context("a token is printed")?;
    // The file is the tool's own way to be told which checks are not for which call.
    let settings = root().join("xtask/schemathesis/schemathesis.toml");
    ask(&server, token, &settings, "--exclude-path")?;
    ask(&server, token, &settings, "--include-path")
}

fn ask(server: &Server, token: &str, settings: &PathBuf, choice: &str) -> anyhow::Result<()> {
    let mut command = Command::new(program());
    command.arg("--config-file").arg(settings);
    command.args(["run", &format!("http://{}/openapi.json", server.address())]);
    command.args(["--max-examples", EXAMPLES, "--no-color", choice, REMOVE_TOKEN]);
    command.arg("--header").arg(format!("Authorization: Bearer {token}"));
    // It leaves what it learned in the folder where it is run.
    let work = folder().join("work");
    fs::create_dir_all(&work)?;
    run(command.current_dir(work))
}

fn folder() -> PathBuf {
    root().join("target/schemathesis")
}

fn program() -> PathBuf {
    folder().join("bin/schemathesis")
}
