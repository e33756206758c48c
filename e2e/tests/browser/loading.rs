//! What happens before anybody does anything.

use crate::demo_page::DemoPage;

#[tokio::test]
async fn the_page_shows_a_picture_and_asks_no_other_site() {
    let page = DemoPage::open().await;
    page.until_picture().await;
    assert_eq!(page.browser.client.title().await.unwrap(), "haechi demo");
    assert_eq!(page.browser.evaluate("document.getElementById('image').naturalHeight").await, 80);
    assert_eq!(page.focused().await, "", "a screen reader begins at the top");
    page.browser.assert_quiet(&page.site.url).await;
    page.browser.screenshot("desktop").await;
}

#[tokio::test]
async fn no_appkey_and_no_answer_reaches_the_browser() {
    let page = DemoPage::open().await;
    let answer = page.right_answer().await;
    let html = page.browser.client.source().await.unwrap();
    assert!(!html.contains(&answer) && !html.contains("appkey"), "{html}");
}

#[tokio::test]
async fn no_sound_plays_or_is_fetched_by_itself() {
    let page = DemoPage::open().await;
    page.until_picture().await;
    let sound = "document.getElementById('sound')";
    assert_eq!(page.browser.evaluate(&format!("{sound}.paused && {sound}.readyState === 0")).await, true);
}
