//! The sound, by its buttons and by the keys in the answer field.

use crate::demo_page::DemoPage;

const TIME: &str = "document.getElementById('sound').currentTime";
const PAUSED: &str = "document.getElementById('sound').paused";

impl DemoPage {
    async fn until_playing(&self) {
        self.browser.until(&format!("!{PAUSED} && {TIME} > 0.2")).await;
    }

    /// Checks that the time stands still, over two of the page's own frames.
    async fn assert_still(&self) {
        self.browser.until(PAUSED).await;
        let before = self.browser.evaluate(TIME).await;
        let frames = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(done))";
        self.browser.client.execute_async(frames, vec![]).await.unwrap();
        assert_eq!(self.browser.evaluate(TIME).await, before);
    }
}

#[tokio::test]
async fn the_button_plays_and_pauses_and_says_which() {
    let page = DemoPage::open().await;
    assert_eq!(page.text("play").await, "Listen");
    page.click("play").await;
    page.until_playing().await;
    assert_eq!(page.text("play").await, "Pause");
    page.browser.screenshot("playing").await;

    page.click("play").await;
    page.assert_still().await;
    assert_eq!(page.text("play").await, "Listen");
    assert!(page.browser.evaluate(TIME).await.as_f64().unwrap() > 0.2, "a pause is not a stop");

    page.click("play").await;
    page.until_playing().await;
    page.browser.assert_quiet(&page.site.url).await;
}

#[tokio::test]
async fn the_sound_plays_to_its_end_and_again() {
    let page = DemoPage::open().await;
    page.click("play").await;
    page.until_playing().await;
    // The end is reached at once by going there, which also asks the server for a part of the sound.
    page.browser.evaluate("document.getElementById('sound').currentTime = 600").await;
    page.browser.until("document.getElementById('sound').ended").await;
    page.browser.until("document.getElementById('play').textContent === 'Listen'").await;
    page.click("play").await;
    page.until_playing().await;
}

#[tokio::test]
async fn the_sound_plays_from_the_start() {
    let page = DemoPage::open().await;
    page.click("play").await;
    page.browser.until(&format!("{TIME} > 1")).await;
    page.click("replay").await;
    page.browser.until(&format!("{TIME} < 1 && !{PAUSED}")).await;
    page.click("play").await;
    page.click("replay").await;
    page.until_playing().await;
}

#[tokio::test]
async fn keys_in_the_answer_field_work_the_sound_and_type_nothing() {
    let page = DemoPage::open().await;
    page.type_text("a").await;
    page.type_text(".").await;
    page.until_playing().await;
    page.type_text(".").await;
    page.assert_still().await;
    page.type_text("b").await;
    page.browser.evaluate(&format!("{TIME} = 5")).await;
    page.type_text(",").await;
    page.browser.until(&format!("!{PAUSED} && {TIME} >= 3 && {TIME} < 4")).await;
    page.type_text(".").await;
    page.assert_still().await;
    page.type_text("/").await;
    page.browser.until(&format!("!{PAUSED} && {TIME} >= 5 && {TIME} < 6")).await;
    assert_eq!(page.typed().await, "ab");
    assert_eq!(page.focused().await, "answer");
}

#[tokio::test]
async fn keys_stay_within_the_sound() {
    let page = DemoPage::open().await;
    page.type_text("/").await;
    page.browser.until(&format!("!{PAUSED} && {TIME} < 2")).await;
    page.type_text(",").await;
    page.browser.until(&format!("!{PAUSED} && {TIME} < 1")).await;
    page.browser.evaluate(&format!("{TIME} = 600")).await;
    page.browser.until("document.getElementById('sound').ended").await;
    // Whoever missed the end hears it again.
    page.type_text(",").await;
    page.browser.until(&format!("!{PAUSED} && {TIME} > 3")).await;
}

#[tokio::test]
async fn the_sound_can_be_slower_and_quieter_and_stays_so_for_the_next_challenge() {
    let page = DemoPage::open().await;
    let sound = |what: &str| format!("document.getElementById('sound').{what}");
    page.click("slower").await;
    assert_eq!(page.attribute("slower", "aria-pressed").await, "true");
    page.browser
        .evaluate(
            "(() => { const slider = document.getElementById('volume'); slider.value = 40;
             slider.dispatchEvent(new Event('input')); })()",
        )
        .await;
    page.click("play").await;
    page.until_playing().await;
    let key = page.key().await;
    page.click("renew").await;
    page.until_another_key(&key).await;
    page.click("play").await;
    page.until_playing().await;
    for (what, expected) in [("playbackRate", 0.75), ("volume", 0.4)] {
        assert_eq!(page.browser.evaluate(&sound(what)).await, expected, "{what}");
    }
    assert_eq!(page.browser.evaluate(&sound("preservesPitch")).await, true);
    page.click("slower").await;
    assert_eq!(page.browser.evaluate(&sound("playbackRate")).await, 1);
    assert_eq!(page.attribute("slower", "aria-pressed").await, "false");
}

#[tokio::test]
async fn a_sound_that_cannot_be_played_is_said() {
    let page = DemoPage::open().await;
    page.browser.evaluate("document.getElementById('sound').src = '/captcha/v1.0/keys/none/sound'").await;
    page.click("play").await;
    page.until_result("silent").await;
}
