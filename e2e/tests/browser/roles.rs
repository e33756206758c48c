//! The page as a screen reader sees it.

use serde_json::{Value, json};

use crate::demo_page::DemoPage;

const CONTROLS: [&str; 4] = ["button", "link", "textbox", "Audio"];

impl DemoPage {
    /// The role and name of everything in the accessibility tree.
    async fn roles_and_names(&self) -> Vec<(String, String)> {
        let tree = self.browser.devtools("Accessibility.getFullAXTree", json!({})).await;
        let text = |value: &Value| value["value"].as_str().unwrap_or_default().to_owned();
        let nodes = tree["nodes"].as_array().expect("the tree is a list of nodes");
        let shown = nodes.iter().filter(|node| node["ignored"] == false);
        shown.map(|node| (text(&node["role"]), text(&node["name"]))).collect()
    }
}

#[tokio::test]
async fn every_control_has_a_name() {
    let page = DemoPage::open().await;
    page.until_widget_asks().await;
    let nodes = page.roles_and_names().await;
    let controls: Vec<_> = nodes.iter().filter(|(role, _)| CONTROLS.contains(&role.as_str())).collect();
    assert!(controls.len() >= 10, "4 languages, listen, slower, another, a field, its button, a link: {controls:?}");
    assert!(controls.iter().all(|(_, name)| !name.is_empty()), "{controls:?}");
}

#[tokio::test]
async fn the_parts_of_the_page_have_their_roles() {
    let page = DemoPage::open().await;
    page.until_widget_asks().await;
    let nodes = page.roles_and_names().await;
    for (role, name) in [
        ("RootWebArea", "haechi demo"),
        ("banner", ""),
        ("navigation", "Language"),
        ("main", ""),
        ("heading", "Try a challenge"),
        ("button", "Listen"),
        ("button", "Slower"),
        ("button", "Check"),
        ("contentinfo", ""),
    ] {
        assert!(
            nodes.iter().any(|node| *node == (role.to_owned(), name.to_owned())),
            "no {role} {name:?} in {nodes:?}"
        );
    }
    assert!(nodes.iter().any(|(role, _)| role == "status"), "{nodes:?}");
    assert!(nodes.iter().any(|(role, name)| role == "image" && name.contains('5')), "{nodes:?}");
}
