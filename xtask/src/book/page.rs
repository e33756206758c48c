//! A document, as a page of the book.

use std::{collections::BTreeSet, fs, path::Path};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html::push_html};

use super::as_html;

#[derive(Default)]
pub(super) struct Page {
    pub(super) html: String,
    /// Where its links within the book lead, as the document says it; what it shows and plays is among them.
    pub(super) links: Vec<String>,
    /// The files that it shows, plays or links to, which are no documents.
    pub(super) files: Vec<String>,
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
                    page.add_link(dest_url);
                    *dest_url = to_html(dest_url).into();
                }
                Event::Start(Tag::Image { dest_url, .. }) if is_within_book(dest_url) => page.add_link(dest_url),
                Event::Html(html) | Event::InlineHtml(html) => {
                    sources_in(html).filter(|source| is_within_book(source)).for_each(|source| page.add_link(source));
                }
                _ => {}
            }
        }
        push_html(&mut page.html, events.into_iter());
        page
    }

    fn add_link(&mut self, target: &str) {
        self.links.push(target.to_owned());
        let file = target.split('#').next().unwrap_or_default();
        if !file.is_empty() && !file.ends_with(".md") {
            self.files.push(file.to_owned());
        }
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

/// The files that tags of HTML show and play.
fn sources_in(html: &str) -> impl Iterator<Item = &str> {
    let values = |attribute: &'static str| html.split(attribute).skip(1).filter_map(|after| after.split('"').next());
    // Of a set, each has its density or width after it.
    let sets = values(" srcset=\"").flat_map(|set| set.split(',')).filter_map(|one| one.split_whitespace().next());
    values(" src=\"").chain(sets)
}

fn is_within_book(target: &str) -> bool {
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
    fn what_is_shown_and_played_comes_with_the_page() {
        let page = Page::of(
            "![a](images/a.png) [b](b.wav) [c](c.md)\n\n<audio controls src=\"d.wav\"></audio>\n\n\
             <img alt=\"e\" src=\"e.gif\"> <img src=\"https://x.test/f.gif\" srcset=\"g.gif 2x, h.gif 3x\">",
        );
        assert_eq!(page.links, ["images/a.png", "b.wav", "c.md", "d.wav", "e.gif", "g.gif", "h.gif"]);
        assert_eq!(page.files, ["images/a.png", "b.wav", "d.wav", "e.gif", "g.gif", "h.gif"]);
        assert!(page.html.contains("<audio controls src=\"d.wav\"></audio>"), "{}", page.html);
    }

    #[test]
    fn examples_have_no_links() {
        let page = Page::of("```html\n<a href=\"nowhere\">\n[a](nowhere.md)\n```\n\n`[a](nowhere.md)`");
        let example = Page::of("```html\n<audio src=\"nowhere.wav\">\n```\n");
        assert!(page.links.is_empty() && example.links.is_empty(), "{:?} {:?}", page.links, example.links);
    }
}
