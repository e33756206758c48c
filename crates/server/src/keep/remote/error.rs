//! Why something could not be had from Redis or Valkey.

use std::{error::Error, fmt, io, sync::Arc};

use ::redis::{ErrorKind, RedisError, ServerErrorKind};

/// What a user's rules must allow.
const ACL: &str = "haechi needs +eval +evalsha +get +set +mget +hgetall +hget +hset +hdel +hincrby +hlen +hexists +zadd +zrange +zremrangebyrank +time +info +ping \
    +publish +subscribe +expire (and +cluster in a cluster, and +wait with sentinels) on the keys and channels that begin with its prefix";

/// What a primary says that takes no writes because too few replicas follow it.
const NO_REPLICAS: &str = "NOREPLICAS";

/// What Redis 6 and 7, and then Valkey and later ones, say when the user may not do what a script does. It has no kind of
/// its own there.
const IN_A_SCRIPT: [&str; 2] = ["user executing the script can't", "ACL failure in script"];

/// Why Redis or Valkey did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// More wait for it than are let wait.
    #[error("more than {max_in_flight} decisions wait for Redis: add servers, or raise max_in_flight in its URL")]
    Overloaded {
        /// How many may wait.
        max_in_flight: usize,
    },
    /// It did not answer in time.
    #[error("Redis did not answer within {millis} ms{}", last.as_ref().map(|last| format!(": {last}")).unwrap_or_default())]
    Late {
        /// How long was waited.
        millis: u128,
        /// What the last try met, if it met anything.
        last: Option<String>,
    },
    /// It is not there, or not yet: nothing says that it cannot be used.
    #[error("Redis: {0}")]
    Away(String),
    /// It refused, or cannot be used.
    #[error("Redis: {0}")]
    Failed(String),
    /// It is not as the ledger needs it.
    #[error("Redis cannot be used as it is: {0}")]
    Unfit(String),
    /// It forgets what it is given when its memory is full.
    #[error("Redis cannot be used as it is: {0}")]
    Forgetful(String),
}

impl RemoteError {
    /// Whether waiting may help, and nobody has to change anything.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Away(_) | Self::Late { .. } | Self::Overloaded { .. })
    }

    /// Why a server at this place could not be connected to.
    pub(super) fn unconnected(address: &impl fmt::Display, error: &RedisError) -> Self {
        let said = format!("{address} cannot be used: {error}");
        if is_transient(error) && !speaks_otherwise(error) { Self::Away(said) } else { Self::Failed(said) }
    }

    pub(super) fn failed(error: &RedisError) -> Self {
        match error.kind() {
            ErrorKind::Server(ServerErrorKind::NoPerm) => Self::Unfit(format!("{error}; {ACL}")),
            _ if IN_A_SCRIPT.iter().any(|said| error.to_string().contains(said)) => {
                Self::Unfit(format!("{error}; {ACL}"))
            }
            _ if is_transient(error) => Self::Away(error.to_string()),
            _ => Self::Failed(error.to_string()),
        }
    }
}

/// Whether a server was there that speaks no TLS, or has a certificate that nobody trusted vouches for.
fn speaks_otherwise(error: &RedisError) -> bool {
    let source = error.source().and_then(|source| source.downcast_ref::<Arc<dyn Error + Send + Sync>>());
    let source = source.and_then(|source| source.downcast_ref::<io::Error>());
    source.is_some_and(|error| error.kind() == io::ErrorKind::InvalidData)
}

/// Whether the same might succeed in a moment: the connection broke, or the servers are sorting themselves out.
pub(super) fn is_transient(error: &RedisError) -> bool {
    let is_settling = matches!(
        error.kind(),
        ErrorKind::Server(
            ServerErrorKind::BusyLoading
                | ServerErrorKind::TryAgain
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::MasterDown
                | ServerErrorKind::ReadOnly
                | ServerErrorKind::Moved
                | ServerErrorKind::Ask
        ) | ErrorKind::ClusterConnectionNotFound
    );
    // `NOREPLICAS` comes of a server that is to have replicas and has none just now.
    is_settling || error.code() == Some(NO_REPLICAS) || error.is_io_error() || error.is_connection_dropped()
}
