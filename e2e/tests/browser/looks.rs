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
}

#[tokio::test]
async fn a_phone_shows_everything_without_scrolling_sideways() {
    let page = DemoPage::open().await;
    page.resize(360, 740, 3).await;
    for language in ["en", "ko", "ja", "zh"] {
        page.go(&format!("/?lang={language}")).await;
        page.until_widget_asks().await;
        page.assert_no_sideways_scroll().await;
        page.browser.screenshot(&format!("phone-{language}")).await;
    }
    page.browser.assert_quiet(&page.site.url).await;
}

#[tokio::test]
async fn a_quadruple_zoom_on_a_desktop_does_not_scroll_sideways() {
    let page = DemoPage::open().await;
    page.until_widget_asks().await;
    // 1280 pixels wide at 400 % are 320 CSS pixels, to which WCAG 2.2 asks a page to reflow (1.4.10).
    page.resize(320, 256, 4).await;
    page.assert_no_sideways_scroll().await;
    page.resize(500, 450, 2).await;
    page.assert_no_sideways_scroll().await;
    page.browser.screenshot("zoom-200").await;
}

#[tokio::test]
async fn the_widest_picture_that_an_app_can_have_fits_a_phone_without_a_script() {
    let page = DemoPage::open_with(Setting { without_scripts: true, ..Setting::default() }, "/").await;
    page.resize(360, 740, 1).await;
    page.site.command(&["app", "set", "default", "--width", "480", "--height", "160"]);
    page.go("/").await;
    page.assert_no_sideways_scroll().await;
}

#[tokio::test]
async fn the_page_is_dark_for_who_prefers_it() {
    let page = DemoPage::open().await;
    page.until_widget_asks().await;
    page.emulate("prefers-color-scheme", "dark").await;
    page.browser.until("getComputedStyle(document.body).backgroundColor === 'rgb(16, 21, 19)'").await;
    page.browser.screenshot("dark").await;
    page.browser.assert_quiet(&page.site.url).await;
}

#[tokio::test]
async fn the_page_and_its_sound_speak_the_language_asked_for() {
    let page = DemoPage::open_with(Setting { without_scripts: true, ..Setting::default() }, "/").await;
    for (language, heading) in [
        ("ko", "보안문자를 입력해 보세요"),
        ("en", "Try a challenge"),
        ("ja", "問題を解いてみてください"),
        ("zh", "试做一题"),
    ] {
        page.go(&format!("/?lang={language}")).await;
        assert_eq!(page.browser.evaluate("document.documentElement.lang").await, language);
        assert_eq!(page.browser.evaluate("document.querySelector('h1').textContent").await, heading);
        assert_eq!(page.browser.evaluate("document.querySelector('nav [aria-current]').lang").await, language);
        let sounds =
            "Array.from(document.querySelectorAll('#sound source'), ({ src }) => src.split('/').at(-1)).join()";
        let expected = ["mulaw", "pcm"].map(|format| format!("sound?lang={language}&format={format}"));
        assert_eq!(page.browser.evaluate(sounds).await, expected.join(","));
        page.until_picture().await;
        page.browser.screenshot(&format!("no-script-{language}")).await;
    }
}

#[tokio::test]
async fn the_browsers_language_is_taken_when_none_is_asked_for() {
    let page = DemoPage::open_with(Setting { languages: "fr,ja,en", ..Setting::default() }, "/").await;
    assert_eq!(page.browser.evaluate("document.documentElement.lang").await, "ja");
}
