//! The page by keyboard alone.

use fantoccini::key::Key;

use crate::demo_page::DemoPage;

#[tokio::test]
async fn every_control_is_reached_in_its_order_and_works() {
    let page = DemoPage::open().await;
    for _language in 0..4 {
        page.press(Key::Tab).await;
        assert_eq!(page.browser.evaluate("document.activeElement.localName").await, "a");
    }
    for id in ["play", "replay", "renew", "slower", "volume", "answer", "check"] {
        page.press(Key::Tab).await;
        assert_eq!(page.focused().await, id);
        assert_eq!(page.browser.evaluate("document.activeElement.matches(':focus-visible')").await, true, "{id}");
    }
    page.browser.screenshot("focus").await;

    let key = page.key().await;
    page.find("renew").await.send_keys(&char::from(Key::Enter).to_string()).await.unwrap();
    page.until_another_key(&key).await;
    page.browser.until("document.activeElement.id === 'answer'").await;

    page.find("play").await.send_keys(" ").await.unwrap();
    page.browser.until("!document.getElementById('sound').paused").await;
    assert_eq!(page.focused().await, "play", "who has pressed a button stays on it");

    page.type_text(&page.right_answer().await).await;
    page.press(Key::Enter).await;
    page.until_result("right").await;
    page.browser.until("document.activeElement.id === 'result'").await;
    page.press(Key::Tab).await;
    assert_eq!(page.focused().await, "play", "the next challenge follows the result");
}
