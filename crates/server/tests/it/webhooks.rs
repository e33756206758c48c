//! Webhooks: who is told of marks, how, and how often.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use testbed::Redis;

use crate::{
    admin::Admin,
    api::Insider,
    server::{TestServer, within_deadline},
};

/// Something that was posted.
#[derive(Clone)]
struct Posted {
    head: String,
    body: String,
}

impl Posted {
    fn header(&self, name: &str) -> String {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).unwrap().1.to_owned()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A receiver that replies with these statuses in turn, and with the last one from then on.
struct Receiver {
    url: String,
    posted: Arc<Mutex<Vec<Posted>>>,
}

impl Receiver {
    fn start(statuses: &'static [u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let posted = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&posted);
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let Some(one) = read(&mut stream) else { continue };
                let status = statuses[number.min(statuses.len() - 1)];
                all.lock().unwrap().push(one);
                let _ = stream.write_all(format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n").as_bytes());
            }
        });
        Self { url, posted }
    }

    fn posted(&self) -> Vec<Posted> {
        self.posted.lock().unwrap().clone()
    }
}

fn read(stream: &mut TcpStream) -> Option<Posted> {
    let (mut text, mut bytes) = (String::new(), [0; 4_096]);
    loop {
        let count = stream.read(&mut bytes).ok().filter(|count| *count > 0)?;
        text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let posted = Posted { head: head.to_owned(), body: body.to_owned() };
        if body.len() >= posted.header("content-length").parse().unwrap() {
            return Some(posted);
        }
    }
}

/// Checks a signature as libraries for Standard Webhooks do.
#[track_caller]
fn check_signature(posted: &Posted, secret: &str) {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    let (id, at) = (posted.header("webhook-id"), posted.header("webhook-timestamp"));
    mac.update(format!("{id}.{at}.{}", posted.body).as_bytes());
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    assert_eq!(posted.header("webhook-signature"), expected);
}

/// Answers so many challenges rightly, faster than people do.
fn rush(server: &TestServer, count: usize) {
    let insider = Insider::of(server);
    for _ in 0..count {
        let key = server.issue(server.appkey());
        assert_eq!(server.verify(server.appkey(), &key, &insider.answer(&key)), 0);
    }
}

#[test]
fn a_mark_is_told_once_by_one_of_two_servers() {
    let (redis, receiver) = (Redis::start(), Receiver::start(&[500, 204]));
    let ledger = format!("{}?timeout_ms=3000", redis.url());
    let first = TestServer::with_args(&["--ledger", &ledger]);
    let dir = tempfile::tempdir().unwrap();
    let secret_file = first.data_dir().join("secret");
    let args = ["--ledger", &ledger, "--secret-file", secret_file.to_str().unwrap()];
    let _second = TestServer::in_dir(dir.path(), &args);
    let made = first.haechi(&["webhook", "create", &receiver.url]).json();
    let secret = made["secret"].as_str().unwrap();
    rush(&first, 30);
    // The first time it failed; ten seconds later it is made again, under the same name.
    let posted = within_deadline("it is told twice", || Some(receiver.posted()).filter(|posted| posted.len() >= 2));
    for one in &posted {
        check_signature(one, secret);
        let (body, id) = (one.json(), one.header("webhook-id"));
        assert_eq!((&body["type"], id == posted[0].header("webhook-id")), (&json!("mark.began"), true), "{body}");
        assert_eq!(body["data"]["app"], json!({ "number": 1, "name": "default" }));
        assert_eq!(body["data"]["mark"], json!({ "kind": "fast_answers", "share": 1.0 }));
        assert!(
            body["data"]["began_at"].as_str().unwrap().ends_with('Z')
                && one.header("content-type") == "application/json"
        );
    }
    let delivered = || {
        let listed = first.haechi(&["webhook", "deliveries"]).json();
        (listed[0]["state"] == "delivered").then_some(listed)
    };
    let listed = within_deadline("it is written down", delivered);
    assert_eq!(
        (listed.as_array().unwrap().len(), &listed[0]["attempts"], &listed[0]["status"]),
        (1, &json!(2), &json!(204))
    );
    // Both servers have looked again by then.
    thread::sleep(Duration::from_secs(22));
    assert_eq!(receiver.posted().len(), 2, "nobody tells it once more");
}

#[test]
fn a_receiver_that_says_nothing_holds_nobody_up() {
    let server = TestServer::start();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent_url = format!("http://{}/", silent.local_addr().unwrap());
    let receiver = Receiver::start(&[204]);
    let [slow, good] = [&silent_url, &receiver.url].map(|url| server.haechi(&["webhook", "create", url]).json());
    server.haechi(&["webhook", "test", slow["id"].as_str().unwrap()]).json();
    thread::sleep(Duration::from_secs(3));
    let start = Instant::now();
    server.haechi(&["webhook", "test", good["id"].as_str().unwrap()]).json();
    let posted = within_deadline("the other is told", || receiver.posted().pop());
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
    check_signature(&posted, good["secret"].as_str().unwrap());
    let timed_out = || {
        let listed = server.haechi(&["webhook", "deliveries"]).json();
        let of_slow = listed.as_array().unwrap().iter().find(|delivery| delivery["webhook"] == slow["id"]).cloned();
        of_slow.filter(|delivery| delivery["problem"] == "timeout")
    };
    let listed = within_deadline("it is given up for now", timed_out);
    assert!(listed["state"] == "waiting" && listed["next_at"].is_u64(), "{listed}");
    // And the server ends at once, though a delivery may be under way.
    let start = Instant::now();
    assert!(server.stop().success() && start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
}

#[test]
fn what_waits_is_delivered_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let server = TestServer::in_dir(dir.path(), &[]);
    let receiver = Receiver::start(&[204]);
    let made = server.haechi(&["webhook", "create", &receiver.url]).json();
    assert!(server.stop().success());
    // Nobody delivers now; the command writes it down.
    let queued = crate::server::haechi_in(dir.path(), &["webhook", "test", made["id"].as_str().unwrap()]);
    assert_eq!(queued.code, 0, "{}", queued.stderr);
    assert!(receiver.posted().is_empty());
    let _again = TestServer::in_dir(dir.path(), &[]);
    let posted = within_deadline("it is delivered", || receiver.posted().pop());
    assert_eq!(posted.json()["type"], "test");
}

#[test]
fn webhooks_and_invitations_are_managed_by_the_admin_api() {
    let server = TestServer::start();
    let admin = Admin::new(&server, &["access:write", "apps:read", "statistics:read", "audit:read"]);
    let receiver = Receiver::start(&[204]);
    let made = admin.call("POST", "/admin/v1/webhooks", Some(&json!({ "url": receiver.url })));
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let listed = admin.get("/admin/v1/webhooks");
    assert!(listed["webhooks"][0]["url"] == receiver.url && listed["webhooks"][0].get("secret").is_none(), "{listed}");
    admin.refused("POST", "/admin/v1/webhooks", Some(&json!({ "url": "file:///etc/passwd" })), 422, "invalid");
    admin.refused("POST", "/admin/v1/webhooks/none/test", None, 404, "not-found");
    assert_eq!(admin.call("POST", &format!("/admin/v1/webhooks/{id}/test"), None).status, 202);
    let delivered = || {
        let listed = admin.get("/admin/v1/deliveries");
        (listed["deliveries"][0]["state"] == "delivered").then_some(listed)
    };
    let listed = within_deadline("it is delivered", delivered);
    assert!(listed["deliveries"][0]["event"] == "test" && listed["deliveries"][0].get("body").is_none(), "{listed}");
    assert_eq!(admin.call("DELETE", &format!("/admin/v1/webhooks/{id}"), None).status, 204);
    let reader = Admin::new(&server, &["apps:read"]);
    for path in ["/admin/v1/webhooks", "/admin/v1/deliveries", "/admin/v1/invitations"] {
        reader.refused("GET", path, None, 403, "forbidden");
    }

    let invited = admin.call("POST", "/admin/v1/invitations", Some(&json!({ "role": "viewer", "name": "vic" })));
    assert_eq!(invited.status, 201, "{}", invited.text());
    let invited = invited.json();
    assert_eq!(invited["code"].as_str().unwrap().len(), 64);
    admin.refused("POST", "/admin/v1/invitations", Some(&json!({ "role": "administrator" })), 403, "forbidden");
    let listed = admin.get("/admin/v1/invitations");
    assert!(listed["invitations"][0]["name"] == "vic" && listed["invitations"][0].get("code").is_none(), "{listed}");
    let path = format!("/admin/v1/invitations/{}", invited["id"].as_str().unwrap());
    assert_eq!(admin.call("DELETE", &path, None).status, 204);
    admin.refused("DELETE", &path, None, 404, "not-found");
    admin.refused("DELETE", "/admin/v1/users/vic/second-factor", None, 404, "not-found");
    let log = admin.get("/admin/v1/audit").to_string();
    assert!(
        ["webhook.created", "webhook.tested", "webhook.removed", "invitation.revoked"]
            .iter()
            .all(|action| log.contains(action))
    );
}
