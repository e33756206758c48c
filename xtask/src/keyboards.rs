//! `cargo xtask keyboards`: takes what keys type in other layouts out of Debian's packages, for the library to read it.
//!
//! The table, `crates/captcha/src/typed/layouts.rs`, is source, so that it can be read and compared; a layout more is a
//! line in `keyboards/layouts.rs`.

mod layouts;
mod shares;
mod table;
mod unicode;

use std::{fs, path::Path, process::Command};

use anyhow::{Context, ensure};

use crate::{
    command::{root, run},
    packages::{Needed, install_missing},
};

const NEEDED: [Needed; 2] = [
    Needed { file: layouts::FOLDER, package: layouts::PACKAGE },
    Needed { file: unicode::DATA, package: unicode::PACKAGE },
];

/// The table, from the root of the repository.
const TABLE: &str = "crates/captcha/src/typed/layouts.rs";

/// Where the packages' licences go.
const LICENCES: &str = "crates/captcha/assets/keyboards/licences";

/// What to do with what the packages say.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Put the table into the repository, instead of comparing it with what is there.
    #[arg(long)]
    write: bool,
    /// Print for each way of typing the share of answers that the library refuses, as docs/typing.md has it.
    #[arg(long, conflicts_with = "write")]
    shares: bool,
}

pub(crate) fn keyboards(options: &Options) -> anyhow::Result<()> {
    install()?;
    let layouts = layouts::read()?;
    if options.shares {
        shares::print(&layouts);
        return Ok(());
    }
    let path = root().join(TABLE);
    let table = formatted(&table::text(&layouts)?)?;
    if options.write {
        fs::write(&path, table)?;
        return copy_licences();
    }
    let kept = fs::read_to_string(&path).with_context(|| format!("{TABLE} is not there"))?;
    if head(&kept) != head(&table) {
        println!("NOT CHECKED: {TABLE}, because other versions of its packages are installed here");
        return Ok(());
    }
    ensure!(kept == table, "{TABLE} is not what the packages give: cargo xtask keyboards --write");
    println!("The table of keyboards is what its packages give.");
    Ok(())
}

/// Sees that the table is what the packages give, if they are of the versions that it was made from.
pub(crate) fn check_installed() -> anyhow::Result<()> {
    keyboards(&Options { write: false, shares: false })
}

pub(crate) fn install() -> anyhow::Result<()> {
    install_missing(&NEEDED.iter().collect::<Vec<_>>(), "Install them")
}

fn copy_licences() -> anyhow::Result<()> {
    let folder = root().join(LICENCES);
    fs::create_dir_all(&folder)?;
    for package in [layouts::PACKAGE, unicode::PACKAGE] {
        let licence = Path::new("/usr/share/doc").join(package).join("copyright");
        fs::copy(&licence, folder.join(format!("{package}.txt"))).with_context(|| licence.display().to_string())?;
    }
    Ok(())
}

/// The comment at the beginning, which names the packages and their versions.
fn head(table: &str) -> Vec<&str> {
    table.lines().take_while(|line| line.starts_with("//!")).collect()
}

fn version_of(package: &str) -> anyhow::Result<String> {
    let output = Command::new("dpkg-query").args(["--show", "--showformat", "${Version}", package]).output()?;
    ensure!(output.status.success(), "package {package} is not installed");
    Ok(String::from_utf8(output.stdout)?)
}

fn formatted(source: &str) -> anyhow::Result<String> {
    let file = tempfile::Builder::new().suffix(".rs").tempfile()?;
    fs::write(file.path(), source)?;
    let settings = root().join("rustfmt.toml");
    run(Command::new("rustfmt").args(["--edition", "2024", "--config-path"]).arg(settings).arg(file.path()))?;
    Ok(fs::read_to_string(file.path())?)
}
