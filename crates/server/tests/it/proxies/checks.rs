//! What holds behind every proxy.

use std::{fs, io::Write, process::Stdio};

use super::{Fetched, HOST, Proxied};
use crate::server::{TestServer, haechi};

const PASSWORD: &str = "correct horse battery";

/// A challenge's whole life, and what people see and hear of it.
pub(super) fn check_challenge(proxied: &Proxied) {
    let calls = format!("/captcha/v1.0/appkeys/{}/keys", proxied.server.appkey());
    let issued = proxied.fetch(&calls, &["--request", "POST"]).json();
    let key = issued["key"].as_str().unwrap();
    let picture = proxied.fetch(&format!("/captcha/v1.0/keys/{key}/img"), &[]);
    assert_eq!((picture.status, picture.header("content-type")), (200, "image/gif"));
    assert!(picture.body.starts_with(b"GIF89a"));
    let sound_path = format!("/captcha/v1.0/keys/{key}/sound");
    let sound = proxied.fetch(&sound_path, &["--compressed"]);
    assert_eq!((sound.status, sound.header("content-encoding")), (200, ""));
    assert_eq!(sound.header("content-length"), sound.body.len().to_string(), "players need to know the length");
    let part = proxied.fetch(&sound_path, &["--range", "1000-1999"]);
    assert_eq!(part.status, 206);
    assert_eq!(part.header("content-range"), format!("bytes 1000-1999/{}", sound.body.len()));
    assert_eq!(part.body, sound.body[1000..2000]);
    let answer = proxied.server.answer_of(key);
    let judge = format!("{calls}/{key}/verification?answer={answer}");
    assert_eq!(proxied.fetch(&judge, &[]).json()["header"]["resultCode"], 0);
    assert_eq!(proxied.fetch(&judge, &[]).json()["header"]["resultCode"], -5, "a key passes once");
    // What is wrong with a request is said by the server, in its envelope.
    let nothing = proxied.fetch("/captcha/v1.0/nothing", &[]);
    assert_eq!((nothing.status, &nothing.json()["header"]["resultCode"]), (404, &(-3).into()));
    for file in fs::read_dir(proxied.folder.path()).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_some_and(|extension| extension == "log") || file.ends_with("printed") {
            let text = fs::read_to_string(&file).unwrap();
            let has_secret = text.contains(proxied.server.appkey()) || text.contains(key) || text.contains(&answer);
            assert!(!has_secret, "{}: {text}", file.display());
        }
    }
}

/// Each client has a limit of its own, whatever it writes into headers.
pub(super) fn check_clients(proxied: &Proxied) {
    let key = issue(proxied);
    let picture = |arguments: &[&str]| proxied.fetch(&format!("/captcha/v1.0/keys/{key}/img"), arguments);
    for number in 1..=4 {
        let forged = format!("X-Forwarded-For: 198.51.100.{number}");
        assert_eq!(picture(&["--interface", "127.0.0.2", "--header", &forged]).status, 200);
    }
    let refused = picture(&["--interface", "127.0.0.2", "--header", "X-Forwarded-For: 198.51.100.9"]);
    assert_eq!((refused.status, &refused.json()["header"]["resultCode"]), (429, &(-3).into()));
    assert!(!refused.header("retry-after").is_empty());
    // Nor does it get rid of what the proxy says of it. Envoy refuses to do as it is told here.
    let hop_by_hop =
        picture(&["--interface", "127.0.0.2", "--http1.1", "--header", "Connection: close, X-Forwarded-For"]);
    assert!([400, 429].contains(&hop_by_hop.status), "{}", hop_by_hop.head);
    assert_eq!(picture(&["--interface", "127.0.0.3"]).status, 200, "another client is not concerned");
}

/// The key of a new challenge.
fn issue(proxied: &Proxied) -> String {
    let calls = format!("/captcha/v1.0/appkeys/{}/keys", proxied.server.appkey());
    proxied.fetch(&calls, &["--request", "POST"]).json()["key"].as_str().unwrap().to_owned()
}

/// Makes an administrator called ann.
pub(super) fn create_user(server: &TestServer) {
    let mut create = haechi(["admin", "create", "ann", "--data"]);
    let mut child = create.arg(server.data_dir()).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{PASSWORD}").unwrap();
    assert!(child.wait().unwrap().success());
}

/// What signing in as ann comes back with.
pub(super) fn sign_in(proxied: &Proxied, path: &str) -> Fetched {
    let origin = format!("Origin: {}", proxied.url(""));
    let form = format!("next=%2Fconsole&name=ann&password={}", PASSWORD.replace(' ', "+"));
    proxied.fetch(path, &["--data", &form, "--header", &origin])
}

/// An administrator signs in over HTTPS, with a cookie that only this host gets, over HTTPS: the cookie is returned.
pub(super) fn check_sign_in(proxied: &Proxied) -> String {
    let signed_in = sign_in(proxied, "/console/sign-in");
    assert_eq!((signed_in.status, signed_in.header("location")), (303, "/console"), "{}", signed_in.head);
    let cookie = signed_in.header("set-cookie");
    assert!(cookie.starts_with("__Host-haechi=") && cookie.contains("Secure"), "{cookie}");
    format!("Cookie: {}", cookie.split(';').next().unwrap())
}

/// The console is there over HTTPS, for those on one's own networks.
pub(super) fn check_console(proxied: &Proxied) {
    create_user(&proxied.server);
    assert_eq!(proxied.fetch("/console", &[]).status, 303);
    assert_eq!(proxied.fetch("/console/sign-in", &["--header", "X-Forwarded-Proto: http"]).status, 200);
    assert_eq!(proxied.fetch("/console/console.css", &[]).status, 200);
    let cookie = check_sign_in(proxied);
    let overview = proxied.fetch("/console", &["--header", &cookie]);
    assert_eq!(overview.status, 200);
    let integration = proxied.fetch("/console/apps/1/integration", &["--header", &cookie]);
    let text = String::from_utf8_lossy(&integration.body).into_owned();
    assert!(text.contains(&proxied.url("/captcha/v1.0")), "the examples have the proxy's address: {text}");
    assert_eq!(proxied.fetch("/metrics", &[]).status, 404);
    assert_eq!(proxied.fetch("/admin/v1/apps", &[]).status, 401);
    check_outside(proxied, &cookie);

    let plain = format!("http://{HOST}:{}/console", proxied.plain_port);
    let redirected = proxied.fetch_url(&plain, &[]);
    assert!(matches!(redirected.status, 301 | 308), "{}", redirected.head);
    assert!(redirected.header("location").starts_with(&format!("https://{HOST}")), "{}", redirected.head);
    assert!(!overview.header("strict-transport-security").is_empty());
}

/// From elsewhere it is not there, even for who is signed in, however its address is written.
fn check_outside(proxied: &Proxied, cookie: &str) {
    let status = |path: &str| {
        let arguments = ["--path-as-is", "--interface", "127.0.0.2", "--header", cookie];
        proxied.fetch(path, &[&arguments[..], &["--header", "X-Forwarded-For: 127.0.0.1"]].concat()).status
    };
    for path in ["/console", "/console/", "/console/sign-in", "/console/apps/1/settings", "/admin/v1/apps", "/docs"] {
        assert_eq!(status(path), 403, "{path}");
    }
    for path in ["//console", "/%63onsole", "/./console", "/x/../console", "/console;x", "/Console", "/console%2Fapps"]
    {
        assert!([400, 403, 404].contains(&status(path)), "{path}");
    }
    assert_eq!(status("/metrics"), 404);
}

/// Requests reach the server as they were written, and its replies the client, in both versions of HTTP.
pub(super) fn check_unchanged(proxied: &Proxied) {
    for (flag, version) in [("--http1.1", "HTTP/1.1 200"), ("--http2", "HTTP/2 200")] {
        let healthy = proxied.fetch("/healthz", &[flag, "--header", "X-Request-Id: of-the-client"]);
        assert!(healthy.head.starts_with(version), "{}", healthy.head);
        let named = healthy.header("x-request-id");
        assert!(!named.is_empty() && named != "of-the-client", "{}", healthy.head);
    }

    let key = issue(proxied);
    // What was typed comes there whole: a blank counts for nothing, and what stands behind a semicolon does.
    let calls = format!("/captcha/v1.0/appkeys/{}/keys", proxied.server.appkey());
    let judge = |key: &str, typed: &str| {
        proxied.fetch(&format!("{calls}/{key}/verification?answer={typed}"), &[]).json()["header"]["resultCode"].clone()
    };
    let answer = proxied.server.answer_of(&key);
    let (one, other) = answer.split_at(2);
    assert_eq!(judge(&key, &format!("{one}%20+{other}")), 0, "{answer}");
    let key = issue(proxied);
    assert_eq!(judge(&key, &format!("{};", proxied.server.answer_of(&key))), -6);

    // Nothing is tidied up, and refusals are the server's own.
    for path in [
        "//captcha/v1.0/nothing",
        "/captcha/v1.0//keys/a/img",
        "/captcha/v1.0/./nothing",
        "/captcha/../healthz",
        "/healthz/",
        "/healthz%2F",
        "/healthz%3Fa",
        "/healthz;a",
        "/healthz?a=%ZZ",
        &format!("{calls}/a%2Fb/verification?answer=a%2Fb"),
        &format!("{calls}/a%2E%2E/verification?answer="),
        &format!("{calls}/%EA%B0%80/verification?answer=%EA%B0%80"),
        &format!("{calls}/{key}%20/verification?answer=a&&answer=b"),
    ] {
        check_same(proxied, path, &["--path-as-is"]);
    }
    check_same(proxied, "/siteverify", &["--data", "secret=a&response=b"]);
    let large = format!("secret=a&response={}", "b".repeat(20_000));
    check_same(proxied, "/siteverify", &["--data", &large]);
}

/// Status, type and body are the same as without the proxy.
fn check_same(proxied: &Proxied, path: &str, arguments: &[&str]) {
    let told = |fetched: Fetched| {
        let body = String::from_utf8_lossy(&fetched.body).into_owned();
        (fetched.status, fetched.header("content-type").to_owned(), body)
    };
    let direct = told(proxied.fetch_url(&format!("{}{path}", proxied.server.url()), arguments));
    assert!(!direct.1.is_empty() && !direct.2.is_empty(), "{path}: {direct:?}");
    assert_eq!(told(proxied.fetch(path, arguments)), direct, "{path}");
}
