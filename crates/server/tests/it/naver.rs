//! NAVER's CAPTCHA in both generations, called as their clients do.

use std::{thread, time::Duration};

use serde_json::{Value, json};
use ureq::http::Request;

use crate::server::{Reply, TestServer, send_request};

/// A generation: the names of its headers, and its addresses.
struct Generation {
    id: &'static str,
    secret: &'static str,
    nkey: &'static str,
    ncaptcha: &'static str,
    skey: &'static str,
    scaptcha: &'static str,
}

const CLOUD: Generation = Generation {
    id: "X-NCP-APIGW-API-KEY-ID",
    secret: "X-NCP-APIGW-API-KEY",
    nkey: "/captcha/v1/nkey",
    ncaptcha: "/captcha-bin/v1/ncaptcha",
    skey: "/scaptcha/v1/skey",
    scaptcha: "/scaptcha-bin/v1/scaptcha",
};

const DEVELOPERS: Generation = Generation {
    id: "X-Naver-Client-Id",
    secret: "X-Naver-Client-Secret",
    nkey: "/v1/captcha/nkey",
    ncaptcha: "/v1/captcha/ncaptcha.bin",
    skey: "/v1/captcha/skey",
    scaptcha: "/v1/captcha/scaptcha",
};

/// A site that uses NAVER's CAPTCHA.
struct Site<'a> {
    server: &'a TestServer,
    generation: &'a Generation,
    id: String,
    secret: String,
}

impl<'a> Site<'a> {
    fn of(server: &'a TestServer, generation: &'a Generation) -> Self {
        let said = |name: &str| server.announcement()[name].as_str().unwrap().to_owned();
        Self { server, generation, id: said("site_key"), secret: said("secret") }
    }

    fn call(&self, path_and_query: &str) -> Reply {
        send_request(self.request(path_and_query))
    }

    fn request(&self, path_and_query: &str) -> Request<()> {
        let request = Request::get(format!("{}{path_and_query}", self.server.url()))
            .header(self.generation.id, &self.id)
            .header(self.generation.secret, &self.secret)
            .header("Content-Type", "application/x-www-form-urlencoded");
        request.body(()).unwrap()
    }

    /// A key from this address, as clients pull it out.
    fn key(&self, address: &str) -> String {
        let reply = self.call(&format!("{address}?code=0"));
        assert_eq!((reply.status, reply.header("cache-control")), (200, "no-store"), "{}", reply.text());
        let key = reply.text().strip_prefix("{\"key\":\"").and_then(|rest| rest.strip_suffix("\"}")).unwrap();
        assert!(key.len() == 32 && key.bytes().all(|byte| byte.is_ascii_hexdigit()), "{key}");
        key.to_owned()
    }

    fn judge(&self, address: &str, key: &str, value: &str) -> Reply {
        self.call(&format!("{address}?code=1&key={key}&value={value}"))
    }

    /// Whether an answer is right.
    fn result(&self, address: &str, key: &str, value: &str) -> bool {
        let reply = self.judge(address, key, value);
        assert_eq!(reply.status, 200, "{}", reply.text());
        let said = reply.json();
        let secs = said["responseTime"].as_f64().unwrap();
        assert!((0.0..60.0).contains(&secs), "{said}");
        assert!(reply.text().contains(".0}"), "a client may read a fraction alone: {}", reply.text());
        said["result"].as_bool().unwrap()
    }

    fn answer(&self, key: &str) -> String {
        self.server.answer_of(&with_hyphens(key))
    }
}

/// A key as NHN's API has it.
fn with_hyphens(key: &str) -> String {
    [&key[..8], &key[8..12], &key[12..16], &key[16..20], &key[20..]].join("-")
}

fn invalid_key() -> Value {
    json!({ "result": false, "errorMessage": "Invalid key.", "errorCode": "CT001" })
}

#[track_caller]
fn check(reply: &Reply, status: u16, said: &Value) {
    assert_eq!((reply.status, &reply.json()), (status, said));
}

#[test]
fn a_site_of_either_generation_gets_a_key_a_picture_and_a_verdict() {
    for generation in [&CLOUD, &DEVELOPERS] {
        let server = TestServer::start();
        let site = Site::of(&server, generation);
        let key = site.key(generation.nkey);
        for id in [format!("&X-NCP-APIGW-API-KEY-ID={}", site.id), String::new()] {
            let picture = server.get(&format!("{}?key={key}{id}", generation.ncaptcha));
            assert_eq!((picture.status, picture.header("content-type")), (200, "image/jpeg"));
            assert!(picture.body.starts_with(&[0xff, 0xd8, 0xff]) && picture.body.ends_with(&[0xff, 0xd9]));
            assert_eq!(
                (picture.header("cache-control"), picture.header("access-control-allow-origin")),
                ("no-store", "*")
            );
        }
        assert!(!site.result(generation.nkey, &key, "00000"));
        check(&site.judge(generation.nkey, &key, &site.answer(&key)), 403, &invalid_key());

        let key = site.key(generation.nkey);
        let answer = site.answer(&key);
        assert!(!site.result(generation.nkey, &key, ""), "nothing was answered, and that takes no attempt");
        assert!(site.result(generation.nkey, &with_hyphens(&key), &answer.to_lowercase()));
        check(&site.judge(generation.nkey, &key, &answer), 403, &invalid_key());
        check(&site.judge(generation.nkey, &key.to_uppercase(), &answer), 403, &invalid_key());
        assert!(site.call(generation.nkey).text().starts_with("{\"key\":"), "code is 0 if not given");
    }
}

#[test]
fn a_sound_is_of_digits_whatever_the_app_asks_for() {
    let server = TestServer::start();
    for generation in [&CLOUD, &DEVELOPERS] {
        let site = Site::of(&server, generation);
        let key = site.key(generation.skey);
        let answer = site.answer(&key);
        assert!(answer.len() == 7 && answer.bytes().all(|byte| b"2345679".contains(&byte)), "{answer}");
        let sound = server.get(&format!("{}?key={key}", generation.scaptcha));
        assert_eq!((sound.status, sound.header("content-type")), (200, "audio/wav"));
        assert!(sound.body.starts_with(b"RIFF") && sound.body.len() > 100_000, "{}", sound.body.len());
        // NHN's calls and the picture show such a key too.
        assert_eq!(server.get(&format!("/captcha/v1.0/keys/{}/sound", with_hyphens(&key))).body, sound.body);
        assert_eq!(server.get(&format!("{}?key={key}", generation.ncaptcha)).status, 200);
        assert!(site.result(generation.skey, &key, &answer));
    }
    assert_eq!(server.get("/v1/captcha/scaptcha.bin?key=x").status, 403);
}

#[test]
fn a_key_passes_once_whichever_dialect_judges_it() {
    let server = TestServer::start();
    let cloud = Site::of(&server, &CLOUD);
    let key = cloud.key(CLOUD.nkey);
    let answer = cloud.answer(&key);
    assert_eq!(server.verify(server.appkey(), &with_hyphens(&key), &answer), 0);
    check(&cloud.judge(CLOUD.nkey, &key, &answer), 403, &invalid_key());

    let key = server.issue(server.appkey());
    let answer = server.answer_of(&key);
    assert!(Site::of(&server, &DEVELOPERS).result(DEVELOPERS.nkey, &key.replace('-', ""), &answer));
    assert_eq!(server.verify(server.appkey(), &key, &answer), -5);
    check(&cloud.judge(CLOUD.skey, &key, &answer), 403, &invalid_key());
}

#[test]
fn of_many_answers_at_once_in_both_dialects_one_passes() {
    let server = TestServer::start();
    let (site, old) = (Site::of(&server, &CLOUD), Site::of(&server, &DEVELOPERS));
    for _ in 0..5 {
        let key = site.key(CLOUD.nkey);
        let (answer, hyphened) = (site.answer(&key), with_hyphens(&key));
        let request = |number: usize| match number % 3 {
            0 => {
                let nhn = format!("/captcha/v1.0/appkeys/{}/keys/{hyphened}/verification", server.appkey());
                site.request(&format!("{nhn}?answer={answer}"))
            }
            1 => site.request(&format!("{}?code=1&key={key}&value={answer}", CLOUD.nkey)),
            _ => old.request(&format!("{}?code=1&key={hyphened}&value={answer}", DEVELOPERS.nkey)),
        };
        let requests: Vec<Request<()>> = (0..12).map(request).collect();
        let passes = thread::scope(|scope| {
            let judges: Vec<_> = requests
                .into_iter()
                .map(|request| scope.spawn(move || send_request(request).text().to_owned()))
                .collect();
            let replies = judges.into_iter().map(|judge| judge.join().unwrap());
            replies.filter(|said| said.contains("\"resultCode\":0") || said.contains("\"result\":true")).count()
        });
        assert_eq!(passes, 1);
    }
}

#[test]
fn only_the_app_itself_issues_and_judges() {
    let server = TestServer::start();
    let other = server.haechi(&["app", "create", "other"]).json();
    let cloud_words = json!({ "error": {
        "errorCode": "200", "message": "Authentication Failed", "details": "Authentication information is missing or invalid."
    } });
    let open_words = json!({ "errorMessage": "Authentication failed. (인증에 실패했습니다.)", "errorCode": "024" });
    for (generation, words) in [(&CLOUD, &cloud_words), (&DEVELOPERS, &open_words)] {
        let site = Site::of(&server, generation);
        let key = site.key(generation.nkey);
        let text = |name: &str| other[name].as_str().unwrap().to_owned();
        let (id, secret) = (site.id.clone(), site.secret.clone());
        for (id, secret) in [
            (String::new(), secret.clone()),
            (id.clone(), String::new()),
            (id.clone(), text("secret")),
            (text("site_key"), secret.clone()),
            (secret.clone(), id.clone()),
            ("x".to_owned(), "y".to_owned()),
        ] {
            let stranger = Site { server: &server, generation, id, secret };
            for query in ["", "?code=0", &format!("?code=1&key={key}&value=x"), "?code=7"] {
                check(&stranger.call(&format!("{}{query}", generation.nkey)), 401, words);
                check(&stranger.call(&format!("{}{query}", generation.skey)), 401, words);
            }
        }
        check(&server.get(generation.nkey), 401, words);
        let others = Site { server: &server, generation, id: text("site_key"), secret: text("secret") };
        check(&others.judge(generation.nkey, &key, &site.answer(&key)), 403, &invalid_key());
        assert!(site.result(generation.nkey, &key, &site.answer(&key)), "nobody has taken an attempt");
    }
}

#[test]
fn a_secret_that_was_changed_is_good_as_long_as_it_is_said_to_be() {
    let server = TestServer::start();
    let old = Site::of(&server, &CLOUD);
    let changed = server.haechi(&["app", "secret", "rotate", "default", "--grace-secs", "3600"]).json();
    let new = Site { secret: changed["secret"].as_str().unwrap().to_owned(), ..Site::of(&server, &CLOUD) };
    assert_ne!(old.secret, new.secret);
    let key = old.key(CLOUD.nkey);
    assert!(new.result(CLOUD.nkey, &key, &new.answer(&key)));
    assert_eq!(server.haechi(&["app", "disable", "default"]).code, 0);
    assert_eq!(new.call(CLOUD.nkey).status, 401);
}

#[test]
fn what_cannot_be_shown_is_refused_in_words_and_to_a_browser_in_a_picture() {
    let server = TestServer::start();
    let work = "a9859757-5b5a-42d1-bc85-c560b0141ec1";
    for path in
        ["/captcha-bin/v1/ncaptcha", "/v1/captcha/ncaptcha.bin", "/scaptcha-bin/v1/scaptcha", "/v1/captcha/scaptcha"]
    {
        for query in ["", "?key=", "?key=x", &format!("?key={work}"), &format!("?key={}", work.replace('-', ""))] {
            check(&server.get(&format!("{path}{query}")), 403, &invalid_key());
        }
    }
    let ask = |accept: &str, extra: Option<(&str, &str)>, path: &str| {
        let request = Request::get(format!("{}{path}", server.url())).header("Accept", accept);
        let request = extra.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        send_request(request.body(()).unwrap())
    };
    let in_browser = ask("image/avif,image/webp,*/*;q=0.8", None, "/captcha-bin/v1/ncaptcha?key=x");
    assert_eq!((in_browser.status, in_browser.header("content-type")), (403, "image/jpeg"));
    assert!(in_browser.body.starts_with(&[0xff, 0xd8, 0xff]));
    let in_java = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2";
    check(&ask(in_java, None, "/captcha-bin/v1/ncaptcha?key=x"), 403, &invalid_key());
    let in_player = ask("*/*", Some(("Sec-Fetch-Dest", "audio")), "/v1/captcha/scaptcha?key=x");
    assert_eq!((in_player.status, in_player.header("content-type")), (200, "audio/wav"));
}

#[test]
fn what_is_asked_wrongly_is_refused_in_the_words_of_the_generation() {
    let server = TestServer::start();
    let gateway = |code: &str, message: &str, details: &str| json!({ "error": { "errorCode": code, "message": message, "details": details } });
    let bad = gateway("100", "Bad Request Exception", "The request cannot be read.");
    let site = Site::of(&server, &CLOUD);
    for query in ["?code=2", "?code=x", "?code=0&code=1", "?code=1&key=a&key=b", "?code=1&key=%zz"] {
        check(&site.call(&format!("{}{query}", CLOUD.nkey)), 400, &bad);
    }
    check(&site.call(&format!("{}?code=1", CLOUD.nkey)), 403, &invalid_key());
    for path in ["/captcha/v1", "/captcha/v1/nothing", "/captcha-bin/v1", "/scaptcha/v2/skey"] {
        check(&server.get(path), 404, &gateway("300", "Not Found Exception", "URL not found."));
    }
    let posted = server.post("/captcha/v1/nkey");
    check(&posted, 405, &gateway("300", "Not Found Exception", "The URL has no such method."));
    assert_eq!(posted.header("allow"), "GET");
    let open = |code: &str, message: &str| json!({ "errorMessage": message, "errorCode": code });
    check(&server.get("/v1/captcha/nothing"), 404, &open("051", "Api not exists. (존재하지 않는 API 입니다.)"));
    let old = Site::of(&server, &DEVELOPERS);
    let malformed = open("061", "Malformed request. (잘못된 형식의 요청입니다.)");
    check(&old.call(&format!("{}?code=9", DEVELOPERS.nkey)), 400, &malformed);
}

#[test]
fn issuing_and_judging_are_counted_and_limited_apart() {
    let server = TestServer::with_args(&["--issue-per-minute", "2", "--verify-per-minute", "1"]);
    let site = Site::of(&server, &CLOUD);
    let key = site.key(CLOUD.nkey);
    site.key(CLOUD.nkey);
    let refused = site.call(CLOUD.nkey);
    assert_eq!((refused.status, refused.json()["error"]["errorCode"].as_str()), (429, Some("420")));
    assert_ne!(refused.header("retry-after"), "");
    assert!(site.result(CLOUD.nkey, &key, &site.answer(&key)), "answers have a limit of their own");
    let old = Site::of(&server, &DEVELOPERS).judge(DEVELOPERS.nkey, &key, "x");
    assert_eq!((old.status, old.json()["errorCode"].as_str()), (429, Some("012")));
    let metrics = server.get("/metrics").text().to_owned();
    for line in [
        "haechi_requests_total{route=\"issue\",status=\"200\"} 2",
        "haechi_requests_total{route=\"issue\",status=\"429\"} 1",
        "haechi_requests_total{route=\"verify\",status=\"200\"} 1",
        "haechi_requests_total{route=\"verify\",status=\"429\"} 1",
        "haechi_limited_total{call=\"issue\"} 1",
        "haechi_limited_total{call=\"verify\"} 1",
        "haechi_results_total{call=\"verify\",code=\"SUCCESS\"} 1",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} is not in {metrics}");
    }
}

#[test]
fn a_request_that_comes_again_by_its_name_has_its_verdict_again() {
    let server = TestServer::start();
    let site = Site::of(&server, &CLOUD);
    let key = site.key(CLOUD.nkey);
    let url = format!("{}{}?code=1&key={key}&value={}", server.url(), CLOUD.nkey, site.answer(&key));
    for _ in 0..3 {
        let request = Request::get(&url).header(CLOUD.id, &site.id).header(CLOUD.secret, &site.secret);
        let reply = send_request(request.header("Idempotency-Key", "order-7").body(()).unwrap());
        assert_eq!((reply.status, reply.json()["result"].as_bool()), (200, Some(true)));
    }
    check(&site.judge(CLOUD.nkey, &key, "x"), 403, &invalid_key());
}

#[test]
fn the_time_of_an_answer_is_in_seconds() {
    let server = TestServer::start();
    let site = Site::of(&server, &CLOUD);
    let key = site.key(CLOUD.nkey);
    let answer = site.answer(&key);
    thread::sleep(Duration::from_millis(2_100));
    let said = site.judge(CLOUD.nkey, &key, &answer).json();
    assert!(said["result"] == true && (2.0..20.0).contains(&said["responseTime"].as_f64().unwrap()), "{said}");
}

#[test]
fn an_app_of_digits_asks_for_them_everywhere() {
    let server = TestServer::with_args(&["--demo"]);
    let made = server.haechi(&["app", "create", "numbers", "--alphabet", "digits", "--answer-length", "6"]);
    let app = made.json();
    let appkey = app["appkey"].as_str().unwrap();
    let key = server.issue(appkey);
    let answer = server.answer_of(&key);
    assert!(answer.len() == 6 && answer.bytes().all(|byte| b"2345679".contains(&byte)), "{answer}");
    assert_eq!(server.get(&format!("/captcha/v1.0/keys/{key}/img")).status, 200);
    let without_scripts = format!("/recaptcha/api/fallback?hl=en&k={}", app["site_key"].as_str().unwrap());
    let page = server.get(&without_scripts).text().to_owned();
    assert!(page.contains("Type the 6 digits that you see") && page.contains("6 distorted digits"), "{page}");
    assert!(server.get("/?lang=en").text().contains("Type the 5 letters and digits"), "the demo's app has the usual");
    // Its keys keep their words when the setting changes.
    assert_eq!(server.haechi(&["app", "set", "numbers", "--alphabet", "standard"]).code, 0);
    assert_eq!(server.answer_of(&key), answer);
    assert!(server.answer_of(&server.issue(appkey)).bytes().any(|byte| byte.is_ascii_alphabetic()));
    assert_eq!(server.verify(appkey, &key, &answer), 0);
    let few = server.haechi(&["app", "set", "numbers", "--alphabet", "digits", "--answer-length", "4"]);
    assert!(few.stderr.contains("4 digits are easily guessed"), "{}", few.stderr);
}
