//! siteverify in three dialects: every field, every code, every way to send them, and that a token is redeemed once.

use haechi_captcha::{Challenge, Claims, Keyring, Means, Pass, Secret, Shape};
use serde_json::{Value, json};

use crate::{
    api::Insider,
    server::{Reply, TestServer, send, send_request},
};

const RECAPTCHA: &str = "/recaptcha/api/siteverify";
const HCAPTCHA: &str = "/siteverify";
const TURNSTILE: &str = "/turnstile/v0/siteverify";
const ADDRESSES: [&str; 3] = [RECAPTCHA, HCAPTCHA, TURNSTILE];
const FORM: &str = "application/x-www-form-urlencoded";
const HAECHI: u8 = 0;
const RECAPTCHA_V3: u8 = 2;
const TURNSTILES: u8 = 4;

/// A server, and what an insider makes tokens of.
struct Site {
    server: TestServer,
    keyring: Keyring,
}

impl Site {
    fn start() -> Self {
        Self::with_args(&[])
    }

    fn with_args(args: &[&str]) -> Self {
        let server = TestServer::with_args(args);
        let secret = std::fs::read_to_string(server.data_dir().join("secret")).unwrap();
        Self { server, keyring: Keyring::new(&Secret::from_hex(&secret).unwrap()) }
    }

    fn secret(&self) -> String {
        self.server.announcement()["secret"].as_str().unwrap().to_owned()
    }

    fn site_key(&self) -> String {
        self.server.announcement()["site_key"].as_str().unwrap().to_owned()
    }

    /// A token of a new challenge, which was passed so many seconds ago.
    fn token(&self, audience: u8, passed_secs_ago: u64) -> String {
        let key = self.server.issue(self.server.appkey());
        let claims = *self.keyring.open_word(&key.parse().unwrap()).unwrap().claims();
        self.token_of(&claims, audience, claims.issued_at + 4 - passed_secs_ago, Means::Picture)
    }

    fn token_of(&self, claims: &Claims, audience: u8, passed_at: u64, means: Means) -> String {
        let challenge: Challenge = self.keyring.open(&self.keyring.issue(claims)).unwrap();
        let [hostname, action, data] = ["shop.example", "sign-in", "order 17"].map(str::to_owned);
        challenge.token(&Pass { passed_at, means, audience, hostname, action, data }).unwrap().to_string()
    }

    fn ask(&self, address: &str, content_type: &str, body: &str) -> Reply {
        let request = ureq::http::Request::post(format!("{}{address}", self.server.url()));
        let request = if content_type.is_empty() { request } else { request.header("content-type", content_type) };
        send_request(request.body(body).unwrap())
    }

    fn verify(&self, address: &str, token: &str, more: &str) -> Value {
        let reply = self.ask(address, FORM, &format!("secret={}&response={token}{more}", self.secret()));
        assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"), "{}", reply.text());
        reply.json()
    }
}

fn failed(codes: &[&str]) -> Value {
    json!({ "success": false, "error-codes": codes })
}

#[test]
fn a_token_is_redeemed_in_the_words_of_each_original_and_only_once() {
    let site = Site::start();
    let members = |reply: &Value| reply.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    for (address, audience, expected, again) in [
        (RECAPTCHA, 1, &["success", "challenge_ts", "hostname"][..], "timeout-or-duplicate"),
        (RECAPTCHA, RECAPTCHA_V3, &["success", "challenge_ts", "hostname", "score", "action"], "timeout-or-duplicate"),
        (HCAPTCHA, 3, &["success", "challenge_ts", "hostname"], "already-seen-response"),
        (HCAPTCHA, HAECHI, &["success", "challenge_ts", "hostname"], "already-seen-response"),
        (
            TURNSTILE,
            TURNSTILES,
            &["success", "challenge_ts", "hostname", "action", "cdata", "error-codes"],
            "timeout-or-duplicate",
        ),
    ] {
        let token = site.token(audience, 0);
        let reply = site.verify(address, &token, "&remoteip=198.51.100.1");
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(
            (reply["success"].as_bool(), members(&reply)),
            (Some(true), expected.iter().map(|m| (*m).to_owned()).collect())
        );
        assert_eq!(reply["hostname"], "shop.example");
        let at = reply["challenge_ts"].as_str().unwrap();
        assert!(at.len() == 24 && at.starts_with("20") && at.ends_with(".000Z"), "{at}");
        if address == TURNSTILE {
            assert_eq!(
                (&reply["action"], &reply["cdata"], &reply["error-codes"]),
                (&json!("sign-in"), &json!("order 17"), &json!([]))
            );
        }
        for other in ADDRESSES {
            let codes = site.verify(other, &token, "")["error-codes"].clone();
            let expected = if other == HCAPTCHA { "already-seen-response" } else { "timeout-or-duplicate" };
            assert_eq!(codes, json!([expected]), "{other}");
        }
        assert_eq!(site.verify(address, &token, ""), failed(&[again]));
    }
}

#[test]
fn what_is_wrong_is_said_in_the_codes_of_each_original() {
    let site = Site::start();
    let secret = site.secret();
    let other = site.server.haechi(&["app", "create", "other"]).json();
    let unknown = format!("0x{}", "0".repeat(40));
    for address in ADDRESSES {
        let check = |body: &str, codes: &[&str]| {
            let reply = site.ask(address, FORM, body);
            assert_eq!((reply.status, reply.json()), (200, failed(codes)), "{address} {body}");
        };
        let token = site.token(1, 0);
        check("", &["missing-input-secret", "missing-input-response"]);
        check("secret=&response=", &["missing-input-secret", "missing-input-response"]);
        check(&format!("response={token}"), &["missing-input-secret"]);
        check(&format!("secret={secret}"), &["missing-input-response"]);
        for wrong in [unknown.as_str(), "nonsense", &secret[2..], &secret[..41], &site.site_key()] {
            check(&format!("secret={wrong}&response={token}"), &["invalid-input-secret"]);
        }
        for wrong in ["null", "x", &token[1..], &"A".repeat(2_000), &token.replace(|c: char| c.is_ascii_digit(), "Q")] {
            check(&format!("secret={secret}&response={wrong}"), &["invalid-input-response"]);
        }
        let others = other["secret"].as_str().unwrap();
        check(&format!("secret={others}&response={token}"), &["invalid-input-response"]);
        check("secret=%zz&response=x", &["bad-request"]);
        check(&format!("secret={secret}&secret={others}&response={token}"), &["bad-request"]);
        let reply = site.ask(address, "application/json", "[");
        assert_eq!((reply.status, reply.json()), (200, failed(&["bad-request"])));
        let reply = site.ask(address, "multipart/form-data", "x");
        assert_eq!((reply.status, reply.json()), (200, failed(&["bad-request"])));
        // None of it took the token.
        assert_eq!(site.verify(address, &token, "")["success"], true);
    }
    site.server.haechi(&["app", "disable", "other"]);
    let others = other["secret"].as_str().unwrap();
    let says_so = || {
        let reply = site.ask(HCAPTCHA, FORM, &format!("secret={others}&response=x")).json();
        (reply == failed(&["invalid-input-secret"])).then_some(())
    };
    crate::server::within_deadline("a disabled app's secret is unknown", says_so);
}

#[test]
fn tokens_live_as_long_as_the_originals() {
    let site = Site::start();
    for (address, audience, life, code) in [
        (RECAPTCHA, 1, 120, "timeout-or-duplicate"),
        (HCAPTCHA, 3, 120, "expired-input-response"),
        (TURNSTILE, TURNSTILES, 300, "timeout-or-duplicate"),
    ] {
        let young = site.token(audience, life - 60);
        assert_eq!(site.verify(address, &young, "")["success"], true, "{address}");
        assert_eq!(site.verify(address, &site.token(audience, life + 10), ""), failed(&[code]));
        // Past its time nothing but the request that redeemed it in time is told so again.
        assert_eq!(site.verify(address, &site.token(audience, life + 10), "&idempotency_key=a"), failed(&[code]));
    }
}

#[test]
fn the_same_request_gets_the_same_verdict_again() {
    let site = Site::start();
    for address in ADDRESSES {
        let token = site.token(TURNSTILES, 0);
        let first = site.verify(address, &token, "&idempotency_key=6f2c7b5e-6c2d-4f0a-9d43-5a4f3c1d2e1b");
        assert_eq!(first["success"], true);
        let again = |more: &str| site.verify(address, &token, more)["success"].clone();
        assert_eq!(again("&idempotency_key=6f2c7b5e-6c2d-4f0a-9d43-5a4f3c1d2e1b"), true);
        assert_eq!(again("&idempotency_key=00000000-6c2d-4f0a-9d43-5a4f3c1d2e1b"), false);
        assert_eq!(again(""), false);
        assert_eq!(again("&idempotency_key=6f2c7b5e-6c2d-4f0a-9d43-5a4f3c1d2e1b"), true);
    }
}

#[test]
fn another_token_is_another_request_whatever_it_is_called() {
    let site = Site::start();
    let key = site.server.issue(site.server.appkey());
    let claims = *site.keyring.open_word(&key.parse().unwrap()).unwrap().claims();
    let of = |secs| site.token_of(&claims, TURNSTILES, claims.issued_at + secs, Means::Picture);
    let verify = |token: &str| site.verify(TURNSTILE, token, "&idempotency_key=a")["success"].clone();
    let (first, second) = (of(4), of(5));
    assert_eq!([verify(&first), verify(&second), verify(&first)], [true, false, true]);
}

#[test]
fn whatever_way_a_client_sends_it_it_is_read() {
    let site = Site::start();
    let secret = site.secret();
    /// Sends a token to an address.
    type Way<'a> = &'a dyn Fn(&str, &str) -> Reply;
    let ways: [Way<'_>; 10] = [
        &|address, token| {
            site.ask(address, FORM, &format!("secret={secret}&response={token}&remoteip=198.51.100.1,+10.0.0.1"))
        },
        &|address, token| {
            site.ask(address, FORM, &format!("secret={secret}&response={token}&remoteip=None&version=php_1.2.4"))
        },
        &|address, token| site.ask(address, FORM, &format!("secret={secret}&response={token}&remoteip=%zz")),
        &|address, token| site.ask(&format!("{address}?secret={secret}&response={token}"), FORM, ""),
        &|address, token| site.ask(&format!("{address}?secret={secret}&response={token}"), "", ""),
        &|address, token| site.ask(address, FORM, &format!("secret=%0A{secret}%0D%0A&response=+++%0D%0A{token}+")),
        &|address, token| {
            let body = json!({ "secret": secret, "response": token, "remote_ip": null, "x": [1] });
            site.ask(address, "application/json", &body.to_string())
        },
        &|address, token| {
            site.ask(address, "", &json!({ "secret": secret, "response": token, "remoteip": 7 }).to_string())
        },
        &|address, token| {
            let part =
                |name, value| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            let body = format!("{}{}--b--\r\n", part("secret", secret.as_str()), part("response", token));
            site.ask(address, "multipart/form-data; boundary=b", &body)
        },
        &|address, token| site.server.get(&format!("{address}?secret={secret}&response={token}")),
    ];
    for address in ADDRESSES {
        for (number, way) in ways.iter().enumerate() {
            let reply = way(address, &site.token(1, 0));
            assert_eq!((reply.status, reply.json()["success"].clone()), (200, json!(true)), "{address} {number}");
        }
    }
    // The appkey does as well, and so does the secret in upper case.
    let token = site.token(1, 0);
    let reply = site.ask(HCAPTCHA, FORM, &format!("secret={}&response={token}", site.server.appkey()));
    assert_eq!(reply.json()["success"], true);
}

#[test]
fn hcaptchas_call_compares_the_site_key() {
    let site = Site::start();
    let token = site.token(3, 0);
    let another = "10000000-ffff-ffff-ffff-000000000001";
    assert_eq!(site.verify(HCAPTCHA, &token, &format!("&sitekey={another}")), failed(&["sitekey-secret-mismatch"]));
    assert_eq!(site.verify(HCAPTCHA, &token, &format!("&sitekey={}", site.site_key().to_uppercase()))["success"], true);
    // The others have no such field.
    assert_eq!(site.verify(TURNSTILE, &site.token(4, 0), &format!("&sitekey={another}"))["success"], true);
}

#[test]
fn the_score_follows_from_how_and_how_fast_a_challenge_was_passed() {
    let site = Site::start();
    let key = site.server.issue(site.server.appkey());
    let claims = *site.keyring.open_word(&key.parse().unwrap()).unwrap().claims();
    let score = |counter, shape, means, secs| {
        let nonce = haechi_captcha::Nonce { counter, ..claims.nonce };
        let claims = Claims { nonce, shape, ..claims };
        let token = site.token_of(&claims, RECAPTCHA_V3, claims.issued_at + secs, means);
        let reply = site.verify(RECAPTCHA, &token, "");
        assert_eq!(reply["action"], "sign-in", "{reply}");
        reply["score"].as_f64().unwrap()
    };
    let counter = claims.nonce.counter ^ 0x7000;
    assert_eq!(score(counter, claims.shape, Means::Picture, 5), 0.9);
    assert_eq!(score(counter + 1, claims.shape, Means::Sound, 2), 0.9);
    assert_eq!(score(counter + 2, claims.shape, Means::Picture, 1), 0.3);
    assert_eq!(score(counter + 3, Shape::Work { level: 1 }, Means::Work, 1), 0.7);
}

#[test]
fn whatever_else_goes_wrong_is_said_in_json() {
    let site = Site::start();
    for address in ADDRESSES {
        for (method, path, status) in [
            ("PUT", address.to_owned(), 405),
            ("DELETE", address.to_owned(), 405),
            ("POST", format!("{address}/x"), 404),
            ("POST", format!("{address}?{}", "x".repeat(9_000)), 414),
        ] {
            let reply = send(method, &format!("{}{path}", site.server.url()));
            assert_eq!((reply.status, reply.json()), (status, failed(&["bad-request"])), "{method} {address}");
        }
        let reply = site.ask(address, FORM, &"x".repeat(20_000));
        assert_eq!((reply.status, reply.json()), (413, failed(&["bad-request"])), "{address}");
        // It must not redeem what nobody hears of.
        let token = site.token(1, 0);
        let path = format!("{}{address}?secret={}&response={token}", site.server.url(), site.secret());
        assert_eq!(send("HEAD", &path).status, 405, "{address}");
        assert_eq!(site.verify(address, &token, "")["success"], true);
    }
}

#[test]
fn a_rotated_secret_and_a_rotated_app_secret_are_good_for_their_time() {
    let site = Site::start();
    let before = site.secret();
    let rotated = site.server.haechi(&["app", "secret", "rotate", "default", "--grace-secs", "600"]).json();
    let now = rotated["secret"].as_str().unwrap().to_owned();
    for secret in [now, before] {
        let token = site.token(1, 0);
        let verify = || {
            let reply = site.ask(HCAPTCHA, FORM, &format!("secret={secret}&response={token}")).json();
            (reply["success"] == true).then_some(())
        };
        crate::server::within_deadline("the secret is good", verify);
    }
}

#[test]
fn the_vendors_test_keys_are_known_only_to_a_server_that_is_told_to_know_them() {
    let keys = [
        (RECAPTCHA, "6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe", "anything", Ok("testkey.google.com")),
        (
            HCAPTCHA,
            "0x0000000000000000000000000000000000000000",
            "10000000-aaaa-bbbb-cccc-000000000001",
            Ok("dummy-key-pass"),
        ),
        (HCAPTCHA, "0x0000000000000000000000000000000000000000", "other", Err("not-using-dummy-passcode")),
        (TURNSTILE, "1x0000000000000000000000000000000AA", "XXXX.DUMMY.TOKEN.XXXX", Ok("example.com")),
        (TURNSTILE, "1x0000000000000000000000000000000AA", "other", Err("invalid-input-response")),
        (TURNSTILE, "2x0000000000000000000000000000000AA", "XXXX.DUMMY.TOKEN.XXXX", Err("invalid-input-response")),
        (TURNSTILE, "3x0000000000000000000000000000000AA", "XXXX.DUMMY.TOKEN.XXXX", Err("timeout-or-duplicate")),
    ];
    let told = Site::with_args(&["--vendor-test-keys"]);
    assert!(told.server.logged("test keys").contains("anybody"), "{}", told.server.stderr());
    let usual = Site::start();
    for (address, secret, token, expected) in keys {
        let body = format!("secret={secret}&response={token}");
        let reply = told.ask(address, FORM, &body).json();
        match expected {
            Ok(hostname) => assert_eq!((&reply["success"], &reply["hostname"]), (&json!(true), &json!(hostname))),
            Err(code) => assert_eq!(reply, failed(&[code])),
        }
        assert_eq!(usual.ask(address, FORM, &body).json(), failed(&["invalid-input-secret"]), "{secret}");
    }
    // They are no way around a real secret.
    assert_eq!(told.verify(TURNSTILE, "XXXX.DUMMY.TOKEN.XXXX", ""), failed(&["invalid-input-response"]));
}

#[test]
fn an_answer_that_a_site_verified_gives_no_token_and_the_other_way_round() {
    let site = Site::start();
    site.server.haechi(&["app", "set", "default", "--policy", "word"]).json();
    let insider = Insider::of(&site.server);
    let key = site.server.issue(site.server.appkey());
    let answer = insider.answer(&key);
    let by_widget =
        |key: &str, answer: &str| site.ask("/widget/v1/answer", FORM, &format!("key={key}&answer={answer}")).json();
    assert_eq!(site.server.verify(site.server.appkey(), &key, &answer), 0);
    assert_eq!(by_widget(&key, &answer)["verdict"], "expired");
    let key = site.server.issue(site.server.appkey());
    assert_eq!(by_widget(&key, &insider.answer(&key))["verdict"], "passed");
    assert_eq!(site.server.verify(site.server.appkey(), &key, &insider.answer(&key)), -5);
}
