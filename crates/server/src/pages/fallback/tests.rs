use axum::body::Body as HttpBody;
use haechi_captcha::{Keyring, Secret};
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::*;
use crate::{
    domain::{
        apps::{App, AppKey, AppSettings, Apps},
        ledger::{Ledger, MemoryLedger},
        service::Nonces,
    },
    router::{Options, router},
};

fn service(hostnames: &str) -> Arc<Service> {
    let live = Arc::new(Apps::default());
    let settings = AppSettings { hostnames: hostnames.parse().unwrap(), ..AppSettings::default() };
    live.replace(vec![App { settings, ..App::new(1, "shop", AppKey::from_bytes([7; 32]).hash()) }]);
    let keyring = Keyring::new(&Secret::from_bytes([1; 32]));
    Arc::new(Service::new(keyring, live, Ledger::Memory(MemoryLedger::new(100, 0)), Nonces::new(0, 0)))
}

fn site_key(service: &Service) -> String {
    service.apps().current().by_number(1).unwrap().app.site_key().to_string()
}

async fn send(service: &Arc<Service>, request: axum::http::request::Builder, body: String) -> (StatusCode, String) {
    let request = request.body(HttpBody::from(body)).unwrap();
    let response = router(Arc::clone(service), None, Options::default()).oneshot(request).await.unwrap();
    let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    assert!(!policy.contains("frame-ancestors"), "it stands in other sites' pages: {policy}");
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

async fn show(service: &Arc<Service>, query: &str, referer: &str) -> (StatusCode, String) {
    let request = Request::get(format!("{ADDRESS}?{query}")).header(header::REFERER, referer);
    send(service, request, String::new()).await
}

fn value<'a>(page: &'a str, name: &str) -> &'a str {
    let at = page.split(&format!("name=\"{name}\" value=\"")).nth(1).expect(name);
    at.split('"').next().unwrap()
}

#[tokio::test]
async fn a_challenge_is_passed_without_a_script_and_gives_a_token_to_copy() {
    let service = service("shop.example");
    let k = site_key(&service);
    let (status, page) = show(&service, &format!("k={k}&hl=ko"), "https://www.shop.example/join?x=1").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("<html lang=\"ko\">") && !page.contains("<script") && !page.contains("style=\""), "{page}");
    let (key, host) = (value(&page, "key"), value(&page, "host"));
    assert_eq!(host, "www.shop.example");
    let form = |answer: &str| format!("k={k}&host={host}&key={key}&answer={answer}");
    let post = |answer: &str| send(&service, Request::post(format!("{ADDRESS}/answer?hl=ko")), form(answer));

    let (_, blank) = post("").await;
    assert_eq!(value(&blank, "key"), key, "it took no attempt");
    let answer = service.word(key).unwrap().0.answer();
    let (status, passed) = post(answer.as_str()).await;
    let token = passed.split("spellcheck=\"false\">").nth(1).and_then(|rest| rest.split('<').next()).unwrap();
    assert_eq!((status, passed.contains("붙여 넣어")), (StatusCode::OK, true), "{passed}");
    let body = format!("secret={}&response={token}", AppKey::from_bytes([7; 32]).as_str());
    let request = Request::post("/recaptcha/api/siteverify").body(HttpBody::from(body)).unwrap();
    let reply = router(Arc::clone(&service), None, Options::default()).oneshot(request).await.unwrap();
    let reply = reply.into_body().collect().await.unwrap().to_bytes();
    let reply: serde_json::Value = serde_json::from_slice(&reply).unwrap();
    assert_eq!((&reply["success"], &reply["hostname"]), (&true.into(), &"www.shop.example".into()));

    let (_, again) = post(answer.as_str()).await;
    assert_ne!(value(&again, "key"), key, "it is spent");
}

#[tokio::test]
async fn what_is_refused_is_said_on_a_page() {
    let service = service("shop.example");
    let k = site_key(&service);
    for (query, referer, expected) in [
        ("k=x".to_owned(), "https://shop.example/", StatusCode::FORBIDDEN),
        (String::new(), "https://shop.example/", StatusCode::FORBIDDEN),
        (format!("k={k}"), "https://other.example/", StatusCode::FORBIDDEN),
        (format!("k={k}"), "", StatusCode::FORBIDDEN),
        ("k=%zz".to_owned(), "https://shop.example/", StatusCode::BAD_REQUEST),
    ] {
        let (status, page) = show(&service, &query, referer).await;
        assert_eq!((status, page.starts_with("<!DOCTYPE html>")), (expected, true), "{query} {referer}");
        assert_eq!(page.contains("host names"), expected == StatusCode::FORBIDDEN, "{query} {referer}: {page}");
    }
    let (status, page) = send(&service, Request::post(format!("{ADDRESS}/answer")), "key=x&answer=y".to_owned()).await;
    assert_eq!((status, page.starts_with("<!DOCTYPE html>")), (StatusCode::NOT_FOUND, true));
}

#[test]
fn hl_may_be_spelt_in_any_way() {
    let of = |query: &str| language_of(Some(query), &HeaderMap::new());
    assert_eq!(
        [of("hl=ko"), of("hl=zh_CN"), of("hl=ja-JP"), of("hl=xx"), of("")],
        [Language::Ko, Language::Zh, Language::Ja, Language::En, Language::En]
    );
}

#[tokio::test]
async fn no_other_site_may_send_the_form_and_no_script_may_read_the_page() {
    let service = service("shop.example");
    let request = Request::post(format!("{ADDRESS}/answer")).header("sec-fetch-site", "cross-site");
    let (status, _) = send(&service, request, "key=x&answer=y".to_owned()).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let request =
        Request::get(format!("{ADDRESS}?k={}", site_key(&service))).header(header::ORIGIN, "https://evil.example");
    let response = router(Arc::clone(&service), None, Options::default());
    let response = response.oneshot(request.body(HttpBody::empty()).unwrap()).await.unwrap();
    assert!(response.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN).is_none());
}

#[tokio::test]
async fn a_form_that_was_made_up_takes_no_attempt() {
    let service = service("shop.example");
    let live = service.apps().current().by_number(1).map(Arc::clone).unwrap();
    let key = service.issue(&live, None, unix_now()).await.unwrap().to_string();
    let (k, answer) = (site_key(&service), service.word(&key).unwrap().0.answer());
    for (k, host) in [
        ("10000000-ffff-ffff-ffff-000000000001", "shop.example".to_owned()),
        (&k, "%22%3E%3Cscript%3E.shop.example".to_owned()),
        (&k, format!("{}.shop.example", "a.".repeat(120))),
    ] {
        let form = format!("k={k}&host={host}&key={key}&answer={}", answer.as_str());
        let (status, _) = send(&service, Request::post(format!("{ADDRESS}/answer")), form).await;
        assert!(status.is_client_error(), "{k} {host}: {status}");
    }
    let form = format!("k={k}&host=shop.example&key={key}&answer={}", answer.as_str());
    let (_, passed) = send(&service, Request::post(format!("{ADDRESS}/answer")), form).await;
    assert!(passed.contains("<textarea"), "{passed}");
}
