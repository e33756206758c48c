//! What must hold for whatever comes from outside: a function for each fuzz target of `fuzz/`.
//!
//! The tests below run each of them on every file that lies in `fuzz/seeds` and `fuzz/found`.

use std::{future::Future, net::IpAddr, sync::Arc};

use ::redis::Value;
use axum::{
    body::{Body, HttpBody},
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
    response::Response,
};
use haechi_captcha::{Keyring, Language, Secret};
use http_body_util::BodyExt;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tower::ServiceExt;

use crate::{
    domain::{
        admin,
        apps::{self, App, AppSettings, Apps, STORED_NUMBERS, SettingChanges, check_declared},
        client::{Client, ForwardedHeader, Proxies, TrustedProxies},
        ledger::{Ledger, MemoryLedger},
        refusal::{ParameterFault, Refusal},
        service::{Nonces, Service},
        statistics,
    },
    http::{
        fields::Fields,
        idempotency::idempotency_key,
        language,
        lists::{MAX_ELEMENTS, elements},
        media::in_range,
        parameters::{MAX_PARAMETERS, MAX_VALUE_BYTES, Parameters},
        proxy_protocol::Introduction,
        request::segment_after,
    },
    installation::config::{ConfigFile, LedgerKind, LedgerUrlError},
    keep::{remote::AddressError, store::StoreError},
    router,
};

/// Splits what is the input's first byte, and stands for a choice, from the rest.
fn choice(bytes: &[u8]) -> (u8, &[u8]) {
    bytes.split_first().map_or((0, bytes), |(choice, rest)| (*choice, rest))
}

/// Text is a query and a path. A parameter has one value or none, which is that of a lenient reader if it has one.
pub fn parameters(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let single = |query: &str| {
        let parameters = Parameters::of_query(query)?;
        parameters.single(&["answer"]).map(|value| value.map(str::to_owned))
    };
    let lenient = || url::form_urlencoded::parse(text.as_bytes()).filter(|(name, _)| name == "answer");
    match single(&text) {
        Ok(Some(value)) => {
            assert!(value.len() <= MAX_VALUE_BYTES);
            assert!(lenient().all(|(_, other)| other == value), "{text:?} says {value:?}, and something else");
            let encoded = format!("answer={}", utf8_percent_encode(&value, NON_ALPHANUMERIC));
            assert_eq!(single(&encoded).ok().flatten(), Some(value.clone()));
            let has_room = text.split('&').filter(|pair| !pair.is_empty()).count() < MAX_PARAMETERS;
            let before = single(&format!("{encoded}&{text}"));
            assert_eq!(before, if has_room { Ok(Some(value.clone())) } else { Err(ParameterFault::TooMany) });
            assert_eq!(single(&format!("{text}&answer=another")).is_ok(), has_room && value == "another");
        }
        Ok(None) => assert_eq!(lenient().count(), 0, "{text:?} has an answer"),
        Err(fault) => {
            use ParameterFault::{Ambiguous, Encoding, TooLong, TooMany};
            assert!(matches!(fault, Ambiguous | Encoding | TooLong | TooMany), "{fault}");
        }
    }
    if let Ok(uri) = text.parse::<Uri>() {
        let segment = segment_after(&uri, "keys");
        assert!(segment.is_empty() || uri.path().contains(&format!("keys/{segment}")), "{uri}");
        assert!(!segment.contains(['/', '?', '#']), "{uri}");
    }
}

/// A body of whichever type is read or refused, and a value of it is what a plain reader finds.
pub fn fields(bytes: &[u8]) {
    const TYPES: [&str; 7] = [
        "application/x-www-form-urlencoded",
        "application/json",
        "multipart/form-data; boundary=b",
        "text/plain",
        "",
        "application/x-www-form-urlencoded; charset=euc-kr",
        "application/json; charset=shift_jis",
    ];
    let (first, body) = choice(bytes);
    let content_type = TYPES[usize::from(first) % TYPES.len()];
    let request = Request::post("/siteverify?response=in-the-query").header(header::CONTENT_TYPE, content_type);
    let request = request.body(Body::from(body.to_vec())).expect("the request is of letters and digits");
    let fields = match block_on(Fields::read(request)) {
        Ok(fields) => fields,
        Err(refusal) => return assert!(matches!(refusal, Refusal::Parameter(_) | Refusal::Http(_)), "{refusal}"),
    };
    match fields.single(&["response"]) {
        Ok(value) => assert!(value.is_some_and(|value| value.len() <= 3 * body.len() + 12)),
        Err(fault) => {
            use ParameterFault::{Ambiguous, Charset, Encoding, Value};
            assert!(matches!(fault, Ambiguous | Charset | Encoding | Value), "{fault}");
        }
    }
}

/// Whatever is sent to a call of a widget, ALTCHA's and Cap's too, or to a siteverify, the reply is JSON in the call's own words, no fault of the
/// server's, and no pass.
pub fn widget(bytes: &[u8]) {
    const CALLS: [&str; 10] = [
        "/widget/v1/begin",
        "/widget/v1/answer",
        "/widget/v1/renew",
        "/siteverify",
        "/recaptcha/api/siteverify",
        "/turnstile/v0/siteverify",
        "/altcha/v2/verify",
        "/altcha/v2/verify/signature",
        "/cap/SITE/redeem",
        "/cap/SITE/siteverify",
    ];
    let (first, body) = choice(bytes);
    let call = CALLS[usize::from(first) % CALLS.len()];
    let app = App::new(1, "shop", apps::AppKey::from_bytes([7; 32]).hash());
    let live = Arc::new(Apps::default());
    // What the input may name are a site key and an appkey that are known.
    let site_key = app.site_key().to_string();
    let body = String::from_utf8_lossy(body)
        .replace("SITE", &site_key)
        .replace("SECRET", apps::AppKey::from_bytes([7; 32]).as_str());
    live.replace(vec![app]);
    let keyring = Keyring::new(&Secret::from_bytes([1; 32]));
    let service = Service::new(keyring, live, Ledger::Memory(MemoryLedger::new(10, 0)), Nonces::new(0, 0));
    let call = call.replace("SITE", &site_key);
    let request = Request::post(&call).body(Body::from(body)).expect("the request is of letters and digits");
    let (status, reply) = block_on(async {
        let options = router::Options::default();
        let response =
            router::router(Arc::new(service), None, options).oneshot(request).await.expect("it is infallible");
        let status = response.status();
        let body = response.into_body().collect().await.expect("the reply is in memory").to_bytes();
        (status, serde_json::from_slice::<serde_json::Value>(&body).expect("the reply is JSON"))
    });
    assert!(!status.is_server_error(), "{call}: {status} {reply}");
    let is_passed = reply["success"] == true || reply["verified"] == true || reply["verdict"] == "passed";
    assert!(!is_passed, "{call}: {reply}");
    let words: &[&str] = match () {
        () if call.starts_with("/widget") => &["error", "key", "verdict"],
        () if call.starts_with("/altcha") => &["error", "verified"],
        () => &["success"],
    };
    assert!(words.iter().any(|word| reply.get(word).is_some()), "{call}: {reply}");
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime without IO needs nothing").block_on(future)
}

/// What names a request is the same name when it stands in quotes, and nothing else is a name.
pub fn idempotency(bytes: &[u8]) {
    let read = |value: HeaderValue| {
        let headers = HeaderMap::from_iter([(HeaderName::from_static("idempotency-key"), value)]);
        idempotency_key(&headers).map(|name| name.map(|name| name.into_owned()))
    };
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    match read(value) {
        Ok(name) => {
            let name = name.expect("there is a header");
            assert!((1..=255).contains(&name.len()) && name.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{name}");
            let quoted = format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
            let quoted = HeaderValue::from_str(&quoted).expect("it is printable");
            assert_eq!(read(quoted), Ok(Some(name)));
        }
        Err(fault) => assert_eq!(fault, ParameterFault::IdempotencyKey),
    }
}

/// Whatever `Range` says, what comes is the whole, the part that `Content-Range` names, or nothing of it.
pub fn range(bytes: &[u8]) {
    let (first, rest) = choice(bytes);
    let (second, rest) = choice(rest);
    let size = 1 + usize::from(u16::from_be_bytes([first, second]));
    let Ok(value) = HeaderValue::from_bytes(rest) else { return };
    let response = in_range(vec![7; size].into(), &HeaderMap::from_iter([(header::RANGE, value)]));
    let sent = response.body().size_hint().exact();
    match response.status() {
        StatusCode::OK => assert_eq!((sent, content_range(&response)), (Some(size as u64), None)),
        StatusCode::PARTIAL_CONTENT => {
            let said = content_range(&response).expect("a part says which it is");
            let (part, whole) = said.strip_prefix("bytes ").and_then(|said| said.split_once('/')).expect("bytes A-B/C");
            let (start, end) = part.split_once('-').expect("a part has two ends");
            let [start, end, whole] = [start, end, whole].map(|number| number.parse::<u64>().expect("a number"));
            assert!(start <= end && end < whole && whole == size as u64, "{said}");
            assert_eq!(sent, Some(end - start + 1));
        }
        StatusCode::RANGE_NOT_SATISFIABLE => {
            assert_eq!(content_range(&response), Some(format!("bytes */{size}").as_str()));
        }
        other => panic!("{other}"),
    }
}

fn content_range(response: &Response) -> Option<&str> {
    response.headers().get(header::CONTENT_RANGE).map(|value| value.to_str().expect("it is of digits and signs"))
}

/// `Accept-Language` chooses among the languages that there are, and none that it does not name.
pub fn language(bytes: &[u8]) {
    let (set, rest) = choice(bytes);
    let there: Vec<_> = (0..4).filter(|bit| set >> bit & 1 == 1).map(|bit| Language::ALL[bit]).collect();
    let headers = lines(rest, &header::ACCEPT_LANGUAGE);
    let with = |line: &str, at_start: bool| {
        let line = HeaderValue::from_str(line).expect("it is of letters and digits");
        let given = headers.get_all(header::ACCEPT_LANGUAGE).iter().cloned();
        let lines: Vec<_> =
            if at_start { [line].into_iter().chain(given).collect() } else { given.chain([line]).collect() };
        lines.into_iter().map(|line| (header::ACCEPT_LANGUAGE, line)).collect::<HeaderMap>()
    };
    if elements(&headers, header::ACCEPT_LANGUAGE).count() == MAX_ELEMENTS {
        return; // of such a list the end is not read
    }
    let preferred = language::preferred_among(&there, &headers);
    if let Some(language) = preferred {
        let text = String::from_utf8_lossy(rest).to_ascii_lowercase();
        assert!(there.contains(&language) && text.contains(language.tag()), "{text:?}: {language:?}");
    }
    for tag in there.iter().map(|language| language.tag()) {
        let of_headers =
            |headers: &HeaderMap| language::preferred_among(&there, headers).map(|language| language.tag());
        assert_eq!(of_headers(&with(tag, true)), Some(tag), "nothing is better than the first of the best");
        assert!(of_headers(&with(tag, false)).is_some());
        assert_eq!(of_headers(&with(&format!("{tag};q=0"), false)), preferred.map(Language::tag));
    }
}

/// A header with these lines, as far as they can be a header's.
fn lines(bytes: &[u8], name: &HeaderName) -> HeaderMap {
    let lines = bytes.split(|byte| *byte == b'\n').filter_map(|line| HeaderValue::from_bytes(line).ok());
    lines.take(50).map(|line| (name.clone(), line)).collect()
}

/// A header of the PROXY protocol that is read is whole, and nothing behind it is taken.
pub fn proxy_protocol(bytes: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime without threads");
    let mut rest = bytes;
    let Ok(read) = runtime.block_on(Introduction::read(&mut rest)) else { return };
    let header = &bytes[..bytes.len() - rest.len()];
    assert!(header.len() <= 16 + 2048, "{} bytes are read", header.len());
    assert_eq!(Introduction::parse(header), Some(read));
    assert!(read.client.is_none_or(|client| !client.ip().is_unspecified()));
    for length in 0..header.len() {
        assert_eq!(Introduction::parse(&header[..length]), None, "half a header is read");
    }
}

/// A forwarded header counts as far as trusted proxies wrote it, and no further.
pub fn forwarded(bytes: &[u8]) {
    let (header, rest) = choice(bytes);
    let (header, name, other_name) = if header & 1 == 0 {
        (ForwardedHeader::XForwardedFor, HeaderName::from_static("x-forwarded-for"), header::FORWARDED)
    } else {
        (ForwardedHeader::Forwarded, header::FORWARDED, HeaderName::from_static("x-forwarded-for"))
    };
    let address = |text: &str| text.parse::<IpAddr>().expect("an address");
    let (proxy, stranger) = (address("10.0.0.1"), address("198.51.100.7"));
    let proxies = Proxies { trusted: "10.0.0.0/8,fd00::/8".parse().expect("networks"), header, standing: None };
    let headers = lines(rest, &name);
    let (ours, theirs) = (proxies.client(proxy, &headers), proxies.client(stranger, &headers));
    assert_eq!(theirs, Client::new(stranger), "a stranger's word counts");
    assert!(!proxies.is_https(stranger, &headers));
    assert_eq!(Proxies::default().client(proxy, &headers), Client::new(proxy));
    assert_eq!(proxies.client(proxy, &lines(rest, &other_name)), Client::new(proxy), "the other header counts");

    let extended = |entry: &str| {
        let mut headers = headers.clone();
        headers.append(&name, HeaderValue::from_str(entry).expect("it is of letters and digits"));
        proxies.client(proxy, &headers)
    };
    let element = |address: &str| {
        if header == ForwardedHeader::Forwarded { format!("for={address}") } else { address.to_owned() }
    };
    assert_eq!(extended(&element("203.0.113.9")), Client::new(address("203.0.113.9")), "what the proxy says is last");
    assert_eq!(extended(&element("unknown")), Client::new(proxy), "what cannot be read ends the chain");
    // One more proxy changes nothing, unless it is the last that can be read.
    let through_another = extended(&element("10.0.0.2"));
    let ends_there = ours == Client::new(proxy) && through_another == Client::new(address("10.0.0.2"));
    assert!(through_another == ours || ends_there);

    let text = String::from_utf8_lossy(rest);
    if let Ok(trusted) = text.parse::<TrustedProxies>() {
        assert_eq!(text.parse(), Ok(trusted));
    }
}

/// A configuration file is used or refused whole; what is wrong stands at a line of it and shows no appkey.
pub fn config(bytes: &[u8]) {
    const APPKEY: &str = "2b847e2a0afd82e8ff45434f32e8e6e62bf56bcf83ca1befb3739ed9460eb685";
    let text = String::from_utf8_lossy(bytes);
    check_config(&text);
    let with_app = format!("[[apps]]\nname = 'shop'\nappkey = '{APPKEY}'\n{text}");
    let problems = check_config(&with_app);
    let is_secret = |part: &str| !text.contains(part);
    for part in [&APPKEY[..16], &APPKEY[48..]].into_iter().filter(|part| is_secret(part)) {
        assert!(!problems.contains(part), "{problems}");
    }
    if let Ok(file) = ConfigFile::parse(&with_app) {
        // What is accepted is accepted once.
        let twice = format!("{with_app}\n[[apps]]\nname = 'shop'\nappkey = '{APPKEY}'\n");
        assert!(!file.apps.is_empty() && ConfigFile::parse(&twice).is_err());
    }
}

/// What is wrong with a file, in lines.
fn check_config(text: &str) -> String {
    match ConfigFile::parse(text) {
        Ok(file) => {
            assert!(check_declared(&file.apps).is_empty());
            for app in &file.apps {
                let changes = SettingChanges::from(app.settings.clone());
                changes.applied_to(&AppSettings::default()).expect("settings are checked");
                assert!(App::from(app).number >= STORED_NUMBERS);
            }
            let apps = Apps::default();
            apps.replace(file.apps.iter().map(App::from).collect());
            assert_eq!(apps.current().all().len(), file.apps.len());
            String::new()
        }
        Err(problems) => {
            let lines = 1 + text.bytes().filter(|byte| *byte == b'\n').count();
            assert!(!problems.is_empty() && problems.is_sorted());
            for problem in &problems {
                assert!((1..=lines).contains(&problem.line), "{problem}");
                assert!(!problem.message.contains('\n') && !problem.message.is_empty(), "{problem}");
            }
            assert_eq!(ConfigFile::parse(text).err().as_ref(), Some(&problems), "it is refused in the same words");
            problems.iter().map(|problem| format!("{problem}\n")).collect()
        }
    }
}

/// A ledger's URL is within bounds or refused, and nothing of its password is shown.
pub fn ledger_url(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match text.parse::<LedgerKind>() {
        Ok(LedgerKind::Redis(address)) => address.check(),
        Ok(LedgerKind::Embedded) => assert_eq!(text, "embedded:"),
        Ok(LedgerKind::Memory) => assert_eq!(text, "memory:"),
        // Only the name of a setting is anything that was typed.
        Err(LedgerUrlError::Address(AddressError::Setting(name))) => {
            assert!(!name.contains('@') || text.contains("%40"));
        }
        Err(error) => assert_eq!(text.parse::<LedgerKind>(), Err(error)),
    }
}

/// A stored record is read as something that this program could have stored, or refused as no such thing.
pub fn record(bytes: &[u8]) {
    let (kind, rest) = choice(bytes);
    match kind % 8 {
        0 => app(rest),
        1 => admin::fuzzing::user(rest),
        2 => admin::fuzzing::token(rest),
        3 => admin::fuzzing::session(rest),
        4 => admin::fuzzing::audit_entry(rest),
        5 => statistics::fuzzing::row(&String::from_utf8_lossy(rest)),
        6 => hash(rest),
        _ => {
            let (kind, rest) = choice(rest);
            admin::fuzzing::later(kind, rest);
        }
    }
}

fn app(json: &[u8]) {
    match apps::record::decode(1, json) {
        Ok(app) => {
            let written = apps::record::encode(&app).expect("what was read can be written");
            assert_eq!(apps::record::decode(1, &written).expect("what was written can be read"), app);
            check_apps(vec![app]);
        }
        Err(error) => assert!(matches!(error, StoreError::Format { .. }), "{error}"),
    }
}

/// A hash of Redis with the fields and values that stand in these lines by turns.
fn hash(bytes: &[u8]) {
    let lines: Vec<_> = bytes.split(|byte| *byte == b'\n').map(|line| Value::BulkString(line.to_vec())).collect();
    let pairs = lines.as_chunks::<2>().0.iter().map(|[field, value]| (field.clone(), value.clone()));
    match apps::apps_of(Value::Map(pairs.collect())) {
        Ok(apps) => check_apps(apps),
        Err(error) => assert!(matches!(error, StoreError::Format { .. }), "{error}"),
    }
}

/// Requests can use the apps: each is found, and lives as long as an app may.
fn check_apps(stored: Vec<App>) {
    let count = stored.len();
    let numbers: Vec<u32> = stored.iter().map(|app| app.number).collect();
    assert!(numbers.iter().all(|number| (1..STORED_NUMBERS).contains(number)));
    let apps = Apps::default();
    apps.replace(stored);
    assert_eq!(apps.current().all().len(), count);
    for number in numbers {
        let current = apps.current();
        let live = current.by_number(number).expect("an app is found by its number");
        assert!(live.may_issue());
        assert!((30..=3600).contains(&live.expires_at(0)));
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    /// Runs a target on what lies in its folders.
    fn check(target: &str, run: fn(&[u8])) {
        let mut count = 0;
        for folder in ["seeds", "found"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz").join(folder).join(target);
            let Ok(files) = fs::read_dir(&folder) else { continue };
            for file in files {
                let file = file.unwrap().path();
                println!("{}", file.display()); // shown if it fails
                run(&fs::read(&file).unwrap());
                count += 1;
            }
        }
        assert!(count > 0, "{target} has no seeds");
    }

    macro_rules! targets {
        ($($test:ident: $target:ident,)*) => {
            $(#[test]
            fn $test() {
                check(stringify!($target), $target);
            })*
        };
    }

    targets! {
        known_queries_and_paths_are_read_soundly: parameters,
        known_ranges_are_read_soundly: range,
        known_bodies_are_read_soundly: fields,
        known_names_of_requests_are_read_soundly: idempotency,
        known_calls_of_widgets_and_sites_are_answered_soundly: widget,
        known_languages_are_read_soundly: language,
        known_forwarded_headers_are_read_soundly: forwarded,
        known_proxy_headers_are_read_soundly: proxy_protocol,
        known_configurations_are_read_soundly: config,
        known_ledger_urls_are_read_soundly: ledger_url,
        known_records_are_read_soundly: record,
    }
}
