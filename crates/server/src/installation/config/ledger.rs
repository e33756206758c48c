//! The URL that says where spent keys are remembered.

use std::str::FromStr;

use crate::keep::remote::{AddressError, RemoteAddress};

/// Where spent keys are remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerKind {
    /// `embedded:`, in the database of the data directory.
    Embedded,
    /// `memory:`, until the process ends.
    Memory,
    /// `redis://` and its kin, in Redis or Valkey, for many nodes.
    Redis(RemoteAddress),
}

/// A ledger URL that cannot be used. It does not show the URL, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerUrlError {
    /// Redis, but nothing that can be found.
    #[error("the ledger's URL cannot be used: {0}")]
    Address(AddressError),
    /// Anything else.
    #[error(
        "a ledger is embedded:, memory: or redis://HOST:PORT (or redis-cluster://, redis-sentinel://, and these with rediss for TLS)"
    )]
    Unknown,
}

impl LedgerKind {
    /// Whether a password is needed to get to it.
    #[must_use]
    pub fn has_password(&self) -> bool {
        matches!(self, Self::Redis(address) if address.has_password())
    }
}

impl FromStr for LedgerKind {
    type Err = LedgerUrlError;

    fn from_str(url: &str) -> Result<Self, LedgerUrlError> {
        match url {
            "embedded:" => Ok(Self::Embedded),
            "memory:" => Ok(Self::Memory),
            other => match RemoteAddress::parse(other) {
                Ok(address) => Ok(Self::Redis(address)),
                Err(AddressError::Scheme) => Err(LedgerUrlError::Unknown),
                Err(error) => Err(LedgerUrlError::Address(error)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_kinds_are_known() {
        assert_eq!("embedded:".parse(), Ok(LedgerKind::Embedded));
        assert_eq!("memory:".parse(), Ok(LedgerKind::Memory));
        for url in [
            "redis://localhost",
            "rediss://localhost",
            "redis-cluster://a,b:7001",
            "rediss-cluster://a",
            "rediss-sentinel://a,b#m",
        ] {
            assert!(matches!(url.parse(), Ok(LedgerKind::Redis(_))), "{url}");
        }
        for wrong in ["", "memory", "embedded:x", "postgres://u:p@h"] {
            assert_eq!(wrong.parse::<LedgerKind>(), Err(LedgerUrlError::Unknown), "{wrong}");
        }
        assert_eq!("redis://".parse::<LedgerKind>(), Err(LedgerUrlError::Address(AddressError::Host)));
    }
}
