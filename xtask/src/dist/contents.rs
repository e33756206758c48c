//! What goes with the program, and the archive for whoever wants no package.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    archive::{Tree, gzip},
    release::Release,
    targets::Target,
};
use crate::{command::root, deb};

/// Files of deploy/ that are in every archive.
const EXAMPLES: [&str; 8] = [
    "debian/haechi.toml",
    "debian/haechi.service",
    "nginx.conf",
    "Caddyfile",
    "haproxy.cfg",
    "traefik.yml",
    "traefik-haechi.yml",
    "envoy.yaml",
];

/// Manual pages, completions, licences and documents, which a program of any kind of machine says of itself alike.
pub(super) struct Parts {
    pub(super) folder: PathBuf,
    /// The folder, like Cargo's target, from which packages are made.
    pub(super) target: PathBuf,
}

impl Parts {
    /// Has a program that runs here make them, and puts that program where packages are made from.
    pub(super) fn make(program: &Path, release: &Release) -> anyhow::Result<Self> {
        let target = release.parts.clone();
        let profile = target.join("dist");
        fs::create_dir_all(&profile)?;
        let staged = profile.join("haechi");
        fs::copy(program, &staged)?;
        let folder = profile.join(deb::PARTS);
        deb::make_parts(&staged, &folder)?;
        Ok(Self { folder, target })
    }

    /// The archive of a program, as folders that fit below any prefix.
    fn tree(&self, program: &Path, top: &str) -> anyhow::Result<Tree> {
        let mut tree = Tree::default();
        tree.copy(&format!("{top}/bin/haechi"), 0o755, program)?;
        let share = format!("{top}/share");
        tree.copy_all(&format!("{share}/man/man1"), &self.folder.join("man"))?;
        for (shell, path) in [
            ("bash", "bash-completion/completions/haechi"),
            ("fish", "fish/vendor_completions.d/haechi.fish"),
            ("zsh", "zsh/site-functions/_haechi"),
        ] {
            tree.copy(&format!("{share}/{path}"), 0o644, &self.folder.join(format!("haechi.{shell}")))?;
        }
        let documents = format!("{share}/doc/haechi");
        tree.copy(&format!("{documents}/copyright"), 0o644, &self.folder.join("licences"))?;
        tree.copy_all(&documents, &self.folder.join("docs"))?;
        for name in ["LICENSE", "README.md", "README.ko.md", "CHANGELOG.md"] {
            tree.copy(&format!("{documents}/{name}"), 0o644, &root().join(name))?;
        }
        for file in EXAMPLES {
            let name = file.rsplit('/').next().unwrap_or(file);
            tree.copy(&format!("{documents}/examples/{name}"), 0o644, &root().join("deploy").join(file))?;
        }
        Ok(tree)
    }

    /// Writes `haechi-VERSION-TARGET.tar.gz`.
    pub(super) fn pack(&self, program: &Path, target: &Target, release: &Release) -> anyhow::Result<()> {
        let top = format!("haechi-{}-{}", release.version, target.triple);
        let tar = self.tree(program, &top)?.to_tar(release.time_secs)?;
        release.write(&format!("{top}.tar.gz"), &gzip(&tar)?)
    }
}
