//! Debian packages that a command needs: installed where this may be done, else named.

use std::{
    env,
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, bail};

use crate::command::{root, run};

/// A file that a command needs, and the Debian package that has it.
pub(crate) struct Needed {
    /// A program's name, which is looked for on the path, or a file's path.
    pub(crate) file: &'static str,
    pub(crate) package: &'static str,
}

/// Installs what is missing with `apt-get`, as root; else says what it is, and then `advice`.
pub(crate) fn install_missing(needed: &[&Needed], advice: &str) -> anyhow::Result<()> {
    let missing = needed.iter().filter(|needed| !is_there(needed.file));
    let packages: Vec<_> = missing.map(|needed| needed.package).collect();
    if packages.is_empty() {
        return Ok(());
    }
    if !is_there("apt-get") || !is_root() {
        bail!("these Debian packages are needed: {}\n{advice}", packages.join(" "));
    }
    // Two of us may be at it at once, and apt-get waits for nobody.
    let turn = File::create(env::temp_dir().join("haechi-apt-get.lock"))?;
    turn.lock()?;
    run(Command::new("apt-get").args(["update", "-qq"]))?;
    let _no_daemons = NoDaemons::begin()?;
    let install = ["install", "--yes", "--no-install-recommends", "-qq"];
    run(Command::new("apt-get").args(install).args(packages).env("DEBIAN_FRONTEND", "noninteractive"))
}

/// A virtual environment of Python in a folder, with what a file pins, unless that is there.
pub(crate) fn install_requirements(folder: &Path, requirements: &Path) -> anyhow::Result<()> {
    let wanted = fs::read_to_string(requirements)?;
    let installed = folder.join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    let python = root().join(folder).join("bin/python");
    run(Command::new(python).args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(requirements))?;
    fs::write(&installed, wanted).with_context(|| format!("cannot write {}", installed.display()))
}

/// While it lives, Debian starts no service of what is installed: what we need of a web server is its program.
pub(crate) struct NoDaemons {
    is_ours: bool,
}

impl NoDaemons {
    /// Where Debian's installation of services asks what may be done.
    const POLICY: &str = "/usr/sbin/policy-rc.d";

    pub(crate) fn begin() -> anyhow::Result<Self> {
        match OpenOptions::new().write(true).create_new(true).mode(0o755).open(Self::POLICY) {
            Ok(mut policy) => {
                // 101: it is forbidden.
                policy.write_all(b"#!/bin/sh\nexit 101\n")?;
                Ok(Self { is_ours: true })
            }
            // The machine has a policy of its own.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Self { is_ours: false }),
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for NoDaemons {
    fn drop(&mut self) {
        if self.is_ours && fs::remove_file(Self::POLICY).is_err() {
            println!("{} could not be removed: remove it, or no service will be started", Self::POLICY);
        }
    }
}

/// Whether a program is on the path, or a file at its place.
pub(crate) fn is_there(file: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Joining an absolute path gives that path itself. Some packages are known by a folder only.
    (Path::new(file).is_absolute() && Path::new(file).exists())
        || std::env::split_paths(&path).any(|folder| folder.join(file).is_file())
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").stderr(Stdio::null()).output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
