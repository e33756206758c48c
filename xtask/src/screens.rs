//! `cargo xtask screens`: pictures of every page, to be looked at.

use std::fs;

use crate::{
    command::{built, cargo, root, run},
    test,
};

/// Shows every page to Chromium in both languages and themes at three widths, and checks its structure as CI does.
pub(crate) fn take() -> anyhow::Result<()> {
    let folder = root().join("target/screens");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    test::install_axe()?;
    run(&mut cargo(&["build", "--workspace", "--bin", "haechi"]))?;
    let mut pages = test::cargo_test(&["--test", "browser", "--", "pages::every_page", "--test-threads", "2"]);
    run(pages.env("E2E_HAECHI", built("debug", "haechi")).env("E2E_SCREENS", &folder))?;
    println!("\n{} pictures are in {}.", fs::read_dir(&folder)?.count(), folder.display());
    Ok(())
}
