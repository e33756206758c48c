//! A key passes at most once: with a thousand at a time, and with the server killed at any moment.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Barrier,
    thread,
    time::Duration,
};

use crate::{api::Insider, server::TestServer};

/// Sends one request over a connection that is open already, and returns the reply, or nothing if it broke off.
fn exchange(mut connection: &TcpStream, request: &str) -> Option<String> {
    connection.write_all(request.as_bytes()).ok()?;
    let mut reply = String::new();
    connection.read_to_string(&mut reply).ok()?;
    reply.contains("resultCode").then_some(reply)
}

fn verification(server: &TestServer, key: &str, answer: &str) -> String {
    let path = format!("/captcha/v1.0/appkeys/{}/keys/{key}/verification?answer={answer}", server.appkey());
    format!("GET {path} HTTP/1.1\r\nhost: haechi\r\nconnection: close\r\n\r\n")
}

fn address(server: &TestServer) -> String {
    server.url().trim_start_matches("http://").to_owned()
}

/// Answers one key rightly, a thousand times at once, and counts the passes.
fn passes_of_a_thousand(server: &TestServer, key: &str, answer: &str) -> usize {
    const CONNECTIONS: usize = 1000;
    let (address, request) = (address(server), verification(server, key, answer));
    let all_connected = Barrier::new(CONNECTIONS);
    thread::scope(|scope| {
        let answering = || {
            let connection = TcpStream::connect(&address).unwrap();
            connection.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
            all_connected.wait();
            let reply = exchange(&connection, &request).expect("every request is answered");
            assert!(reply.contains("\"resultCode\":0") || reply.contains("\"resultCode\":-5"), "{reply}");
            usize::from(reply.contains("\"resultCode\":0"))
        };
        let builder = || thread::Builder::new().stack_size(128 * 1024);
        let workers: Vec<_> = (0..CONNECTIONS).map(|_| builder().spawn_scoped(scope, answering).unwrap()).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    })
}

#[test]
fn of_a_thousand_right_answers_at_once_one_passes() {
    for ledger in ["embedded:", "memory:"] {
        let server = TestServer::with_args(&["--ledger", ledger]);
        let insider = Insider::of(&server);
        for _ in 0..3 {
            let key = server.issue(server.appkey());
            assert_eq!(passes_of_a_thousand(&server, &key, &insider.answer(&key)), 1, "{ledger}");
        }
    }
}

/// Answers keys until the server dies, and returns those whose pass was acknowledged.
fn answer_until_it_dies(address: &str, requests: &[(String, String)]) -> Vec<String> {
    let answer = |(key, request): &(String, String)| {
        let connection = TcpStream::connect(address).ok()?;
        connection.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        let reply = exchange(&connection, request)?;
        assert!(reply.contains("\"resultCode\":0"), "{reply}");
        Some(key.clone())
    };
    requests.iter().map_while(answer).collect()
}

#[test]
fn no_acknowledged_spend_is_forgotten_when_the_server_is_killed_at_any_moment() {
    const KILLS: u64 = 20;
    const WORKERS: usize = 8;
    let dir = tempfile::tempdir().unwrap();
    let first = TestServer::in_dir(dir.path(), &[]);
    let appkey = first.appkey().to_owned();
    let insider = Insider::of(&first);
    assert!(first.stop().success());

    let mut acknowledged: Vec<String> = Vec::new();
    for kill in 0..KILLS {
        let server = TestServer::in_dir(dir.path(), &[]);
        let address = address(&server);
        let path =
            |key: &str, answer: &str| format!("/captcha/v1.0/appkeys/{appkey}/keys/{key}/verification?answer={answer}");
        let work: Vec<Vec<(String, String)>> = (0..WORKERS)
            .map(|_| {
                let keys = (0..60).map(|_| server.issue(&appkey));
                keys.map(|key| {
                    let path = path(&key, &insider.answer(&key));
                    (key, format!("GET {path} HTTP/1.1\r\nhost: haechi\r\nconnection: close\r\n\r\n"))
                })
                .collect()
            })
            .collect();
        let passed = thread::scope(|scope| {
            let workers: Vec<_> =
                work.iter().map(|requests| scope.spawn(|| answer_until_it_dies(&address, requests))).collect();
            // The moment of the kill is what varies: from before the first commit to far into the work.
            thread::sleep(Duration::from_micros(kill * kill * 400));
            server.kill();
            workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect::<Vec<_>>()
        });
        acknowledged.extend(passed);
    }
    assert!(acknowledged.len() > 100, "the kills came too early to test anything: {} passed", acknowledged.len());

    let server = TestServer::in_dir(dir.path(), &[]);
    for key in &acknowledged {
        assert_eq!(server.verify(&appkey, key, &insider.answer(key)), -5, "{key} was acknowledged and then forgotten");
    }
}
