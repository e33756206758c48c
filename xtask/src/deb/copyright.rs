//! The licences of all that the program holds: faces, voices, keyboard layouts, and libraries, also those of the widget.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::Path,
};

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::command::{cargo, root};

/// Where Debian has the licence of haechi itself.
const COMMON: &str = "/usr/share/common-licenses/Apache-2.0";

/// The text of the Debian package's file `copyright`.
pub(super) fn text() -> anyhow::Result<String> {
    let mut text = fs::read_to_string(root().join("deploy/debian/copyright"))?;
    let assets = root().join("crates/captcha/assets");
    section(&mut text, "Typefaces", &fs::read_to_string(assets.join("faces/NOTICE"))?);
    for (name, licence) in files(&assets.join("faces/licences"), |_| true)? {
        section(&mut text, &name, &licence);
    }
    section(&mut text, "Voices", &fs::read_to_string(assets.join("voices/NOTICE"))?);
    section(&mut text, "Keyboard layouts", &fs::read_to_string(assets.join("keyboards/README.md"))?);
    for (name, licence) in files(&assets.join("keyboards/licences"), |_| true)? {
        section(&mut text, &name, &licence);
    }
    section(&mut text, "Libraries in the widget", &fs::read_to_string(root().join("widget/NOTICE.md"))?);
    let libraries = libraries()?;
    let list: Vec<_> = libraries.iter().map(|library| library.name.as_str()).collect();
    section(&mut text, "Libraries", &list.join("\n"));
    for (licence, names) in by_licence(&libraries) {
        section(&mut text, &names.join(", "), licence);
    }
    Ok(text)
}

/// The same for where Debian's licences are not: the licence of haechi itself lies beside it.
pub(super) fn beside_the_licence(debian: &str) -> anyhow::Result<String> {
    ensure!(debian.contains(COMMON), "the file copyright does not say where the licence is");
    Ok(debian.replacen(COMMON, "the file LICENSE beside this one", 1))
}

/// A crate that is linked into the program.
struct Library {
    /// With its version and what it calls its licence.
    name: String,
    /// The texts that came with it.
    licences: Vec<String>,
}

/// All crates that the program depends on, by name, on this platform.
fn libraries() -> anyhow::Result<Vec<Library>> {
    let output = cargo(&["metadata", "--format-version", "1", "--all-features", "--locked"]).output()?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let listed = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
    let packages = listed(&metadata, "packages");
    let nodes = listed(&metadata["resolve"], "nodes");
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();

    let ours = packages.iter().find(|package| package["name"] == "haechi").context("haechi is a package")?;
    let mut wanted = vec![text(ours, "id")];
    let mut found = BTreeSet::new();
    while let Some(id) = wanted.pop() {
        if !found.insert(id.clone()) {
            continue;
        }
        let node = nodes.iter().find(|node| node["id"] == id.as_str()).context("every package has its node")?;
        // What only builds or tests need is not in the program.
        let is_linked = |dependency: &&Value| listed(dependency, "dep_kinds").iter().any(|kind| kind["kind"].is_null());
        wanted.extend(listed(node, "deps").iter().filter(is_linked).map(|dependency| text(dependency, "pkg")));
    }
    let others = packages.iter().filter(|package| !package["source"].is_null());
    let linked = others.filter(|package| found.contains(&text(package, "id")));
    let mut libraries = Vec::new();
    for package in linked {
        let name = format!("{} {} ({})", text(package, "name"), text(package, "version"), text(package, "license"));
        let manifest = text(package, "manifest_path");
        let folder = Path::new(&manifest).parent().context("a manifest is in a folder")?;
        let licences = files(folder, is_licence)?.into_values().collect();
        libraries.push(Library { name, licences });
    }
    libraries.sort_by(|one, other| one.name.cmp(&other.name));
    ensure!(libraries.len() > 50, "only {} libraries were found", libraries.len());
    Ok(libraries)
}

fn is_licence(name: &str) -> bool {
    let name = name.to_uppercase();
    ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE"].iter().any(|start| name.starts_with(start))
}

/// Each text once, with the crates that it came with.
fn by_licence(libraries: &[Library]) -> BTreeMap<&str, Vec<&str>> {
    let mut names: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for library in libraries {
        for licence in &library.licences {
            names.entry(licence.trim()).or_default().push(library.name.as_str());
        }
    }
    names
}

/// The files of a folder whose names are wanted, by name.
fn files(folder: &Path, is_wanted: impl Fn(&str) -> bool) -> anyhow::Result<BTreeMap<String, String>> {
    let mut texts = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_file() && is_wanted(&name) {
            texts.insert(name, String::from_utf8_lossy(&fs::read(&path)?).into_owned());
        }
    }
    Ok(texts)
}

fn section(text: &mut String, title: &str, content: &str) {
    let line = "=".repeat(80);
    write!(text, "\n{line}\n{title}\n{line}\n\n{}\n", content.trim()).expect("a text takes all that is written to it");
}
