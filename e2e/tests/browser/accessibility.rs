//! Barriers that axe-core finds in pages, by the rules of WCAG 2.2 A and AA and its own best practices.
//!
//! It finds some third of what keeps people out; the other tests and a person with a screen reader find the rest.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use crate::{browser::Browser, demo_page::DemoPage};

const IF_MISSING: &str = "axe-core is fetched by `cargo xtask test`, or by `npm ci` in target/axe with e2e/axe's files";

impl Browser {
    /// Shows pages in the light or the dark theme.
    pub(crate) async fn prefer(&self, theme: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": theme }] });
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// Checks that axe-core finds nothing in the page, in either theme.
    pub(crate) async fn assert_no_barrier(&self, name: &str) {
        for theme in ["light", "dark"] {
            self.prefer(theme).await;
            let violations = self.violations().await;
            let told: Vec<String> = violations.as_array().unwrap().iter().map(described).collect();
            assert!(told.is_empty(), "{name}, {theme}:\n{}", told.join("\n"));
        }
        self.prefer("light").await;
    }

    async fn violations(&self) -> Value {
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/axe/node_modules/axe-core/axe.min.js");
        let axe = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}. {IF_MISSING}", file.display()));
        self.client.execute(&axe, vec![]).await.expect("axe-core is a script");
        let run = "const told = arguments[arguments.length - 1]; \
                   axe.run(document, { resultTypes: ['violations'] }) \
                     .then(({ violations, passes }) => told({ violations, passes: passes.length }), \
                           error => told({ error: String(error) }))";
        let found = self.client.execute_async(run, vec![]).await.unwrap();
        assert!(found["passes"].as_u64().is_some_and(|passes| passes > 10), "axe-core checked nothing: {found}");
        found["violations"].clone()
    }
}

fn described(violation: &Value) -> String {
    let nodes = violation["nodes"].as_array().unwrap().iter();
    let nodes: Vec<String> = nodes.map(|node| format!("  {} {}", node["html"], node["failureSummary"])).collect();
    format!("{}: {}\n{}", violation["id"], violation["help"], nodes.join("\n"))
}

#[tokio::test]
async fn the_demo_page_has_no_barrier_in_any_language_or_theme() {
    let page = DemoPage::open().await;
    for language in ["en", "ko", "ja", "zh"] {
        page.go(&format!("/?lang={language}")).await;
        page.until_widget_asks().await;
        page.browser.assert_no_barrier(language).await;
    }
}

#[tokio::test]
async fn the_demo_page_has_none_where_nothing_need_be_read() {
    let page = DemoPage::open().await;
    page.site.command(&["app", "set", "default", "--policy", "adaptive"]);
    for language in ["en", "ko", "ja", "zh"] {
        page.go(&format!("/?lang={language}")).await;
        page.browser.until("document.getElementById('verdict')?.textContent.includes('\"success\": true')").await;
        page.browser.assert_no_barrier(language).await;
    }
}

#[tokio::test]
async fn a_barrier_is_found_where_there_is_one() {
    let page = DemoPage::open().await;
    page.until_widget_asks().await;
    page.browser.evaluate("document.querySelector('.brand img').removeAttribute('alt')").await;
    let violations = page.browser.violations().await;
    assert_eq!(violations[0]["id"], "image-alt", "{violations}");
}
