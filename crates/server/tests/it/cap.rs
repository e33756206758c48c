//! Cap's calls: small puzzles, solved as its widget does it, a token, and its siteverify.

use haechi_captcha::{Keyring, Secret, SmallPuzzles};
use serde_json::{Value, json};

use crate::{
    api::{post_body, request},
    dialects::{Words, check},
    server::Reply,
    widget::Page,
};

fn call(page: &Page, name: &str, body: &Value) -> Reply {
    let reply =
        post_body(&page.server, &format!("/cap/{}/{name}", page.site_key()), "application/json", body.to_string());
    assert_eq!((reply.header("cache-control"), reply.header("access-control-allow-origin")), ("no-store", "*"));
    reply
}

fn begin(page: &Page) -> Value {
    let reply = call(page, "challenge", &Value::Null);
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

/// The puzzles of a key, which who holds the secret knows.
fn puzzles(page: &Page, key: &str) -> SmallPuzzles {
    let secret = std::fs::read_to_string(page.server.data_dir().join("secret")).unwrap();
    let keyring = Keyring::new(&Secret::from_hex(&secret).unwrap());
    keyring.open_work(&key.parse().unwrap()).unwrap().small_puzzles()
}

fn solved(page: &Page, begun: &Value) -> Value {
    let token = begun["token"].as_str().unwrap();
    let puzzles = puzzles(page, &token[..36]);
    assert_eq!((puzzles.text(), u64::from(puzzles.count())), (token, begun["challenge"]["c"].as_u64().unwrap()));
    json!({ "token": token, "solutions": puzzles.solve() })
}

fn refused(error: &str) -> Value {
    json!({ "success": false, "error": error })
}

#[test]
fn puzzles_that_are_solved_give_a_token_once_and_that_is_redeemed_once() {
    let page = Page::of_policy("work", &[]);
    let begun = begin(&page);
    assert_eq!(begun["challenge"], json!({ "c": 15, "s": 32, "d": 3 }));
    let solved = solved(&page, &begun);
    let passed = call(&page, "redeem", &solved).json();
    assert_eq!(passed["success"], true, "{passed}");
    let lives_ms = passed["expires"].as_u64().unwrap() - begun["expires"].as_u64().unwrap();
    assert!((120_000..=150_000).contains(&lives_ms), "300 s from now, and 180 s from when it was issued: {lives_ms}");
    assert_eq!(call(&page, "redeem", &solved).json(), refused("expired"));

    let secret = page.server.announcement()["secret"].clone();
    let other = page.server.haechi(&["app", "create", "other"]).json()["secret"].clone();
    let verify = |secret: &Value, token: &Value| {
        call(&page, "siteverify", &json!({ "secret": secret, "response": token })).json()
    };
    for wrong in [&other, &json!("x"), &json!("")] {
        assert_eq!(verify(wrong, &passed["token"]), refused("invalid-input-secret"));
    }
    assert_eq!(verify(&secret, &json!("x")), refused("invalid-input-response"));
    assert_eq!(verify(&secret, &passed["token"]), json!({ "success": true }));
    assert_eq!(verify(&secret, &passed["token"]), refused("already-seen-response"));
    assert_eq!(page.redeem("/siteverify", &passed["token"])["success"], false);
}

#[test]
fn what_solves_nothing_takes_nothing() {
    let page = Page::of_policy("work", &[]);
    let right = solved(&page, &begin(&page));
    let mut false_one = right.clone();
    false_one["solutions"][7] = json!(right["solutions"][7].as_u64().unwrap() + 1);
    assert_eq!(call(&page, "redeem", &false_one).json(), refused("invalid-solution"));
    assert_eq!(
        call(&page, "redeem", &json!({ "token": right["token"], "solutions": [] })).json(),
        refused("invalid-solution")
    );
    for (body, status, error) in [
        (json!({}), 400, "bad-request"),
        (json!({ "token": right["token"], "solutions": ["1"] }), 400, "bad-request"),
        (json!({ "token": right["token"], "solutions": [-1] }), 400, "bad-request"),
        (json!({ "token": "x", "solutions": [] }), 404, "key-not-known"),
        (json!({ "token": right["token"].as_str().unwrap()[..36], "solutions": [] }), 404, "key-not-known"),
        (json!({ "token": "é".repeat(36), "solutions": [] }), 404, "key-not-known"),
    ] {
        let reply = call(&page, "redeem", &body);
        assert_eq!((reply.status, reply.json()), (status, refused(error)), "{body}");
    }
    assert_eq!(call(&page, "redeem", &right).json()["success"], true);
}

/// A key of work beside a word is known to whoever sees that, and the generator to everybody.
#[test]
fn nobody_makes_puzzles_of_a_key_that_was_issued_for_something_else() {
    let page = Page::of_policy("both", &[]);
    let key = page.begin(&[])["work"]["key"].as_str().unwrap().to_owned();
    let text = puzzles(&page, &key).text().to_owned();
    for made_up in [key.clone(), format!("{key}{}", "0".repeat(32)), format!("{}0", &text[..67])] {
        if made_up != text {
            assert_eq!(call(&page, "redeem", &json!({ "token": made_up, "solutions": [] })).status, 404);
        }
    }
}

#[test]
fn where_a_word_is_asked_for_there_is_longer_work_or_nothing() {
    let page = Page::of_policy("word", &[]);
    assert_eq!(begin(&page)["challenge"]["c"], 240);
    page.server.haechi(&["app", "set", "default", "--alternative", "false"]).json();
    let reply = call(&page, "challenge", &Value::Null);
    assert_eq!((reply.status, reply.json()), (403, refused("alternative-not-allowed")));
    page.server.haechi(&["app", "set", "default", "--policy", "adaptive"]).json();
    assert_eq!(begin(&page)["challenge"]["c"], 15);
}

#[test]
fn refusals_are_in_the_words_of_cap() {
    let page = Page::of_policy("work", &[]);
    page.server.haechi(&["app", "set", "default", "--hostnames", "shop.example"]).json();
    let reply = call(&page, "challenge", &Value::Null);
    assert_eq!((reply.status, reply.json()), (403, refused("hostname-not-allowed")));
    check(&reply, 403, Words::Fault);
    let at = |path: &str| format!("{}/cap/{path}", page.server.url());
    for (method, path, status, error) in [
        ("POST", "x/challenge".to_owned(), 400, "unknown-sitekey"),
        ("POST", "x".to_owned(), 404, "not-found"),
        ("GET", format!("{}/challenge", page.site_key()), 405, "method-not-allowed"),
    ] {
        let reply = request(method, &at(&path), &[]);
        assert_eq!((reply.status, reply.json()), (status, refused(error)), "{path}");
        assert_eq!(reply.header("access-control-allow-origin"), "*");
    }
}
