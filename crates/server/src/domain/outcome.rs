//! What became of a call, as it is counted and traced.

/// What became of a call, whatever words its dialect has for it.
///
/// Its names and numbers are those of the first wire contract. Dashboards and traces know them, so they stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// 0: it did what it was asked to.
    Success,
    /// -1: the server could not decide.
    Fail,
    /// -2: a parameter is missing or cannot be read.
    ParameterError,
    /// -3: the HTTP request itself is wrong, or comes too often.
    HttpStatusError,
    /// -4: no app has this name.
    AppkeyError,
    /// -5: the key is past its time or spent.
    ExpiredKeyError,
    /// -6: the answer is wrong.
    WrongAnswerError,
    /// -7: the key was not issued here.
    InvalidKeyError,
    /// -8: the answer is empty.
    EmptyAnswer,
}

impl Outcome {
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

    /// Its number.
    #[must_use]
    pub fn number(self) -> i32 {
        -(self as i32)
    }

    /// Its name.
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
