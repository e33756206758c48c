//! A key passes at most once: with a thousand at a time, and with the server killed or stopped at any moment.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use crate::{
    api::Insider,
    server::{DEADLINE, TestServer},
};

/// Sends one request over a connection that is open already, and returns as much of the reply as comes.
fn exchange(mut connection: &TcpStream, request: &str) -> String {
    connection.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut reply = Vec::new();
    // If the server is gone, the connection breaks off here or there; what came until then is there all the same.
    let _ = connection.write_all(request.as_bytes()).and_then(|()| connection.read_to_end(&mut reply));
    String::from_utf8(reply).unwrap()
}

/// Whether a reply has all of the body that its head announces.
fn is_whole(reply: &str) -> bool {
    let Some((head, body)) = reply.split_once("\r\n\r\n") else { return false };
    head.to_lowercase().lines().any(|line| line == format!("content-length: {}", body.len()))
}

fn has_passed(reply: &str) -> bool {
    reply.contains("\"resultCode\":0")
}

fn verification(appkey: &str, key: &str, answer: &str) -> String {
    let path = format!("/captcha/v1.0/appkeys/{appkey}/keys/{key}/verification?answer={answer}");
    format!("GET {path} HTTP/1.1\r\nhost: haechi\r\nconnection: close\r\n\r\n")
}

fn address(server: &TestServer) -> String {
    server.url().trim_start_matches("http://").to_owned()
}

/// Answers one key rightly, a thousand times at once with these answers in turn, and counts the passes.
fn passes_of_a_thousand(server: &TestServer, key: &str, answers: &[String]) -> usize {
    const CONNECTIONS: usize = 1000;
    let address = address(server);
    let requests: Vec<String> = answers.iter().map(|answer| verification(server.appkey(), key, answer)).collect();
    let all_connected = Barrier::new(CONNECTIONS);
    let answering = &|request: &str| {
        let connection = TcpStream::connect(&address).unwrap();
        all_connected.wait();
        let reply = exchange(&connection, request);
        assert!(has_passed(&reply) || reply.contains("\"resultCode\":-5"), "every request is answered: {reply}");
        usize::from(has_passed(&reply))
    };
    thread::scope(|scope| {
        let spawn = |request| {
            let builder = thread::Builder::new().stack_size(128 * 1024);
            builder.spawn_scoped(scope, move || answering(request)).unwrap()
        };
        let workers: Vec<_> = requests.iter().map(String::as_str).cycle().take(CONNECTIONS).map(spawn).collect();
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
            assert_eq!(passes_of_a_thousand(&server, &key, &[insider.answer(&key)]), 1, "{ledger}");
        }
    }
}

#[test]
fn of_a_thousand_words_of_different_languages_at_once_one_passes() {
    for ledger in ["embedded:", "memory:"] {
        let server = TestServer::with_args(&["--ledger", ledger]);
        let key = server.issue(server.appkey());
        let words: Vec<String> = Insider::of(&server).answers(&key).into_values().collect();
        assert_eq!(words.len(), 4);
        assert_eq!(passes_of_a_thousand(&server, &key, &words), 1, "{ledger}");
    }
}

/// A server with an app whose keys outlive the slowest test, so that one refused later can only be refused as spent.
fn start_with_lasting_keys(data: &Path) -> TestServer {
    let server = TestServer::in_dir(data, &[]);
    server.haechi(&["app", "set", "default", "--ttl-secs", "3600"]).json();
    server
}

/// Has several callers answer keys rightly, ends the server once so many have passed, and returns each key that was
/// tried with what came back.
fn answer_while_it_ends(
    server: TestServer,
    appkey: &str,
    insider: &Insider,
    passes_before: usize,
    end: impl FnOnce(TestServer),
) -> Vec<(String, String)> {
    const CALLERS: usize = 8;
    // Some are left when it ends, so that all callers are at work then.
    let keys: Vec<String> = (0..passes_before + 8 * CALLERS).map(|_| server.issue(appkey)).collect();
    let (address, next) = (address(&server), AtomicUsize::new(0));
    let (tell_pass, passes) = mpsc::channel();
    let answer_on = || {
        let mut tried = Vec::new();
        while let Some(key) = keys.get(next.fetch_add(1, Ordering::Relaxed))
            && let Ok(connection) = TcpStream::connect(&address)
        {
            let reply = exchange(&connection, &verification(appkey, key, &insider.answer(key)));
            assert!(!is_whole(&reply) || has_passed(&reply), "{reply}");
            if is_whole(&reply) {
                let _ = tell_pass.send(()); // after the end nobody counts
            }
            tried.push((key.clone(), reply));
        }
        tried
    };
    thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(answer_on)).collect();
        (0..passes_before).for_each(|_| passes.recv_timeout(DEADLINE).expect("one answer after another passes"));
        end(server);
        callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect()
    })
}

/// Answers keys while the server ends again and again, and then checks that each key that passed is known to be spent.
/// Returns all replies.
fn check_passes_are_remembered(ends: usize, end: impl Fn(TestServer)) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let first = start_with_lasting_keys(dir.path());
    let (appkey, insider) = (first.appkey().to_owned(), Insider::of(&first));
    assert!(first.stop().success());

    let mut tried = Vec::new();
    for round in 0..ends {
        let server = TestServer::in_dir(dir.path(), &[]);
        // What varies is when it ends: from before the first commit to far into the work.
        tried.extend(answer_while_it_ends(server, &appkey, &insider, round * 89 % 199, &end));
    }
    let server = TestServer::in_dir(dir.path(), &[]);
    for (key, _) in tried.iter().filter(|(_, reply)| is_whole(reply)) {
        assert_eq!(server.verify(&appkey, key, &insider.answer(key)), -5, "{key} was acknowledged and then forgotten");
    }
    tried.into_iter().map(|(_, reply)| reply).collect()
}

#[test]
fn no_acknowledged_spend_is_forgotten_when_the_server_is_killed_at_any_moment() {
    check_passes_are_remembered(20, |server| drop(server.kill()));
}

#[test]
fn every_answer_is_finished_or_not_begun_when_the_server_is_stopped_at_any_moment() {
    let replies = check_passes_are_remembered(10, |server| assert_eq!(server.stop().code(), Some(0)));
    for reply in replies {
        assert!(reply.is_empty() || is_whole(&reply), "it broke off: {reply}");
    }
}
