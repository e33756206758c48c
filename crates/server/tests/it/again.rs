//! A verdict that is asked for again: the same request (`Idempotency-Key`) gets the same one, and nobody else does.

use std::{sync::Barrier, thread};

use crate::{
    api::{Insider, request, verification},
    server::{Reply, TestServer, ledger_outlives_program, not_tested},
};

/// The reply to an answer in a request of this name.
fn ask(server: &TestServer, appkey: &str, key: &str, answer: &str, name: &str) -> Reply {
    ask_at(server.url(), appkey, key, answer, name)
}

fn ask_at(address: &str, appkey: &str, key: &str, answer: &str, name: &str) -> Reply {
    let url = format!("{address}{}", verification(appkey, key, &format!("?answer={answer}")));
    request("GET", &url, &[("idempotency-key", name)])
}

#[test]
fn the_same_request_gets_its_pass_again_and_no_other_does() {
    let server = TestServer::start();
    let (appkey, insider) = (server.appkey(), Insider::of(&server));
    let other = server.haechi(&["app", "create", "other"]).json();
    let key = server.issue(appkey);
    let answer = insider.answer(&key);
    let code = |answer: &str, name: &str| ask(&server, appkey, &key, answer, name).code();
    assert_eq!([code(&answer, "form 17"), code(&answer, "form 17")], [0, 0]);
    assert_eq!(code(&answer, "\"form 17\""), 0, "in quotes it is the same name");
    let url = format!("{}{}", server.url(), verification(appkey, &key, &format!("?answer={answer}")));
    assert_eq!(request("POST", &url, &[("idempotency-key", "form 17")]).code(), 0, "so it is with POST");

    assert_eq!(code(&answer, "form 18"), -5, "another name");
    assert_eq!(code(&answer.to_lowercase(), "form 17"), -5, "another text, though it is as right");
    assert_eq!(code("wrong", "form 17"), -5, "another answer");
    assert_eq!(server.verify(appkey, &key, &answer), -5, "no name");
    assert_eq!(ask(&server, other["appkey"].as_str().unwrap(), &key, &answer, "form 17").code(), -7, "another app");
    assert_eq!(code(&answer, "form 17"), 0, "nothing of this changed it");

    let next = server.issue(appkey);
    assert_eq!(ask(&server, appkey, &next, &insider.answer(&next), "form 17").code(), 0, "a name is one for each key");
    assert_eq!(server.verify(appkey, &next, &insider.answer(&next)), -5);
}

#[test]
fn a_wrong_answer_that_is_asked_about_again_takes_no_other_attempt() {
    let server = TestServer::start();
    let insider = Insider::of(&server);
    let app = server.haechi(&["app", "create", "patient", "--attempts", "2"]).json();
    let appkey = app["appkey"].as_str().unwrap();
    let key = server.issue(appkey);
    let code = |answer: &str, name: &str| ask(&server, appkey, &key, answer, name).code();
    assert_eq!([code("wrong", "a"), code("wrong", "a"), code("wrong", "a")], [-6, -6, -6]);
    // Of the two attempts one is left, and the same name does not hide what is typed next.
    assert_eq!(code(&insider.answer(&key), "a"), 0);

    let key = server.issue(appkey);
    let code = |answer: &str, name: &str| ask(&server, appkey, &key, answer, name).code();
    assert_eq!([code("wrong", "a"), code("wrong", "b"), code("wrong", "b")], [-6, -6, -6]);
    assert_eq!(code(&insider.answer(&key), "c"), -5, "two names take two attempts");
}

#[test]
fn the_same_request_a_hundred_times_at_once_has_one_verdict_and_of_many_names_one_passes() {
    let server = TestServer::start();
    let (appkey, insider) = (server.appkey(), Insider::of(&server));
    let address = server.url();
    let all_at_once = |name: &(dyn Fn(usize) -> String + Sync)| {
        let key = server.issue(appkey);
        let answer = insider.answer(&key);
        let barrier = Barrier::new(100);
        let ask = |number| {
            barrier.wait();
            ask_at(address, appkey, &key, &answer, &name(number)).code()
        };
        let codes: Vec<i64> = thread::scope(|scope| {
            let ask = &ask;
            let asking: Vec<_> = (0..100).map(|number| scope.spawn(move || ask(number))).collect();
            asking.into_iter().map(|asking| asking.join().unwrap()).collect()
        });
        let count = |code| codes.iter().filter(|found| **found == code).count();
        (count(0), count(-5))
    };
    assert_eq!(all_at_once(&|_| "the same".to_owned()), (100, 0));
    assert_eq!(all_at_once(&|number| format!("visitor {number}")), (1, 99));
    // Ten people, each of whose sites asks ten times.
    assert_eq!(all_at_once(&|number| format!("visitor {}", number % 10)), (10, 90));
}

#[test]
fn a_verdict_is_known_again_after_a_crash() {
    if !ledger_outlives_program() {
        return not_tested("a ledger in memory ends with the program, and refuses every key of before");
    }
    let dir = tempfile::tempdir().unwrap();
    let server = TestServer::in_dir(dir.path(), &[]);
    let (appkey, insider) = (server.appkey().to_owned(), Insider::of(&server));
    server.haechi(&["app", "set", "default", "--attempts", "2", "--ttl-secs", "3600"]).json();
    let (passed, wrong) = (server.issue(&appkey), server.issue(&appkey));
    let answers = [insider.answer(&passed), insider.answer(&wrong)];
    assert_eq!(ask(&server, &appkey, &passed, &answers[0], "a").code(), 0);
    assert_eq!(ask(&server, &appkey, &wrong, "wrong", "a").code(), -6);
    server.kill();

    let server = TestServer::in_dir(dir.path(), &[]);
    assert_eq!(ask(&server, &appkey, &passed, &answers[0], "b").code(), -5);
    assert_eq!(server.verify(&appkey, &passed, &answers[0]), -5);
    assert_eq!(ask(&server, &appkey, &passed, &answers[0], "a").code(), 0);
    assert_eq!(ask(&server, &appkey, &wrong, "wrong", "a").code(), -6);
    assert_eq!(server.verify(&appkey, &wrong, &answers[1]), 0, "its second attempt was not taken");
}

#[test]
fn a_request_whose_name_cannot_be_read_is_refused_and_takes_no_attempt() {
    let server = TestServer::start();
    let (appkey, insider) = (server.appkey(), Insider::of(&server));
    let key = server.issue(appkey);
    for name in ["", "\"\"", "\"a", &"a".repeat(256)] {
        let reply = ask(&server, appkey, &key, "wrong", name);
        assert_eq!(
            (reply.status, reply.code(), reply.header("x-haechi-reason")),
            (200, -2, "idempotency-key"),
            "{name}"
        );
    }
    let url = format!("{}{}", server.url(), verification(appkey, &key, "?answer=wrong"));
    let two = request("GET", &url, &[("idempotency-key", "a"), ("idempotency-key", "b")]);
    assert_eq!((two.code(), two.header("x-haechi-reason")), (-2, "ambiguous"));
    // In the order of the checks it stands where the other parameters do.
    assert_eq!(ask(&server, "x", &key, "", "\"").code(), -4);
    assert_eq!(ask(&server, appkey, "x", "", "\"").code(), -7);
    assert_eq!(ask(&server, appkey, &key, "", "\"").code(), -2);
    assert_eq!(server.verify(appkey, &key, &insider.answer(&key)), 0);
}
