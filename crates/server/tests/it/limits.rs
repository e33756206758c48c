//! How often a client may call.

use crate::server::{Reply, TestServer, send_request};

/// `POST …/keys` from a client that a proxy, or the client itself, gives this address.
fn issue_as(server: &TestServer, forwarded_for: &str) -> Reply {
    let url = format!("{}/captcha/v1.0/appkeys/{}/keys", server.url(), server.appkey());
    let request = ureq::http::Request::post(url).header("x-forwarded-for", forwarded_for);
    send_request(request.body(()).unwrap())
}

#[test]
fn a_client_that_calls_too_often_is_told_when_to_come_back() {
    let server = TestServer::with_args(&["--media-per-minute", "3"]);
    let path = format!("/captcha/v1.0/keys/{}/img", server.issue(server.appkey()));
    for _ in 0..3 {
        assert_eq!(server.get(&path).status, 200);
    }
    let refused = server.get(&path);
    assert_eq!((refused.status, refused.code()), (429, -3));
    assert_eq!(refused.header("retry-after"), "20");
    assert_eq!(server.get("/healthz").status, 200);
    server.issue(server.appkey());
    let metrics = server.get("/metrics");
    assert!(metrics.text().contains("haechi_limited_total{call=\"image\"} 1"), "{}", metrics.text());
}

#[test]
fn each_client_behind_a_trusted_proxy_has_a_limit_of_its_own() {
    let server = TestServer::with_args(&["--issue-per-minute", "1", "--trusted-proxies", "127.0.0.0/8,::1"]);
    assert_eq!(issue_as(&server, "198.51.100.7").status, 200);
    assert_eq!(issue_as(&server, "198.51.100.7").status, 429);
    assert_eq!(issue_as(&server, "198.51.100.8").status, 200);
    let forged = issue_as(&server, "203.0.113.1, 198.51.100.7");
    assert_eq!(forged.status, 429, "the proxy wrote the last address, the client those before it");
}

#[test]
fn nobody_else_is_believed() {
    let server = TestServer::with_args(&["--issue-per-minute", "1"]);
    assert_eq!(issue_as(&server, "198.51.100.7").status, 200);
    assert_eq!(issue_as(&server, "198.51.100.8").status, 429);
}

#[test]
fn answers_and_expiries_are_counted_together() {
    let server = TestServer::with_args(&["--verify-per-minute", "2"]);
    let key = server.issue(server.appkey());
    assert_eq!(server.verify(server.appkey(), &key, ""), -8);
    assert_eq!(server.delete(&format!("/captcha/v1.0/appkeys/{}?key={key}", server.appkey())).code(), 0);
    assert_eq!(server.verify(server.appkey(), &key, "EAKJH"), -3);
}
