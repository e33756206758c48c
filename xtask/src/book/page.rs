//! A document, as a page of the book.

use std::{collections::BTreeSet, fs, path::Path};

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html::push_html};

use super::as_html;

#[derive(Default)]
pub(super) struct Page {
    pub(super) html: String,
    /// Where its links within the book lead, as the document says it; images are among them.
    pub(super) links: Vec<String>,
    /// The images that it shows.
    pub(super) images: Vec<String>,
    /// What can be linked to on it.
    pub(super) places: BTreeSet<String>,
}

impl Page {
    pub(super) fn read(documents: &Path, file: &str) -> anyhow::Result<Self> {
        Ok(Self::of(&fs::read_to_string(documents.join(file))?))
    }

    fn of(text: &str) -> Self {
        let mut page = Self::default();
        let mut events: Vec<Event<'_>> = Parser::new_ext(text, Options::ENABLE_TABLES).collect();
        page.name_headings(&mut events);
        for event in &mut events {
            match event {
                Event::Start(Tag::Link { dest_url, .. }) if is_within_book(dest_url) => {
                    page.links.push(dest_url.to_string());
                    *dest_url = to_html(dest_url).into();
                }
                Event::Start(Tag::Image { dest_url, .. }) if is_within_book(dest_url) => {
                    page.links.push(dest_url.to_string());
                    page.images.push(dest_url.to_string());
                }
                _ => {}
            }
        }
        push_html(&mut page.html, events.into_iter());
        page
    }

    /// Gives each heading a name from its words, by which it can be linked to.
    fn name_headings(&mut self, events: &mut [Event<'_>]) {
        for start in 0..events.len() {
            if !matches!(events.get(start), Some(Event::Start(Tag::Heading { .. }))) {
                continue;
            }
            let words = events.iter().skip(start).take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
            let words: String = words.filter_map(text_of).collect();
            let name = self.free_name(&name_of(&words));
            if let Some(Event::Start(Tag::Heading { id, .. })) = events.get_mut(start) {
                *id = Some(name.into());
            }
        }
    }

    /// A name that no heading has yet: a second one of the same words is told apart by a number.
    fn free_name(&mut self, name: &str) -> String {
        let numbered = (1..).map(|number| format!("{name}-{number}"));
        let free = std::iter::once(name.to_owned()).chain(numbered).find(|name| !self.places.contains(name));
        let free = free.expect("there is always one more number");
        self.places.insert(free.clone());
        free
    }
}

fn text_of<'a>(event: &'a Event<'_>) -> Option<&'a str> {
    match event {
        Event::Text(text) | Event::Code(text) => Some(text),
        _ => None,
    }
}

/// A heading's words as GitHub names them: lower case, hyphens for spaces, and no punctuation.
fn name_of(words: &str) -> String {
    let kept = words.chars().filter(|c| c.is_alphanumeric() || ['-', '_', ' '].contains(c));
    kept.map(|c| if c == ' ' { '-' } else { c }).flat_map(char::to_lowercase).collect()
}

fn is_within_book(target: &CowStr<'_>) -> bool {
    !target.contains("://") && !target.starts_with("mailto:")
}

/// A link between documents as one between their pages.
fn to_html(target: &str) -> String {
    let (file, place) =
        target.split_once('#').map_or((target, String::new()), |(file, place)| (file, format!("#{place}")));
    if file.ends_with(".md") { as_html(file) + &place } else { target.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_pages_and_places_have_names() {
        let page = Page::of("# Of `keys`, & more\n\n## Twice\n\n## Twice\n\n[a](other.md#at) [b](https://x.test/y.md)");
        assert_eq!(page.places.iter().collect::<Vec<_>>(), ["of-keys--more", "twice", "twice-1"]);
        assert_eq!(page.links, ["other.md#at"]);
        assert!(page.html.contains("<a href=\"other.html#at\">a</a>"), "{}", page.html);
        assert!(page.html.contains("<h2 id=\"twice-1\">"), "{}", page.html);
    }

    #[test]
    fn examples_have_no_links() {
        let page = Page::of("```html\n<a href=\"nowhere\">\n[a](nowhere.md)\n```\n\n`[a](nowhere.md)`");
        assert!(page.links.is_empty(), "{:?}", page.links);
    }
}
