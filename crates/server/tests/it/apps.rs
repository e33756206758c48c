//! Apps, managed by command, with and without a running server.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    api::Insider,
    server::{Finished, TestServer, haechi_in, ledger_outlives_program, not_tested, run},
};

fn with_data(test: impl FnOnce(&Path)) {
    let dir = tempfile::tempdir().unwrap();
    test(&dir.path().join("data"));
}

/// What `app create` prints, without what differs from run to run.
fn without_time(finished: &Finished) -> Value {
    let mut app = finished.json();
    let appkey = app["appkey"].take();
    assert_eq!(appkey.as_str().map(str::len), Some(64), "{appkey}");
    let secret = app["secret"].take();
    let digits = secret.as_str().and_then(|secret| secret.strip_prefix("0x"));
    assert!(digits.is_some_and(|digits| digits.len() == 40 && digits.chars().all(|digit| digit.is_ascii_hexdigit())));
    let site_key = app["site_key"].take();
    assert_eq!(site_key.as_str().map(|key| key.split('-').map(str::len).collect()), Some(vec![8, 4, 4, 4, 12]));
    app["created_at"].take();
    app
}

#[test]
fn create_prints_the_appkey_once() {
    with_data(|data| {
        let settings = json!({
            "answer_length": 6, "alphabet": "digits", "ttl_secs": 60, "attempts": 3, "width": 300, "height": 100, "theme": "dark",
            "colour": "#0b6e4f", "light_ground": "#fff8e8", "dark_ground": "",
            "difficulty": 5, "lang": "ja", "test": true, "rate_per_sec": 10,
            "hostnames": "shop.example www.shop.example", "policy": "both", "work_algorithm": "scrypt", "alternative": false,
            "allowed_networks": "192.0.2.0/24", "denied_networks": "198.51.100.0/24 2001:db8::/48",
        });
        let flags = "--answer-length 6 --alphabet digits --ttl-secs 60 --attempts 3 --width 300 --height 100 --theme dark --lang ja --test";
        let flags: Vec<&str> = ["app", "create", "shop"].into_iter().chain(flags.split(' ')).collect();
        let more = ["--difficulty", "5", "--rate-per-sec", "10", "--hostnames", "shop.example,www.shop.example"];
        let colours = ["--colour", "#0B6E4F", "--light-ground", "#fff8e8"];
        let asked = ["--policy", "both", "--work-algorithm", "scrypt", "--alternative", "false"];
        let lists = ["--allowed-networks", "192.0.2.9/24", "--denied-networks", "198.51.100.0/24,2001:db8::/48"];
        let created = haechi_in(data, &[&flags[..], &more, &colours, &asked, &lists].concat());
        assert_eq!(
            without_time(&created),
            json!({"name": "shop", "number": 1, "appkey": null, "site_key": null, "secret": null, "has_secret": true, "enabled": true, "declared": false,
                   "created_at": null, "settings": settings})
        );
        let shown = haechi_in(data, &["app", "show", "shop"]).json();
        assert!(shown.get("appkey").is_none() && shown["settings"] == settings, "{shown}");
        assert!(shown.get("secret").is_none() && shown["has_secret"] == true, "{shown}");
        assert_eq!(shown["site_key"], created.json()["site_key"]);
        let listed = haechi_in(data, &["app", "list"]).json();
        assert_eq!(listed, json!([shown]));
    });
}

#[test]
fn people_read_the_same() {
    with_data(|data| {
        let data = data.to_str().unwrap();
        let created = run(&["app", "create", "my shop", "--data", data]);
        assert_eq!(created.code, 0, "{}", created.stderr);
        let appkey = created.text().lines().find_map(|line| line.strip_prefix("appkey           ")).unwrap();
        assert_eq!(appkey.len(), 64);
        let named = |name: &str| created.text().lines().find_map(|line| line.strip_prefix(name)).map(str::len);
        assert_eq!(
            (named("site key         "), named("secret           ")),
            (Some(36), Some(42)),
            "{}",
            created.text()
        );
        let shown = run(&["app", "show", "my shop", "--data", data]);
        assert!(shown.text().contains("site key         ") && !shown.text().contains("secret"), "{}", shown.text());
        assert!(created.text().contains("difficulty       3\n"), "{}", created.text());
        let listed = run(&["app", "--data", data, "list"]);
        assert_eq!(listed.text(), "NAME     NUMBER  STATE\nmy shop       1  enabled\n");
    });
}

#[test]
fn what_is_wrong_with_a_command_is_said() {
    with_data(|data| {
        haechi_in(data, &["app", "list"]).fails(1, "there is no haechi data in");
        assert!(!data.exists());
        haechi_in(data, &["app", "create", "a/b"]).fails(1, "an app's name is 1 to 64 letters");
        haechi_in(data, &["app", "create", "a", "--ttl-secs", "29"]).fails(1, "ttl_secs is 30 to 3600, not 29");
        haechi_in(data, &["app", "create", "a", "--lang", "fr"]).fails(1, "lang is ko, en, ja or zh, not \"fr\"");
        haechi_in(data, &["app", "create", "a", "--difficulty", "0"]).fails(1, "difficulty is 1 to 5, not 0");
        haechi_in(data, &["app", "create", "a", "--difficulty", "6"]).fails(1, "difficulty is 1 to 5, not 6");
        haechi_in(data, &["app", "show", "a"]).fails(1, "error: there is no app called \"a\"");
        haechi_in(data, &["app", "create", "a"]).json();
        haechi_in(data, &["app", "create", "a"]).fails(1, "there already is an app called \"a\"");
        haechi_in(data, &["app", "create"]).fails(2, "Usage: haechi app create");
    });
}

/// Every command does the same whether or not a server is running.
fn check_life_of_an_app(data: &Path) {
    let appkey = |finished: Finished| finished.json()["appkey"].as_str().unwrap().to_owned();
    let first = appkey(haechi_in(data, &["app", "create", "shop"]));
    let second = appkey(haechi_in(data, &["app", "rotate", "shop"]));
    assert_ne!(first, second);
    let text = |app: &Value, name: &str| app[name].as_str().map(str::to_owned);
    let secret = haechi_in(data, &["app", "secret", "rotate", "shop", "--grace-secs", "60"]).json();
    let shown = haechi_in(data, &["app", "show", "shop"]).json();
    assert!(text(&secret, "secret").is_some_and(|secret| secret.len() == 42) && secret.get("appkey").is_none());
    assert!(shown["previous_secret_until"].is_u64() && shown.get("previous_appkey_until").is_none(), "{shown}");
    let ended = haechi_in(data, &["app", "secret", "end-grace", "shop"]).json();
    assert!(ended.get("previous_secret_until").is_none() && ended.get("secret").is_none(), "{ended}");
    let again = haechi_in(data, &["app", "secret", "rotate", "shop"]).json();
    assert_ne!(text(&again, "secret"), text(&secret, "secret"));
    assert!(again.get("previous_secret_until").is_none() && text(&again, "site_key") == text(&shown, "site_key"));
    let set = haechi_in(data, &["app", "set", "shop", "--attempts", "5", "--test", "false"]).json();
    assert_eq!((&set["settings"]["attempts"], &set["settings"]["ttl_secs"]), (&json!(5), &json!(180)));
    assert_eq!(haechi_in(data, &["app", "disable", "shop"]).json()["enabled"], false);
    assert_eq!(haechi_in(data, &["app", "enable", "shop"]).json()["enabled"], true);
    let removed = haechi_in(data, &["app", "remove", "shop"]).json();
    assert_eq!(removed["name"], "shop");
    haechi_in(data, &["app", "show", "shop"]).fails(1, "there is no app called");
    let next = haechi_in(data, &["app", "create", "shop"]).json();
    assert!(next["number"].as_u64() > removed["number"].as_u64(), "numbers are not given twice");
}

#[test]
fn apps_are_managed_without_a_server() {
    with_data(check_life_of_an_app);
}

#[test]
fn apps_are_managed_beside_a_server() {
    let server = TestServer::start();
    check_life_of_an_app(server.data_dir());
}

#[test]
fn a_running_server_goes_by_a_change_at_once() {
    let server = TestServer::start();
    let issue = |appkey: &str| server.post(&format!("/captcha/v1.0/appkeys/{appkey}/keys")).code();
    let created = server.haechi(&["app", "create", "shop"]).json();
    let appkey = created["appkey"].as_str().unwrap();
    assert_eq!(issue(appkey), 0);
    server.haechi(&["app", "disable", "shop"]).json();
    assert_eq!(issue(appkey), -4);
    server.haechi(&["app", "enable", "shop"]).json();
    assert_eq!(issue(appkey), 0);
    let rotated = server.haechi(&["app", "rotate", "shop"]).json();
    assert_eq!((issue(appkey), issue(rotated["appkey"].as_str().unwrap())), (-4, 0));
    server.haechi(&["app", "remove", "shop"]).json();
    assert_eq!(issue(rotated["appkey"].as_str().unwrap()), -4);
}

#[test]
fn an_app_that_was_made_without_a_server_is_served() {
    with_data(|data| {
        let created = haechi_in(data, &["app", "create", "shop"]).json();
        let server = TestServer::in_dir(data, &[]);
        assert!(server.announcement()["appkey"].is_null(), "no default app is made beside another");
        server.issue(created["appkey"].as_str().unwrap());
    });
}

/// How many seconds after its issue a key counts as expired.
fn ttl_secs(server: &TestServer, key: &str) -> u64 {
    let inspected = server.haechi(&["inspect", key]).json();
    inspected["expires_at"].as_u64().unwrap() - inspected["issued_at"].as_u64().unwrap()
}

#[test]
fn another_time_to_live_holds_for_the_keys_that_are_out() {
    let server = TestServer::start();
    let key = server.issue(server.appkey());
    for ttl in ["60", "3600", "30"] {
        server.haechi(&["app", "set", "default", "--ttl-secs", ttl]).json();
        assert_eq!(ttl_secs(&server, &key).to_string(), ttl);
    }
}

#[test]
fn a_spent_key_stays_spent_when_a_declared_app_is_given_a_longer_time_to_live() {
    if !ledger_outlives_program() {
        return not_tested("the ledger ends with the program");
    }
    let appkey = "2b847e2a0afd82e8ff45434f32e8e6e62bf56bcf83ca1befb3739ed9460eb685";
    let dir = tempfile::tempdir().unwrap();
    let (config, data) = (dir.path().join("haechi.toml"), dir.path().join("data"));
    let serve = |ttl_secs: u32| {
        let toml = format!("[[apps]]\nname = 'shop'\nappkey = '{appkey}'\nttl_secs = {ttl_secs}\n");
        std::fs::write(&config, toml).unwrap();
        TestServer::in_dir(&data, &["--config", config.to_str().unwrap()])
    };
    let server = serve(60);
    let (spent, unanswered) = (server.issue(appkey), server.issue(appkey));
    let insider = Insider::of(&server);
    assert_eq!(server.verify(appkey, &spent, &insider.answer(&spent)), 0);
    assert!(server.stop().success());
    let server = serve(3600);
    assert_eq!((ttl_secs(&server, &spent), ttl_secs(&server, &unanswered)), (3600, 3600));
    assert_eq!(server.verify(appkey, &spent, &insider.answer(&spent)), -5);
    assert_eq!(server.verify(appkey, &unanswered, &insider.answer(&unanswered)), 0);
    let shown = server.haechi(&["app", "show", "shop"]).json();
    assert!(shown.get("created_at").is_none(), "nobody knows when it was made: {shown}");
}
