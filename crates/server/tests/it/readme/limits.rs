//! What the document on limits has to paste is taken by what it is for.

use std::fs;

use testbed::{Redis, RedisOptions};

use super::{blocks, read};
use crate::server::{TestServer, run};

/// The examples in a language, of which there must be so many.
fn examples(language: &str, count: usize) -> Vec<String> {
    let examples: Vec<String> = blocks(&read("docs/limits.md"))
        .into_iter()
        .filter_map(|(found, code)| (found == language).then_some(code))
        .collect();
    assert_eq!(examples.len(), count, "{language}");
    examples
}

#[test]
fn haechi_takes_its_settings_one_by_one_and_together() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    fs::write(&secret, "0".repeat(64)).unwrap();
    let [home, own_markup, school, shared] = &examples("toml", 4)[..] else { panic!("there are four") };
    for settings in [home.clone(), own_markup.clone(), format!("{shared}\n{home}"), format!("{shared}\n{school}")] {
        let settings = settings.replace("/etc/haechi/secret", secret.to_str().unwrap());
        let file = folder.path().join("haechi.toml");
        fs::write(&file, &settings).unwrap();
        let checked = run(&["check-config", file.to_str().unwrap()]);
        assert_eq!(checked.code, 0, "{settings}: {}", checked.stderr);
    }
}

#[test]
fn an_app_takes_its_settings() {
    let server = TestServer::start();
    server.haechi(&["app", "create", "shop"]).text();
    let command = &examples("sh", 1)[0];
    let arguments: Vec<&str> = command.split_whitespace().skip(1).collect();
    server.haechi(&arguments).text();
    let shown = server.haechi(&["app", "show", "shop"]).json();
    assert_eq!(shown["settings"]["rate_per_sec"], 50, "{shown}");
}

#[test]
fn redis_starts_with_its_settings_and_haechi_is_ready_on_it() {
    let lines = &examples("text", 1)[0];
    let pairs = lines.lines().filter_map(|line| line.split_once(' '));
    let args: Vec<String> = pairs.flat_map(|(name, value)| [format!("--{name}"), value.to_owned()]).collect();
    assert_eq!(args.len(), 8, "{args:?}");
    let redis = Redis::with(RedisOptions { args, ..RedisOptions::default() });
    assert_eq!(redis.figure("memory", "maxmemory"), Some(512 << 20));
    let server = TestServer::with_args(&["--ledger", &redis.url()]);
    assert_eq!(server.get("/readyz").status, 200);
}

#[test]
fn the_pods_have_the_resources_that_the_manifest_has() {
    let manifest = read("deploy/kubernetes.yaml");
    for line in examples("yaml", 1)[0].lines() {
        assert!(manifest.lines().any(|other| other.trim() == line.trim()), "{line}");
    }
}
