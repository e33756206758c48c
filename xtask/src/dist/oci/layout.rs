//! Writes an image layout: files named by what is in them, and an index that leads to them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde_json::{Value, json};

use super::super::{archive::gzip, release::sha256};

pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub(super) const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// A layout that is being written.
pub(super) struct Layout {
    folder: PathBuf,
    /// The descriptors of the images' manifests.
    images: Vec<Value>,
}

impl Layout {
    /// Begins a layout in a folder, in which there is nothing yet.
    pub(super) fn begin(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder.join("blobs/sha256"))?;
        fs::write(folder.join("oci-layout"), json!({ "imageLayoutVersion": "1.0.0" }).to_string())?;
        Ok(Self { folder: folder.to_owned(), images: Vec::new() })
    }

    /// Adds an image for a kind of machine, whose layers are tar archives. The configuration gets their sums.
    pub(super) fn add(&mut self, architecture: &str, config: &Value, layers: &[Vec<u8>]) -> anyhow::Result<()> {
        let mut config = config.clone();
        // Of what is in them, before compression.
        let sums: Vec<_> = layers.iter().map(|layer| format!("sha256:{}", sha256(layer))).collect();
        config["rootfs"] = json!({ "type": "layers", "diff_ids": sums });
        let mut descriptors = Vec::new();
        for layer in layers {
            descriptors.push(self.blob(LAYER, &gzip(layer)?)?);
        }
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.blob(CONFIG, config.to_string().as_bytes())?,
            "layers": descriptors,
        });
        let mut image = self.blob(MANIFEST, manifest.to_string().as_bytes())?;
        image["platform"] = json!({ "os": "linux", "architecture": architecture });
        self.images.push(image);
        Ok(())
    }

    /// Writes the index of all images, and the layout's own, in which that one has a name.
    pub(super) fn finish(self, name: &str, annotations: &Value) -> anyhow::Result<()> {
        let images = json!({
            "schemaVersion": 2,
            "mediaType": INDEX,
            "manifests": self.images,
            "annotations": annotations,
        });
        let mut named = self.blob(INDEX, images.to_string().as_bytes())?;
        named["annotations"] = json!({ "org.opencontainers.image.ref.name": name });
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [named] });
        fs::write(self.folder.join("index.json"), index.to_string()).context("cannot write the index")
    }

    /// Writes some bytes under their sum, and returns what leads to them.
    fn blob(&self, media_type: &str, bytes: &[u8]) -> anyhow::Result<Value> {
        let sum = sha256(bytes);
        fs::write(self.folder.join("blobs/sha256").join(&sum), bytes).context("cannot write a blob")?;
        Ok(json!({ "mediaType": media_type, "digest": format!("sha256:{sum}"), "size": bytes.len() }))
    }
}

/// All files of a layout, below its folder.
pub(super) fn files(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut files = vec!["index.json".to_owned(), "oci-layout".to_owned()];
    for blob in fs::read_dir(folder.join("blobs/sha256"))? {
        files.push(format!("blobs/sha256/{}", blob?.file_name().to_string_lossy()));
    }
    Ok(files)
}
