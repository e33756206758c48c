//! Servers that share a ledger and apps in Redis.

use std::{
    fs::{self, Permissions},
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use testbed::{Persistence, Redis, RedisOptions, make_certificates};

use crate::{
    api::Insider,
    server::{Finished, Reply, TestServer, run, send, serve_command, within_deadline},
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
    // Report R10: it lives all the same, and only who asks for more is told.
    assert_eq!(run(&["healthcheck", server.url()]).code, 0);
    run(&["healthcheck", "--ready", server.url()]).fails(1, "answered /readyz with 503");

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

/// A server that is started while its Redis is away, at an address that is known beforehand.
struct Early {
    url: String,
    folder: tempfile::TempDir,
    command: Command,
}

impl Early {
    fn new(ledger: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let mut command = serve_command(&folder.path().join("data"), &["--listen", &listen, "--ledger", ledger]);
        command.env("HAECHI_LOG_FORMAT", "json");
        Self { url: format!("http://{listen}"), folder, command }
    }

    fn ask(&self, method: &str, path: &str) -> Reply {
        let address = self.url.strip_prefix("http://").unwrap();
        within_deadline("it listens", || TcpStream::connect(address).ok());
        send(method, &format!("{}{path}", self.url))
    }
}

/// Report R9: a Redis that needed some seconds at boot left the service failed for good.
#[test]
fn a_server_waits_for_a_redis_that_comes_later() {
    let mut redis = Redis::start();
    redis.kill();
    let mut early = Early::new(&patient(&redis));
    let (command, data) =
        (std::mem::replace(&mut early.command, Command::new("true")), early.folder.path().join("data"));
    let starting = thread::spawn(move || TestServer::spawn(command, &data));
    assert_eq!(early.ask("GET", "/healthz").status, 200);
    assert_eq!(early.ask("GET", "/readyz").status, 503);
    run(&["healthcheck", "--ready", &early.url]).fails(1, "answered /readyz with 503");
    let refused = early.ask("POST", &format!("/captcha/v1.0/appkeys/{}/keys", "0".repeat(64)));
    assert_eq!((refused.status, refused.code(), refused.header("retry-after")), (503, -1, "1"));
    for (path, form) in [
        ("/console", "text/html; charset=utf-8"),
        ("/admin/v1/apps", "application/problem+json"),
        ("/widget/v1/begin", "application/json"),
        ("/captcha/v1.0/keys/x/img", "application/json"),
    ] {
        let refused = early.ask("GET", path);
        assert_eq!((refused.status, refused.header("content-type")), (503, form), "{path}");
    }
    assert!(!starting.is_finished());
    redis.restart();
    let server = starting.join().unwrap();
    assert_eq!(server.get("/readyz").status, 200);
    let key = server.issue(server.appkey());
    assert_eq!(server.verify(server.appkey(), &key, &Insider::of(&server).answer(&key)), 0);
    let said = server.logged("nothing is issued or decided before Redis is there");
    assert!(said.contains("cannot be used") && said.matches("os error").count() == 1, "{said}");
    assert!(server.stop().success());
}

#[test]
fn a_server_that_waits_can_be_stopped() {
    let early = Early::new("redis://127.0.0.1:1");
    let Early { url, folder, mut command } = early;
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    within_deadline("it listens", || TcpStream::connect(url.strip_prefix("http://").unwrap()).ok());
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    let status = within_deadline("it ends", || child.try_wait().unwrap());
    assert!(status.success(), "{status}");
    drop(folder);
}

/// Starting with this ledger ends soon, since no waiting would help.
#[track_caller]
fn check_wrong(ledger: &str, said: &str) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("timeout");
    command.args(["-s", "KILL", "50"]).arg(env!("CARGO_BIN_EXE_haechi"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--ledger", ledger, "--data"]).arg(folder.path().join("data"));
    Finished::from(command.output().unwrap()).fails(1, said);
}

/// What docs/versions.md says of an upgrade of several servers.
#[test]
fn an_app_of_a_later_version_changes_nothing_that_runs_and_is_refused_at_a_start() {
    let redis = Redis::start();
    let server = TestServer::with_args(&["--ledger", &patient(&redis)]);
    let change = "local app = redis.call('HGET', KEYS[1], 'app:1') \
                  local later = app:gsub('\"settings\":{', '\"settings\":{\"later\":1,') \
                  redis.call('HSET', KEYS[1], 'app:1', later) \
                  redis.call('HINCRBY', KEYS[1], 'version', 1) \
                  return redis.call('PUBLISH', KEYS[2], '')";
    redis.command_line(&["EVAL", change, "2", "haechi:apps", "haechi:apps-changed"]);
    server.logged("changes of apps cannot be seen, so they stay as they are");
    server.issue(server.appkey());
    check_wrong(&patient(&redis), "unknown field `later`");
}

#[test]
fn what_is_wrong_with_the_ledgers_address_is_said_at_once() {
    let password = RedisOptions { password: Some("right".to_owned()), ..RedisOptions::default() };
    let redis = Redis::with(password);
    let port = redis.port();
    check_wrong(&format!("redis://:wrong@127.0.0.1:{port}"), "cannot be used");
    check_wrong(&format!("redis://127.0.0.1:{port}"), "NOAUTH");
    check_wrong(&format!("redis-cluster://:wrong@127.0.0.1:{port}"), "cannot be used");
    check_wrong("redis://127.0.0.1:x", "port");
    let args = ["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"].map(str::to_owned).to_vec();
    let evicting = Redis::with(RedisOptions { args, ..RedisOptions::default() });
    check_wrong(&evicting.url(), "set maxmemory-policy noeviction");
    check_wrong(&web_server(), "cannot be used");
    let certificates = tempfile::tempdir().unwrap();
    make_certificates(certificates.path());
    let path = |name: &str| certificates.path().join(name).to_str().unwrap().to_owned();
    fs::set_permissions(path("server.key"), Permissions::from_mode(0o600)).unwrap();
    let (certificate, key) = (path("server.crt"), path("server.key"));
    let encrypted = TestServer::with_args(&["--tls-certificate", &certificate, "--tls-key", &key]);
    check_wrong(&encrypted.url().replace("https://", "rediss://"), "cannot be used");
}

/// The address, as if it were a Redis', of something that speaks another protocol.
fn web_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut buffer = [0; 1024];
            let asked = stream.read(&mut buffer);
            if asked.is_ok_and(|length| length > 0) {
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
            }
        }
    });
    url
}
