//! What happens before anybody does anything.

use crate::demo_page::DemoPage;

#[tokio::test]
async fn the_page_shows_the_widget_and_asks_no_other_site() {
    let page = DemoPage::open().await;
    page.until_widget_asks().await;
    assert_eq!(page.browser.client.title().await.unwrap(), "haechi demo");
    assert_eq!(page.focused().await, "", "a screen reader begins at the top");
    assert_eq!(page.browser.evaluate("document.getElementById('challenge') === null").await, true, "the form is gone");
    page.browser.assert_quiet(&page.site.url).await;
    page.browser.screenshot("desktop").await;
}

#[tokio::test]
async fn no_appkey_and_no_secret_reaches_the_browser() {
    let page = DemoPage::open().await;
    let html = page.browser.client.source().await.unwrap();
    assert!(!html.contains("appkey") && !html.contains("0x"), "{html}");
}
