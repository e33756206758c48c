//! Verdicts and refusals in ALTCHA's words.

use std::fmt;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use haechi_captcha::Key;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{outcome::Outcome, refusal::Refusal, service::Verdict, token::Audience};

/// What a widget is told of an answer.
#[derive(Serialize, ToSchema)]
pub(super) struct Verification {
    verified: bool,
    /// For the form, if it is verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<String>,
    /// Why it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "INVALID_CODE")]
    reason: Option<&'static str>,
}

/// What a site is told of a payload.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Redemption {
    verified: bool,
    /// Why it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "PAYLOAD_ALREADY_USED")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verification_data: Option<Passed>,
}

/// What was passed, and when.
#[derive(Serialize, ToSchema)]
#[schema(as = VerificationData)]
pub(super) struct Passed {
    verified: bool,
    /// When, in Unix seconds.
    time: u64,
    /// From when on nobody need take it, in Unix seconds.
    expire: u64,
    /// The key of the challenge, of which there is one payload that is good.
    #[schema(format = "uuid")]
    id: String,
}

/// Why a call was refused.
#[derive(Serialize, ToSchema)]
#[schema(as = AltchaFault)]
pub(super) struct Fault {
    /// A stable code.
    #[schema(example = "HOSTNAME_NOT_ALLOWED")]
    error: &'static str,
    /// What it means, for the site's developer.
    message: String,
    /// Seconds after which it is worth trying again, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_secs: Option<u64>,
}

/// Why something is not verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// The code is wrong.
    Code,
    /// There is a code challenge, and no code.
    NoCode,
    /// The work is not done.
    Solution,
    /// It is past its time.
    Expired,
    /// It was verified, or redeemed, before.
    Used,
    /// It is none, or not ours.
    Payload,
    /// Somebody else signed it.
    Signature,
}

impl Reason {
    /// Why an answer that got this verdict is not verified, if it is not.
    pub(super) const fn of(verdict: Verdict) -> Option<Self> {
        match verdict {
            Verdict::Passed => None,
            Verdict::Wrong { .. } => Some(Self::Code),
            Verdict::Spent => Some(Self::Used),
            Verdict::Late => Some(Self::Expired),
            Verdict::Empty => Some(Self::NoCode),
            Verdict::Undone => Some(Self::Solution),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Code => "INVALID_CODE",
            Self::NoCode => "CODE_REQUIRED",
            Self::Solution => "INVALID_SOLUTION",
            Self::Expired => "EXPIRED",
            Self::Used => "PAYLOAD_ALREADY_USED",
            Self::Payload => "INVALID_PAYLOAD",
            Self::Signature => "INVALID_SIGNATURE",
        }
    }

    const fn outcome(self) -> Outcome {
        match self {
            Self::Code | Self::Solution => Outcome::WrongAnswerError,
            Self::NoCode => Outcome::EmptyAnswer,
            Self::Expired | Self::Used => Outcome::ExpiredKeyError,
            Self::Payload | Self::Signature => Outcome::InvalidKeyError,
        }
    }
}

impl Passed {
    pub(super) fn at(time: u64, key: Key) -> Self {
        Self { verified: true, time, expire: time + Audience::Altcha.life_secs(), id: key.to_string() }
    }
}

impl fmt::Display for Passed {
    /// As a query.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { verified, time, expire, id } = self;
        write!(f, "verified={verified}&time={time}&expire={expire}&id={id}")
    }
}

impl Verification {
    pub(super) fn passed(payload: String) -> Response {
        let said = Self { verified: true, payload: Some(payload), reason: None };
        say(StatusCode::OK, Outcome::Success, &said)
    }

    pub(super) fn refused(reason: Reason) -> Response {
        Self::not(StatusCode::OK, reason.outcome(), reason.name())
    }

    fn not(status: StatusCode, outcome: Outcome, reason: &'static str) -> Response {
        say(status, outcome, &Self { verified: false, payload: None, reason: Some(reason) })
    }
}

impl Redemption {
    pub(super) fn redeemed(passed: &Passed) -> Response {
        let Passed { verified, time, expire, ref id } = *passed;
        let passed = Passed { verified, time, expire, id: id.clone() };
        say(StatusCode::OK, Outcome::Success, &Self { verified, reason: None, verification_data: Some(passed) })
    }

    pub(super) fn refused(reason: Reason) -> Response {
        let said = Self { verified: false, reason: Some(reason.name()), verification_data: None };
        say(StatusCode::OK, reason.outcome(), &said)
    }
}

/// The secret is nobody's, or another app's.
pub(super) fn unknown_secret() -> Response {
    let message = "no app has this secret, or the payload is another app's".to_owned();
    let fault = Fault { error: "INVALID_SECRET", message, retry_after_secs: None };
    say(StatusCode::BAD_REQUEST, Outcome::AppkeyError, &fault)
}

/// A refusal in this dialect's words.
pub(crate) fn refusal(refusal: &Refusal) -> Response {
    let status = match refusal {
        Refusal::AppKey | Refusal::Key => StatusCode::BAD_REQUEST,
        other => other.status(),
    };
    // What the operator must know of a store that fails is in the log, and no page's business.
    let message = match refusal {
        Refusal::AppKey => "no app has this site key, or it is disabled".to_owned(),
        Refusal::Key => "this is no payload of this server's".to_owned(),
        Refusal::Undecided(_) => "the server could not decide".to_owned(),
        other => other.to_string(),
    };
    let fault = Fault { error: code(refusal), message, retry_after_secs: refusal.retry_after_secs() };
    say(status, refusal.outcome(), &fault)
}

/// A refusal to verify. Widgets cope with no other status than 200; another one has only what is wrong with the HTTP
/// request, or with this program.
pub(crate) fn refused_verification(refusal: &Refusal) -> Response {
    let status = match refusal {
        Refusal::Http(status) => *status,
        Refusal::Internal => refusal.status(),
        _ => StatusCode::OK,
    };
    Verification::not(status, refusal.outcome(), code(refusal))
}

const fn code(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::AppKey => "INVALID_API_KEY",
        Refusal::Host => "HOSTNAME_NOT_ALLOWED",
        Refusal::Denied => "NETWORK_DENIED",
        Refusal::Alternative => "NOT_ALLOWED",
        Refusal::Key => Reason::Payload.name(),
        Refusal::Expired => Reason::Expired.name(),
        Refusal::RateLimit { .. } => "RATE_LIMITED",
        Refusal::Http(StatusCode::NOT_FOUND) => "NOT_FOUND",
        Refusal::Http(StatusCode::METHOD_NOT_ALLOWED) => "METHOD_NOT_ALLOWED",
        Refusal::Parameter(_) | Refusal::Http(_) => "BAD_REQUEST",
        Refusal::Undecided(_) | Refusal::Overloaded | Refusal::Busy | Refusal::LedgerAhead => "TRY_AGAIN",
        Refusal::Internal => "INTERNAL_ERROR",
    }
}

fn say(status: StatusCode, outcome: Outcome, said: &impl Serialize) -> Response {
    let mut response = (status, Json(said)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(outcome);
    response
}
