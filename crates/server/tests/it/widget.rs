//! What the widget calls, and its script.

use std::io::Read;

use serde_json::{Value, json};

use crate::{
    api::Insider,
    server::{Reply, TestServer, send_request, within_deadline},
};

const PAGE: &str = "https://shop.example:8443";

/// A page that shows the widget.
pub(crate) struct Page {
    pub(crate) server: TestServer,
    pub(crate) origin: &'static str,
}

impl Page {
    /// A page of an app that asks for words.
    fn with_args(args: &[&str]) -> Self {
        Self::of_policy("word", args)
    }

    pub(crate) fn of_policy(policy: &str, args: &[&str]) -> Self {
        let server = TestServer::with_args(args);
        server.haechi(&["app", "set", "default", "--policy", policy]).json();
        Self { server, origin: PAGE }
    }

    pub(crate) fn site_key(&self) -> String {
        self.server.announcement()["site_key"].as_str().unwrap().to_owned()
    }

    /// As a page's script sends it: as text in a form, with where it comes from.
    pub(crate) fn call(&self, name: &str, fields: &[(&str, &str)]) -> Reply {
        let form = fields.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
        let request = ureq::http::Request::post(format!("{}/widget/v1/{name}", self.server.url()));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let request = if self.origin.is_empty() { request } else { request.header("origin", self.origin) };
        let reply = send_request(request.body(form).unwrap());
        assert_eq!((reply.header("content-type"), reply.header("cache-control")), ("application/json", "no-store"));
        assert_eq!(reply.header("access-control-allow-origin"), "*", "{name}");
        reply
    }

    pub(crate) fn begin(&self, fields: &[(&str, &str)]) -> Value {
        let site_key = self.site_key();
        let reply = self.call("begin", &[&[("sitekey", site_key.as_str())], fields].concat());
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }

    /// Begins a challenge that comes with its picture, which a server that has too much to do leaves out.
    fn begin_drawn(&self, fields: &[(&str, &str)]) -> Value {
        crate::server::within_deadline("a picture is drawn", || {
            let begun = self.begin(fields);
            begun["word"]["picture"].is_string().then_some(begun)
        })
    }

    pub(crate) fn right_answer(&self, key: &str) -> String {
        Insider::of(&self.server).answer(key)
    }

    pub(crate) fn redeem(&self, address: &str, token: &Value) -> Value {
        let body = format!(
            "secret={}&response={}",
            self.server.announcement()["secret"].as_str().unwrap(),
            token.as_str().unwrap()
        );
        let request = ureq::http::Request::post(format!("{}{address}", self.server.url()));
        send_request(request.header("content-type", "application/x-www-form-urlencoded").body(body).unwrap()).json()
    }
}

#[track_caller]
fn check_fault(reply: &Reply, status: u16, error: &str) {
    assert_eq!((reply.status, reply.json()["error"].as_str()), (status, Some(error)), "{}", reply.text());
    assert!(reply.json()["message"].as_str().is_some_and(|message| !message.is_empty()));
}

#[test]
fn a_widget_is_told_what_to_say_where_digits_are_asked_for() {
    let page = Page::with_args(&[]);
    assert!(page.begin(&[("lang", "en")])["word"].get("says").is_none());
    page.server.haechi(&["app", "set", "default", "--alphabet", "digits", "--answer-length", "6"]);
    within_deadline("the setting holds", || {
        let word = page.begin(&[("lang", "en")])["word"].clone();
        let says = json!({
            "countedTask": "Type the {} digits you see or hear",
            "picture": "A picture of {} distorted digits. The sound says the same ones.",
            "empty": "Please type the digits first.",
        });
        (word["length"] == 6 && word["says"] == says).then_some(())
    });
    let begun = page.begin(&[("lang", "ko")]);
    assert_eq!(begun["word"]["says"]["empty"], "숫자를 먼저 입력해 주세요.");
    let answer = page.right_answer(begun["key"].as_str().unwrap());
    assert!(answer.len() == 6 && answer.bytes().all(|digit| digit.is_ascii_digit()), "{answer}");
}

#[test]
fn a_challenge_is_begun_answered_and_its_token_redeemed() {
    let page = Page::with_args(&[]);
    let begun = page.begin_drawn(&[("lang", "ko"), ("scale", "2"), ("theme", "dark")]);
    let key = begun["key"].as_str().unwrap().to_owned();
    let word = &begun["word"];
    assert_eq!((&word["length"], &word["width"], &word["height"]), (&json!(5), &json!(240), &json!(80)));
    assert!(begun.get("work").is_none(), "{begun}");
    assert_eq!(begun["alternative"], "읽거나 들을 수 없어요. 대신 약 2초(오래된 휴대폰은 15초) 기다릴게요");
    assert!((175..=190).contains(&begun["expires_in_secs"].as_u64().unwrap()), "{begun}");
    let picture = page.server.get(&format!("/captcha/v1.0/keys/{key}/img?scale=2&theme=dark")).body;
    assert_eq!(decoded(word["picture"].as_str().unwrap()), picture, "it is the picture that the key has");
    assert!(page.begin(&[("lang", "ko")])["word"].get("picture").is_none());

    let answer = page.right_answer(&key);
    let fields =
        [("key", key.as_str()), ("answer", &answer), ("api", "turnstile"), ("action", "sign-in"), ("cdata", "a-1")];
    let judged = page.call("answer", &fields).json();
    assert_eq!((&judged["verdict"], &judged["expires_in_secs"]), (&json!("passed"), &json!(300)));
    let redeemed = page.redeem("/turnstile/v0/siteverify", &judged["token"]);
    let said = |name: &str| redeemed[name].as_str().unwrap().to_owned();
    assert_eq!(["hostname", "action", "cdata"].map(said), ["shop.example", "sign-in", "a-1"]);
    assert_eq!(page.call("answer", &fields).json()["verdict"], "expired");
}

#[test]
fn a_picture_comes_compressed_to_whoever_takes_it_so() {
    let page = Page::with_args(&[]);
    let site_key = page.site_key();
    let begin = |scale: &str, coding: &str| {
        let address = format!("{}/widget/v1/begin?sitekey={site_key}&scale={scale}", page.server.url());
        send_request(ureq::http::Request::post(address).header("accept-encoding", coding).body("").unwrap())
    };
    let drawn = |coding: &str| {
        within_deadline("a picture is drawn", || Some(begin("2", coding)).filter(|reply| reply.body.len() > 1_024))
    };
    let reply = drawn("gzip, br");
    assert_eq!((reply.header("content-encoding"), reply.header("content-type")), ("gzip", "application/json"));
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(&*reply.body).read_to_end(&mut text).unwrap();
    assert!(reply.body.len() * 6 < text.len() * 5, "{} of {} bytes", reply.body.len(), text.len());
    let begun: Value = serde_json::from_slice(&text).unwrap();
    assert!(decoded(begun["word"]["picture"].as_str().unwrap()).starts_with(b"GIF89a"));

    assert_eq!(drawn("identity").header("content-encoding"), "");
    assert_eq!(begin("", "gzip").header("content-encoding"), "", "there is too little to compress");
}

#[test]
fn a_wrong_answer_brings_the_next_challenge_and_a_blank_one_none() {
    let page = Page::with_args(&[]);
    let key = page.begin(&[("lang", "en")])["key"].as_str().unwrap().to_owned();
    let blank = page.call("answer", &[("key", &key), ("answer", "%20-%20")]).json();
    assert_eq!(blank, json!({ "verdict": "empty" }));
    let wrong = page.call("answer", &[("key", &key), ("answer", "00000"), ("lang", "en"), ("scale", "1")]).json();
    assert_eq!(wrong["verdict"], "wrong");
    let next = wrong["next"]["key"].as_str().unwrap();
    assert_ne!(next, key);
    let right = page.call("answer", &[("key", next), ("answer", &page.right_answer(next).to_lowercase())]).json();
    assert_eq!(right["verdict"], "passed");
    let late = page.call("answer", &[("key", &key), ("answer", &page.right_answer(&key))]).json();
    assert_eq!(late["verdict"], "expired");
    assert!(late["next"]["key"].is_string());
}

#[test]
fn an_answer_that_is_sent_again_gets_the_same_verdict() {
    let page = Page::with_args(&[]);
    let key = page.begin(&[])["key"].as_str().unwrap().to_owned();
    let answer = page.right_answer(&key);
    let send = |request: &str| page.call("answer", &[("key", &key), ("answer", &answer), ("request", request)]).json();
    let (first, again) = (send("aaaa"), send("aaaa"));
    assert_eq!([&first["verdict"], &again["verdict"]], ["passed", "passed"]);
    assert_eq!(send("bbbb")["verdict"], "expired");
    // Both tokens are of one challenge, which is redeemed once.
    let redeemed = [&first, &again].map(|reply| page.redeem("/siteverify", &reply["token"])["success"].clone());
    assert_eq!(redeemed, [true, false]);
}

#[test]
fn another_text_or_wish_is_another_request_whatever_it_is_called() {
    let page = Page::with_args(&[]);
    let key = page.begin(&[])["key"].as_str().unwrap().to_owned();
    let answer = page.right_answer(&key);
    let send = |answer: &str, action: &str, request: &str| {
        let fields = [("key", key.as_str()), ("answer", answer), ("action", action), ("request", request)];
        page.call("answer", &fields).json()["verdict"].clone()
    };
    assert_eq!(send(&answer, "log-in", "a"), "passed");
    assert_eq!(send("wrong", "log-in", "a"), "expired");
    assert_eq!(send(&answer, "transfer", "a"), "expired");
    assert_eq!(send(&answer, "log-in", "a"), "passed");
    // Without a name there is nothing to know it again by.
    assert_eq!(send(&answer, "log-in", ""), "expired");
}

#[test]
fn the_next_challenge_takes_one_of_the_clients() {
    let page = Page::with_args(&["--issue-per-minute", "2", "--media-per-minute", "1"]);
    let key = page.begin(&[("scale", "1")])["key"].as_str().unwrap().to_owned();
    let wrong = |key: &str| page.call("answer", &[("key", key), ("answer", "wrong"), ("scale", "1")]).json();
    let first = wrong(&key);
    assert!(first["next"]["key"].is_string() && first["next"]["word"].get("picture").is_none(), "{first}");
    let second = wrong(first["next"]["key"].as_str().unwrap());
    assert_eq!(second, json!({ "verdict": "wrong" }), "two a minute are two");
}

#[test]
fn what_is_wrong_with_a_request_takes_no_attempt() {
    let page = Page::with_args(&[]);
    let key = page.begin(&[])["key"].as_str().unwrap().to_owned();
    let answer = page.right_answer(&key);
    let ambiguous = [("key", key.as_str()), ("answer", &answer), ("scale", "1"), ("scale", "2")];
    check_fault(&page.call("answer", &ambiguous), 400, "bad-request");
    assert_eq!(page.call("answer", &ambiguous[..3]).json()["verdict"], "passed");
}

#[test]
fn a_challenge_that_is_renewed_is_given_up() {
    let page = Page::with_args(&[]);
    let key = page.begin(&[])["key"].as_str().unwrap().to_owned();
    let renewed = page.call("renew", &[("key", &key), ("scale", "1")]).json();
    assert!(renewed["key"].is_string() && renewed["key"].as_str() != Some(&key), "{renewed}");
    let late = page.call("answer", &[("key", &key), ("answer", &page.right_answer(&key))]).json();
    assert_eq!(late["verdict"], "expired");
    assert_eq!(page.call("renew", &[("key", &key)]).status, 200, "what is given up already can be renewed");
}

#[test]
fn faults_have_stable_codes() {
    let page = Page::with_args(&[]);
    check_fault(&page.call("begin", &[]), 400, "bad-request");
    check_fault(&page.call("begin", &[("sitekey", "")]), 400, "bad-request");
    check_fault(&page.call("begin", &[("sitekey", "%zz")]), 400, "bad-request");
    for unknown in ["x", "10000000-ffff-ffff-ffff-000000000001", page.server.appkey()] {
        check_fault(&page.call("begin", &[("sitekey", unknown)]), 400, "unknown-sitekey");
    }
    let foreign = "a9859757-5b5a-42d1-bc85-c560b0141ec1";
    check_fault(&page.call("answer", &[("answer", "x")]), 400, "bad-request");
    check_fault(&page.call("answer", &[("key", foreign), ("answer", "x")]), 404, "key-not-known");
    check_fault(&page.call("renew", &[("key", "x")]), 404, "key-not-known");
    let key = page.begin(&[])["key"].as_str().unwrap().to_owned();
    let long = "x".repeat(257);
    check_fault(&page.call("answer", &[("key", &key), ("answer", &long)]), 400, "bad-request");
    check_fault(&page.call("answer", &[("key", &key), ("answer", "x"), ("cdata", &long)]), 400, "bad-request");
    let answer = page.right_answer(&key);
    let longest = [("action", "a".repeat(32)), ("cdata", "d".repeat(255))];
    let [action, cdata] = longest.each_ref().map(|(name, value)| (*name, value.as_str()));
    let passed = page.call("answer", &[("key", &key), ("answer", &answer), action, cdata]).json();
    let token = passed["token"].as_str().unwrap();
    assert!(token.len() <= 512 && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)));
    let unknown =
        send_request(ureq::http::Request::get(format!("{}/widget/v1/x", page.server.url())).body(()).unwrap());
    check_fault(&unknown, 404, "not-found");
    let by_get = page.server.get(&format!("/widget/v1/begin?sitekey={}", page.site_key()));
    check_fault(&by_get, 405, "method-not-allowed");
}

#[test]
fn the_vendors_test_keys_give_their_test_tokens_if_the_server_is_told_to_know_them() {
    let told = Page::with_args(&["--vendor-test-keys"]);
    for (site_key, token) in [
        ("6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ_MXjiZKhI", "test-token"),
        ("30000000-ffff-ffff-ffff-000000000003", "30000000-aaaa-bbbb-cccc-000000000003"),
        ("1x00000000000000000000AA", "XXXX.DUMMY.TOKEN.XXXX"),
    ] {
        let begun = told.call("begin", &[("sitekey", site_key)]).json();
        assert_eq!((begun["token"].as_str(), begun.get("key")), (Some(token), None), "{begun}");
    }
    check_fault(&told.call("begin", &[("sitekey", "2x00000000000000000000AB")]), 400, "unknown-sitekey");
    let usual = Page::with_args(&[]);
    check_fault(&usual.call("begin", &[("sitekey", "1x00000000000000000000AA")]), 400, "unknown-sitekey");
}

#[test]
fn a_client_that_begins_too_often_is_told_when_to_come_back() {
    let page = Page::with_args(&["--issue-per-minute", "1"]);
    page.begin(&[]);
    let reply = page.call("begin", &[("sitekey", &page.site_key())]);
    check_fault(&reply, 429, "rate-limited");
    let secs = reply.json()["retry_after_secs"].as_u64().unwrap();
    assert!((1..=60).contains(&secs), "{secs}");
    assert_eq!(reply.header("retry-after"), secs.to_string());
}

/// Attack W16: whoever answered what was easy and left the rest was limited by nothing.
#[test]
fn a_client_that_leaves_challenges_unanswered_is_told_when_to_come_back() {
    let page = Page::with_args(&["--unanswered-per-hour", "3"]);
    let key = |begun: &Value| begun["key"].as_str().unwrap().to_owned();
    let mut last = key(&page.begin(&[]));
    for _ in 0..5 {
        let reply = page.call("answer", &[("key", &last), ("answer", &page.right_answer(&last))]).json();
        assert_eq!(reply["verdict"], "passed", "{reply}");
        last = key(&page.begin(&[]));
    }
    for _ in 0..5 {
        let reply = page.call("answer", &[("key", &last), ("answer", "00000")]).json();
        assert_eq!(reply["verdict"], "wrong", "{reply}");
        last = key(&reply["next"]);
    }
    let renewed = page.call("renew", &[("key", &last)]).json();
    let left = key(&renewed);
    let third = key(&page.begin(&[]));
    for (name, fields) in [("begin", [("sitekey", page.site_key())]), ("renew", [("key", left.clone())])] {
        let reply = page.call(name, &fields.each_ref().map(|(name, value)| (*name, value.as_str())));
        check_fault(&reply, 429, "rate-limited");
        let secs = reply.json()["retry_after_secs"].as_u64().unwrap();
        assert!((1_100..=1_200).contains(&secs), "{secs}");
    }
    let kept = page.call("answer", &[("key", &left), ("answer", "+")]).json();
    assert_eq!(kept["verdict"], "empty", "what was not replaced can be answered still: {kept}");
    let empty = page.call("answer", &[("key", &third), ("answer", "+")]).json();
    assert_eq!(empty["verdict"], "empty", "{empty}");
    check_fault(&page.call("begin", &[("sitekey", &page.site_key())]), 429, "rate-limited");
    let answered = [("key", third.as_str()), ("answer", "00000"), ("request", "once")];
    let next = page.call("answer", &answered).json();
    assert!(next["next"]["key"].is_string(), "the answer makes room for the next: {next}");
    let again = page.call("answer", &answered).json();
    assert_eq!((&again["verdict"], again.get("next")), (&json!("wrong"), None), "the same answer makes none: {again}");
    let script_less = page.server.get(&format!("/recaptcha/api/fallback?k={}", page.site_key()));
    assert_eq!(script_less.status, 429, "the page for browsers without scripts counts too");
    let metrics = page.server.get("/metrics");
    assert!(metrics.text().contains("haechi_limited_total{call=\"begin\"} "), "{}", metrics.text());
    assert_eq!(page.server.get("/healthz").status, 200);
    page.server.issue(page.server.appkey());
}

#[test]
fn an_app_with_hosts_shows_its_challenges_on_their_pages_only() {
    let mut page = Page::with_args(&[]);
    let changed = page.server.haechi(&["app", "set", "default", "--hostnames", "shop.example other.example"]);
    assert_eq!(changed.json()["settings"]["hostnames"], "shop.example other.example");
    let key = { page.begin(&[])["key"].as_str().unwrap().to_owned() };
    let site_key = page.site_key();
    for (origin, is_admitted) in [
        ("https://shop.example", true),
        ("http://www.shop.example:3000", true),
        ("https://SHOP.example", true),
        ("https://myshop.example", false),
        ("https://shop.example.evil.example", false),
        ("null", false),
        ("", false),
    ] {
        page.origin = origin;
        let reply = crate::server::within_deadline("the hosts are known", || {
            let reply = page.call("begin", &[("sitekey", &site_key)]);
            ((reply.status == 200) == is_admitted).then_some(reply)
        });
        if !is_admitted {
            check_fault(&reply, 403, "hostname-not-allowed");
            check_fault(&page.call("answer", &[("key", &key), ("answer", "x")]), 403, "hostname-not-allowed");
            check_fault(&page.call("renew", &[("key", &key)]), 403, "hostname-not-allowed");
        }
    }
    for wrong in ["https://shop.example", "*.shop.example", "a:80"] {
        page.server.haechi(&["app", "set", "default", "--hostnames", wrong]).fails(1, "hostnames");
    }
}

#[test]
fn pages_of_other_origins_may_send_json_too() {
    let page = Page::with_args(&[]);
    let url = format!("{}/widget/v1/begin", page.server.url());
    let asked = ureq::http::Request::builder().method("OPTIONS").uri(&url).header("origin", PAGE);
    let asked = asked.header("access-control-request-method", "POST");
    let reply = send_request(asked.header("access-control-request-headers", "content-type").body(()).unwrap());
    assert_eq!((reply.status, reply.header("access-control-allow-headers")), (200, "content-type"));
    let body = json!({ "sitekey": page.site_key(), "lang": "ja", "scale": 1 }).to_string();
    let reply =
        send_request(ureq::http::Request::post(&url).header("content-type", "application/json").body(body).unwrap());
    assert!(reply.json()["key"].is_string(), "{}", reply.text());
}

#[test]
fn a_test_app_asks_for_test5() {
    let page = Page::with_args(&[]);
    page.server.haechi(&["app", "set", "default", "--test", "--answer-length", "6"]);
    crate::server::within_deadline("it is a test app", || {
        let begun = page.begin(&[]);
        let key = begun["key"].as_str().unwrap().to_owned();
        let judged = page.call("answer", &[("key", &key), ("answer", "test5")]).json();
        (begun["word"]["length"] == 5 && judged["verdict"] == "passed").then_some(())
    });
}

#[test]
fn what_widgets_did_is_counted() {
    let page = Page::with_args(&[]);
    let key = page.begin(&[])["key"].as_str().unwrap().to_owned();
    let passed = page.call("answer", &[("key", &key), ("answer", &page.right_answer(&key))]).json();
    page.redeem("/siteverify", &passed["token"]);
    let metrics = page.server.get("/metrics").text().to_owned();
    for line in ["begin\",code=\"SUCCESS\"} 1", "answer\",code=\"SUCCESS\"} 1", "redeem\",code=\"SUCCESS\"} 1"] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
}

#[test]
fn the_script_is_at_every_address_and_is_kept_by_browsers_until_it_changes() {
    let server = TestServer::start();
    let get = |path: &str, name: &str, value: &str| {
        send_request(ureq::http::Request::get(format!("{}{path}", server.url())).header(name, value).body(()).unwrap())
    };
    let built = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../widget/dist/haechi.js")).unwrap();
    for path in [
        "/widget/v1/api.js",
        "/recaptcha/api.js?onload=x&render=explicit&hl=ko",
        "/recaptcha/enterprise.js",
        "/1/api.js",
        "/1/secure-api.js",
        "/turnstile/v0/api.js",
        "/turnstile/v0/g/api.js",
    ] {
        let reply = get(path, "accept-encoding", "identity");
        assert!(reply.status == 200 && reply.body == built, "{path}: {}", reply.status);
        assert_eq!(reply.header("content-type"), "text/javascript; charset=utf-8");
        assert_eq!(reply.header("access-control-allow-origin"), "*");
        assert_eq!(reply.header("cross-origin-resource-policy"), "cross-origin");
        assert!(reply.header("cache-control").contains("max-age=300"));
        let known = get(path, "if-none-match", reply.header("etag"));
        assert_eq!((known.status, known.body.len()), (304, 0));
    }
    let reply = get("/1/api.js", "accept-encoding", "gzip, br");
    let mut unpacked = Vec::new();
    // The client unpacks what it asked for itself, and not what we asked for in its stead.
    if reply.header("content-encoding") == "gzip" {
        flate2::read::GzDecoder::new(&*reply.body).read_to_end(&mut unpacked).unwrap();
    } else {
        unpacked.clone_from(&reply.body);
    }
    assert!(unpacked == built);
}

/// Base64 as the standard alphabet has it.
fn decoded(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}
