//! `cargo xtask audit`: whether what we depend on may be passed on, comes from where we think, and is known to be good.

use std::process::Command;

use crate::{
    command::{cargo, root, run},
    tools::Tool,
};

const CARGO_DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2", features: &[] };

/// Installs what checks, and checks.
pub(crate) fn check() -> anyhow::Result<()> {
    install()?;
    check_installed()
}

pub(crate) fn install() -> anyhow::Result<()> {
    CARGO_DENY.install()
}

pub(crate) fn check_installed() -> anyhow::Result<()> {
    let deny = |arguments: &[&str]| cargo(&[&["deny", "--workspace", "--all-features"], arguments].concat());
    // What is twice in the tree is listed by `cargo deny check bans`, and no fault.
    run(&mut deny(&["--log-level", "error", "check", "bans", "licenses", "sources"]))?;
    if is_fetched(&mut deny(&["fetch", "db"])) {
        return run(&mut deny(&["--offline", "check", "advisories"]));
    }
    println!("\nNOT CHECKED: advisories, because RustSec's database could not be fetched from github.com");
    Ok(())
}

/// Whether the database of advisories could be had, without a word if not.
fn is_fetched(fetching: &mut Command) -> bool {
    fetching.current_dir(root()).output().is_ok_and(|output| output.status.success())
}
