//! The package for Fedora, RHEL, openSUSE and their relatives; `crates/server/Cargo.toml` lists what is in it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};

use super::release::Release;
use crate::{
    command::{cargo, run},
    tools::Tool,
};

/// It computes several sums of all that is in the package, which takes minutes without optimisation.
const CARGO_GENERATE_RPM: Tool = Tool {
    name: "cargo-generate-rpm",
    version: "0.21.1",
    features: &[
        "--config",
        "profile.dev.package.md-5.opt-level=3",
        "--config",
        "profile.dev.package.sha1.opt-level=3",
        "--config",
        "profile.dev.package.sha2.opt-level=3",
        "--config",
        "profile.dev.package.sha3.opt-level=3",
        "--config",
        "profile.dev.package.keccak.opt-level=3",
        "--config",
        "profile.dev.package.zstd-sys.opt-level=3",
    ],
};

/// Installs what makes the package, which takes minutes, unless it is there.
pub(super) fn install_tool() -> anyhow::Result<()> {
    CARGO_GENERATE_RPM.install()
}

/// Packs what lies in a target folder of Cargo's, as [`crate::deb::pack`] does.
pub(super) fn pack(target: &Path, release: &Release) -> anyhow::Result<PathBuf> {
    let mut generate = cargo(&["generate-rpm", "--package", "crates/server", "--profile", "dist"]);
    generate.arg("--target-dir").arg(target).arg("--output").arg(&release.folder);
    // What it needs is read from the program, whether or not this machine has RPM's own tools.
    generate.args(["--auto-req", "builtin", "--source-date", &release.time_secs.to_string()]);
    run(&mut generate)?;
    let mut made = Vec::new();
    for file in fs::read_dir(&release.folder)? {
        made.push(file?.path());
    }
    made.retain(|file| file.extension().is_some_and(|extension| extension == "rpm"));
    ensure!(made.len() == 1, "there should be one package, not {}", made.len());
    made.pop().context("there is a package")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use toml::{Table, Value};

    use crate::command::root;

    /// What is different on purpose, as Debian's path and this one.
    const ELSEWHERE: [(&str, &str); 1] =
        [("usr/share/zsh/vendor-completions/_haechi", "usr/share/zsh/site-functions/_haechi")];
    /// What only this package has: in Debian's it is added by what makes it, or is on every machine.
    const ALONE: [&str; 2] = ["usr/lib/systemd/system/haechi.service", "usr/share/doc/haechi/LICENSE"];

    fn metadata() -> Table {
        let manifest: Table =
            toml::from_str(&std::fs::read_to_string(root().join("crates/server/Cargo.toml")).unwrap()).unwrap();
        manifest["package"]["metadata"].as_table().unwrap().clone()
    }

    fn text(value: &Value) -> String {
        value.as_str().unwrap().to_owned()
    }

    #[test]
    fn the_package_has_the_files_of_the_debian_package() {
        let metadata = metadata();
        let name_of = |source: &str| source.rsplit('/').next().unwrap().to_owned();
        let debian: BTreeMap<_, _> = metadata["deb"]["assets"]
            .as_array()
            .unwrap()
            .iter()
            .map(|asset| {
                let path = text(&asset[1]);
                let path =
                    ELSEWHERE.iter().find(|(debian, _)| *debian == path).map_or(path, |(_, ours)| (*ours).to_owned());
                let path = if path == "usr/bin/" { "usr/bin/haechi".to_owned() } else { path };
                ((path, name_of(&text(&asset[0])).replace("copyright", "licences")), text(&asset[2]))
            })
            .collect();
        let mut ours: BTreeMap<_, _> = metadata["generate-rpm"]["assets"]
            .as_array()
            .unwrap()
            .iter()
            .map(|asset| {
                let path = text(&asset["dest"]).trim_start_matches('/').to_owned();
                ((path, name_of(&text(&asset["source"]))), text(&asset["mode"]))
            })
            .collect();
        let before = ours.len();
        ours.retain(|(path, _), _| !ALONE.contains(&path.as_str()));
        assert_eq!(before - ours.len(), ALONE.len());
        // Debian's script changes the mode of the settings after the user is there.
        let settings = ("etc/haechi/haechi.toml".to_owned(), "haechi.toml".to_owned());
        assert_eq!(ours.insert(settings, "644".to_owned()).as_deref(), Some("640"));
        assert_eq!(ours, debian);
    }

    /// A path at which there is no file would become the script itself.
    #[test]
    fn its_scripts_are_files() {
        let metadata = metadata();
        for when in ["pre_install", "post_install", "pre_uninstall", "post_uninstall"] {
            let file = text(&metadata["generate-rpm"][&format!("{when}_script")]);
            assert!(root().join(&file).is_file(), "{file}");
        }
    }
}
