//! The documentation page.

use crate::{browser::Browser, site::Site};

#[tokio::test]
async fn the_api_is_shown_with_nothing_from_elsewhere() {
    let (site, browser) = (Site::start(), Browser::start().await);
    browser.client.goto(&format!("{}/docs", site.url)).await.unwrap();
    browser.until("document.querySelectorAll('.opblock').length >= 5").await;
    assert!(browser.client.current_url().await.unwrap().path().ends_with("/docs/"));
    browser.screenshot("docs").await;
    browser.assert_quiet(&site.url).await;
}
