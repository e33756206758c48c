//! Configuration: the file, the environment and the flags.

use std::{fs, path::PathBuf};

use serde_json::json;
use tempfile::TempDir;

use crate::server::{TestServer, haechi, run, serve_command};

const APPKEY: &str = "2b847e2a0afd82e8ff45434f32e8e6e62bf56bcf83ca1befb3739ed9460eb685";

struct File {
    dir: TempDir,
    path: PathBuf,
}

impl File {
    fn new(toml: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("haechi.toml");
        fs::write(&path, toml).unwrap();
        Self { dir, path }
    }

    fn name(&self) -> &str {
        self.path.to_str().unwrap()
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }
}

/// Starting with this file fails with one line that holds this text.
#[track_caller]
fn check_refused(toml: &str, message: &str) {
    let file = File::new(toml);
    let data = file.data();
    run(&["serve", "--listen", "127.0.0.1:0", "--config", file.name(), "--data", data.to_str().unwrap()])
        .fails(1, message);
    assert!(!data.exists(), "nothing is made before the configuration is checked");
}

#[test]
fn a_flag_overrides_the_environment_which_overrides_the_file() {
    let file = File::new("demo = false\n");
    let has_demo = |environment: Option<&str>, flags: &[&str]| {
        let mut command = serve_command(&file.data(), &[&["--config", file.name()], flags].concat());
        command.envs(environment.map(|value| ("HAECHI_DEMO", value)));
        TestServer::spawn(command, &file.data()).announcement()["demo"].is_string()
    };
    assert!(!has_demo(None, &[]));
    assert!(has_demo(Some("true"), &[]));
    assert!(!has_demo(Some("true"), &["--no-demo"]));
    assert!(!has_demo(Some("true"), &["--demo=false"]));
    assert!(has_demo(Some("false"), &["--demo"]));
}

#[test]
fn every_option_has_an_environment_name() {
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("a-secret");
    fs::write(&secret, "07".repeat(32)).unwrap();
    set_mode(&secret, 0o600);
    let config = File::new("log = 'warn'\n");
    let mut command = haechi(["serve", "--json"]);
    command
        .env("HAECHI_CONFIG", config.name())
        .env("HAECHI_LISTEN", "127.0.0.1:0")
        .env("HAECHI_ADMIN_LISTEN", "127.0.0.1:0")
        .env("HAECHI_DATA", config.data())
        .env("HAECHI_LEDGER", "memory:")
        .env("HAECHI_MAX_SPENT_KEYS", "1000")
        .env("HAECHI_SECRET_FILE", &secret)
        .env("HAECHI_PREVIOUS_SECRET_FILE", &secret)
        .env("HAECHI_NODE", "7")
        .env("HAECHI_LOG", "info")
        .env("HAECHI_LOG_FORMAT", "json");
    let server = TestServer::spawn(command, &config.data());
    server.logged("operators on ");
    assert!(!server.stderr().contains("no setting of that name"), "{}", server.stderr());
    assert!(!config.data().join("secret").exists());
    assert_eq!(server.get("/metrics").status, 404);
    assert_eq!(server.get("/healthz").status, 200);
}

fn set_mode(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn unknown_names_in_the_file_are_refused_with_their_line() {
    check_refused("listen = '127.0.0.1:0'\nlisen = 1\n", "haechi.toml:2: there is no setting called \"lisen\"");
    let app = format!("[[apps]]\nname = 'a'\nappkey = '{APPKEY}'\n");
    check_refused(&format!("{app}atempts = 1\n"), "haechi.toml:4: there is no setting called \"atempts\"");
}

#[test]
fn wrong_values_in_the_file_are_refused_with_their_line() {
    check_refused("\nlisten = 'here'\n", "haechi.toml:2: listen: ");
    check_refused("listen = \n", "haechi.toml:1: ");
    check_refused("a = 1\nb = 2\n", "(and 1 more: see haechi check-config ");
}

#[test]
fn a_missing_file_is_refused() {
    run(&["serve", "--config", "/nowhere/haechi.toml"])
        .fails(1, "error: cannot read the configuration file /nowhere/haechi.toml: ");
}

#[test]
fn wrong_flags_and_environment_are_usage_errors() {
    run(&["serve", "--listen", "here"]).fails(2, "--listen");
    run(&["serve", "--node", "16384"]).fails(2, "a node is a number from 0 to 16383");
    run(&["serve", "--lisen", "here"]).fails(2, "--lisen");
    let output = haechi(["serve"]).env("HAECHI_NODE", "many").output().unwrap();
    crate::server::Finished::from(output).fails(2, "--node");
}

#[test]
fn unknown_names_in_the_environment_are_warned_about_and_not_refused() {
    let file = File::new("");
    let mut command = serve_command(&file.data(), &[]);
    command.env("HAECHI_LISEN", "127.0.0.1:0");
    let server = TestServer::spawn(command, &file.data());
    server.logged("warning: HAECHI_LISEN is in the environment");
}

#[test]
fn ledgers_that_cannot_be_used_are_refused_without_showing_their_password() {
    let message = "the ledger's URL cannot be used: it names no host";
    for args in [&["serve", "--ledger", "redis://me:pa55@:1"][..], &["serve", "--ledger=redis://me:pa55@:1"]] {
        let refused = run(args);
        refused.fails(1, message);
        assert!(!refused.stderr.contains("pa55"), "{}", refused.stderr);
    }
    let output = haechi(["serve"]).env("HAECHI_LEDGER", "postgres://me:pa55@host").output().unwrap();
    let refused = crate::server::Finished::from(output);
    refused.fails(1, "a ledger is embedded:, memory: or redis://HOST:PORT");
    assert!(!refused.stderr.contains("pa55"), "{}", refused.stderr);
    let nowhere = File::new("ledger = 'redis://me:pa55@127.0.0.1:1'\n");
    let refused = run(&["app", "create", "a", "--config", nowhere.name(), "--data", nowhere.data().to_str().unwrap()]);
    refused.fails(1, "redis://127.0.0.1:1 cannot be used");
    assert!(!refused.stderr.contains("pa55"), "{}", refused.stderr);
    check_refused("ledger = 'redis://me:pa55@:1'\n", &format!("haechi.toml:1: ledger: {message}"));
}

#[test]
fn check_config_says_everything_that_is_wrong() {
    let good = File::new(&format!("listen = '127.0.0.1:0'\n[[apps]]\nname = 'a'\nappkey = '{APPKEY}'\n"));
    let checked = run(&["check-config", good.name()]);
    assert_eq!((checked.code, checked.text()), (0, "ok\n"));
    assert_eq!(run(&["check-config", good.name(), "--json"]).json(), json!({"ok": true, "errors": []}));

    let bad = File::new("lisen = 1\nnode = 'x'\n[[apps]]\nname = 'a'\n");
    let checked = run(&["check-config", bad.name()]);
    let lines: Vec<&str> = checked.text().lines().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(checked.code, 1);
    assert_eq!(lines, [1, 2, 3].map(|line| format!("{}:{line}", bad.name())));

    let checked = run(&["check-config", bad.name(), "--json"]);
    assert_eq!(checked.code, 1);
    let errors: serde_json::Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!(errors["errors"][0], json!({"line": 1, "message": "there is no setting called \"lisen\" here"}));
    assert_eq!(errors["ok"], false);

    run(&["check-config", "/nowhere"]).fails(1, "cannot read the configuration file /nowhere");
    assert_eq!(run(&["check-config", "--config", good.name()]).text(), "ok\n");
}

#[test]
fn declared_apps_are_served_and_cannot_be_changed_by_command() {
    let server = TestServer::with_config(&format!(
        "[[apps]]\nname = '가게'\nappkey = '{APPKEY}'\nattempts = 2\ndifficulty = 5\n\
         [[apps]]\nname = 'off'\nappkey_sha256 = '{}'\nenabled = false\n",
        "ab".repeat(32)
    ));
    assert!(server.announcement()["appkey"].is_null(), "no app is made where one is declared");
    let key = server.issue(APPKEY);
    assert_eq!(server.verify(APPKEY, &key, "no"), -6);
    assert_eq!(server.verify(APPKEY, &key, &server.answer_of(&key)), 0);

    let shown = server.haechi(&["app", "show", "가게"]).json();
    assert_eq!((&shown["declared"], &shown["settings"]["attempts"]), (&json!(true), &json!(2)));
    assert_eq!(shown["settings"]["difficulty"], 5);
    let message = "is declared in the configuration file, and can only be changed there";
    for change in [&["app", "set", "off", "--attempts", "3"][..], &["app", "enable", "off"], &["app", "remove", "off"]]
    {
        server.haechi(change).fails(1, message);
    }
    server.haechi(&["app", "create", "off"]).fails(1, "there already is an app called \"off\"");
}

#[test]
fn declared_apps_that_clash_are_refused() {
    let app = format!("[[apps]]\nname = 'a'\nappkey = '{APPKEY}'\n");
    check_refused(&format!("{app}{app}"), "haechi.toml:4: two apps are called \"a\"");
    let other = app.replace("'a'", "'b'");
    check_refused(&format!("{app}{other}"), "haechi.toml:4: the apps \"a\" and \"b\" have the same appkey");

    let file = File::new(&app);
    assert_eq!(run(&["app", "create", "a", "--data", file.data().to_str().unwrap()]).code, 0);
    run(&["serve", "--config", file.name(), "--data", file.data().to_str().unwrap()])
        .fails(1, "the app \"a\" is declared in the configuration file, but a stored app has that name");
}
