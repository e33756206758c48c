//! The envelope that every reply but a picture or a sound comes in.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use haechi_captcha::Key;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{outcome::Outcome, refusal::Refusal};

/// What every reply says of itself.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Header {
    /// 0, or a negative error code.
    #[schema(example = 0, minimum = -8, maximum = 0)]
    result_code: i32,
    /// The code's name.
    #[schema(example = "SUCCESS")]
    result_message: &'static str,
    /// Whether the code is 0.
    #[schema(example = true)]
    successful: bool,
}

/// A reply that says only whether the call succeeded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Envelope {
    header: Header,
}

/// The reply to an issued challenge.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IssuedEnvelope {
    header: Header,
    /// The key of the challenge, unless the call was refused.
    #[schema(value_type = String, required = false, format = "uuid", example = "a9859757-5b5a-42d1-bc85-c560b0141ec1")]
    key: String,
    /// The same key: the public reference's table calls it `key`, its example `Key`.
    #[serde(rename = "Key")]
    #[schema(value_type = String, required = false, format = "uuid", example = "a9859757-5b5a-42d1-bc85-c560b0141ec1")]
    same_key: String,
}

impl From<Outcome> for Header {
    fn from(outcome: Outcome) -> Self {
        Self { result_code: outcome.number(), result_message: outcome.name(), successful: outcome == Outcome::Success }
    }
}

/// The reply to a challenge that was issued.
pub(crate) fn issued(key: &Key) -> Response {
    let key = key.to_string();
    let reply = IssuedEnvelope { header: Outcome::Success.into(), same_key: key.clone(), key };
    envelope(Outcome::Success, StatusCode::OK, &reply)
}

/// The reply to a call of which this became.
pub(crate) fn outcome(outcome: Outcome) -> Response {
    envelope(outcome, StatusCode::OK, &Envelope { header: outcome.into() })
}

/// A refusal in this dialect's words: what the wire contract has a code for has status 200.
pub(crate) fn refusal(refusal: &Refusal) -> Response {
    let status = match refusal {
        Refusal::AppKey | Refusal::Key | Refusal::Parameter(_) | Refusal::Expired => StatusCode::OK,
        _ => refusal.status(),
    };
    refusal_with_status(refusal, status)
}

/// The reply to a refused call, with a status of the call's own choosing.
pub(crate) fn refusal_with_status(refusal: &Refusal, status: StatusCode) -> Response {
    let outcome = refusal.outcome();
    let mut response = envelope(outcome, status, &Envelope { header: outcome.into() });
    if let Some(secs) = refusal.retry_after_secs() {
        response.headers_mut().insert(header::RETRY_AFTER, secs.into());
    }
    response
}

fn envelope(outcome: Outcome, status: StatusCode, body: &impl Serialize) -> Response {
    let mut response = (status, axum::Json(body)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(outcome);
    response
}
