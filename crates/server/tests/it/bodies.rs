//! What old, careless and hostile clients send: charsets, numbers, marks, other types, too much.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

use ureq::AsSendBody;

use crate::{
    api::{Insider, post_body, request, verification},
    server::{Reply, TestServer},
};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const MULTIPART: &str = "multipart/form-data; boundary=x";

/// A server, and what an insider knows.
struct Site {
    server: TestServer,
    insider: Insider,
}

impl Site {
    fn start() -> Self {
        let server = TestServer::start();
        let insider = Insider::of(&server);
        Self { server, insider }
    }

    /// Posts a body that is made of a new key's answer, after this query.
    fn post<Body: AsSendBody>(&self, query: &str, content_type: &str, body: impl FnOnce(&str) -> Body) -> Reply {
        let key = self.server.issue(self.server.appkey());
        let path = verification(self.server.appkey(), &key, query);
        post_body(&self.server, &path, content_type, body(&self.insider.answer(&key)))
    }

    /// Checks that such a body passes.
    #[track_caller]
    fn passes<Body: AsSendBody>(&self, content_type: &str, body: impl FnOnce(&str) -> Body) {
        let reply = self.post("", content_type, body);
        assert_eq!(reply.code(), 0, "{content_type}: {}", reply.text());
    }

    /// Checks that such a body is refused, in the envelope as the contract has it, with the reason beside it.
    #[track_caller]
    fn is_refused<Body: AsSendBody>(&self, content_type: &str, body: impl FnOnce(&str) -> Body, reason: &str) {
        let reply = self.post("", content_type, body);
        let envelope = r#"{"header":{"resultCode":-2,"resultMessage":"PARAMETER_ERROR","successful":false}}"#;
        assert_eq!((reply.status, reply.text()), (200, envelope), "{content_type}");
        assert_eq!(reply.header("x-haechi-reason"), reason, "{content_type}");
    }
}

fn part(answer: &str) -> String {
    format!("--x\r\nContent-Disposition: form-data; name=\"answer\"\r\n\r\n{answer}\r\n--x--\r\n")
}

/// What is typed when a letter's key is pressed with the Korean layout on, in EUC-KR.
fn korean_in_euc_kr(answer: &str) -> Vec<u8> {
    const LAYOUT: &str = "ㅁㅠㅊㅇㄷㄹㅎㅗㅑㅓㅏㅣㅡㅜㅐㅔㅂㄱㄴㅅㅕㅍㅈㅌㅛㅋ";
    // The letters of compatibility jamo lie in one row of KS X 1001, from A4 A1 on, as in Unicode from U+3131 on.
    let encode = |letter: char| [0xa4, (letter as u32 - 0x3131 + 0xa1) as u8];
    let typed = |character: u8| match character {
        b'A'..=b'Z' => encode(LAYOUT.chars().nth(usize::from(character - b'A')).unwrap()).to_vec(),
        digit => vec![digit],
    };
    answer.bytes().flat_map(typed).collect()
}

/// In full width, in Shift_JIS: digits from 82 4F on, letters from 82 60 on.
fn full_width_in_shift_jis(answer: &str) -> Vec<u8> {
    let encode = |character: u8| match character {
        b'0'..=b'9' => [0x82, 0x4f + character - b'0'],
        letter => [0x82, 0x60 + letter - b'A'],
    };
    answer.bytes().flat_map(encode).collect()
}

fn percent(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("%{byte:02X}")).collect()
}

fn with(before: &str, bytes: &[u8], after: &str) -> Vec<u8> {
    [before.as_bytes(), bytes, after.as_bytes()].concat()
}

#[test]
fn forms_and_json_are_read_in_their_charset() {
    let site = Site::start();
    let (form, json) =
        (|charset: &str| format!("{FORM}; charset={charset}"), |charset: &str| format!("{JSON};charset={charset}"));
    site.passes(&form("EUC-KR"), |answer| format!("answer={}", percent(&korean_in_euc_kr(answer))));
    site.passes(&form("\"euc-kr\""), |answer| with("answer=", &korean_in_euc_kr(answer), ""));
    site.passes(&form("ks_c_5601-1987"), |answer| with("answer=", &korean_in_euc_kr(answer), "&other=1"));
    site.passes(&form("Shift_JIS"), |answer| format!("answer={}", percent(&full_width_in_shift_jis(answer))));
    site.passes(&form("windows-31j"), |answer| with("answer=", &full_width_in_shift_jis(answer), ""));
    site.passes(&json("euc-kr"), |answer| with("{\"answer\":\"", &korean_in_euc_kr(answer), "\"}"));
    site.passes(&json("shift_jis"), |answer| with("{\"answer\":\"", &full_width_in_shift_jis(answer), "\"}"));
    site.passes(MULTIPART, |answer| {
        let before = "--x\r\nContent-Disposition: form-data; name=\"answer\"\r\nContent-Type: text/plain; charset=euc-kr\r\n\r\n";
        with(before, &korean_in_euc_kr(answer), "\r\n--x--\r\n")
    });

    // Nothing is guessed.
    site.is_refused(FORM, |answer| format!("answer={}", percent(&korean_in_euc_kr(&format!("T{answer}")))), "encoding");
    site.is_refused(JSON, |answer| with("{\"answer\":\"", &korean_in_euc_kr(&format!("T{answer}")), "\"}"), "encoding");
    site.is_refused(&form("euc-kr"), |_| "answer=%A4", "encoding");
    site.is_refused(&form("klingon"), |answer| format!("answer={answer}"), "charset");
    site.is_refused(&form("iso-2022-kr"), |answer| format!("answer={answer}"), "charset");
}

#[test]
fn json_is_read_behind_a_mark_and_a_whole_number_as_it_is_written() {
    let site = Site::start();
    site.passes(JSON, |answer| format!("\u{feff}{{\"answer\":\"{answer}\"}}"));
    site.passes(FORM, |answer| format!("\u{feff}answer={answer}"));
    // Of a key's answers one in a million is this one.
    let wrong = |body: &'static str| site.post("", JSON, |_| body).code();
    assert_eq!([wrong(r#"{"answer":66976}"#), wrong(r#"{"answer":"66976"}"#)], [-6, -6]);
    for number in ["66976.0", "1e5", "-66976", "true", "[66976]", r#"{"answer":66976}"#] {
        site.is_refused(JSON, |_| format!("{{\"answer\":{number}}}"), "value");
    }
    for broken in ["066976", "+66976", "6 6", "NaN"] {
        site.is_refused(JSON, |_| format!("{{\"answer\":{broken}}}"), "json");
    }
}

#[test]
fn a_number_passes_for_a_key_whose_answer_has_only_digits() {
    let server = TestServer::start();
    let insider = Insider::of(&server);
    server.haechi(&["app", "set", "default", "--answer-length", "4", "--rate-per-sec", "0"]).json();
    let is_number = |key: &String| insider.answer(key).bytes().all(|byte| byte.is_ascii_digit());
    let mut keys = std::iter::repeat_with(|| server.issue(server.appkey())).take(20_000);
    let key = keys.find(is_number).expect("one of a few hundred is of digits alone");
    let body = format!("{{\"answer\":{}}}", insider.answer(&key));
    assert_eq!(post_body(&server, &verification(server.appkey(), &key, ""), JSON, body).code(), 0);
}

#[test]
fn multipart_is_read_and_a_body_of_another_type_is_refused() {
    let site = Site::start();
    site.passes(MULTIPART, part);
    site.passes("", |answer| format!("answer={answer}"));
    for other in ["text/plain", "text/plain; charset=utf-8", "application/octet-stream", "text/xml", "x"] {
        site.is_refused(other, |answer| format!("answer={answer}"), "content-type");
        // The body might say something else than the query.
        assert_eq!(site.post("?answer=x", other, |_| "answer=y").code(), -2, "{other}");
        assert_eq!(site.post("?answer=x", other, |_| "").code(), -6, "{other}");
    }
    site.is_refused("multipart/form-data", part, "multipart");
    site.is_refused(MULTIPART, |answer| format!("answer={answer}"), "multipart");
}

#[test]
fn two_answers_are_none_wherever_they_stand() {
    let site = Site::start();
    site.is_refused(JSON, |answer| format!(r#"{{"answer":"wrong","answer":"{answer}"}}"#), "ambiguous");
    site.is_refused(FORM, |answer| format!("answer=wrong&answer={answer}"), "ambiguous");
    site.is_refused(MULTIPART, |answer| part("wrong").replace("--x--\r\n", &part(answer)), "ambiguous");
    site.passes(JSON, |answer| format!(r#"{{"answer":"{answer}","answer":"{answer}"}}"#));
    for (content_type, body) in [(FORM, "answer=y"), (JSON, r#"{"answer":"y"}"#), (MULTIPART, &part("y"))] {
        let reply = site.post("?answer=x", content_type, |_| body);
        assert_eq!((reply.code(), reply.header("x-haechi-reason")), (-2, "ambiguous"), "{content_type}");
        assert_eq!(site.post("?answer=y", content_type, |_| body).code(), -6, "{content_type}");
    }
    // At siteverify and at the widget's calls in their own words.
    let twice = r#"{"secret":"a","secret":"b","response":"c","sitekey":"d","sitekey":"e"}"#;
    let reply = post_body(&site.server, "/siteverify", JSON, twice);
    assert_eq!((reply.status, &*reply.json()["error-codes"][0].to_string()), (200, "\"bad-request\""));
    let reply = post_body(&site.server, "/widget/v1/begin", JSON, twice);
    assert_eq!((reply.status, reply.json()["message"].as_str()), (400, Some("a parameter has two values")));
}

#[test]
fn the_reason_of_a_refusal_stands_in_a_header() {
    let site = Site::start();
    let (server, appkey) = (&site.server, site.server.appkey());
    let key = server.issue(appkey);
    let many = format!("?{}answer=x", "a=b&".repeat(64));
    let long = format!("?answer={}", "a".repeat(257));
    for (query, reason) in [
        ("?answer=%zz", "encoding"),
        ("?answer=%A4%B5", "encoding"),
        ("?answer=a&answer=b", "ambiguous"),
        (&long, "too-long"),
        (&many, "too-many"),
    ] {
        let reply = server.get(&verification(appkey, &key, query));
        assert_eq!((reply.code(), reply.header("x-haechi-reason")), (-2, reason), "{query}");
    }
    let app = format!("/captcha/v1.0/appkeys/{appkey}");
    for (reply, reason) in [
        (server.delete(&app), "missing"),
        (server.delete(&format!("{app}?{}key={key}", "a=b&".repeat(64))), "too-many"),
        (server.post(&format!("{app}/keys?lang=fr")), "value"),
        (server.post(&format!("{app}/keys?{}", "a=b&".repeat(65))), "too-many"),
    ] {
        assert_eq!((reply.code(), reply.header("x-haechi-reason")), (-2, reason));
    }
    let wrong = server.get(&verification(appkey, &key, "?answer=wrong"));
    assert!(wrong.code() == -6 && !wrong.headers.contains_key("x-haechi-reason"));
}

#[test]
fn sixty_four_parameters_are_read_empty_ones_not_counted() {
    let site = Site::start();
    let (server, appkey) = (&site.server, site.server.appkey());
    let answered = |query: &dyn Fn(&str) -> String| {
        let key = server.issue(appkey);
        server.get(&verification(appkey, &key, &query(&site.insider.answer(&key)))).code()
    };
    assert_eq!(answered(&|answer| format!("?{}answer={answer}", "a=b&".repeat(63))), 0);
    assert_eq!(answered(&|answer| format!("?{0}answer={answer}{0}", "&".repeat(3_000))), 0);
    assert_eq!(answered(&|answer| format!("?answer={answer}&{}", "a=b&".repeat(64))), -2);
    let parts = |count: usize| {
        move |answer: &str| part("x").replace("answer", "a").replace("--x--\r\n", "").repeat(count) + &part(answer)
    };
    site.passes(MULTIPART, parts(63));
    site.is_refused(MULTIPART, parts(64), "too-many");
    site.is_refused(FORM, |answer| format!("answer={answer}&{}", "a&".repeat(64)), "too-many");
    site.is_refused(JSON, |answer| format!(r#"{{{}"answer":"{answer}"}}"#, r#""a":1,"#.repeat(64)), "json");
}

/// What a query says wrongly of a picture it has not said, and so it is with one that says too much.
#[test]
fn a_picture_is_drawn_whatever_its_query_says() {
    let site = Site::start();
    let key = site.server.issue(site.server.appkey());
    let image = |query: &str| site.server.get(&format!("/captcha/v1.0/keys/{key}/img{query}"));
    let (usual, large) = (image("").body, image("?scale=2").body);
    assert_ne!(usual, large);
    let wishes = |count: usize| format!("?{}scale=2", "a=b&".repeat(count));
    for (query, expected) in [
        (wishes(63), &large),
        (wishes(64), &usual),
        (format!("?{}", "&".repeat(7_000)), &usual),
        (format!("?{}&scale=2", "&".repeat(7_000)), &large),
    ] {
        let reply = image(&query);
        assert!(reply.status == 200 && reply.body == *expected, "{query}");
    }
}

#[test]
fn a_pages_script_can_read_what_its_call_is_refused_with_before_it_is_made() {
    let site = Site::start();
    let large = "a".repeat(17 * 1024);
    let long = format!("/widget/v1/begin?{}", "a".repeat(9_000));
    for (reply, status) in [
        (site.server.post("/widget/v1/nothing"), 404),
        (site.server.post(&long), 414),
        (post_body(&site.server, "/widget/v1/begin", FORM, &large), 413),
        (request("POST", &format!("{}/widget/v1/begin", site.server.url()), &[("x-large", &large)]), 431),
    ] {
        assert_eq!((reply.status, reply.header("access-control-allow-origin")), (status, "*"));
        assert!(reply.json()["error"].is_string());
    }
}

/// Its reply could otherwise be lost on its way, and a proxy would say that the server is gone.
#[test]
fn a_body_that_is_too_large_is_read_before_its_client_is_told() {
    let server = TestServer::start();
    let connect = || {
        let stream = TcpStream::connect(server.url().strip_prefix("http://").unwrap()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    };
    let head = |kind: &str| format!("POST /siteverify HTTP/1.1\r\nHost: a\r\nContent-Type: {FORM}\r\n{kind}\r\n\r\n");
    let status = |reader: &mut BufReader<&TcpStream>| {
        let mut lines = std::iter::from_fn(|| {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            Some(line).filter(|line| !line.trim().is_empty())
        });
        let status = lines.next().unwrap_or_default();
        let length: usize =
            lines.find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok()).unwrap_or(0);
        lines.for_each(drop);
        reader.read_exact(&mut vec![0; length]).unwrap();
        status
    };
    let stream = connect();
    let mut reader = BufReader::new(&stream);
    let chunked = [b"5000\r\n".to_vec(), vec![b'a'; 0x5000], b"\r\n0\r\n\r\n".to_vec()].concat();
    for (kind, body) in [("Content-Length: 20000", vec![b'a'; 20_000]), ("Transfer-Encoding: chunked", chunked)] {
        (&stream).write_all(head(kind).as_bytes()).unwrap();
        // The rest comes when a reply that did not wait for it would be there.
        stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        assert!((&stream).read(&mut [0]).is_err(), "{kind}");
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        (&stream).write_all(&body).unwrap();
        assert!(status(&mut reader).starts_with("HTTP/1.1 413 "), "{kind}");
        // The connection is as good as before.
        (&stream).write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        assert!(status(&mut reader).starts_with("HTTP/1.1 200 "), "{kind}");
    }
    // What is far too large is not waited for.
    let stream = connect();
    (&stream).write_all(head("Content-Length: 70000").as_bytes()).unwrap();
    assert!(status(&mut BufReader::new(&stream)).starts_with("HTTP/1.1 413 "));
}
