//! `cargo xtask book`: the documents as a book, in which every link leads somewhere.

mod page;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Component, Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};

use self::page::Page;
use crate::command::root;

const STYLE: &str = include_str!("book/book.css");

/// Builds and checks.
pub(crate) fn build() -> anyhow::Result<()> {
    let (documents, book) = (root().join("docs"), root().join("target/book"));
    let contents = Contents::read(&documents)?;
    contents.check_complete(&documents)?;
    let pages: BTreeMap<&str, Page> = contents
        .chapters()
        .map(|chapter| Ok((chapter.file.as_str(), Page::read(&documents, &chapter.file)?)))
        .collect::<anyhow::Result<_>>()?;
    let links = check_links(&documents, &pages)?;
    if book.exists() {
        fs::remove_dir_all(&book)?;
    }
    fs::create_dir_all(&book)?;
    for (file, page) in &pages {
        let to = book.join(as_html(file));
        fs::create_dir_all(to.parent().context("a page is in a folder")?)?;
        fs::write(to, contents.around(file, &page.html))?;
        for shown in &page.files {
            let shown = resolved(file, shown).context("what is shown is in the book")?;
            let to = book.join(&shown);
            fs::create_dir_all(to.parent().context("what is shown is in a folder")?)?;
            fs::copy(documents.join(shown), to)?;
        }
    }
    let first = contents.chapters().next().context("the book has a chapter")?;
    fs::copy(book.join(as_html(&first.file)), book.join("index.html"))?;
    fs::write(book.join("book.css"), STYLE)?;
    println!("\nbuilt target/book/index.html: {} pages, {links} links that lead somewhere", pages.len());
    Ok(())
}

/// The language of a document: those in a folder of their own are translations.
fn language_of(file: &str) -> &'static str {
    if file.starts_with("ko/") { "ko" } else { "en" }
}

/// Where a target that a document names is, from the top of the book, or nothing if that is outside.
fn resolved(from: &str, target: &str) -> Option<PathBuf> {
    let mut path = Path::new(from).parent()?.to_owned();
    for component in Path::new(target).components() {
        match component {
            Component::Normal(part) => path.push(part),
            Component::CurDir => {}
            Component::ParentDir if path.pop() => {}
            _ => return None,
        }
    }
    Some(path)
}

/// The page that a document becomes.
fn as_html(file: &str) -> String {
    Path::new(file).with_extension("html").to_string_lossy().into_owned()
}

/// A line of the contents.
enum Entry {
    Part(String),
    Chapter(Chapter),
}

struct Chapter {
    title: String,
    file: String,
    is_nested: bool,
}

/// What SUMMARY.md lists, in its order.
struct Contents(Vec<Entry>);

impl Contents {
    fn read(documents: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(documents.join("SUMMARY.md"))?;
        let (mut entries, mut depth, mut title, mut file) = (Vec::new(), 0, String::new(), String::new());
        for event in Parser::new(&text) {
            match event {
                Event::Start(Tag::List(_)) => depth += 1,
                Event::End(TagEnd::List(_)) => depth -= 1,
                Event::Start(Tag::Heading { .. }) => title.clear(),
                Event::Start(Tag::Link { dest_url, .. }) => {
                    title.clear();
                    file = dest_url.into_string();
                }
                Event::Text(text) => title += &text,
                Event::End(TagEnd::Heading(HeadingLevel::H1)) => entries.push(Entry::Part(title.clone())),
                Event::End(TagEnd::Link) => {
                    let (title, file) = (title.clone(), file.clone());
                    entries.push(Entry::Chapter(Chapter { title, file, is_nested: depth > 1 }));
                }
                _ => {}
            }
        }
        // The file's own heading is no part of the book.
        entries.remove(0);
        Ok(Self(entries))
    }

    fn chapters(&self) -> impl Iterator<Item = &Chapter> {
        self.0.iter().filter_map(|entry| match entry {
            Entry::Chapter(chapter) => Some(chapter),
            Entry::Part(_) => None,
        })
    }

    /// Whether each document is in the book.
    fn check_complete(&self, documents: &Path) -> anyhow::Result<()> {
        for folder in ["", "ko/"] {
            for entry in fs::read_dir(documents.join(folder))? {
                let name = format!("{folder}{}", entry?.file_name().to_string_lossy());
                let is_document = name.ends_with(".md") && name != "SUMMARY.md";
                let is_listed = self.chapters().any(|chapter| chapter.file == name);
                ensure!(!is_document || is_listed, "docs/{name} is not in SUMMARY.md");
            }
        }
        Ok(())
    }

    /// A whole page: what a document says, beside the contents, with a way to the chapters before and after.
    fn around(&self, file: &str, html: &str) -> String {
        let title = self.chapters().find(|chapter| chapter.file == file).map_or("", |chapter| &chapter.title);
        let chapters: Vec<&Chapter> = self.chapters().collect();
        let at = chapters.iter().position(|chapter| chapter.file == file).unwrap_or_default();
        let (language, top) = (language_of(file), "../".repeat(file.matches('/').count()));
        let turn = |to: Option<&&Chapter>, relation: &str, arrow: [&str; 2]| {
            to.map_or(String::new(), |to| {
                let (file, title, language) = (as_html(&to.file), &to.title, language_of(&to.file));
                let [before, after] = arrow;
                format!("<a rel=\"{relation}\" lang=\"{language}\" href=\"{top}{file}\">{before}{title}{after}</a>")
            })
        };
        let before = turn(at.checked_sub(1).and_then(|before| chapters.get(before)), "prev", ["← ", ""]);
        let after = turn(chapters.get(at + 1), "next", ["", " →"]);
        format!(
            "<!DOCTYPE html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
             content=\"width=device-width\">\n<title>{title} – haechi</title>\n<link rel=\"stylesheet\" \
             href=\"{top}book.css\">\n</head>\n<body>\n<nav lang=\"en\" aria-label=\"Contents\">\n{}</nav>\n<main>\n{html}\
             <nav lang=\"en\" class=\"turn\" aria-label=\"Chapters\">{before}{after}</nav>\n</main>\n</body>\n</html>\n",
            self.list(file, &top)
        )
    }

    fn list(&self, current: &str, top: &str) -> String {
        let entry = |entry: &Entry| match entry {
            Entry::Part(title) => format!("<h2>{title}</h2>\n"),
            Entry::Chapter(Chapter { title, file, is_nested }) => {
                let class = if *is_nested { " class=\"nested\"" } else { "" };
                let here = if file == current { " aria-current=\"page\"" } else { "" };
                let (language, page) = (language_of(file), as_html(file));
                format!("<a{class}{here} lang=\"{language}\" href=\"{top}{page}\">{title}</a>\n")
            }
        };
        self.0.iter().map(entry).collect()
    }
}

/// Follows every link within the book, to its place on the page. Returns how many there are.
fn check_links(documents: &Path, pages: &BTreeMap<&str, Page>) -> anyhow::Result<usize> {
    let mut broken = BTreeSet::new();
    let mut links = 0;
    for (file, page) in pages {
        for target in &page.links {
            links += 1;
            if !leads_somewhere(documents, pages, file, target) {
                broken.insert(format!("docs/{file}: {target}"));
            }
        }
    }
    if !broken.is_empty() {
        bail!("these links lead nowhere:\n{}", broken.into_iter().collect::<Vec<_>>().join("\n"));
    }
    ensure!(links > 20, "only {links} links were found");
    Ok(links)
}

fn leads_somewhere(documents: &Path, pages: &BTreeMap<&str, Page>, from: &str, target: &str) -> bool {
    let (file, place) = target.split_once('#').unwrap_or((target, ""));
    let file = if file.is_empty() { Some(PathBuf::from(from)) } else { resolved(from, file) };
    let Some(file) = file else { return false };
    match file.to_str().and_then(|file| pages.get(file)) {
        Some(page) => place.is_empty() || page.places.contains(place),
        // Pictures and sounds come into the book with the documents; a document comes as a page.
        None => place.is_empty() && file.extension() != Some("md".as_ref()) && documents.join(file).is_file(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_found_from_its_documents_folder() {
        let found = |from, target| resolved(from, target).map(|path| path.to_string_lossy().into_owned());
        assert_eq!(found("api.md", "images/a.png").as_deref(), Some("images/a.png"));
        assert_eq!(found("ko/api.md", "../api.md").as_deref(), Some("api.md"));
        assert_eq!(found("ko/api.md", "widget.md").as_deref(), Some("ko/widget.md"));
        assert_eq!((found("api.md", "../README.md"), found("ko/api.md", "/etc/passwd")), (None, None));
    }
}
