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
        let refused = server.get(&format!("/console{path}"), &session).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
        assert!(refused.text.contains("<strong>bob</strong>") && refused.text.contains("href=\"/console/audit\""));
    }
    // A page that only forms are sent to.
    let none = server.get("/console/apps/1/enable", &session).await;
    assert!(
        none.status == StatusCode::METHOD_NOT_ALLOWED && none.text.contains("There is no such page."),
        "{}",
        none.text
    );
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
    let appkey = made.text.split("aria-label=\"Appkey\"><code>").nth(1).unwrap()[..64].to_owned();
    assert!(server.service.app(&appkey, unix_now()).is_ok());
    let address = made.text.split("href=\"").find(|link| link.contains("/settings\">Settings</a></p>"));
    let address = address.and_then(|link| link.split('"').next()).unwrap().trim_end_matches("/settings").to_owned();

    let settings = format!("{address}/settings");
    let wrong = server.post(&settings, &session, &format!("answer_length=9&{USUAL}")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("value=\"9\"") && wrong.text.contains("id=\"app-answer_length-problem\""));
    let changed = server.post(&settings, &session, &format!("answer_length=7&{USUAL}&test=true")).await;
    assert_eq!(changed.header(header::LOCATION), format!("{settings}?done=settings"));
    let live = server.service.app(&appkey, unix_now()).unwrap();
    assert!(live.app.settings.answer_length == 7 && live.app.settings.test);
    for (field, value) in [("colour", "green"), ("light_ground", "%23808080"), ("dark_ground", "%23fff8e8")] {
        let wrong = server.post(&settings, &session, &format!("answer_length=7&{USUAL}&{field}={value}")).await;
        assert!(wrong.text.contains(&format!("id=\"app-{field}-problem\"")), "{}", wrong.text);
    }
    let coloured = format!("answer_length=7&{USUAL}&test=true&colour=%230B6E4F&light_ground=%23fff8e8");
    let changed = server.post(&settings, &session, &coloured).await;
    assert_eq!(changed.header(header::LOCATION), format!("{settings}?done=settings"));
    let live = server.service.app(&appkey, unix_now()).unwrap();
    assert_eq!(live.look.colour().map(|colour| colour.to_string()).as_deref(), Some("#0b6e4f"));
    let shown = server.get(&settings, &session).await.text;
    assert!(shown.contains("colour=%230b6e4f&amp;light_ground=%23fff8e8&amp;dark_ground=&amp;"), "{shown}");
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
    assert_eq!(server.get(&format!("{address}/rotate?grace=5"), &session).await.status, StatusCode::BAD_REQUEST);

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

/// The name of the form on a page that has this action, as it is sent.
fn form_of(page: &str, action: &str) -> String {
    let form = page.split("<form").find(|form| form.contains(&format!("action=\"{action}\""))).unwrap();
    let name = form.split("name=\"form\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(name.len(), 32, "{form}");
    format!("form={name}")
}

/// Fault P2: of two clicks the second said that the name is taken, and the appkey was never seen.
#[tokio::test]
async fn a_form_that_is_sent_twice_is_acted_on_once_and_replies_twice() {
    let server = Server::with_users().await;
    let session = server.sign_in("ann").await;
    let page = server.get("/console/apps/new", &session).await.text;
    let form = format!("name=other&answer_length=6&{USUAL}&{}", form_of(&page, "/console/apps/new"));
    // At the same time, as by a second click.
    let (one, other) = tokio::join!(
        server.post("/console/apps/new", &session, &form),
        server.post("/console/apps/new", &session, &form)
    );
    for reply in [&one, &other] {
        assert_eq!((reply.status, reply.header(header::CACHE_CONTROL)), (StatusCode::OK, "no-store"), "{}", reply.text);
        assert_eq!(reply.header(header::CONTENT_TYPE), "text/html; charset=utf-8");
    }
    assert!(one.text == other.text && one.text.contains("<pre class=\"secret\""));
    assert!(!one.text.contains("/console/language"), "no way to leave the page by chance");
    // And later, by loading the page again.
    assert_eq!(server.post("/console/apps/new", &session, &form).await.text, one.text);
    assert_eq!(server.administration.apps(&Actor::Command).unwrap().len(), 2);

    let others = server.sign_in("ann").await;
    let reply = server.post("/console/apps/new", &others, &form).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "another session is shown no appkey");
    let removal = server.get("/console/apps/1/remove", &session).await.text;
    let removal = form_of(&removal, "/console/apps/1/remove");
    for _ in 0..2 {
        let reply = server.post("/console/apps/1/remove", &session, &removal).await;
        assert_eq!(reply.header(header::LOCATION), "/console?done=app-removed");
    }
}

#[tokio::test]
async fn a_form_that_led_to_nothing_may_be_sent_again() {
    let server = Server::with_users().await;
    let session = server.sign_in("ann").await;
    let page = server.get("/console/access", &session).await.text;
    let form = form_of(&page, "/console/access/tokens");
    let none = server.post("/console/access/tokens", &session, &format!("name=ci&lifetime=7&{form}")).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    let fresh = form_of(&none.text, "/console/access/tokens");
    assert_ne!(fresh, form, "a form that is shown again is another one");
    let made =
        server.post("/console/access/tokens", &session, &format!("name=ci&lifetime=7&apps-read=true&{form}")).await;
    assert_eq!(made.status, StatusCode::OK);
}

/// Whoever clicks twice leaves the first request, whose reply nobody takes.
#[tokio::test]
async fn a_form_is_acted_on_to_the_end_though_its_sender_is_gone() {
    let server = Server::with_users().await;
    let session = server.sign_in("ann").await;
    let page = server.get("/console/apps/1/rotate?grace=86400", &session).await.text;
    let form = format!("grace=86400&{}", form_of(&page, "/console/apps/1/rotate"));
    {
        let sent = server.post("/console/apps/1/rotate", &session, &form);
        // Long enough to begin, and not to end.
        let _ = tokio::time::timeout(std::time::Duration::from_millis(1), sent).await;
    }
    let again = server.post("/console/apps/1/rotate", &session, &form).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.text);
    let appkey = again.text.split("<code>").nth(1).unwrap()[..64].to_owned();
    assert!(server.service.app(&appkey, unix_now()).is_ok(), "the appkey that is shown is the one that counts");
    let log = server.administration.audit_log(&Actor::Command, "", None, 50).unwrap();
    assert_eq!(log.entries.iter().filter(|entry| entry.action == "app.rotated").count(), 1);
}

/// Fault P1: a second rotation ended an appkey that was promised a day, and nobody was asked.
#[tokio::test]
async fn an_appkey_that_goes_on_is_ended_only_by_who_knows_of_it() {
    let server = Server::with_users().await;
    let session = server.sign_in("ann").await;
    let first = server.post("/console/apps/1/rotate", &session, "grace=86400").await;
    assert_eq!(first.status, StatusCode::OK);
    let refused = server.post("/console/apps/1/rotate", &session, "grace=86400").await;
    assert!(refused.status == StatusCode::CONFLICT && refused.text.contains("ends at once"), "{}", refused.text);
    let ends = refused.text.split("name=\"ends\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let stale = server.post("/console/apps/1/rotate", &session, "grace=86400&ends=1").await;
    assert_eq!(stale.status, StatusCode::CONFLICT, "it was about another one");
    let asked = server.get("/console/apps/1/rotate?grace=0", &session).await.text;
    assert!(asked.contains(&format!("name=\"ends\" value=\"{ends}\"")) && asked.contains("class=\"danger\""));
    let agreed = server.post("/console/apps/1/rotate", &session, &format!("grace=86400&ends={ends}")).await;
    assert_eq!(agreed.status, StatusCode::OK);
}

#[tokio::test]
async fn what_takes_a_site_down_is_asked_once_more() {
    let server = Server::with_users().await;
    let session = server.sign_in("ann").await;
    let page = server.get("/console/apps/1/settings", &session).await.text;
    let bob = server.sign_in("bob").await;
    let zone = page.split("class=\"dangers\"").nth(1).unwrap();
    assert!(!zone.contains("method=\"post\""), "nothing there acts at once: {zone}");
    for (question, consequence) in [
        ("disable", "may block sign-ups"),
        ("rotate?grace=0", "ends at once"),
        ("rotate?grace=3600", "is good until"),
        ("rotate-secret?grace=0", "ends at once"),
        ("end-grace", "ends at once"),
        ("end-secret-grace", "ends at once"),
        ("remove", "cannot be brought back"),
    ] {
        let asked = server.get(&format!("/console/apps/1/{question}"), &session).await;
        assert!(asked.status == StatusCode::OK && asked.text.contains(consequence), "{question}: {}", asked.text);
        let refused = server.get(&format!("/console/apps/1/{question}"), &bob).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{question}");
    }
    let log = server.administration.audit_log(&Actor::Command, "", None, 50).unwrap();
    assert!(log.entries.iter().all(|entry| !entry.action.starts_with("app.") || entry.action == "app.created"));
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

/// The code that an authenticator app with this secret shows now, or in so many steps.
fn app_code(secret: &str, steps: u64) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    totp.generate(unix_now() + 30 * steps).to_string()
}

/// The value of this hidden field.
fn hidden(page: &str, name: &str) -> String {
    let value = page.split(&format!("name=\"{name}\" value=\"")).nth(1);
    value.unwrap_or_else(|| panic!("no {name} in {page}")).split('"').next().unwrap().to_owned()
}

const PASSWORD_TYPED: &str = "correct+horse+battery";

#[tokio::test]
async fn two_steps_are_set_up_asked_for_and_taken_away() {
    let server = Server::with_users().await;
    let session = server.sign_in("bob").await;
    let page = server.get("/console/second-factor", &session).await.text;
    assert!(page.contains("<svg class=\"qr\"") && page.contains("Two-step sign-in is off."), "{page}");
    let secret = hidden(&page, "secret");
    let form = |code: &str| format!("secret={secret}&code={code}&password={PASSWORD_TYPED}");
    let wrong = server.post("/console/second-factor", &session, &form("000000")).await;
    assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.text.contains("id=\"factor-code-problem\""));
    assert_eq!(hidden(&wrong.text, "secret"), secret, "the app that has it keeps it");
    let done = server.post("/console/second-factor", &session, &form(&app_code(&secret, 0))).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    let codes = done.text.split("aria-label=\"Recovery codes\"><code>").nth(1).unwrap();
    let codes: Vec<_> = codes.split("</code>").next().unwrap().lines().map(str::to_owned).collect();
    assert_eq!(codes.len(), 10);

    let typed = format!("name=bob&password={PASSWORD_TYPED}&next=/console/audit");
    let halfway = server.post("/console/sign-in", "", &typed).await;
    assert!(halfway.status == StatusCode::OK && halfway.header(header::SET_COOKIE).is_empty(), "no session yet");
    assert!(halfway.text.contains("autocomplete=\"one-time-code\""));
    let half = hidden(&halfway.text, "half");
    let form = |half: &str, code: &str| format!("name=bob&half={half}&code={code}&next=/console/audit");
    let wrong = server.post("/console/sign-in/code", "", &form(&half, "123456")).await;
    assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.header(header::SET_COOKIE).is_empty());
    let forged = server.post("/console/sign-in/code", "", &form("1.2.3", &app_code(&secret, 1))).await;
    assert_eq!(forged.header(header::LOCATION), "/console/sign-in?next=%2Fconsole%2Faudit");
    let right = server.post("/console/sign-in/code", "", &form(&half, &app_code(&secret, 1))).await;
    assert_eq!(right.header(header::LOCATION), "/console/audit", "{}", right.text);
    assert_eq!(server.get("/console", &right.cookie()).await.status, StatusCode::OK);
    let recovered = server.post("/console/sign-in/code", "", &form(&half, &codes[3])).await;
    assert_eq!(recovered.header(header::LOCATION), "/console/audit", "{}", recovered.text);

    let ann = server.sign_in("ann").await;
    let page = server.get("/console/access", &ann).await.text;
    assert!(page.contains("Turn off two-step sign-in of bob") && !page.contains("Turn off two-step sign-in of ann"));
    let reset = server.post("/console/access/users/reset-second-factor", &ann, "name=bob").await;
    assert_eq!(reset.header(header::LOCATION), "/console/access?done=second-factor-reset");
    let alone = server.post("/console/sign-in", "", &typed).await;
    assert_eq!(alone.header(header::LOCATION), "/console/audit");
}

#[tokio::test]
async fn who_is_invited_chooses_a_name_and_a_password() {
    let server = Server::with_users().await;
    let session = server.sign_in("ann").await;
    let made = server.post("/console/access/invitations", &session, "name=&role=viewer").await;
    let link = made.text.split("http://127.0.0.1:8080/console/invitation?code=").nth(1).unwrap()[..64].to_owned();
    let page = server.get("/console/access", &session).await.text;
    assert!(page.contains("their own choice") && !page.contains(&link));
    let page = server.get(&format!("/console/invitation?code={link}"), "").await;
    assert!(page.status == StatusCode::OK && page.text.contains("as: Viewer"), "{}", page.text);
    let form = |name: &str, password: &str| format!("code={link}&name={name}&password={password}");
    let short = server.post("/console/invitation", "", &form("cid", "short")).await;
    assert!(short.status == StatusCode::UNPROCESSABLE_ENTITY && short.text.contains("invited-password-problem"));
    let taken = server.post("/console/invitation", "", &form("bob", PASSWORD_TYPED)).await;
    assert!(taken.status == StatusCode::UNPROCESSABLE_ENTITY && taken.text.contains("invited-name-problem"));
    let accepted = server.post("/console/invitation", "", &form("cid", PASSWORD_TYPED)).await;
    assert_eq!(accepted.header(header::LOCATION), "/console", "{}", accepted.text);
    let cid = server.get("/console", &accepted.cookie()).await.text;
    assert!(cid.contains("<strong>cid</strong>") && !cid.contains("/console/access"));
    for again in [
        server.get(&format!("/console/invitation?code={link}"), "").await,
        server.post("/console/invitation", "", &form("dan", PASSWORD_TYPED)).await,
        server.get("/console/invitation", "").await,
    ] {
        assert!(again.status == StatusCode::UNPROCESSABLE_ENTITY && again.text.contains("Ask for another one"));
    }
    server.post("/console/access/invitations", &session, "name=dan&role=administrator").await;
    let page = server.get("/console/access", &session).await.text;
    let revoking = page.split("action=\"").find(|action| action.contains("/revoke\"")).unwrap();
    server.post(revoking.split('"').next().unwrap(), &session, "").await;
    assert!(server.administration.invitations(&Actor::Command, unix_now()).unwrap().is_empty());
}

#[tokio::test]
async fn addresses_to_notify_come_are_tested_and_go() {
    let server = Server::with_users().await;
    let session = server.sign_in("ann").await;
    let wrong = server.post("/console/webhooks", &session, "url=ftp://ops.example.org").await;
    assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.text.contains("id=\"webhook-url-problem\""));
    let made = server.post("/console/webhooks", &session, "url=https://ops.example.org/haechi").await;
    assert!(made.status == StatusCode::OK && made.text.contains("<code>whsec_"), "{}", made.text);
    let page = server.get("/console/webhooks", &session).await.text;
    assert!(page.contains("https://ops.example.org/haechi") && !page.contains("whsec_"));
    let action = |end: &str| {
        let found = page.split("action=\"").find(|action| action.split('"').next().unwrap().ends_with(end));
        found.unwrap().split('"').next().unwrap().to_owned()
    };
    let tested = server.post(&action("/test"), &session, "").await;
    assert_eq!(tested.header(header::LOCATION), "/console/webhooks?done=test-queued");
    assert!(server.get("/console/webhooks", &session).await.text.contains("Waiting"));
    server.post(&action("/remove"), &session, "").await;
    assert!(server.administration.webhooks(&Actor::Command).unwrap().is_empty());
    let bob = server.sign_in("bob").await;
    assert_eq!(server.get("/console/webhooks", &bob).await.status, StatusCode::FORBIDDEN);
    assert_eq!(server.post("/console/webhooks", &bob, "url=https://a.test").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_audit_log_is_searched_and_taken_away() {
    let server = Server::with_users().await;
    let session = server.sign_in("bob").await;
    let found = server.get("/console/audit?q=SHOP", &session).await.text;
    let body = found.split("<tbody>").nth(1).unwrap().split("</tbody>").next().unwrap();
    assert!(body.contains("app.created") && !body.contains("user.signed_in"), "{body}");
    let none = server.get("/console/audit?q=nobody", &session).await.text;
    assert!(none.contains("No entry has that.") && !none.contains("<tbody>"));
    let file = server.get("/console/audit.csv", &session).await;
    assert_eq!((file.status, file.header(header::CONTENT_TYPE)), (StatusCode::OK, "text/csv; charset=utf-8"));
    assert!(
        file.text.lines().count() == 5 && file.text.contains("\"user bob\",\"user.signed_in\",\"bob\""),
        "{}",
        file.text
    );
    assert_eq!(server.get("/console/audit.csv", "").await.status, StatusCode::SEE_OTHER);
}
