//! The document on ports and files has what there is.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt, path::Path, time::Instant};

use testbed::Redis;

use super::read;
use crate::server::{DEADLINE, TestServer};

fn mode_of(path: &Path) -> String {
    format!("{:04o}", fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777)
}

#[test]
fn every_file_in_the_data_directory_is_there_with_its_mode() {
    let server = TestServer::start();
    server.haechi(&["secret", "rotate"]).json();
    let document = read("docs/files.md");
    assert_eq!(mode_of(server.data_dir()), "0700");
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(server.data_dir()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let row = format!("\n| `{name}` | {} | ", mode_of(&path));
        assert!(document.contains(&row), "docs/files.md lacks {row}");
        names.insert(name);
    }
    let expected = ["control.sock", "haechi.redb", "secret", "secret.previous"].map(str::to_owned);
    assert_eq!(names, BTreeSet::from(expected));
}

#[test]
fn the_sockets_have_the_modes_that_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("http.sock");
    let _server =
        TestServer::in_dir(&folder.path().join("data"), &["--admin-listen", &format!("unix:{}", socket.display())]);
    assert_eq!(mode_of(&socket), "0660");
    assert!(read("docs/files.md").contains("mode 0660"));
}

/// The names in Redis, without the prefix and what of them is a number or an app's.
fn names_in(redis: &Redis) -> BTreeSet<String> {
    let names = redis.command_line(&["EVAL", "return table.concat(redis.call('KEYS', '*'), ' ')", "0"]);
    let without_prefix = |name: &str| name.strip_prefix("haechi:").unwrap_or_else(|| panic!("{name}")).to_owned();
    let general = |name: String| match name.split_once(':') {
        Some((_, "began")) => "{0}:began".to_owned(),
        Some((first, _)) if first.starts_with('{') => "{0}:".to_owned(),
        Some((first, _)) => format!("{first}:"),
        None => name,
    };
    names.split_whitespace().map(|name| general(without_prefix(name))).collect()
}

#[test]
fn every_name_in_redis_is_there() {
    let redis = Redis::start();
    let limits = ["--shared-limits", "--issue-per-minute", "1000", "--unanswered-per-hour", "100"];
    let server = TestServer::with_args(&[&["--ledger", &redis.url()], &limits[..]].concat());
    let key = server.issue(server.appkey());
    server.verify(server.appkey(), &key, "WRONG");
    let site_key = server.announcement()["site_key"].as_str().unwrap();
    assert_eq!(server.get(&format!("/recaptcha/api/fallback?k={site_key}")).status, 200);
    server.haechi(&["token", "create", "deployment", "--scope", "apps:read", "--days", "1"]).text();
    let expected = ["{0}:", "{0}:began", "apps", "audit", "demand:", "limit:", "statistics:", "tokens"];
    let expected = BTreeSet::from(expected.map(str::to_owned));
    let start = Instant::now();
    // Statistics come after two seconds.
    while !names_in(&redis).is_superset(&expected) {
        assert!(start.elapsed() < DEADLINE, "{:?}", names_in(&redis));
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let document = read("docs/files.md");
    for name in names_in(&redis) {
        assert!(document.contains(&format!("`{name}`")), "docs/files.md does not say {name}");
    }
}
