//! HTTPS without a proxy, asked by curl.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;
use testbed::make_certificates;

use crate::server::{TestServer, haechi, within_deadline};

const WELL: &str = "{\"status\":\"ok\"}";

/// A certificate authority and what it vouches for.
struct Certificates {
    folder: TempDir,
}

impl Certificates {
    fn make() -> Self {
        let folder = TempDir::new().unwrap();
        make_certificates(folder.path());
        for name in ["server.key", "ca.key"] {
            fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(0o600)).unwrap();
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn arguments(&self) -> [String; 4] {
        let path = |name| self.path(name).to_str().unwrap().to_owned();
        ["--tls-certificate".into(), path("server.crt"), "--tls-key".into(), path("server.key")]
    }

    fn serve(&self) -> TestServer {
        TestServer::with_args(&self.arguments().each_ref().map(String::as_str))
    }

    /// Asks as one who trusts this authority.
    fn curl(&self, arguments: &[&str]) -> Output {
        curl(&self.path("ca.crt"), arguments)
    }
}

fn curl(authority: &Path, arguments: &[&str]) -> Output {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--max-time", "10", "--cacert"]).arg(authority).args(arguments);
    curl.output().unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn key_of(reply: &str) -> &str {
    let (_, after) = reply.split_once("\"key\":\"").unwrap();
    &after[..36]
}

/// Starts with a certificate that cannot be used, and returns what is said of it.
fn refused(certificates: &Certificates) -> String {
    let data = TempDir::new().unwrap();
    let output = haechi(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .args(certificates.arguments())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_challenge_passes_over_http_2_and_over_http_1() {
    let certificates = Certificates::make();
    let server = certificates.serve();
    assert!(server.url().starts_with("https://127.0.0.1:"), "{}", server.url());
    for (version, expected) in [("--http2", "2"), ("--http1.1", "1.1")] {
        let issue = format!("{}/captcha/v1.0/appkeys/{}/keys", server.url(), server.appkey());
        let reply = text(&certificates.curl(&[version, "--request", "POST", &issue]));
        let key = key_of(&reply);
        let image = format!("{}/captcha/v1.0/keys/{key}/img", server.url());
        let said = "%{http_version} %{content_type} %header{strict-transport-security}";
        let seen = text(&certificates.curl(&[version, "--output", "/dev/null", "--write-out", said, &image]));
        assert_eq!(seen, format!("{expected} image/gif max-age=63072000"));
        let sound = format!("{}/captcha/v1.0/keys/{key}/sound", server.url());
        let head = certificates.curl(&[version, "--range", "0-3", &sound]);
        assert_eq!(text(&head), "RIFF");
        let answer = server.answer_of(key);
        let verify = format!("{issue}/{key}/verification?answer={answer}");
        assert!(text(&certificates.curl(&[version, &verify])).contains("SUCCESS"));
        assert!(text(&certificates.curl(&[version, &verify])).contains("EXPIRED_KEY_ERROR"));
    }
}

#[test]
fn the_console_hands_out_cookies_that_are_for_https_only() {
    let certificates = Certificates::make();
    let server = certificates.serve();
    let first = server.announcement()["first_user"].as_str().unwrap().to_owned();
    let (page, code) = first.split_once("?code=").unwrap();
    for version in ["--http2", "--http1.1"] {
        let form = format!("code={code}&name=keeper{version}&password=a%20password%20for%20tests");
        let origin = format!("Origin: {}", server.url());
        let headers = text(&certificates.curl(&[
            version,
            "--header",
            &origin,
            "--data",
            &form,
            "--dump-header",
            "-",
            "--output",
            "/dev/null",
            page,
        ]));
        let headers = headers.to_lowercase();
        if version == "--http2" {
            assert!(headers.contains("set-cookie: __host-"), "{headers}");
            assert!(headers.contains("; secure"), "{headers}");
        } else {
            assert!(!headers.contains("set-cookie: __host-"), "a code for the first user counted twice: {headers}");
        }
    }
}

#[test]
fn a_new_certificate_is_taken_without_a_restart() {
    let (old, new) = (Certificates::make(), Certificates::make());
    let server = old.serve();
    let health = format!("{}/healthz", server.url());
    assert_eq!(text(&old.curl(&[&health])), WELL);

    // The certificate comes before its key, as it may: until both are there the one before stays.
    fs::copy(new.path("server.crt"), old.path("server.crt")).unwrap();
    server.logged("the certificate in use stays");
    assert_eq!(text(&old.curl(&[&health])), WELL);

    fs::copy(new.path("server.key"), old.path("server.key")).unwrap();
    within_deadline("the new certificate", || new.curl(&[&health]).status.success().then_some(()));
    assert!(!old.curl(&[&health]).status.success());
    assert!(server.stderr().contains("the new one is in use"), "{}", server.stderr());
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let certificates = Certificates::make();
    let key = certificates.path("server.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let said = refused(&certificates);
    assert!(said.contains("server.key is open to everybody (mode 0644)"), "{said}");
    // A group may read it, as Debian's ssl-cert does.
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    drop(certificates.serve());

    fs::copy(certificates.path("ca.key"), &key).unwrap();
    assert!(refused(&certificates).contains("cannot be used"));
    fs::write(&key, "no key").unwrap();
    assert!(refused(&certificates).contains("server.key holds no private key in PEM"));
    fs::write(certificates.path("server.crt"), "").unwrap();
    assert!(refused(&certificates).contains("server.crt holds no certificate in PEM"));
    fs::remove_file(&key).unwrap();
    assert!(refused(&certificates).contains("cannot read"));
}

#[test]
fn clients_that_speak_no_tls_do_no_harm() {
    let certificates = Certificates::make();
    let server = certificates.serve();
    let plain = server.url().replace("https://", "http://");
    assert!(!certificates.curl(&[&plain]).status.success());
    assert_eq!(text(&certificates.curl(&[&format!("{}/healthz", server.url())])), WELL);
}

#[test]
fn a_healthcheck_trusts_the_servers_own_certificate_only() {
    let (ours, others) = (Certificates::make(), Certificates::make());
    let server = ours.serve();
    let check = |certificates: &Certificates| {
        let mut command = haechi(["healthcheck", server.url()]);
        for (name, file) in [("HAECHI_TLS_CERTIFICATE", "server.crt"), ("HAECHI_TLS_KEY", "server.key")] {
            command.env(name, certificates.path(file));
        }
        command.output().unwrap()
    };
    assert_eq!(text(&check(&ours)), "ok\n");
    let refused = String::from_utf8(check(&others).stderr).unwrap();
    assert!(refused.contains("does not have the certificate of"), "{refused}");
}
