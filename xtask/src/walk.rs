//! `cargo xtask walk`: from an empty folder to a protected form and an alert, by keyboard alone, in browsers.

use std::process::Command;

use crate::{
    command::{built, root, run},
    packages::install_missing,
    widget,
};

/// In which browsers.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Some of chromium, firefox and webkit.
    #[arg(long, value_name = "BROWSERS", value_delimiter = ',', default_value = "chromium,firefox,webkit")]
    browsers: Vec<String>,
}

/// With the debug server that was built last.
pub(crate) fn walk(options: &Options) -> anyhow::Result<()> {
    install_missing(&widget::NEEDED.iter().collect::<Vec<_>>(), "Install them")?;
    walk_in(&options.browsers.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The same in Chromium, in which the widget's checks are run as well.
pub(crate) fn check_installed() -> anyhow::Result<()> {
    walk_in(&["chromium"])
}

fn walk_in(browsers: &[&str]) -> anyhow::Result<()> {
    // A browser that hangs must not hang what waits for it.
    let mut walk = Command::new("timeout");
    walk.args(["--kill-after=10", "300", "node", "e2e/walk/run.mjs"]).args(browsers);
    run(walk.env("HAECHI", built("debug", "haechi")).current_dir(root()))
}
