//! The documentation page.

use crate::{browser::Browser, site::Site};

#[tokio::test]
async fn the_api_is_shown_with_nothing_from_elsewhere() {
    let (site, browser) = (Site::start(), Browser::start().await);
    browser.client.goto(&format!("{}/docs", site.url)).await.unwrap();
    browser.until("document.querySelectorAll('article').length >= 25").await;
    assert!(browser.client.current_url().await.unwrap().path().ends_with("/docs/"));
    browser.screenshot("docs").await;
    browser.assert_no_barrier("docs").await;
    // Nothing is cut off on a phone, and nothing runs sideways.
    browser.client.set_window_size(360, 740).await.unwrap();
    browser.until("document.documentElement.scrollWidth <= window.innerWidth").await;
    browser.client.goto(&format!("{}/docs/#schema-AppSettings", site.url)).await.unwrap();
    browser.screenshot("docs-phone").await;
    browser.assert_quiet(&site.url).await;
}
