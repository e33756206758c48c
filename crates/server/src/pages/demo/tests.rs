//! The demo's routes, called through the whole router and without a browser.

use axum::{
    body::Body,
    http::{HeaderValue, Request, Uri},
};
use haechi_captcha::{Keyring, Secret};
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::*;
use crate::{
    domain::{
        apps::{App, AppKey, AppSettings, Apps, Policy},
        client::{Peer, Proxies},
        ledger::{Ledger, MemoryLedger},
        limits::{Limits, PerMinute},
        service::{Nonces, Verdict},
    },
    router::{Options, router},
};

fn app(number: u32, name: &str) -> App {
    let settings = AppSettings { policy: Policy::Word, ..AppSettings::default() };
    App { settings, ..App::new(number, name, AppKey::from_bytes([number as u8; 32]).hash()) }
}

fn service(apps: Vec<App>) -> Arc<Service> {
    service_that_remembers(100, apps)
}

fn service_that_remembers(max_records: u64, apps: Vec<App>) -> Arc<Service> {
    let live = Arc::new(Apps::default());
    live.replace(apps);
    let keyring = Keyring::new(&Secret::from_bytes([1; 32]));
    Arc::new(Service::new(keyring, live, Ledger::Memory(MemoryLedger::new(max_records, 0)), Nonces::new(0, 0)))
}

/// The status, the headers and the text that a request comes back with.
async fn send(service: &Arc<Service>, request: Request<Body>) -> (StatusCode, HeaderMap, String) {
    let options = Options { demo: true, ..Options::default() };
    let response = router(Arc::clone(service), None, options).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, String::from_utf8_lossy(&bytes).into_owned())
}

fn get(uri: &str) -> Request<Body> {
    Request::get(uri.parse::<Uri>().unwrap()).body(Body::empty()).unwrap()
}

fn post(uri: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(uri.parse::<Uri>().unwrap()).body(body.into()).unwrap()
}

async fn issue_key(service: &Arc<Service>) -> String {
    let live = round::app(service).unwrap();
    service.issue(&live, None, unix_now()).await.unwrap().to_string()
}

fn site_key(service: &Service) -> String {
    round::app(service).unwrap().app.site_key().to_string()
}

fn answer(service: &Service, key: &str) -> String {
    service.word(key).unwrap().0.answer().as_str().to_owned()
}

#[test]
fn what_a_browser_loads_stays_small() {
    for language in Language::ALL {
        let html = Page { language, notice: Notice::New, round: Some(Round::sample()) }.render().into_string();
        let size_bytes = html.len() + STYLE.compressed.len() + SCRIPT.compressed.len();
        assert!(size_bytes < 20_000, "{language:?}: {size_bytes} bytes");
    }
}

#[tokio::test]
async fn the_sound_says_what_the_picture_shows_in_the_language_of_the_page() {
    let service = service(vec![app(1, "default")]);
    let language_of = |key: &str| service.word(key).unwrap().0.fixed_language();
    for (tag, language) in [("ja", Language::Ja), ("zh", Language::Zh)] {
        let (_, _, html) = send(&service, get(&format!("/?lang={tag}"))).await;
        let (_, after) = html.split_once("/captcha/v1.0/keys/").unwrap();
        assert_eq!(language_of(&after[..36]), Some(language));
        assert!(
            html.contains(&format!("<haechi-captcha id=\"captcha\" sitekey=\"{}\" lang=\"{tag}\"", site_key(&service)))
        );
    }
}

#[test]
fn a_language_is_asked_for_or_preferred_or_english() {
    let korean = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, HeaderValue::from_static("ko-KR,en;q=0.5"))]);
    assert_eq!(language_of(None, &korean), Language::Ko);
    assert_eq!(language_of(Some("lang=ja"), &korean), Language::Ja);
    assert_eq!(language_of(Some("lang=fr"), &korean), Language::Ko);
    assert_eq!(language_of(None, &HeaderMap::new()), Language::En);
}

#[tokio::test]
async fn every_reply_is_guarded_and_never_stored() {
    let service = service(vec![app(1, "default")]);
    for path in ["/", "/?lang=ko&lang=en", "/demo/page.css", "/demo/page.js", "/demo/haechi.svg"] {
        let (status, headers, _) = send(&service, get(path)).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert_eq!(headers[header::CONTENT_SECURITY_POLICY], POLICY);
        assert_eq!(headers.get_all(header::X_CONTENT_TYPE_OPTIONS).iter().collect::<Vec<_>>(), ["nosniff"]);
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    }
    assert!(!POLICY.contains("unsafe"));
}

#[tokio::test]
async fn the_page_says_that_its_language_depends_on_the_reader() {
    let service = service(vec![app(1, "default")]);
    for request in [get("/"), post("/", "")] {
        let (_, headers, _) = send(&service, request).await;
        assert_eq!(headers[header::VARY], "accept-language");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_gets_413_on_a_page_or_to_the_script() {
    let service = service(vec![app(1, "default")]);
    for (path, said) in [("/", "<!DOCTYPE html>"), ("/demo/redemption", "\"resultCode\":-3,")] {
        let (status, _, text) = send(&service, post(path, " ".repeat(16 * 1024 + 1))).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
        assert!(text.contains(said), "{path}: {text}");
    }
}

#[tokio::test]
async fn without_an_enabled_app_the_page_says_what_to_do() {
    let disabled = App { enabled: false, ..app(1, "default") };
    let service = service(vec![disabled, app(2, "shop")]);
    let (status, _, html) = send(&service, get("/")).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(html.contains("no app called default is enabled") && html.contains("haechi app create default"), "{html}");
    assert!(!html.contains("<haechi-captcha"), "{html}");
    let (_, _, json) = send(&service, post("/demo/redemption", "response=x")).await;
    assert!(json.contains("-4"), "{json}");
}

/// Attack W11: the page judged, and spent, any app's keys.
#[tokio::test]
async fn no_app_but_the_default_one_is_judged() {
    let service = service(vec![app(1, "shop"), app(2, "default")]);
    let key = issue_key(&service).await;
    assert_eq!(service.word(&key).unwrap().1.app.name, "default");
    let shop = service.apps().current().by_name("shop").map(Arc::clone).unwrap();
    let key = service.issue(&shop, None, unix_now()).await.unwrap().to_string();
    let form = format!("key={key}&answer={}", answer(&service, &key));
    let (_, _, html) = send(&service, post("/", form)).await;
    assert!(html.contains("<title>That challenge has expired."), "{html}");
    let (word, live) = service.word(&key).unwrap();
    let answer = word.answer().as_str().to_owned();
    assert_eq!(service.judge(&live, &word, answer.as_str(), unix_now()).await.unwrap().verdict, Verdict::Passed);
}

/// Attack W11: the page counted for no client's limit.
#[tokio::test]
async fn clients_are_limited_as_they_are_elsewhere() {
    let limited = |per_minute| {
        let limits = Limits::new(per_minute, Proxies::default(), None);
        Arc::new(Arc::into_inner(service(vec![app(1, "default")])).unwrap().limited(limits))
    };
    let from_client = |mut request: Request<Body>| {
        request.extensions_mut().insert(Peer(([192, 0, 2, 1], 4711).into()));
        request.headers_mut().insert(header::HOST, HeaderValue::from_static("captcha.example.org"));
        request
    };
    let service = limited(PerMinute { issue: 2, ..PerMinute::default() });
    for expected in [StatusCode::OK, StatusCode::OK, StatusCode::TOO_MANY_REQUESTS] {
        assert_eq!(send(&service, from_client(get("/"))).await.0, expected);
    }

    let service = limited(PerMinute { verify: 2, ..PerMinute::default() });
    let (_, _, text) = send(&service, from_client(post("/demo/redemption", "response=x"))).await;
    assert!(text.contains("invalid-input-response"), "{text}");
    let key = issue_key(&service).await;
    let form = format!("key={key}&answer={}", answer(&service, &key));
    assert_eq!(send(&service, from_client(post("/", format!("key={key}&answer=")))).await.0, StatusCode::OK);
    let (status, _, html) = send(&service, from_client(post("/", form.clone()))).await;
    assert!(status == StatusCode::TOO_MANY_REQUESTS && html.contains(&key), "the challenge stays: {html}");
    let (status, _, _) = send(&service, from_client(post("/demo/redemption", "response=x"))).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(send(&service, post("/", form)).await.2.contains("<title>Right."), "it was not judged before");
}

#[tokio::test]
async fn above_the_rate_the_page_says_so_but_first_that_an_answer_was_right() {
    let mut slow = app(1, "default");
    slow.settings.rate_per_sec = 1;
    let service = service(vec![slow]);
    let key = issue_key(&service).await;
    let (status, _, html) = send(&service, get("/")).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(html.contains("too much to do") && !html.contains("<audio"), "{html}");
    let form = format!("key={key}&answer={}", answer(&service, &key));
    let (_, _, html) = send(&service, post("/", form)).await;
    assert!(html.contains("<title>Right."), "{html}");
}

#[tokio::test]
async fn a_form_is_judged_once() {
    let service = service(vec![app(1, "default")]);
    let key = issue_key(&service).await;
    let right = format!("key={key}&answer={}", answer(&service, &key));
    for (form, title) in [
        (format!("key={key}&answer=+-"), "Please type"),
        (right.clone(), "Right."),
        (right, "That challenge has expired."),
        ("answer=x".to_owned(), "That challenge has expired."),
        ("key=%ff".to_owned(), "That challenge has expired."),
    ] {
        let (status, _, html) = send(&service, post("/", form.clone())).await;
        assert_eq!(status, StatusCode::OK);
        assert!(html.contains(&format!("<title>{title}")), "{form}: {html}");
    }
}

#[tokio::test]
async fn what_cannot_be_judged_is_said_and_keeps_its_challenge() {
    let service = service_that_remembers(0, vec![app(1, "default")]);
    let key = issue_key(&service).await;
    let form = format!("key={key}&answer={}", answer(&service, &key));
    let (status, _, html) = send(&service, post("/", form)).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(html.contains("cannot check answers") && html.contains(&key), "{html}");
}

#[tokio::test]
async fn a_token_is_redeemed_as_a_site_does_it() {
    let service = service(vec![app(1, "default")]);
    let key = issue_key(&service).await;
    let form = format!("key={key}&answer={}&action=demo", answer(&service, &key));
    let (_, _, text) = send(&service, post("/widget/v1/answer", form)).await;
    let passed: serde_json::Value = serde_json::from_str(&text).unwrap();
    let redeem = || send(&service, post("/demo/redemption", format!("response={}", passed["token"].as_str().unwrap())));
    assert!(redeem().await.2.starts_with("{\"success\":true,\"challenge_ts\""));
    assert_eq!(redeem().await.2, r#"{"success":false,"error-codes":["already-seen-response"]}"#);
    let (_, _, text) = send(&service, post("/demo/redemption", "")).await;
    assert!(text.contains("-2"), "{text}");
}

#[tokio::test]
async fn other_sites_may_not_post() {
    let service = service(vec![app(1, "default")]);
    for path in ["/", "/demo/redemption"] {
        let mut request = post(path, "");
        request.headers_mut().insert("sec-fetch-site", HeaderValue::from_static("cross-site"));
        let (status, _, text) = send(&service, request).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{text}");
    }
}
