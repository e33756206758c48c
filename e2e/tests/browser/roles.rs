//! The page as a screen reader sees it.

use serde_json::{Value, json};

use crate::demo_page::DemoPage;

const CONTROLS: [&str; 5] = ["button", "link", "textbox", "slider", "Audio"];

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
    page.until_picture().await;
    for _state in ["new", "wrong"] {
        let nodes = page.roles_and_names().await;
        let controls: Vec<_> = nodes.iter().filter(|(role, _)| CONTROLS.contains(&role.as_str())).collect();
        assert_eq!(controls.len(), 12, "4 languages, 3 tools, pace, volume, a field, its button, a link: {controls:?}");
        assert!(controls.iter().all(|(_, name)| !name.is_empty()), "{controls:?}");
        page.type_text("wrong").await;
        page.click("check").await;
        page.until_result("wrong").await;
    }
}

#[tokio::test]
async fn the_parts_of_the_page_have_their_roles() {
    let page = DemoPage::open().await;
    page.until_picture().await;
    let nodes = page.roles_and_names().await;
    for (role, name) in [
        ("RootWebArea", "haechi demo"),
        ("banner", ""),
        ("navigation", "Language"),
        ("main", ""),
        ("heading", "Try a challenge"),
        ("image", "A picture of 5 distorted letters and digits. The sound says the same ones."),
        ("button", "Listen"),
        ("button", "Replay"),
        ("button", "New challenge"),
        ("button", "Slower"),
        ("slider", "Volume"),
        ("textbox", "Your answer"),
        ("button", "Check"),
        ("contentinfo", ""),
    ] {
        assert!(
            nodes.iter().any(|node| *node == (role.to_owned(), name.to_owned())),
            "no {role} {name:?} in {nodes:?}"
        );
    }
    assert!(nodes.iter().any(|(role, _)| role == "status"), "{nodes:?}");
    assert_eq!(page.attribute("answer", "aria-describedby").await, "hint keys");
}

#[tokio::test]
async fn the_alternative_text_never_holds_the_answer() {
    let page = DemoPage::open().await;
    let answer = page.right_answer().await;
    for (_, name) in page.roles_and_names().await {
        assert!(!name.contains(&answer), "{name}");
    }
}
