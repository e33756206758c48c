//! How the page looks: screens, colours and languages.

use serde_json::json;

use crate::{browser::Setting, demo_page::DemoPage};

impl DemoPage {
    async fn resize(&self, width: u32, height: u32, scale: u32) {
        let screen = json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": width < 600 });
        self.browser.devtools("Emulation.setDeviceMetricsOverride", screen).await;
    }

    async fn emulate(&self, feature: &str, value: &str) {
        let features = json!({ "features": [{ "name": feature, "value": value }] });
        self.browser.devtools("Emulation.setEmulatedMedia", features).await;
    }

    async fn assert_no_sideways_scroll(&self) {
        let overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        assert_eq!(self.browser.evaluate(overflow).await, 0);
    }

    async fn shown_picture(&self) -> String {
        self.browser.until("document.getElementById('image').complete").await;
        self.browser.evaluate("document.getElementById('image').currentSrc").await.as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_phone_shows_everything_without_scrolling_sideways() {
    let page = DemoPage::open().await;
    page.resize(360, 740, 3).await;
    for language in ["en", "ko", "ja", "zh"] {
        page.go(&format!("/?lang={language}")).await;
        page.assert_no_sideways_scroll().await;
        let picture = page.shown_picture().await;
        assert!(picture.contains("scale=3"), "{picture}");
        assert_eq!(page.browser.evaluate("document.getElementById('image').getBoundingClientRect().width").await, 240);
        page.browser.screenshot(&format!("phone-{language}")).await;
    }
    page.browser.assert_quiet(&page.site.url).await;
}

#[tokio::test]
async fn the_widest_picture_that_an_app_can_have_fits_a_phone() {
    let page = DemoPage::open().await;
    page.resize(360, 740, 3).await;
    page.browser
        .evaluate("[document.getElementById('image').width = 480, document.getElementById('image').height = 160]")
        .await;
    let size = "(({ width, height }) => [width, height])(document.getElementById('image').getBoundingClientRect())";
    let size = page.browser.evaluate(size).await;
    let [width, height] = [0, 1].map(|side| size[side].as_f64().unwrap());
    assert!((200.0..300.0).contains(&width) && (width / height - 3.0).abs() < 0.01, "{width} x {height}");
    page.assert_no_sideways_scroll().await;
}

#[tokio::test]
async fn a_quadruple_zoom_on_a_desktop_does_not_scroll_sideways() {
    let page = DemoPage::open().await;
    // 1280 pixels wide at 400 % are 320 CSS pixels, to which WCAG 2.2 asks a page to reflow (1.4.10).
    page.resize(320, 256, 4).await;
    page.assert_no_sideways_scroll().await;
    page.resize(500, 450, 2).await;
    page.assert_no_sideways_scroll().await;
    page.browser.screenshot("zoom-200").await;
}

#[tokio::test]
async fn nothing_moves_when_the_picture_comes_or_a_result_is_said() {
    let page = DemoPage::open().await;
    let place = "JSON.stringify(document.getElementById('answer').getBoundingClientRect())";
    let before = page.browser.evaluate(place).await;
    page.until_picture().await;
    page.type_text("wrong").await;
    page.click("check").await;
    page.until_result("wrong").await;
    assert_eq!(page.browser.evaluate(place).await, before);
}

#[tokio::test]
async fn the_page_and_its_picture_are_dark_for_who_prefers_it() {
    let page = DemoPage::open().await;
    assert!(page.shown_picture().await.contains("theme=light"));
    page.emulate("prefers-color-scheme", "dark").await;
    page.browser.until("document.getElementById('image').currentSrc.includes('theme=dark')").await;
    page.until_picture().await;
    let ground = "getComputedStyle(document.body).backgroundColor";
    assert_eq!(page.browser.evaluate(ground).await, "rgb(16, 21, 19)");
    page.browser.screenshot("dark").await;

    page.type_text("wrong").await;
    page.click("check").await;
    page.until_result("wrong").await;
    assert!(page.shown_picture().await.contains("theme=dark"), "the next challenge is dark too");
    page.browser.screenshot("dark-wrong").await;
    page.browser.assert_quiet(&page.site.url).await;
}

#[tokio::test]
async fn forced_colours_leave_every_control_visible() {
    let page = DemoPage::open().await;
    page.emulate("forced-colors", "active").await;
    page.browser.until("matchMedia('(forced-colors: active)').matches").await;
    let border = "getComputedStyle(document.getElementById('check')).borderTopColor";
    let ground = "getComputedStyle(document.body).backgroundColor";
    assert_ne!(page.browser.evaluate(border).await, page.browser.evaluate(ground).await);
    page.browser.screenshot("forced-colours").await;
}

#[tokio::test]
async fn the_page_and_its_sound_speak_the_language_asked_for() {
    let page = DemoPage::open().await;
    for (language, heading) in [
        ("ko", "문제를 풀어 보세요"),
        ("en", "Try a challenge"),
        ("ja", "問題を解いてみてください"),
        ("zh", "试做一题"),
    ] {
        page.go(&format!("/?lang={language}")).await;
        assert_eq!(page.browser.evaluate("document.documentElement.lang").await, language);
        assert_eq!(page.browser.evaluate("document.querySelector('h1').textContent").await, heading);
        assert_eq!(page.browser.evaluate("document.querySelector('nav [aria-current]').lang").await, language);
        assert!(page.attribute("sound", "src").await.ends_with(&format!("/sound?lang={language}")));
        page.until_picture().await;
        page.browser.screenshot(&format!("desktop-{language}")).await;
    }
}

#[tokio::test]
async fn the_browsers_language_is_taken_when_none_is_asked_for() {
    let page = DemoPage::open_with(Setting { languages: "fr,ja,en", ..Setting::default() }, "/").await;
    assert_eq!(page.browser.evaluate("document.documentElement.lang").await, "ja");
}
