//! A server that listens on a socket in the file system, asked by curl.

use std::{
    fs,
    os::unix::fs::{FileTypeExt, PermissionsExt},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::server::{TestServer, haechi, run};

struct Listening {
    server: TestServer,
    path: PathBuf,
    folder: tempfile::TempDir,
}

fn address(path: &Path) -> String {
    format!("unix:{}", path.display())
}

impl Listening {
    fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("http.sock");
        let listen = address(&path);
        let arguments = [&["--listen", listen.as_str()], arguments].concat();
        let server = TestServer::in_dir(&folder.path().join("data"), &arguments);
        Self { server, path, folder }
    }

    /// The status and the body of a reply.
    fn ask(&self, path: &str, arguments: &[&str]) -> (u16, String) {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--max-time", "20", "--write-out", "\n%{http_code}", "--unix-socket"]);
        let output = curl.arg(&self.path).args(arguments).arg(format!("http://a.test{path}")).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let (body, status) = printed.rsplit_once('\n').unwrap();
        (status.parse().unwrap(), body.to_owned())
    }
}

#[test]
fn a_challenge_is_issued_and_judged_over_a_socket() {
    let listening = Listening::start(&[]);
    assert_eq!(listening.server.url(), address(&listening.path));
    let metadata = listening.path.symlink_metadata().unwrap();
    assert!(metadata.file_type().is_socket());
    assert_eq!(metadata.permissions().mode() & 0o777, 0o660, "its user and its group");
    let calls = format!("/captcha/v1.0/appkeys/{}/keys", listening.server.appkey());
    let issued: Value = serde_json::from_str(&listening.ask(&calls, &["--request", "POST"]).1).unwrap();
    let key = issued["key"].as_str().unwrap();
    let answer = listening.server.answer_of(key);
    let (_, judged) = listening.ask(&format!("{calls}/{key}/verification?answer={answer}"), &[]);
    assert!(judged.contains("\"resultCode\":0"), "{judged}");
    assert_eq!(listening.ask("/", &[]).0, 404, "there is no demo page where only a proxy can ask");
    let Listening { server, path, folder } = listening;
    assert!(server.stop().success());
    assert!(!path.exists());
    drop(folder);
}

#[test]
fn who_asks_over_a_socket_is_a_trusted_proxy() {
    let listening = Listening::start(&["--media-per-minute", "1"]);
    let picture = |client: &str| {
        listening.ask("/captcha/v1.0/keys/no/img", &["--header", &format!("X-Forwarded-For: {client}")]).0
    };
    assert_eq!([picture("192.0.2.1"), picture("192.0.2.1"), picture("192.0.2.2")], [404, 429, 404]);
    let https = ["--header", "X-Forwarded-Proto: https"];
    let (status, page) = listening.ask("/console/sign-in", &https);
    assert!(status == 200 && page.contains("type=\"password\""), "{page}");
}

#[test]
fn a_health_check_finds_the_socket() {
    let listening = Listening::start(&["--admin-listen", "127.0.0.1:0"]);
    let listen = address(&listening.path);
    assert_eq!(run(&["healthcheck", &listen]).code, 0);
    assert_eq!(run(&["healthcheck", "--ready", &listen]).code, 0);
    let output = haechi(["healthcheck"]).env("HAECHI_LISTEN", &listen).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    drop(listening.server);
    run(&["healthcheck", &listen]).fails(1, "cannot connect to unix:/");
}

#[test]
fn a_socket_is_replaced_if_nobody_listens_there() {
    let listening = Listening::start(&[]);
    let listen = address(&listening.path);
    let data = listening.folder.path().join("other");
    let second = || run(&["serve", "--listen", &listen, "--data", data.to_str().unwrap()]);
    second().fails(1, "another program listens there");
    assert_eq!(listening.ask("/healthz", &[]).0, 200, "the first one goes on");
    let Listening { server, path, folder } = listening;
    server.kill();
    assert!(path.exists(), "a server that is killed leaves it");
    let server = TestServer::in_dir(&folder.path().join("data"), &["--listen", &listen]);
    let listening = Listening { server, path, folder };
    assert_eq!(listening.ask("/healthz", &[]).0, 200);
    fs::remove_file(&listening.path).unwrap();
    fs::write(&listening.path, "mine").unwrap();
    second().fails(1, "a file is there that is no socket");
    let Listening { server, path, folder } = listening;
    assert!(server.stop().success());
    assert_eq!(fs::read_to_string(path).unwrap(), "mine", "what is not its own it leaves");
    drop(folder);
}

#[test]
fn a_socket_has_a_whole_path() {
    for wrong in ["unix:", "unix:http.sock", "unix:/run/"] {
        run(&["serve", "--listen", wrong]).fails(2, "unix: and the whole path of a socket");
    }
}
