//! What is there in Korean as well says what the English says, with one word for one thing.

use std::collections::BTreeSet;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::read;

/// The documents that are there in both languages.
const PAIRS: [(&str, &str); 6] = [
    ("README.md", "README.ko.md"),
    ("docs/quick-start.md", "docs/ko/quick-start.md"),
    ("docs/integration.md", "docs/ko/integration.md"),
    ("docs/operating.md", "docs/ko/operating.md"),
    ("docs/accessibility.md", "docs/ko/accessibility.md"),
    ("docs/naver.md", "docs/ko/naver.md"),
];

/// What else has words in Korean for people.
const KOREAN_TEXTS: [&str; 10] = [
    "crates/server/src/dialect/widget/alternative.rs",
    "crates/server/src/pages/console/texts/korean.rs",
    "crates/server/src/pages/console/snippets/ko/altcha.html",
    "crates/server/src/pages/console/snippets/ko/form.html",
    "crates/server/src/pages/console/snippets/ko/widget.html",
    "crates/server/src/pages/demo/texts.rs",
    "crates/server/src/pages/fallback.rs",
    "attack/read/listen.json",
    "widget/src/texts.ts",
    "widget/src/work/sentences.ts",
];

/// A heading with what follows it, up to the next one.
#[derive(Debug, Default)]
struct Section {
    heading: String,
    /// 0 for what comes before the first heading.
    level: usize,
    /// The lines of its examples, without what is translated in them.
    examples: Vec<String>,
    /// Flags, settings, names of metrics and whatever else is code in a sentence.
    codes: BTreeSet<String>,
    rows: usize,
    items: usize,
    links: Vec<String>,
    images: Vec<String>,
}

fn sections(text: &str) -> Vec<Section> {
    let mut sections = vec![Section::default()];
    let (mut is_heading, mut example) = (false, None);
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        if let Event::Start(Tag::Heading { level, .. }) = event {
            sections.push(Section { level: level as usize, ..Section::default() });
            is_heading = true;
            continue;
        }
        let section = sections.last_mut().unwrap();
        match event {
            Event::End(TagEnd::Heading(_)) => is_heading = false,
            Event::Start(Tag::CodeBlock(_)) => example = Some(String::new()),
            Event::End(TagEnd::CodeBlock) => section.examples.extend(without_words(&example.take().unwrap())),
            Event::Start(Tag::TableRow) => section.rows += 1,
            Event::Start(Tag::Item) => section.items += 1,
            Event::Start(Tag::Link { dest_url, .. }) => section.links.push(dest_url.into_string()),
            Event::Start(Tag::Image { dest_url, .. }) => section.images.push(dest_url.into_string()),
            Event::Text(text) if example.is_some() => *example.as_mut().unwrap() += &text,
            Event::Text(text) if is_heading => section.heading += &text,
            Event::Code(code) => {
                if is_heading {
                    section.heading += &code;
                }
                section.codes.insert(code.into_string());
            }
            _ => {}
        }
    }
    sections
}

/// The lines of an example, without comments, and a page's without its words for people.
fn without_words(code: &str) -> Vec<String> {
    let lines =
        code.lines().map(|line| line.split(" #").next().unwrap().trim_end()).filter(|line| !line.starts_with('#'));
    if code.contains("</") { lines.map(without_text).collect() } else { lines.map(str::to_owned).collect() }
}

/// A line of HTML, without the text between its tags and without that of a picture.
fn without_text(line: &str) -> String {
    let (mut kept, mut rest) = (String::new(), line);
    while let Some((tag, after)) = rest.split_once('>') {
        kept = kept + tag + ">";
        rest = after.find('<').map_or(after, |next| &after[next..]);
    }
    kept += rest;
    match kept.split_once("alt=\"").and_then(|(before, alt)| Some((before, alt.split_once('"')?.1))) {
        Some((before, after)) => format!("{before}alt=\"\"{after}"),
        None => kept,
    }
}

/// A path from the top of the repository, of a target that this document names.
fn path_of(document: &str, target: &str) -> String {
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

/// A heading's place among those of its document, so that it is the same in every language.
fn place_of(document: &str, name: &str) -> usize {
    let named = |heading: &str| -> String {
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || ['-', '_', ' '].contains(c));
        kept.map(|c| if c == ' ' { '-' } else { c }).flat_map(char::to_lowercase).collect()
    };
    let place = sections(&read(document)).iter().position(|section| named(&section.heading) == name);
    place.unwrap_or_else(|| panic!("{document} has no heading {name}"))
}

/// Where a link leads, whichever of the languages it leads to.
fn place_in_english(document: &str, target: &str) -> String {
    if target.contains("://") {
        return target.to_owned();
    }
    let (file, name) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() { document.to_owned() } else { path_of(document, file) };
    let place = if name.is_empty() { 0 } else { place_of(&path, name) };
    let english = PAIRS.iter().find(|(_, korean)| *korean == path).map_or(path.as_str(), |(english, _)| english);
    format!("{english} {place}")
}

fn places(document: &str, targets: &[String]) -> Vec<String> {
    let mut places: Vec<String> = targets.iter().map(|target| place_in_english(document, target)).collect();
    places.sort_unstable();
    places
}

/// Asserts that a document and its translation have the same sections, and in each the same examples, names in code,
/// rows, items, pictures and links.
fn assert_says_the_same(english: &str, korean: &str) {
    let (in_english, in_korean) = (sections(&read(english)), sections(&read(korean)));
    let levels = |sections: &[Section]| sections.iter().map(|section| section.level).collect::<Vec<_>>();
    assert_eq!(levels(&in_english), levels(&in_korean), "the headings of {english} and {korean}");
    for (said, translated) in in_english.iter().zip(&in_korean) {
        let place = format!("{english}: {:?}, {korean}: {:?}", said.heading, translated.heading);
        assert_eq!(said.examples, translated.examples, "examples, {place}");
        assert_eq!(said.codes, translated.codes, "code, {place}");
        assert_eq!((said.rows, said.items), (translated.rows, translated.items), "rows and items, {place}");
        assert_eq!(places(english, &said.images), places(korean, &translated.images), "pictures, {place}");
        assert_eq!(places(english, &said.links), places(korean, &translated.links), "links, {place}");
    }
}

#[test]
fn both_languages_say_the_same() {
    for (english, korean) in PAIRS {
        assert_says_the_same(english, korean);
    }
}

/// Whoever reads one language stays in it, and finds the way to the other at the top.
#[test]
fn a_translation_links_to_translations() {
    for (english, korean) in PAIRS {
        for (document, other, leaves) in
            [(english, korean, PAIRS.map(|(_, korean)| korean)), (korean, english, PAIRS.map(|(english, _)| english))]
        {
            let sections = sections(&read(document));
            let links = sections.iter().flat_map(|section| &section.links);
            let paths = links
                .filter(|link| !link.contains("://"))
                .map(|link| path_of(document, link.split('#').next().unwrap()));
            let abroad: Vec<String> = paths.filter(|path| leaves.contains(&path.as_str())).collect();
            assert_eq!(abroad, [other], "{document}");
        }
    }
}

/// The rows of the table of Korean words in CONTRIBUTING.md: a word, and those that are not said for it.
fn glossary() -> Vec<(String, Vec<String>)> {
    let document = read("CONTRIBUTING.md");
    let (_, section) = document.split_once("\n## Korean words\n").expect("CONTRIBUTING.md has the words");
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| English"));
    let cells = rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
    let words = |cell: &str| cell.split(", ").filter(|word| !word.is_empty()).map(str::to_owned).collect();
    cells.map(|cells| (cells[1].to_owned(), words(cells[2]))).collect()
}

#[test]
fn korean_has_one_word_for_one_thing() {
    let glossary = glossary();
    assert!(glossary.len() > 15, "{glossary:?}");
    let without_code = |document: &str| {
        let (mut text, mut is_example) = (String::new(), false);
        for event in Parser::new_ext(&read(document), Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::CodeBlock(_)) => is_example = true,
                Event::End(TagEnd::CodeBlock) => is_example = false,
                Event::Text(part) if !is_example => text = text + &part + "\n",
                _ => {}
            }
        }
        text
    };
    let documents = PAIRS.map(|(_, korean)| (korean, without_code(korean)));
    let texts = KOREAN_TEXTS.map(|file| (file, read(file)));
    let mut said = 0;
    for (word, others) in &glossary {
        said += usize::from(documents.iter().chain(&texts).any(|(_, text)| text.contains(word.as_str())));
        for (file, text) in documents.iter().chain(&texts) {
            // Code has English names of its own.
            let is_checked = |other: &&String| !other.is_ascii() || file.ends_with(".md");
            let found: Vec<_> =
                others.iter().filter(is_checked).filter(|other| text.contains(other.as_str())).collect();
            assert!(found.is_empty(), "{file} says {found:?} for {word}");
        }
    }
    assert_eq!(said, glossary.len(), "a word of the glossary is said nowhere");
}

/// A page in Korean gets what a page in English gets.
#[test]
fn the_examples_in_korean_are_those_in_english() {
    let folder = "crates/server/src/pages/console/snippets";
    for (english, korean) in
        [("form.html", "ko/form.html"), ("altcha.html", "ko/altcha.html"), ("widget/widget.html", "ko/widget.html")]
    {
        let [english, korean] = [english, korean].map(|file| read(&format!("{folder}/{file}")));
        assert_ne!(english, korean);
        assert_eq!(without_words(&english), without_words(&korean));
    }
}
