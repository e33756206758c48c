//! Refusals in the words of the path's dialect, wherever on a request's way they come from.

use crate::server::{Reply, TestServer, send, send_request};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Words {
    Envelope,
    Problem,
    Page,
    Verdict,
    Fault,
    Gateway,
    OpenApi,
}

#[track_caller]
pub(crate) fn check(reply: &Reply, status: u16, words: Words) {
    let expected = match words {
        Words::Envelope | Words::Verdict | Words::Fault | Words::Gateway | Words::OpenApi => "application/json",
        Words::Problem => "application/problem+json",
        Words::Page => "text/html; charset=utf-8",
    };
    assert_eq!((reply.status, reply.header("content-type")), (status, expected), "{}", reply.text());
    match words {
        Words::Envelope => assert!(reply.json()["header"]["resultCode"].as_i64().is_some_and(|code| code < 0)),
        Words::Problem => assert_eq!(reply.json()["status"], status),
        Words::Verdict => assert_eq!(reply.json()["success"], false),
        Words::Fault => assert!(reply.json()["error"].is_string(), "{}", reply.text()),
        Words::Gateway => assert!(reply.json()["error"]["errorCode"].is_string(), "{}", reply.text()),
        Words::OpenApi => assert!(reply.json()["errorCode"].is_string(), "{}", reply.text()),
        Words::Page => {
            assert!(reply.text().starts_with("<!DOCTYPE html>"), "{}", reply.text());
            let policy = reply.header("content-security-policy");
            assert!(policy.contains("style-src 'self'"), "a browser shows it without its style: {policy}");
            assert_eq!(reply.header("cache-control"), "no-store");
        }
    }
}

const PLACES: [(&str, Words); 15] = [
    ("/recaptcha/api/siteverify", Words::Verdict),
    ("/siteverify", Words::Verdict),
    ("/turnstile/v0/siteverify", Words::Verdict),
    ("/widget/v1/begin", Words::Fault),
    ("/altcha/v2/challenge", Words::Fault),
    ("/v1/verify/signature", Words::Fault),
    ("/captcha/v1.0", Words::Envelope),
    ("/captcha/v1", Words::Gateway),
    ("/captcha-bin/v1", Words::Gateway),
    ("/scaptcha/v1", Words::Gateway),
    ("/scaptcha-bin/v1", Words::Gateway),
    ("/v1/captcha", Words::OpenApi),
    ("/nothing", Words::Envelope),
    ("/admin/v1", Words::Problem),
    ("/console", Words::Page),
];

#[test]
fn what_no_route_takes_is_refused_in_the_words_of_its_path() {
    let server = TestServer::start();
    for (place, words) in PLACES {
        check(&server.get(&format!("{place}/nothing")), 404, words);
        check(&server.get(&format!("{place}/{}", "x".repeat(9_000))), 414, words);
        let request = ureq::http::Request::get(format!("{}{place}/x", server.url()));
        check(&send_request(request.header("x-large", "x".repeat(17_000)).body(()).unwrap()), 431, words);
    }
    for (path, words) in [("/admin/v1/apps", Words::Problem), ("/console/audit", Words::Page), ("/", Words::Page)] {
        check(&send("PUT", &format!("{}{path}", server.url())), 405, words);
    }
}

#[test]
fn the_demo_is_limited_as_the_api_is_and_says_so_on_its_page() {
    let server = TestServer::with_args(&["--issue-per-minute", "2"]);
    assert_eq!(server.get("/").status, 200);
    assert_eq!(server.get("/?lang=ko").status, 200);
    check(&server.get("/"), 429, Words::Page);
    check(&server.post(&format!("/captcha/v1.0/appkeys/{}/keys", server.appkey())), 429, Words::Envelope);
    assert_ne!(server.get("/").header("retry-after"), "");
    let metrics = server.get("/metrics").text().to_owned();
    assert!(metrics.contains("haechi_requests_total{route=\"issue\",status=\"429\"} 3"), "{metrics}");
}

#[test]
fn the_public_listener_does_not_tell_of_the_admin_api_where_operators_have_their_own() {
    let all = TestServer::start().get("/openapi.json").json();
    assert!(all["paths"].get("/admin/v1/apps").is_some());
    let server = TestServer::with_args(&["--admin-listen", "127.0.0.1:0"]);
    let public = server.get("/openapi.json").json();
    assert!(public["paths"].as_object().unwrap().keys().all(|path| !path.starts_with("/admin/")), "{public}");
}

/// Finding P7: whoever reloads the page that a form led to, or mistypes an address, gets a page with a way on.
#[test]
fn what_is_no_page_of_the_console_says_so_on_one() {
    let server = TestServer::start();
    for (path, status) in [("/console/nothing", 404), ("/console/sign-out", 405)] {
        let page = server.get(path);
        assert_eq!((page.status, page.header("content-type")), (status, "text/html; charset=utf-8"), "{path}");
        assert!(page.text().contains("There is no such page."), "{path}: {}", page.text());
        assert!(page.text().contains(" href=\"/console"), "{path}: {}", page.text());
    }
}
