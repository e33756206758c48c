//! The API while the ledger is stuck, as behind a disk that neither works nor fails.

use std::{
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use haechi_captcha::{Keyring, Means, Pass, Secret};
use http_body_util::BodyExt;
use tempfile::TempDir;
use tower::ServiceExt;

use crate::{
    clock::unix_now,
    domain::{
        apps::{App, AppKey, AppSettings, Apps, Policy},
        ledger::{EmbeddedLedger, EmbeddedOptions, Ledger},
        service::{Nonces, Service},
    },
    keep::store::{Change, Store, StoreError},
    router::{Options, router},
};

/// A service whose ledger waits for a writer that is not done until `release` is dropped.
struct Stuck {
    // Goes before the service, which waits for its ledger.
    release: mpsc::Sender<()>,
    service: Arc<Service>,
    _dir: TempDir,
}

impl Stuck {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let ledger = EmbeddedLedger::open(store.clone(), EmbeddedOptions::default(), None).unwrap();
        let release = hold(store);
        let apps = Arc::new(Apps::default());
        apps.replace(vec![app()]);
        let keyring = Keyring::new(&Secret::from_bytes([1; 32]));
        let service = Service::new(keyring, apps, Ledger::Embedded(ledger), Nonces::new(0, 0));
        let service = service.deciding_within(Duration::from_millis(20));
        Self { release, service: Arc::new(service), _dir: dir }
    }

    async fn send(&self, method: &str, path: &str, body: String) -> (StatusCode, HeaderMap, String) {
        self.send_request(Request::builder().method(method).uri(path).body(Body::from(body)).unwrap()).await
    }

    async fn send_request(&self, request: Request<Body>) -> (StatusCode, HeaderMap, String) {
        let options = Options { demo: true, ..Options::default() };
        let response = router(Arc::clone(&self.service), None, options).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (parts.status, parts.headers, String::from_utf8(bytes.to_vec()).unwrap())
    }

    async fn status(&self, method: &str, path: &str) -> StatusCode {
        self.send(method, path, String::new()).await.0
    }

    /// A new key, and its answer.
    async fn issue(&self) -> (String, String) {
        let live = self.service.apps().current().by_name("default").map(Arc::clone).unwrap();
        let key = self.service.issue(&live, None, unix_now()).await.unwrap().to_string();
        let answer = self.service.word(&key).unwrap().0.answer().as_str().to_owned();
        (key, answer)
    }
}

fn appkey() -> AppKey {
    AppKey::from_bytes([7; 32])
}

fn app() -> App {
    let settings = AppSettings { policy: Policy::Word, ..AppSettings::default() };
    App { settings, ..App::new(1, "default", appkey().hash()) }
}

/// Writes to the store, and goes on doing so until what is returned is dropped.
fn hold(store: Store) -> mpsc::Sender<()> {
    let ((release, released), (tell, told)) = (mpsc::channel::<()>(), mpsc::channel());
    thread::spawn(move || {
        store.write(|_| {
            tell.send(()).unwrap();
            let _ = released.recv(); // fails when the sender is dropped, which is what it waits for
            Ok::<_, StoreError>(Change::Nothing(()))
        })
    });
    told.recv().unwrap();
    release
}

#[tokio::test]
async fn answering_and_expiring_fail_as_undecided() {
    let stuck = Stuck::new();
    let (appkey, (key, answer)) = (appkey(), stuck.issue().await);
    let calls = format!("/captcha/v1.0/appkeys/{}", appkey.as_str());
    for (method, path) in [
        ("GET", format!("{calls}/keys/{key}/verification?answer={answer}")),
        ("POST", format!("{calls}/keys/{key}/verification?answer={answer}")),
        ("DELETE", format!("{calls}?key={key}")),
    ] {
        let (status, headers, text) = stuck.send(method, &path, String::new()).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{method}");
        assert_eq!(text, r#"{"header":{"resultCode":-1,"resultMessage":"FAIL","successful":false}}"#);
        assert_eq!(headers[header::RETRY_AFTER], "1");
    }
}

/// Clients of the vendors take any other status than 200, and any body that is no verdict, for a fault of their own.
#[tokio::test]
async fn siteverify_and_the_widget_say_that_they_could_not_decide() {
    let stuck = Stuck::new();
    let (key, answer) = stuck.issue().await;
    let challenge = Keyring::new(&Secret::from_bytes([1; 32])).open(&key.parse().unwrap()).unwrap();
    let [hostname, action, data] = [const { String::new() }; 3];
    let passed_at = challenge.claims().issued_at;
    let pass = Pass { passed_at, means: Means::Picture, audience: 0, hostname, action, data };
    let form = format!("secret={}&response={}", appkey().as_str(), challenge.token(&pass).unwrap());
    for (path, codes) in [
        ("/recaptcha/api/siteverify", r#"["bad-request","internal-error"]"#),
        ("/siteverify", r#"["bad-request","internal-error"]"#),
        ("/turnstile/v0/siteverify", r#"["internal-error"]"#),
    ] {
        let (status, headers, text) = stuck.send("POST", path, form.clone()).await;
        assert_eq!((status, text), (StatusCode::OK, format!(r#"{{"success":false,"error-codes":{codes}}}"#)), "{path}");
        assert_eq!(
            (&headers[header::CACHE_CONTROL], &headers[header::RETRY_AFTER]),
            (&"no-store".parse().unwrap(), &"1".parse().unwrap())
        );
    }
    let (status, _, text) = stuck.send("POST", "/widget/v1/answer", format!("key={key}&answer={answer}")).await;
    assert_eq!((status, text.contains(r#""error":"busy""#)), (StatusCode::SERVICE_UNAVAILABLE, true), "{text}");
}

/// It has no other status for that than a fault's. None is counted for it.
#[tokio::test]
async fn naver_says_that_it_could_not_decide() {
    let stuck = Stuck::new();
    let (key, answer) = stuck.issue().await;
    for (path, id, secret) in [
        ("/captcha/v1/nkey", "x-ncp-apigw-api-key-id", "x-ncp-apigw-api-key"),
        ("/v1/captcha/skey", "x-naver-client-id", "x-naver-client-secret"),
    ] {
        let request = Request::get(format!("{path}?code=1&key={}&value={answer}", key.replace('-', "")));
        let request = request.header(id, app().site_key().to_string()).header(secret, appkey().as_str());
        let (status, headers, text) = stuck.send_request(request.body(Body::empty()).unwrap()).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        assert_eq!(text, r#"{"result":false,"errorMessage":"System error.","errorCode":"CT500"}"#);
        assert_eq!(headers[header::RETRY_AFTER], "1");
    }
    let (_, _, metrics) = stuck.send("GET", "/metrics", String::new()).await;
    assert!(metrics.contains("\nhaechi_panics_total 0\n"), "{metrics}");
    // Pictures go on.
    assert_eq!(stuck.status("HEAD", &format!("/captcha-bin/v1/ncaptcha?key={key}")).await, StatusCode::OK);
}

#[tokio::test]
async fn the_server_is_not_ready_but_lives_and_shows_challenges() {
    let stuck = Stuck::new();
    let (key, _) = stuck.issue().await;
    assert_eq!(stuck.status("GET", "/readyz").await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(stuck.status("GET", "/healthz").await, StatusCode::OK);
    assert_eq!(stuck.status("HEAD", &format!("/captcha/v1.0/keys/{key}/img")).await, StatusCode::OK);
}

#[tokio::test]
async fn readiness_is_found_out_once_a_second_however_many_ask() {
    let mut stuck = Stuck::new();
    let start = Instant::now();
    assert_eq!(stuck.status("GET", "/readyz").await, StatusCode::SERVICE_UNAVAILABLE);
    stuck.release = mpsc::channel().0;
    // The ledger could decide again, but is not asked.
    let again = stuck.status("GET", "/readyz").await;
    assert!(again == StatusCode::SERVICE_UNAVAILABLE || start.elapsed() > Duration::from_secs(1), "{again}");
}

#[tokio::test]
async fn the_demo_page_says_so_and_keeps_the_challenge() {
    let stuck = Stuck::new();
    let (key, answer) = stuck.issue().await;
    let (status, _, html) = stuck.send("POST", "/", format!("key={key}&answer={answer}")).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(html.contains("cannot check answers") && html.contains(&key), "{html}");
}
