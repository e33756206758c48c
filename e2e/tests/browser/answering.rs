//! Answers to the widget on the demo page, and what comes after them.

use crate::{browser::Setting, demo_page::DemoPage};

/// The demo page of a site whose app is for tests, so that every answer is TEST5.
async fn of_a_test_app(path: &str) -> DemoPage {
    let page = DemoPage::open().await;
    page.site.command(&["app", "set", "default", "--test"]);
    page.go(path).await;
    page.until_widget_asks().await;
    page
}

#[tokio::test]
async fn a_right_answer_gives_a_token_that_the_page_redeems() {
    let page = of_a_test_app("/?lang=en").await;
    page.answer("test5\n").await;
    page.until_result("right").await;
    assert_eq!(page.attribute("result", "role").await, "status");
    assert!(page.text("result").await.contains("Right."));
    let verdict: serde_json::Value = serde_json::from_str(&page.text("verdict").await).unwrap();
    assert_eq!((&verdict["success"], &verdict["hostname"]), (&true.into(), &"127.0.0.1".into()), "{verdict}");
    page.browser.assert_quiet(&page.site.url).await;
    page.browser.screenshot("right").await;

    page.click("again").await;
    page.until_widget_asks().await;
    assert!(!page.find("verdict").await.is_displayed().await.unwrap());
    page.answer("test5\n").await;
    page.browser.until("!document.getElementById('verdict').hidden").await;
}

#[tokio::test]
async fn a_wrong_answer_is_the_widgets_to_say() {
    let page = of_a_test_app("/").await;
    page.answer("wrong\n").await;
    page.until_widget_asks().await;
    page.answer("test5\n").await;
    page.until_result("right").await;
}

#[tokio::test]
async fn a_server_that_is_gone_is_said() {
    let page = of_a_test_app("/").await;
    page.browser
        .evaluate("document.getElementById('captcha').addEventListener('passed', () => window.hasPassed = true)")
        .await;
    let redemption = serde_json::json!({ "urls": ["*/demo/redemption"] });
    page.browser.devtools("Network.enable", serde_json::json!({})).await;
    page.browser.devtools("Network.setBlockedURLs", redemption).await;
    page.answer("test5\n").await;
    page.until_result("unreachable").await;
    page.browser.screenshot("unreachable").await;
}

#[tokio::test]
async fn the_widget_speaks_the_language_of_the_page() {
    let page = DemoPage::open_with(Setting { languages: "ko-KR,ko", ..Setting::default() }, "/").await;
    page.until_widget_asks().await;
    assert_eq!(page.attribute("captcha", "lang").await, "ko");
    page.browser.screenshot("widget-ko").await;
}
