//! The admin API, called by programs with tokens.

use std::{thread, time::Duration};

use haechi::clock::unix_now;
use serde_json::{Value, json};

use crate::server::{Reply, TestServer, haechi_in, send_request, within_deadline};

const ALL: [&str; 5] = ["apps:read", "apps:write", "statistics:read", "audit:read", "access:write"];

/// A server and a token to call its admin API with.
pub(crate) struct Admin<'a> {
    server: &'a TestServer,
    token: String,
}

impl<'a> Admin<'a> {
    pub(crate) fn new(server: &'a TestServer, scopes: &[&str]) -> Self {
        let flags = scopes.iter().flat_map(|scope| ["--scope", scope]);
        let command: Vec<&str> = ["token", "create", "tests"].into_iter().chain(flags).collect();
        let made = server.haechi(&command).json();
        Self { server, token: made["token"].as_str().unwrap().to_owned() }
    }

    pub(crate) fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        let request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.server.url()));
        let request = request.header("authorization", format!("Bearer {}", self.token));
        match body {
            Some(body) => {
                send_request(request.header("content-type", "application/json").body(body.to_string()).unwrap())
            }
            None => send_request(request.body(()).unwrap()),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let reply = self.call("GET", path, None);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }

    /// Calls what must be refused with this status and this kind of problem.
    #[track_caller]
    pub(crate) fn refused(&self, method: &str, path: &str, body: Option<&Value>, status: u16, kind: &str) {
        let reply = self.call(method, path, body);
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.text());
        assert_eq!(reply.header("content-type"), "application/problem+json");
        let problem = reply.json();
        assert_eq!(problem["type"], format!("urn:haechi:problem:{kind}"), "{problem}");
        assert!(problem["status"] == status && problem["title"].is_string() && problem["detail"].is_string());
    }
}

#[test]
fn an_app_lives_its_life_by_the_admin_api() {
    let server = TestServer::start();
    let admin = Admin::new(&server, &ALL);
    let made = admin.call("POST", "/admin/v1/apps", Some(&json!({"name": "my shop", "settings": {"attempts": 3}})));
    assert_eq!(made.status, 201, "{}", made.text());
    let path = made.header("location").to_owned();
    let old = made.json()["appkey"].as_str().unwrap().to_owned();
    let shown = admin.get(&path);
    assert!(shown["name"] == "my shop" && shown["settings"]["attempts"] == 3 && shown.get("appkey").is_none());
    assert_eq!(admin.get("/admin/v1/apps")["apps"].as_array().unwrap().len(), 2);

    let key = server.issue(&old);
    assert_eq!(server.verify(&old, &key, &server.answer_of(&key)), 0);

    let changed = admin.call("PATCH", &path, Some(&json!({"answer_length": 6}))).json();
    assert!(changed["settings"]["answer_length"] == 6 && changed["settings"]["attempts"] == 3, "{changed}");
    assert_eq!(server.answer_of(&server.issue(&old)).len(), 6);

    let rotated = admin.call("POST", &format!("{path}/rotate"), Some(&json!({"grace_secs": 3600}))).json();
    let new = rotated["appkey"].as_str().unwrap().to_owned();
    assert!(rotated["previous_appkey_until"].as_u64().unwrap() > shown["created_at"].as_u64().unwrap());
    // Either opens the keys of the other: they are the app's.
    for (issuing, judging) in [(&old, &new), (&new, &old)] {
        let key = server.issue(issuing);
        assert_eq!(server.verify(judging, &key, &server.answer_of(&key)), 0);
    }
    let site_key = made.json()["site_key"].clone();
    let secret = admin.call("POST", &format!("{path}/secret/rotate"), Some(&json!({"grace_secs": 3600}))).json();
    assert!(secret["previous_secret_until"].is_u64() && secret.get("appkey").is_none(), "{secret}");
    assert!(secret["secret"] != made.json()["secret"] && secret["site_key"] == site_key, "{secret}");
    let secret = secret["secret"].as_str().unwrap().to_owned();
    let shown = admin.get(&path);
    assert!(shown["has_secret"] == true && shown.get("secret").is_none() && shown["site_key"] == site_key, "{shown}");
    let ended = admin.call("DELETE", &format!("{path}/previous-secret"), None).json();
    assert!(ended.get("previous_secret_until").is_none() && ended.get("previous_appkey_until").is_some(), "{ended}");
    let ended = admin.call("DELETE", &format!("{path}/previous-appkey"), None).json();
    assert!(ended.get("previous_appkey_until").is_none());
    assert_eq!(server.post(&format!("/captcha/v1.0/appkeys/{old}/keys")).code(), -4);
    server.issue(&new);

    admin.call("POST", &format!("{path}/disable"), None);
    assert_eq!(server.post(&format!("/captcha/v1.0/appkeys/{new}/keys")).code(), -4);
    admin.call("POST", &format!("{path}/enable"), None);
    server.issue(&new);
    assert_eq!(admin.call("DELETE", &path, None).status, 200);
    admin.refused("GET", &path, None, 404, "not-found");

    let log = admin.get("/admin/v1/audit");
    let told: Vec<_> = log["entries"].as_array().unwrap().iter().rev().map(|entry| &entry["action"]).collect();
    let expected = [
        "token.created",
        "app.created",
        "app.changed",
        "app.rotated",
        "app.secret_rotated",
        "app.secret_grace_ended",
        "app.grace_ended",
        "app.disabled",
        "app.enabled",
        "app.removed",
    ];
    assert_eq!(told, expected, "{log}");
    assert!(
        !log.to_string().contains(&new)
            && !log.to_string().contains(&secret)
            && !log.to_string().contains(&admin.token)
    );
}

#[test]
fn a_replaced_appkey_ends_by_itself() {
    let server = TestServer::start();
    let old = server.appkey().to_owned();
    let new = server.haechi(&["app", "rotate", "default", "--grace-secs", "2"]).json();
    let new = new["appkey"].as_str().unwrap().to_owned();
    server.issue(&old);
    let code = || server.post(&format!("/captcha/v1.0/appkeys/{old}/keys")).code();
    within_deadline("the old appkey is unknown", || (code() == -4).then_some(()));
    server.issue(&new);
}

#[test]
fn whoever_is_not_known_is_told_to_say_who_they_are() {
    let server = TestServer::start();
    for path in ["/admin/v1/apps", "/admin/v1/audit", "/admin/v1/preview/image", "/admin/v1/users"] {
        let reply = server.get(path);
        assert_eq!((reply.status, reply.header("content-type")), (401, "application/problem+json"), "{path}");
        assert!(reply.header("www-authenticate").starts_with("Bearer"));
    }
    let wrong = Admin { server: &server, token: format!("haechi_{}", "0".repeat(64)) };
    wrong.refused("GET", "/admin/v1/apps", None, 401, "unauthenticated");
    let admin = Admin::new(&server, &["apps:read"]);
    let in_address = server.get(&format!("/admin/v1/apps?access_token={}", admin.token));
    assert_eq!(in_address.status, 400);
    admin.refused("GET", &format!("/admin/v1/apps?x={}", admin.token), None, 400, "malformed");
}

#[test]
fn a_token_is_held_to_its_scopes_and_ends() {
    let server = TestServer::start();
    let reader = Admin::new(&server, &["apps:read"]);
    reader.get("/admin/v1/apps/1");
    reader.refused("PATCH", "/admin/v1/apps/1", Some(&json!({"attempts": 2})), 403, "forbidden");
    reader.refused("DELETE", "/admin/v1/apps/1", None, 403, "forbidden");
    reader.refused("POST", "/admin/v1/apps/1/secret/rotate", Some(&json!({})), 403, "forbidden");
    reader.refused("DELETE", "/admin/v1/apps/1/previous-secret", None, 403, "forbidden");
    reader.refused("GET", "/admin/v1/apps/1/statistics", None, 403, "forbidden");
    reader.refused("GET", "/admin/v1/audit", None, 403, "forbidden");
    reader.refused("GET", "/admin/v1/tokens", None, 403, "forbidden");

    let keeper = Admin::new(&server, &["access:write"]);
    keeper.refused("GET", "/admin/v1/apps/1", None, 403, "forbidden");
    let more = json!({"name": "more", "scopes": ["apps:write"], "lifetime_secs": 60});
    keeper.refused("POST", "/admin/v1/tokens", Some(&more), 403, "forbidden");
    let short = json!({"name": "short", "scopes": ["access:write"], "lifetime_secs": 1});
    let made = keeper.call("POST", "/admin/v1/tokens", Some(&short)).json();
    let holder = Admin { server: &server, token: made["token"].as_str().unwrap().to_owned() };
    let is_refused = || holder.call("GET", "/admin/v1/tokens", None).status == 401;
    within_deadline("the token has expired", || is_refused().then_some(()));

    let listed = keeper.get("/admin/v1/tokens");
    let id = listed["tokens"].as_array().unwrap().iter().find(|token| token["scopes"] == json!(["apps:read"])).unwrap();
    let address = format!("/admin/v1/tokens/{}", id["id"].as_str().unwrap());
    keeper.refused("DELETE", &address, None, 403, "forbidden");
    let removed = Admin::new(&server, &["access:write", "apps:read"]).call("DELETE", &address, None);
    assert_eq!(removed.status, 204);
    reader.refused("GET", "/admin/v1/apps", None, 401, "unauthenticated");
}

/// Attack W14: a change of nothing showed an app's settings to a token that may not see them, and so did every other change.
#[test]
fn a_token_that_may_only_change_apps_is_shown_none() {
    let server = TestServer::start();
    let writer = Admin::new(&server, &["apps:write"]);
    writer.refused("GET", "/admin/v1/apps/1", None, 403, "forbidden");
    let shown = |method, path, body: Value| {
        let reply = writer.call(method, path, Some(&body));
        assert!((200..300).contains(&reply.status), "{method} {path}: {}", reply.text());
        reply.json().as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(shown("PATCH", "/admin/v1/apps/1", json!({})), "number site_key");
    assert_eq!(shown("PATCH", "/admin/v1/apps/1", json!({"attempts": 2})), "number site_key");
    assert_eq!(shown("POST", "/admin/v1/apps/1/disable", json!({})), "number site_key");
    assert_eq!(shown("POST", "/admin/v1/apps/1/rotate", json!({})), "appkey number site_key");
    assert_eq!(shown("POST", "/admin/v1/apps/1/secret/rotate", json!({})), "number secret site_key");
    assert_eq!(shown("POST", "/admin/v1/apps", json!({"name": "shop"})), "appkey number secret site_key");
    assert_eq!(shown("DELETE", "/admin/v1/apps/1", json!({})), "number site_key");

    let both = Admin::new(&server, &["apps:read", "apps:write"]);
    let changed = both.call("PATCH", "/admin/v1/apps/2", Some(&json!({"attempts": 2}))).json();
    assert_eq!((&changed["name"], &changed["settings"]["attempts"]), (&json!("shop"), &json!(2)));
}

#[test]
fn what_cannot_be_is_said_with_its_field() {
    let server = TestServer::start();
    let admin = Admin::new(&server, &ALL);
    let refused = |method, path, body: Value, status, kind| admin.refused(method, path, Some(&body), status, kind);
    refused("PATCH", "/admin/v1/apps/1", json!({"answer_length": 9}), 422, "invalid");
    refused("PATCH", "/admin/v1/apps/1", json!({"shade": "red"}), 400, "malformed");
    refused("PATCH", "/admin/v1/apps/1", json!([]), 400, "malformed");
    refused("PATCH", "/admin/v1/apps/99", json!({}), 404, "not-found");
    refused("POST", "/admin/v1/apps", json!({"name": "<script>"}), 422, "invalid");
    refused("POST", "/admin/v1/apps", json!({"name": "default"}), 409, "taken");
    refused("POST", "/admin/v1/apps/1/rotate", json!({"grace_secs": 2_592_001}), 422, "invalid");
    refused("POST", "/admin/v1/apps/1/secret/rotate", json!({"grace_secs": 2_592_001}), 422, "invalid");
    refused("POST", "/admin/v1/users", json!({"name": "ann", "role": "viewer", "password": "short"}), 422, "invalid");
    admin.refused("GET", "/admin/v1/apps/one", None, 404, "not-found");
    admin.refused("GET", "/admin/v1/apps/1/statistics?span=2h", None, 400, "malformed");
    admin.refused("GET", "/admin/v1/audit?limit=0", None, 400, "malformed");
    admin.refused("GET", "/admin/v1/preview/image?width=9999", None, 422, "invalid");
    admin.refused("PUT", "/admin/v1/apps", None, 405, "method-not-allowed");
    let field = admin.call("PATCH", "/admin/v1/apps/1", Some(&json!({"attempts": 0}))).json();
    assert_eq!((&field["field"], &field["detail"]), (&json!("attempts"), &json!("attempts is 1 to 10, not 0")));
    let url = format!("{}/admin/v1/apps", server.url());
    let text = ureq::http::Request::post(url).header("authorization", format!("Bearer {}", admin.token));
    assert_eq!(send_request(text.body("{}").unwrap()).status, 415);
}

#[test]
fn a_preview_is_of_the_settings_that_are_asked_for_and_of_nobodys_challenge() {
    let server = TestServer::start();
    let admin = Admin::new(&server, &["apps:read"]);
    let image = |query: &str| admin.call("GET", &format!("/admin/v1/preview/image?{query}"), None);
    let first = image("answer_length=6&width=300&height=100&scale=2&sample=7");
    assert_eq!((first.status, first.header("content-type")), (200, "image/gif"));
    assert_eq!(first.header("x-sample-answer").len(), 6);
    let size = [6, 8].map(|at| u16::from_le_bytes([first.body[at], first.body[at + 1]]));
    assert_eq!(size, [600, 200]);
    assert_eq!(image("answer_length=6&width=300&height=100&scale=2&sample=7").body, first.body);
    assert_ne!(image("answer_length=6&width=300&height=100&scale=2&sample=8").body, first.body);
    assert_ne!(image("answer_length=6&width=300&height=100&scale=2&sample=7&theme=dark").body, first.body);
    // A GIF's colours stand after its first 13 bytes, the ground's first.
    let ground = |query: &str| image(query).body[13..16].to_vec();
    assert_eq!(ground("light_ground=%23fff8e8&colour=%230b6e4f"), [0xff, 0xf8, 0xe8]);
    assert_ne!(image("colour=%230b6e4f").body, image("").body);
    admin.refused("GET", "/admin/v1/preview/image?light_ground=%23808080", None, 422, "invalid");
    let sound = |query: &str| {
        let reply = admin.call("GET", &format!("/admin/v1/preview/sound?lang=ja&pace=slow{query}"), None);
        assert_eq!((reply.status, reply.header("content-type"), &reply.body[..4]), (200, "audio/wav", &b"RIFF"[..]));
        reply.body
    };
    let plain = sound("");
    assert!(sound("&format=pcm&repeat=false") == plain);
    assert!(sound("&format=mulaw").len() <= plain.len() / 2 + 37);
    assert_eq!(sound("&repeat=true").len(), 2 * plain.len() - 44 + 32_000);
    for wrong in ["format=mp3", "repeat=yes"] {
        admin.refused("GET", &format!("/admin/v1/preview/sound?{wrong}"), None, 400, "malformed");
    }
}

#[test]
fn users_and_tokens_are_made_by_command_with_and_without_a_server() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let token = haechi_in(&data, &["token", "create", "ci", "--scope", "apps:read", "--days", "1"]).json();
    let server = TestServer::in_dir(&data, &[]);
    let admin = Admin { server: &server, token: token["token"].as_str().unwrap().to_owned() };
    admin.get("/admin/v1/apps");
    assert!(server.announcement()["first_user"].as_str().unwrap().contains("/console/first?code="));
    let listed = server.haechi(&["token", "list"]).json();
    assert_eq!(listed[0]["id"], token["id"]);
    server.haechi(&["token", "remove", token["id"].as_str().unwrap()]).json();
    admin.refused("GET", "/admin/v1/apps", None, 401, "unauthenticated");
    server.haechi(&["token", "remove", "0123"]).fails(1, "there is no token \"0123\"");
    server.haechi(&["token", "create", "ci"]).fails(2, "--scope");
}

#[test]
fn the_description_of_the_api_names_every_call() {
    let server = TestServer::start();
    let document = server.get("/openapi.json").json();
    for path in [
        "/admin/v1/apps/{app}/rotate",
        "/admin/v1/apps/{app}/secret/rotate",
        "/admin/v1/preview/sound",
        "/admin/v1/users/{name}",
        "/admin/v1/audit",
    ] {
        assert!(document["paths"][path].is_object(), "{path}");
    }
    assert!(document["paths"]["/captcha/v1.0/appkeys/{appkey}/keys"].is_object());
    assert_eq!(document["components"]["securitySchemes"]["token"]["scheme"], "bearer");
}

#[test]
fn statistics_tell_what_happened_within_seconds() {
    let server = TestServer::start();
    let admin = Admin::new(&server, &["statistics:read", "apps:read"]);
    let appkey = server.appkey();
    let keys: Vec<String> = (0..4).map(|_| server.issue(appkey)).collect();
    for key in &keys {
        assert_eq!(server.get(&format!("/captcha/v1.0/keys/{key}/img")).status, 200);
    }
    assert_eq!(server.get(&format!("/captcha/v1.0/keys/{}/sound", keys[0])).status, 200);
    assert_eq!(server.verify(appkey, &keys[0], &server.answer_of(&keys[0])), 0);
    assert_eq!(server.verify(appkey, &keys[1], &server.answer_of(&keys[1])), 0);
    assert_eq!(server.verify(appkey, &keys[2], "WRONG"), -6);
    let figures = || {
        let report = admin.get("/admin/v1/apps/1/statistics");
        (report["total"]["passed"] == 2 && report["total"]["wrong"] == 1).then_some(report)
    };
    let report = within_deadline("statistics show the answers", figures);
    let total = &report["total"];
    assert_eq!((&total["issued"], &total["images"], &total["sounds"]), (&json!(4), &json!(4), &json!(1)), "{report}");
    assert_eq!(total["sound_share"], 0.2);
    assert!((total["pass_rate"].as_f64().unwrap() - 2.0 / 3.0).abs() < 1e-9 && total["median_secs"].is_number());
    assert_eq!(report["points"].as_array().unwrap().len(), 24);
    assert_eq!(report["before"]["issued"], 0);
    let all = admin.get("/admin/v1/statistics?span=1h");
    assert_eq!((&all["apps"][0]["name"], &all["apps"][0]["total"]["issued"]), (&json!("default"), &json!(4)));
}

#[test]
fn an_operator_sees_what_the_rule_knows_of_an_app() {
    let server = TestServer::start();
    let admin = Admin::new(&server, &["statistics:read"]);
    let state = admin.get("/admin/v1/apps/1/demand");
    assert_eq!((&state["per_minute"], &state["level"], &state["reasons"]), (&json!(0), &json!(0), &json!([])));
    let site_key = server.announcement()["site_key"].as_str().unwrap().to_owned();
    // What is counted is forgotten bit by bit from the end of its minute on.
    let over_secs = unix_now() % 60;
    if over_secs > 20 {
        thread::sleep(Duration::from_secs(60 - over_secs));
    }
    // More than one client begins in five minutes unless it is an office, or no person.
    let begin = || server.post(&format!("/widget/v1/begin?sitekey={site_key}")).json();
    let asked: Vec<_> = (0..50).map(|_| begin()).collect();
    let levels: Vec<_> = asked.iter().map(|asked| asked["work"]["level"].as_u64().unwrap()).collect();
    assert_eq!((levels[0], levels[49]), (0, 3));
    assert!(levels.is_sorted() && asked[0].get("word").is_none() && asked[49]["word"].is_object(), "{levels:?}");
    let state = admin.get("/admin/v1/apps/1/demand");
    assert_eq!((&state["per_minute"], &state["suspect_networks"]), (&json!(50), &json!(1)));
    admin.refused("GET", "/admin/v1/apps/9/demand", None, 404, "not-found");
    let other = Admin::new(&server, &["apps:read"]);
    other.refused("GET", "/admin/v1/apps/1/demand", None, 403, "forbidden");
}
