//! The page on which the console's first user is made.

use serde_json::json;

use crate::{
    browser::{Browser, Setting},
    site::Site,
};

#[tokio::test]
async fn the_first_users_page_fits_the_smallest_screens_in_both_languages() {
    let site = Site::start();
    for language in ["en", "ko"] {
        let browser = Browser::with(Setting { languages: language, ..Setting::default() }).await;
        browser.client.goto(&format!("{}/console/first?code={}", site.url, site.first_code)).await.unwrap();
        assert_eq!(browser.evaluate("document.documentElement.lang").await, language);
        for width in [320, 360] {
            let screen = json!({ "width": width, "height": 640, "deviceScaleFactor": 1, "mobile": true });
            browser.devtools("Emulation.setDeviceMetricsOverride", screen).await;
            let right =
                "Math.max(...[...document.querySelectorAll('main *')].map((it) => it.getBoundingClientRect().right))";
            assert!(browser.evaluate(right).await.as_f64().unwrap() <= f64::from(width), "{language} at {width}");
            browser.screenshot(&format!("first-user-{language}-{width}")).await;
        }
        browser.assert_no_barrier(&format!("first-user-{language}")).await;
        browser.assert_quiet(&site.url).await;
    }
}
