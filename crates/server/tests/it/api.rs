//! The wire contract: every call, every result code, every status, in the order in which they are checked.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::TcpStream,
};

use haechi_captcha::{Claims, Key, Keyring, Nonce, Secret};
use serde_json::json;
use ureq::AsSendBody;

use crate::server::{DEADLINE, Reply, TestServer, ledger_is_shared, not_tested, send, send_request};

const UNKNOWN_APPKEY: &str = "2b847e2a0afd82e8ff45434f32e8e6e62bf56bcf83ca1befb3739ed9460eb685";
const FOREIGN_KEY: &str = "a9859757-5b5a-42d1-bc85-c560b0141ec1";

/// Opens and seals keys with the server's own secret, as only its operator can.
pub(crate) struct Insider {
    keyring: Keyring,
}

impl Insider {
    pub(crate) fn of(server: &TestServer) -> Self {
        let secret = std::fs::read_to_string(server.data_dir().join("secret")).unwrap();
        Self { keyring: Keyring::new(&Secret::from_hex(&secret).unwrap()) }
    }

    pub(crate) fn answer(&self, key: &str) -> String {
        let key: Key = key.parse().unwrap();
        self.keyring.open_word(&key).expect("the server issued it").answer().as_str().to_owned()
    }

    /// Every word that counts, by the language that says it, as long as the app's language is Korean.
    pub(crate) fn answers(&self, key: &str) -> BTreeMap<String, String> {
        let challenge = self.keyring.open_word(&key.parse().unwrap()).expect("the server issued it");
        let words = challenge.answers();
        words.map(|(language, answer)| (language.tag().to_owned(), answer.as_str().to_owned())).collect()
    }

    /// A key like another one, but issued so many seconds earlier.
    pub(crate) fn aged(&self, key: &str, by_secs: i64) -> String {
        let claims = *self.keyring.open_word(&key.parse().unwrap()).unwrap().claims();
        let issued_at = claims.issued_at.checked_add_signed(-by_secs).unwrap();
        let nonce = Nonce { counter: claims.nonce.counter ^ 1, ..claims.nonce };
        self.keyring.issue(&Claims { issued_at, nonce, ..claims }).to_string()
    }
}

fn envelope(code: i32, message: &str) -> serde_json::Value {
    json!({ "header": { "resultCode": code, "resultMessage": message, "successful": code == 0 } })
}

#[track_caller]
fn check(reply: &Reply, status: u16, code: i32, message: &str) {
    assert_eq!((reply.status, reply.json()), (status, envelope(code, message)));
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.header("cache-control"), "no-store");
}

pub(crate) fn verification(appkey: &str, key: &str, query: &str) -> String {
    format!("/captcha/v1.0/appkeys/{appkey}/keys/{key}/verification{query}")
}

pub(crate) fn request(method: &str, url: &str, headers: &[(&str, &str)]) -> Reply {
    let builder = ureq::http::Request::builder().method(method).uri(url);
    let builder = headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value));
    send_request(builder.body(()).unwrap())
}

#[test]
fn every_call_of_the_public_reference_works_as_it_shows() {
    let server = TestServer::start();
    let (base, appkey) = (format!("{}/captcha/v1.0", server.url()), server.appkey());
    let insider = Insider::of(&server);

    let issued = request("POST", &format!("{base}/appkeys/{appkey}/keys"), &[("content-type", "application/json")]);
    let key = issued.json()["Key"].as_str().unwrap().to_owned();
    assert_eq!(issued.json()["header"], envelope(0, "SUCCESS")["header"]);
    assert_eq!(issued.json()["key"], issued.json()["Key"]);
    assert_eq!((issued.status, key.len(), &key[14..15]), (200, 36, "4"));

    let image = send("GET", &format!("{base}/keys/{key}/img"));
    assert_eq!((image.status, image.header("content-type"), &image.body[..6]), (200, "image/gif", &b"GIF89a"[..]));

    let sound = send("GET", &format!("{base}/keys/{key}/sound?timestamp=1513324704457"));
    assert_eq!((sound.status, sound.header("content-type"), &sound.body[..4]), (200, "audio/wav", &b"RIFF"[..]));

    let answer = insider.answer(&key);
    check(&server.get(&verification(appkey, &key, &format!("?answer={answer}"))), 200, 0, "SUCCESS");

    for name in ["key", "keys"] {
        let key = server.issue(appkey);
        check(&send("DELETE", &format!("{base}/appkeys/{appkey}?{name}={key}")), 200, 0, "SUCCESS");
        let answer = insider.answer(&key);
        check(&server.get(&verification(appkey, &key, &format!("?answer={answer}"))), 200, -5, "EXPIRED_KEY_ERROR");
    }
}

#[test]
fn issuing_ignores_the_body_and_its_type() {
    let server = TestServer::start();
    let url = format!("{}/captcha/v1.0/appkeys/{}/keys?timestamp=%zz", server.url(), server.appkey());
    let agent = ureq::Agent::new_with_defaults();
    for (content_type, body) in [("application/json", "{not json"), ("text/plain", ""), ("x", "\u{0}")] {
        let mut response = agent.post(&url).header("content-type", content_type).send(body).unwrap();
        let text = response.body_mut().read_to_string().unwrap();
        assert!(text.contains("\"resultCode\":0"), "{text}");
    }
}

#[test]
fn a_right_answer_passes_once_and_a_wrong_one_spends_the_key() {
    let server = TestServer::start();
    let (appkey, insider) = (server.appkey(), Insider::of(&server));

    let key = server.issue(appkey);
    let right = insider.answer(&key);
    assert_eq!(server.verify(appkey, &key, &right), 0);
    assert_eq!(server.verify(appkey, &key, &right), -5);

    let key = server.issue(appkey);
    check(&server.get(&verification(appkey, &key, "?answer=nope")), 200, -6, "WRONG_ANSWER_ERROR");
    assert_eq!(server.verify(appkey, &key, &insider.answer(&key)), -5);
}

#[test]
fn attempts_count_down_and_a_right_answer_spends_the_rest() {
    let server = TestServer::start();
    let insider = Insider::of(&server);
    let app = server.haechi(&["app", "create", "patient", "--attempts", "3"]).json();
    let appkey = app["appkey"].as_str().unwrap();

    let key = server.issue(appkey);
    let codes = ["a", "b", "c", "d"].map(|wrong| server.verify(appkey, &key, wrong));
    assert_eq!(codes, [-6, -6, -6, -5]);

    let key = server.issue(appkey);
    let right = insider.answer(&key);
    assert_eq!([server.verify(appkey, &key, "a"), server.verify(appkey, &key, &right)], [-6, 0]);
    assert_eq!(server.verify(appkey, &key, &right), -5);
}

#[test]
fn answers_are_read_as_people_type_them() {
    let server = TestServer::start();
    let (appkey, insider) = (server.appkey(), Insider::of(&server));
    let full_width = |answer: &str| -> String {
        answer.bytes().map(|byte| format!("%EF%BC%{:02X}", byte - b'0' + 0x90)).collect::<String>()
    };
    type Typist = fn(&str) -> String;
    let typists: [Typist; 4] = [
        |answer| answer.to_lowercase(),
        |answer| format!("%20{}+-{}", &answer[..2], &answer[2..]),
        |answer| answer.to_owned() + "&timestamp=%zz&Answer=other",
        |answer| format!("{answer}&answer={answer}"),
    ];
    for typist in typists {
        let key = server.issue(appkey);
        let typed = typist(&insider.answer(&key));
        assert_eq!(server.verify(appkey, &key, &typed), 0, "{typed}");
    }
    // Digits alone are consecutive from '0' with letters after them, in ASCII as in full width.
    let digits = std::iter::repeat_with(|| server.issue(appkey))
        .take(2_000)
        .find(|key| insider.answer(key).bytes().filter(u8::is_ascii_digit).count() >= 3)
        .unwrap();
    let typed: String = insider
        .answer(&digits)
        .chars()
        .map(
            |character| {
                if character.is_ascii_digit() { full_width(&character.to_string()) } else { character.to_string() }
            },
        )
        .collect();
    assert_eq!(server.verify(appkey, &digits, &typed), 0, "{typed}");
}

#[test]
fn an_answer_typed_with_the_korean_layout_on_counts() {
    const LAYOUT: &str = "ㅁㅠㅊㅇㄷㄹㅎㅗㅑㅓㅏㅣㅡㅜㅐㅔㅂㄱㄴㅅㅕㅍㅈㅌㅛㅋ";
    let server = TestServer::start();
    let key = server.issue(server.appkey());
    let answer = Insider::of(&server).answer(&key);
    let typed = answer.chars().map(|letter| match letter {
        'A'..='Z' => LAYOUT.chars().nth(letter as usize - 'A' as usize).unwrap(),
        digit => digit,
    });
    let encoded: String = typed.collect::<String>().bytes().map(|byte| format!("%{byte:02X}")).collect();
    assert_eq!(server.verify(server.appkey(), &key, &encoded), 0, "{answer}");
}

#[test]
fn an_answer_typed_with_another_layout_on_counts() {
    // The letters and digits of answers on the keys of Thai, whose characters take three bytes each, and of Russian.
    const MEANT: &str = "FHJKLRTWXYZ34679";
    let server = TestServer::start();
    for layout in ["ด้่าสพะไปัผ-ภุึต", "аролдкецчня34679"] {
        let key = server.issue(server.appkey());
        let answer = Insider::of(&server).answer(&key);
        let typed = answer.chars().map(|meant| layout.chars().nth(MEANT.find(meant).unwrap()).unwrap());
        let encoded: String = typed.collect::<String>().bytes().map(|byte| format!("%{byte:02X}")).collect();
        assert_eq!(server.verify(server.appkey(), &key, &encoded), 0, "{answer} on {layout}");
    }
    let key = server.issue(server.appkey());
    let spoken = Insider::of(&server).answer(&key).chars().map(|meant| format!("{meant},%20")).collect::<String>();
    assert_eq!(server.verify(server.appkey(), &key, &format!("%E2%80%AA{spoken}%E2%80%AC")), 0, "{spoken}");
}

#[test]
fn verification_by_post_takes_the_answer_from_query_form_or_json() {
    let server = TestServer::start();
    let (appkey, insider) = (server.appkey(), Insider::of(&server));
    let agent = ureq::Agent::new_with_defaults();
    let post = |query: &dyn Fn(&str) -> String, content_type: &str, body: &dyn Fn(&str) -> String| {
        let key = server.issue(appkey);
        let answer = insider.answer(&key);
        let url = format!("{}{}", server.url(), verification(appkey, &key, &query(&answer)));
        let mut response = agent.post(&url).header("content-type", content_type).send(body(&answer)).unwrap();
        let text = response.body_mut().read_to_string().unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()["header"]["resultCode"].as_i64().unwrap()
    };
    let nothing = |_: &str| String::new();
    let as_query = |answer: &str| format!("?answer={answer}");
    let form = "application/x-www-form-urlencoded";
    assert_eq!(post(&as_query, "application/json", &nothing), 0);
    assert_eq!(post(&nothing, form, &|answer| format!("answer={answer}")), 0);
    assert_eq!(post(&nothing, "application/json; charset=utf-8", &|answer| json!({ "answer": answer }).to_string()), 0);
    assert_eq!(post(&nothing, "Application/JSON", &|answer| json!({ "answer": answer }).to_string()), 0);
    let spaced = |answer: &str| json!({ "answer": format!(" {}-\u{3000}{}", &answer[..2], &answer[2..]) }).to_string();
    assert_eq!(post(&nothing, "application/json", &spaced), 0);
    assert_eq!(
        post(&nothing, "application/json", &|answer| json!({ "answer": format!("%{answer}&") }).to_string()),
        -6
    );
    assert_eq!(post(&as_query, form, &|answer| format!("answer={answer}")), 0);
    assert_eq!(post(&as_query, form, &|_| "answer=other".to_owned()), -2);
    assert_eq!(post(&nothing, "application/json", &|_| "{".to_owned()), -2);
    assert_eq!(post(&nothing, form, &nothing), -8);
}

#[test]
fn each_refusal_has_its_code_and_status() {
    let server = TestServer::start();
    let (appkey, insider) = (server.appkey(), Insider::of(&server));
    let key = server.issue(appkey);
    let old = insider.aged(&key, 181);
    let from_the_future = insider.aged(&key, -120);
    let calls = "/captcha/v1.0";
    let long = "a".repeat(257);
    let get = |path: String| server.get(&path);

    check(&server.post(&format!("{calls}/appkeys/{UNKNOWN_APPKEY}/keys")), 200, -4, "APPKEY_ERROR");
    check(&server.post(&format!("{calls}/appkeys/%zz/keys")), 200, -4, "APPKEY_ERROR");
    check(&server.post(&format!("{calls}/appkeys/{long}/keys")), 200, -4, "APPKEY_ERROR");

    check(&server.post(&format!("{calls}/appkeys//keys")), 200, -4, "APPKEY_ERROR");

    for malformed in ["nonsense", &key[1..], FOREIGN_KEY] {
        check(&get(verification(appkey, malformed, "?answer=x")), 200, -7, "INVALID_KEY_ERROR");
        check(&server.delete(&format!("{calls}/appkeys/{appkey}?key={malformed}")), 200, -7, "INVALID_KEY_ERROR");
    }
    for unreadable in ["%ff", &long] {
        check(&get(verification(appkey, unreadable, "?answer=x")), 200, -7, "INVALID_KEY_ERROR");
        check(&server.delete(&format!("{calls}/appkeys/{appkey}?key={unreadable}")), 200, -2, "PARAMETER_ERROR");
    }
    for broken in ["?answer=%zz", "?answer=%ff", "?answer=a&answer=b", "?answer=%", &format!("?answer={long}")] {
        check(&get(verification(appkey, &key, broken)), 200, -2, "PARAMETER_ERROR");
    }
    for blank in ["", "?answer=", "?answer=+%20", "?answer=--", "?other=x", "?answer"] {
        check(&get(verification(appkey, &key, blank)), 200, -8, "EMPTY_ANSWER");
    }
    for missing in ["", "?key=", "?key=a&keys=b", "?other=x"] {
        check(&server.delete(&format!("{calls}/appkeys/{appkey}{missing}")), 200, -2, "PARAMETER_ERROR");
    }
    check(&get(verification(appkey, &old, "?answer=x")), 200, -5, "EXPIRED_KEY_ERROR");
    check(&get(verification(appkey, &from_the_future, "?answer=x")), 200, -5, "EXPIRED_KEY_ERROR");
    check(&server.delete(&format!("{calls}/appkeys/{appkey}?key={old}")), 200, -5, "EXPIRED_KEY_ERROR");

    // None of this took the only attempt.
    assert_eq!(server.verify(appkey, &key, &insider.answer(&key)), 0);
    check(&server.delete(&format!("{calls}/appkeys/{appkey}?key={key}")), 200, -5, "EXPIRED_KEY_ERROR");
}

#[test]
fn checks_are_made_in_the_documented_order() {
    let server = TestServer::start();
    let (appkey, insider) = (server.appkey(), Insider::of(&server));
    let old = insider.aged(&server.issue(appkey), 181);
    // Every request has all the faults from its code onwards.
    assert_eq!(server.get(&verification("x", "x", "?answer=%zz")).code(), -4);
    assert_eq!(server.get(&verification(appkey, "x", "?answer=%zz")).code(), -7);
    assert_eq!(server.get(&verification(appkey, &old, "?answer=%zz")).code(), -2);
    assert_eq!(server.get(&verification(appkey, &old, "?answer=")).code(), -8);
    assert_eq!(server.get(&verification(appkey, &old, "?answer=wrong")).code(), -5);
}

#[test]
fn a_key_belongs_to_the_app_that_issued_it() {
    let server = TestServer::start();
    let insider = Insider::of(&server);
    let other = server.haechi(&["app", "create", "other"]).json();
    let other = other["appkey"].as_str().unwrap();
    let key = server.issue(server.appkey());
    let answer = insider.answer(&key);
    assert_eq!(server.verify(other, &key, &answer), -7);
    assert_eq!(server.delete(&format!("/captcha/v1.0/appkeys/{other}?key={key}")).code(), -7);
    assert_eq!(server.verify(server.appkey(), &key, &answer), 0);
}

#[test]
fn a_disabled_app_is_unknown_and_its_media_are_gone() {
    let server = TestServer::start();
    let key = server.issue(server.appkey());
    server.haechi(&["app", "disable", "default"]).json();
    assert_eq!(server.post(&format!("/captcha/v1.0/appkeys/{}/keys", server.appkey())).code(), -4);
    assert_eq!(server.verify(server.appkey(), &key, "x"), -4);
    for medium in ["img", "sound"] {
        check(&server.get(&format!("/captcha/v1.0/keys/{key}/{medium}")), 404, -7, "INVALID_KEY_ERROR");
    }
    server.haechi(&["app", "enable", "default"]).json();
    assert_eq!(server.get(&format!("/captcha/v1.0/keys/{key}/img")).status, 200);
}

#[test]
fn a_request_that_is_wrong_as_http_gets_its_status_and_minus_3() {
    let server = TestServer::start();
    let (appkey, key) = (server.appkey(), server.issue(server.appkey()));
    let calls = "/captcha/v1.0";
    let http = "HTTP_STATUS_ERROR";
    for nowhere in ["/captcha", "/captcha/v1.0/keys", "/captcha/v2.0/keys/x/img", "//"] {
        check(&server.get(nowhere), 404, -3, http);
    }
    let wrong_methods = [
        ("GET", format!("{calls}/appkeys/{appkey}/keys"), "POST"),
        ("POST", format!("{calls}/keys/{key}/img"), "GET,HEAD"),
        ("PUT", verification(appkey, &key, "?answer=x"), "GET,POST"),
        ("GET", format!("{calls}/appkeys/{appkey}?key={key}"), "DELETE"),
    ];
    for (method, path, allow) in wrong_methods {
        let reply = send(method, &format!("{}{path}", server.url()));
        check(&reply, 405, -3, http);
        assert_eq!(reply.header("allow"), allow, "{method} {path}");
    }
    check(&server.get(&verification(appkey, &key, &format!("?other={}", "a".repeat(9000)))), 414, -3, http);
    let url = format!("{}/healthz", server.url());
    check(&request("GET", &url, &[("x-large", &"a".repeat(17 * 1024))]), 431, -3, http);
    let large = "a".repeat(17 * 1024);
    let form = "application/x-www-form-urlencoded";
    check(&post_body(&server, &verification(appkey, &key, ""), form, format!("answer={large}")), 413, -3, http);
    let json = json!({ "key": key, "answer": large }).to_string();
    check(&post_body(&server, "/demo/redemption", "application/json", json), 413, -3, http);
    check(&server.get("/docs/%ff"), 404, -3, http);
}

#[test]
fn a_hundred_headers_are_enough() {
    let server = TestServer::start();
    let with_headers = |count: usize| {
        let headers: Vec<String> = (2..count).map(|number| format!("x-{number}: x")).collect();
        raw(&server, "GET /healthz HTTP/1.1", &headers)
    };
    assert!(with_headers(100).starts_with("HTTP/1.1 200 "));
    for too_many in [101, 150, 1000] {
        let reply = with_headers(too_many);
        assert!(reply.starts_with("HTTP/1.1 431 "), "{too_many}: {reply}");
        assert!(reply.ends_with(&envelope(-3, "HTTP_STATUS_ERROR").to_string()), "{too_many}: {reply}");
    }
}

/// What a client of its own kind is told that asks for something unusual, but in good HTTP.
#[test]
fn unusual_requests_get_the_envelope_too() {
    let server = TestServer::start();
    for (line, status) in [
        ("OPTIONS * HTTP/1.1", 404),
        ("CONNECT example.org:443 HTTP/1.1", 404),
        ("TRACE /healthz HTTP/1.1", 405),
        ("GET http://example.org/nowhere HTTP/1.1", 404),
        ("GET /%ff/%00 HTTP/1.0", 404),
        ("POST /captcha/v1.0/keys/%ff/img HTTP/1.1", 405),
    ] {
        let reply = raw(&server, line, &[]);
        assert_eq!(reply.split(' ').nth(1), Some(&*status.to_string()), "{line}: {reply}");
        assert!(reply.ends_with(&envelope(-3, "HTTP_STATUS_ERROR").to_string()), "{line}: {reply}");
    }
}

/// Sends a request of this line and these headers, as they stand, and returns all that comes back.
fn raw(server: &TestServer, line: &str, headers: &[String]) -> String {
    let mut stream = TcpStream::connect(server.url().strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let more: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    stream.write_all(format!("{line}\r\nhost: h\r\nconnection: close\r\n{more}\r\n").as_bytes()).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

pub(crate) fn post_body(server: &TestServer, path: &str, content_type: &str, body: impl AsSendBody) -> Reply {
    let config = ureq::Agent::config_builder().http_status_as_error(false).build();
    let url = format!("{}{path}", server.url());
    let sent = ureq::Agent::new_with_config(config).post(&url).header("content-type", content_type).send(body);
    let (parts, mut body) = sent.unwrap().into_parts();
    Reply { status: parts.status.as_u16(), headers: parts.headers, body: body.read_to_vec().unwrap() }
}

#[test]
fn a_ledger_that_is_full_fails_closed() {
    if ledger_is_shared() {
        return not_tested("the ledger is in Redis");
    }
    let server = TestServer::with_args(&["--max-spent-keys", "1"]);
    let (appkey, insider) = (server.appkey(), Insider::of(&server));
    let [first, second] = [server.issue(appkey), server.issue(appkey)];
    assert_eq!(server.verify(appkey, &first, &insider.answer(&first)), 0);

    let answer = format!("?answer={}", insider.answer(&second));
    let undecided = server.get(&verification(appkey, &second, &answer));
    check(&undecided, 503, -1, "FAIL");
    assert_eq!(undecided.header("retry-after"), "1");
    let undecided = server.delete(&format!("/captcha/v1.0/appkeys/{appkey}?key={second}"));
    check(&undecided, 503, -1, "FAIL");
    assert_eq!(server.get("/readyz").status, 503);

    // What asks no ledger goes on, and what is known stays known.
    assert_eq!(server.get("/healthz").status, 200);
    for medium in ["img", "sound"] {
        assert_eq!(server.get(&format!("/captcha/v1.0/keys/{second}/{medium}")).status, 200);
    }
    server.issue(appkey);
    assert_eq!(server.verify(appkey, &first, &insider.answer(&first)), -5);
}

#[test]
fn head_works_wherever_get_only_shows() {
    let server = TestServer::start();
    let key = server.issue(server.appkey());
    let paths = [
        format!("/captcha/v1.0/keys/{key}/img"),
        format!("/captcha/v1.0/keys/{key}/sound"),
        "/healthz".to_owned(),
        "/openapi.json".to_owned(),
        "/".to_owned(),
    ];
    for path in paths {
        let (get, head) = (server.get(&path), send("HEAD", &format!("{}{path}", server.url())));
        assert_eq!((head.status, head.header("content-type")), (get.status, get.header("content-type")), "{path}");
        assert_eq!(head.header("content-length"), get.body.len().to_string(), "{path}");
        assert!(head.body.is_empty());
    }
}

/// HEAD is to do nothing (RFC 9110, section 9.2.1), and who sends it cannot read the verdict.
#[test]
fn head_judges_and_redeems_nothing() {
    let server = TestServer::start();
    let (appkey, insider) = (server.appkey(), Insider::of(&server));
    let key = server.issue(appkey);
    let answer = insider.answer(&key);
    let app = format!("/captcha/v1.0/appkeys/{appkey}");
    for (path, allow) in [
        (verification(appkey, &key, &format!("?answer={answer}")), "GET,POST"),
        (format!("{app}/keys"), "POST"),
        (format!("{app}?key={key}"), "DELETE"),
        (format!("/widget/v1/answer?key={key}&answer={answer}"), "POST"),
        (format!("/widget/v1/renew?key={key}"), "POST"),
        (format!("/widget/v1/begin?sitekey={key}"), "POST"),
        ("/siteverify?secret=x&response=x".to_owned(), "POST"),
        ("/recaptcha/api/siteverify?secret=x&response=x".to_owned(), "POST"),
        ("/turnstile/v0/siteverify?secret=x&response=x".to_owned(), "POST"),
    ] {
        let reply = send("HEAD", &format!("{}{path}", server.url()));
        assert_eq!((reply.status, reply.header("allow"), reply.body.len()), (405, allow, 0), "{path}");
    }
    assert_eq!(server.verify(appkey, &key, &answer), 0);
}

#[test]
fn an_app_above_its_rate_gets_429() {
    let server = TestServer::start();
    let app = server.haechi(&["app", "create", "slow", "--rate-per-sec", "1"]).json();
    let url = format!("/captcha/v1.0/appkeys/{}/keys", app["appkey"].as_str().unwrap());
    let replies: Vec<Reply> = (0..5).map(|_| server.post(&url)).collect();
    assert_eq!(replies[0].status, 200);
    let refused = replies.iter().find(|reply| reply.status == 429).expect("five in a row are above one a second");
    check(refused, 429, -3, "HTTP_STATUS_ERROR");
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(server.post(&format!("/captcha/v1.0/appkeys/{}/keys", server.appkey())).status, 200);
}

#[test]
fn a_test_app_has_the_documented_answer() {
    let server = TestServer::start();
    let app = server.haechi(&["app", "create", "ci", "--test"]).json();
    let appkey = app["appkey"].as_str().unwrap();
    let (first, second) = (server.issue(appkey), server.issue(appkey));
    let image = |key: &str| server.get(&format!("/captcha/v1.0/keys/{key}/img")).body;
    assert_eq!(image(&first), image(&second));
    assert_eq!([server.verify(appkey, &first, "test5"), server.verify(appkey, &first, "test5")], [0, -5]);
    assert_eq!(server.verify(appkey, &second, "TEST6"), -6);
}

#[test]
fn the_word_of_any_language_counts_and_the_key_passes_once() {
    let server = TestServer::start();
    let (appkey, insider) = (server.appkey(), Insider::of(&server));
    for language in ["ko", "en", "ja", "zh"] {
        let key = server.issue(appkey);
        let words = insider.answers(&key);
        assert_eq!(words["ko"], insider.answer(&key), "the picture's word is that of the app's language");
        assert_eq!(server.verify(appkey, &key, &words[language]), 0, "{language}");
        for word in words.values() {
            assert_eq!(server.verify(appkey, &key, word), -5, "after the word of {language}");
        }
    }
}

#[test]
fn the_language_of_the_app_says_the_word_of_the_picture() {
    let server = TestServer::start();
    let (appkey, key) = (server.appkey(), server.issue(server.appkey()));
    let korean = Insider::of(&server).answers(&key);
    server.haechi(&["app", "set", "default", "--lang", "ja"]).json();
    let inspected = server.haechi(&["inspect", &key, "--answer"]).json();
    let (picture, words) = (&inspected["answer"], &inspected["answers"]);
    assert_eq!((picture, &words["ja"]), (&json!(korean["ko"]), &json!(korean["ko"])));
    assert_eq!(words["en"], korean["en"]);
    assert_eq!(server.verify(appkey, &key, words["ko"].as_str().unwrap()), 0);
}

#[test]
fn a_challenge_that_is_issued_in_a_language_has_one_word() {
    let server = TestServer::start();
    let (appkey, insider) = (server.appkey(), Insider::of(&server));
    let issue = |query: &str| server.post(&format!("/captcha/v1.0/appkeys/{appkey}/keys{query}"));
    for query in ["?lang=ja", "?lang=ja-JP", "?lang=JA_Hira&timestamp=1", "?lang=ja&lang=j%61"] {
        let key = issue(query).json()["key"].as_str().unwrap().to_owned();
        let words = insider.answers(&key);
        assert!(words.keys().eq(["ja"]), "{query}: {words:?}");
        let inspected = server.haechi(&["inspect", &key, "--answer"]).json();
        let said = (&inspected["language"], &inspected["answers"]);
        assert_eq!(said, (&json!("ja"), &json!({ "ja": inspected["answer"] })));
        assert_eq!(server.verify(appkey, &key, &words["ja"]), 0, "{query}");
    }
}

#[test]
fn a_language_that_cannot_be_fixed_is_refused() {
    let server = TestServer::start();
    let refused = ["?lang=fr", "?lang=", "?lang", "?lang=korean", "?lang=ko&lang=en", "?lang=%zz", "?lang=%ff"];
    for query in refused {
        let reply = server.post(&format!("/captcha/v1.0/appkeys/{}/keys{query}", server.appkey()));
        check(&reply, 200, -2, "PARAMETER_ERROR");
        let reply = server.post(&format!("/captcha/v1.0/appkeys/{UNKNOWN_APPKEY}/keys{query}"));
        check(&reply, 200, -4, "APPKEY_ERROR");
    }
}

#[test]
fn keys_of_one_server_are_all_different() {
    let server = TestServer::start();
    let keys: std::collections::HashSet<String> = (0..500).map(|_| server.issue(server.appkey())).collect();
    assert_eq!(keys.len(), 500);
}

#[test]
fn health_readiness_metrics_and_documents_are_served() {
    if ledger_is_shared() {
        return not_tested("the ledger is in Redis");
    }
    let server = TestServer::start();
    let key = server.issue(server.appkey());
    server.verify(server.appkey(), &key, "wrong");
    server.get(&format!("/captcha/v1.0/keys/{key}/img"));
    assert_eq!(server.get("/healthz").json()["status"], "ok");
    assert_eq!(server.get("/readyz").json()["status"], "ready");

    let metrics = server.get("/metrics").text().to_owned();
    for line in [
        "haechi_requests_total{route=\"issue\",status=\"200\"} 1",
        "haechi_results_total{call=\"verify\",code=\"WRONG_ANSWER_ERROR\"} 1",
        "haechi_render_seconds_count 1",
        "haechi_ledger_seconds_count 1",
        "haechi_ledger_records 1",
        "haechi_apps 1",
        "haechi_panics_total 0",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} is not in\n{metrics}");
    }

    let served = server.get("/openapi.json").json();
    assert_eq!(served["openapi"].as_str().map(|version| &version[..2]), Some("3."));
    let is_public = |path: &&String| path.starts_with("/captcha/v1.0/");
    assert_eq!(served["paths"].as_object().unwrap().keys().filter(is_public).count(), 5);
    assert_eq!(served, server.haechi(&["openapi"]).json());
    let page = server.get("/docs/");
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
}

#[test]
fn every_reply_is_named_and_says_what_a_browser_may_do_with_it() {
    let server = TestServer::with_args(&["--log", "debug", "--trusted-proxies", "127.0.0.1"]);
    for path in
        ["/", "/healthz", "/nowhere", "/metrics", "/openapi.json", "/docs/", "/console", "/captcha/v1.0/keys/x/img"]
    {
        let request = ureq::http::Request::get(format!("{}{path}", server.url()));
        let reply = send_request(request.header("x-request-id", "proxy-made.1").body(()).unwrap());
        assert_eq!(reply.header("x-request-id"), "proxy-made.1", "{path}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        let policy = reply.header("content-security-policy");
        assert!(
            policy.contains("frame-ancestors 'none'") && !policy.contains("script-src 'unsafe"),
            "{path}: {policy}"
        );
        assert!(!reply.header("referrer-policy").is_empty(), "{path}");
    }
    server.logged("request{id=\"proxy-made.1\"}");
    assert_eq!(TestServer::start().get("/healthz").header("x-request-id").len(), 16);
}
