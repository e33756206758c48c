//! The console's routes, called through the whole router and without a browser.

mod samples;

use std::net::SocketAddr;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, Request, StatusCode, Uri},
};
use haechi_captcha::{Keyring, Secret};
use http_body_util::BodyExt;
use tempfile::TempDir;
use tower::ServiceExt;

use super::*;
use crate::{
    domain::{
        admin::{Actor, Role},
        apps::{AppSecret, AppStore, SettingChanges},
        client::Peer,
        ledger::{Ledger, MemoryLedger},
        service::{Nonces, Signature},
        statistics::Statistics,
    },
    keep::store::Store,
    router::{Options, router},
};

const PASSWORD: &str = "correct horse battery";

/// A server with an app, an administrator and a viewer.
struct Server {
    administration: Arc<Administration>,
    service: Arc<Service>,
    _dir: TempDir,
}

/// What a request comes back with.
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Reply {
    fn header(&self, name: impl Into<HeaderName>) -> &str {
        self.headers.get(name.into()).map_or("", |value| value.to_str().unwrap())
    }

    /// The cookie that it sets.
    fn cookie(&self) -> String {
        self.header(header::SET_COOKIE).split(';').next().unwrap().to_owned()
    }
}

impl Server {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let apps = Arc::new(AppStore::open(store.clone(), &[]).unwrap());
        let statistics = Arc::new(Statistics::open(store.clone(), Arc::clone(apps.apps()), 90).unwrap());
        let keyring = Keyring::new(&Secret::from_bytes([1; 32]));
        let ledger = Ledger::Memory(MemoryLedger::new(100, 0));
        let service = Arc::new(Service::new(keyring, Arc::clone(apps.apps()), ledger, Nonces::new(0, 0)));
        let administration = Arc::new(Administration::open(store, apps, statistics));
        administration.create_app(&Actor::Command, "shop", &SettingChanges::default(), unix_now()).unwrap();
        Self { administration, service, _dir: dir }
    }

    async fn with_users() -> Self {
        let server = Self::start();
        for (name, role) in [("ann", Role::Administrator), ("bob", Role::Viewer)] {
            server.administration.create_user(&Actor::Command, name, role, PASSWORD, unix_now()).unwrap();
        }
        server
    }

    async fn send(&self, request: Request<Body>) -> Reply {
        let app = router(Arc::clone(&self.service), Some(&self.administration), Options::default());
        let (parts, body) = app.oneshot(request).await.unwrap().into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Reply { status: parts.status, headers: parts.headers, text }
    }

    async fn get(&self, path: &str, cookie: &str) -> Reply {
        self.send(request("GET", path, cookie, String::new())).await
    }

    async fn post(&self, path: &str, cookie: &str, form: &str) -> Reply {
        self.send(request("POST", path, cookie, form.to_owned())).await
    }

    async fn sign_in(&self, name: &str) -> String {
        let form = format!("name={name}&password={}&next=/console", PASSWORD.replace(' ', "+"));
        let reply = self.post("/console/sign-in", "", &form).await;
        assert_eq!((reply.status, reply.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/console"));
        reply.cookie()
    }
}

/// A request from this machine.
fn request(method: &str, path: &str, cookie: &str, body: String) -> Request<Body> {
    let uri: Uri = path.parse().unwrap();
    let request = Request::builder().method(method).uri(uri).header(header::HOST, "127.0.0.1:8080");
    let request = request.header(header::COOKIE, cookie).extension(Peer(SocketAddr::from(([127, 0, 0, 1], 4711))));
    request.body(Body::from(body)).unwrap()
}

#[tokio::test]
async fn nobody_sees_anything_before_signing_in() {
    let server = Server::with_users().await;
    let pages = ["", "?page=2", "/apps/new", "/apps/1", "/apps/1/settings", "/audit", "/access", "/password"];
    for page in pages {
        let reply = server.get(&format!("/console{page}"), "haechi-session=wrong").await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{page}");
        assert!(reply.header(header::LOCATION).starts_with("/console/sign-in?next=%2Fconsole"), "{page}");
    }
    for action in ["/apps/new", "/apps/1/rotate", "/apps/1/remove", "/access/tokens", "/access/users", "/password"] {
        let reply = server.post(&format!("/console{action}"), "", "").await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{action}");
    }
}

#[tokio::test]
async fn the_first_administrator_is_made_by_the_printed_code_once() {
    let server = Server::start();
    let code = server.administration.code_for_first_user(unix_now()).unwrap().unwrap();
    let page = server.get(&format!("/console/first?code={code}"), "").await;
    assert!(page.status == StatusCode::OK && page.text.contains(&code));
    assert!(server.get("/console/sign-in", "").await.text.contains("There is no user yet"));

    let short = server.post("/console/first", "", &format!("code={code}&name=ann&password=short")).await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    let tied = "aria-describedby=\"first-password-hint first-password-problem\" aria-invalid=\"true\"";
    assert!(short.text.contains(tied) && short.text.contains("value=\"ann\""), "{}", short.text);

    let form = format!("code={code}&name=ann&password=correct+horse+battery");
    let made = server.post("/console/first", "", &form).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER);
    let cookie = made.header(header::SET_COOKIE);
    assert!(cookie.starts_with("haechi-session=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"));
    assert!(server.get("/console", &made.cookie()).await.text.contains("ann"));
    assert_eq!(server.post("/console/first", "", &form).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_wrong_password_comes_back_on_the_form_and_signing_out_ends_the_session() {
    let server = Server::with_users().await;
    let wrong = server.post("/console/sign-in", "", "name=ann&password=wrong&next=/console/audit").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("value=\"ann\"") && wrong.text.contains("value=\"/console/audit\""));
    assert!(wrong.header(header::SET_COOKIE).is_empty());

    let session = server.sign_in("ann").await;
    assert_eq!(server.get("/console", &session).await.status, StatusCode::OK);
    let out = server.post("/console/sign-out", &session, "").await;
    assert!(out.header(header::SET_COOKIE).contains("Max-Age=0"));
    assert_eq!(server.get("/console", &session).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_thousand_wrong_passwords_get_nowhere_and_cost_little() {
    let server = Server::with_users().await;
    let session = server.sign_in("ann").await;
    let (mut judged, mut turned_away) = (0, 0);
    for number in 0..1_000 {
        let form = format!("name=ann&password=guess-number-{number}&next=/console");
        let reply = server.post("/console/sign-in", "", &form).await;
        assert!(reply.header(header::SET_COOKIE).is_empty());
        match reply.status {
            StatusCode::UNPROCESSABLE_ENTITY => judged += 1,
            StatusCode::TOO_MANY_REQUESTS => turned_away += 1,
            other => panic!("{other}: {}", reply.text),
        }
    }
    // Ten at once and ten a minute; none of the others is hashed.
    assert!((9..30).contains(&judged) && judged + turned_away == 1_000, "{judged} judged, {turned_away} turned away");
    // Nor does the right one count now, from where so many wrong ones came. Who is signed in stays so.
    let right = format!("name=ann&password={}&next=/console", PASSWORD.replace(' ', "+"));
    assert_eq!(server.post("/console/sign-in", "", &right).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(server.get("/console", &session).await.status, StatusCode::OK);
}

/// Attack W9: whoever knew an administrator's name could lock them out.
#[tokio::test]
async fn a_browser_that_signed_in_before_is_not_locked_out() {
    let server = Server::with_users().await;
    let form = format!("name=ann&password={}&next=/console", PASSWORD.replace(' ', "+"));
    let first = server.post("/console/sign-in", "", &form).await;
    let cookies: Vec<_> =
        first.headers.get_all(header::SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap()).collect();
    let [session, browser] = cookies[..] else { panic!("{cookies:?}") };
    assert!(session.starts_with("haechi-session=") && browser.starts_with("haechi-browser="), "{cookies:?}");
    assert!(browser.ends_with("; Path=/; HttpOnly; SameSite=Strict; Max-Age=15552000"), "{browser}");
    let browser = browser.split(';').next().unwrap();

    // Too long to be hashed.
    let wrong = format!("name=ann&password={}&next=/console", "x".repeat(65));
    for _ in 0..20 {
        server.post("/console/sign-in", "", &wrong).await;
    }
    assert_eq!(server.post("/console/sign-in", "", &form).await.status, StatusCode::TOO_MANY_REQUESTS);
    let again = server.post("/console/sign-in", browser, &form).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);

    let session = again.cookie();
    let change = "old=correct+horse+battery&new=another+long+one&again=another+long+one";
    let changed = server.post("/console/password", &session, change).await;
    assert!(changed.cookie().starts_with("haechi-browser="), "it stays known under the new password");
    let form = "name=ann&password=another+long+one&next=/console";
    assert_eq!(server.post("/console/sign-in", browser, form).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(server.post("/console/sign-in", &changed.cookie(), form).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn readable_connections_are_refused_with_an_explanation() {
    let server = Server::with_users().await;
    for (host, peer) in [("captcha.example.org", [127, 0, 0, 1]), ("localhost", [192, 0, 2, 1])] {
        for method in ["GET", "POST"] {
            let mut request = request(method, "/console/sign-in", "", "name=ann&password=x".to_owned());
            request.headers_mut().insert(header::HOST, host.parse().unwrap());
            request.extensions_mut().insert(Peer(SocketAddr::from((peer, 1))));
            let reply = server.send(request).await;
            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{host}");
            assert!(reply.text.contains("not encrypted") && !reply.text.contains("type=\"password\""));
        }
    }
}

#[tokio::test]
async fn other_sites_cannot_send_our_forms() {
    let server = Server::with_users().await;
    let session = server.sign_in("ann").await;
    let mut request = request("POST", "/console/apps/1/remove", &session, String::new());
    request.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
    assert_eq!(server.send(request).await.status, StatusCode::FORBIDDEN);
    assert!(server.get("/console", &session).await.text.contains("shop"));
}

#[tokio::test]
async fn a_viewer_sees_no_controls_and_may_change_nothing() {
    let server = Server::with_users().await;
    let session = server.sign_in("bob").await;
    let mine = ["/console/language", "/console/sign-out"];
    for path in ["", "/apps/1", "/apps/1/settings", "/apps/1/integration", "/audit"] {
        let page = server.get(&format!("/console{path}"), &session).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        let actions = page.text.split("method=\"post\" action=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
        assert!(actions.clone().all(|action| mine.contains(&action)), "{path}: {:?}", actions.collect::<Vec<_>>());
        assert!(!page.text.contains("/console/apps/new") && !page.text.contains("/console/access"), "{path}");
    }
    for path in ["/apps/new", "/apps/1/remove", "/access"] {
        assert_eq!(server.get(&format!("/console{path}"), &session).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let actions = [
        "apps/new",
        "apps/1/settings",
        "apps/1/rotate",
        "apps/1/end-grace",
        "apps/1/rotate-secret",
        "apps/1/end-secret-grace",
        "apps/1/altcha-key",
        "apps/1/enable",
        "apps/1/disable",
        "apps/1/remove",
        "access/tokens",
        "access/tokens/ab/remove",
        "access/users",
        "access/users/remove",
    ];
    for action in actions {
        let reply = server.post(&format!("/console/{action}"), &session, "name=x&role=viewer&lifetime=7&grace=0").await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{action}");
    }
}

const USUAL: &str = "alphabet=standard&difficulty=3&width=240&height=80&theme=light&lang=ko&ttl_secs=180&attempts=1&rate_per_sec=0\
    &policy=adaptive&work_algorithm=pbkdf2";

#[tokio::test]
async fn an_app_lives_its_life() {
    let server = Server::with_users().await;
    let session = server.sign_in("ann").await;
    let made = server.post("/console/apps/new", &session, &format!("name=other&answer_length=6&{USUAL}")).await;
    assert_eq!((made.status, made.header(header::CACHE_CONTROL)), (StatusCode::OK, "no-store"));
    let appkey = made.text.split("<pre class=\"secret\" tabindex=\"0\"><code>").nth(1).unwrap()[..64].to_owned();
    assert!(server.service.app(&appkey, unix_now()).is_ok());
    let address = made.text.split("href=\"").find(|link| {
        link.ends_with("/settings\">Settings</a></p></main><footer>All times are UTC.</footer></body></html>")
    });
    let address = address.and_then(|link| link.split('"').next()).unwrap().trim_end_matches("/settings").to_owned();

    let settings = format!("{address}/settings");
    let wrong = server.post(&settings, &session, &format!("answer_length=9&{USUAL}")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("value=\"9\"") && wrong.text.contains("id=\"app-answer_length-problem\""));
    let changed = server.post(&settings, &session, &format!("answer_length=7&{USUAL}&test=true")).await;
    assert_eq!(changed.header(header::LOCATION), format!("{settings}?done=settings"));
    let live = server.service.app(&appkey, unix_now()).unwrap();
    assert!(live.app.settings.answer_length == 7 && live.app.settings.test);
    let hosts = (0..60).map(|number| format!("host-{number}.example")).collect::<Vec<_>>().join("+");
    let form = |hosts: &str| format!("answer_length=7&{USUAL}&test=true&hostnames={hosts}");
    let wrong = server.post(&settings, &session, &form("https://shop.example")).await;
    assert!(wrong.text.contains("id=\"app-hostnames-problem\""), "{}", wrong.text);
    let changed = server.post(&settings, &session, &form(&hosts)).await;
    assert_eq!(changed.header(header::LOCATION), format!("{settings}?done=settings"));
    let live = server.service.app(&appkey, unix_now()).unwrap();
    assert!(live.app.settings.hostnames.admit("host-59.example") && !live.app.settings.hostnames.admit("shop.example"));
    server.post(&settings, &session, &form("")).await;
    let log = server.get("/console/audit", &session).await.text;
    assert!(
        log.contains("<td class=\"long\">Characters in an answer: 7, Test app: every answer is TEST5: Yes</td>"),
        "{log}"
    );
    assert!(!log.contains("Time to answer"), "only what differs is a change");

    let rotated = server.post(&format!("{address}/rotate"), &session, "grace=3600").await;
    assert!(rotated.status == StatusCode::OK && server.service.app(&appkey, unix_now()).is_ok());
    assert!(server.get(&settings, &session).await.text.contains("End the old appkey now"));
    server.post(&format!("{address}/end-grace"), &session, "").await;
    assert!(server.service.app(&appkey, unix_now()).is_err());
    assert_eq!(server.post(&format!("{address}/rotate"), &session, "grace=5").await.status, StatusCode::BAD_REQUEST);

    let rotated = server.post(&format!("{address}/rotate-secret"), &session, "grace=3600").await;
    let secret = rotated.text.split("<code>0x").nth(1).unwrap()[..40].to_owned();
    let shown = server.get(&settings, &session).await.text;
    let live = server.service.apps().current().by_name("other").map(Arc::clone).unwrap();
    assert!(live.app.secret_sha256 == AppSecret::parse(&format!("0x{secret}")).map(|secret| secret.hash()));
    assert!(shown.contains(&live.app.site_key().to_string()) && shown.contains("End the old secret now"));
    assert!(!shown.contains(&secret));
    server.post(&format!("{address}/end-secret-grace"), &session, "").await;
    assert!(!server.get(&settings, &session).await.text.contains("End the old secret now"));

    let integration = server.get(&format!("{address}/integration"), &session).await.text;
    let key = server.service.signing_key(&live.app, Signature::Passing);
    assert!(integration.contains("/altcha/v2/challenge?sitekey=") && !integration.contains(key.as_str()));
    let shown = server.post(&format!("{address}/altcha-key"), &session, "").await;
    assert_eq!((shown.status, shown.header(header::CACHE_CONTROL)), (StatusCode::OK, "no-store"));
    assert!(shown.text.contains(key.as_str()));
    assert!(server.get("/console/audit", &session).await.text.contains("app.altcha_key_shown"));

    server.post(&format!("{address}/disable"), &session, "").await;
    assert!(server.get(&address, &session).await.text.contains("Disabled"));
    let csv = server.get(&format!("{address}/statistics.csv?span=7d"), &session).await;
    assert_eq!((csv.text.lines().count(), csv.header(header::CONTENT_TYPE)), (29, "text/csv; charset=utf-8"));

    assert!(server.get(&format!("{address}/remove"), &session).await.text.contains("Remove the app other?"));
    server.post(&format!("{address}/remove"), &session, "").await;
    assert_eq!(server.get(&address, &session).await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.get("/console/apps/x", &session).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn tokens_and_users_come_and_go() {
    let server = Server::with_users().await;
    let session = server.sign_in("ann").await;
    let none = server.post("/console/access/tokens", &session, "name=ci&lifetime=7").await;
    assert!(none.status == StatusCode::UNPROCESSABLE_ENTITY && none.text.contains("Choose at least one scope."));
    let made = server.post("/console/access/tokens", &session, "name=ci&lifetime=7&apps-read=true").await;
    let token = made.text.split("Authorization: Bearer ").nth(1).unwrap().split('<').next().unwrap();
    assert!(server.administration.bearer(token, unix_now()).unwrap().is_some());
    let page = server.get("/console/access", &session).await.text;
    assert!(page.contains("ci") && !page.contains(token));
    let removal = page.split("action=\"").find(|action| action.starts_with("/console/access/tokens/")).unwrap();
    server.post(removal.split('"').next().unwrap(), &session, "").await;
    assert!(server.administration.bearer(token, unix_now()).unwrap().is_none());

    let taken = server.post("/console/access/users", &session, "name=bob&role=viewer&password=correct+horse+b").await;
    assert!(taken.status == StatusCode::UNPROCESSABLE_ENTITY && taken.text.contains("id=\"user-name-problem\""));
    let last = server.post("/console/access/users/remove", &session, "name=ann").await;
    assert!(last.status == StatusCode::UNPROCESSABLE_ENTITY && last.text.contains("last administrator"));
    assert_eq!(server.post("/console/access/users/remove", &session, "name=bob").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_password_is_changed_by_whoever_knows_it() {
    let server = Server::with_users().await;
    let session = server.sign_in("bob").await;
    let form = |old: &str, again: &str| format!("old={old}&new=another+long+one&again={again}");
    let differ = server.post("/console/password", &session, &form("correct+horse+battery", "x")).await;
    assert!(differ.status == StatusCode::UNPROCESSABLE_ENTITY && differ.text.contains("password-again-problem"));
    let wrong = server.post("/console/password", &session, &form("wrong", "another+long+one")).await;
    assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.text.contains("password-old-problem"));
    let done = server.post("/console/password", &session, &form("correct+horse+battery", "another+long+one")).await;
    assert_eq!(done.header(header::LOCATION), "/console?done=password");
    assert_eq!(server.get("/console", &session).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_language_is_chosen_or_preferred() {
    let server = Server::with_users().await;
    assert!(server.get("/console/sign-in", "").await.text.contains("<html lang=\"en\">"));
    let chosen = server.post("/console/language", "", "language=ko&next=/console/sign-in").await;
    assert_eq!(chosen.header(header::LOCATION), "/console/sign-in");
    assert!(server.get("/console/sign-in", &chosen.cookie()).await.text.contains("<html lang=\"ko\">"));
    let elsewhere = server.post("/console/language", "", "language=fr&next=//evil.test").await;
    assert_eq!((elsewhere.header(header::LOCATION), elsewhere.cookie()), ("/console", String::new()));
}

#[tokio::test]
async fn every_page_is_guarded_and_never_stored() {
    let server = Server::with_users().await;
    for (path, cache) in
        [("/console", "no-store"), ("/console/sign-in", "no-store"), ("/console/console.css", "no-cache")]
    {
        let reply = server.get(path, "").await;
        assert_eq!(reply.header(header::CACHE_CONTROL), cache, "{path}");
        assert!(reply.header(header::CONTENT_SECURITY_POLICY).starts_with("default-src 'none'"), "{path}");
    }
}

/// The texts of a language as they stand in its file: names, and how many places each has to fill.
fn places(source: &str) -> Vec<(&str, usize)> {
    let texts = source.lines().filter_map(|line| line.trim().split_once(": \""));
    texts.map(|(name, text)| (name, text.matches("{}").count())).collect()
}

#[test]
fn both_languages_fill_the_same_places() {
    assert_eq!(places(include_str!("texts/english.rs")), places(include_str!("texts/korean.rs")));
}
