//! Starting, stopping and what lies between.

use std::{
    fs::{self, Permissions},
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::{fs::PermissionsExt, net::UnixStream},
    path::Path,
    time::{Duration, Instant},
};

use haechi::{
    clock::{CLOCK_SKEW_SECS, unix_now},
    domain::ledger::{EmbeddedLedger, EmbeddedOptions},
    keep::store::Store,
};
use serde_json::{Value, json};
use testbed::{Redis, RedisOptions};

use crate::server::{
    TestServer, haechi_in, ledger_is_shared, ledger_outlives_program, not_tested, run, serve_command, within_deadline,
};

fn with_data(test: impl FnOnce(&Path)) {
    let dir = tempfile::tempdir().unwrap();
    test(&dir.path().join("data"));
}

/// Starting on this data fails with one line that holds this text.
#[track_caller]
fn check_refused(data: &Path, message: &str) {
    run(&["serve", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()]).fails(1, message);
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_first_start_makes_an_app_and_says_how_to_try_it() {
    with_data(|data| {
        let server = TestServer::in_dir(data, &[]);
        assert_eq!(server.announcement()["demo"], format!("{}/", server.url()));
        let key = server.issue(server.appkey());
        assert_eq!(server.verify(server.appkey(), &key, &server.answer_of(&key)), 0);
        server.logged(&format!("listening on {}", server.url()));
        assert!(server.stop().success());
        assert!(TestServer::in_dir(data, &[]).announcement()["appkey"].is_null());
    });
}

#[test]
fn the_files_are_for_their_owner_only() {
    let server = TestServer::start();
    let data = server.data_dir();
    assert_eq!(mode(data), 0o700);
    for file in ["secret", "control.sock", "haechi.redb"] {
        assert_eq!(mode(&data.join(file)), 0o600, "{file}");
    }
    let secret = fs::read_to_string(data.join("secret")).unwrap();
    assert!(secret.len() == 65 && secret.ends_with('\n') && secret[..64].bytes().all(|byte| byte.is_ascii_hexdigit()));
}

#[test]
fn a_secret_that_others_may_read_is_refused() {
    with_data(|data| {
        assert!(TestServer::in_dir(data, &[]).stop().success());
        let secret = data.join("secret");
        fs::set_permissions(&secret, Permissions::from_mode(0o644)).unwrap();
        check_refused(data, "is open to others (mode 0644): run chmod 600");
        fs::set_permissions(&secret, Permissions::from_mode(0o600)).unwrap();
        let kept = fs::read(&secret).unwrap();
        assert!(TestServer::in_dir(data, &[]).stop().success());
        assert_eq!(fs::read(&secret).unwrap(), kept);
    });
}

#[test]
fn while_rotating_the_secret_keys_of_the_previous_one_are_good() {
    if !ledger_outlives_program() {
        return not_tested("the ledger ends with the program");
    }
    with_data(|data| {
        let server = TestServer::in_dir(data, &[]);
        let (appkey, key) = (server.appkey().to_owned(), server.issue(server.appkey()));
        let answer = server.answer_of(&key);
        assert!(server.stop().success());
        let previous = data.join("previous");
        fs::rename(data.join("secret"), &previous).unwrap();

        let server = TestServer::in_dir(data, &["--previous-secret-file", previous.to_str().unwrap()]);
        assert_eq!(server.verify(&appkey, &key, &answer), 0);
        let key = server.issue(&appkey);
        assert!(server.stop().success());
        let server = TestServer::in_dir(data, &[]);
        assert_eq!(server.verify(&appkey, &key, "EAKJH"), -6, "the new secret needs no old one");
    });
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let server = TestServer::start();
    check_refused(server.data_dir(), "is in use by another haechi");
    let key = server.issue(server.appkey());
    assert_eq!(server.verify(server.appkey(), &key, &server.answer_of(&key)), 0);
}

#[test]
fn a_path_too_long_for_a_socket_works() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("d".repeat(120)).join("e".repeat(120));
    let server = TestServer::in_dir(&data, &[]);
    assert!(data.join("control.sock").exists());
    let created = haechi_in(&data, &["app", "create", "shop"]).json();
    server.issue(created["appkey"].as_str().unwrap());
}

#[test]
fn what_a_killed_server_leaves_does_not_matter() {
    with_data(|data| {
        let server = TestServer::in_dir(data, &[]);
        let appkey = server.appkey().to_owned();
        let key = server.issue(&appkey);
        let answer = server.answer_of(&key);
        assert_eq!(server.verify(&appkey, &key, &answer), 0);
        server.kill();
        assert!(data.join("control.sock").exists());
        fs::create_dir(data.join(".control-draft")).unwrap();
        fs::write(data.join(".control-draft/control.sock"), "").unwrap();

        haechi_in(data, &["app", "create", "shop"]).json();
        let server = TestServer::in_dir(data, &[]);
        assert_eq!(server.verify(&appkey, &key, &answer), -5, "what was spent stays spent");
        haechi_in(data, &["app", "disable", "default"]).json();
        assert_eq!(server.verify(&appkey, &key, &answer), -4);
        assert!(server.stop().success());
        assert!(!data.join("control.sock").exists());
    });
}

/// Sends more requests than replies fit into the sockets' buffers, so that one is being written for as long as nobody
/// reads, and tells the server to stop meanwhile.
fn check_finishes_what_runs(signal: &str) {
    // All of them fit into the server's first read. Where some lie unread when a connection is closed, the system throws
    // away what is being sent on it.
    const REQUESTS: usize = 230;
    let mut server = TestServer::start();
    let address = server.url().strip_prefix("http://").unwrap().to_owned();
    let mut stream = TcpStream::connect(&address).unwrap();
    let request = "GET /docs/ HTTP/1.1\r\nHost:h\r\n\r\n";
    stream.write_all(request.repeat(REQUESTS).as_bytes()).unwrap();
    let mut replies = vec![0];
    stream.read_exact(&mut replies).unwrap();
    server.signal(signal);
    within_deadline("it accepts no more", || TcpStream::connect(&address).is_err().then_some(()));

    stream.read_to_end(&mut replies).unwrap();
    let mut rest = replies.as_slice();
    let mut count = 0;
    while !rest.is_empty() {
        let head_end = rest.windows(4).position(|four| four == b"\r\n\r\n").expect("a whole head") + 4;
        let head = String::from_utf8_lossy(&rest[..head_end]).to_lowercase();
        let length: usize =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
        assert!(head.starts_with("http/1.1 200") && length > 20_000, "{head}");
        rest = rest[head_end..].get(length..).expect("a whole body");
        count += 1;
    }
    assert!((1..REQUESTS).contains(&count), "{count} replies: it was not told to stop meanwhile");
    assert_eq!(server.wait().code(), Some(0), "{signal}");
}

#[test]
fn it_finishes_what_runs_when_terminated() {
    check_finishes_what_runs("TERM");
}

#[test]
fn it_finishes_what_runs_when_interrupted() {
    check_finishes_what_runs("INT");
}

#[test]
fn it_finishes_a_command_that_runs() {
    let mut server = TestServer::start();
    let address = server.url().strip_prefix("http://").unwrap().to_owned();
    let mut stream = UnixStream::connect(server.data_dir().join("control.sock")).unwrap();
    let command = json!({"create": {"name": "shop", "settings": {}}}).to_string();
    let head = format!("content-type: application/json\r\ncontent-length: {}", command.len());
    write!(stream, "POST /app HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\n{head}\r\n\r\n").unwrap();
    let mut go_on = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
    stream.read_exact(&mut go_on).unwrap();
    server.signal("TERM");
    within_deadline("it accepts no more", || TcpStream::connect(&address).is_err().then_some(()));

    stream.write_all(command.as_bytes()).expect("it still reads");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    let (_, apps) = reply.split_once("\r\n\r\n").expect("a whole head");
    let apps: Value = serde_json::from_str(apps).unwrap();
    assert_eq!(server.wait().code(), Some(0));
    let appkey = apps[0]["appkey"].as_str().expect("the only copy of the appkey");
    let server = TestServer::in_dir(server.data_dir(), &[]);
    server.issue(appkey);
}

#[test]
fn it_does_not_wait_for_idle_connections() {
    let server = TestServer::start();
    let mut stream = TcpStream::connect(server.url().strip_prefix("http://").unwrap()).unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    assert_ne!(stream.read(&mut [0; 4096]).unwrap(), 0);
    // Idle connections are cut at once; running requests would be given ten seconds.
    let start = Instant::now();
    assert_eq!(server.stop().code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(9), "{:?}", start.elapsed());
}

#[test]
fn a_port_in_use_is_said() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    with_data(|data| {
        let refused = run(&["serve", "--listen", &address, "--data", data.to_str().unwrap()]);
        refused.fails(1, &format!("error: cannot listen on {address}: Address already in use"));
        assert_eq!(refused.stderr.lines().count(), 1, "{}", refused.stderr);
        assert!(!data.exists(), "it has made a data directory that it does not use");
        let server = TestServer::in_dir(data, &[]);
        server.issue(server.appkey());
    });
}

#[test]
fn data_that_cannot_be_used_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    check_refused(&file, file.to_str().unwrap());
    check_refused(&file.join("data"), file.to_str().unwrap());

    let closed = dir.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, Permissions::from_mode(0o500)).unwrap();
    if fs::write(closed.join("probe"), "").is_ok() {
        not_tested("this user may write where nobody may, so no directory is read-only to it");
    } else {
        check_refused(&closed, "Permission denied");
    }
}

#[test]
fn a_corrupt_database_is_said_and_not_touched() {
    with_data(|data| {
        assert!(TestServer::in_dir(data, &[]).stop().success());
        let database = data.join("haechi.redb");
        let garbage = b"not a database".repeat(1000);
        fs::write(&database, &garbage).unwrap();
        check_refused(data, "error: the database cannot be used: ");
        haechi_in(data, &["app", "list"]).fails(1, "error: the database cannot be used: ");
        assert_eq!(fs::read(&database).unwrap(), garbage);
    });
}

/// A key that was spent in a first run is so in a second one. What happens between them may make its app anew, and
/// then returns the new appkey.
fn check_stays_spent(first: &[&str], between: impl FnOnce(&Path) -> Option<String>, second: &[&str]) {
    with_data(|data| {
        let server = TestServer::in_dir(data, first);
        let (appkey, key) = (server.appkey().to_owned(), server.issue(server.appkey()));
        let answer = server.answer_of(&key);
        assert_eq!(server.verify(&appkey, &key, &answer), 0);
        assert!(server.stop().success());
        let appkey = between(data).unwrap_or(appkey);
        let server = TestServer::in_dir(data, second);
        let appkey = server.announcement()["appkey"].as_str().unwrap_or(&appkey).to_owned();
        assert_eq!(server.verify(&appkey, &key, &answer), -5, "{first:?} {second:?}");
        let key = server.issue(&appkey);
        assert_eq!(server.verify(&appkey, &key, &server.answer_of(&key)), 0, "a new key is good at once");
    });
}

fn lose_database(data: &Path) {
    fs::remove_file(data.join("haechi.redb")).unwrap();
}

#[test]
fn a_spent_key_stays_spent() {
    check_stays_spent(&[], |_| None, &[]);
}

#[test]
fn a_spent_key_stays_spent_when_the_database_is_lost() {
    let lose = |data: &Path| {
        lose_database(data);
        None
    };
    check_stays_spent(&[], lose, &[]);
}

#[test]
fn a_spent_key_stays_spent_when_a_command_made_a_new_database() {
    if ledger_is_shared() {
        return not_tested("the ledger is in Redis");
    }
    let lose = |data: &Path| {
        lose_database(data);
        let created = haechi_in(data, &["app", "create", "other"]).json();
        assert_eq!(created["number"], 1, "it is the app that the key names");
        created["appkey"].as_str().map(str::to_owned)
    };
    check_stays_spent(&[], lose, &[]);
}

#[test]
fn a_spent_key_stays_spent_when_the_memory_ledger_ends() {
    check_stays_spent(&["--ledger", "memory:"], |_| None, &["--ledger", "memory:"]);
}

#[test]
fn a_spent_key_stays_spent_when_the_ledger_is_changed_to_memory_and_back() {
    if ledger_is_shared() {
        return not_tested("the ledger is in Redis");
    }
    let serve_before = |data: &Path| assert!(TestServer::in_dir(data, &[]).stop().success());
    with_data(|data| {
        serve_before(data);
        let server = TestServer::in_dir(data, &["--ledger", "memory:"]);
        let created = server.haechi(&["app", "create", "shop"]).json();
        let appkey = created["appkey"].as_str().unwrap();
        let key = server.issue(appkey);
        let answer = server.answer_of(&key);
        assert_eq!(server.verify(appkey, &key, &answer), 0);
        assert!(server.stop().success());
        assert_eq!(TestServer::in_dir(data, &[]).verify(appkey, &key, &answer), -5);
    });
}

/// Begins the data of a server whose clock was so many seconds ahead.
fn begin_ledger_ahead(data: &Path, by_secs: u64) {
    let store = Store::open(data).unwrap();
    EmbeddedLedger::open(store, EmbeddedOptions::default(), Some(unix_now() + by_secs)).unwrap();
}

#[test]
fn a_ledger_far_ahead_of_the_clock_is_said_and_can_be_remedied() {
    with_data(|data| {
        begin_ledger_ahead(data, 3600);
        let server = TestServer::in_dir(data, &["--ledger", "embedded:"]);
        let error = server.logged("ahead of the clock");
        assert!(error.contains("ERROR") && error.contains("--ledger memory:"), "{error}");
        let issued = server.post(&format!("/captcha/v1.0/appkeys/{}/keys", server.appkey()));
        assert_eq!((issued.status, issued.code()), (503, -1), "no key that cannot pass is issued");
        assert_eq!(server.get("/readyz").status, 503);
        assert!(server.stop().success());

        assert!(TestServer::in_dir(data, &["--ledger", "memory:"]).stop().success());
        let server = TestServer::in_dir(data, &["--ledger", "embedded:"]);
        assert_eq!(server.get("/readyz").status, 200);
        assert!(!server.stderr().contains("ahead of the clock"), "{}", server.stderr());
    });
}

#[test]
fn a_ledger_a_little_ahead_of_the_clock_is_no_fault() {
    with_data(|data| {
        begin_ledger_ahead(data, CLOCK_SKEW_SECS - 10);
        let server = TestServer::in_dir(data, &["--ledger", "embedded:"]);
        assert_eq!(server.get("/readyz").status, 200);
        let key = server.issue(server.appkey());
        assert_eq!(server.verify(server.appkey(), &key, &server.answer_of(&key)), 0);
    });
}

#[test]
fn warnings_are_given_for_what_an_operator_may_not_mean() {
    if ledger_is_shared() {
        return not_tested("the ledger is in Redis");
    }
    let dir = tempfile::tempdir().unwrap();
    let warned = |server: &TestServer, text: &str| drop(server.logged(text));
    let server = TestServer::in_dir(dir.path(), &["--listen", "0.0.0.0:0"]);
    warned(&server, "/metrics, /docs, /admin and /console are served to everybody");
    assert!(server.announcement()["demo"].is_null());
    server.haechi(&["app", "create", "ci", "--test"]).json();
    assert!(!server.stderr().contains("a ledger of its own"), "{}", server.stderr());
    assert!(server.stop().success());
    let server = TestServer::in_dir(dir.path(), &["--node", "7"]);
    warned(&server, "this is a test app");
    warned(&server, "a ledger of its own, so a key can pass once on every server");
}

#[test]
fn operators_may_have_an_address_of_their_own() {
    let server = TestServer::with_args(&["--admin-listen", "127.0.0.1:0"]);
    let line = server.logged("operators on ");
    let operators = line.split(' ').nth(2).unwrap();
    assert_eq!(crate::server::send("GET", &format!("{operators}/metrics")).status, 200);
    assert_eq!(server.get("/metrics").status, 404);
}

#[test]
fn nothing_secret_is_logged_or_shown() {
    for format in ["human", "json"] {
        let server = TestServer::with_args(&["--log", "trace", "--log-format", format]);
        let appkey = server.appkey().to_owned();
        let key = server.issue(&appkey);
        let answer = server.answer_of(&key);
        for media in ["img", "sound"] {
            assert_eq!(server.get(&format!("/captcha/v1.0/keys/{key}/{media}")).status, 200);
        }
        assert_eq!(server.verify(&appkey, &key, "WR0NGANSWER"), -6);
        let key = server.issue(&appkey);
        let answer_again = server.answer_of(&key);
        assert_eq!(server.verify(&appkey, &key, &answer_again), 0);
        let key = server.issue(&appkey);
        assert_eq!(server.delete(&format!("/captcha/v1.0/appkeys/{appkey}?key={key}")).code(), 0);
        let mut shown = String::new();
        for path in ["/healthz", "/readyz", "/metrics", "/openapi.json", "/", "/nowhere"] {
            shown += server.get(path).text();
        }
        for (path, code) in [(format!("/captcha/v1.0/appkeys/{appkey}"), -3), (verification(&appkey, &key), -5)] {
            let refused = server.get(&path);
            assert_eq!(refused.code(), code, "{path}");
            shown += refused.text();
        }
        for file in ["cmdline", "comm"] {
            shown += &fs::read_to_string(format!("/proc/{}/{file}", server.id())).unwrap();
        }
        let rotated = server.haechi(&["app", "rotate", "default"]).json();
        let app_secret = server.haechi(&["app", "secret", "rotate", "default"]).json();
        let secret = fs::read_to_string(server.data_dir().join("secret")).unwrap();
        server.signal("TERM");
        server.logged("stopping");
        let log = server.stderr();
        let rotated = rotated["appkey"].as_str().unwrap();
        let app_secret = app_secret["secret"].as_str().unwrap();
        for hidden in [&appkey, &answer, "WR0NGANSWER", &answer_again, rotated, app_secret, secret.trim()] {
            assert!(!log.contains(hidden), "{hidden} is in the log:\n{log}");
            assert!(!shown.contains(hidden), "{hidden} is shown:\n{shown}");
        }
    }
}

fn verification(appkey: &str, key: &str) -> String {
    format!("/captcha/v1.0/appkeys/{appkey}/keys/{key}/verification?answer=WR0NGANSWER")
}

#[test]
fn a_password_on_the_command_line_is_warned_about() {
    let redis = Redis::with(RedisOptions { password: Some("pa55word".to_owned()), ..RedisOptions::default() });
    let warning = "everybody on this machine can read the ledger's password";
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::in_dir(folder.path(), &["--ledger", &redis.url()]);
    let logged = server.logged(warning);
    assert!(!logged.contains("pa55word"), "{logged}");
    assert!(server.stop().success());
    let mut command = serve_command(folder.path(), &[]);
    command.env("HAECHI_LEDGER", redis.url());
    let server = TestServer::spawn(command, folder.path());
    assert!(!server.stderr().contains(warning), "{}", server.stderr());
    assert!(!fs::read_to_string(format!("/proc/{}/cmdline", server.id())).unwrap().contains("pa55word"));
}
