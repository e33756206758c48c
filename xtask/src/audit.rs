//! `cargo xtask audit`: whether what we depend on may be passed on, comes from where we think, and is known to be good.
//!
//! Licences and sources are checked here, by `deny.toml`, from what Cargo knows of the crates. What is known against them
//! stands in RustSec's database, which `cargo deny` asks, where both can be had.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Command,
};

use anyhow::{Context, ensure};
use serde::Deserialize;
use spdx::{Expression, LicenseReq, ParseMode};

use crate::{
    command::{cargo, root, run},
    packages::is_there,
};

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(crate) fn check() -> anyhow::Result<()> {
    let rules: Rules = toml::from_str(&fs::read_to_string(root().join("deny.toml"))?)?;
    let Crates { all, passed_on } = Crates::ask()?;
    let licences = all.iter().filter(|package| passed_on.contains(&package.id));
    let licences = licences.filter_map(|package| fault_of_licence(package, &rules.licenses));
    let faults: Vec<String> = licences.chain(all.iter().flat_map(faults_of_sources)).collect();
    ensure!(faults.is_empty(), "deny.toml does not allow this:\n{}", faults.join("\n"));
    println!(
        "\nall {} crates come from crates.io, and {} have licences that allow to pass them on",
        all.len(),
        passed_on.len()
    );
    check_advisories()
}

fn check_advisories() -> anyhow::Result<()> {
    let deny = |arguments: &[&str]| cargo(&[&["deny", "--workspace", "--all-features"], arguments].concat());
    if !is_there("cargo-deny") {
        println!("\nNOT CHECKED: advisories, because cargo-deny is not installed");
        return Ok(());
    }
    run(&mut deny(&["--log-level", "error", "check", "bans", "licenses", "sources"]))?;
    if is_fetched(&mut deny(&["fetch", "db"])) {
        return run(&mut deny(&["--offline", "check", "advisories"]));
    }
    println!("\nNOT CHECKED: advisories, because RustSec's database could not be fetched from github.com");
    Ok(())
}

/// Whether the database of advisories could be had, without a word if not.
fn is_fetched(fetching: &mut Command) -> bool {
    fetching.current_dir(root()).output().is_ok_and(|output| output.status.success())
}

/// What this file checks of `deny.toml`, which cargo-deny reads whole.
#[derive(Deserialize)]
struct Rules {
    licenses: Licenses,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
    exceptions: Vec<Exception>,
}

/// Licences that only one crate may have.
#[derive(Deserialize)]
struct Exception {
    allow: Vec<String>,
    #[serde(rename = "crate")]
    name: String,
}

impl Licenses {
    fn allow(&self, package: &str, required: &LicenseReq) -> bool {
        let exceptions = self.exceptions.iter().filter(|exception| exception.name == package);
        let allowed = self.allow.iter().chain(exceptions.flat_map(|exception| &exception.allow));
        allowed.into_iter().any(|allowed| *allowed == required.to_string())
    }
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Needed>,
}

/// A crate that another needs, and for what.
#[derive(Deserialize)]
struct Needed {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    license: Option<String>,
    /// Where it comes from, unless it is of the workspace.
    source: Option<String>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    req: String,
    kind: Option<String>,
    path: Option<String>,
}

/// The crates of the workspace and that it depends on, on any platform.
struct Crates {
    all: Vec<Package>,
    /// Those that are no mere help with tests.
    passed_on: BTreeSet<String>,
}

impl Crates {
    fn ask() -> anyhow::Result<Self> {
        let output = cargo(&["metadata", "--format-version", "1", "--all-features", "--locked"]).output()?;
        ensure!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
        let Metadata { packages, workspace_members: mut left, resolve } =
            serde_json::from_slice(&output.stdout).context("what cargo metadata says is not understood")?;
        let nodes: BTreeMap<&str, &Node> = resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let all = packages.into_iter().filter(|package| nodes.contains_key(package.id.as_str())).collect();
        let mut passed_on = BTreeSet::new();
        while let Some(id) = left.pop() {
            let needed = nodes.get(id.as_str()).map_or(&[][..], |node| &node.deps);
            if passed_on.insert(id) {
                left.extend(needed.iter().filter(|needed| !needed.is_for_tests()).map(|needed| needed.pkg.clone()));
            }
        }
        Ok(Self { all, passed_on })
    }
}

impl Needed {
    fn is_for_tests(&self) -> bool {
        self.dep_kinds.iter().all(|kind| kind.kind.as_deref() == Some("dev"))
    }
}

fn fault_of_licence(package: &Package, licenses: &Licenses) -> Option<String> {
    let Package { name, license, .. } = package;
    // Some old crates write a slash for OR.
    match license.as_ref().map(|license| Expression::parse_mode(license, ParseMode::LAX)) {
        Some(Ok(expression)) if expression.evaluate(|required| licenses.allow(name, required)) => None,
        Some(Ok(expression)) => Some(format!("{name}: its licence is {expression}")),
        Some(Err(error)) => Some(format!("{name}: its licence cannot be read: {error}")),
        None => Some(format!("{name}: it names no licence")),
    }
}

/// What is wrong with where a crate comes from, and those that it needs.
fn faults_of_sources(package: &Package) -> Vec<String> {
    let Package { name, source, dependencies, .. } = package;
    let elsewhere = source.iter().filter(|source| *source != CRATES_IO);
    let elsewhere = elsewhere.map(|source| format!("{name}: it comes from {source}"));
    // A star says that any future version will do, which nobody can know.
    let counts = |dependency: &&Dependency| dependency.kind.as_deref() != Some("dev") && dependency.path.is_none();
    let stars = dependencies.iter().filter(counts).filter(|dependency| dependency.req == "*");
    let stars = stars.map(|dependency| format!("{name}: any version of {} will do for it", dependency.name));
    elsewhere.chain(stars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(license: &str, source: &str, requirement: &str) -> Package {
        let dependency = Dependency { name: "other".to_owned(), req: requirement.to_owned(), kind: None, path: None };
        Package {
            id: String::new(),
            name: "one".to_owned(),
            license: (!license.is_empty()).then(|| license.to_owned()),
            source: Some(source.to_owned()),
            dependencies: vec![dependency],
        }
    }

    #[track_caller]
    fn check(package: &Package, expected: &[&str]) {
        let exception = Exception { allow: vec!["BSL-1.0".to_owned()], name: "one".to_owned() };
        let other = Exception { allow: vec!["CC0-1.0".to_owned()], name: "two".to_owned() };
        let allow = vec!["MIT".to_owned(), "Apache-2.0 WITH LLVM-exception".to_owned()];
        let licenses = Licenses { allow, exceptions: vec![exception, other] };
        let licence = fault_of_licence(package, &licenses).into_iter();
        assert_eq!(licence.chain(faults_of_sources(package)).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_is_not_allowed_is_found() {
        check(&package("MIT/GPL-3.0", CRATES_IO, "^1"), &[]);
        check(&package("Apache-2.0 WITH LLVM-exception", CRATES_IO, "^1"), &[]);
        check(&package("BSL-1.0 AND MIT", CRATES_IO, "^1"), &[]);
        check(&package("MIT AND GPL-3.0-only", CRATES_IO, "^1"), &["one: its licence is MIT AND GPL-3.0-only"]);
        check(&package("CC0-1.0", CRATES_IO, "^1"), &["one: its licence is CC0-1.0"]);
        check(&package("", CRATES_IO, "^1"), &["one: it names no licence"]);
        check(&package("MIT", "git+https://x.test/y", "^1"), &["one: it comes from git+https://x.test/y"]);
        check(&package("MIT", CRATES_IO, "*"), &["one: any version of other will do for it"]);
    }
}
