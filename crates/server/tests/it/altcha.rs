//! ALTCHA in both versions: solved as a browser does it, verified as its libraries do, and redeemed once.

use std::thread;

use base64::{Engine, engine::general_purpose::STANDARD};
use haechi_captcha::{Claims, Key, Keyring, Nonce, Puzzle, Secret};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    api::{Insider, post_body, request},
    dialects::{Words, check},
    server::{Reply, TestServer, send, send_request},
    widget::Page,
};

const POLICIES: [&str; 4] = ["word", "work", "both", "adaptive"];
const VERSIONS: [&str; 2] = ["v1", "v2"];
const ORIGIN: (&str, &str) = ("origin", "https://shop.example");

fn begin_at(page: &Page, path: &str, headers: &[(&str, &str)]) -> Reply {
    request("GET", &format!("{}{path}", page.server.url()), headers)
}

fn begin(page: &Page, version: &str) -> Value {
    let reply = begin_at(page, &format!("/altcha/{version}/challenge?sitekey={}", page.site_key()), &[ORIGIN]);
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"), "{}", reply.text());
    assert_eq!((reply.header("cache-control"), reply.header("access-control-allow-origin")), ("no-store", "*"));
    assert!(reply.header("access-control-expose-headers").to_lowercase().contains("x-altcha-config"));
    reply.json()
}

/// As the widget leaves it in the form, and sends it.
fn solved(challenge: &Value) -> Value {
    if challenge.get("salt").is_some() { solved_v1(challenge) } else { solved_v2(challenge) }
}

fn solved_v1(challenge: &Value) -> Value {
    let text = |name: &str| challenge[name].as_str().unwrap();
    let salted = Sha256::new().chain_update(text("salt"));
    let is_right = |number: &u64| hex(&salted.clone().chain_update(number.to_string()).finalize()) == text("challenge");
    let number = (0..=challenge["maxnumber"].as_u64().unwrap()).find(is_right).expect("one of the numbers solves it");
    let [algorithm, hash, salt, signature] = ["algorithm", "challenge", "salt", "signature"].map(text);
    json!({ "algorithm": algorithm, "challenge": hash, "number": number, "salt": salt, "signature": signature, "took": 5 })
}

fn solved_v2(challenge: &Value) -> Value {
    let parameters = &challenge["parameters"];
    let bytes = |name: &str| {
        let digits = parameters[name].as_str().unwrap();
        std::array::from_fn(|index| u8::from_str_radix(&digits[2 * index..2 * index + 2], 16).unwrap())
    };
    let puzzle = Puzzle {
        algorithm: parameters["algorithm"].as_str().unwrap().parse().unwrap(),
        nonce: bytes("nonce"),
        salt: bytes("salt"),
        prefix: bytes("keyPrefix"),
        counters: u32::MAX,
    };
    let solution = puzzle.solve(0..puzzle.counters).unwrap();
    json!({
        "challenge": { "parameters": parameters, "signature": challenge["signature"] },
        "solution": { "counter": solution.counter, "derivedKey": hex(&solution.derived), "time": 3.5 },
    })
}

fn encoded(payload: &Value) -> String {
    STANDARD.encode(payload.to_string())
}

fn decoded(payload: &str) -> Value {
    serde_json::from_slice(&STANDARD.decode(payload).unwrap()).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a site's library computes with the text of its key.
fn signature(key: &str, bytes: &[u8]) -> String {
    hex(&Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap().chain_update(bytes).finalize().into_bytes())
}

fn altcha_key(server: &TestServer) -> String {
    server.haechi(&["app", "altcha-key", "default"]).json()["altcha_key"].as_str().unwrap().to_owned()
}

/// What a site's library finds, by itself.
fn is_signed_for_sites(challenge: &Value, key: &str) -> bool {
    let signed = match challenge.get("parameters") {
        // Maps of `serde_json` are sorted, and so is what is signed.
        Some(parameters) => parameters.to_string(),
        None => challenge["challenge"].as_str().unwrap().to_owned(),
    };
    challenge["signature"] == signature(key, signed.as_bytes())
}

fn post(page: &Page, path: &str, body: &Value) -> Reply {
    post_body(&page.server, path, "application/json", body.to_string())
}

fn verify(page: &Page, version: &str, payload: &Value, code: Option<&str>) -> Value {
    let reply = post(page, &format!("/altcha/{version}/verify"), &json!({ "payload": encoded(payload), "code": code }));
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (200, "*"), "{}", reply.text());
    reply.json()
}

fn redeem(page: &Page, version: &str, payload: &Value) -> Value {
    let reply = post(page, &format!("/altcha/{version}/verify/signature"), &json!({ "payload": payload }));
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

fn word_of(challenge: &Value) -> String {
    let image = challenge["codeChallenge"]["image"].as_str().unwrap();
    image.split('/').rev().nth(1).unwrap().to_owned()
}

fn refused(reason: &str) -> Value {
    json!({ "verified": false, "reason": reason })
}

#[test]
fn each_policy_asks_for_its_own_and_always_for_work() {
    let page = Page::of_policy("word", &[]);
    for version in VERSIONS {
        let has_code = POLICIES.map(|policy| {
            page.server.haechi(&["app", "set", "default", "--policy", policy]).json();
            let path = format!("/altcha/{version}/challenge?sitekey={}", page.site_key());
            let reply = begin_at(&page, &path, &[]);
            let challenge = reply.json();
            let has_code = challenge.get("codeChallenge").is_some();
            // Where it is verified is said with a code alone: of work the site sees for itself.
            let verify_url = format!("{}/altcha/{version}/verify", page.server.url());
            let said: Value = serde_json::from_str(reply.header("x-altcha-config")).unwrap_or_default();
            assert_eq!(said.get("verifyurl"), has_code.then(|| json!(verify_url)).as_ref(), "{policy}");
            if version == "v2" {
                let configuration = has_code.then(|| json!({ "verifyUrl": verify_url }));
                assert_eq!(challenge.get("configuration"), configuration.as_ref(), "{policy}");
            }
            has_code
        });
        assert_eq!(has_code, [true, false, true, false], "{version}");
    }
}

#[test]
fn work_alone_is_signed_for_the_site_and_redeemed_once() {
    for (version, algorithm) in [("v1", "pbkdf2"), ("v2", "pbkdf2"), ("v2", "sha256"), ("v2", "scrypt")] {
        let page = Page::of_policy("work", &[]);
        page.server.haechi(&["app", "set", "default", "--work-algorithm", algorithm]).json();
        let challenge = begin(&page, version);
        assert!(is_signed_for_sites(&challenge, &altcha_key(&page.server)), "{challenge}");
        let payload = solved(&challenge);
        let redeemed = redeem(&page, version, &json!(encoded(&payload)));
        assert_eq!(redeemed["verified"], true, "{redeemed}");
        let said = &redeemed["verificationData"];
        assert_eq!(said["expire"].as_u64().unwrap() - said["time"].as_u64().unwrap(), 300);
        // Other bytes, and not encoded: it is known by its key.
        let mut other = payload.clone();
        other["more"] = json!("x");
        assert_eq!(redeem(&page, version, &json!(encoded(&other))), refused("PAYLOAD_ALREADY_USED"));
        assert_eq!(redeem(&page, version, &payload), refused("PAYLOAD_ALREADY_USED"));
        assert_eq!(verify(&page, version, &payload, None), refused("PAYLOAD_ALREADY_USED"));
    }
}

#[test]
fn what_was_verified_is_redeemed_instead_of_the_work_and_once() {
    for version in VERSIONS {
        let page = Page::of_policy("work", &[]);
        let payload = solved(&begin(&page, version));
        let verified = verify(&page, version, &payload, None);
        assert_eq!(verified["verified"], true, "{verified}");
        let signed = decoded(verified["payload"].as_str().unwrap());
        let data = signed["verificationData"].as_str().unwrap();
        assert_eq!((&signed["algorithm"], &signed["verified"]), (&json!("SHA-256"), &json!(true)));
        assert_eq!(signed["signature"], signature(&altcha_key(&page.server), &Sha256::digest(data)));
        assert!(data.starts_with("verified=true&time="), "{data}");
        assert_eq!(redeem(&page, version, &json!(encoded(&payload))), refused("PAYLOAD_ALREADY_USED"));
        assert_eq!(redeem(&page, version, &verified["payload"])["verified"], true);
        assert_eq!(redeem(&page, version, &signed), refused("PAYLOAD_ALREADY_USED"));
        assert_eq!(verify(&page, version, &payload, None), refused("PAYLOAD_ALREADY_USED"));
        // What is in it is a token as any other, and was redeemed with it.
        let token = data.rsplit_once("token=").unwrap().1;
        assert_eq!(page.redeem("/siteverify", &json!(token))["success"], false);
    }
}

#[test]
fn a_code_passes_with_its_work_alone() {
    for (version, policy) in [("v1", "word"), ("v2", "word"), ("v1", "both"), ("v2", "both")] {
        let page = Page::of_policy(policy, &[]);
        let challenge = begin(&page, version);
        assert!(!is_signed_for_sites(&challenge, &altcha_key(&page.server)), "a site would take the work for enough");
        assert!(challenge["codeChallenge"].get("length").is_none(), "it would keep out answers in Hangul");
        let payload = solved(&challenge);
        let code = page.right_answer(&word_of(&challenge));
        // Without its word, and with another's, it is no solution.
        let other = begin(&page, version);
        let [mut alone, mut beside_other] = [payload.clone(), payload.clone()];
        if version == "v2" {
            alone["challenge"]["parameters"].as_object_mut().unwrap().remove("data");
            beside_other["challenge"]["parameters"]["data"]["word"] = json!(word_of(&other));
        } else {
            let salt = payload["salt"].as_str().unwrap();
            alone["salt"] = json!(salt.split("word=").next().unwrap());
            beside_other["salt"] = json!(salt.replace(&word_of(&challenge), &word_of(&other)));
        }
        let code_of_other = page.right_answer(&word_of(&other));
        assert_eq!(verify(&page, version, &alone, Some(&code)), refused("INVALID_SOLUTION"));
        assert_eq!(redeem(&page, version, &alone), refused("INVALID_SOLUTION"));
        assert_eq!(verify(&page, version, &beside_other, Some(&code_of_other)), refused("INVALID_SOLUTION"));
        assert_eq!(verify(&page, version, &payload, None), refused("CODE_REQUIRED"));
        assert_eq!(verify(&page, version, &payload, Some(" - ")), refused("CODE_REQUIRED"));
        assert_eq!(redeem(&page, version, &json!(encoded(&payload))), refused("CODE_REQUIRED"));

        let verified = verify(&page, version, &payload, Some(&code.to_lowercase()));
        assert_eq!(verified["verified"], true, "{verified}");
        assert_eq!(redeem(&page, version, &json!(encoded(&payload))), refused("CODE_REQUIRED"));
        assert_eq!(verify(&page, version, &payload, Some(&code)), refused("PAYLOAD_ALREADY_USED"));
        let redeemed = redeem(&page, version, &verified["payload"]);
        assert_eq!(
            (&redeemed["verified"], redeemed["verificationData"]["id"].as_str()),
            (&json!(true), Some(&*word_of(&challenge)))
        );
        assert_eq!(redeem(&page, version, &verified["payload"]), refused("PAYLOAD_ALREADY_USED"));
    }
}

/// The widget leaves the work in the form.
#[test]
fn after_a_wrong_code_the_work_is_worth_nothing() {
    for version in VERSIONS {
        let page = Page::of_policy("word", &[]);
        page.server.haechi(&["app", "set", "default", "--attempts", "1"]).json();
        let challenge = begin(&page, version);
        let payload = solved(&challenge);
        assert_eq!(verify(&page, version, &payload, Some("wrong")), refused("INVALID_CODE"));
        assert_eq!(redeem(&page, version, &json!(encoded(&payload))), refused("CODE_REQUIRED"));
        let code = page.right_answer(&word_of(&challenge));
        assert_eq!(verify(&page, version, &payload, Some(&code)), refused("PAYLOAD_ALREADY_USED"));
        assert!(!is_signed_for_sites(&challenge, &altcha_key(&page.server)));
    }
}

#[test]
fn a_code_is_seen_and_heard_at_the_addresses_that_it_comes_with() {
    let page = Page::of_policy("word", &["--public-path", "/below/captcha"]);
    let challenge = begin(&page, "v2");
    let url = page.server.url();
    let at = |what: &str| challenge["codeChallenge"][what].as_str().unwrap().to_owned();
    assert!(at("image").starts_with(&format!("{url}/below/captcha/captcha/v1.0/keys/")), "{challenge}");
    assert_eq!(challenge["configuration"]["verifyUrl"], format!("{url}/below/captcha/altcha/v2/verify"));
    let seen = send("GET", &at("image"));
    assert_eq!((seen.status, seen.header("content-type")), (200, "image/gif"));
    let heard = ["ja", "en"].map(|language| send("GET", &format!("{}&language={language}", at("audio"))));
    assert!(heard.iter().all(|reply| (reply.status, reply.header("content-type")) == (200, "audio/wav")));
    assert_ne!(heard[0].body, heard[1].body);
    let small = send("GET", &format!("{}&language=en&format=mulaw", at("audio")));
    assert!(small.body.len() <= heard[1].body.len() / 2 + 37);
    // Whatever was heard counts.
    let said = Insider::of(&page.server).answers(&word_of(&challenge))["ja"].clone();
    assert_eq!(verify(&page, "v2", &solved(&challenge), Some(&said))["verified"], true);
}

/// Behind a proxy that is trusted, addresses are those of the encrypted page.
#[test]
fn addresses_are_as_the_browser_called() {
    let page = Page::of_policy("word", &["--trusted-proxies", "127.0.0.0/8"]);
    let path = format!("/altcha/v1/challenge?sitekey={}", page.site_key());
    let headers = [("host", "captcha.example"), ("x-forwarded-proto", "https"), ("x-forwarded-for", "192.0.2.1")];
    let reply = begin_at(&page, &path, &headers);
    let image = reply.json()["codeChallenge"]["image"].as_str().unwrap().to_owned();
    assert!(image.starts_with("https://captcha.example/captcha/v1.0/keys/"), "{image}");
    let said: Value = serde_json::from_str(reply.header("x-altcha-config")).unwrap();
    assert_eq!(said["verifyurl"], "https://captcha.example/altcha/v1/verify");
}

#[test]
fn sentinels_addresses_have_everything_verified() {
    let page = Page::of_policy("work", &[]);
    let reply = begin_at(&page, &format!("/v1/challenge?apiKey={}", page.site_key()), &[ORIGIN]);
    let said: Value = serde_json::from_str(reply.header("x-altcha-config")).unwrap();
    assert_eq!(said["verifyurl"], format!("{}/v1/verify", page.server.url()));
    let payload = solved(&reply.json());
    let verified =
        post(&page, "/v1/verify", &json!({ "payload": encoded(&payload), "timeZone": "Asia/Seoul", "fields": {} }));
    let secret = page.server.announcement()["secret"].clone();
    let redeem =
        || post(&page, "/v1/verify/signature", &json!({ "payload": verified.json()["payload"], "secret": secret }));
    assert_eq!(redeem().json()["verified"], true, "{}", verified.text());
    assert_eq!(redeem().json(), refused("PAYLOAD_ALREADY_USED"));
}

#[test]
fn of_many_who_redeem_at_once_one_does() {
    let page = Page::of_policy("work", &[]);
    for version in VERSIONS {
        let payload = solved(&begin(&page, version));
        let url = format!("{}/altcha/{version}/verify/signature", page.server.url());
        let body = json!({ "payload": encoded(&payload) }).to_string();
        let redeem = || {
            let request = ureq::http::Request::post(&url).header("content-type", "application/json");
            send_request(request.body(body.clone()).unwrap()).json()["verified"] == true
        };
        let redeemed = thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|_| scope.spawn(redeem)).collect();
            all.into_iter().map(|one| one.join().unwrap()).filter(|is_good| *is_good).count()
        });
        assert_eq!(redeemed, 1, "{version}");
    }
}

#[test]
fn a_false_solution_takes_nothing() {
    let page = Page::of_policy("work", &[]);
    for version in VERSIONS {
        let payload = solved(&begin(&page, version));
        let mut false_one = payload.clone();
        if version == "v1" {
            false_one["number"] = json!(payload["number"].as_u64().unwrap() + 1);
        } else {
            // The prefix is told to everybody; the rest has to be computed.
            let prefix = payload["challenge"]["parameters"]["keyPrefix"].as_str().unwrap();
            false_one["solution"]["derivedKey"] = json!(format!("{prefix:0<64}"));
        }
        assert_eq!(redeem(&page, version, &false_one), refused("INVALID_SOLUTION"));
        assert_eq!(verify(&page, version, &false_one, None), refused("INVALID_SOLUTION"));
        assert_eq!(redeem(&page, version, &payload)["verified"], true);
    }
}

#[test]
fn work_past_its_time_is_refused() {
    let page = Page::of_policy("work", &[]);
    let salt = begin(&page, "v1")["salt"].as_str().unwrap().to_owned();
    let (key, rest) = salt.split_once('?').unwrap();
    let secret = std::fs::read_to_string(page.server.data_dir().join("secret")).unwrap();
    let keyring = Keyring::new(&Secret::from_hex(&secret).unwrap());
    let claims = *keyring.open_work(&key.parse::<Key>().unwrap()).unwrap().claims();
    let nonce = Nonce { counter: claims.nonce.counter ^ 1, ..claims.nonce };
    let old = keyring.issue(&Claims { issued_at: claims.issued_at - 181, nonce, ..claims });
    let number = keyring.open_work(&old).unwrap().number(None);
    let payload = json!({ "salt": format!("{old}?{rest}"), "number": number });
    assert_eq!(redeem(&page, "v1", &payload), refused("EXPIRED"));
    assert_eq!(verify(&page, "v1", &payload, None), refused("EXPIRED"));
}

#[test]
fn what_is_no_payload_is_refused() {
    let page = Page::of_policy("work", &[]);
    let payload = solved(&begin(&page, "v2"));
    let mut others = Vec::new();
    let mut change = |pointer: &str, value: Value| {
        let mut other = payload.clone();
        *other.pointer_mut(pointer).unwrap() = value;
        others.push(other);
    };
    change("/solution/counter", json!(-1));
    change("/solution/counter", json!(4_294_967_296_u64));
    change("/solution/counter", json!("7"));
    change("/solution/derivedKey", json!("00"));
    change("/solution/derivedKey", json!("é".repeat(32)));
    change("/challenge/parameters/nonce", json!("00".repeat(16)));
    change("/challenge/parameters/nonce", json!("a9859757-5b5a-42d1-bc85-c560b0141ec1"));
    change("/challenge/parameters/nonce", json!("a98597575b5a42d1bc85c560b0141ec1"));
    change("/challenge/parameters", json!(null));
    others.extend([
        json!({}),
        json!([]),
        json!(null),
        json!({ "salt": "x", "number": 1 }),
        json!({ "salt": "a?word=%zz", "number": 1 }),
    ]);
    others.push(json!({ "challenge": null, "solution": null, "test": true }));
    others.push(
        json!({ "algorithm": "SHA-256", "verificationData": "verified=true", "signature": "00", "verified": true }),
    );
    for other in others {
        assert_eq!(verify(&page, "v2", &other, None), refused("INVALID_PAYLOAD"), "{other}");
        let reply = post(&page, "/altcha/v2/verify/signature", &json!({ "payload": encoded(&other) }));
        assert_eq!((reply.status, reply.json()["error"].as_str()), (400, Some("INVALID_PAYLOAD")), "{other}");
    }
    for text in ["", "%", "AAAA", "eyJ"] {
        let reply = post(&page, "/altcha/v1/verify/signature", &json!({ "payload": text }));
        assert_eq!((reply.status, reply.json()["error"].as_str()), (400, Some("INVALID_PAYLOAD")), "{text}");
    }
    for body in ["", "{", "[]", "{}", "payload=x", r#"{"payload":"a","payload":"b"}"#] {
        let reply = post_body(&page.server, "/altcha/v2/verify/signature", "application/json", body.to_owned());
        assert_eq!((reply.status, reply.json()["error"].as_str()), (400, Some("BAD_REQUEST")), "{body}");
        let reply = post_body(&page.server, "/altcha/v2/verify", "application/json", body.to_owned());
        assert_eq!((reply.status, reply.json()), (200, refused("BAD_REQUEST")), "{body}");
    }
    assert_eq!(redeem(&page, "v2", &payload)["verified"], true);
}

#[test]
fn what_somebody_else_signed_is_refused() {
    let page = Page::of_policy("work", &[]);
    let verified = verify(&page, "v2", &solved(&begin(&page, "v2")), None);
    let signed = decoded(verified["payload"].as_str().unwrap());
    let changed = |name: &str, value: Value| {
        let mut other = signed.clone();
        other[name] = value;
        other
    };
    let data = signed["verificationData"].as_str().unwrap();
    let data_later = format!("{data}&expire=9999999999");
    for other in [
        changed("verified", json!(false)),
        changed("algorithm", json!("SHA-1")),
        changed("verificationData", json!(data_later)),
        changed("signature", json!(signature(&"0".repeat(64), &Sha256::digest(data)))),
        changed("signature", json!("")),
    ] {
        assert_eq!(redeem(&page, "v2", &other), refused("INVALID_SIGNATURE"), "{other}");
    }
    assert_eq!(redeem(&page, "v2", &signed)["verified"], true);
}

#[test]
fn a_secret_is_the_apps_own_or_none() {
    let page = Page::of_policy("work", &[]);
    let other = page.server.haechi(&["app", "create", "other"]).json()["secret"].clone();
    let own = page.server.announcement()["secret"].clone();
    let (bare, verified) = (solved(&begin(&page, "v2")), verify(&page, "v2", &solved(&begin(&page, "v2")), None));
    let path = "/altcha/v2/verify/signature";
    for payload in [&json!(encoded(&bare)), &verified["payload"]] {
        for secret in [&other, &json!("nobody's"), &json!("")] {
            let reply = post(&page, path, &json!({ "payload": payload, "secret": secret }));
            assert_eq!((reply.status, reply.json()["error"].as_str()), (400, Some("INVALID_SECRET")), "{secret}");
        }
    }
    let basic = |secret: &Value| {
        let value = format!("Basic {}", STANDARD.encode(format!("{}:{}", page.site_key(), secret.as_str().unwrap())));
        let request = ureq::http::Request::post(format!("{}{path}", page.server.url()));
        let body = json!({ "payload": encoded(&bare) }).to_string();
        send_request(request.header("authorization", value).body(body).unwrap())
    };
    assert_eq!(basic(&other).json()["error"], "INVALID_SECRET");
    assert_eq!(basic(&own).json()["verified"], true);
    let reply = post(&page, path, &json!({ "payload": verified["payload"], "secret": own }));
    assert_eq!(reply.json()["verified"], true);
}

#[test]
fn another_secret_makes_another_key_and_the_one_before_is_good_while_it_is() {
    let page = Page::of_policy("work", &[]);
    let server = &page.server;
    let pass = || verify(&page, "v2", &solved(&begin(&page, "v2")), None)["payload"].clone();
    let [early, late] = [pass(), pass()];
    let first = altcha_key(server);
    assert!(first.len() == 64 && first == altcha_key(server) && first.bytes().all(|byte| byte.is_ascii_hexdigit()));
    server.haechi(&["app", "secret", "rotate", "default", "--grace-secs", "3600"]).json();
    let second = altcha_key(server);
    assert_ne!(first, second);
    assert!(is_signed_for_sites(&begin(&page, "v2"), &second));
    assert_eq!(redeem(&page, "v2", &early)["verified"], true);
    server.haechi(&["app", "secret", "end-grace", "default"]).json();
    assert_eq!(redeem(&page, "v2", &late), refused("INVALID_SIGNATURE"));

    let before = pass();
    server.haechi(&["secret", "rotate"]);
    let third = crate::server::within_deadline("the server has the new secret", || {
        let key = altcha_key(server);
        (key != second).then_some(key)
    });
    assert!(is_signed_for_sites(&begin(&page, "v1"), &third));
    assert_eq!(redeem(&page, "v2", &before)["verified"], true, "the secret before is good for an hour");
}

#[test]
fn a_key_is_shown_to_who_may_change_apps_and_that_is_written_down() {
    let page = Page::of_policy("work", &[]);
    let key = altcha_key(&page.server);
    let path = |number: u32| format!("{}/admin/v1/apps/{number}/altcha-key", page.server.url());
    let token = |scope: &str| {
        let name = scope.replace(':', " ");
        let made = page.server.haechi(&["token", "create", &name, "--scope", scope]).json();
        format!("Bearer {}", made["token"].as_str().unwrap())
    };
    let [writer, reader] = ["apps:write", "apps:read"].map(token);
    let number = page.server.haechi(&["app", "show", "default"]).json()["number"].as_u64().unwrap() as u32;
    let ask = |number, token: &str| request("POST", &path(number), &[("authorization", token)]);
    assert_eq!(ask(number, &writer).json(), json!({ "altcha_key": key }));
    assert_eq!((ask(number, &reader).status, ask(number + 9, &writer).status), (403, 404));
    page.server.haechi(&["app", "altcha-key", "nobody"]).fails(1, "nobody");
    let audit = token("audit:read");
    let log = request("GET", &format!("{}/admin/v1/audit", page.server.url()), &[("authorization", &audit)]).json();
    let shown = |entry: &&Value| entry["action"] == "app.altcha_key_shown" && entry["subject"] == "default";
    assert_eq!(log["entries"].as_array().unwrap().iter().filter(shown).count(), 2, "{log}");
    assert!(!page.server.stderr().contains(&key));
}

#[test]
fn a_key_is_the_same_whether_a_server_runs_or_not() {
    let page = Page::of_policy("work", &[]);
    let running = altcha_key(&page.server);
    let folder = page.server.data_dir().to_owned();
    let kept = page.server.kill();
    let stopped = crate::server::haechi_in(&folder, &["app", "altcha-key", "default"]).json();
    assert_eq!(stopped["altcha_key"], running);
    drop(kept);
}

#[test]
fn refusals_are_in_the_words_of_altcha() {
    let page = Page::of_policy("word", &[]);
    page.server.haechi(&["app", "set", "default", "--hostnames", "shop.example"]).json();
    let site_key = page.site_key();
    let error = |path: &str, headers: &[(&str, &str)]| {
        let reply = begin_at(&page, path, headers);
        check(&reply, reply.status, Words::Fault);
        assert_eq!(reply.header("access-control-allow-origin"), "*", "{path}");
        (reply.status, reply.json()["error"].as_str().unwrap().to_owned())
    };
    let expected = |status: u16, error: &str| (status, error.to_owned());
    for path in ["/altcha/v1/challenge", "/altcha/v2/challenge", "/v1/challenge"] {
        assert_eq!(error(path, &[ORIGIN]), expected(400, "BAD_REQUEST"));
        assert_eq!(error(&format!("{path}?sitekey=x"), &[ORIGIN]), expected(400, "INVALID_API_KEY"));
        let whole = format!("{path}?sitekey={site_key}");
        assert_eq!(error(&whole, &[]), expected(403, "HOSTNAME_NOT_ALLOWED"));
        assert_eq!(error(&whole, &[("origin", "https://evil.example")]), expected(403, "HOSTNAME_NOT_ALLOWED"));
        assert_eq!(begin_at(&page, &whole, &[ORIGIN]).status, 200);
        assert_eq!(error(&format!("{path}/more"), &[]), expected(404, "NOT_FOUND"));
        let head = request("HEAD", &format!("{}{whole}", page.server.url()), &[ORIGIN]);
        assert_eq!((head.status, head.header("allow")), (405, "GET"), "it would make a challenge");
        let put = request("PUT", &format!("{}{whole}", page.server.url()), &[]);
        assert_eq!((put.status, put.json()["error"].as_str()), (405, Some("METHOD_NOT_ALLOWED")));
    }
    let payload = solved(&begin(&page, "v2"));
    // Of a page that may not show it. This call has no origin.
    assert_eq!(verify(&page, "v2", &payload, Some("x")), refused("HOSTNAME_NOT_ALLOWED"));
    let large = post(&page, "/altcha/v2/verify", &json!({ "payload": "A".repeat(17_000) }));
    assert_eq!((large.status, large.json()), (413, refused("BAD_REQUEST")));
    page.server.haechi(&["app", "disable", "default"]).json();
    assert_eq!(error(&format!("/altcha/v2/challenge?sitekey={site_key}"), &[ORIGIN]), expected(400, "INVALID_API_KEY"));
    assert_eq!(verify(&page, "v2", &payload, Some("x")), refused("INVALID_PAYLOAD"));
}

#[test]
fn who_calls_too_often_is_told_so_by_a_verdict_that_widgets_read() {
    let page = Page::of_policy("work", &["--issue-per-minute", "2", "--verify-per-minute", "1"]);
    let payload = solved(&begin(&page, "v1"));
    begin(&page, "v1");
    let reply = begin_at(&page, &format!("/altcha/v1/challenge?sitekey={}", page.site_key()), &[ORIGIN]);
    assert_eq!((reply.status, reply.json()["error"].as_str()), (429, Some("RATE_LIMITED")));
    assert_ne!(reply.header("retry-after"), "");
    assert_eq!(verify(&page, "v1", &payload, None)["verified"], true);
    assert_eq!(verify(&page, "v1", &payload, None), refused("RATE_LIMITED"));
    // A site's server redeems for everybody.
    let redeemed = (0..3).map(|_| redeem(&page, "v1", &payload)["reason"].clone());
    assert!(redeemed.into_iter().all(|reason| reason == "PAYLOAD_ALREADY_USED"));
}

#[test]
fn browsers_may_call_from_any_page() {
    let page = Page::of_policy("word", &[]);
    for (path, method) in [("/altcha/v2/challenge", "GET"), ("/altcha/v1/verify", "POST"), ("/v1/verify", "POST")] {
        let headers =
            [ORIGIN, ("access-control-request-method", method), ("access-control-request-headers", "content-type")];
        let reply = request("OPTIONS", &format!("{}{path}", page.server.url()), &headers);
        assert_eq!((reply.status, reply.header("access-control-allow-origin")), (200, "*"), "{path}");
        assert!(reply.header("access-control-allow-headers").contains("content-type"), "{path}");
    }
}
