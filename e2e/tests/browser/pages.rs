//! Every page in both languages and themes, on a phone, a tablet and a desktop.
//!
//! What can be told of a page's structure is tested: nothing runs sideways or is cut off, what is to be hit is large
//! enough, the focus can be seen, and axe-core finds nothing. With the variable `E2E_SCREENS` in the environment each is
//! kept as a picture, to be looked at: `cargo xtask screens`.

use std::{env, fs, path::PathBuf};

use crate::{
    browser::{Browser, Setting},
    console::{Console, PASSWORD},
    site::Site,
};

const WIDTHS: [u32; 3] = [360, 768, 1440];
const STRUCTURE: &str = include_str!("structure.js");

/// The pages of somebody who is signed in.
const SIGNED_IN: [(&str, &str); 17] = [
    ("overview", "/console"),
    ("new-app", "/console/apps/new"),
    ("statistics", "/console/apps/1?span=7d"),
    ("statistics-unused", "/console/apps/2"),
    ("settings", "/console/apps/1/settings"),
    ("integration", "/console/apps/1/integration"),
    ("rotation", "/console/apps/1/rotate?grace=0"),
    ("disabling", "/console/apps/1/disable"),
    ("removal", "/console/apps/1/remove"),
    ("audit", "/console/audit"),
    ("access", "/console/access"),
    ("webhooks", "/console/webhooks"),
    ("second-factor", "/console/second-factor"),
    ("password", "/console/password"),
    ("not-found", "/console/apps/99"),
    ("demo", "/"),
    ("docs", "/docs/"),
];
const SIGNED_OUT: [(&str, &str); 2] = [("sign-in", "/console/sign-in"), ("first-late", "/console/first?code=wrong")];

/// What a form leads to, by the fields that are filled in before its button is pressed.
const MADE: [(&str, &str, &[(&str, &str)], &str); 4] = [
    ("secrets", "/console/apps/new", &[("app-name", "shop")], "#settings button.main"),
    ("token-made", "/console/access", &[("token-name", "ci")], "form[action$='/tokens'] button.main"),
    ("invitation-made", "/console/access", &[("invitation-name", "ben")], "form[action$='/invitations'] button.main"),
    (
        "webhook-made",
        "/console/webhooks",
        &[("webhook-url", "http://127.0.0.1:9/")],
        "form[action$='/webhooks'] button.main",
    ),
];
/// The code that an authenticator app shows.
const CODE: &str = include_str!("code.js");

/// Looks at one page after another in one language.
struct Inspection<'a> {
    console: &'a Console,
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

    /// The link by which somebody becomes a user is returned.
    async fn look_at_what_is_made(&mut self) -> String {
        let mut link = None;
        for (name, path, fields, button) in MADE {
            self.console.go(path).await;
            for (id, text) in fields {
                self.console.fill(id, text).await;
            }
            self.browser.evaluate("document.getElementById('token-apps-read')?.click()").await;
            self.console.submit(button).await;
            self.look(name).await;
            if name == "invitation-made" {
                link = Some(self.browser.evaluate("document.querySelector('pre.secret').textContent").await);
            }
        }
        link.as_ref().and_then(|link| link.as_str()).expect("an invitation is a link").to_owned()
    }

    /// Signing in takes two steps from here on.
    async fn look_at_the_second_factor(&mut self) {
        self.console.go("/console/second-factor").await;
        self.console.fill("factor-code", "000000").await;
        self.console.fill("factor-password", PASSWORD).await;
        self.console.submit("main button.main").await;
        self.look("second-factor-wrong").await;
        let code = self.browser.evaluate(CODE).await;
        self.console.fill("factor-code", code.as_str().expect("six digits")).await;
        self.console.fill("factor-password", PASSWORD).await;
        self.console.submit("main button.main").await;
        self.look("recovery-codes").await;
        self.console.go("/console/second-factor").await;
        self.look("second-factor-on").await;
    }

    /// Looks at the page that asks for the code, and at the same after a wrong one.
    async fn look_at_signing_in(&mut self) {
        self.console.go("/console/sign-in").await;
        self.console.fill("sign-in-name", "ann").await;
        self.console.fill("sign-in-password", PASSWORD).await;
        self.console.submit("main button.main").await;
        self.look("code").await;
        self.console.fill("code-code", "000000").await;
        self.console.submit("main button.main").await;
        self.look("code-wrong").await;
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
    let console = Console::new(Setting { languages, ..Setting::default() }).await;
    let (browser, site) = (&console.browser, &console.site);
    let mut inspection = Inspection { console: &console, browser, site, language, found: Vec::new() };
    inspection.look("first").await;
    console.make_first_user().await;
    console.site.use_much();
    console.go_to_figures("/console/apps/1").await;
    console.site.command(&["app", "create", "a-shop-with-a-name-that-is-longer-than-most-names-of-shops-are"]);
    let invitation = inspection.look_at_what_is_made().await;
    console.submit("main a.main").await;
    console.submit("form[action$='/test'] button").await;
    inspection.look_at(&SIGNED_IN).await;
    console.go("/console/apps/1?span=7d").await;
    browser.evaluate("document.querySelectorAll('main details').forEach((details) => { details.open = true; })").await;
    inspection.look("statistics-tables").await;
    console.go("/console").await;
    inspection.look_into_the_menu().await;
    inspection.look_at_the_second_factor().await;
    browser.resize(1000, 900).await;
    console.submit("form[action$='/sign-out'] button").await;
    inspection.look_at(&SIGNED_OUT).await;
    browser.client.goto(&invitation).await.unwrap();
    inspection.look("invitation").await;
    inspection.look_at_signing_in().await;
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

/// What stands in one cell stays beside its name, line by line.
#[tokio::test]
async fn a_phone_shows_each_row_as_a_card() {
    let console = Console::signed_in(Setting::default()).await;
    console.browser.resize(360, 900).await;
    console.go("/console/audit").await;
    let action = "(() => { const cell = document.querySelector('tbody td[data-label=Action]'); \
                  const [name, part] = [cell.getBoundingClientRect(), cell.firstElementChild.getBoundingClientRect()]; \
                  return [cell.innerText, cell.children.length, part.left > name.left + 80].join('|'); })()";
    assert_eq!(console.browser.evaluate(action).await, "User created\nuser.created|1|true");
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
