//! Work: asked for by the app's policy, done as a browser does it, and good for one token.

use haechi_captcha::{Puzzle, Solution};
use serde_json::{Value, json};

use crate::{
    admin::Admin,
    server::{Reply, send_request, within_deadline},
    widget::Page,
};

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
    assert_eq!(begun.each_ref().map(|begun| begun["alternative"].is_string()), [true, false, true, false]);
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
    assert!(longer.get("word").is_none() && longer.get("alternative").is_none(), "{longer}");
    assert_eq!(longer["work"]["level"], 3);
    let passed = answer(&page, &longer, &solved(&longer["work"])).json();
    assert_eq!(passed["verdict"], "passed", "{passed}");
    let given_up = answer(&page, &begun, &[("answer", page.right_answer(key))]);
    assert_eq!(verdict(&given_up), "expired");

    page.server.haechi(&["app", "set", "default", "--alternative", "false"]).json();
    let begun = page.begin(&[]);
    assert!(begun.get("alternative").is_none(), "{begun}");
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
    // A browser began each of the three that were shown, so the rule was asked.
    let metrics = page.server.get("/metrics").text().to_owned();
    for line in ["haechi_asked_total{kind=\"word\"} 3", "haechi_demanded_total{word=\"no\",level=\"0\"} 3"] {
        assert!(metrics.lines().any(|found| found == line), "{line}: {metrics}");
    }
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

#[test]
fn a_page_that_is_only_looked_at_gets_work_but_no_word() {
    let page = Page::of_policy("word", &[]);
    for (policy, is_asked) in [("word", false), ("work", true), ("both", false), ("adaptive", true)] {
        page.server.haechi(&["app", "set", "default", "--policy", policy]).json();
        let begun = page.begin(&[("early", "1")]);
        assert_eq!(begun, if is_asked { begun.clone() } else { json!({}) }, "{policy}");
        assert_eq!(begun["work"].is_object(), is_asked, "{policy}");
    }
    // Where a word is asked anyway, the look counts as no challenge.
    let admin = Admin::new(&page.server, &["statistics:read"]);
    assert_eq!(admin.get("/admin/v1/apps/1/demand")["per_minute"], 2);
}

#[test]
fn a_browser_without_cryptography_gets_what_plain_code_computes_soonest() {
    const SECURE: &str = "https://shop.example";
    const INSECURE: &str = "http://shop.example";
    let mut page = Page::of_policy("both", &[]);
    let mut asked = |origin, fields: &[(&str, &str)]| {
        page.origin = origin;
        let begun = page.begin(&[&[("lang", "en")], fields].concat());
        let longest = if begun["work"]["parameters"]["algorithm"] == "SCRYPT" { "20 on" } else { "15 on" };
        assert!(begun["alternative"].as_str().unwrap().contains(longest), "{begun}");
        begun
    };
    let algorithms = [(SECURE, ""), (SECURE, "1"), (INSECURE, ""), (INSECURE, "1")]
        .map(|(origin, plain)| asked(origin, &[("plain", plain)])["work"]["parameters"]["algorithm"].clone());
    assert_eq!(algorithms, ["PBKDF2/SHA-256", "SCRYPT", "SCRYPT", "SCRYPT"]);

    // The longer work and the challenge that follows are wanted in the same way, and what solves them passes.
    let begun = asked(SECURE, &[("plain", "1")]);
    let key = begun["key"].as_str().unwrap();
    let wrong = [&solved(&begun["work"])[..], &[("answer", "wrong".to_owned()), ("plain", "1".to_owned())]].concat();
    let next = answer(&page, &begun, &wrong).json()["next"].clone();
    let longer = page.call("renew", &[("key", key), ("how", "work"), ("plain", "1")]).json();
    for begun in [&next, &longer] {
        assert_eq!(begun["work"]["parameters"]["algorithm"], "SCRYPT", "{begun}");
    }
    let right = ("answer", page.right_answer(next["key"].as_str().unwrap()));
    assert_eq!(verdict(&answer(&page, &next, &[&solved(&next["work"])[..], &[right]].concat())), "passed");
    // What is as quick in plain code stays.
    page.server.haechi(&["app", "set", "default", "--work-algorithm", "sha256"]).json();
    assert_eq!(page.begin(&[("plain", "1")])["work"]["parameters"]["algorithm"], "SHA-256");
}

/// What a client is asked whom a trusted proxy says that it is in a network, and says this of.
fn asked(page: &Page, address: &str, standing: &str) -> Reply {
    let url = format!("{}/widget/v1/begin?sitekey={}", page.server.url(), page.site_key());
    let request = ureq::http::Request::post(url).header("x-forwarded-for", address).header("x-standing", standing);
    send_request(request.body(()).unwrap())
}

#[test]
fn networks_and_a_trusted_proxys_word_say_who_is_asked_for_what() {
    let flags = ["--trusted-proxies", "127.0.0.1,::1", "--standing-header", "X-Standing"];
    let page = Page::of_policy("adaptive", &flags);
    let lists = ["--allowed-networks", "192.0.2.0/24", "--denied-networks", "198.51.100.0/24 2001:db8::/48"];
    page.server.haechi(&[&["app", "set", "default"][..], &lists].concat()).json();
    let level = |address: &str, standing: &str| asked(&page, address, standing).json()["work"]["level"].clone();
    assert_eq!([level("203.0.113.1", ""), level("192.0.2.1", "")], [0, 0]);
    assert_eq!([level("203.0.113.1", "suspect"), level("192.0.2.1", "suspect")], [3, 0]);
    assert!(asked(&page, "203.0.113.1", "suspect").json()["word"].is_object());
    for (address, standing) in
        [("203.0.113.1", "deny"), ("198.51.100.9", ""), ("198.51.100.9", "allow"), ("2001:db8::9", "")]
    {
        let reply = asked(&page, address, standing);
        assert_eq!(
            (reply.status, reply.json()["error"].as_str()),
            (403, Some("network-denied")),
            "{address} {standing}"
        );
    }
    // A network that is refused has no way around: neither by longer work nor by the page without scripts.
    let begun = asked(&page, "203.0.113.1", "suspect").json();
    let renewed = ureq::http::Request::post(format!("{}/widget/v1/renew", page.server.url()));
    let renewed = renewed.header("x-forwarded-for", "198.51.100.9").header("content-type", "application/json");
    let body = json!({ "key": begun["key"], "how": "work" }).to_string();
    assert_eq!(send_request(renewed.body(body).unwrap()).status, 403);
    let fallback = format!("{}/recaptcha/api/fallback?k={}", page.server.url(), page.site_key());
    let fallback = ureq::http::Request::get(fallback).header("x-forwarded-for", "198.51.100.9");
    assert_eq!(send_request(fallback.body(()).unwrap()).status, 403);
}

#[test]
fn the_page_that_works_may_be_framed_and_loads_its_script_alone() {
    let page = Page::of_policy("work", &[]);
    let frame = page.server.get("/widget/v1/work");
    assert_eq!((frame.status, frame.header("content-type")), (200, "text/html; charset=utf-8"));
    let policy = "default-src 'none'; script-src 'self'; worker-src 'self'; frame-ancestors *";
    assert_eq!(frame.header("content-security-policy"), policy);
    let script = page.server.get("/widget/v1/work.js");
    for reply in [&frame, &script] {
        assert_eq!(reply.header("cross-origin-embedder-policy"), "require-corp");
        assert_eq!(reply.header("cross-origin-resource-policy"), "cross-origin");
        assert!(reply.header("etag").starts_with('"'));
    }
    assert_eq!(script.header("content-type"), "text/javascript; charset=utf-8");
    let demo = page.server.get("/");
    assert!(demo.header("content-security-policy").contains("frame-src 'self'"), "its own pages let it work");
}

#[test]
fn statistics_tell_words_from_work() {
    let page = Page::of_policy("work", &[]);
    let [done, wrong, renewed] = [(), (), ()].map(|()| page.begin(&[]));
    let solution = solved(&done["work"]);
    let passed = answer(&page, &done, &solution).json();
    // What is sent again is no further work, and what is sent for other work solves nothing.
    answer(&page, &done, &solution);
    let mut stolen = solution;
    stolen[0].1 = wrong["key"].as_str().unwrap().to_owned();
    assert_eq!(verdict(&answer(&page, &wrong, &stolen)), "expired");
    page.call("renew", &[("key", renewed["key"].as_str().unwrap())]);
    page.redeem("/siteverify", &passed["token"]);
    // A word that is left for longer work.
    page.server.haechi(&["app", "set", "default", "--policy", "word"]).json();
    let word = page.begin(&[]);
    let longer = page.call("renew", &[("key", word["key"].as_str().unwrap()), ("how", "work")]).json();
    answer(&page, &longer, &solved(&longer["work"]));
    page.server.haechi(&["app", "set", "default", "--policy", "both"]).json();
    let both = page.begin(&[]);
    let typed = ("answer", page.right_answer(both["key"].as_str().unwrap()));
    answer(&page, &both, &[&solved(&both["work"])[..], &[typed]].concat());

    let admin = Admin::new(&page.server, &["statistics:read"]);
    let total = within_deadline("statistics tell of both", || {
        let total = admin.get("/admin/v1/apps/1/statistics?span=24h")["total"].clone();
        (total["passed"] == 1 && total["work"]["done"] == 2).then_some(total)
    });
    // Three, the one that followed each of two, the longer one, and the one that followed the repeated answer.
    assert_eq!(total["work"]["issued"], 7, "{total}");
    assert_eq!((&total["work"]["wrong"], &total["issued"], &total["wrong"]), (&json!(1), &json!(2), &json!(0)));
    assert_eq!(total["asked"], json!({"word": 1, "both": 1, "work": 6, "longer_work": 1}));
    assert_eq!(total["token_means"], json!({"picture": 1, "sound": 0, "work": 2}));
    // The rule was asked for each but the longer one.
    assert_eq!(total["demanded"], json!({"without_word": [8, 0, 0, 0], "with_word": [0, 0, 0, 0], "word_share": 0.0}));
    let metrics = page.server.get("/metrics").text().to_owned();
    for line in [
        "haechi_asked_total{kind=\"work\"} 6",
        "haechi_asked_total{kind=\"longer_work\"} 1",
        "haechi_demanded_total{word=\"no\",level=\"0\"} 8",
        "haechi_demanded_total{word=\"yes\",level=\"3\"} 0",
        "haechi_works_total{result=\"done\"} 2",
        "haechi_works_total{result=\"wrong\"} 1",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line}: {metrics}");
    }
}

#[test]
fn a_page_over_plain_http_gets_work_that_scripts_can_do() {
    let mut page = Page::of_policy("work", &[]);
    for (origin, algorithm) in [
        ("https://shop.example", "PBKDF2/SHA-256"),
        ("http://localhost:8080", "PBKDF2/SHA-256"),
        ("http://127.0.0.1", "PBKDF2/SHA-256"),
        ("http://[::1]:3000", "PBKDF2/SHA-256"),
        ("null", "PBKDF2/SHA-256"),
        ("http://shop.example", "SCRYPT"),
        ("http://192.0.2.7:8080", "SCRYPT"),
    ] {
        page.origin = origin;
        let begun = page.begin(&[]);
        assert_eq!(begun["work"]["parameters"]["algorithm"], algorithm, "{origin}");
        assert_eq!(verdict(&answer(&page, &begun, &solved(&begun["work"]))), "passed", "{origin}");
    }
    page.server.haechi(&["app", "set", "default", "--work-algorithm", "sha256"]).json();
    assert_eq!(page.begin(&[])["work"]["parameters"]["algorithm"], "SHA-256");
}
