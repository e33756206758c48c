//! The lines of each configuration, switched off there, that let in nobody but one's sites to issue and judge.

use std::process::Command;

use super::{Places, Proxied, installed, is_here, replaced};

/// What the comment says that stands before those lines.
const MARK: &str = "Name those, and nobody else can try appkeys or secrets";

/// The configuration with the first comment behind that one as lines of it, for a site on this machine.
fn switched_on(text: &str) -> String {
    let (before, after) = text.split_once(MARK).expect("it has such lines");
    let (end, lines) = after.split_once('\n').unwrap();
    let is_comment = |line: &str| line.trim_start().starts_with('#');
    let mut is_over = false;
    let mut begun = false;
    let lines = lines.lines().map(|line| {
        is_over |= begun && !is_comment(line);
        begun |= is_comment(line);
        if is_over || !begun { line.to_owned() } else { line.replacen("# ", "", 1) }
    });
    let lines: Vec<String> = lines.collect();
    assert!(begun, "there are no such lines");
    replaced(&format!("{before}{MARK}{end}\n{}\n", lines.join("\n")), "192.0.2.10", "127.0.0.1")
}

fn check(command: impl FnOnce(&Places<'_>) -> Command) {
    let proxied = Proxied::start(&["--admin-listen", "127.0.0.1:0"], command);
    proxied.wait_until_served();
    let calls = format!("/captcha/v1.0/appkeys/{}/keys", proxied.server.appkey());
    let key = proxied.fetch(&calls, &["--request", "POST"]).json()["key"].as_str().unwrap().to_owned();
    let status = |path: &str| proxied.fetch(path, &["--interface", "127.0.0.2"]).status;
    for path in [
        &*calls,
        &format!("{calls}/{key}/verification?answer=a"),
        "/captcha/v1/nkey?code=0",
        "/scaptcha/v1/skey?code=0",
        "/v1/captcha/nkey?code=0",
        "/v1/captcha/skey?code=0",
    ] {
        assert_eq!(status(path), 403, "{path}");
    }
    assert_eq!(status(&format!("/captcha/v1.0/keys/{key}/img")), 200, "everybody sees the picture");
    for path in ["/captcha-bin/v1/ncaptcha?key=a", "/v1/captcha/ncaptcha.bin?key=a"] {
        // The server itself says of such a key that it is none, in NAVER's words.
        let refused = proxied.fetch(path, &["--interface", "127.0.0.2"]);
        assert!(String::from_utf8_lossy(&refused.body).contains("errorCode"), "{path}: {}", refused.head);
    }
    let judged = proxied.fetch(&format!("{calls}/{key}/verification?answer={}", proxied.server.answer_of(&key)), &[]);
    assert_eq!(judged.json()["header"]["resultCode"], 0, "the site is let in, and nobody has tried before");
}

#[test]
fn nginx_lets_in_nobody_but_the_sites_that_are_named() {
    if is_here("nginx", "-v") {
        check(|places| places.run_nginx(&switched_on(&places.nginx_text())));
    }
}

#[test]
fn caddy_lets_in_nobody_but_the_sites_that_are_named() {
    if is_here("caddy", "version") {
        check(|places| places.run_caddy(&switched_on(&places.caddy_text())));
    }
}

#[test]
fn haproxy_lets_in_nobody_but_the_sites_that_are_named() {
    if is_here("haproxy", "-v") {
        check(|places| places.run_haproxy(&switched_on(&places.haproxy_text())));
    }
}

#[test]
fn traefik_lets_in_nobody_but_the_sites_that_are_named() {
    if is_here(&installed("traefik"), "version") {
        check(|places| {
            let text = replaced(
                &switched_on(&places.traefik_text()),
                "    # sites:\n    #   ipAllowList:\n    #     sourceRange:",
                "    sites:\n      ipAllowList:\n        sourceRange:",
            );
            places.run_traefik(&text)
        });
    }
}

#[test]
fn envoy_lets_in_nobody_but_the_sites_that_are_named() {
    if is_here(&installed("envoy"), "--version") {
        check(|places| places.run_envoy(&switched_on(&places.envoy_text())));
    }
}
