//! The examples on the integration page, of which a reader wants one.

use fantoccini::key::Key;

use crate::{browser::Setting, console::Console};

const PANELS: &str = "[...document.querySelectorAll('[data-tabs] > section')]";

/// The examples that can be seen.
async fn shown(console: &Console) -> String {
    let ids = format!("{PANELS}.filter((panel) => panel.checkVisibility()).map((panel) => panel.id).join()");
    console.browser.evaluate(&ids).await.as_str().unwrap().to_owned()
}

/// What has the focus, once this key was pressed there.
async fn press(console: &Console, key: Key) -> String {
    let focused = console.browser.client.active_element().await.unwrap();
    focused.send_keys(&char::from(key).to_string()).await.unwrap();
    console.browser.evaluate("document.activeElement.id").await.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn examples_are_tabs_for_keyboard_and_pointer() {
    let console = Console::signed_in(Setting::default()).await;
    console.go("/console/apps/1/integration").await;
    assert_eq!(shown(&console).await, "verify-curl,curl");
    console.browser.evaluate("document.getElementById('verify-curl-tab').focus()").await;
    for (key, tab) in [
        (Key::Right, "verify-java"),
        (Key::Left, "verify-curl"),
        (Key::Left, "verify-python"),
        (Key::Right, "verify-curl"),
        (Key::End, "verify-python"),
        (Key::Home, "verify-curl"),
        (Key::Right, "verify-java"),
    ] {
        assert_eq!(press(&console, key).await, format!("{tab}-tab"));
        assert_eq!(shown(&console).await, format!("{tab},curl"));
        assert_eq!(console.browser.evaluate("location.hash").await, format!("#{tab}"));
    }
    let states = "[...document.querySelectorAll('#verify-java-tab, #verify-php-tab')].map((tab) => \
                  [tab.ariaSelected, tab.tabIndex, tab.getAttribute('aria-controls')].join(' ')).join()";
    assert_eq!(console.browser.evaluate(states).await, "true 0 verify-java,false -1 verify-php");
    // The next stop is in the example, whose name is its tab's.
    press(&console, Key::Tab).await;
    let name =
        "document.getElementById(document.activeElement.closest('[role=tabpanel]').getAttribute('aria-labelledby'))";
    assert_eq!(console.browser.evaluate(&format!("{name}.textContent")).await, "Java");

    console.browser.evaluate("document.getElementById('php-tab').click()").await;
    assert_eq!(shown(&console).await, "verify-java,php");
    console.browser.assert_no_barrier("tabs").await;
    console.browser.client.refresh().await.unwrap();
    assert_eq!(shown(&console).await, "verify-curl,php", "the address names the one that was chosen");
    console.browser.assert_quiet(&console.site.url).await;
}

#[tokio::test]
async fn all_examples_are_seen_without_scripts() {
    let console = Console::signed_in(Setting { without_scripts: true, ..Setting::default() }).await;
    console.go("/console/apps/1/integration").await;
    let all = console.browser.evaluate(&format!("{PANELS}.length")).await;
    assert_eq!(all, 13);
    assert_eq!(shown(&console).await.split(',').count(), 13);
    let headings = format!("{PANELS}.every((panel) => panel.querySelector('h3').checkVisibility())");
    assert_eq!(console.browser.evaluate(&headings).await, true);
}
