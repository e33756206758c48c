//! `cargo xtask test`: everything that CI runs, after installing what it needs.

use crate::{
    command::{cargo, run},
    packages::{Needed, install_missing},
};

/// What to run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Leave the browser tests out.
    #[arg(long)]
    no_browser: bool,
}

const NEEDED: [Needed; 3] = [
    Needed { file: "curl", package: "curl" },
    Needed { file: "chromium", package: "chromium" },
    Needed { file: "chromedriver", package: "chromium-driver" },
];

pub(crate) fn run_everything(options: &Options) -> anyhow::Result<()> {
    install_needed(options)?;
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

/// Installs the programs that the tests start.
fn install_needed(options: &Options) -> anyhow::Result<()> {
    let is_wanted = |needed: &&Needed| !options.no_browser || needed.file == "curl";
    let wanted: Vec<_> = NEEDED.iter().filter(is_wanted).collect();
    install_missing(&wanted, "Install them, or leave browsers out with --no-browser")
}
