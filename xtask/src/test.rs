//! `cargo xtask test`: everything that CI runs, after installing what it needs.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::bail;

use crate::command::{cargo, run};

/// What to run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Leave the browser tests out.
    #[arg(long)]
    no_browser: bool,
}

/// A program that the tests start, and the Debian package that has it.
struct Needed {
    program: &'static str,
    package: &'static str,
}

const NEEDED: [Needed; 3] = [
    Needed { program: "curl", package: "curl" },
    Needed { program: "chromium", package: "chromium" },
    Needed { program: "chromedriver", package: "chromium-driver" },
];

pub(crate) fn run_everything(options: &Options) -> anyhow::Result<()> {
    install_missing(options)?;
    run(&mut cargo(&["fmt", "--all", "--check"]))?;
    run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]))?;
    run(&mut cargo(&["test", "--workspace", "--exclude", "e2e"]))?;
    if !options.no_browser {
        // The browser tests start the program that the line above built. One at a time: each has a browser of its own.
        run(&mut cargo(&["test", "--package", "e2e", "--", "--test-threads", "1"]))?;
    }
    run(cargo(&["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "--deny warnings"))?;
    println!("\nAll passed.");
    Ok(())
}

/// Installs the programs that are missing, where this may be done, else says which they are.
fn install_missing(options: &Options) -> anyhow::Result<()> {
    let is_wanted = |needed: &&Needed| !options.no_browser || needed.program == "curl";
    let missing: Vec<_> = NEEDED.iter().filter(is_wanted).filter(|needed| !is_on_path(needed.program)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<_> = missing.iter().map(|needed| needed.package).collect();
    if !is_on_path("apt-get") || !is_root() {
        bail!(
            "the tests need these Debian packages: {}\nInstall them, or leave browsers out with --no-browser",
            packages.join(" ")
        );
    }
    run(Command::new("apt-get").args(["update", "-qq"]))?;
    let install = ["install", "--yes", "--no-install-recommends", "-qq"];
    run(Command::new("apt-get").args(install).args(packages).env("DEBIAN_FRONTEND", "noninteractive"))
}

fn is_on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| Path::new(&folder).join(program).is_file())
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").stderr(Stdio::null()).output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
