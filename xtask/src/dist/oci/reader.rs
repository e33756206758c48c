//! Reads an image layout as somebody would who trusts nothing in it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Read,
    path::{Component, Path},
};

use anyhow::{Context, ensure};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use tar::{Archive, EntryType};

use super::{
    super::release::sha256,
    layout::{CONFIG, INDEX, LAYER, MANIFEST, files},
};

/// An image for one kind of machine, with all that its layers have.
pub(in super::super) struct ReadImage {
    pub(in super::super) config: Value,
    pub(super) entries: BTreeMap<String, Entry>,
}

/// A file, folder or link of an image.
pub(super) struct Entry {
    pub(super) mode: u32,
    pub(super) owner: u64,
    pub(super) is_link: bool,
}

/// Reads all images of a layout, and checks every sum, size and type on the way to them.
pub(in super::super) fn check(folder: &Path) -> anyhow::Result<Vec<ReadImage>> {
    let mut layout = Layout { folder, seen: BTreeSet::new() };
    let version = parsed(&fs::read(folder.join("oci-layout"))?)?;
    ensure!(version == json!({ "imageLayoutVersion": "1.0.0" }), "the layout is {version}");
    let index = parsed(&fs::read(folder.join("index.json"))?)?;
    let mut images = Vec::new();
    for named in layout.listed(&index, INDEX, "manifests")? {
        let name = named["annotations"]["org.opencontainers.image.ref.name"].as_str();
        ensure!(name.is_some_and(|name| !name.is_empty()), "an index has no name: {named}");
        let index = parsed(&layout.blob(&named, INDEX)?)?;
        for descriptor in layout.listed(&index, INDEX, "manifests")? {
            images.push(layout.image(&descriptor)?);
        }
    }
    ensure!(!images.is_empty(), "the layout has no image");
    for file in files(folder)?.iter().filter_map(|file| file.strip_prefix("blobs/sha256/")) {
        ensure!(layout.seen.contains(file), "nothing leads to the blob {file}");
    }
    Ok(images)
}

struct Layout<'a> {
    folder: &'a Path,
    /// The sums of the blobs that were read.
    seen: BTreeSet<String>,
}

impl Layout<'_> {
    fn image(&mut self, descriptor: &Value) -> anyhow::Result<ReadImage> {
        let manifest = parsed(&self.blob(descriptor, MANIFEST)?)?;
        let config = parsed(&self.blob(&manifest["config"], CONFIG)?)?;
        let platform = json!({ "os": config["os"], "architecture": config["architecture"] });
        ensure!(descriptor["platform"] == platform, "the index says {}, the image {platform}", descriptor["platform"]);
        let layers = self.listed(&manifest, MANIFEST, "layers")?;
        let sums = config["rootfs"]["diff_ids"].as_array().context("the configuration names no layers")?;
        ensure!(
            config["rootfs"]["type"] == "layers" && sums.len() == layers.len(),
            "{} layers, and not {}",
            layers.len(),
            sums.len()
        );
        let mut entries = BTreeMap::new();
        for (layer, sum) in layers.iter().zip(sums) {
            let mut tar = Vec::new();
            GzDecoder::new(self.blob(layer, LAYER)?.as_slice()).read_to_end(&mut tar)?;
            ensure!(*sum == format!("sha256:{}", sha256(&tar)), "a layer is not the one that the configuration names");
            entries.extend(read_layer(&tar)?);
        }
        Ok(ReadImage { config, entries })
    }

    /// What an index or a manifest lists.
    fn listed(&self, document: &Value, media_type: &str, name: &str) -> anyhow::Result<Vec<Value>> {
        ensure!(document["schemaVersion"] == 2 && document["mediaType"] == media_type, "{document} is no {media_type}");
        document[name].as_array().cloned().with_context(|| format!("{document} lists no {name}"))
    }

    /// The bytes that a descriptor leads to, which must be those that it describes.
    fn blob(&mut self, descriptor: &Value, media_type: &str) -> anyhow::Result<Vec<u8>> {
        ensure!(descriptor["mediaType"] == media_type, "{descriptor} leads to no {media_type}");
        let digest = descriptor["digest"].as_str().and_then(|digest| digest.strip_prefix("sha256:"));
        let sum = digest.with_context(|| format!("{descriptor} has no SHA-256"))?;
        let is_sum = sum.len() == 64 && sum.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        ensure!(is_sum, "{sum} is no SHA-256");
        let bytes = fs::read(self.folder.join("blobs/sha256").join(sum)).with_context(|| format!("no blob {sum}"))?;
        ensure!(descriptor["size"] == bytes.len(), "the blob {sum} has {} bytes", bytes.len());
        ensure!(sha256(&bytes) == sum, "the blob {sum} has another sum");
        self.seen.insert(sum.to_owned());
        Ok(bytes)
    }
}

/// What a layer has, by path without a slash at the end.
fn read_layer(tar: &[u8]) -> anyhow::Result<BTreeMap<String, Entry>> {
    let mut entries = BTreeMap::new();
    for entry in Archive::new(tar).entries()? {
        let entry = entry?;
        let path = entry.path()?.into_owned();
        ensure!(
            path.components().all(|part| matches!(part, Component::Normal(_))),
            "{} leads elsewhere",
            path.display()
        );
        let header = entry.header();
        let is_link = header.entry_type() == EntryType::Symlink;
        let is_plain = matches!(header.entry_type(), EntryType::Regular | EntryType::Directory);
        ensure!(is_link || is_plain, "{} is no file, folder or link", path.display());
        let read = Entry { mode: header.mode()?, owner: header.uid()?, is_link };
        let name = path.to_string_lossy().trim_end_matches('/').to_owned();
        ensure!(entries.insert(name, read).is_none(), "{} is twice in a layer", path.display());
    }
    Ok(entries)
}

fn parsed(bytes: &[u8]) -> anyhow::Result<Value> {
    Ok(serde_json::from_slice(bytes)?)
}

#[cfg(test)]
mod tests {
    use super::{super::layout::Layout as Writer, *};
    use crate::dist::archive::{Tree, gzip};

    /// A layout with an image for each of two kinds of machines, which share a layer.
    fn written() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer::begin(folder.path()).unwrap();
        for architecture in ["amd64", "arm64"] {
            let mut shared = Tree::default();
            shared.folder("data", 0o755, 65532);
            let mut own = Tree::default();
            own.file("bin/program", 0o755, architecture);
            own.link("bin/other", "program");
            let layers = [shared.to_tar(1).unwrap(), own.to_tar(1).unwrap()];
            let config = json!({ "os": "linux", "architecture": architecture, "config": {} });
            writer.add(architecture, &config, &layers).unwrap();
        }
        writer.finish("1.0", &json!({})).unwrap();
        folder
    }

    /// The file that leads to the images, and the one blob of which this is part.
    fn blob_with(folder: &Path, part: &str) -> std::path::PathBuf {
        let blobs = fs::read_dir(folder.join("blobs/sha256")).unwrap().map(|entry| entry.unwrap().path());
        let has = |path: &std::path::PathBuf| String::from_utf8_lossy(&fs::read(path).unwrap()).contains(part);
        blobs.into_iter().find(has).unwrap()
    }

    fn refused(folder: &Path, expected: &str) {
        let error = format!("{:#}", check(folder).err().expect("it was taken"));
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn what_is_written_is_read() {
        let images = check(written().path()).unwrap();
        assert_eq!(images.len(), 2);
        assert_eq!(images[1].config["architecture"], "arm64");
        let entries = &images[1].entries;
        assert_eq!(entries.keys().collect::<Vec<_>>(), ["bin", "bin/other", "bin/program", "data"]);
        assert_eq!((entries["data"].mode, entries["data"].owner), (0o755, 65532));
        assert_eq!((entries["bin/program"].mode, entries["bin/program"].owner), (0o755, 0));
        assert!(entries["bin/other"].is_link);
    }

    #[test]
    fn the_same_image_gives_the_same_files() {
        let (one, other) = (written(), written());
        let index = |folder: &tempfile::TempDir| fs::read(folder.path().join("index.json")).unwrap();
        assert_eq!(index(&one), index(&other));
        // The layer that both images have is there once: an index, two manifests, two configurations, three layers.
        assert_eq!(files(one.path()).unwrap().len(), 2 + 1 + 2 + 2 + 3);
    }

    #[test]
    fn a_changed_blob_is_refused() {
        let folder = written();
        let blob = blob_with(folder.path(), "\"architecture\":\"arm64\",\"config\"");
        let changed = fs::read_to_string(&blob).unwrap().replace("arm64", "arm65");
        fs::write(&blob, &changed).unwrap();
        refused(folder.path(), "has another sum");
        fs::write(&blob, changed + " ").unwrap();
        refused(folder.path(), "bytes");
        fs::remove_file(&blob).unwrap();
        refused(folder.path(), "no blob");
    }

    #[test]
    fn a_blob_to_which_nothing_leads_is_refused() {
        let folder = written();
        fs::write(folder.path().join("blobs/sha256").join("0".repeat(64)), "").unwrap();
        refused(folder.path(), "nothing leads to the blob");
    }

    #[test]
    fn a_sum_that_is_a_path_is_refused() {
        let folder = written();
        let index = fs::read_to_string(folder.path().join("index.json")).unwrap();
        let (before, rest) = index.split_once("sha256:").unwrap();
        let changed = format!("{before}sha256:../../index.json{}", &rest[64..]);
        fs::write(folder.path().join("index.json"), changed).unwrap();
        refused(folder.path(), "is no SHA-256");
    }

    #[test]
    fn another_type_is_refused() {
        let folder = written();
        let index = fs::read_to_string(folder.path().join("index.json")).unwrap();
        fs::write(folder.path().join("index.json"), index.replace(INDEX, MANIFEST)).unwrap();
        refused(folder.path(), "is no application/vnd.oci.image.index");
    }

    #[test]
    fn a_platform_that_is_not_the_one_named_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer::begin(folder.path()).unwrap();
        let config = json!({ "os": "linux", "architecture": "arm64" });
        writer.add("amd64", &config, &[Tree::default().to_tar(1).unwrap()]).unwrap();
        writer.finish("1.0", &json!({})).unwrap();
        refused(folder.path(), "the image {\"architecture\":\"arm64\"");
    }

    /// The manifest leads to a layer that is whole, but not the one whose sum the configuration has.
    #[test]
    fn a_layer_that_is_not_the_one_named_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = folder.path().join("blobs/sha256");
        fs::create_dir_all(&blobs).unwrap();
        let blob = |media_type: &str, bytes: &[u8]| {
            fs::write(blobs.join(sha256(bytes)), bytes).unwrap();
            json!({ "mediaType": media_type, "digest": format!("sha256:{}", sha256(bytes)), "size": bytes.len() })
        };
        let rootfs = json!({ "type": "layers", "diff_ids": [format!("sha256:{}", "0".repeat(64))] });
        let config = json!({ "os": "linux", "architecture": "amd64", "rootfs": rootfs });
        let layer = gzip(&Tree::default().to_tar(1).unwrap()).unwrap();
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": blob(CONFIG, config.to_string().as_bytes()),
            "layers": [blob(LAYER, &layer)],
        });
        let descriptor = blob(MANIFEST, manifest.to_string().as_bytes());
        let mut image = descriptor;
        image["platform"] = json!({ "os": "linux", "architecture": "amd64" });
        let error = Layout { folder: folder.path(), seen: BTreeSet::new() }.image(&image).err().expect("it was taken");
        assert!(error.to_string().contains("not the one that the configuration names"), "{error}");
    }

    #[test]
    fn a_layer_that_writes_outside_is_refused() {
        let mut archive = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(0);
        header.as_old_mut().name[..7].copy_from_slice(b"../evil");
        header.set_cksum();
        archive.append(&header, std::io::empty()).unwrap();
        let error = read_layer(&archive.into_inner().unwrap()).err().expect("it was taken");
        assert!(error.to_string().contains("leads elsewhere"), "{error}");
    }
}
