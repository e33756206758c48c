//! `cargo xtask deb`: a package for Debian, and a test of it on this machine.

mod copyright;
mod daemon;
mod systemd;
mod test;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

use crate::{
    command::{build_dist, cargo, root, run},
    tools::Tool,
};

const CARGO_DEB: Tool = Tool { name: "cargo-deb", version: "3.8.0", features: &[] };

/// What to do with the package.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Then install, start, upgrade, remove and purge it on this machine (Debian, as root), and check each
    #[arg(long)]
    test: bool,
}

pub(crate) fn make_package(options: &Options) -> anyhow::Result<()> {
    CARGO_DEB.install()?;
    let program = build_dist()?;
    make_parts(&program, &program.with_file_name("debian-parts"))?;
    let folder = root().join("target/debian");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    run(cargo(&["deb", "--no-build", "--profile", "dist", "--locked", "--package", "haechi", "--output"]).arg(&folder))?;
    let package = only_file_in(&folder)?;
    println!("\nmade {}", package.display());
    if options.test {
        test::test(&package)?;
    }
    Ok(())
}

/// Makes what the package holds beside what is in the repository; the list of it is in `crates/server/Cargo.toml`.
fn make_parts(program: &Path, parts: &Path) -> anyhow::Result<()> {
    if parts.exists() {
        fs::remove_dir_all(parts)?;
    }
    fs::create_dir_all(parts)?;
    run(Command::new(program).args(["man", "--out"]).arg(parts.join("man")))?;
    run(Command::new("gzip").args(["--best", "--no-name", "--recursive"]).arg(parts.join("man")))?;
    for shell in ["bash", "fish", "zsh"] {
        let output = Command::new(program).args(["completions", shell]).output()?;
        ensure!(output.status.success(), "there are no completions for {shell}");
        fs::write(parts.join(format!("haechi.{shell}")), output.stdout)?;
    }
    fs::write(parts.join("copyright"), copyright::text()?)?;
    fs::create_dir_all(parts.join("docs"))?;
    for name in ["configuration.md", "files.md", "limits.md", "operating.md", "reverse-proxy.md"] {
        fs::copy(root().join("docs").join(name), parts.join("docs").join(name))?;
    }
    Ok(())
}

fn only_file_in(folder: &Path) -> anyhow::Result<PathBuf> {
    let files: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    ensure!(files.len() == 1, "{} should hold one package, not {}", folder.display(), files.len());
    files.first().map(fs::DirEntry::path).context("there is a file")
}
