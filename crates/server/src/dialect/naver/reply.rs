//! What NAVER's CAPTCHA says: by itself, in either generation, and by the gateway that stands before it.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use haechi_captcha::Key;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::nhn::notices::{Onlooker, said};
use crate::domain::{outcome::Outcome, refusal::Refusal};

/// Which of the two is spoken to. They differ in what stands before the CAPTCHA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generation {
    /// NAVER Cloud, with its API gateway.
    Cloud,
    /// NAVER Developers, with its open API.
    Developers,
}

/// A challenge.
#[derive(Serialize, ToSchema)]
#[schema(as = NaverKey)]
pub(super) struct Issued {
    /// Its key, in 32 hexadecimal digits.
    #[schema(example = "a98597575b5a42d1bc85c560b0141ec1")]
    key: String,
}

/// Whether an answer is right.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NaverVerdict)]
pub(super) struct Verified {
    result: bool,
    /// How many seconds after the key it came, to the second; -1 where that is not known.
    #[schema(example = 22.0, minimum = -1, maximum = 7200)]
    response_time: f64,
}

/// What the CAPTCHA itself refuses.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NaverError)]
pub(super) struct ClientError {
    result: bool,
    #[schema(example = "Invalid key.")]
    error_message: &'static str,
    #[schema(example = "CT001")]
    error_code: &'static str,
}

/// What NAVER Cloud's gateway refuses.
#[derive(Serialize, ToSchema)]
#[schema(as = NaverGatewayError)]
pub(super) struct GatewayError {
    error: Gateway,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NaverGateway)]
struct Gateway {
    #[schema(example = "200")]
    error_code: &'static str,
    #[schema(example = "Authentication Failed")]
    message: &'static str,
    #[schema(example = "Authentication information is missing or invalid.")]
    details: &'static str,
}

/// What NAVER Developers' open API refuses.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NaverOpenError)]
pub(super) struct OpenError {
    #[schema(example = "Authentication failed. (인증에 실패했습니다.)")]
    error_message: &'static str,
    #[schema(example = "024")]
    error_code: &'static str,
}

/// The reply to a challenge that was issued.
pub(super) fn issued(key: &Key) -> Response {
    say(StatusCode::OK, Outcome::Success, &Issued { key: key.to_simple() })
}

/// The reply to an answer that was judged, which came so many seconds after its key.
pub(super) fn verified(outcome: Outcome, secs: Option<u64>) -> Response {
    // With a decimal point, for clients that read it as a fraction or not at all.
    let response_time = secs.map_or(-1.0, |secs| secs as f64);
    say(StatusCode::OK, outcome, &Verified { result: outcome == Outcome::Success, response_time })
}

/// A refusal in the words of a generation; or as a browser sees or hears it, which shows a challenge.
pub(crate) fn refusal(generation: Generation, refusal: &Refusal, onlooker: Option<&Onlooker>) -> Response {
    let status = status(refusal);
    let shown = onlooker.and_then(|onlooker| said(refusal, onlooker, status));
    shown.unwrap_or_else(|| in_words(generation, refusal, status))
}

/// The status that NAVER has for it.
fn status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::AppKey | Refusal::Host | Refusal::Denied | Refusal::Alternative => StatusCode::UNAUTHORIZED,
        Refusal::Key | Refusal::Expired => StatusCode::FORBIDDEN,
        _ if is_of_server(refusal) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => refusal.status(),
    }
}

/// Whether the server could not do what it should.
fn is_of_server(refusal: &Refusal) -> bool {
    refusal.outcome() == Outcome::Fail
}

fn in_words(generation: Generation, refusal: &Refusal, status: StatusCode) -> Response {
    let outcome = refusal.outcome();
    let by_itself = match refusal {
        Refusal::Key | Refusal::Expired => Some(("Invalid key.", "CT001")),
        _ if is_of_server(refusal) => Some(("System error.", "CT500")),
        _ => None,
    };
    match (by_itself, generation) {
        (Some((error_message, error_code)), _) => {
            say(status, outcome, &ClientError { result: false, error_message, error_code })
        }
        (None, Generation::Cloud) => say(status, outcome, &GatewayError { error: gateway(status) }),
        (None, Generation::Developers) => say(status, outcome, &open(status)),
    }
}

/// What the gateway says with a status.
fn gateway(status: StatusCode) -> Gateway {
    let (error_code, message, details) = match status.as_u16() {
        401 => ("200", "Authentication Failed", "Authentication information is missing or invalid."),
        404 => ("300", "Not Found Exception", "URL not found."),
        405 => ("300", "Not Found Exception", "The URL has no such method."),
        413 => ("430", "Request Entity Too Large", "The request is too large."),
        429 => ("420", "Rate Limited", "Too many requests within a time."),
        500.. => ("900", "Unexpected Error", "The request could not be answered."),
        _ => ("100", "Bad Request Exception", "The request cannot be read."),
    };
    Gateway { error_code, message, details }
}

/// What the open API says with a status.
fn open(status: StatusCode) -> OpenError {
    let (error_code, error_message) = match status.as_u16() {
        401 => ("024", "Authentication failed. (인증에 실패했습니다.)"),
        404 => ("051", "Api not exists. (존재하지 않는 API 입니다.)"),
        405 => ("405", "Method not allowed. (허용되지 않은 메서드입니다.)"),
        413 => ("064", "Max size limit exceeded. (최대 크기를 초과했습니다.)"),
        429 => ("012", "Rate limit exceeded. (속도 제한을 초과했습니다.)"),
        500.. => ("900", "Unexpected error. (예기치 못한 오류가 발생했습니다.)"),
        _ => ("061", "Malformed request. (잘못된 형식의 요청입니다.)"),
    };
    OpenError { error_message, error_code }
}

fn say(status: StatusCode, outcome: Outcome, said: &impl Serialize) -> Response {
    let mut response = (status, axum::Json(said)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(outcome);
    response
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;
    use crate::domain::refusal::ParameterFault;

    async fn check(generation: Generation, refused: Refusal, status: u16, body: &str) {
        let response = refusal(generation, &refused, None);
        assert_eq!(response.status().as_u16(), status, "{refused:?}");
        let said = to_bytes(response.into_body(), 1_000).await.unwrap();
        assert_eq!(std::str::from_utf8(&said), Ok(body), "{refused:?}");
    }

    #[tokio::test]
    async fn each_refusal_has_the_status_and_the_words_of_its_generation() {
        let invalid_key = r#"{"result":false,"errorMessage":"Invalid key.","errorCode":"CT001"}"#;
        let system_error = r#"{"result":false,"errorMessage":"System error.","errorCode":"CT500"}"#;
        for generation in [Generation::Cloud, Generation::Developers] {
            check(generation, Refusal::Key, 403, invalid_key).await;
            check(generation, Refusal::Expired, 403, invalid_key).await;
            for refused in [Refusal::Busy, Refusal::Overloaded, Refusal::Internal, Refusal::Undecided(String::new())] {
                check(generation, refused, 500, system_error).await;
            }
        }
        let cloud = |code: &str, message: &str, details: &str| {
            format!(r#"{{"error":{{"errorCode":"{code}","message":"{message}","details":"{details}"}}}}"#)
        };
        let failed = cloud("200", "Authentication Failed", "Authentication information is missing or invalid.");
        check(Generation::Cloud, Refusal::AppKey, 401, &failed).await;
        let limited = cloud("420", "Rate Limited", "Too many requests within a time.");
        check(Generation::Cloud, Refusal::RateLimit { retry_after_secs: 3 }, 429, &limited).await;
        let unknown = cloud("300", "Not Found Exception", "URL not found.");
        check(Generation::Cloud, Refusal::Http(StatusCode::NOT_FOUND), 404, &unknown).await;
        let bad = cloud("100", "Bad Request Exception", "The request cannot be read.");
        check(Generation::Cloud, ParameterFault::Value.into(), 400, &bad).await;

        let open = |code: &str, message: &str| format!(r#"{{"errorMessage":"{message}","errorCode":"{code}"}}"#);
        let failed = open("024", "Authentication failed. (인증에 실패했습니다.)");
        check(Generation::Developers, Refusal::AppKey, 401, &failed).await;
        let limited = open("012", "Rate limit exceeded. (속도 제한을 초과했습니다.)");
        check(Generation::Developers, Refusal::RateLimit { retry_after_secs: 3 }, 429, &limited).await;
        let unknown = open("051", "Api not exists. (존재하지 않는 API 입니다.)");
        check(Generation::Developers, Refusal::Http(StatusCode::NOT_FOUND), 404, &unknown).await;
        let bad = open("061", "Malformed request. (잘못된 형식의 요청입니다.)");
        check(Generation::Developers, ParameterFault::Encoding.into(), 400, &bad).await;
    }
}
