//! `cargo xtask sbom`: what the program is made of, for whoever has to know.

use std::{fs, path::PathBuf};

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::{
    command::{cargo, root, run},
    tools::Tool,
};

const CARGO_CYCLONEDX: Tool = Tool { name: "cargo-cyclonedx", version: "0.5.9", features: &[] };
const NAME: &str = "haechi.cdx";

/// Installs what writes it, which takes minutes, unless it is there.
pub(crate) fn install_tool() -> anyhow::Result<()> {
    CARGO_CYCLONEDX.install()
}

/// Writes `target/sbom/haechi.cdx.json`, in CycloneDX, and returns where that is.
pub(crate) fn write() -> anyhow::Result<PathBuf> {
    install_tool()?;
    let arguments = [
        "cyclonedx",
        "--format",
        "json",
        "--spec-version",
        "1.5",
        "--no-build-deps",
        "--all-features",
        "--override-filename",
    ];
    // It writes beside the manifest of every crate of the workspace that the program consists of.
    run(cargo(&arguments).args([NAME, "--quiet", "--manifest-path", "crates/server/Cargo.toml"]))?;
    let folder = root().join("target/sbom");
    fs::create_dir_all(&folder)?;
    let file = folder.join(format!("{NAME}.json"));
    fs::rename(root().join("crates/server").join(format!("{NAME}.json")), &file)?;
    for other in ["crates/captcha", "crates/testbed", "chaos", "e2e", "xtask"] {
        let _ = fs::remove_file(root().join(other).join(format!("{NAME}.json"))); // most have none
    }
    let listed: Value = serde_json::from_str(&fs::read_to_string(&file)?)?;
    let components = listed["components"].as_array().context("there are no components")?;
    for name in ["haechi-captcha", "redb", "tokio"] {
        ensure!(components.iter().any(|component| component["name"] == name), "{name} is not in {}", file.display());
    }
    println!("\nwrote {}: {} components", file.display(), components.len());
    Ok(file)
}
