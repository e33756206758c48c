//! Which version is made, from which commit, and where to.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};
use sha2::{Digest, Sha256};

use crate::command::root;

/// What all that is made of one commit has in common.
pub(super) struct Release {
    pub(super) version: &'static str,
    /// The commit, with `-dirty` where files differ from it.
    pub(super) revision: String,
    /// When the commit was made, in seconds since 1970: the time of every file that is made.
    pub(super) time_secs: u64,
    /// The same as text, in UTC.
    pub(super) time: String,
    /// Where all that is for others goes.
    pub(super) folder: PathBuf,
    /// Where parts lie meanwhile, as a target folder of Cargo's.
    pub(super) parts: PathBuf,
}

impl Release {
    /// Reads what the commit says, and empties the folders.
    pub(super) fn begin() -> anyhow::Result<Self> {
        let release = Self {
            version: env!("CARGO_PKG_VERSION"),
            revision: git(&["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"])?,
            time_secs: git(&["log", "-1", "--format=%ct"])?.parse().context("a commit's time is a number")?,
            time: git(&["log", "-1", "--date=format-local:%Y-%m-%dT%H:%M:%SZ", "--format=%cd"])?,
            folder: root().join("target/dist-release"),
            parts: root().join("target/dist-parts"),
        };
        for folder in [&release.folder, &release.parts] {
            if folder.exists() {
                fs::remove_dir_all(folder)?;
            }
            fs::create_dir_all(folder)?;
        }
        Ok(release)
    }

    /// Writes a file for others, which all may read.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let file = self.folder.join(name);
        fs::write(&file, bytes).with_context(|| format!("cannot write {}", file.display()))
    }

    /// Writes the sums of all files, and prints what there is.
    pub(super) fn finish(&self) -> anyhow::Result<()> {
        let sums = sums(&self.folder)?;
        self.write("SHA256SUMS", sums.as_bytes())?;
        println!("\nIn {}:", self.folder.display());
        for name in sums.lines().filter_map(|line| line.split_once("  ")).map(|(_, name)| name).chain(["SHA256SUMS"]) {
            println!("{:>12} bytes  {name}", fs::metadata(self.folder.join(name))?.len());
        }
        Ok(())
    }
}

/// A line for each file of a folder, by name, as `sha256sum` writes and reads them.
pub(super) fn sums(folder: &Path) -> anyhow::Result<String> {
    let mut lines = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_string().ok().context("a file's name is text")?;
        ensure!(entry.file_type()?.is_file(), "{name} is no file");
        lines.push((name, sha256(&fs::read(entry.path())?)));
    }
    lines.sort();
    Ok(lines.into_iter().map(|(name, sum)| format!("{sum}  {name}\n")).collect())
}

/// The SHA-256, in hexadecimal digits.
pub(super) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn git(arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("git").args(arguments).current_dir(root()).env("TZ", "UTC0").output()?;
    ensure!(output.status.success(), "git {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_what_sha256sum_reads() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("b"), "abc").unwrap();
        fs::write(folder.path().join("a"), "").unwrap();
        let sums = sums(folder.path()).unwrap();
        assert_eq!(
            sums,
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a\n\
             ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  b\n"
        );
        fs::write(folder.path().join("SHA256SUMS"), sums).unwrap();
        let mut check = Command::new("sha256sum");
        check.args(["--check", "--strict", "SHA256SUMS"]).current_dir(folder.path());
        assert!(check.output().unwrap().status.success());
    }

    #[test]
    fn a_folder_among_the_files_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        assert!(sums(folder.path()).is_err());
    }
}
