//! The developers' listening test.

use fantoccini::Locator;

use crate::demo_page::DemoPage;

#[tokio::test]
async fn sounds_are_played_typed_and_scored() {
    let page = DemoPage::open_with(crate::browser::Setting::default(), "/demo/listen?lang=ko").await;
    let sounds = page.browser.client.find_all(Locator::Css("audio")).await.unwrap();
    assert_eq!(sounds.len(), 10);
    // Typing is what allows a page to play.
    page.find("typed0").await.send_keys("f h j k l").await.unwrap();
    page.browser.evaluate("void document.querySelector('audio').play()").await;
    page.browser.until("document.querySelector('audio').currentTime > 0.2").await;
    page.browser.screenshot("listening-ko").await;

    page.click("check").await;
    page.browser.until("document.getElementById('result') !== null").await;
    assert!(page.text("result").await.contains("/10"));
    let typed = page.browser.evaluate("document.querySelector('tbody td:nth-child(2)').textContent").await;
    assert_eq!(typed, "FHJKL");
    page.browser.screenshot("listening-scored").await;
    page.browser.assert_quiet(&page.site.url).await;
}
