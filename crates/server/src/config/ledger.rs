//! The URL that says where spent keys are remembered.

use std::str::FromStr;

/// Where spent keys are remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerKind {
    /// `embedded:`, in the database of the data directory.
    Embedded,
    /// `memory:`, until the process ends.
    Memory,
}

/// A ledger URL that cannot be used. It does not show the URL, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerUrlError {
    /// A ledger that later versions may have.
    #[error("{0} is not supported by this version yet: use embedded: or memory:")]
    NotYet(&'static str),
    /// Anything else.
    #[error("a ledger is embedded: or memory:")]
    Unknown,
}

impl FromStr for LedgerKind {
    type Err = LedgerUrlError;

    fn from_str(url: &str) -> Result<Self, LedgerUrlError> {
        let not_yet = ["redis://", "rediss://", "redis-cluster://"];
        match url {
            "embedded:" => Ok(Self::Embedded),
            "memory:" => Ok(Self::Memory),
            other => match not_yet.into_iter().find(|scheme| other.starts_with(scheme)) {
                Some(scheme) => Err(LedgerUrlError::NotYet(scheme)),
                None => Err(LedgerUrlError::Unknown),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "a test reads better without &")]
    fn check(url: &str, expected: Result<LedgerKind, LedgerUrlError>) {
        assert_eq!(url.parse::<LedgerKind>(), expected, "{url}");
    }

    #[test]
    fn two_ledgers_are_known_and_three_announced() {
        check("embedded:", Ok(LedgerKind::Embedded));
        check("memory:", Ok(LedgerKind::Memory));
        check("redis://localhost", Err(LedgerUrlError::NotYet("redis://")));
        check("rediss://localhost", Err(LedgerUrlError::NotYet("rediss://")));
        check("redis-cluster://localhost", Err(LedgerUrlError::NotYet("redis-cluster://")));
        for wrong in ["", "memory", "embedded:x", "postgres://u:p@h"] {
            check(wrong, Err(LedgerUrlError::Unknown));
        }
    }
}
