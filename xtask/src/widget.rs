//! `cargo xtask widget`: builds the widget's script from `widget/`, and sees that the one in the repository is that one.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, ensure};

use crate::{
    command::{built, root, run},
    packages::{Needed, install_missing},
};

/// What its tests in browsers need.
pub(crate) const NEEDED: [Needed; 8] = [
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

/// They take part by `--browsers`, and not in each run of the tests.
const OTHER_BROWSERS: [&str; 3] = ["firefox-esr", "webkit2gtk-driver", "xvfb"];

/// What to do with what was built.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Put what was built into the repository, instead of comparing it with what is there.
    #[arg(long)]
    write: bool,
    /// Have people in these browsers (chromium, firefox, webkit) go through what the widget does, with the debug server that
    /// was built last.
    #[arg(long, value_name = "BROWSERS", value_delimiter = ',', conflicts_with = "write")]
    browsers: Vec<String>,
}

pub(crate) fn widget(options: &Options) -> anyhow::Result<()> {
    if !options.browsers.is_empty() {
        install_missing(&NEEDED.iter().collect::<Vec<_>>(), "Install them")?;
        return visit(&options.browsers.iter().map(String::as_str).collect::<Vec<_>>());
    }
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
    widget(&Options { write: false, browsers: Vec::new() })
}

/// Installs what Chromium's visit needs.
pub(crate) fn install() -> anyhow::Result<()> {
    let needed: Vec<_> = NEEDED.iter().filter(|needed| !OTHER_BROWSERS.contains(&needed.package)).collect();
    install_missing(&needed, "Install them, or leave browsers out with --no-browser")
}

/// Has somebody in Chromium go through what a widget does, with the server that was built.
pub(crate) fn check_installed() -> anyhow::Result<()> {
    visit(&["chromium"])
}

fn visit(browsers: &[&str]) -> anyhow::Result<()> {
    // A browser that hangs must not hang what waits for it.
    let mut visit = Command::new("timeout");
    visit.args(["--kill-after=10", "600", "node", "widget/test/run.mjs"]).args(browsers);
    run(visit.env("HAECHI", built("debug", "haechi")).current_dir(root()))
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
