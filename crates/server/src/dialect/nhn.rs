//! NHN Cloud CAPTCHA API v1.0.
//!
//! Each handler makes its checks in the order of the wire contract: -4, -7, -2, -8, -5, -6.

mod media;
pub(crate) mod reply;

use std::sync::Arc;

use axum::{
    extract::{RawQuery, Request, State},
    http::{Method, Uri, header},
    response::Response,
};
use haechi_captcha::Language;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use utoipa_axum::routes;

use self::reply::{Envelope, IssuedEnvelope};
use crate::{
    clock::unix_now,
    domain::{
        apps::LiveApp, ledger::Expiry, limits::Limited, metrics::Call, outcome::Outcome, refusal::Refusal,
        service::Service,
    },
    http::{
        parameters::Parameters,
        request::{read_body, segment_after},
        routes::{Dialect, Routes},
    },
};

/// All calls of this dialect.
pub(crate) fn routes() -> Routes<Arc<Service>> {
    Routes::of(Dialect::Nhn)
        .naming_apps(app_named)
        .call(Call::Issue, routes!(issue))
        .call(Call::Image, routes!(media::image))
        .call(Call::Sound, routes!(media::sound))
        .call(Call::Verify, routes!(verify, verify_by_post))
        .call(Call::Expire, routes!(expire))
}

/// The app whose appkey or key stands in a path.
fn app_named(service: &Service, limited: Limited, uri: &Uri) -> Result<Arc<LiveApp>, Refusal> {
    match limited {
        Limited::Issue | Limited::Verify => service.app(segment_after(uri, "appkeys"), unix_now()),
        Limited::Media => service.word(segment_after(uri, "keys")).map(|(_, live)| live),
    }
}

/// Issue a challenge.
///
/// The body and its type are ignored.
#[utoipa::path(
    post, path = "/captcha/v1.0/appkeys/{appkey}/keys", tag = "CAPTCHA API v1.0",
    params(
        ("appkey" = String, Path, description = "The app's appkey, 64 hexadecimal digits"),
        ("lang" = Option<String>, Query, description = "ko, en, ja or zh: the one language in which the challenge then speaks. If not given, it speaks any, and in each but the app's says a word other than the picture's, which counts too"),
    ),
    responses(
        (status = 200, body = IssuedEnvelope, description = "`SUCCESS` with the key; or an envelope with `APPKEY_ERROR` (-4) or `PARAMETER_ERROR` (-2) and no key"),
        (status = 429, body = Envelope, description = "`HTTP_STATUS_ERROR` (-3): the app's rate limit is reached, or the client's; `Retry-After` says for how long"),
        (status = 503, body = Envelope, description = "`FAIL` (-1): a key issued now could not pass"),
    )
)]
async fn issue(State(service): State<Arc<Service>>, uri: Uri) -> Result<Response, Refusal> {
    let now = unix_now();
    let live = service.app(segment_after(&uri, "appkeys"), now)?;
    let language = fixed_language(uri.query().unwrap_or_default())?;
    Ok(reply::issued(&service.issue(&live, language, now).await?))
}

/// The language that `lang` fixes. One that we do not speak is refused: the caller would take the challenge for fixed.
pub(crate) fn fixed_language(query: &str) -> Result<Option<Language>, Refusal> {
    let tag = Parameters::new(query).single(&["lang"])?;
    tag.map(|tag| tag.parse().map_err(|_| Refusal::Parameter)).transpose()
}

/// Judge an answer.
///
/// A right answer spends the key; a wrong one takes one of its attempts. `POST` is the same, with the answer in the
/// query, in a form, or in JSON.
#[utoipa::path(
    get, path = "/captcha/v1.0/appkeys/{appkey}/keys/{key}/verification", tag = "CAPTCHA API v1.0",
    params(
        ("appkey" = String, Path, description = "The app's appkey, 64 hexadecimal digits"),
        ("key" = String, Path, description = "The key of the challenge"),
        ("answer" = Option<String>, Query, description = "What the person typed. Case, spaces, hyphens, dots and commas do not count"),
    ),
    responses(
        (status = 200, body = Envelope, description = "`SUCCESS`, `APPKEY_ERROR` (-4), `INVALID_KEY_ERROR` (-7), `PARAMETER_ERROR` (-2), `EMPTY_ANSWER` (-8), `EXPIRED_KEY_ERROR` (-5) or `WRONG_ANSWER_ERROR` (-6)"),
        (status = 503, body = Envelope, description = "`FAIL` (-1): the server could not decide; the answer has not passed"),
    )
)]
async fn verify(
    State(service): State<Arc<Service>>,
    uri: Uri,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Refusal> {
    let now = unix_now();
    let live = service.app(segment_after(&uri, "appkeys"), now)?;
    let challenge = service.word_of(&live, segment_after(&uri, "keys"))?;
    let encoded = with_form(query.unwrap_or_default(), request).await?;
    let Some(answer) = Parameters::new(&encoded).single(&["answer"])? else {
        return Ok(reply::outcome(Outcome::EmptyAnswer));
    };
    let judged = service.judge(&live, &challenge, &*answer, now).await?;
    Ok(reply::outcome(judged.verdict.outcome()))
}

/// Judge an answer.
///
/// The same with POST, where the answer may also come as a form or as JSON: `{"answer": "…"}`
#[utoipa::path(
    post, path = "/captcha/v1.0/appkeys/{appkey}/keys/{key}/verification", tag = "CAPTCHA API v1.0",
    params(
        ("appkey" = String, Path, description = "The app's appkey, 64 hexadecimal digits"),
        ("key" = String, Path, description = "The key of the challenge"),
        ("answer" = Option<String>, Query, description = "What the person typed. Case, spaces, hyphens, dots and commas do not count"),
    ),
    responses(
        (status = 200, body = Envelope, description = "`SUCCESS`, `APPKEY_ERROR` (-4), `INVALID_KEY_ERROR` (-7), `PARAMETER_ERROR` (-2), `EMPTY_ANSWER` (-8), `EXPIRED_KEY_ERROR` (-5) or `WRONG_ANSWER_ERROR` (-6)"),
        (status = 503, body = Envelope, description = "`FAIL` (-1): the server could not decide; the answer has not passed"),
    )
)]
async fn verify_by_post(
    service: State<Arc<Service>>,
    uri: Uri,
    query: RawQuery,
    request: Request,
) -> Result<Response, Refusal> {
    verify(service, uri, query, request).await
}

/// Expire a key.
#[utoipa::path(
    delete, path = "/captcha/v1.0/appkeys/{appkey}", tag = "CAPTCHA API v1.0",
    params(
        ("appkey" = String, Path, description = "The app's appkey, 64 hexadecimal digits"),
        ("key" = String, Query, description = "The key of the challenge. `keys` is accepted too"),
    ),
    responses(
        (status = 200, body = Envelope, description = "`SUCCESS`, `APPKEY_ERROR` (-4), `PARAMETER_ERROR` (-2), `INVALID_KEY_ERROR` (-7) or `EXPIRED_KEY_ERROR` (-5)"),
        (status = 503, body = Envelope, description = "`FAIL` (-1): the server could not decide"),
    )
)]
async fn expire(State(service): State<Arc<Service>>, uri: Uri, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let now = unix_now();
    let live = service.app(segment_after(&uri, "appkeys"), now)?;
    let query = query.unwrap_or_default();
    let key = Parameters::new(&query).single(&["key", "keys"])?.ok_or(Refusal::Parameter)?;
    if key.is_empty() {
        return Err(Refusal::Parameter);
    }
    let challenge = service.word_of(&live, &key)?;
    Ok(reply::outcome(match service.expire(&live, &challenge, now).await? {
        Expiry::Done => Outcome::Success,
        Expiry::Spent => Outcome::ExpiredKeyError,
    }))
}

/// The query, with the parameters of a `POST`'s body after it.
async fn with_form(query: String, request: Request) -> Result<String, Refusal> {
    if request.method() != Method::POST {
        return Ok(query);
    }
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|text| text.split(';').next()).unwrap_or_default().trim();
    let is_json = media_type.eq_ignore_ascii_case("application/json");
    let is_form = media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded");
    let body = read_body(request).await?;
    let form = match std::str::from_utf8(&body) {
        _ if !is_json && !is_form => return Ok(query),
        Ok(text) if is_form => text.to_owned(),
        Ok(text) => form_of_json(text)?,
        Err(_) => return Err(Refusal::Parameter),
    };
    Ok(format!("{query}&{form}"))
}

/// The body of a `POST` in JSON.
#[derive(Deserialize)]
struct VerifyBody {
    answer: Option<String>,
}

fn form_of_json(text: &str) -> Result<String, Refusal> {
    if text.trim().is_empty() {
        return Ok(String::new());
    }
    let body: VerifyBody = serde_json::from_str(text).map_err(|_| Refusal::Parameter)?;
    let pair = |answer: String| format!("answer={}", utf8_percent_encode(&answer, NON_ALPHANUMERIC));
    Ok(body.answer.map(pair).unwrap_or_default())
}
