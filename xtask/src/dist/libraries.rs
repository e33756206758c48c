//! Which shared libraries a program needs, and the Debian packages that have them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail, ensure};

use crate::{
    command::run_quietly,
    packages::{Needed, install_missing, is_there},
};

use super::targets::Target;

const READELF: Needed = Needed { file: "readelf", package: "binutils" };

/// A library as a Debian package of this machine has it.
pub(super) struct Library {
    /// What programs call it, such as `libc.so.6`.
    pub(super) name: String,
    pub(super) file: PathBuf,
    pub(super) package: String,
}

/// A Debian package that has one of the libraries.
pub(super) struct Package {
    /// What `dpkg` knows of it, as in its own list.
    pub(super) status: String,
    pub(super) copyright: Vec<u8>,
}

/// The names of the libraries that a program or a library says it needs.
pub(super) fn needed_by(program: &Path) -> anyhow::Result<BTreeSet<String>> {
    install_missing(&[&READELF], "")?;
    let printed = run_quietly(Command::new("readelf").args(["--dynamic", "--wide"]).arg(program).env("LC_ALL", "C"))?;
    Ok(names(&printed))
}

/// The names in what `readelf --dynamic` prints.
fn names(printed: &str) -> BTreeSet<String> {
    let needed = printed.lines().filter(|line| line.contains("(NEEDED)"));
    needed.filter_map(|line| Some(line.split_once('[')?.1.split_once(']')?.0.to_owned())).collect()
}

/// Whether a program is linked as its target says: to the C library's parts alone, or to nothing.
pub(super) fn check_linking(program: &Path, target: &Target) -> anyhow::Result<()> {
    let needed = needed_by(program)?;
    let is_of_glibc = |name: &String| {
        ["libc.so.", "libm.so.", "libgcc_s.so.", "ld-linux"].iter().any(|start| name.starts_with(start))
    };
    ensure!(needed.iter().all(is_of_glibc), "{} needs other libraries: {needed:?}", program.display());
    ensure!(needed.is_empty() != target.has_glibc, "{} is not linked as {} is", program.display(), target.triple);
    Ok(())
}

/// All libraries that a program needs, with what those need, as Debian's packages have them.
///
/// Fails where they are not from packages, or are not what the packages have: nobody could say what they are.
pub(super) fn find(program: &Path, target: &Target) -> anyhow::Result<Vec<Library>> {
    ensure!(is_there("dpkg-query"), "the libraries are not from Debian's packages here");
    let mut found = BTreeMap::new();
    let mut wanted: Vec<_> = needed_by(program)?.into_iter().collect();
    while let Some(name) = wanted.pop() {
        if found.contains_key(&name) {
            continue;
        }
        let library = locate(&name, target)?;
        wanted.extend(needed_by(&library.file)?);
        found.insert(name, library);
    }
    let packages: BTreeSet<_> = found.values().map(|library| library.package.clone()).collect();
    // It prints the files that differ from what the package brought.
    let verified = run_quietly(Command::new("dpkg").arg("--verify").args(&packages))?;
    for library in found.values() {
        let path = library.file.to_string_lossy();
        let is_changed =
            verified.lines().any(|line| line.split_whitespace().last().is_some_and(|file| path.ends_with(file)));
        ensure!(!is_changed, "{path} is not the one of the package {}", library.package);
    }
    Ok(found.into_values().collect())
}

/// Where Debian has libraries: of this kind of machine, and of another kind for those who compile for it.
fn locate(name: &str, target: &Target) -> anyhow::Result<Library> {
    let processor = target.processor;
    let folders = [
        format!("/lib/{processor}-linux-gnu"),
        "/lib64".to_owned(),
        format!("/usr/{processor}-linux-gnu/lib"),
        "/lib".to_owned(),
    ];
    for file in folders.iter().map(|folder| Path::new(folder).join(name)) {
        if !file.exists() {
            continue;
        }
        let owned = Command::new("dpkg-query").arg("--search").arg(&file).output()?;
        if let Some((package, _)) = String::from_utf8_lossy(&owned.stdout).split_once(": ") {
            return Ok(Library { name: name.to_owned(), file, package: package.to_owned() });
        }
    }
    bail!("no Debian package that is installed here has {name} for {}", target.triple)
}

impl Package {
    pub(super) fn read(name: &str) -> anyhow::Result<Self> {
        let status = run_quietly(Command::new("dpkg-query").args(["--status", name]))?;
        let plain = name.split(':').next().unwrap_or(name);
        let file = Path::new("/usr/share/doc").join(plain).join("copyright");
        let copyright = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        Ok(Self { status, copyright })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_libraries_that_a_program_names_are_read() {
        let printed = " 0x0000000000000001 (NEEDED)             Shared library: [libgcc_s.so.1]
 0x0000000000000001 (NEEDED)             Shared library: [libc.so.6]
 0x000000000000000e (SONAME)             Library soname: [libm.so.6]
";
        assert_eq!(names(printed), ["libc.so.6", "libgcc_s.so.1"].map(str::to_owned).into());
        assert!(names("There is no dynamic section in this file.\n").is_empty());
    }
}
