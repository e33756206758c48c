//! Why a request is refused.

use axum::http::StatusCode;

use crate::domain::outcome::Outcome;

/// Why a request does not get what it asks for.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refusal {
    /// No app has this appkey, or it is disabled.
    #[error("the appkey is not known, or its app is disabled")]
    AppKey,
    /// The app names hosts, and the page's is not among them.
    #[error("the app's hosts do not include the page's: add it to its host names")]
    Host,
    /// The client is in a network that the app refuses, or a trusted proxy says that it is to be refused.
    #[error("this network gets no challenges")]
    Denied,
    /// The app allows no work instead of a word, or no word alone.
    #[error("the app does not allow this instead of what it asks")]
    Alternative,
    /// The key is malformed, was not issued here, or not to this app.
    #[error("the key was not issued here")]
    Key,
    /// A parameter is missing or cannot be read.
    #[error("{0}")]
    Parameter(ParameterFault),
    /// The key is past its time or spent, so that it is not shown.
    #[error("the key has expired or is spent")]
    Expired,
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

/// What is wrong with the parameters of a request, for the developer of the site that sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParameterFault {
    /// One that is needed is not there.
    #[error("a parameter is missing")]
    Missing,
    /// Two values of one parameter differ.
    #[error("a parameter has two values")]
    Ambiguous,
    /// A value is longer than it may be.
    #[error("a parameter is too long")]
    TooLong,
    /// There are more than are read.
    #[error("there are too many parameters")]
    TooMany,
    /// A value is none of those that its parameter can have.
    #[error("a parameter has a value that it cannot have")]
    Value,
    /// A value is badly percent-encoded, or is no text in its charset.
    #[error(
        "a parameter is badly percent-encoded, or is not in the charset that the request says (UTF-8 if it says none)"
    )]
    Encoding,
    /// The request says a charset that nobody knows.
    #[error("the charset of the body is not known")]
    Charset,
    /// The body is of a type in which no parameters come.
    #[error(
        "parameters come as a form, as JSON or as multipart/form-data, and the body's Content-Type says something else"
    )]
    ContentType,
    /// The body is said to be JSON, and is no object in it, or one of too many members.
    #[error("the body is no object in JSON, or has too many members")]
    Json,
    /// The body is said to be multipart, and is not.
    #[error("the body is not multipart/form-data as its Content-Type says")]
    Multipart,
    /// The name of the request cannot be read.
    #[error("Idempotency-Key is 1 to 255 printable ASCII characters, in quotes or without")]
    IdempotencyKey,
}

impl ParameterFault {
    /// A stable code for it, as a header of the reply has it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Ambiguous => "ambiguous",
            Self::TooLong => "too-long",
            Self::TooMany => "too-many",
            Self::Value => "value",
            Self::Encoding => "encoding",
            Self::Charset => "charset",
            Self::ContentType => "content-type",
            Self::Json => "json",
            Self::Multipart => "multipart",
            Self::IdempotencyKey => "idempotency-key",
        }
    }
}

impl From<ParameterFault> for Refusal {
    fn from(fault: ParameterFault) -> Self {
        Self::Parameter(fault)
    }
}

impl Refusal {
    /// As what it is counted.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::AppKey | Self::Host | Self::Denied | Self::Alternative => Outcome::AppkeyError,
            Self::Key => Outcome::InvalidKeyError,
            Self::Parameter(_) => Outcome::ParameterError,
            Self::Expired => Outcome::ExpiredKeyError,
            Self::RateLimit { .. } | Self::Http(_) => Outcome::HttpStatusError,
            Self::Undecided(_) | Self::Overloaded | Self::Busy | Self::LedgerAhead | Self::Internal => Outcome::Fail,
        }
    }

    /// The status that HTTP has for it. A dialect may have another.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::AppKey | Self::Host | Self::Denied | Self::Alternative => StatusCode::FORBIDDEN,
            Self::Key => StatusCode::NOT_FOUND,
            Self::Parameter(_) => StatusCode::BAD_REQUEST,
            Self::Expired => StatusCode::GONE,
            Self::RateLimit { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Http(status) => *status,
            Self::Undecided(_) | Self::Overloaded | Self::Busy | Self::LedgerAhead => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// After how many seconds it is worth trying again, if it is.
    #[must_use]
    pub fn retry_after_secs(&self) -> Option<u64> {
        match self {
            Self::RateLimit { retry_after_secs } => Some(*retry_after_secs),
            _ if self.status() == StatusCode::SERVICE_UNAVAILABLE => Some(1),
            _ => None,
        }
    }
}
