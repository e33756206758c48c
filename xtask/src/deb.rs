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

/// The folder of parts, beside the program.
pub(crate) const PARTS: &str = "debian-parts";

const CARGO_DEB: Tool = Tool { name: "cargo-deb", version: "3.8.0", features: &[] };

/// What to do with the package.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Then install, start, upgrade, remove and purge it on this machine (Debian, as root), and check each
    #[arg(long)]
    test: bool,
}

pub(crate) fn make_package(options: &Options) -> anyhow::Result<()> {
    install_tool()?;
    let program = build_dist()?;
    make_parts(&program, &program.with_file_name(PARTS))?;
    let target = program.ancestors().nth(2).context("a program lies in a target folder")?;
    let package = pack(target, &root().join("target/debian"), None)?;
    println!("\nmade {}", package.display());
    if options.test {
        test::test(&package)?;
    }
    Ok(())
}

/// Installs what makes the package, which takes minutes, unless it is there.
pub(crate) fn install_tool() -> anyhow::Result<()> {
    CARGO_DEB.install()
}

/// Packs what lies in a target folder of Cargo's: the program, as profile `dist` makes it, and its parts beside it.
/// With a time, in seconds since 1970, the same files give the same package.
pub(crate) fn pack(target: &Path, folder: &Path, time_secs: Option<u64>) -> anyhow::Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    let mut deb = cargo(&["deb", "--no-build", "--profile", "dist", "--locked", "--package", "haechi", "--output"]);
    deb.arg(folder).env("CARGO_TARGET_DIR", target);
    if let Some(time_secs) = time_secs {
        deb.env("SOURCE_DATE_EPOCH", time_secs.to_string());
    }
    run(&mut deb)?;
    only_file_in(folder)
}

/// Makes what packages hold beside the program and what is in the repository; `crates/server/Cargo.toml` lists it.
pub(crate) fn make_parts(program: &Path, parts: &Path) -> anyhow::Result<()> {
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
    let copyright = copyright::text()?;
    fs::write(parts.join("licences"), copyright::beside_the_licence(&copyright)?)?;
    fs::write(parts.join("copyright"), copyright)?;
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
