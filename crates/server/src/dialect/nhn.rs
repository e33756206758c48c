//! NHN Cloud CAPTCHA API v1.0.
//!
//! Each handler makes its checks in the order of the wire contract: -4, -7, -2, -8, -5, -6.

pub(crate) mod media;
pub(crate) mod notices;
pub(crate) mod reply;

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, Uri, request::Parts},
    response::Response,
};
use haechi_captcha::Language;
use utoipa_axum::routes;

use self::reply::{Envelope, IssuedEnvelope};
use crate::{
    clock::unix_now,
    domain::{
        apps::LiveApp,
        ledger::{Expiry, request_name},
        limits::Limited,
        metrics::Call,
        outcome::Outcome,
        refusal::{ParameterFault, Refusal},
        service::{Given, Service},
    },
    http::{
        fields::Fields,
        idempotency::idempotency_key,
        parameters::Parameters,
        request::segment_after,
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
fn app_named(service: &Service, limited: Limited, Parts { uri, .. }: &Parts) -> Result<Arc<LiveApp>, Refusal> {
    match limited {
        Limited::Issue | Limited::Verify => service.app(segment_after(uri, "appkeys"), unix_now()),
        Limited::Media => service.word(segment_after(uri, "keys")).map(|(_, live)| live),
        // No route here shows a challenge: what a site issues, it shows itself.
        Limited::Unanswered => Err(Refusal::AppKey),
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
fn fixed_language(query: &str) -> Result<Option<Language>, Refusal> {
    let parameters = Parameters::of_query(query)?;
    let tag = parameters.single(&["lang"])?;
    Ok(tag.map(|tag| tag.parse().map_err(|_| ParameterFault::Value)).transpose()?)
}

/// Judge an answer.
///
/// A right answer spends the key; a wrong one takes one of its attempts. `POST` is the same, with the answer in the
/// query, in a form, in JSON or in multipart/form-data.
#[utoipa::path(
    get, path = "/captcha/v1.0/appkeys/{appkey}/keys/{key}/verification", tag = "CAPTCHA API v1.0",
    params(
        ("appkey" = String, Path, description = "The app's appkey, 64 hexadecimal digits"),
        ("key" = String, Path, description = "The key of the challenge"),
        ("answer" = Option<String>, Query, description = "What the person typed. Case, spaces, hyphens, dots and commas do not count"),
        ("Idempotency-Key" = Option<String>, Header, description = "A name of the site's making for this request, 1 to 255 printable ASCII characters: the same request again gets the same verdict while the key can be answered, and `SUCCESS` a minute longer"),
    ),
    responses(
        (status = 200, body = Envelope, description = "`SUCCESS`, `APPKEY_ERROR` (-4), `INVALID_KEY_ERROR` (-7), `PARAMETER_ERROR` (-2), `EMPTY_ANSWER` (-8), `EXPIRED_KEY_ERROR` (-5) or `WRONG_ANSWER_ERROR` (-6)"),
        (status = 503, body = Envelope, description = "`FAIL` (-1): the server could not decide; the answer has not passed"),
    )
)]
async fn verify(
    State(service): State<Arc<Service>>,
    uri: Uri,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Refusal> {
    let now = unix_now();
    let live = service.app(segment_after(&uri, "appkeys"), now)?;
    let challenge = service.word_of(&live, segment_after(&uri, "keys"))?;
    let name = idempotency_key(&headers)?;
    let is_post = *request.method() == Method::POST;
    let fields = if is_post { Fields::read_if_told(request).await? } else { Fields::of_query(&request)? };
    let Some(typed) = fields.agreed("answer")? else {
        return Ok(reply::outcome(Outcome::EmptyAnswer));
    };
    // The same name with another answer is another request, so that it tells nothing of the first one's verdict.
    let request = name.map(|name| request_name(&[&name, typed]));
    let judged = service.judge(&live, &challenge, Given { typed, request }, now).await?;
    Ok(reply::outcome(judged.verdict.outcome()))
}

/// Judge an answer.
///
/// The same with POST, where the answer may also come as a form, as multipart/form-data or as JSON: `{"answer": "…"}`
#[utoipa::path(
    post, path = "/captcha/v1.0/appkeys/{appkey}/keys/{key}/verification", tag = "CAPTCHA API v1.0",
    params(
        ("appkey" = String, Path, description = "The app's appkey, 64 hexadecimal digits"),
        ("key" = String, Path, description = "The key of the challenge"),
        ("answer" = Option<String>, Query, description = "What the person typed. Case, spaces, hyphens, dots and commas do not count"),
        ("Idempotency-Key" = Option<String>, Header, description = "A name of the site's making for this request, 1 to 255 printable ASCII characters: the same request again gets the same verdict while the key can be answered, and `SUCCESS` a minute longer"),
    ),
    responses(
        (status = 200, body = Envelope, description = "`SUCCESS`, `APPKEY_ERROR` (-4), `INVALID_KEY_ERROR` (-7), `PARAMETER_ERROR` (-2), `EMPTY_ANSWER` (-8), `EXPIRED_KEY_ERROR` (-5) or `WRONG_ANSWER_ERROR` (-6)"),
        (status = 503, body = Envelope, description = "`FAIL` (-1): the server could not decide; the answer has not passed"),
    )
)]
async fn verify_by_post(
    service: State<Arc<Service>>,
    uri: Uri,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Refusal> {
    verify(service, uri, headers, request).await
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
async fn expire(State(service): State<Arc<Service>>, uri: Uri) -> Result<Response, Refusal> {
    let now = unix_now();
    let live = service.app(segment_after(&uri, "appkeys"), now)?;
    let parameters = Parameters::of_query(uri.query().unwrap_or_default())?;
    let key = parameters.single(&["key", "keys"])?.filter(|key| !key.is_empty()).ok_or(ParameterFault::Missing)?;
    let challenge = service.word_of(&live, key)?;
    Ok(reply::outcome(match service.expire(&live, &challenge, now).await? {
        Expiry::Done => Outcome::Success,
        Expiry::Spent => Outcome::ExpiredKeyError,
    }))
}
