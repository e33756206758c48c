//! `cargo xtask widget`: builds the widget's script from `widget/`, and sees that the one in the repository is that one.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, ensure};

use crate::{
    command::{built, root, run},
    packages::{Needed, install_missing},
};

/// What its tests in browsers need.
const NEEDED: [Needed; 8] = [
    Needed { file: "node", package: "nodejs" },
    Needed { file: "npm", package: "npm" },
    Needed { file: "chromium", package: "chromium" },
    Needed { file: "firefox-esr", package: "firefox-esr" },
    Needed { file: "WebKitWebDriver", package: "webkit2gtk-driver" },
    Needed { file: "Xvfb", package: "xvfb" },
    Needed { file: "pulseaudio", package: "pulseaudio" },
    Needed { file: "parec", package: "pulseaudio-utils" },
];

/// What it is built from, beside `src`.
const SOURCES: [&str; 4] = ["package.json", "package-lock.json", "tsconfig.json", "build.mjs"];

/// What to do with what was built.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Put what was built into the repository, instead of comparing it with what is there.
    #[arg(long)]
    write: bool,
}

pub(crate) fn widget(options: &Options) -> anyhow::Result<()> {
    let built = build()?;
    let kept = root().join("widget/dist");
    for file in fs::read_dir(&built)? {
        let file = file?;
        let (new, old) = (fs::read(file.path())?, kept.join(file.file_name()));
        if options.write {
            fs::create_dir_all(&kept)?;
            fs::write(&old, &new)?;
        } else {
            let old = fs::read(&old).with_context(|| format!("{} is not there", old.display()))?;
            let name = file.file_name();
            ensure!(old == new, "widget/dist/{} is not what is built: cargo xtask widget --write", name.display());
        }
    }
    println!("The widget's script is what its source gives.");
    Ok(())
}

/// Sees that the script in the repository is what is built.
pub(crate) fn check() -> anyhow::Result<()> {
    widget(&Options { write: false })
}

/// Installs browsers, and what a sound is heard with.
pub(crate) fn install() -> anyhow::Result<()> {
    install_missing(&NEEDED.iter().collect::<Vec<_>>(), "Install them, or leave browsers out with --no-browser")
}

/// Has the server that was built, and people in three browsers, go through what a widget does.
pub(crate) fn check_installed() -> anyhow::Result<()> {
    run(Command::new("node").arg("widget/test/run.mjs").env("HAECHI", built("debug", "haechi")).current_dir(root()))
}

/// Builds it in a folder of its own, so that what lies about in the repository's has no part in it.
fn build() -> anyhow::Result<std::path::PathBuf> {
    let folder = root().join("target/widget");
    let from = root().join("widget");
    let source = folder.join("src");
    if source.exists() {
        fs::remove_dir_all(&source)?;
    }
    copy_folder(&from.join("src"), &source)?;
    for file in SOURCES {
        fs::copy(from.join(file), folder.join(file))?;
    }
    let built = folder.join("dist");
    if built.exists() {
        fs::remove_dir_all(&built)?;
    }
    let npm = |arguments: &[&str]| run(Command::new("npm").args(arguments).current_dir(&folder));
    npm(&["ci", "--no-audit", "--no-fund", "--silent"])?;
    npm(&["run", "build", "--silent"])?;
    Ok(built)
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
