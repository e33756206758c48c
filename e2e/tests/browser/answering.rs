//! Answers, right and wrong, and what comes after them.

use fantoccini::key::Key;

use crate::{browser::Setting, demo_page::DemoPage};

#[tokio::test]
async fn a_right_answer_is_said_in_the_live_region() {
    let page = DemoPage::open().await;
    let (key, answer) = (page.key().await, page.right_answer().await);
    page.type_text(&answer.to_lowercase()).await;
    page.click("check").await;
    page.until_result("right").await;
    assert_eq!(page.attribute("result", "role").await, "status");
    assert!(page.text("result").await.contains("Right."));
    page.browser.until("document.activeElement.id === 'result'").await;
    assert_eq!(page.typed().await, "");
    assert_ne!(page.key().await, key, "a challenge is answered rightly once");
    page.until_picture().await;
    page.browser.assert_quiet(&page.site.url).await;
    page.browser.screenshot("right").await;
}

#[tokio::test]
async fn a_wrong_answer_brings_a_new_challenge() {
    let page = DemoPage::open().await;
    let key = page.key().await;
    page.type_text("wrong").await;
    page.press(Key::Enter).await;
    page.until_result("wrong").await;
    assert!(page.text("result").await.contains("new challenge"));
    page.browser.until("document.activeElement.id === 'answer'").await;
    assert_eq!(page.typed().await, "");
    let next = page.key().await;
    assert_ne!(next, key);
    for (id, attribute) in [("image", "src"), ("image", "srcset"), ("dark-image", "srcset"), ("sound", "src")] {
        let address = page.attribute(id, attribute).await;
        assert!(address.contains(&next) && !address.contains(&key), "{address}");
    }
    page.until_picture().await;
    page.browser.screenshot("wrong").await;
}

#[tokio::test]
async fn a_new_challenge_can_be_asked_for() {
    let page = DemoPage::open().await;
    let key = page.key().await;
    page.type_text("abc").await;
    page.click("play").await;
    page.click("renew").await;
    page.until_another_key(&key).await;
    page.browser.until("document.activeElement.id === 'answer'").await;
    assert_eq!(page.attribute("result", "data-kind").await, "new");
    assert_eq!(page.typed().await, "");
    assert_eq!(page.browser.evaluate("document.getElementById('sound').paused").await, true);
    assert_eq!(page.text("play").await, "Listen");
    page.until_picture().await;
    page.browser.assert_quiet(&page.site.url).await;
}

#[tokio::test]
async fn the_second_wrong_answer_is_also_read_out() {
    let page = DemoPage::open().await;
    for _ in 0..2 {
        let key = page.key().await;
        // A live region is read out when an element is added, not when one keeps its text.
        page.browser.evaluate("document.querySelector('#result span').dataset.old = ''").await;
        page.type_text("wrong").await;
        page.press(Key::Enter).await;
        page.until_another_key(&key).await;
        page.browser.until("!document.querySelector('#result [data-old]')").await;
        page.until_result("wrong").await;
    }
}

#[tokio::test]
async fn an_empty_answer_costs_nothing() {
    let page = DemoPage::open().await;
    let key = page.key().await;
    page.type_text(" - ").await;
    page.press(Key::Enter).await;
    page.until_result("empty").await;
    page.browser.until("document.activeElement.id === 'answer'").await;
    assert_eq!(page.key().await, key);
}

#[tokio::test]
async fn a_spent_challenge_is_replaced() {
    let page = DemoPage::open().await;
    let key = page.key().await;
    page.site.spend(&key);
    page.type_text("late").await;
    page.click("check").await;
    page.until_result("expired").await;
    assert_ne!(page.key().await, key);
}

#[tokio::test]
async fn a_challenge_that_runs_out_is_replaced_as_soon_as_somebody_is_there() {
    let page = DemoPage::open().await;
    let key = page.key().await;
    // The page's own clock goes forward; the server's does not.
    page.browser
        .devtools("Emulation.setVirtualTimePolicy", serde_json::json!({ "policy": "advance", "budget": 200_000 }))
        .await;
    page.browser.until("performance.now() > 190000").await;
    assert_eq!(page.key().await, key, "nobody was there");
    page.click("answer").await;
    page.until_result("expired").await;
    assert_ne!(page.key().await, key);
}

#[tokio::test]
async fn a_server_that_is_gone_is_said_and_the_answer_kept() {
    let DemoPage { site, browser } = DemoPage::open().await;
    let answer = fantoccini::Locator::Id("answer");
    browser.client.find(answer).await.unwrap().send_keys("abcde").await.unwrap();
    site.stop();
    browser.client.find(fantoccini::Locator::Id("check")).await.unwrap().click().await.unwrap();
    browser.until("document.getElementById('result').dataset.kind === 'unreachable'").await;
    assert_eq!(browser.evaluate("document.getElementById('answer').value").await, "abcde");
    browser.screenshot("unreachable").await;
}

#[tokio::test]
async fn an_answer_typed_on_the_korean_layout_is_right() {
    let page = DemoPage::open_with(Setting { languages: "ko-KR,ko", ..Setting::default() }, "/").await;
    let answer = page.right_answer().await;
    page.type_text(&on_korean_keyboard(&answer)).await;
    page.browser.screenshot("korean-layout").await;
    page.press(Key::Enter).await;
    page.until_result("right").await;
    assert!(page.text("result").await.contains("맞았습니다"));
}

/// What these keys type on a keyboard whose two-set layout is still on, not joined into syllables.
fn on_korean_keyboard(answer: &str) -> String {
    const KEYS: &str = "QWERTYUIOPASDFGHJKLZXCVBNM";
    const LETTERS: &str = "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡ";
    let letter = |key: char| KEYS.chars().position(|other| other == key).and_then(|place| LETTERS.chars().nth(place));
    answer.chars().map(|key| letter(key).unwrap_or(key)).collect()
}
