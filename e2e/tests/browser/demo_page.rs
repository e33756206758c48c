//! The demo page as the tests see it.

use fantoccini::{Locator, elements::Element, key::Key};
use serde_json::Value;

use crate::{
    browser::{Browser, Setting},
    site::Site,
};

/// A server and a browser that shows its demo page.
pub(crate) struct DemoPage {
    pub(crate) site: Site,
    pub(crate) browser: Browser,
}

impl DemoPage {
    pub(crate) async fn open() -> Self {
        Self::open_with(Setting::default(), "/").await
    }

    pub(crate) async fn open_with(setting: Setting, path: &str) -> Self {
        let page = Self { site: Site::start(), browser: Browser::with(setting).await };
        page.go(path).await;
        page
    }

    /// Goes to a path of the site.
    pub(crate) async fn go(&self, path: &str) {
        self.browser.client.goto(&format!("{}{path}", self.site.url)).await.unwrap();
    }

    pub(crate) async fn find(&self, id: &str) -> Element {
        self.browser.client.find(Locator::Id(id)).await.unwrap_or_else(|error| panic!("#{id}: {error}"))
    }

    pub(crate) async fn click(&self, id: &str) {
        self.find(id).await.click().await.unwrap_or_else(|error| panic!("#{id}: {error}"));
    }

    /// Types into the answer field of the form for browsers without scripts.
    pub(crate) async fn type_text(&self, text: &str) {
        self.find("answer").await.send_keys(text).await.unwrap();
    }

    /// Presses a key wherever the focus is.
    pub(crate) async fn press(&self, key: Key) {
        let focused = self.browser.client.active_element().await.unwrap();
        focused.send_keys(&char::from(key).to_string()).await.unwrap();
    }

    pub(crate) async fn attribute(&self, id: &str, name: &str) -> String {
        self.find(id).await.attr(name).await.unwrap().unwrap_or_default()
    }

    pub(crate) async fn text(&self, id: &str) -> String {
        self.find(id).await.text().await.unwrap()
    }

    /// The key of the form's challenge.
    pub(crate) async fn key(&self) -> String {
        self.attribute("key", "value").await
    }

    /// The id of the element that has the focus.
    pub(crate) async fn focused(&self) -> Value {
        self.browser.evaluate("document.activeElement.id").await
    }

    /// Waits until the result is of this kind.
    pub(crate) async fn until_result(&self, kind: &str) {
        self.browser.until(&format!("document.getElementById('result').dataset.kind === '{kind}'")).await;
    }

    /// Waits until the form's picture is there, at the size that it is shown at on an ordinary screen.
    pub(crate) async fn until_picture(&self) {
        self.browser.until("document.getElementById('image').complete").await;
        self.browser.until("document.getElementById('image').naturalWidth === 240").await;
    }

    /// Waits until the widget asks, with its picture.
    pub(crate) async fn until_widget_asks(&self) {
        self.browser.until(&format!("{WIDGET}?.querySelector('input')?.offsetWidth > 0")).await;
        self.browser.until(&format!("{WIDGET}.querySelector('canvas, img')?.offsetWidth > 200")).await;
    }

    /// Types into the widget's field.
    pub(crate) async fn answer(&self, text: &str) {
        self.browser.evaluate(&format!("{WIDGET}.querySelector('input').focus()")).await;
        self.browser.client.active_element().await.unwrap().send_keys(text).await.unwrap();
    }
}

/// What the widget shows.
pub(crate) const WIDGET: &str =
    "[...document.querySelectorAll('#captcha, #captcha *')].map(element => element.shadowRoot).find(Boolean)";
