//! Budgets that all nodes take from, in Redis.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use ::redis::FromRedisValue;

use super::{TooOften, gcra::Quota};
use crate::keep::remote::{Remote, RemoteError, Script};

/// How long nodes count by themselves after Redis did not answer, so that one request in that time waits for it.
const REST: Duration = Duration::from_secs(1);
/// How much longer than a call may be sent again it is remembered that it was counted.
const LATENESS: Duration = Duration::from_secs(1);

static COUNT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("count.lua")));
static GIVE_BACK: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("give_back.lua")));

/// Budgets that all nodes share.
pub(super) struct Shared {
    remote: Arc<Remote>,
    began: Instant,
    /// Until when Redis is let be, in milliseconds from the beginning.
    rests_until: AtomicU64,
}

/// The budgets that a call takes from.
pub(super) struct Budgets {
    /// Begins the names of all of them. A part of it in braces has them in one slot of a cluster.
    group: String,
    /// The names, with quotas in microseconds.
    quotas: Vec<(String, Quota)>,
}

impl Budgets {
    /// The budgets of this limit, of which this is what all of them, and nobody else's, have in common.
    pub(super) fn new(limit: &str, owner: impl std::fmt::Display, quotas: Vec<(String, Quota)>) -> Self {
        Self { group: format!("limit:{limit}:{{{owner}}}"), quotas }
    }
}

impl Shared {
    pub(super) fn new(remote: Arc<Remote>) -> Self {
        Self { remote, began: Instant::now(), rests_until: AtomicU64::new(0) }
    }

    /// Counts a call, or says nothing if nobody can count.
    pub(super) async fn admit(&self, budgets: &Budgets) -> Option<Result<(), TooOften>> {
        let wait_micros = self.run(&COUNT, budgets).await?;
        Some(if wait_micros == 0 { Ok(()) } else { Err(TooOften::until_micros(wait_micros)) })
    }

    /// Gives a call back, or says nothing if nobody can count.
    pub(super) async fn give_back(&self, budgets: &Budgets) -> Option<()> {
        self.run(&GIVE_BACK, budgets).await.map(drop)
    }

    /// What the script says, unless Redis is let be, or cannot be reached.
    async fn run(&self, script: &Script, budgets: &Budgets) -> Option<u64> {
        let now = self.began.elapsed();
        if (now.as_millis() as u64) < self.rests_until.load(Ordering::Relaxed) {
            return None;
        }
        let name = getrandom::u64().ok()?;
        match self.count(script, budgets, name).await {
            Ok(said) => Some(said),
            Err(error) => {
                tracing::debug!(%error, "each node counts calls by itself");
                self.rests_until.store((self.began.elapsed() + REST).as_millis() as u64, Ordering::Relaxed);
                None
            }
        }
    }

    /// The microseconds to wait, or 0. A call of the same name is not counted again.
    pub(super) async fn count(&self, script: &Script, budgets: &Budgets, name: u64) -> Result<u64, RemoteError> {
        let (prefix, group) = (self.remote.prefix(), &budgets.group);
        let mut keys = vec![format!("{prefix}{group}:call:{name:016x}")];
        let remembered = self.remote.address().timeout() + LATENESS;
        let mut numbers = vec![remembered.as_millis().to_string()];
        for (name, quota) in &budgets.quotas {
            keys.push(format!("{prefix}{group}:{name}"));
            numbers.extend([quota.interval.to_string(), quota.tolerance.to_string()]);
        }
        let keys: Vec<_> = keys.iter().map(String::as_str).collect();
        let numbers: Vec<_> = numbers.iter().map(String::as_bytes).collect();
        let counted = self.remote.run_unconfirmed(script, &keys, &numbers).await?;
        u64::from_redis_value(counted.value).map_err(|error| RemoteError::Failed(error.to_string()))
    }
}
