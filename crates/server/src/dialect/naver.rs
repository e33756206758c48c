//! NAVER's CAPTCHA in both of its generations: NAVER Cloud CAPTCHA, and that of NAVER Developers before it.
//!
//! A site's server asks for a key, shows the picture or the sound of it, and has the answer judged at the address at which
//! it got the key. Clients pull the key out by `"key":"(\w+)"`, so that it is printed without hyphens.

pub(crate) mod reply;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header, request::Parts},
    response::Response,
};
use haechi_captcha::{Key, PictureFormat};
use utoipa_axum::routes;

use self::reply::{ClientError, GatewayError, Issued, OpenError, Verified};
pub(crate) use self::reply::{Generation, refusal};
use super::nhn::{
    media::MediaRequest,
    notices::{Onlooker, Sense, is_player},
};
use crate::{
    clock::unix_now,
    domain::{
        apps::LiveApp,
        ledger::request_name,
        limits::Limited,
        metrics::Call,
        outcome::Outcome,
        refusal::{ParameterFault, Refusal},
        service::{Given, Judged, Service, Verdict},
    },
    http::{
        idempotency::idempotency_key,
        lists::elements,
        parameters::Parameters,
        routes::{Dialect, Routes},
    },
};

/// The headers of a client's name: an app's site key.
const CLIENT_IDS: [HeaderName; 2] =
    [HeaderName::from_static("x-ncp-apigw-api-key-id"), HeaderName::from_static("x-naver-client-id")];
/// The headers of a client's secret: an app's.
const CLIENT_SECRETS: [HeaderName; 2] =
    [HeaderName::from_static("x-ncp-apigw-api-key"), HeaderName::from_static("x-naver-client-secret")];

/// The longest time that a reply tells, in seconds.
const MAX_RESPONSE_SECS: u64 = 7_200;

/// All calls of both generations.
pub(crate) fn routes() -> [Routes<Arc<Service>>; 2] {
    let cloud = Routes::of(Dialect::NaverCloud)
        .naming_apps(app_named)
        .call(Call::Issue, routes!(nkey))
        .asked(call_of)
        .call(Call::Image, routes!(ncaptcha))
        .call(Call::Issue, routes!(skey))
        .asked(call_of)
        .call(Call::Sound, routes!(scaptcha));
    let developers = Routes::of(Dialect::NaverDevelopers)
        .naming_apps(app_named)
        .call(Call::Issue, routes!(old_nkey))
        .asked(call_of)
        .call(Call::Image, routes!(old_ncaptcha))
        .also_at("/v1/captcha/ncaptcha")
        .call(Call::Issue, routes!(old_skey))
        .asked(call_of)
        .call(Call::Sound, routes!(old_scaptcha))
        .also_at("/v1/captcha/scaptcha.bin");
    [cloud, developers]
}

/// What the address of a key is asked for.
fn call_of(uri: &Uri) -> Call {
    let parameters = Parameters::wishes(uri.query().unwrap_or_default());
    match code(&parameters) {
        Ok(Code::Judge) => Call::Verify,
        _ => Call::Issue,
    }
}

enum Code {
    Issue,
    Judge,
}

fn code(parameters: &Parameters<'_>) -> Result<Code, ParameterFault> {
    match parameters.single(&["code"])?.map(str::trim) {
        None | Some("" | "0") => Ok(Code::Issue),
        Some("1") => Ok(Code::Judge),
        Some(_) => Err(ParameterFault::Value),
    }
}

/// The app that calls, or whose key is shown.
fn app_named(service: &Service, limited: Limited, parts: &Parts) -> Result<Arc<LiveApp>, Refusal> {
    match limited {
        Limited::Issue | Limited::Verify => client(service, &parts.headers, unix_now()),
        Limited::Media => service.word(&key_in(&parts.uri)?).map(|(_, live)| live),
        // No route here shows a challenge: what a site issues, it shows itself.
        Limited::Unanswered => Err(Refusal::AppKey),
    }
}

/// Who gets this, and in which sense, if it is a picture or a sound.
///
/// A browser is told in a picture or a sound. A site's server reads: Java's client says that it accepts pictures too, but
/// not first.
pub(crate) fn onlooker(parts: &Parts) -> Option<Onlooker> {
    let first = elements(&parts.headers, header::ACCEPT).next().unwrap_or_default();
    let is_shown = first.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("image/"));
    let name = parts.uri.path().rsplit('/').next()?;
    let sense = match name.trim_end_matches(".bin") {
        "ncaptcha" if is_shown => Sense::Sight,
        "scaptcha" if is_player(&parts.headers) => Sense::HearingInBrowser,
        "ncaptcha" | "scaptcha" => Sense::Neither,
        _ => return None,
    };
    Some(Onlooker::sensing(sense, PictureFormat::Jpeg, parts))
}

/// Issue a challenge, or judge the answer to one.
///
/// A right answer spends the key; a wrong one takes one of its attempts.
#[utoipa::path(
    get, path = "/captcha/v1/nkey", tag = "NAVER CAPTCHA", operation_id = "naver_cloud_nkey",
    params(
        ("code" = Option<u8>, Query, minimum = 0, maximum = 1, description = "0 (the default) issues a challenge, 1 judges an answer"),
        ("key" = Option<String>, Query, max_length = 64, description = "With code 1: the key"),
        ("value" = Option<String>, Query, max_length = 64, description = "With code 1: what the person typed"),
        ("X-NCP-APIGW-API-KEY-ID" = Option<String>, Header, description = "The app's site key"),
        ("X-NCP-APIGW-API-KEY" = Option<String>, Header, description = "The app's secret"),
        ("Idempotency-Key" = Option<String>, Header, description = "A name of the site's making for a request that judges: the same request again gets the same verdict"),
    ),
    responses(
        (status = 200, body = Reply, description = "The key, or whether the answer is right"),
        (status = 401, body = GatewayError, description = "`200`: the client is not known, or its secret is another"),
        (status = 403, body = ClientError, description = "`CT001`: the key is not known, is past its time or was answered"),
        (status = 429, body = GatewayError, description = "`420`: the app's rate limit is reached, or the client's"),
        (status = 500, body = ClientError, description = "`CT500`: the server could not decide; the answer has not passed"),
    )
)]
async fn nkey(State(service): State<Arc<Service>>, uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    answer(&service, &uri, &headers, Kind::Word).await
}

/// Issue a challenge of digits, or judge the answer to one.
///
/// It asks for digits whatever the app's alphabet is: those who hear it are told to type a number.
#[utoipa::path(
    get, path = "/scaptcha/v1/skey", tag = "NAVER CAPTCHA", operation_id = "naver_cloud_skey",
    params(
        ("code" = Option<u8>, Query, minimum = 0, maximum = 1, description = "0 (the default) issues a challenge, 1 judges an answer"),
        ("key" = Option<String>, Query, max_length = 64, description = "With code 1: the key"),
        ("value" = Option<String>, Query, max_length = 64, description = "With code 1: what the person typed"),
        ("X-NCP-APIGW-API-KEY-ID" = Option<String>, Header, description = "The app's site key"),
        ("X-NCP-APIGW-API-KEY" = Option<String>, Header, description = "The app's secret"),
        ("Idempotency-Key" = Option<String>, Header, description = "As for /captcha/v1/nkey"),
    ),
    responses(
        (status = 200, body = Reply, description = "The key, or whether the answer is right"),
        (status = 401, body = GatewayError, description = "As for /captcha/v1/nkey, and so for all others"),
        (status = 403, body = ClientError, description = "`CT001`"),
        (status = 500, body = ClientError, description = "`CT500`"),
    )
)]
async fn skey(State(service): State<Arc<Service>>, uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    answer(&service, &uri, &headers, Kind::Number).await
}

/// Draw a challenge.
#[utoipa::path(
    get, path = "/captcha-bin/v1/ncaptcha", tag = "NAVER CAPTCHA", operation_id = "naver_cloud_ncaptcha",
    params(
        ("key" = String, Query, max_length = 64, description = "The key"),
        ("X-NCP-APIGW-API-KEY-ID" = Option<String>, Query, description = "Not looked at: the key says which app it is"),
        ("scale" = Option<u8>, Query, description = "Image pixels for each CSS pixel: 1, 2 or 3"),
        ("theme" = Option<String>, Query, description = "light or dark, instead of the app's theme"),
    ),
    responses(
        (status = 200, content_type = "image/jpeg", description = "The picture"),
        (status = 403, body = ClientError, description = "`CT001`; to a browser that shows a picture, a small one that says so"),
        (status = 429, body = GatewayError, description = "`420`: the client's limit is reached; likewise"),
        (status = 500, body = ClientError, description = "`CT500`: too much waits to be drawn; likewise"),
    )
)]
async fn ncaptcha(State(service): State<Arc<Service>>, request: MediaRequest) -> Result<Response, Refusal> {
    request.image(&service, &key_in(request.uri())?, PictureFormat::Jpeg).await
}

/// Speak a challenge.
#[utoipa::path(
    get, path = "/scaptcha-bin/v1/scaptcha", tag = "NAVER CAPTCHA", operation_id = "naver_cloud_scaptcha",
    params(
        ("key" = String, Query, max_length = 64, description = "The key"),
        ("X-NCP-APIGW-API-KEY-ID" = Option<String>, Query, description = "Not looked at: the key says which app it is"),
        ("lang" = Option<String>, Query, description = "ko, en, ja or zh; else by `Accept-Language`, else the app's language"),
        ("Range" = Option<String>, Header, description = "A part of the sound, in bytes"),
    ),
    responses(
        (status = 200, content_type = "audio/wav", description = "The sound: mono at 16 kHz, in 16-bit PCM"),
        (status = 206, content_type = "audio/wav", description = "The part that `Range` asked for"),
        (status = 403, body = ClientError, description = "`CT001`; to a browser's player a spoken notice, with status 200"),
        (status = 416, body = GatewayError, description = "`100`: the range is outside the sound"),
        (status = 500, body = ClientError, description = "`CT500`"),
    )
)]
async fn scaptcha(State(service): State<Arc<Service>>, request: MediaRequest) -> Result<Response, Refusal> {
    request.sound(&service, &key_in(request.uri())?).await
}

/// Issue a challenge, or judge the answer to one, as NAVER Developers had it.
#[utoipa::path(
    get, path = "/v1/captcha/nkey", tag = "NAVER CAPTCHA", operation_id = "naver_developers_nkey",
    params(
        ("code" = Option<u8>, Query, minimum = 0, maximum = 1, description = "0 (the default) issues a challenge, 1 judges an answer"),
        ("key" = Option<String>, Query, max_length = 64, description = "With code 1: the key"),
        ("value" = Option<String>, Query, max_length = 64, description = "With code 1: what the person typed"),
        ("X-Naver-Client-Id" = Option<String>, Header, description = "The app's site key"),
        ("X-Naver-Client-Secret" = Option<String>, Header, description = "The app's secret"),
        ("Idempotency-Key" = Option<String>, Header, description = "As for /captcha/v1/nkey"),
    ),
    responses(
        (status = 200, body = Reply, description = "The key, or whether the answer is right"),
        (status = 401, body = OpenError, description = "`024`: the client is not known, or its secret is another"),
        (status = 403, body = ClientError, description = "`CT001`: the key is not known, is past its time or was answered"),
        (status = 429, body = OpenError, description = "`012`: the app's rate limit is reached, or the client's"),
        (status = 500, body = ClientError, description = "`CT500`: the server could not decide; the answer has not passed"),
    )
)]
async fn old_nkey(service: State<Arc<Service>>, uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    nkey(service, uri, headers).await
}

/// Issue a challenge of digits, or judge the answer to one, as NAVER Developers had it.
#[utoipa::path(
    get, path = "/v1/captcha/skey", tag = "NAVER CAPTCHA", operation_id = "naver_developers_skey",
    params(
        ("code" = Option<u8>, Query, minimum = 0, maximum = 1, description = "0 (the default) issues a challenge, 1 judges an answer"),
        ("key" = Option<String>, Query, max_length = 64, description = "With code 1: the key"),
        ("value" = Option<String>, Query, max_length = 64, description = "With code 1: what the person typed"),
        ("X-Naver-Client-Id" = Option<String>, Header, description = "The app's site key"),
        ("X-Naver-Client-Secret" = Option<String>, Header, description = "The app's secret"),
        ("Idempotency-Key" = Option<String>, Header, description = "As for /captcha/v1/nkey"),
    ),
    responses(
        (status = 200, body = Reply, description = "The key, or whether the answer is right"),
        (status = 401, body = OpenError, description = "As for /v1/captcha/nkey, and so for all others"),
        (status = 403, body = ClientError, description = "`CT001`"),
        (status = 500, body = ClientError, description = "`CT500`"),
    )
)]
async fn old_skey(service: State<Arc<Service>>, uri: Uri, headers: HeaderMap) -> Result<Response, Refusal> {
    skey(service, uri, headers).await
}

/// Draw a challenge, as NAVER Developers had it.
#[utoipa::path(
    get, path = "/v1/captcha/ncaptcha.bin", tag = "NAVER CAPTCHA", operation_id = "naver_developers_ncaptcha",
    params(("key" = String, Query, max_length = 64, description = "The key")),
    responses(
        (status = 200, content_type = "image/jpeg", description = "The picture"),
        (status = 403, body = ClientError, description = "`CT001`; to a browser that shows a picture, a small one that says so"),
        (status = 500, body = ClientError, description = "`CT500`"),
    )
)]
async fn old_ncaptcha(service: State<Arc<Service>>, request: MediaRequest) -> Result<Response, Refusal> {
    ncaptcha(service, request).await
}

/// Speak a challenge, as NAVER Developers had it.
#[utoipa::path(
    get, path = "/v1/captcha/scaptcha", tag = "NAVER CAPTCHA", operation_id = "naver_developers_scaptcha",
    params(
        ("key" = String, Query, max_length = 64, description = "The key"),
        ("Range" = Option<String>, Header, description = "A part of the sound, in bytes"),
    ),
    responses(
        (status = 200, content_type = "audio/wav", description = "The sound: mono at 16 kHz, in 16-bit PCM"),
        (status = 206, content_type = "audio/wav", description = "The part that `Range` asked for"),
        (status = 403, body = ClientError, description = "`CT001`; to a browser's player a spoken notice, with status 200"),
        (status = 416, body = OpenError, description = "The range is outside the sound"),
        (status = 500, body = ClientError, description = "`CT500`"),
    )
)]
async fn old_scaptcha(service: State<Arc<Service>>, request: MediaRequest) -> Result<Response, Refusal> {
    scaptcha(service, request).await
}

/// What the address of a key replies.
#[derive(serde::Serialize, utoipa::ToSchema)]
#[serde(untagged)]
#[schema(as = NaverReply)]
#[expect(dead_code, reason = "it stands in the OpenAPI document alone")]
enum Reply {
    Issued(Issued),
    Verified(Verified),
}

/// Of what a challenge is made.
#[derive(Clone, Copy)]
enum Kind {
    /// Of the app's alphabet.
    Word,
    /// Of digits.
    Number,
}

async fn answer(service: &Service, uri: &Uri, headers: &HeaderMap, kind: Kind) -> Result<Response, Refusal> {
    let now = unix_now();
    let live = client(service, headers, now)?;
    let parameters = Parameters::of_query(uri.query().unwrap_or_default())?;
    match code(&parameters)? {
        Code::Issue => Ok(reply::issued(&issue(service, &live, kind, now).await?)),
        Code::Judge => judge(service, &live, &parameters, headers, now).await,
    }
}

async fn issue(service: &Service, live: &LiveApp, kind: Kind, now: u64) -> Result<Key, Refusal> {
    match kind {
        Kind::Word => service.issue(live, None, now).await,
        Kind::Number => service.issue_number(live, now).await,
    }
}

async fn judge(
    service: &Service,
    live: &LiveApp,
    parameters: &Parameters<'_>,
    headers: &HeaderMap,
    now: u64,
) -> Result<Response, Refusal> {
    let key = parameters.single(&["key"])?.ok_or(Refusal::Key)?;
    let word = service.word_of(live, &with_hyphens(key))?;
    let typed = parameters.single(&["value"])?.unwrap_or_default();
    // The same name with another answer is another request, so that it tells nothing of the first one's verdict.
    let request = idempotency_key(headers)?.map(|name| request_name(&[&name, typed]));
    let judged = service.judge(live, &word, Given { typed, request }, now).await?;
    let secs = response_secs(&judged, now);
    match judged.verdict {
        Verdict::Passed => Ok(reply::verified(Outcome::Success, secs)),
        Verdict::Wrong { .. } | Verdict::Undone => Ok(reply::verified(Outcome::WrongAnswerError, secs)),
        Verdict::Empty => Ok(reply::verified(Outcome::EmptyAnswer, secs)),
        Verdict::Spent | Verdict::Late => Err(Refusal::Expired),
    }
}

/// How long after the key the answer came, unless that cannot be known: the key was issued by a clock that is ahead.
fn response_secs(judged: &Judged, now: u64) -> Option<u64> {
    (judged.issued_at <= now && judged.after_secs <= MAX_RESPONSE_SECS).then_some(judged.after_secs)
}

/// The app of the client that the headers name.
fn client(service: &Service, headers: &HeaderMap, now: u64) -> Result<Arc<LiveApp>, Refusal> {
    let live = service.app_of_secret(credential(headers, &CLIENT_SECRETS)?, now)?;
    let id = credential(headers, &CLIENT_IDS)?;
    if live.app.site_key().is_written(id) { Ok(live) } else { Err(Refusal::AppKey) }
}

/// What stands in the one or the other of these headers.
fn credential<'a>(headers: &'a HeaderMap, names: &[HeaderName]) -> Result<&'a str, Refusal> {
    let value = names.iter().find_map(|name| headers.get(name)).map(HeaderValue::to_str);
    value.and_then(Result::ok).map(str::trim).ok_or(Refusal::AppKey)
}

/// The key in a query, as keys are usually written.
fn key_in(uri: &Uri) -> Result<String, Refusal> {
    let parameters = Parameters::of_query(uri.query().unwrap_or_default())?;
    Ok(with_hyphens(parameters.single(&["key"])?.ok_or(Refusal::Key)?))
}

/// A key as keys are usually written, so that both forms of one are one key.
fn with_hyphens(key: &str) -> String {
    let key = key.trim();
    Key::from_simple(key).map_or_else(|_| key.to_owned(), |key| key.to_string())
}
