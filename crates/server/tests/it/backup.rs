//! Backups that are taken while the server works, and what becomes of them.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::server::{TestServer, haechi, haechi_in, ledger_is_shared, not_tested};

fn backup_of(server: &TestServer, file: &Path) {
    let backup = server.haechi(&["backup", file.to_str().unwrap()]);
    assert_eq!(backup.json()["apps"], 2);
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn a_backup_of_a_running_server_brings_its_apps_back_and_no_spent_key() {
    if ledger_is_shared() {
        return not_tested("apps are in Redis");
    }
    let folder = TempDir::new().unwrap();
    let (data, file, restored) = (folder.path().join("data"), folder.path().join("backup"), folder.path().join("new"));
    let server = TestServer::in_dir(&data, &[]);
    let appkey = server.appkey().to_owned();
    server.haechi(&["app", "create", "shop"]);
    let made = server.haechi(&["token", "create", "watch", "--scope", "apps:read"]);
    let token = made.json()["token"].as_str().unwrap().to_owned();

    let unspent = server.issue(&appkey);
    let spent = server.issue(&appkey);
    let answers = [&unspent, &spent].map(|key| server.answer_of(key));
    backup_of(&server, &file);
    let files = files_in(&data);
    assert!(!files.iter().any(|file| file.to_string_lossy().contains("backup-")), "{files:?}");
    assert_eq!(server.verify(&appkey, &spent, &answers[1]), 0);
    assert!(server.stop().success());

    let output = haechi_in(&restored, &["restore", file.to_str().unwrap()]);
    assert_eq!(output.json()["tokens"], 1);
    fs::copy(data.join("secret"), restored.join("secret")).unwrap();
    let server = TestServer::in_dir(&restored, &[]);
    for (key, answer) in [(&unspent, &answers[0]), (&spent, &answers[1])] {
        assert_eq!(server.verify(&appkey, key, answer), -5, "a key from before the backup passes");
    }
    let key = server.issue(&appkey);
    assert_eq!(server.verify(&appkey, &key, &server.answer_of(&key)), 0);
    let apps = ureq::get(format!("{}/admin/v1/apps", server.url()))
        .header("authorization", format!("Bearer {token}"))
        .call()
        .unwrap();
    assert_eq!(apps.status(), 200);
    assert!(server.haechi(&["app", "list"]).text().contains("shop"));
}

#[test]
fn nothing_is_overwritten() {
    if ledger_is_shared() {
        return not_tested("apps are in Redis");
    }
    let folder = TempDir::new().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("backup"));
    let server = TestServer::in_dir(&data, &[]);
    server.haechi(&["app", "create", "shop"]);
    backup_of(&server, &file);
    let before = fs::read(&file).unwrap();
    let path = file.to_str().unwrap();
    server.haechi(&["backup", path]).fails(1, "is there already: name another file");
    server.haechi(&["restore", path]).fails(1, "haechi.redb is there already");
    assert_eq!(fs::read(&file).unwrap(), before);
    server.haechi(&["backup", folder.path().join("no/backup").to_str().unwrap()]).fails(1, "cannot write");
    let files = files_in(&data);
    assert!(!files.iter().any(|file| file.to_string_lossy().contains("backup-")), "{files:?}");
}

#[test]
fn a_stopped_server_is_backed_up_and_what_is_in_redis_is_not() {
    if ledger_is_shared() {
        return not_tested("apps are in Redis");
    }
    let folder = TempDir::new().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("backup"));
    let server = TestServer::in_dir(&data, &[]);
    server.haechi(&["app", "create", "shop"]);
    assert!(server.stop().success());
    let backup = haechi_in(&data, &["backup", file.to_str().unwrap()]);
    assert_eq!(backup.json()["apps"], 2);

    for command in ["backup", "restore"] {
        let output = haechi([command, "x"]).env("HAECHI_LEDGER", "redis://127.0.0.1:1").output().unwrap();
        assert!(String::from_utf8_lossy(&output.stderr).contains("are in Redis"), "{output:?}");
    }
}
