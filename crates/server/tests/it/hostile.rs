//! Bad requests as raw bytes, and the answer that each must get.
//!
//! The table is the promise: a status for each reply that comes before the server closes the connection or the client
//! has nothing more to send.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use crate::server::{DEADLINE, TestServer};

/// How long a client waits for a reply that should not come.
const QUIET: Duration = Duration::from_millis(200);

/// Sends these bytes, in pieces of this size, and returns the statuses of the replies: as many as are expected, and what
/// comes soon after.
fn statuses(server: &TestServer, bytes: &[u8], piece: usize, expected: usize) -> Vec<u16> {
    let mut stream = TcpStream::connect(server.url().strip_prefix("http://").unwrap()).unwrap();
    stream.set_nodelay(true).unwrap();
    for piece in bytes.chunks(piece.max(1)) {
        // The server may have heard enough.
        if stream.write_all(piece).is_err() {
            break;
        }
        if piece.len() < bytes.len() {
            thread::sleep(Duration::from_millis(1));
        }
    }
    let sent = Instant::now();
    let (mut replies, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let seen = statuses_in(&replies);
        stream.set_read_timeout(Some(if seen.len() < expected { DEADLINE } else { QUIET })).unwrap();
        match stream.read(&mut buffer) {
            Ok(count @ 1..) => replies.extend_from_slice(&buffer[..count]),
            // Linux ends a read that has a time limit so when the process was stopped and goes on, see signal(7).
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // Closed; or quiet; or reset, as whoever sends more than the server wants to hear must expect.
            ended => {
                if seen.len() < expected {
                    eprintln!("{:?} after the last byte: {ended:?}", sent.elapsed());
                }
                return seen;
            }
        }
    }
}

fn statuses_in(replies: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(replies);
    text.split("HTTP/1.").skip(1).filter_map(|reply| reply.get(2..5)?.parse().ok()).collect()
}

fn check(server: &TestServer, table: &[(&str, Vec<u8>, &[u16])]) {
    let wrong: Vec<String> = table
        .iter()
        .filter_map(|(name, bytes, expected)| {
            let seen = statuses(server, bytes, bytes.len(), expected.len());
            (seen != *expected).then(|| format!("{name}: {seen:?} instead of {expected:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(server.get("/healthz").status, 200);
    assert!(server.get("/metrics").text().contains("haechi_panics_total 0"));
}

/// A request for the health with these lines in its head.
fn health(lines: &str) -> Vec<u8> {
    format!("GET /healthz HTTP/1.1\r\nhost: h\r\n{lines}\r\n").into_bytes()
}

fn get(target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nhost: h\r\n\r\n").into_bytes()
}

/// A verification of a live key whose head and body say this.
fn verify(server: &TestServer, lines: &str, body: &[u8]) -> Vec<u8> {
    let (appkey, key) = (server.appkey(), server.issue(server.appkey()));
    let path = format!("/captcha/v1.0/appkeys/{appkey}/keys/{key}/verification");
    let mut bytes = format!("POST {path} HTTP/1.1\r\nhost: h\r\n{lines}\r\n").into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

const JSON: &str = "content-type: application/json\r\n";

#[test]
fn request_lines_that_are_none() {
    check(
        &TestServer::start(),
        &[
            ("nothing", vec![], &[]),
            ("line ends alone", b"\r\n\r\n\r\n".to_vec(), &[]),
            ("HTTP/0.9", b"GET /healthz\r\n\r\n".to_vec(), &[400]),
            ("HTTP/1.0", b"GET /healthz HTTP/1.0\r\n\r\n".to_vec(), &[200]),
            ("HTTP/1.2", b"GET /healthz HTTP/1.2\r\nhost: h\r\n\r\n".to_vec(), &[400]),
            ("HTTP/2.0", b"GET /healthz HTTP/2.0\r\nhost: h\r\n\r\n".to_vec(), &[400]),
            ("h2c at once", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec(), &[]),
            (
                "h2c by upgrade",
                health("connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n"),
                &[200],
            ),
            ("TLS", b"\x16\x03\x01\0\xa5\x01\0\0\xa1\x03\x03".to_vec(), &[400]),
            ("two spaces", b"GET  /healthz HTTP/1.1\r\nhost: h\r\n\r\n".to_vec(), &[400]),
            ("a space in the path", b"GET /health z HTTP/1.1\r\nhost: h\r\n\r\n".to_vec(), &[400]),
            ("a tab for a space", b"GET\t/healthz HTTP/1.1\r\nhost: h\r\n\r\n".to_vec(), &[400]),
            ("no method", b" /healthz HTTP/1.1\r\nhost: h\r\n\r\n".to_vec(), &[400]),
            ("a method of its own", b"BREW /healthz HTTP/1.1\r\nhost: h\r\n\r\n".to_vec(), &[405]),
            ("a method that is none", b"G(T /healthz HTTP/1.1\r\nhost: h\r\n\r\n".to_vec(), &[400]),
            ("NUL in the path", b"GET /health\0z HTTP/1.1\r\nhost: h\r\n\r\n".to_vec(), &[400]),
            ("NUL in the method", b"GE\0T /healthz HTTP/1.1\r\nhost: h\r\n\r\n".to_vec(), &[400]),
            ("bytes above ASCII in the path", b"GET /\xff\xfe HTTP/1.1\r\nhost: h\r\n\r\n".to_vec(), &[400]),
            ("absolute form", get("http://elsewhere.example/healthz"), &[200]),
            ("absolute form of another scheme", get("gopher://elsewhere.example/healthz"), &[200]),
            ("no path", get("http://elsewhere.example"), &[200]),
            ("CONNECT", b"CONNECT elsewhere.example:443 HTTP/1.1\r\nhost: h\r\n\r\n".to_vec(), &[404]),
            ("TRACE", b"TRACE /healthz HTTP/1.1\r\nhost: h\r\n\r\n".to_vec(), &[405]),
            ("OPTIONS *", b"OPTIONS * HTTP/1.1\r\nhost: h\r\n\r\n".to_vec(), &[404]),
            ("line feeds alone", b"GET /healthz HTTP/1.1\nhost: h\n\n".to_vec(), &[200]),
            ("carriage returns alone", b"GET /healthz HTTP/1.1\rhost: h\r\r".to_vec(), &[400]),
            ("a path of 9 kB", get(&format!("/{}", "a".repeat(9_000))), &[414]),
            ("a path of 100 kB", get(&format!("/{}", "a".repeat(100_000))), &[414]),
            ("a request that breaks off", b"GET /healthz HTT".to_vec(), &[]),
        ],
    );
}

#[test]
fn paths_that_lead_elsewhere() {
    let media = |key: &str| get(&format!("/captcha/v1.0/keys/{key}/img"));
    check(
        &TestServer::start(),
        &[
            ("broken percent", media("%zz"), &[404]),
            ("half a percent", media("%4"), &[404]),
            ("encoded NUL", media("%00"), &[404]),
            ("encoded slash", media("..%2f..%2fhealthz"), &[404]),
            ("overlong slash", media("%c0%af"), &[404]),
            ("dots", get("/captcha/v1.0/../../healthz"), &[404]),
            ("encoded dots", get("/%2e%2e/%2e%2e/etc/passwd"), &[404]),
            ("two slashes", get("//healthz"), &[404]),
            ("a backslash", get("/captcha\\v1.0"), &[404]),
            ("a console page by another name", get("/console/%2e%2e/metrics"), &[404]),
            ("an empty key", media(""), &[404]),
            ("a key of 4 kB", media(&"a".repeat(4_000)), &[404]),
            ("a broken percent in the query", get("/captcha/v1.0/keys/x/img?scale=%zz&%%%=&&&=&theme"), &[404]),
            ("a fragment", get("/healthz#part"), &[200]),
        ],
    );
}

#[test]
fn heads_that_smuggle() {
    let server = TestServer::start();
    let second = "GET /metrics HTTP/1.1\r\nhost: h\r\n\r\n";
    let smuggled = |lines: &str, body: &str| verify(&server, lines, format!("{body}{second}").as_bytes());
    check(
        &server,
        &[
            ("no host", b"GET /healthz HTTP/1.1\r\n\r\n".to_vec(), &[400]),
            ("two hosts", health("host: i\r\n"), &[400]),
            ("a space before the colon", health("x : y\r\n"), &[400]),
            ("a folded line", health("x: y\r\n z\r\n"), &[400]),
            ("a line without a colon", health("nothing\r\n"), &[400]),
            ("an empty name", health(": y\r\n"), &[400]),
            ("NUL in a value", health("x: a\0b\r\n"), &[400]),
            ("NUL in a name", health("x\0: a\r\n"), &[400]),
            ("a carriage return in a value", health("x: a\rb\r\n"), &[400]),
            (
                "both lengths, of which chunks count, and the end",
                smuggled("content-length: 4\r\ntransfer-encoding: chunked\r\n", "0\r\n\r\n"),
                &[200],
            ),
            (
                "both lengths the other way, and the end",
                smuggled("transfer-encoding: chunked\r\ncontent-length: 4\r\n", "0\r\n\r\n"),
                &[200],
            ),
            ("two lengths", smuggled("content-length: 0\r\ncontent-length: 5\r\n", ""), &[400]),
            ("a list of lengths", smuggled("content-length: 0, 5\r\n", ""), &[400]),
            ("a length with a sign", smuggled("content-length: +5\r\n", "hello"), &[400]),
            ("a length below zero", smuggled("content-length: -5\r\n", "hello"), &[400]),
            ("a hexadecimal length", smuggled("content-length: 0x5\r\n", "hello"), &[400]),
            ("a length beyond 64 bits", smuggled("content-length: 18446744073709551617\r\n", "h"), &[400]),
            ("chunked is not last", smuggled("transfer-encoding: chunked, identity\r\n", "0\r\n\r\n"), &[400]),
            ("no such encoding", smuggled("transfer-encoding: xchunked\r\n", "0\r\n\r\n"), &[400]),
            ("chunked by a tab", smuggled("transfer-encoding:\tchunked\r\n", "0\r\n\r\n"), &[200, 200]),
            (
                "chunked in HTTP/1.0",
                b"POST /healthz HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n".to_vec(),
                &[400],
            ),
            (
                "a chunk size that is none",
                verify(&server, "transfer-encoding: chunked\r\n", b"zz\r\nhello\r\n0\r\n\r\n"),
                &[400],
            ),
            (
                "a chunk size below zero",
                verify(&server, "transfer-encoding: chunked\r\n", b"-5\r\nhello\r\n0\r\n\r\n"),
                &[400],
            ),
            (
                "a chunk size beyond 64 bits",
                verify(&server, "transfer-encoding: chunked\r\n", b"ffffffffffffffff1\r\nh"),
                &[400],
            ),
            (
                "a chunk without its end",
                verify(&server, "transfer-encoding: chunked\r\n", b"5\r\nhelloXX0\r\n\r\n"),
                &[400],
            ),
            ("three in a row", [health(""), health(""), health("connection: close\r\n")].concat(), &[200, 200, 200]),
            (
                "one that hides behind a body",
                verify(&server, &format!("content-length: {}\r\n", second.len()), second.as_bytes()),
                &[200],
            ),
        ],
    );
}

#[test]
fn heads_and_bodies_that_are_too_large() {
    let server = TestServer::start();
    let many = |count: usize| (0..count).map(|number| format!("x{number}: y\r\n")).collect::<String>();
    check(
        &server,
        &[
            ("a header of 20 kB", health(&format!("x: {}\r\n", "y".repeat(20_000))), &[431]),
            ("a header of 100 kB", health(&format!("x: {}\r\n", "y".repeat(100_000))), &[431]),
            ("98 headers", health(&many(98)), &[200]),
            ("200 headers", health(&many(200)), &[431]),
            ("2,000 headers", health(&many(2_000)), &[431]),
            ("a body of 20 kB", verify(&server, &format!("{JSON}content-length: 20000\r\n"), &[b'x'; 20_000]), &[413]),
            (
                "a body that is said to have 1 TB",
                verify(&server, &format!("{JSON}content-length: 1000000000000\r\n"), b"{"),
                &[413],
            ),
            ("a body that breaks off", verify(&server, &format!("{JSON}content-length: 100\r\n"), b"{"), &[408]),
            (
                "a chunk of 1 TB",
                verify(
                    &server,
                    &format!("{JSON}transfer-encoding: chunked\r\n"),
                    &[b"e8d4a51000\r\n", &[b'x'; 20_000][..]].concat(),
                ),
                &[413],
            ),
            ("a thousand ranges", health(&format!("range: bytes={}0-1\r\n", "0-1,".repeat(1_000))), &[200]),
            ("an expectation", verify(&server, "expect: 100-continue\r\ncontent-length: 0\r\n", b""), &[200]),
        ],
    );
}

#[test]
fn a_request_may_come_byte_by_byte() {
    let server = TestServer::start();
    assert_eq!(statuses(&server, &health(""), 1, 1), [200]);
    let asked = verify(&server, &format!("{JSON}content-length: 14\r\n"), br#"{"answer":"x"}"#);
    assert_eq!(statuses(&server, &asked, 1, 1), [200]);
}
