//! What goes wrong around the program: readers that go away, full disks, files of the wrong kind, words mistaken.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    process::{Command, Stdio},
};

use crate::server::{
    Finished, TestServer, haechi, haechi_in, ledger_is_shared, not_tested, run, serve_command, within_deadline,
};

fn with_data(test: impl FnOnce(&Path)) {
    let dir = tempfile::tempdir().unwrap();
    test(&dir.path().join("data"));
}

/// A standard output that nobody reads, ever.
fn closed_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

/// A standard output that takes nothing.
fn full_disk() -> Stdio {
    OpenOptions::new().write(true).open("/dev/full").unwrap().into()
}

fn printing_to(stdout: Stdio, data: &Path, args: &[&str]) -> Finished {
    haechi(args).arg("--data").arg(data).stdout(stdout).output().unwrap().into()
}

#[test]
fn an_appkey_that_cannot_be_printed_is_said_to_be_lost() {
    if ledger_is_shared() {
        return not_tested("the ledger is in Redis");
    }
    with_data(|data| {
        for (name, stdout) in [("shop", closed_pipe as fn() -> Stdio), ("my shop", full_disk)] {
            let advice = format!("but its appkey could not be printed: run haechi app rotate {name:?}");
            printing_to(stdout(), data, &["app", "create", name])
                .fails(1, &format!("error: the app was made, {advice}"));
            printing_to(stdout(), data, &["app", "rotate", name, "--json"])
                .fails(1, &format!("error: the app was rotated, {advice}"));
            printing_to(stdout(), data, &["app", "secret", "rotate", name]).fails(
                1,
                &format!("error: the app's secret was rotated, but could not be printed: run haechi app secret rotate {name:?}"),
            );
            haechi_in(data, &["app", "show", name]).json();
        }
    });
}

#[test]
fn a_change_that_cannot_be_shown_is_no_success() {
    if ledger_is_shared() {
        return not_tested("the ledger is in Redis");
    }
    with_data(|data| {
        haechi_in(data, &["app", "create", "shop"]).json();
        printing_to(closed_pipe(), data, &["app", "disable", "shop"])
            .fails(1, "error: the app was disabled, but that could not be shown: Broken pipe");
        assert_eq!(haechi_in(data, &["app", "show", "shop"]).json()["enabled"], false);
        assert_eq!(printing_to(closed_pipe(), data, &["app", "list"]).code, 0, "what changes nothing may go unread");
        printing_to(full_disk(), data, &["app", "list"]).fails(1, "error: No space left on device");
    });
}

#[test]
fn a_first_start_whose_appkey_cannot_be_printed_says_so() {
    with_data(|data| {
        let mut command = serve_command(data, &[]);
        let log = data.with_extension("log");
        command.stdout(full_disk()).stderr(fs::File::create(&log).unwrap());
        let mut child = command.spawn().unwrap();
        let find =
            || fs::read_to_string(&log).unwrap().lines().find(|line| line.contains("printed")).map(str::to_owned);
        let logged = within_deadline("it says what is not printed", find);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(logged.contains("ERROR") && logged.contains("haechi app rotate default"), "{logged}");
    });
}

#[test]
fn a_script_that_takes_the_first_address_takes_that_of_clients() {
    let server = TestServer::with_args(&["--admin-listen", "127.0.0.1:0"]);
    let line = server.logged("operators on ");
    let operators = line.split(' ').nth(2).unwrap();
    assert_eq!(server.announcement()["operators"], operators);
    let stderr = server.stderr();
    let first = stderr.lines().find(|line| line.contains("http://")).unwrap();
    assert_eq!(first, format!("listening on {}", server.url()));
    assert!(TestServer::start().announcement()["operators"].is_null());
}

/// Starting with this as the secret file fails soon, with one line that names it.
fn check_no_secret(path: &Path, kind: &str) {
    with_data(|data| {
        let mut command = Command::new("timeout");
        command.args(["-s", "KILL", "10"]).arg(env!("CARGO_BIN_EXE_haechi")).args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data",
        ]);
        let finished = Finished::from(command.arg(data).arg("--secret-file").arg(path).output().unwrap());
        finished.fails(1, &format!("error: the secret file {} is {kind}: name a regular file", path.display()));
    });
}

#[test]
fn what_is_no_regular_file_is_no_secret_and_holds_nothing_up() {
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("fifo");
    assert!(Command::new("mkfifo").args(["-m", "600"]).arg(&fifo).status().unwrap().success());
    check_no_secret(&fifo, "a named pipe");
    check_no_secret(dir.path(), "a directory");
    check_no_secret(Path::new("/dev/zero"), "a device");
}

#[test]
fn a_cause_is_said_once() {
    with_data(|data| {
        let check = |args: &[&str]| {
            let finished = haechi_in(data, args);
            assert_eq!(finished.stderr.matches("os error").count(), 1, "{}", finished.stderr);
        };
        check(&["serve", "--config", "/nowhere/haechi.toml"]);
        check(&["serve", "--secret-file", "/nowhere/secret"]);
        check(&["healthcheck", "http://127.0.0.1:1"]);
        check(&["render", "--out", "/nowhere/a.gif"]);
    });
}

#[test]
fn an_address_that_is_none_is_explained() {
    for wrong in ["localhost:8080", ":8080", "8080"] {
        run(&["serve", "--listen", wrong]).fails(2, "an IP address and a port, such as 127.0.0.1:8080, or unix:");
        run(&["serve", "--admin-listen", wrong]).fails(2, "an IP address and a port, such as 127.0.0.1:8080, or unix:");
    }
}

#[test]
fn a_ledger_has_room_for_a_key() {
    run(&["serve", "--max-spent-keys", "0"]).fails(2, "a number of keys is at least 1");
}

#[test]
fn an_empty_environment_variable_is_unset() {
    with_data(|data| {
        let mut command = serve_command(data, &[]);
        for name in ["CONFIG", "ADMIN_LISTEN", "LEDGER", "MAX_SPENT_KEYS", "SECRET_FILE", "NODE", "DEMO", "LOG"] {
            command.env(format!("HAECHI_{name}"), "");
        }
        let server = TestServer::spawn(command, data);
        let listed = haechi(["app", "list", "--json", "--data"]).arg(data).env("HAECHI_LISTEN", "").output().unwrap();
        assert_eq!(Finished::from(listed).json()[0]["name"], "default");
        assert!(!server.stderr().contains("warning: "), "{}", server.stderr());
    });
    let checked = haechi(["check-config"]).env("HAECHI_CONFIG", "").output().unwrap();
    Finished::from(checked).fails(1, "name a configuration file to check");
}

#[test]
fn a_test_app_made_meanwhile_is_warned_about() {
    let warning = "this is a test app: everybody knows that its answer is TEST5";
    let server = TestServer::start();
    let made = server.haechi(&["app", "create", "ci", "--test"]);
    assert!(made.stderr.contains(&format!("warning: {warning}")), "{}", made.stderr);
    server.logged(warning);
    assert!(server.haechi(&["app", "set", "default", "--test"]).stderr.contains(warning));
    assert_eq!(server.haechi(&["app", "set", "default", "--test=false"]).stderr, "");
}

#[test]
fn a_picture_too_narrow_for_its_characters_is_warned_about() {
    let warning = "8 characters in 120 pixels of width are hard for people to read";
    let server = TestServer::start();
    let set = |settings: &[&str]| server.haechi(&[&["app", "set", "default"], settings].concat());
    let narrow = set(&["--width", "120", "--height", "40", "--answer-length", "8"]);
    assert!(narrow.code == 0 && narrow.stderr.contains(&format!("warning: {warning}")), "{}", narrow.stderr);
    server.logged(warning);
    assert_eq!(set(&["--width", "192"]).stderr, "");
}

#[test]
fn a_key_without_attempts_left_is_spent_to_inspect_too() {
    let server = TestServer::start();
    server.haechi(&["app", "set", "default", "--attempts", "3"]).json();
    let key = server.issue(server.appkey());
    assert_eq!(server.verify(server.appkey(), &key, "wrong"), -6);
    let state = || server.haechi(&["inspect", &key]).json()["state"].clone();
    assert_eq!(state(), "tried");
    server.haechi(&["app", "set", "default", "--attempts", "1"]).json();
    assert_eq!(state(), "spent");
    assert_eq!(server.verify(server.appkey(), &key, "wrong"), -5);
}

#[test]
fn a_secret_file_behind_a_link_is_read() {
    with_data(|data| {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        let mut opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file).unwrap();
        std::io::Write::write_all(&mut opened, "07".repeat(32).as_bytes()).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let server = TestServer::in_dir(data, &["--secret-file", link.to_str().unwrap()]);
        server.issue(server.appkey());
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    });
}
