//! Connections whose client does not do its part, against a server with little patience.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    os::unix::fs::PermissionsExt,
    sync::Arc,
    thread,
    time::Duration,
};

use axum::{Router, body::Body, routing::get};
use haechi::http::{
    server::{Limits, serve_within},
    tls::{self, CertificateFiles, Tls},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tempfile::TempDir;
use testbed::make_certificates;
use tokio::{net::TcpListener, runtime::Runtime, sync::oneshot};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::server::DEADLINE;

const LARGE_BYTES: usize = 1 << 20;
/// Together they are far more than the sockets' buffers hold.
const REQUESTS: usize = 32;
const GET_LARGE: &str = "GET /large HTTP/1.1\r\nhost: h\r\n\r\n";
const GET_SMALL: &str = "GET /small HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";

/// Only what stands still is ended within a test's time.
const STALLING: Limits = Limits {
    connections: 10,
    head_time: Duration::from_mins(10),
    stall_time: Duration::from_millis(500),
    drain_time: Duration::from_mins(10),
    max_age: Duration::from_mins(10),
};

/// A server of a large and a small text.
struct Server {
    address: SocketAddr,
    runtime: Runtime,
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<()>,
}

impl Server {
    fn within(limits: Limits) -> Self {
        Self::over(None, limits)
    }

    fn over(tls: Option<TlsAcceptor>, limits: Limits) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let router =
            Router::new().route("/large", get(async || "x".repeat(LARGE_BYTES))).route("/small", get(async || "small"));
        let ((stop, stopped), (end, ended)) = (oneshot::channel(), oneshot::channel());
        runtime.spawn(async move {
            serve_within(limits, Arc::default(), listener, tls, router, async { drop(stopped.await) }).await;
            end.send(()).unwrap();
        });
        Self { address, runtime, stop, ended }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream
    }

    fn is_serving(&self) -> bool {
        let mut stream = self.connect();
        stream.write_all(GET_SMALL.as_bytes()).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).is_ok_and(|_| reply.ends_with("small"))
    }
}

#[test]
fn a_client_that_reads_nothing_gives_its_place_to_another() {
    let server = Server::within(Limits { connections: 1, stall_time: Duration::from_millis(200), ..Limits::default() });
    let mut unread = server.connect();
    unread.write_all(GET_LARGE.repeat(REQUESTS).as_bytes()).unwrap();
    // It has the only place once the first byte of a reply is there.
    unread.peek(&mut [0]).unwrap();
    assert!(server.is_serving());
}

#[test]
fn a_client_that_reads_slowly_is_served_to_the_end() {
    let stall_time = Duration::from_secs(1);
    let server = Server::within(Limits { stall_time, ..Limits::default() });
    let mut slow = server.connect();
    slow.write_all(GET_LARGE.repeat(REQUESTS).as_bytes()).unwrap();
    let mut part = vec![0; LARGE_BYTES];
    // All pauses together are longer than the limit, and each of them is far shorter.
    for _ in 0..REQUESTS {
        thread::sleep(stall_time / 20);
        slow.read_exact(&mut part).unwrap();
    }
}

#[test]
fn a_client_that_sends_nothing_gives_its_place_to_another() {
    let server = Server::within(Limits { connections: 1, head_time: Duration::from_millis(200), ..Limits::default() });
    let mut silent = server.connect();
    silent.write_all(b"GET /").unwrap();
    assert!(server.is_serving());
}

/// Attack W6: half-sent heads and idle connections in all places kept newcomers waiting until their time was up.
#[test]
fn a_newcomer_takes_the_place_of_whoever_idled_longest() {
    let server = Server::within(Limits { connections: 4, head_time: DEADLINE * 10, ..Limits::default() });
    let mut silent: Vec<_> = (0..4).map(|_| server.connect()).collect();
    for stream in &mut silent {
        stream.write_all(b"GET /").unwrap();
        // So that one has idled longer than the next.
        thread::sleep(Duration::from_millis(20));
    }
    for _ in 0..8 {
        assert!(server.is_serving());
    }
    assert!(silent[0].read(&mut [0]).is_ok_and(|bytes| bytes == 0), "the first of them is ended");
}

#[test]
fn what_still_runs_when_time_is_up_is_cut_off() {
    let server = Server::within(Limits { drain_time: Duration::from_millis(200), ..Limits::default() });
    let mut unread = server.connect();
    unread.write_all(GET_LARGE.repeat(REQUESTS).as_bytes()).unwrap();
    unread.peek(&mut [0]).unwrap();
    server.stop.send(()).unwrap();
    let ended = server.runtime.block_on(async { tokio::time::timeout(DEADLINE, server.ended).await });
    assert!(ended.is_ok(), "it waits for a client that reads nothing");
}

#[test]
fn an_http_2_client_that_takes_nothing_of_its_replies_does_not_stay_for_ever() {
    let little = Duration::from_millis(200);
    is_ended(Limits { max_age: little, drain_time: little, ..Limits::default() }, false);
}

/// Attack W4: no write is pending when the client's window is shut, so the time for that did not count.
#[test]
fn an_http_2_client_that_takes_nothing_of_its_replies_is_ended_in_the_same_time_as_others() {
    is_ended(STALLING, false);
}

#[test]
fn an_http_2_client_does_not_hide_what_it_does_not_take_behind_other_requests() {
    is_ended(STALLING, true);
}

/// A client over HTTP/2 that takes the head of a large reply and nothing of its body is ended within these limits, even
/// if it goes on asking for small ones.
#[track_caller]
fn is_ended(limits: Limits, goes_on_asking: bool) {
    let folder = TempDir::new().unwrap();
    make_certificates(folder.path());
    let files =
        CertificateFiles { certificate: folder.path().join("server.crt"), key: folder.path().join("server.key") };
    fs::set_permissions(&files.key, fs::Permissions::from_mode(0o600)).unwrap();
    let mut client = tls::trusting(&files.certificate).unwrap();
    client.alpn_protocols = vec![b"h2".to_vec()];
    let server = Server::over(Some(Tls::open(files).unwrap().acceptor()), limits);
    server.runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
        let name = "127.0.0.1".try_into().unwrap();
        let stream = TlsConnector::from(Arc::new(client)).connect(name, stream).await.unwrap();
        let connected = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
            .initial_stream_window_size(1_000)
            .handshake(TokioIo::new(stream));
        let (mut sender, connection) = connected.await.unwrap();
        let connection = tokio::spawn(connection);
        let request = |path| hyper::Request::get(format!("https://127.0.0.1{path}")).body(Body::empty()).unwrap();
        // Its body is never read, so that its window stays shut.
        let unread = sender.send_request(request("/large")).await.unwrap();
        assert_eq!(unread.version(), hyper::Version::HTTP_2);
        if goes_on_asking {
            tokio::spawn(async move { while sender.send_request(request("/small")).await.is_ok() {} });
        }
        let ended = tokio::time::timeout(DEADLINE, connection).await;
        assert!(ended.is_ok(), "the server keeps the connection");
        drop(unread);
    });
}
