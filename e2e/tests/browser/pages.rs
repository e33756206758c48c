//! Every page in both languages and themes, on a phone, a tablet and a desktop.
//!
//! What can be told of a page's structure is tested: nothing runs sideways or is cut off, what is to be hit is large
//! enough, the focus can be seen, and axe-core finds nothing. With the variable `E2E_SCREENS` in the environment each is
//! kept as a picture, to be looked at: `cargo xtask screens`.

use std::{env, fs, path::PathBuf};

use crate::{
    browser::{Browser, Setting},
    console::Console,
    site::Site,
};

const WIDTHS: [u32; 3] = [360, 768, 1440];
const STRUCTURE: &str = include_str!("structure.js");

/// The pages of somebody who is signed in.
const SIGNED_IN: [(&str, &str); 13] = [
    ("overview", "/console"),
    ("new-app", "/console/apps/new"),
    ("statistics", "/console/apps/1?span=7d"),
    ("statistics-unused", "/console/apps/2"),
    ("settings", "/console/apps/1/settings"),
    ("integration", "/console/apps/1/integration"),
    ("removal", "/console/apps/1/remove"),
    ("audit", "/console/audit"),
    ("access", "/console/access"),
    ("password", "/console/password"),
    ("not-found", "/console/apps/99"),
    ("demo", "/"),
    ("docs", "/docs/"),
];
const SIGNED_OUT: [(&str, &str); 2] = [("sign-in", "/console/sign-in"), ("first", "/console/first?code=wrong")];

/// Looks at one page after another in one language.
struct Inspection<'a> {
    browser: &'a Browser,
    site: &'a Site,
    language: &'a str,
    found: Vec<String>,
}

impl Inspection<'_> {
    async fn look_at(&mut self, pages: &[(&str, &str)]) {
        for (name, path) in pages {
            self.browser.client.goto(&format!("{}{path}", self.site.url)).await.unwrap();
            self.look(name).await;
        }
    }

    /// Looks at the page that is there.
    async fn look(&mut self, name: &str) {
        for width in WIDTHS {
            self.browser.resize(width, 900).await;
            for theme in ["light", "dark"] {
                self.browser.prefer(theme).await;
                self.keep(&format!("{name}-{}-{theme}-{width}", self.language)).await;
            }
            let faults = self.browser.faults().await;
            self.found.extend(faults.into_iter().map(|fault| format!("{name}, {}, {width}: {fault}", self.language)));
        }
        self.browser.resize(WIDTHS[0], 900).await;
        self.browser.assert_no_barrier(&format!("{name}, {}", self.language)).await;
    }

    /// A phone has the navigation behind a button.
    async fn look_into_the_menu(&mut self) {
        self.browser.resize(WIDTHS[0], 900).await;
        assert_eq!(self.browser.evaluate("document.querySelector('header nav').checkVisibility()").await, false);
        self.browser.evaluate("document.querySelector('button.menu').click()").await;
        assert_eq!(self.browser.evaluate("document.querySelector('header nav').checkVisibility()").await, true);
        self.keep(&format!("menu-{}", self.language)).await;
        let faults = self.browser.faults().await;
        self.found.extend(faults.into_iter().map(|fault| format!("menu, {}: {fault}", self.language)));
        self.browser.assert_no_barrier("menu").await;
    }

    /// Keeps what the page looks like from top to bottom.
    async fn keep(&self, name: &str) {
        let Some(folder) = env::var_os("E2E_SCREENS").map(PathBuf::from) else { return };
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name).with_extension("png"), self.browser.whole_page().await).unwrap();
    }
}

impl Browser {
    /// Shows a page of this, and nothing else.
    async fn show(&self, html: &str) {
        let page = format!("data:text/html,<!doctype html><meta charset=utf-8><body>{html}");
        self.client.goto(&page).await.unwrap();
    }

    /// What is wrong with the page's structure.
    async fn faults(&self) -> Vec<String> {
        let found = self.client.execute(STRUCTURE, vec![]).await.unwrap();
        found.as_array().expect("a list").iter().map(|fault| fault.as_str().unwrap().to_owned()).collect()
    }
}

async fn inspect(language: &str, languages: &'static str) {
    let console = Console::signed_in(Setting { languages, ..Setting::default() }).await;
    console.site.use_much();
    console.go_to_figures("/console/apps/1").await;
    console.site.command(&["app", "create", "a-shop-with-a-name-that-is-longer-than-most-names-of-shops-are"]);
    let (browser, site) = (&console.browser, &console.site);
    let mut inspection = Inspection { browser, site, language, found: Vec::new() };
    console.go("/console/apps/new").await;
    console.fill("app-name", "shop").await;
    console.submit("#settings button.main").await;
    inspection.look("secrets").await;
    inspection.look_at(&SIGNED_IN).await;
    console.go("/console").await;
    inspection.look_into_the_menu().await;
    browser.resize(1000, 900).await;
    console.submit("form[action$='/sign-out'] button").await;
    inspection.look_at(&SIGNED_OUT).await;
    assert!(inspection.found.is_empty(), "{}", inspection.found.join("\n"));
}

#[tokio::test]
async fn every_page_in_english_holds_together_at_every_width() {
    inspect("en", "en-US,en").await;
}

#[tokio::test]
async fn every_page_in_korean_holds_together_at_every_width() {
    inspect("ko", "ko-KR,ko").await;
}

/// A check that finds nothing anywhere would be none.
#[tokio::test]
async fn what_does_not_hold_together_is_found() {
    let browser = Browser::start().await;
    // A phone would take a page without a viewport of its own for one that is 980 pixels wide.
    browser.resize(640, 900).await;
    let cases = [
        ("<div style='width: 800px'>wide</div>", "scrolls sideways"),
        ("<div style='width: 50px; overflow: hidden; white-space: nowrap'>longer than its box is</div>", "cut off"),
        ("<button style='width: 40px; white-space: nowrap'>longer than its box is</button>", "out of its box"),
        ("<button style='all: unset'>x</button><button style='all: unset'>y</button>", "smaller than 24"),
        ("<button style='outline: none'>no sign of a focus</button>", "the focus cannot be seen"),
    ];
    for (html, expected) in cases {
        browser.show(html).await;
        let faults = browser.faults().await;
        assert!(faults.iter().any(|fault| fault.contains(expected)), "{html}: {faults:?}");
    }
    browser.show("<p>well</p><button>done</button>").await;
    assert_eq!(browser.faults().await, [""; 0]);
}
