//! Work: asked for by the app's policy, done as a browser does it, and good for one token.

use haechi_captcha::{Puzzle, Solution};
use serde_json::{Value, json};

use crate::{server::Reply, widget::Page};

const POLICIES: [&str; 4] = ["word", "work", "both", "adaptive"];

/// The puzzle as the reply has it.
pub(crate) fn puzzle(work: &Value) -> Puzzle {
    let parameters = &work["parameters"];
    let bytes = |name: &str| {
        let digits = parameters[name].as_str().unwrap();
        std::array::from_fn(|index| u8::from_str_radix(&digits[2 * index..2 * index + 2], 16).unwrap())
    };
    assert_eq!(parameters["keyLength"], 32);
    Puzzle {
        algorithm: parameters["algorithm"].as_str().unwrap().parse().unwrap(),
        nonce: bytes("nonce"),
        salt: bytes("salt"),
        prefix: bytes("keyPrefix"),
        counters: work["counters"].as_u64().unwrap().try_into().unwrap(),
    }
}

/// The fields that a widget sends when it has done the work.
pub(crate) fn solved(work: &Value) -> [(&'static str, String); 3] {
    let puzzle = puzzle(work);
    fields(work, puzzle.solve(0..puzzle.counters).expect("one of the counters solves it"))
}

pub(crate) fn fields(work: &Value, Solution { counter, derived }: Solution) -> [(&'static str, String); 3] {
    let derived = derived.iter().map(|byte| format!("{byte:02x}")).collect();
    [("work", work["key"].as_str().unwrap().to_owned()), ("counter", counter.to_string()), ("derived_key", derived)]
}

fn answer(page: &Page, begun: &Value, more: &[(&str, String)]) -> Reply {
    let key = ("key", begun["key"].as_str().unwrap());
    let fields: Vec<_> = [key].into_iter().chain(more.iter().map(|(name, value)| (*name, value.as_str()))).collect();
    page.call("answer", &fields)
}

fn verdict(reply: &Reply) -> Value {
    reply.json()["verdict"].clone()
}

#[test]
fn each_policy_asks_for_its_own() {
    let page = Page::of_policy("word", &[]);
    let begun = POLICIES.map(|policy| {
        page.server.haechi(&["app", "set", "default", "--policy", policy]).json();
        page.begin(&[])
    });
    let asks = begun.each_ref().map(|begun| (begun.get("word").is_some(), begun.get("work").is_some()));
    assert_eq!(asks, [(true, false), (false, true), (true, true), (false, true)]);
    // Alone it is the challenge; beside a word the word is.
    assert_eq!(begun[1]["key"], begun[1]["work"]["key"]);
    assert_ne!(begun[2]["key"], begun[2]["work"]["key"]);
    assert_eq!(begun.each_ref().map(|begun| begun["alternative"].clone()), [true, false, true, false]);
    let shown = begun.iter().map(|begun| {
        let key = begun["key"].as_str().unwrap();
        page.server.get(&format!("/captcha/v1.0/keys/{key}/img")).header("content-type") == "image/gif"
    });
    assert_eq!(shown.collect::<Vec<_>>(), [true, false, true, false], "work has no picture");
}

#[test]
fn work_that_was_done_gives_a_token_once() {
    for algorithm in ["pbkdf2", "sha256", "scrypt"] {
        let page = Page::of_policy("work", &[]);
        page.server.haechi(&["app", "set", "default", "--work-algorithm", algorithm]).json();
        let begun = page.begin(&[]);
        let solved = solved(&begun["work"]);
        let passed = answer(&page, &begun, &solved).json();
        assert_eq!(passed["verdict"], "passed", "{algorithm}: {passed}");
        let redeemed = [(), ()].map(|()| page.redeem("/siteverify", &passed["token"])["success"].clone());
        assert_eq!(redeemed, [true, false]);
        let again = answer(&page, &begun, &solved).json();
        assert_eq!(again["verdict"], "expired");
        assert!(again["next"]["work"].is_object(), "{again}");
    }
}

#[test]
fn work_that_is_sent_again_gets_the_same_verdict() {
    let page = Page::of_policy("work", &[]);
    let begun = page.begin(&[]);
    let solved = solved(&begun["work"]);
    let send = |name: &str| verdict(&answer(&page, &begun, &[&solved[..], &[("request", name.to_owned())]].concat()));
    assert_eq!([send("a"), send("a"), send("b")], ["passed", "passed", "expired"]);
}

#[test]
fn what_solves_nothing_passes_nothing_and_takes_nothing() {
    let page = Page::of_policy("work", &[]);
    let begun = page.begin(&[]);
    let puzzle = puzzle(&begun["work"]);
    let right = puzzle.solve(0..puzzle.counters).unwrap();
    let other = Solution { counter: (right.counter + 1) % puzzle.counters, ..right };
    // The prefix is told to everybody; the rest has to be computed.
    let mut guessed = right;
    guessed.derived[16..].fill(0);
    for false_one in [other, guessed] {
        assert_eq!(verdict(&answer(&page, &begun, &fields(&begun["work"], false_one))), "expired");
    }
    assert_eq!(answer(&page, &begun, &[]).status, 400);
    for (name, value) in [("counter", "x"), ("counter", "4294967296"), ("derived_key", "00"), ("derived_key", "zz")] {
        let mut sent = fields(&begun["work"], right);
        sent.iter_mut().find(|(other, _)| *other == name).unwrap().1 = value.to_owned();
        assert_eq!(answer(&page, &begun, &sent).status, 400, "{name}={value}");
    }
    // A text is no answer to work, and its key none of a word to a site.
    let typed = answer(&page, &begun, &[("answer", "eakjh".to_owned())]);
    assert_eq!(typed.status, 400);
    let key = begun["key"].as_str().unwrap();
    assert_eq!(page.server.verify(page.server.appkey(), key, "eakjh"), -7);
    assert_eq!(verdict(&answer(&page, &begun, &fields(&begun["work"], right))), "passed");
}

#[test]
fn a_word_beside_work_takes_both() {
    let page = Page::of_policy("both", &[]);
    let begun = page.begin(&[]);
    let solved = solved(&begun["work"]);
    let word = ("answer", page.right_answer(begun["key"].as_str().unwrap()));
    // Neither is enough by itself, and the work is none of its own.
    assert_eq!(verdict(&answer(&page, &begun, std::slice::from_ref(&word))), "expired");
    assert_eq!(verdict(&answer(&page, &begun["work"], &solved)), "expired");
    let wrong = [&solved[..], &[("answer", "wrong".to_owned())]].concat();
    let both = [&solved[..], &[word]].concat();
    let other = page.begin(&[]);
    assert_eq!(verdict(&answer(&page, &other, &both)), "expired", "it was done for another word");
    assert_eq!(verdict(&answer(&page, &begun, &both)), "passed");
    assert_eq!(verdict(&answer(&page, &begun, &both)), "expired");
    assert_eq!(verdict(&answer(&page, &begun, &wrong)), "expired");
}

#[test]
fn a_wrong_word_brings_new_work_with_the_next() {
    let page = Page::of_policy("both", &[]);
    let begun = page.begin(&[]);
    let wrong = [&solved(&begun["work"])[..], &[("answer", "wrong".to_owned())]].concat();
    let judged = answer(&page, &begun, &wrong).json();
    assert_eq!(judged["verdict"], "wrong");
    assert_ne!(judged["next"]["work"]["key"], begun["work"]["key"]);
    assert!(judged["next"]["word"].is_object());
}

#[test]
fn who_can_use_neither_picture_nor_sound_chooses_longer_work() {
    let page = Page::of_policy("word", &[]);
    let begun = page.begin(&[]);
    let key = begun["key"].as_str().unwrap();
    let longer = page.call("renew", &[("key", key), ("how", "work")]).json();
    assert!(longer.get("word").is_none() && longer["alternative"] == false, "{longer}");
    assert_eq!(longer["work"]["level"], 3);
    let passed = answer(&page, &longer, &solved(&longer["work"])).json();
    assert_eq!(passed["verdict"], "passed", "{passed}");
    let given_up = answer(&page, &begun, &[("answer", page.right_answer(key))]);
    assert_eq!(verdict(&given_up), "expired");

    page.server.haechi(&["app", "set", "default", "--alternative", "false"]).json();
    let begun = page.begin(&[]);
    assert_eq!(begun["alternative"], false);
    let refused = page.call("renew", &[("key", begun["key"].as_str().unwrap()), ("how", "work")]);
    assert_eq!((refused.status, refused.json()["error"].as_str()), (403, Some("alternative-not-allowed")));
}

#[test]
fn a_change_of_settings_leads_to_another_challenge() {
    let page = Page::of_policy("word", &[]);
    let begun = page.begin(&[]);
    page.server.haechi(&["app", "set", "default", "--policy", "both"]).json();
    let word = [("answer", page.right_answer(begun["key"].as_str().unwrap()))];
    let judged = answer(&page, &begun, &word).json();
    assert_eq!(judged["verdict"], "expired");
    let next = &judged["next"];
    let solved = solved(&next["work"]);
    page.server.haechi(&["app", "set", "default", "--work-algorithm", "sha256"]).json();
    let word = [("answer", page.right_answer(next["key"].as_str().unwrap()))];
    assert_eq!(verdict(&answer(&page, next, &[&solved[..], &word].concat())), "expired");
}

#[test]
fn work_is_beyond_the_page_without_scripts() {
    let page = Page::of_policy("word", &[]);
    let status = |policy: &str| {
        page.server.haechi(&["app", "set", "default", "--policy", policy]).json();
        page.server.get(&format!("/recaptcha/api/fallback?k={}&hl=en", page.site_key())).status
    };
    assert_eq!(POLICIES.map(status), [200, 403, 403, 200]);
    let body = page.server.get(&format!("/recaptcha/api/fallback?k={}&hl=ko", page.site_key()));
    assert_eq!(body.status, 200);
}

#[test]
fn an_operator_learns_that_a_key_stands_for_work() {
    let page = Page::of_policy("work", &[]);
    let begun = page.begin(&[]);
    let key = begun["key"].as_str().unwrap();
    let said = page.server.haechi(&["inspect", key, "--answer"]).json();
    assert_eq!((&said["work_level"], &said["state"]), (&json!(0), &json!("fresh")));
    assert!(said.get("answer").is_none(), "{said}");
    answer(&page, &begun, &solved(&begun["work"]));
    assert_eq!(page.server.haechi(&["inspect", key]).json()["state"], "spent");
}
