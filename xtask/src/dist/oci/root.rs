//! What is in the image's layers.

use std::{collections::BTreeSet, path::Path};

use super::{
    super::{
        archive::Tree,
        contents::Parts,
        libraries::{self, Package},
        targets::Target,
    },
    PROGRAM, USER,
};
use crate::command::root;

/// What a program needs of an operating system: the C library, and files that it reads.
pub(super) fn base(program: &Path, target: &Target) -> anyhow::Result<Tree> {
    let mut tree = Tree::default();
    // Programs take it for granted, and everybody may write there, but not over others' files.
    tree.folder("tmp", 0o1777, 0);
    // A new volume takes over who owns this folder.
    tree.folder("data", 0o755, USER);
    tree.file(
        "etc/passwd",
        0o644,
        format!("root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:{USER}:{USER}:nonroot:/data:/sbin/nologin\n"),
    );
    tree.file("etc/group", 0o644, format!("root:x:0:\nnonroot:x:{USER}:\n"));
    // Names in /etc/hosts, as of other containers, before those of the name server.
    tree.file("etc/nsswitch.conf", 0o644, "hosts: files dns\n");
    let libraries = if target.has_glibc { libraries::find(program, target)? } else { Vec::new() };
    for library in &libraries {
        // The loader's place is written into the program.
        let is_loader = library.name.starts_with("ld-linux");
        let folder = match (is_loader, target.processor) {
            (true, "x86_64") => "lib64".to_owned(),
            (true, _) => "lib".to_owned(),
            (false, processor) => format!("lib/{processor}-linux-gnu"),
        };
        tree.copy(&format!("{folder}/{}", library.name), 0o755, &library.file)?;
    }
    let packages: BTreeSet<_> = libraries.iter().map(|library| library.package.as_str()).collect();
    if !packages.is_empty() {
        // By these two, programs that look for known weaknesses find out what they have before them.
        tree.copy("usr/lib/os-release", 0o644, Path::new("/usr/lib/os-release"))?;
        tree.link("etc/os-release", "../usr/lib/os-release");
        for name in packages {
            let package = Package::read(name)?;
            let name = name.split(':').next().unwrap_or(name);
            tree.file(&format!("var/lib/dpkg/status.d/{name}"), 0o644, package.status);
            tree.file(&format!("usr/share/doc/{name}/copyright"), 0o644, package.copyright);
        }
    }
    Ok(tree)
}

/// haechi, and its licences.
pub(super) fn program(program: &Path, parts: &Parts) -> anyhow::Result<Tree> {
    let mut tree = Tree::default();
    tree.copy(PROGRAM, 0o755, program)?;
    tree.copy("usr/share/doc/haechi/copyright", 0o644, &parts.folder.join("licences"))?;
    tree.copy("usr/share/doc/haechi/LICENSE", 0o644, &root().join("LICENSE"))?;
    Ok(tree)
}
