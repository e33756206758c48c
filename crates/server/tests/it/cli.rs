//! The commands that make files, look into keys and ask after a server.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::json;

use crate::{
    api::Insider,
    server::{Finished, TestServer, haechi, haechi_in, ledger_is_shared, ledger_outlives_program, not_tested, run},
};

fn run_in(dir: &Path, args: &[&str]) -> Finished {
    haechi(args).current_dir(dir).output().unwrap().into()
}

/// The files in a directory by name, with their content.
fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

/// Runs a command into a directory of its own and returns the files that it made.
fn made(args: &[&str]) -> Vec<(String, Vec<u8>)> {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let finished = run(&[args, &["--out", out.to_str().unwrap()]].concat());
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    files(&out)
}

#[test]
fn render_names_the_file_after_the_answer() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(run_in(dir.path(), &["render", "eakjh"]).text(), "wrote EAKJH.gif\n");
    let written = run_in(dir.path(), &["render", "--json"]).json();
    let (file, answer) = (written["file"].as_str().unwrap(), written["answer"].as_str().unwrap());
    assert_eq!((file, answer.len()), (format!("{answer}.gif").as_str(), 5));
    let made = files(dir.path());
    assert!(made.len() == 2 && made.iter().all(|(_, content)| content.starts_with(b"GIF89a")));
}

#[test]
fn render_writes_where_it_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["render", "EAKJH", "--seed", "1", "--out"];
    assert_eq!(run_in(dir.path(), &[&args[..], &["a.gif"]].concat()).text(), "wrote a.gif\n");
    assert_eq!(run_in(dir.path(), &[&args[..], &["."]].concat()).text(), "wrote ./EAKJH.gif\n");
    let printed = run_in(dir.path(), &[&args[..], &["-"]].concat()).stdout;
    assert!(files(dir.path()).iter().all(|(_, content)| *content == printed));
    run_in(dir.path(), &["render", "--out", "/nowhere/a.gif"]).fails(1, "error: cannot write /nowhere/a.gif: ");
    run_in(dir.path(), &["render", "--out", "-", "--count", "2"]).fails(1, "name a directory with --out");
    run_in(dir.path(), &["render", "--out", "-", "--json"]).fails(1, "--out - leaves no room for --json");
}

#[test]
fn render_makes_numbered_files_that_the_seeds_determine() {
    let args = ["render", "--count", "3", "--length", "6", "--seed", "seven"];
    let first = made(&args);
    let numbers: Vec<&str> = first.iter().map(|(name, _)| &name[..6]).collect();
    assert_eq!(numbers, ["00000_", "00001_", "00002_"]);
    assert!(first.iter().all(|(name, _)| name.len() == "00000_ABCDEF.gif".len() && name.ends_with(".gif")));
    assert_eq!(made(&args), first);
    assert_eq!(made(&[&args[..], &["--secret-seed", ""]].concat()), first);
    assert_ne!(made(&["render", "--count", "3", "--length", "6", "--seed", "8"]), first);
    assert_ne!(made(&[&args[..], &["--secret-seed", "1"]].concat()), first);
    assert_ne!(made(&["render", "--count", "3"]), made(&["render", "--count", "3"]));
}

#[test]
fn a_given_answer_is_drawn_differently_each_time_and_under_each_secret() {
    let args = ["render", "EAKJH", "--count", "2", "--seed", "seven"];
    let first = made(&args);
    assert_eq!((first[0].0.as_str(), first[1].0.as_str()), ("00000_EAKJH.gif", "00001_EAKJH.gif"));
    assert_ne!(first[0].1, first[1].1);
    assert_eq!(made(&args), first);
    let other = made(&[&args[..], &["--secret-seed", "1"]].concat());
    assert!(other[0].0 == first[0].0 && other[0].1 != first[0].1);
}

#[test]
fn render_takes_a_look() {
    let size = |args: &[&str]| {
        let gif = run(&[&["render", "EAKJH", "--seed", "1", "--out", "-"], args].concat());
        assert_eq!(gif.code, 0, "{}", gif.stderr);
        (u16::from_le_bytes([gif.stdout[6], gif.stdout[7]]), u16::from_le_bytes([gif.stdout[8], gif.stdout[9]]))
    };
    assert_eq!(size(&[]), (240, 80));
    assert_eq!(size(&["--width", "300", "--height", "100", "--theme", "dark"]), (300, 100));
    assert_eq!(size(&["--scale", "2"]), (480, 160));
    let ground =
        run(&["render", "EAKJH", "--out", "-", "--theme", "dark", "--ground", "#0d1117", "--colour", "#ff6600"]);
    assert_eq!(ground.stdout[13..16], [0x0d, 0x11, 0x17]);
    run(&["render", "--ground", "#0d1117"]).fails(1, "a ground is as light as #dcdcdc or lighter in the light theme");
    run(&["render", "--colour", "orange"]).fails(2, "a colour is # and six hexadecimal digits");
    run(&["render", "--width", "481"]).fails(1, "a picture is 120 to 480 pixels wide");
    run(&["render", "--scale", "4"]).fails(1, "a scale is 1, 2 or 3");
    run(&["render", "--theme", "pink"]).fails(2, "a theme is light or dark");
    run(&["render", "--difficulty", "0"]).fails(2, "0 is not in 1..=5");
    run(&["render", "--difficulty", "6"]).fails(2, "6 is not in 1..=5");
    run(&["render", "TOOLONGFORIT"]).fails(2, "an answer is 1 to 8 letters");
    run(&["render", "EAKJH", "--length", "4"]).fails(2, "cannot be used with");
}

#[test]
fn render_draws_as_hard_as_it_is_told() {
    let drawn = |args: &[&str]| made(&[&["render", "EAKJH", "--count", "1", "--seed", "1"], args].concat());
    assert_eq!(drawn(&["--difficulty", "3"]), drawn(&[]));
    assert!(drawn(&["--difficulty", "1"]) != drawn(&["--difficulty", "5"]), "two difficulties are drawn alike");
}

#[test]
fn speak_makes_the_same_sound_with_and_without_noise() {
    let args = ["speak", "--lang", "en", "--count", "1", "--seed", "seven"];
    let (noisy, clean) = (made(&args), made(&[&args[..], &["--clean"]].concat()));
    assert_eq!(noisy[0].0, clean[0].0);
    assert!(noisy[0].0.starts_with("00000_") && noisy[0].0.ends_with(".wav") && noisy[0].1.starts_with(b"RIFF"));
    assert_eq!(noisy[0].1.len(), clean[0].1.len());
    assert_ne!(noisy, clean);
    assert_eq!(made(&args), noisy);
    let size = |more: &[&str]| made(&[&args[..], more].concat())[0].1.len();
    assert!(size(&["--format", "mulaw"]) <= noisy[0].1.len() / 2 + 37);
    assert_eq!(size(&["--repeat"]), 2 * noisy[0].1.len() - 44 + 32_000);
    run(&["speak", "--lang", "fr"]).fails(2, "a language is ko, en, ja or zh");
    run(&["speak", "--format", "mp3"]).fails(2, "a format is pcm or mulaw");
}

#[test]
fn a_sound_is_named_after_the_word_that_its_language_says() {
    let names = |args: &[&str]| -> Vec<String> {
        let made = made(&[args, &["--count", "2", "--seed", "seven"]].concat());
        made.iter().map(|(name, _)| name.split_once('.').unwrap().0.to_owned()).collect()
    };
    let spoken = ["ko", "en", "ja", "zh"].map(|language| names(&["speak", "--lang", language]));
    assert_eq!(spoken[0], names(&["render"]), "a sample is in Korean, as an app is unless it is told otherwise");
    for (index, one) in spoken.iter().enumerate() {
        assert!(spoken[index + 1..].iter().all(|other| other[0] != one[0] && other[1] != one[1]));
    }
}

#[test]
fn inspect_says_what_has_become_of_a_key() {
    let server = TestServer::start();
    server.haechi(&["app", "set", "default", "--attempts", "2"]).json();
    let key = server.issue(server.appkey());
    let state = || server.haechi(&["inspect", &key]).json()["state"].clone();

    let fresh = server.haechi(&["inspect", &key]).json();
    let issued_at = fresh["issued_at"].as_u64().unwrap();
    let expected = json!({"app": "default", "issued_at": issued_at, "expires_at": issued_at + 180, "state": "fresh"});
    assert_eq!(fresh, expected, "the answer is said only when it is asked for");
    assert_eq!(server.verify(server.appkey(), &key, "wrong"), -6);
    assert_eq!(state(), "tried");
    assert_eq!(server.verify(server.appkey(), &key, &server.answer_of(&key)), 0);
    assert_eq!(state(), "spent");
    server.haechi(&["app", "remove", "default"]).json();
    let gone = server.haechi(&["inspect", &key]).json();
    assert_eq!((&gone["app"], &gone["state"]), (&json!(null), &json!("expired")));
}

#[test]
fn inspect_goes_by_the_rules_of_the_api() {
    if !ledger_outlives_program() {
        return not_tested("the ledger ends with the program");
    }
    let server = TestServer::start();
    let (appkey, data) = (server.appkey(), server.data_dir().to_owned());
    let key = server.issue(appkey);
    let from_the_future = Insider::of(&server).aged(&key, -3600);
    let check = || {
        assert_eq!(haechi_in(&data, &["inspect", &from_the_future]).json()["state"], "expired");
        let disabled = haechi_in(&data, &["inspect", &key]).json();
        assert_eq!((&disabled["state"], &disabled["enabled"]), (&json!("fresh"), &json!(false)));
    };
    assert_eq!(server.verify(appkey, &from_the_future, "EAKJH"), -5);
    server.haechi(&["app", "disable", "default"]).json();
    assert_eq!(server.verify(appkey, &key, "EAKJH"), -4);
    check();
    let _owner = server.kill();
    check();
}

#[test]
fn inspect_works_without_a_server() {
    if ledger_is_shared() {
        return not_tested("the ledger is in Redis");
    }
    let server = TestServer::start();
    let key = server.issue(server.appkey());
    let answer = server.answer_of(&key);
    assert_eq!(server.verify(server.appkey(), &key, &answer), 0);
    let data = server.data_dir().to_owned();
    let _owner = server.kill();
    let args = ["inspect", &key, "--answer", "--data", data.to_str().unwrap()];
    let inspected = run(&[&args[..], &["--json"]].concat()).json();
    assert_eq!((&inspected["state"], &inspected["answer"]), (&json!("spent"), &json!(answer)));
    let lines = run(&args);
    assert!(lines.text().contains(&format!("state    spent\nanswer   {answer}\nin en    ")), "{}", lines.text());
}

#[test]
fn inspect_refuses_what_was_not_issued_here() {
    let (ours, theirs) = (TestServer::start(), TestServer::start());
    ours.haechi(&["inspect", &theirs.issue(theirs.appkey())]).fails(1, "the key was not issued here");
    ours.haechi(&["inspect", "key"]).fails(1, "a key is a version-4 UUID");
}

#[test]
fn healthcheck_tells_by_its_status() {
    let server = TestServer::start();
    let healthy = run(&["healthcheck", server.url()]);
    assert_eq!((healthy.code, healthy.text()), (0, "ok\n"));
    let address = server.url().strip_prefix("http://").unwrap();
    let output = haechi(["healthcheck", "--json"]).env("HAECHI_LISTEN", address).output().unwrap();
    assert_eq!(Finished::from(output).json(), json!({"ok": true, "url": server.url()}));
    run(&["healthcheck", &format!("{}/no", server.url())]).fails(1, "answered /healthz with 404");
    let url = server.url().to_owned();
    assert!(server.stop().success());
    run(&["healthcheck", &url]).fails(1, "cannot connect to");
    run(&["healthcheck", "ftp://127.0.0.1"]).fails(1, "is not an address that begins with http://, https:// or unix:/");
    run(&["healthcheck", "https://127.0.0.1"]).fails(1, "name that with HAECHI_TLS_CERTIFICATE");
}

#[test]
fn openapi_prints_what_the_server_serves() {
    let server = TestServer::start();
    assert_eq!(run(&["openapi"]).json(), server.get("/openapi.json").json());
    assert!(run(&["openapi", "--json"]).json()["paths"].is_object());
}

#[test]
fn every_command_takes_config_data_and_json() {
    let commands =
        ["app create a", "app list", "app show a", "app set a", "app rotate a", "app secret rotate a", "app disable a"];
    let others = ["app enable a", "app remove a", "render", "speak", "inspect k", "check-config f", "healthcheck"];
    for command in commands.iter().chain(&others).chain(&["openapi", "serve"]) {
        let words: Vec<&str> = command.split(' ').collect();
        let help = run(&[&words[..], &["--help"]].concat());
        for flag in ["--config", "--data", "--json"] {
            assert!(help.text().contains(flag), "{flag} is not in the help of {command}:\n{}", help.text());
        }
    }
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_haechi"))
        .arg("openapi")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let finished = Finished::from(child.wait_with_output().unwrap());
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""));
}
