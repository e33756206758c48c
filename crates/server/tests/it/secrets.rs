//! The secret is changed while the server works.

use std::fs;

use tempfile::TempDir;

use crate::server::{TestServer, haechi_in};

const TAKEN: &str = "the secrets were changed, and the new ones are in use";

#[test]
fn a_rotation_interrupts_nobody() {
    let server = TestServer::start();
    let appkey = server.appkey();
    let before = server.issue(appkey);
    let image = |key: &str| server.get(&format!("/captcha/v1.0/keys/{key}/img")).body;
    let (answer, picture) = (server.answer_of(&before), image(&before));
    let secret = || fs::read_to_string(server.data_dir().join("secret")).unwrap();
    let old = secret();

    server.haechi(&["secret", "rotate"]).json();
    assert_ne!(secret(), old);
    server.logged(TAKEN);
    assert_eq!(image(&before), picture);
    let after = server.issue(appkey);
    assert_eq!(server.verify(appkey, &before, &answer), 0);
    assert_eq!(server.verify(appkey, &before, &answer), -5);
    assert_eq!(server.verify(appkey, &after, &server.answer_of(&after)), 0);
    assert!(!server.stderr().contains(old.trim()) && !server.stderr().contains(secret().trim()));

    server.haechi(&["secret", "rotate"]).fails(1, "the secret was changed less than an hour ago");
}

#[test]
fn a_rotation_outlives_a_restart() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let server = TestServer::in_dir(&data, &[]);
    let appkey = server.appkey().to_owned();
    let key = server.issue(&appkey);
    assert!(server.stop().success());
    haechi_in(&data, &["secret", "rotate"]).json();
    let server = TestServer::in_dir(&data, &[]);
    let image = server.get(&format!("/captcha/v1.0/keys/{key}/img"));
    assert_eq!(image.status, 200);
}

#[test]
fn a_secret_that_cannot_be_read_changes_nothing() {
    let server = TestServer::start();
    let secret = server.data_dir().join("secret");
    let key = server.issue(server.appkey());
    fs::remove_file(&secret).unwrap();
    fs::write(&secret, "0".repeat(64)).unwrap();
    server.logged("the changed secrets cannot be used");
    assert!(server.stderr().contains("is open to others"), "{}", server.stderr());
    let image = server.get(&format!("/captcha/v1.0/keys/{key}/img"));
    assert_eq!(image.status, 200);
}

#[test]
fn secrets_that_somebody_else_looks_after_are_read_anew() {
    let folder = TempDir::new().unwrap();
    let (ours, previous) = (folder.path().join("ours"), folder.path().join("previous"));
    for (path, digit) in [(&ours, "1"), (&previous, "2")] {
        write_secret(path, digit);
    }
    let arguments = ["--secret-file", ours.to_str().unwrap(), "--previous-secret-file", previous.to_str().unwrap()];
    let server = TestServer::with_args(&arguments);
    let appkey = server.appkey();
    let key = server.issue(appkey);
    // The two change places: what was the previous one seals from now on.
    write_secret(&ours, "2");
    write_secret(&previous, "1");
    server.logged(TAKEN);
    let image = |key: &str| server.get(&format!("/captcha/v1.0/keys/{key}/img")).status;
    assert_eq!(image(&key), 200);
    let newer = server.issue(appkey);
    write_secret(&previous, "3");
    crate::server::within_deadline("the old secret is gone", || (image(&key) == 404).then_some(()));
    assert_eq!(image(&newer), 200);
}

/// Replaces the file at once, as whoever changes a secret should.
fn write_secret(path: &std::path::Path, digit: &str) {
    use std::os::unix::fs::PermissionsExt;
    let draft = path.with_extension("draft");
    fs::write(&draft, digit.repeat(64)).unwrap();
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o600)).unwrap();
    fs::rename(draft, path).unwrap();
}
