//! `cargo xtask book`: the documents as a book, in which every link leads somewhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail, ensure};

use crate::{command::root, tools::Tool};

const MDBOOK: Tool = Tool {
    name: "mdbook",
    version: "0.5.4",
    // Not what serves a book while it is written.
    features: &["--no-default-features", "--features", "search"],
};

/// Installs what builds, builds, and checks.
pub(crate) fn build() -> anyhow::Result<()> {
    install()?;
    build_installed()
}

pub(crate) fn install() -> anyhow::Result<()> {
    MDBOOK.install()
}

pub(crate) fn build_installed() -> anyhow::Result<()> {
    let output = Command::new("mdbook").args(["build", "docs"]).current_dir(root()).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    // mdBook goes on after an include that it does not find.
    let is_well = output.status.success() && !said.contains("WARN") && !said.contains("ERROR");
    ensure!(is_well, "mdbook is not content:\n{said}");
    let book = Book::read(&root().join("target/book"))?;
    book.check_contents()?;
    let links = book.check_links()?;
    println!("\nbuilt target/book/index.html: {} pages, {links} links that lead somewhere", book.pages.len());
    Ok(())
}

/// The pages of a book, as text, by their paths.
struct Book {
    folder: PathBuf,
    pages: BTreeMap<PathBuf, String>,
}

impl Book {
    fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut pages = BTreeMap::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // These two are the book once more: all on one page, and its list of pages.
            if name.ends_with(".html") && !["print.html", "toc.html", "404.html"].contains(&name.as_str()) {
                pages.insert(path.clone(), without_code(&fs::read_to_string(&path)?));
            }
        }
        Ok(Self { folder: folder.to_owned(), pages })
    }

    /// Whether each document is in the book.
    fn check_contents(&self) -> anyhow::Result<()> {
        for entry in fs::read_dir(root().join("docs"))? {
            let path = entry?.path();
            let page = self.folder.join(path.with_extension("html").file_name().context("a file has a name")?);
            let is_document =
                path.extension().is_some_and(|extension| extension == "md") && !path.ends_with("SUMMARY.md");
            ensure!(!is_document || self.pages.contains_key(&page), "{} is not in SUMMARY.md", path.display());
        }
        Ok(())
    }

    /// Follows every link within the book, to its place on the page. Returns how many there are.
    fn check_links(&self) -> anyhow::Result<usize> {
        let mut broken = BTreeSet::new();
        let mut links = 0;
        for (path, text) in &self.pages {
            for target in values(text, "href").chain(values(text, "src")) {
                if target.contains("://") || target.starts_with("mailto:") || target.starts_with("data:") {
                    continue;
                }
                links += 1;
                if !self.leads_somewhere(path, target) {
                    broken.insert(format!("{}: {target}", path.file_name().unwrap_or_default().display()));
                }
            }
        }
        if !broken.is_empty() {
            bail!("these links lead nowhere:\n{}", broken.into_iter().collect::<Vec<_>>().join("\n"));
        }
        ensure!(links > 100, "only {links} links were found");
        Ok(links)
    }

    fn leads_somewhere(&self, page: &Path, target: &str) -> bool {
        let (file, place) = target.split_once('#').unwrap_or((target, ""));
        let path = if file.is_empty() { page.to_owned() } else { self.folder.join(file) };
        let Some(text) = self.pages.get(&path) else { return path.is_file() && place.is_empty() };
        place.is_empty() || values(text, "id").any(|id| id == place)
    }
}

/// A page without its blocks of code, in which there are links that are examples.
fn without_code(text: &str) -> String {
    let mut parts = text.split("<pre");
    let mut rest = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        rest += part.split_once("</pre>").map_or("", |(_, after)| after);
    }
    rest
}

/// The values of an attribute, wherever it stands.
fn values<'a>(text: &'a str, attribute: &str) -> impl Iterator<Item = &'a str> {
    let start = format!(" {attribute}=\"");
    let parts: Vec<&str> = text.split(start.as_str()).skip(1).collect();
    parts.into_iter().filter_map(|part| part.split('"').next())
}
