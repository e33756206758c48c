//! Why a request is refused, and the code and status that say so.

use axum::http::StatusCode;

/// The result codes of the wire contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResultCode {
    /// 0
    Success,
    /// -1: the server could not decide.
    Fail,
    /// -2
    ParameterError,
    /// -3: the HTTP request itself is wrong.
    HttpStatusError,
    /// -4
    AppkeyError,
    /// -5
    ExpiredKeyError,
    /// -6
    WrongAnswerError,
    /// -7
    InvalidKeyError,
    /// -8
    EmptyAnswer,
}

impl ResultCode {
    /// All of them, from 0 down to -8.
    pub const ALL: [Self; 9] = [
        Self::Success,
        Self::Fail,
        Self::ParameterError,
        Self::HttpStatusError,
        Self::AppkeyError,
        Self::ExpiredKeyError,
        Self::WrongAnswerError,
        Self::InvalidKeyError,
        Self::EmptyAnswer,
    ];

    /// The number in the envelope.
    #[must_use]
    pub fn number(self) -> i32 {
        -(self as i32)
    }

    /// The name in the envelope.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::Fail => "FAIL",
            Self::ParameterError => "PARAMETER_ERROR",
            Self::HttpStatusError => "HTTP_STATUS_ERROR",
            Self::AppkeyError => "APPKEY_ERROR",
            Self::ExpiredKeyError => "EXPIRED_KEY_ERROR",
            Self::WrongAnswerError => "WRONG_ANSWER_ERROR",
            Self::InvalidKeyError => "INVALID_KEY_ERROR",
            Self::EmptyAnswer => "EMPTY_ANSWER",
        }
    }
}

/// Why a request does not get what it asks for.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No app has this appkey, or it is disabled.
    #[error("the appkey is not known, or its app is disabled")]
    AppKey,
    /// The key is malformed, was not issued here, or not to this app.
    #[error("the key was not issued here")]
    Key,
    /// A parameter is missing or cannot be read.
    #[error("a parameter is missing, ambiguous or unreadable")]
    Parameter,
    /// No answer was given.
    #[error("the answer is empty")]
    EmptyAnswer,
    /// The key is past its time or spent.
    #[error("the key has expired or is spent")]
    Expired,
    /// The answer is wrong.
    #[error("the answer is wrong")]
    WrongAnswer,
    /// The app's rate limit, or the client's, is reached.
    #[error("the rate limit is reached")]
    RateLimit {
        /// The whole seconds after which it is worth trying again.
        retry_after_secs: u64,
    },
    /// The HTTP request itself is wrong.
    #[error("HTTP status {0}")]
    Http(StatusCode),
    /// The ledger could not decide.
    #[error("the ledger could not decide: {0}")]
    Undecided(String),
    /// The ledger did not decide in time. It may still do so, and that then holds.
    #[error("the ledger did not decide in time: its disk is stuck or too slow")]
    Overloaded,
    /// More is to be drawn and spoken than there are processors for, or than clients take.
    #[error("too much waits to be drawn and spoken, or to be taken by slow clients")]
    Busy,
    /// The ledger takes only keys that would be from the future: the clock was far ahead, and then was set back.
    #[error("the ledger is far ahead of the clock, so that no new key could pass")]
    LedgerAhead,
    /// A bug.
    #[error("internal fault")]
    Internal,
}

impl Refusal {
    /// The code and the HTTP status that the API answers.
    #[must_use]
    pub fn code_and_status(&self) -> (ResultCode, StatusCode) {
        match self {
            Self::AppKey => (ResultCode::AppkeyError, StatusCode::OK),
            Self::Key => (ResultCode::InvalidKeyError, StatusCode::OK),
            Self::Parameter => (ResultCode::ParameterError, StatusCode::OK),
            Self::EmptyAnswer => (ResultCode::EmptyAnswer, StatusCode::OK),
            Self::Expired => (ResultCode::ExpiredKeyError, StatusCode::OK),
            Self::WrongAnswer => (ResultCode::WrongAnswerError, StatusCode::OK),
            Self::RateLimit { .. } => (ResultCode::HttpStatusError, StatusCode::TOO_MANY_REQUESTS),
            Self::Http(status) => (ResultCode::HttpStatusError, *status),
            Self::Undecided(_) | Self::Overloaded | Self::Busy | Self::LedgerAhead => {
                (ResultCode::Fail, StatusCode::SERVICE_UNAVAILABLE)
            }
            Self::Internal => (ResultCode::Fail, StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}
