//! A ledger that many nodes share, in Redis or Valkey, alone or as a cluster.
//!
//! A decision is one script on the server that has the key's record; `answer.lua` is all of it. Of a single server,
//! decisions that come together share a call. Records lie in
//! [`BUCKETS`], whose names make them spread over a cluster, and expire by themselves: no node purges.
//!
//! What Redis acknowledged it may still lose: what was not yet on disk when it was killed, or not yet on the replica
//! that takes over. Then a spent key would pass again. So each bucket has a mark that says who remembers it (the
//! process, and its term as a primary) and since when, and a key that was issued before counts as spent. Whoever finds
//! another's mark, or none, decides nothing until a node has begun the bucket anew, which refuses all keys issued until then. All of that is
//! judged by the server's own clock, in the step that decides.
//!
//! A reply can get lost, and nobody then knows what was decided. The same request is sent again with the same random
//! name, by which the record knows it, so that it gets the same verdict and takes one attempt only.

mod question;

use std::{
    fmt,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
};

use ::redis::FromRedisValue;
use tokio::task::JoinSet;

use self::question::{Asker, Question, Reply};
use super::{Attempt, Decision, LedgerError, RequestName, Ruling, Spend, State};
use crate::{
    clock::CLOCK_SKEW_SECS,
    keep::remote::{AfterRestart, Decided, Remote, RemoteError, Script},
};

/// Parts of the memory that are begun and lost on their own. A cluster has each on one of its servers, so there are
/// many more than it has servers.
const BUCKETS: u16 = 1024;
/// Buckets that are asked after to find out whether the servers decide: one in so many.
const PROBED: usize = 64;
/// How many buckets are begun at once.
const BEGUN_AT_ONCE: usize = 32;
/// The bytes of a decision in a record: its outcome, and the request.
const ENTRY_BYTES: usize = 1 + size_of::<RequestName>();

static BEGIN: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("redis/begin.lua")));

/// Remembers keys in Redis.
#[derive(Clone)]
pub struct RedisLedger(Arc<Shared>);

struct Shared {
    remote: Arc<Remote>,
    asker: Asker,
    trusts_restarts: bool,
    /// The latest second, of all that are known, in which a bucket's memory began.
    began: AtomicU64,
    /// Whether somebody is beginning all buckets.
    is_beginning: AtomicBool,
}

impl RedisLedger {
    /// A ledger on these servers, which begins to remember where it has not yet. If keys may have been issued before,
    /// those count as spent.
    ///
    /// # Errors
    /// Any [`RemoteError`].
    pub(crate) async fn open(remote: Arc<Remote>, may_have_issued: bool) -> Result<Self, RemoteError> {
        let trusts_restarts = remote.address().after_restart == AfterRestart::Trust;
        let (began, is_beginning) = (AtomicU64::new(0), AtomicBool::new(false));
        let asker = Asker::new(Arc::clone(&remote), trusts_restarts);
        let ledger = Self(Arc::new(Shared { remote, asker, trusts_restarts, began, is_beginning }));
        ledger.begin_each(0..BUCKETS, may_have_issued).await?;
        Ok(ledger)
    }

    pub(super) async fn decide(&self, spend: &Spend, attempt: &Attempt) -> Result<Ruling, LedgerError> {
        let request = attempt.request.map_or_else(random_name, Ok)?;
        let question = Question { spend: *spend, attempt: *attempt, request };
        let (mut reply, mut is_repeated) = self.0.asker.ask(question).await.map_err(undecided)?;
        if matches!(reply, Reply::NotBegun) {
            // This bucket at once, since a person waits; the others soon, since keys for them are being issued.
            self.begin(bucket(spend), true).await.map_err(undecided)?;
            self.begin_all_soon();
            let (second, was_repeated) = self.0.asker.ask(question).await.map_err(undecided)?;
            (reply, is_repeated) = (second, is_repeated || was_repeated);
        }
        match reply {
            Reply::Ruling(ruling) => Ok(ruling),
            // The first try may have passed, and been forgotten since. Nobody was told, so nothing passes twice.
            Reply::Forgotten { .. } | Reply::NotBegun if is_repeated => Err(LedgerError::Unavailable {
                cause: "Redis restarted or failed over while it decided, and may have forgotten how".to_owned(),
            }),
            Reply::Forgotten { began } => {
                self.0.began.fetch_max(began, SeqCst);
                Ok(Ruling::now(Decision::Spent))
            }
            Reply::NotBegun => {
                Err(LedgerError::Unavailable { cause: "Redis keeps restarting or failing over".to_owned() })
            }
        }
    }

    /// An answer that does not come again.
    #[cfg(test)]
    async fn answer(&self, spend: &Spend, is_right: bool, attempts_allowed: u8) -> Result<Decision, LedgerError> {
        Ok(self.decide(spend, &Attempt { is_right, attempts_allowed, request: None }).await?.decision)
    }

    pub(super) async fn state(&self, spend: &Spend, now: u64) -> Result<State, LedgerError> {
        let mut command = ::redis::cmd("MGET");
        command.arg(&names(self.0.remote.prefix(), spend));
        let value = self.0.remote.command(&command).await.map_err(undecided)?;
        let found = <(Option<String>, Option<Vec<u8>>)>::from_redis_value(value).map_err(unreadable)?;
        let began = found.0.and_then(|mark| mark.rsplit_once(':')?.1.parse().ok());
        let is_forgotten = began.is_none_or(|began: u64| spend.issued_at <= began + CLOCK_SKEW_SECS);
        Ok(match found.1.as_deref().map(outcomes) {
            _ if now >= spend.until() => State::Fresh,
            _ if is_forgotten => State::Spent,
            None => State::Fresh,
            Some(outcomes) if outcomes.iter().any(|outcome| matches!(outcome, b'p' | b'l')) => State::Spent,
            Some(outcomes) => State::Tried { wrong: u8::try_from(outcomes.len()).unwrap_or(u8::MAX) },
        })
    }

    /// Asks after one bucket in so many, among which each server of a cluster most probably has one.
    pub(super) async fn check(&self) -> Result<(), LedgerError> {
        let known = self.0.began.load(SeqCst);
        self.begin_each((0..BUCKETS).step_by(PROBED), true).await.map_err(undecided)?;
        if self.0.began.load(SeqCst) > known {
            self.begin_all_soon();
        }
        Ok(())
    }

    pub(super) fn issue_not_before(&self) -> u64 {
        self.0.began.load(SeqCst) + CLOCK_SKEW_SECS + 1
    }

    /// Begins all buckets, in the background, unless somebody is at it.
    fn begin_all_soon(&self) {
        if self.0.is_beginning.swap(true, SeqCst) {
            return;
        }
        tracing::warn!("Redis restarted or failed over: keys that were issued until now count as spent");
        let ledger = self.clone();
        tokio::spawn(async move {
            if let Err(error) = ledger.begin_all().await {
                // Whoever finds a bucket that has not begun begins it, and has all begun again.
                tracing::warn!(%error, "not all of the ledger's memory could be begun");
            }
            ledger.0.is_beginning.store(false, SeqCst);
        });
    }

    async fn begin_all(&self) -> Result<(), RemoteError> {
        self.begin_each(0..BUCKETS, true).await
    }

    async fn begin_each(&self, buckets: impl Iterator<Item = u16>, may_have_issued: bool) -> Result<(), RemoteError> {
        let mut begun = JoinSet::new();
        for bucket in buckets {
            if begun.len() >= BEGUN_AT_ONCE {
                joined(begun.join_next().await)?;
            }
            let ledger = self.clone();
            begun.spawn(async move { ledger.begin(bucket, may_have_issued).await });
        }
        while !begun.is_empty() {
            joined(begun.join_next().await)?;
        }
        Ok(())
    }

    async fn begin(&self, bucket: u16, may_have_issued: bool) -> Result<(), RemoteError> {
        let arguments = [flag(self.0.trusts_restarts), flag(!may_have_issued)];
        let Decided { value, .. } =
            self.0.remote.run(&BEGIN, &[&mark_name(self.0.remote.prefix(), bucket)], &arguments).await?;
        let began = u64::from_redis_value(value).map_err(|error| RemoteError::Failed(error.to_string()))?;
        self.0.began.fetch_max(began, SeqCst);
        Ok(())
    }
}

impl fmt::Debug for RedisLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLedger").field("began", &self.0.began).finish_non_exhaustive()
    }
}

fn mark_name(prefix: &str, bucket: u16) -> String {
    format!("{prefix}{{{bucket}}}:began")
}

/// The names of the mark and of the record.
fn names(prefix: &str, spend: &Spend) -> [String; 2] {
    let bucket = bucket(spend);
    let key = u128::from_be_bytes(*spend.key.as_bytes());
    [mark_name(prefix, bucket), format!("{prefix}{{{bucket}}}:{key:032x}")]
}

fn flag(is_so: bool) -> &'static [u8] {
    if is_so { b"1" } else { b"0" }
}

/// A key's bytes are as good as random.
fn bucket(spend: &Spend) -> u16 {
    let bytes = spend.key.as_bytes();
    u16::from_be_bytes([bytes[0], bytes[1]]) % BUCKETS
}

/// The outcomes in a record, in the order in which they came.
fn outcomes(record: &[u8]) -> Vec<u8> {
    record.iter().copied().step_by(ENTRY_BYTES).collect()
}

fn joined(begun: Option<Result<Result<(), RemoteError>, tokio::task::JoinError>>) -> Result<(), RemoteError> {
    match begun {
        Some(Ok(outcome)) => outcome,
        Some(Err(error)) => Err(RemoteError::Failed(error.to_string())),
        None => Ok(()),
    }
}

/// A name for a request that only this process sends again.
fn random_name() -> Result<RequestName, LedgerError> {
    let mut name = RequestName::default();
    let unnamed = |error: getrandom::Error| LedgerError::Unavailable { cause: error.to_string() };
    getrandom::fill(&mut name).map_err(unnamed)?;
    Ok(name)
}

fn undecided(error: RemoteError) -> LedgerError {
    match error {
        RemoteError::Overloaded { .. } => LedgerError::Overloaded,
        other => LedgerError::Unavailable { cause: other.to_string() },
    }
}

fn unreadable(error: impl fmt::Display) -> LedgerError {
    LedgerError::Unavailable { cause: format!("Redis gave a reply that cannot be read: {error}") }
}

#[cfg(test)]
mod tests;
