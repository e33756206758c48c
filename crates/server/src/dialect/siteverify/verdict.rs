//! Verdicts in each vendor's words.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    calendar::rfc3339,
    domain::{outcome::Outcome, refusal::Refusal},
};

/// Whose siteverify it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vendor {
    Recaptcha,
    Hcaptcha,
    Turnstile,
}

/// What a good token says to its site.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Success {
    pub(super) passed_at: u64,
    pub(super) hostname: String,
    pub(super) action: String,
    pub(super) data: String,
    /// Only of tokens of reCAPTCHA v3's script.
    pub(super) score: Option<f64>,
}

/// Why a token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// There is no secret.
    NoSecret,
    /// Nobody has this secret.
    Secret,
    /// There is no token.
    NoResponse,
    /// It is no token, or not of this app.
    Response,
    /// It is past its time.
    Late,
    /// It was redeemed before.
    Spent,
    /// The site key is another app's.
    SiteKey,
    /// A test secret takes nothing but a test token.
    NoTestToken,
    /// The request cannot be read.
    Request,
    /// Nobody knows whether the token is good.
    Undecided,
}

pub(crate) type Verdict = Result<Box<Success>, Vec<Fault>>;

/// The reply. Which members it has depends on the vendor and the verdict.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct VerdictReply {
    /// Whether the token is good, and had not been redeemed.
    success: bool,
    /// When the challenge was passed, ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-11-30T08:15:30.000Z")]
    challenge_ts: Option<String>,
    /// The host of the page, empty if the browser did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    hostname: Option<String>,
    /// How likely it was a person, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    /// What the page said that the person was about to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    /// What else the page had to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    cdata: Option<String>,
    /// Why the token was not taken, in the vendor's codes.
    #[serde(rename = "error-codes", skip_serializing_if = "Option::is_none")]
    error_codes: Option<Vec<&'static str>>,
}

impl Fault {
    /// Its codes. A client that knows the vendor's codes knows the first one.
    pub(super) const fn codes(self, vendor: Vendor) -> &'static [&'static str] {
        match (self, vendor) {
            (Self::NoSecret, _) => &["missing-input-secret"],
            (Self::Secret, _) => &["invalid-input-secret"],
            (Self::NoResponse, _) => &["missing-input-response"],
            (Self::Late | Self::Spent, Vendor::Recaptcha | Vendor::Turnstile) => &["timeout-or-duplicate"],
            (Self::Late, Vendor::Hcaptcha) => &["expired-input-response"],
            (Self::Spent, Vendor::Hcaptcha) => &["already-seen-response"],
            (Self::SiteKey, Vendor::Hcaptcha) => &["sitekey-secret-mismatch"],
            (Self::NoTestToken, Vendor::Hcaptcha) => &["not-using-dummy-passcode"],
            (Self::Response | Self::SiteKey | Self::NoTestToken, _) => &["invalid-input-response"],
            (Self::Request, _) => &["bad-request"],
            (Self::Undecided, Vendor::Turnstile) => &["internal-error"],
            // The other two have no code of their own for it.
            (Self::Undecided, _) => &["bad-request", "internal-error"],
        }
    }

    const fn outcome(self) -> Outcome {
        match self {
            Self::NoSecret | Self::NoResponse | Self::Request => Outcome::ParameterError,
            Self::Secret | Self::SiteKey => Outcome::AppkeyError,
            Self::Response | Self::NoTestToken => Outcome::InvalidKeyError,
            Self::Late | Self::Spent => Outcome::ExpiredKeyError,
            Self::Undecided => Outcome::Fail,
        }
    }
}

/// A verdict in the vendor's words.
pub(super) fn reply(vendor: Vendor, verdict: Verdict) -> Response {
    match verdict {
        Ok(success) => say(StatusCode::OK, Outcome::Success, &VerdictReply::of(vendor, *success)),
        Err(faults) => say_faults(StatusCode::OK, vendor, &faults),
    }
}

/// A refusal in the vendor's words. Only what is wrong with the HTTP request has another status than 200.
pub(crate) fn refusal(vendor: Vendor, refusal: &Refusal) -> Response {
    let (status, fault) = match refusal {
        Refusal::AppKey | Refusal::Host | Refusal::Denied | Refusal::Alternative => (StatusCode::OK, Fault::Secret),
        Refusal::Key | Refusal::Expired => (StatusCode::OK, Fault::Response),
        Refusal::Parameter(_) => (StatusCode::OK, Fault::Request),
        Refusal::Http(status) => (*status, Fault::Request),
        Refusal::RateLimit { .. } => (refusal.status(), Fault::Undecided),
        Refusal::Internal => (refusal.status(), Fault::Undecided),
        Refusal::Undecided(_) | Refusal::Overloaded | Refusal::Busy | Refusal::LedgerAhead => {
            (StatusCode::OK, Fault::Undecided)
        }
    };
    say_faults(status, vendor, &[fault])
}

fn say_faults(status: StatusCode, vendor: Vendor, faults: &[Fault]) -> Response {
    let codes = faults.iter().flat_map(|fault| fault.codes(vendor)).copied().collect();
    let outcome = faults.first().map_or(Outcome::Fail, |fault| fault.outcome());
    say(status, outcome, &VerdictReply { error_codes: Some(codes), ..VerdictReply::default() })
}

fn say(status: StatusCode, outcome: Outcome, reply: &VerdictReply) -> Response {
    let mut response = (status, axum::Json(reply)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(outcome);
    response
}

impl VerdictReply {
    fn of(vendor: Vendor, success: Success) -> Self {
        let Success { passed_at, hostname, action, data, score } = success;
        let reply = Self {
            success: true,
            challenge_ts: Some(rfc3339(passed_at).replace('Z', ".000Z")),
            hostname: Some(hostname),
            ..Self::default()
        };
        match vendor {
            Vendor::Recaptcha if score.is_some() => Self { score, action: Some(action), ..reply },
            Vendor::Recaptcha | Vendor::Hcaptcha => reply,
            // One of its clients cannot read a success without the codes.
            Vendor::Turnstile => {
                Self { action: Some(action), cdata: Some(data), error_codes: Some(Vec::new()), ..reply }
            }
        }
    }
}
