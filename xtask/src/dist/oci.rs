//! The container image, as a layout of the Open Container Initiative, made without a daemon and without a registry.
//!
//! <https://github.com/opencontainers/image-spec/blob/v1.1.1/spec.md>
//!
//! It says the same as `deploy/Dockerfile`. It is from scratch, because the base of that one is in a registry: what the
//! program needs of a base are Debian's packages of the C library, which are taken from this machine.

mod layout;
mod reader;
mod root;

use std::path::{Path, PathBuf};

use anyhow::ensure;
use serde_json::{Value, json};

use super::{archive::Tree, contents::Parts, release::Release, targets::Target};
use layout::Layout;
pub(super) use reader::{ReadImage, check};

/// The user in the image, as in `deploy/Dockerfile`.
pub(super) const USER: u32 = 65532;
pub(super) const PROGRAM: &str = "usr/local/bin/haechi";

/// An image for one kind of machine.
pub(super) struct Image {
    pub(super) target: Target,
    /// What changes with Debian, and what changes with haechi.
    layers: [Tree; 2],
}

impl Image {
    /// The image of a program. Fails where the libraries that the program needs cannot be had.
    pub(super) fn of(program: &Path, target: Target, parts: &Parts) -> anyhow::Result<Self> {
        Ok(Self { target, layers: [root::base(program, &target)?, root::program(program, parts)?] })
    }
}

/// Writes the layout, reads it back, and packs it into one file, `haechi-VERSION-oci.tar`.
pub(super) fn write(release: &Release, images: &[Image]) -> anyhow::Result<()> {
    ensure!(!images.is_empty(), "there is no image to write");
    let folder = folder(release);
    let mut layout = Layout::begin(&folder)?;
    for image in images {
        let layers = image.layers.iter().map(|layer| layer.to_tar(release.time_secs)).collect::<Result<Vec<_>, _>>()?;
        layout.add(image.target.architecture, &config(release, image.target.architecture), &layers)?;
    }
    layout.finish(release.version, &labels(release))?;
    for image in check(&folder)? {
        check_image(&image)?;
    }
    let mut packed = Tree::default();
    for file in layout::files(&folder)? {
        packed.copy(&file, 0o644, &folder.join(&file))?;
    }
    release.write(&format!("haechi-{}-oci.tar", release.version), &packed.to_tar(release.time_secs)?)
}

/// What `deploy/Dockerfile` says, but for the layers.
fn config(release: &Release, architecture: &str) -> Value {
    json!({
        "created": release.time,
        "architecture": architecture,
        "os": "linux",
        "config": {
            "User": USER.to_string(),
            "ExposedPorts": { "8080/tcp": {}, "9090/tcp": {} },
            "Env": [
                "PATH=/usr/local/bin",
                "HAECHI_LISTEN=0.0.0.0:8080",
                "HAECHI_ADMIN_LISTEN=0.0.0.0:9090",
                "HAECHI_DATA=/data",
                "HAECHI_LOG_FORMAT=json",
            ],
            "Entrypoint": ["/usr/local/bin/haechi"],
            "Cmd": ["serve"],
            "Volumes": { "/data": {} },
            "WorkingDir": "/data",
            "Labels": labels(release),
            // No part of the specification, which lets others be there: Docker reads it, in nanoseconds.
            "Healthcheck": {
                "Test": ["CMD", "/usr/local/bin/haechi", "healthcheck"],
                "Interval": 10_000_000_000_u64,
                "Timeout": 3_000_000_000_u64,
            },
        },
    })
}

/// What a registry shows of it.
fn labels(release: &Release) -> Value {
    json!({
        "org.opencontainers.image.title": "haechi",
        "org.opencontainers.image.description": "Self-hosted CAPTCHA server. Licences are in /usr/share/doc",
        "org.opencontainers.image.version": release.version,
        "org.opencontainers.image.revision": release.revision,
        "org.opencontainers.image.created": release.time,
    })
}

/// Whether an image that was read back can run, as far as can be seen.
fn check_image(image: &ReadImage) -> anyhow::Result<()> {
    let has = |path: &str, mode, owner| {
        let found = image.entries.get(path).map(|entry| (entry.mode, entry.owner));
        ensure!(found == Some((mode, owner)), "{path} in the image is {found:?}");
        Ok(())
    };
    has(PROGRAM, 0o755, 0)?;
    // A new volume takes over who owns this folder.
    has("data", 0o755, u64::from(USER))?;
    has("tmp", 0o1777, 0)?;
    for path in ["etc/passwd", "etc/group", "etc/nsswitch.conf", "usr/share/doc/haechi/copyright"] {
        has(path, 0o644, 0)?;
    }
    let config = &image.config["config"];
    ensure!(config["Entrypoint"] == json!([format!("/{PROGRAM}")]), "the entry point is {}", config["Entrypoint"]);
    ensure!(config["User"] == json!(USER.to_string()), "the user is {}", config["User"]);
    let is_writable = |entry: &&reader::Entry| entry.mode & 0o002 != 0 && entry.mode & 0o1000 == 0 && !entry.is_link;
    ensure!(!image.entries.values().any(|entry| is_writable(&entry)), "anybody may write to a file of the image");
    Ok(())
}

/// The layout as a folder, where another program is to read it.
pub(super) fn folder(release: &Release) -> PathBuf {
    release.parts.join("oci")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::command::root;

    fn release() -> Release {
        Release {
            version: "1.2.3",
            revision: "0123456789".to_owned(),
            time_secs: 1_700_000_000,
            time: "2023-11-14T22:13:20Z".to_owned(),
            folder: "unused".into(),
            parts: "unused".into(),
        }
    }

    /// The Dockerfile and this image are two ways to one thing.
    #[test]
    fn the_image_says_what_the_dockerfile_says() {
        let dockerfile = fs::read_to_string(root().join("deploy/Dockerfile")).unwrap().replace("\\\n", "");
        let (_, last) = dockerfile.split_once("\nFROM gcr.io").unwrap();
        let said = |word: &str| last.lines().filter_map(move |line| line.strip_prefix(word)).collect::<Vec<_>>();
        let config = &config(&release(), "amd64")["config"];

        let variables: Vec<_> = said("ENV ")[0].split_whitespace().collect();
        assert_eq!(variables.len(), 4);
        let ours = config["Env"].as_array().unwrap();
        assert_eq!(ours[1..].iter().map(|value| value.as_str().unwrap()).collect::<Vec<_>>(), variables);

        let ports: Vec<_> = said("EXPOSE ")[0].split(' ').map(|port| format!("{port}/tcp")).collect();
        assert_eq!(config["ExposedPorts"].as_object().unwrap().keys().cloned().collect::<Vec<_>>(), ports);
        let volumes: Vec<String> = serde_json::from_str(said("VOLUME ")[0]).unwrap();
        assert_eq!(config["Volumes"].as_object().unwrap().keys().cloned().collect::<Vec<_>>(), volumes);
        assert_eq!(config["Entrypoint"], serde_json::from_str::<Value>(said("ENTRYPOINT ")[0]).unwrap());
        assert_eq!(config["Cmd"], serde_json::from_str::<Value>(said("CMD ")[0]).unwrap());
        assert!(last.contains(&format!("--chown={USER}:{USER} /data /data")));

        let (options, command) = said("HEALTHCHECK ")[0].split_once(" CMD ").unwrap();
        assert_eq!(options, "--interval=10s --timeout=3s");
        let mut words: Vec<String> = serde_json::from_str(command).unwrap();
        words.insert(0, "CMD".to_owned());
        assert_eq!(config["Healthcheck"]["Test"], json!(words));
    }
}
