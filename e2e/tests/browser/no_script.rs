//! The page without its script.

use fantoccini::key::Key;

use crate::{browser::Setting, demo_page::DemoPage};

async fn open(path: &str) -> DemoPage {
    let page = DemoPage::open_with(Setting { without_scripts: true, ..Setting::default() }, path).await;
    page.find("challenge").await;
    page
}

#[tokio::test]
async fn a_right_answer_passes() {
    let page = open("/").await;
    page.browser.screenshot("no-script").await;
    let key = page.key().await;
    page.type_text(&page.site.answer(&page.key().await)).await;
    page.click("check").await;
    page.until_result("right").await;
    assert!(page.browser.client.title().await.unwrap().starts_with("Right."));
    assert_eq!(page.focused().await, "result");
    assert_ne!(page.key().await, key);
    page.until_picture().await;
    page.browser.screenshot("no-script-right").await;
    page.browser.assert_quiet(&page.site.url).await;
}

#[tokio::test]
async fn a_wrong_answer_brings_a_new_challenge_in_the_same_language() {
    let page = open("/?lang=ja").await;
    let key = page.key().await;
    page.type_text("wrong").await;
    page.press(Key::Enter).await;
    page.until_result("wrong").await;
    assert_ne!(page.key().await, key);
    assert_eq!(page.browser.evaluate("document.documentElement.lang").await, "ja");
}

#[tokio::test]
async fn an_empty_answer_keeps_the_challenge_and_a_new_one_can_be_asked_for() {
    let page = open("/?lang=ko").await;
    let key = page.key().await;
    page.click("check").await;
    page.until_result("empty").await;
    assert_eq!(page.key().await, key);
    page.click("renew").await;
    page.until_result("new").await;
    assert_ne!(page.key().await, key);
    assert_eq!(page.browser.evaluate("document.documentElement.lang").await, "ko");
}

#[tokio::test]
async fn the_browser_plays_the_sound_by_itself() {
    let page = open("/").await;
    assert_eq!(page.browser.evaluate("document.getElementById('sound').controls").await, true);
    assert!(page.find("sound").await.is_displayed().await.unwrap());
}
