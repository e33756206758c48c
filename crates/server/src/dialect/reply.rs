//! The envelope that every reply but a picture or a sound comes in.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use haechi_captcha::Key;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    domain::refusal::{Refusal, ResultCode},
    logging::Seldom,
};

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

impl From<ResultCode> for Header {
    fn from(code: ResultCode) -> Self {
        Self { result_code: code.number(), result_message: code.name(), successful: code == ResultCode::Success }
    }
}

/// The reply to a call that succeeded.
pub(crate) fn success() -> Response {
    envelope(ResultCode::Success, StatusCode::OK, &Envelope { header: ResultCode::Success.into() })
}

/// The reply to a challenge that was issued.
pub(crate) fn issued(key: &Key) -> Response {
    let key = key.to_string();
    let reply = IssuedEnvelope { header: ResultCode::Success.into(), same_key: key.clone(), key };
    envelope(ResultCode::Success, StatusCode::OK, &reply)
}

impl IntoResponse for Refusal {
    /// The envelope; the cause of a failure goes to the log, once, and not to the client.
    fn into_response(self) -> Response {
        let (code, status) = self.code_and_status();
        refusal(&self, code, status)
    }
}

/// The reply to a refused call, with a status of the call's own choosing.
pub(crate) fn refusal(refusal: &Refusal, code: ResultCode, status: StatusCode) -> Response {
    static FAILURES: Seldom = Seldom::new();
    if code == ResultCode::Fail && FAILURES.is_due() {
        tracing::error!(error = %refusal, "a call failed; others may have, which are only counted");
    }
    let mut response = envelope(code, status, &Envelope { header: code.into() });
    let retry_after_secs = match refusal {
        Refusal::RateLimit { retry_after_secs } => Some(*retry_after_secs),
        _ if status == StatusCode::SERVICE_UNAVAILABLE => Some(1),
        _ => None,
    };
    if let Some(secs) = retry_after_secs {
        response.headers_mut().insert(header::RETRY_AFTER, secs.into());
    }
    response
}

fn envelope(code: ResultCode, status: StatusCode, body: &impl Serialize) -> Response {
    let mut response = (status, axum::Json(body)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(code);
    response
}
