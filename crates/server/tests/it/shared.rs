//! Servers that share a ledger and apps in Redis.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use testbed::{Persistence, Redis, RedisOptions};

use crate::{
    api::Insider,
    server::{TestServer, within_deadline},
};

/// The longest that a server may take to be of use again once Redis is: 5 s, and more on a busy machine.
const RECOVERY: Duration = Duration::from_secs(20);

/// A server with a data directory of its own, the secret of the first one, and this ledger.
fn join(data: &Path, first: &TestServer, ledger: &str) -> TestServer {
    let secret = first.data_dir().join("secret");
    TestServer::in_dir(data, &["--ledger", ledger, "--secret-file", secret.to_str().unwrap()])
}

/// More patient than usual, since nothing here is about how fast the machine is.
fn patient(redis: &Redis) -> String {
    format!("{}?timeout_ms=3000", redis.url())
}

#[test]
fn a_key_that_one_server_issues_passes_once_among_all() {
    let redis = Redis::start();
    let first = TestServer::with_args(&["--ledger", &patient(&redis)]);
    let dir = tempfile::tempdir().unwrap();
    let second = join(dir.path(), &first, &patient(&redis));
    assert!(second.announcement().get("appkey").is_none_or(serde_json::Value::is_null), "the app is there already");
    let (appkey, insider) = (first.appkey(), Insider::of(&first));
    let key = first.issue(appkey);
    assert_eq!(second.verify(appkey, &key, &insider.answer(&key)), 0);
    assert_eq!(first.verify(appkey, &key, &insider.answer(&key)), -5);
    let image = format!("/captcha/v1.0/keys/{key}/img");
    assert_eq!(first.get(&image).body, second.get(&image).body);
}

#[test]
fn a_change_by_command_is_soon_on_all_servers() {
    let redis = Redis::start();
    let first = TestServer::with_args(&["--ledger", &patient(&redis)]);
    let dir = tempfile::tempdir().unwrap();
    let second = join(dir.path(), &first, &patient(&redis));
    let key = second.issue(first.appkey());
    first.haechi(&["app", "disable", "default"]).json();
    let is_known = || (second.verify(first.appkey(), &key, "") == -4).then_some(());
    within_deadline("the other server knows", is_known);
}

#[test]
fn without_redis_all_goes_on_but_judging() {
    let mut redis = Redis::with(RedisOptions { persistence: Persistence::Always, ..RedisOptions::default() });
    let server = TestServer::with_args(&["--ledger", &format!("{}?after_restart=trust", redis.url())]);
    let (appkey, insider) = (server.appkey(), Insider::of(&server));
    let key = server.issue(appkey);
    redis.kill();

    let start = Instant::now();
    for _ in 0..50 {
        let key = server.issue(appkey);
        assert_eq!(server.get(&format!("/captcha/v1.0/keys/{key}/img")).status, 200);
    }
    assert!(start.elapsed() < Duration::from_secs(5), "nothing of this waits for Redis: {:?}", start.elapsed());
    let path = format!("/captcha/v1.0/appkeys/{appkey}/keys/{key}/verification?answer={}", insider.answer(&key));
    let refused = server.get(&path);
    assert_eq!((refused.status, refused.code(), refused.header("retry-after")), (503, -1, "1"));
    within_deadline("the server says that it is not ready", || (server.get("/readyz").status == 503).then_some(()));

    redis.restart();
    let start = Instant::now();
    while server.get("/readyz").status != 200 {
        assert!(start.elapsed() < RECOVERY);
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(server.get(&path).code(), 0, "the answer was not lost");
}

/// Waits until `/readyz` says this.
fn becomes(server: &TestServer, status: u16, text: &str) {
    let expected = (status, format!(r#"{{"status":"{text}"}}"#));
    within_deadline(text, || {
        let reply = server.get("/readyz");
        ((reply.status, reply.text().to_owned()) == expected).then_some(())
    });
}

fn shows(server: &TestServer, line: &str) -> bool {
    server.get("/metrics").text().lines().any(|shown| shown == line)
}

#[test]
fn eviction_that_is_switched_on_later_passes_nothing_twice_and_is_said() {
    let redis = Redis::start();
    let server = TestServer::with_args(&["--ledger", &patient(&redis)]);
    let (appkey, insider) = (server.appkey(), Insider::of(&server));
    let passed: Vec<String> = (0..40).map(|_| server.issue(appkey)).collect();
    let verify = |key: &String| server.verify(appkey, key, &insider.answer(key));
    assert!(passed.iter().all(|key| verify(key) == 0));
    becomes(&server, 200, "ready");
    assert!(shows(&server, r#"haechi_ledger_unsafe{reason="forgetful"} 0"#));

    // Room enough for the apps, and soon too little for all records.
    let used = redis.figure("memory", "used_memory").unwrap();
    redis.command_line(&["CONFIG", "SET", "maxmemory-policy", "volatile-ttl"]);
    redis.command_line(&["CONFIG", "SET", "maxmemory", &(used - used / 20).to_string()]);
    server.logged("maxmemory-policy volatile-ttl");
    becomes(&server, 503, "the ledger is kept where it is forgotten");
    assert!(shows(&server, r#"haechi_ledger_unsafe{reason="forgetful"} 1"#));
    within_deadline("something is evicted", || (redis.figure("stats", "evicted_keys") > Some(0)).then_some(()));
    redis.command_line(&["CONFIG", "RESETSTAT"]);
    assert!(passed.iter().all(|key| verify(key) != 0), "a key passes twice");

    redis.command_line(&["CONFIG", "SET", "maxmemory", "0"]);
    becomes(&server, 200, "ready");
    assert!(passed.iter().all(|key| verify(key) == -5), "a key passes twice");
    server.logged("Redis lost a part of the ledger");
    assert!(!shows(&server, "haechi_ledger_losses_total 0"));
    assert!(shows(&server, r#"haechi_ledger_unsafe{reason="forgetful"} 0"#));
}

#[test]
fn apps_that_are_gone_though_nobody_removed_them_are_said_until_there_are_some() {
    let redis = Redis::start();
    let server = TestServer::with_args(&["--ledger", &patient(&redis)]);
    server.haechi(&["app", "create", "shop"]).json();
    becomes(&server, 200, "ready");
    redis.command_line(&["FLUSHALL"]);
    let said = server.logged("are gone");
    assert!(said.contains("ERROR") && said.contains("apps=2"), "{said}");
    server.logged("Redis was emptied");
    becomes(&server, 503, "the apps are gone");
    assert!(shows(&server, r#"haechi_ledger_unsafe{reason="apps_gone"} 1"#));

    server.haechi(&["app", "create", "shop"]).json();
    becomes(&server, 200, "ready");
    server.logged("there are apps in Redis again");
    assert!(shows(&server, r#"haechi_ledger_unsafe{reason="apps_gone"} 0"#));
    // What somebody removes is not gone.
    server.haechi(&["app", "remove", "shop"]).json();
    becomes(&server, 200, "ready");
}

#[test]
fn a_full_redis_passes_nothing_and_is_said() {
    let redis = Redis::start();
    let server = TestServer::with_args(&["--ledger", &patient(&redis)]);
    let (appkey, insider) = (server.appkey(), Insider::of(&server));
    let key = server.issue(appkey);
    redis.command_line(&["CONFIG", "SET", "maxmemory", "1"]);
    assert_eq!(server.verify(appkey, &key, &insider.answer(&key)), -1);
    becomes(&server, 503, "the ledger cannot decide");
    server.logged("OOM");
    redis.command_line(&["CONFIG", "SET", "maxmemory", "0"]);
    becomes(&server, 200, "ready");
    assert_eq!(server.verify(appkey, &key, &insider.answer(&key)), 0, "nothing of it was written");
}

/// The codes of two right answers to one key, between which Redis' power failed before the first was on its disk.
fn answer_around_a_power_failure(after_restart: &str) -> [i64; 2] {
    let mut redis = Redis::with(RedisOptions { persistence: Persistence::EverySecond, ..RedisOptions::default() });
    let server = TestServer::with_args(&["--ledger", &format!("{}&after_restart={after_restart}", patient(&redis))]);
    let (appkey, insider) = (server.appkey(), Insider::of(&server));
    server.haechi(&["app", "set", "default", "--attempts", "2"]).json();
    // The key's bucket is on the disk, and only the spend will not be.
    let key = server.issue(appkey);
    assert_eq!(server.verify(appkey, &key, "wrong"), -6);
    let disk = redis.disk();
    let answer = || server.verify(appkey, &key, &insider.answer(&key));
    let first = answer();
    redis.fail_power(&disk);
    // It has looked a moment ago, and would say so once more.
    within_deadline("the server is not ready", || (server.get("/readyz").status == 503).then_some(()));
    redis.restart();
    within_deadline("the server is ready again", || (server.get("/readyz").status == 200).then_some(()));
    [first, answer()]
}

#[test]
fn a_power_failure_that_forgets_a_spend_gives_no_second_pass() {
    assert_eq!(answer_around_a_power_failure("refuse"), [0, -5]);
}

/// What docs/ledger.md warns of, and so the reason for the default.
#[test]
fn it_would_if_a_redis_that_forgets_were_trusted() {
    assert_eq!(answer_around_a_power_failure("trust"), [0, 0]);
}
