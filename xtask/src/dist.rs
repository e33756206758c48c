//! `cargo xtask dist`: all that a page of a release needs, in `target/dist-release`.
//!
//! Nothing is published. What cannot be made on this machine is said at the end, with the reason.

mod archive;
mod contents;
mod installer;
mod libraries;
mod oci;
mod release;
mod rpm;
mod targets;
mod test;

use std::{fs, path::PathBuf};

use anyhow::{Context, ensure};

use crate::{command::root, deb, sbom};
use contents::Parts;
use installer::INSTALLER;
use oci::Image;
use release::Release;
use targets::{Plan, TARGETS, Target};

/// What to make.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Package this program, which runs here, instead of building any
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Then try what was made on this machine (Debian, as root): packages, the image, the installer
    #[arg(long)]
    test: bool,
    /// Fail if anything cannot be made here
    #[arg(long)]
    all: bool,
}

pub(crate) fn make(options: &Options) -> anyhow::Result<()> {
    let release = Release::begin()?;
    let mut not_made = NotMade::default();
    let programs = programs(options, &mut not_made)?;
    let here = programs.iter().find(|program| program.is_native).context("no program was made for this machine")?;
    let parts = Parts::make(&here.file, &release)?;
    for program in &programs {
        parts.pack(&program.file, &program.target, &release)?;
    }
    make_packages(here, &parts, &release, &mut not_made)?;
    make_image(&programs, &parts, &release, &mut not_made)?;
    if not_made.unless(sbom::install_tool(), "the list of components") {
        fs::copy(sbom::write()?, release.folder.join(format!("haechi-{}.cdx.json", release.version)))?;
    }
    fs::copy(root().join(INSTALLER), release.folder.join("install.sh"))?;
    release.finish()?;
    if options.test {
        test::test(&release)?;
    }
    not_made.say(options.all)
}

/// A program for a kind of machine.
struct Program {
    target: Target,
    file: PathBuf,
    is_native: bool,
}

fn programs(options: &Options, not_made: &mut NotMade) -> anyhow::Result<Vec<Program>> {
    let mut programs = Vec::new();
    for target in TARGETS {
        let plan = match (target.plan()?, &options.program) {
            (Plan::Cross(_), Some(_)) => Plan::NotMade("--program gives one for this machine alone".to_owned()),
            (plan, _) => plan,
        };
        let is_native = plan == Plan::Native;
        let file = match (&plan, &options.program) {
            (Plan::Native, Some(program)) => Some(program.clone()),
            (plan, _) => target.build(plan)?,
        };
        match (file, plan) {
            (Some(file), _) => {
                libraries::check_linking(&file, &target)?;
                programs.push(Program { target, file, is_native });
            }
            (None, Plan::NotMade(reason)) => not_made.add(&format!("the program for {}", target.triple), &reason),
            (None, plan) => anyhow::bail!("{plan:?} made no program"),
        }
    }
    Ok(programs)
}

/// The packages are for this machine's kind, on which they can be tried.
fn make_packages(here: &Program, parts: &Parts, release: &Release, not_made: &mut NotMade) -> anyhow::Result<()> {
    for target in TARGETS.iter().filter(|target| target.has_glibc && target.triple != here.target.triple) {
        let what = format!(".deb and .rpm for {}", target.architecture);
        not_made.add(&what, "packages are made on a machine of their kind, where they can be tried");
    }
    if not_made.unless(deb::install_tool(), "the .deb") {
        let package = deb::pack(&parts.target, &release.parts.join("debian"), Some(release.time_secs))?;
        let name = package.file_name().context("a package has a name")?;
        fs::copy(&package, release.folder.join(name))?;
    }
    if not_made.unless(rpm::install_tool(), "the .rpm") {
        rpm::pack(&parts.target, release)?;
    }
    Ok(())
}

/// The container image, for all kinds of machines for which there is a program that is linked to Debian's C library:
/// that one's allocator is faster with many threads than the one in a static program.
fn make_image(programs: &[Program], parts: &Parts, release: &Release, not_made: &mut NotMade) -> anyhow::Result<()> {
    let mut images = Vec::new();
    for target in TARGETS.into_iter().filter(|target| target.has_glibc) {
        let what = format!("the container image for {}", target.architecture);
        let Some(program) = programs.iter().find(|program| program.target == target) else {
            not_made.add(&what, "there is no program for it");
            continue;
        };
        let image = Image::of(&program.file, target, parts);
        match image {
            Ok(image) => images.push(image),
            Err(error) => not_made.add(&what, &format!("{error:#}")),
        }
    }
    if images.is_empty() { Ok(()) } else { oci::write(release, &images) }
}

/// What cannot be made on this machine, and why.
#[derive(Default)]
struct NotMade {
    lines: Vec<String>,
}

impl NotMade {
    fn add(&mut self, what: &str, reason: &str) {
        self.lines.push(format!("NOT MADE: {what}, because {reason}"));
    }

    /// Whether a tool is there; else notes what cannot be made without it.
    fn unless(&mut self, tool: anyhow::Result<()>, what: &str) -> bool {
        match tool {
            Ok(()) => true,
            Err(error) => {
                self.add(what, &format!("its tool cannot be installed: {error:#}"));
                false
            }
        }
    }

    fn say(&self, must_be_all: bool) -> anyhow::Result<()> {
        println!();
        for line in &self.lines {
            println!("{line}");
        }
        ensure!(!must_be_all || self.lines.is_empty(), "not all was made");
        println!("\nThis is what a release page would have. Nothing was published.");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_made_is_said_and_fails_where_all_is_wanted() {
        let mut not_made = NotMade::default();
        assert!(not_made.unless(Ok(()), "one"));
        not_made.say(true).unwrap();
        assert!(!not_made.unless(Err(anyhow::anyhow!("no network")), "another"));
        assert_eq!(not_made.lines, ["NOT MADE: another, because its tool cannot be installed: no network"]);
        not_made.say(false).unwrap();
        assert!(not_made.say(true).is_err());
    }
}
