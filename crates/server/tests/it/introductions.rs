//! The PROXY protocol: what a trusted proxy says of a connection before HTTP or TLS.

use std::{
    io::{Read, Write},
    net::TcpStream,
    os::unix::net::UnixStream,
    path::Path,
    time::{Duration, Instant},
};

use haechi::http::tls;
use testbed::make_certificates;

use crate::server::{TestServer, run};

const PROXIES: [&str; 3] = ["--trusted-proxies", "127.0.0.1", "--proxy-protocol"];
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// HAProxy's health check: on nobody's behalf.
const LOCAL: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00";

/// Form 2, of a client at 198.51.100 with this last number.
fn form_2(client: u8) -> Vec<u8> {
    let addresses = [198, 51, 100, client, 192, 0, 2, 1, 0x12, 0x67, 0x01, 0xbb];
    [SIGNATURE, &[0x21, 0x11, 0, 12], &addresses].concat()
}

fn connect(server: &TestServer) -> TcpStream {
    let (_, address) = server.url().split_once("://").unwrap();
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

fn request(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n{headers}Connection: close\r\n\r\n").into_bytes()
}

/// What comes back on a connection that begins like this. Nothing, if it is closed.
fn ask(mut stream: impl Read + Write, beginning: &[u8], path: &str, headers: &str) -> String {
    let _ = stream.write_all(&[beginning, &request(path, headers)].concat());
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply);
    String::from_utf8_lossy(&reply).into_owned()
}

#[track_caller]
fn check_served(reply: &str) {
    assert!(reply.starts_with("HTTP/1.1 200 "), "{reply:?}");
}

#[test]
fn limits_go_by_the_client_that_the_proxy_names() {
    let server = TestServer::with_args(&[&PROXIES[..], &["--media-per-minute", "2"]].concat());
    // The server is asked as by a proxy, since the test is at the address of one.
    let appkey = server.appkey();
    let issue = format!("/captcha/v1.0/appkeys/{appkey}/keys");
    let mut stream = connect(&server);
    let head = format!("POST {issue} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(&[LOCAL, head.as_bytes()].concat()).unwrap();
    let mut issued = String::new();
    stream.read_to_string(&mut issued).unwrap();
    let key = issued.split("\"key\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let picture = format!("/captcha/v1.0/keys/{key}/img");
    for forms in [form_2(7), b"PROXY TCP4 198.51.100.7 192.0.2.1 4711 443\r\n".to_vec()] {
        check_served(&ask(connect(&server), &forms, &picture, ""));
    }
    // A client's own header does not make it another one.
    let refused = ask(connect(&server), &form_2(7), &picture, "X-Forwarded-For: 203.0.113.1\r\n");
    assert!(refused.starts_with("HTTP/1.1 429 "), "{refused}");
    check_served(&ask(connect(&server), &form_2(8), &picture, ""));
}

#[test]
fn a_proxy_that_says_nothing_is_not_listened_to() {
    let server = TestServer::with_args(&PROXIES);
    let path = "/healthz";
    check_served(&ask(connect(&server), &form_2(7), path, ""));
    check_served(&ask(connect(&server), LOCAL, path, ""));
    let too_long = [SIGNATURE, &[0x21, 0x11, 0xff, 0xff], &[0; 12]].concat();
    for wrong in [&b""[..], b"PROXY TCP4 nonsense\r\n", &too_long] {
        assert_eq!(ask(connect(&server), wrong, path, ""), "", "{}", wrong.escape_ascii());
    }
    // Whoever only looks whether the port is open.
    drop(connect(&server));
    assert!(server.logged("a trusted proxy sends no PROXY header").contains("127.0.0.1"));
    check_served(&ask(connect(&server), &form_2(7), path, ""));
}

/// Each such connection is ended, and in the meantime others are served.
#[test]
fn a_proxy_that_sends_half_a_header_is_given_up() {
    let server = TestServer::with_args(&PROXIES);
    let mut half = connect(&server);
    half.write_all(&form_2(7)[..10]).unwrap();
    check_served(&ask(connect(&server), &form_2(8), "/healthz", ""));
    let start = Instant::now();
    assert_eq!(half.read(&mut [0; 1]).unwrap(), 0, "nothing is said to it");
    // The 15 s that a request's head may take, and more on a busy machine.
    assert!((Duration::from_secs(10)..Duration::from_secs(29)).contains(&start.elapsed()), "{:?}", start.elapsed());
}

#[test]
fn nobody_else_may_say_whose_a_connection_is() {
    let server = TestServer::with_args(&["--trusted-proxies", "192.0.2.7", "--proxy-protocol"]);
    check_served(&ask(connect(&server), b"", "/healthz", ""));
    for header in [form_2(7), b"PROXY TCP4 198.51.100.7 192.0.2.1 4711 443\r\n".to_vec()] {
        let reply = ask(connect(&server), &header, "/healthz", "");
        assert!(!reply.contains(" 200 "), "{reply}");
    }
}

#[test]
fn whoever_connects_to_a_socket_says_it_too() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("http.sock");
    let address = format!("unix:{}", socket.display());
    let data = folder.path().join("data");
    let _server = TestServer::in_dir(&data, &["--listen", &address, "--proxy-protocol"]);
    let connect = || UnixStream::connect(&socket).unwrap();
    check_served(&ask(connect(), &form_2(7), "/healthz", ""));
    assert_eq!(ask(connect(), b"", "/healthz", ""), "");
    // So does `haechi healthcheck`, which comes from where a proxy does.
    let folder = folder.path().join("haechi.toml");
    std::fs::write(&folder, format!("listen = '{address}'\nproxy_protocol = true\n")).unwrap();
    assert_eq!(run(&["healthcheck", "--config", folder.to_str().unwrap()]).text(), "ok\n");
}

#[test]
fn it_comes_before_tls() {
    let folder = tempfile::tempdir().unwrap();
    make_certificates(folder.path());
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let key = path("server.key");
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let certificate = path("server.crt");
    let tls = ["--tls-certificate", &certificate, "--tls-key", &key];
    let server = TestServer::with_args(&[&PROXIES[..], &tls].concat());
    let config = std::sync::Arc::new(tls::trusting(Path::new(&certificate)).unwrap());
    let encrypted = |beginning: &[u8]| {
        let mut stream = connect(&server);
        stream.write_all(beginning).unwrap();
        let name = "127.0.0.1".try_into().unwrap();
        let connection = rustls::ClientConnection::new(std::sync::Arc::clone(&config), name).unwrap();
        ask(rustls::StreamOwned::new(connection, stream), b"", "/healthz", "")
    };
    check_served(&encrypted(&form_2(7)));
    assert_eq!(encrypted(b""), "");
}

#[test]
fn somebody_must_be_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    run(&["serve", "--proxy-protocol", "--data", data.to_str().unwrap()])
        .fails(1, "--proxy-protocol needs --trusted-proxies");
}
