//! A ledger that many nodes share, in Redis or Valkey, alone or as a cluster.
//!
//! A decision is one script on the server that has the key's record; `answer.lua` is all of it. Of a single server,
//! decisions that come together share a call. Records lie in pages of [`BUCKETS`], whose names make them spread over a
//! cluster, and pages expire by themselves: no node purges.
//!
//! What Redis acknowledged it may still lose: what was not yet on disk when it was killed, or not yet on the replica
//! that takes over; and what it evicts when its memory is full, or somebody deletes. Then a spent key would pass again.
//! So each bucket has a mark that says who remembers it (the process, and its term as a primary), since when, and in
//! which pages. A key that was issued before counts as spent. Whoever finds another's mark, or none, or one that names
//! a page that is not there, decides nothing until a node has begun the bucket anew, which refuses all keys issued until
//! then. All of that is judged by the server's own clock, in the step that decides.
//!
//! A page is one value, so it is lost whole or not at all, whatever the server forgets by: no setting of the server and
//! none of its figures has to be trusted. [`RedisLedger::check`] asks for its settings all the same, since a server that
//! evicts refuses more and more people.
//!
//! Where sentinels make another server the primary, the one before may go on deciding for whoever still reaches it. What
//! it decides is confirmed by no replica that follows its successor, and unconfirmed decisions are errors; the successor
//! begins once enough replicas follow it. Enough are so many that with their primary they are more than half of all.
//!
//! A reply can get lost, and nobody then knows what was decided. The same request is sent again with the same random
//! name, by which the record knows it, so that it gets the same verdict and takes one attempt only.

mod bucket;
mod loss;
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

use self::{
    bucket::{BUCKETS, CLOCK_SKEW, PAGE, PAGE_KEPT, mark_name, names},
    loss::{Loss, Losses},
    question::{Asker, Question, Reply},
};
use super::{Attempt, Decision, LedgerError, RequestName, Ruling, Spend, State};
use crate::{
    clock::CLOCK_SKEW_SECS,
    keep::remote::{AfterRestart, Decided, Remote, RemoteError, Script},
};

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
    /// How often a bucket was found to be lost.
    losses: AtomicU64,
}

impl RedisLedger {
    /// A ledger on these servers, which begins to remember where it has not yet. If keys may have been issued before,
    /// those count as spent.
    ///
    /// # Errors
    /// Any [`RemoteError`].
    pub(crate) async fn open(remote: Arc<Remote>, may_have_issued: bool) -> Result<Self, RemoteError> {
        let trusts_restarts = remote.address().after_restart == AfterRestart::Trust;
        let (began, is_beginning, losses) = (AtomicU64::new(0), AtomicBool::new(false), AtomicU64::new(0));
        let asker = Asker::new(Arc::clone(&remote), trusts_restarts);
        let ledger = Self(Arc::new(Shared { remote, asker, trusts_restarts, began, is_beginning, losses }));
        // What was lost before there was this process is not said: nobody was told otherwise.
        ledger.begin_each(0..BUCKETS, if may_have_issued { Beginning::Anew } else { Beginning::First }).await?;
        ledger.begin_each(Self::probed(), Beginning::Trial).await?;
        ledger.0.remote.confirm().await?;
        Ok(ledger)
    }

    pub(super) async fn decide(&self, spend: &Spend, attempt: &Attempt) -> Result<Ruling, LedgerError> {
        let request = attempt.request.map_or_else(random_name, Ok)?;
        let question = Question { spend: *spend, attempt: *attempt, request };
        let (mut reply, mut is_repeated) = self.0.asker.ask(question).await.map_err(undecided)?;
        if matches!(reply, Reply::NotBegun) {
            // This bucket at once, since a person waits; the others soon, since keys for them are being issued.
            let mut losses = Losses::default();
            losses.add(self.begin(bucket::of(spend), Beginning::Anew).await.map_err(undecided)?);
            self.report(losses);
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
        let [mark, page] = names(self.0.remote.prefix(), spend);
        let (mut get, mut hget) = (::redis::cmd("GET"), ::redis::cmd("HGET"));
        get.arg(mark);
        hget.arg(page).arg(spend.key.as_bytes());
        let mark = self.0.remote.command(&get).await.map_err(undecided)?;
        let record = self.0.remote.command(&hget).await.map_err(undecided)?;
        let mark = Option::<String>::from_redis_value(mark).map_err(unreadable)?;
        let record = Option::<Vec<u8>>::from_redis_value(record).map_err(unreadable)?;
        let began = mark.and_then(|mark| mark.split(':').nth(1)?.parse().ok());
        let is_forgotten = began.is_none_or(|began: u64| spend.issued_at <= began + CLOCK_SKEW_SECS);
        Ok(match record.as_deref().map(outcomes) {
            _ if now >= spend.until() => State::Fresh,
            _ if is_forgotten => State::Spent,
            None => State::Fresh,
            Some(outcomes) if outcomes.iter().any(|outcome| matches!(outcome, b'p' | b'l')) => State::Spent,
            Some(outcomes) => State::Tried { wrong: u8::try_from(outcomes.len()).unwrap_or(u8::MAX) },
        })
    }

    fn probed() -> impl Iterator<Item = u16> {
        (0..BUCKETS).step_by(PROBED)
    }

    /// Asks after one bucket in so many, among which each server of a cluster most probably has one, and whether each
    /// server takes writes and is still one that remembers.
    pub(super) async fn check(&self) -> Result<(), LedgerError> {
        let (are_fit, begun) =
            tokio::join!(self.0.remote.check_servers(), self.begin_each(Self::probed(), Beginning::Trial));
        let confirmed = self.0.remote.confirm().await;
        if let Ok(losses) = begun
            && losses.count() > 0
        {
            self.report(losses);
            self.begin_all_soon();
        }
        // A server that evicts may have no room left even so: the cause comes first.
        are_fit.and(begun.map(drop)).and(confirmed).map_err(undecided)
    }

    /// By how many seconds this machine's clock is ahead of a server's: of all servers, the one of which it differs most.
    pub(super) async fn clock_offset_secs(&self) -> Result<f64, LedgerError> {
        self.0.remote.clock_offset_secs().await.map_err(undecided)
    }

    /// How often a part of the memory was found to be lost, since this process started.
    pub(super) fn losses(&self) -> u64 {
        self.0.losses.load(SeqCst)
    }

    fn report(&self, losses: Losses) {
        self.0.losses.fetch_add(losses.count(), SeqCst);
        losses.log();
    }

    pub(super) fn issue_not_before(&self) -> u64 {
        self.0.began.load(SeqCst) + CLOCK_SKEW_SECS + 1
    }

    /// Begins all buckets, in the background, unless somebody is at it.
    fn begin_all_soon(&self) {
        if self.0.is_beginning.swap(true, SeqCst) {
            return;
        }
        let ledger = self.clone();
        tokio::spawn(async move {
            match ledger.begin_each(0..BUCKETS, Beginning::Anew).await {
                Ok(losses) => ledger.report(losses),
                // Whoever finds a bucket that has not begun begins it, and has all begun again.
                Err(error) => tracing::warn!(%error, "not all of the ledger's memory could be begun"),
            }
            ledger.0.is_beginning.store(false, SeqCst);
        });
    }

    async fn begin_each(
        &self,
        buckets: impl Iterator<Item = u16>,
        beginning: Beginning,
    ) -> Result<Losses, RemoteError> {
        let (mut begun, mut losses) = (JoinSet::new(), Losses::default());
        for bucket in buckets {
            if begun.len() >= BEGUN_AT_ONCE {
                losses.add(joined(begun.join_next().await)?);
            }
            let ledger = self.clone();
            begun.spawn(async move { ledger.begin(bucket, beginning).await });
        }
        while !begun.is_empty() {
            losses.add(joined(begun.join_next().await)?);
        }
        Ok(losses)
    }

    /// Begins a bucket, unless all of it is there. Returns what was lost of it.
    async fn begin(&self, bucket: u16, beginning: Beginning) -> Result<Option<Loss>, RemoteError> {
        let is = |other| flag(beginning == other);
        let trusts_restarts = flag(self.0.trusts_restarts);
        // Who follows counts here, and what they have of it does not: a mark that is lost is begun anew.
        let (replicas, _) = self.0.remote.address().confirming_replicas();
        let (replicas, page, kept) = (replicas.to_string(), PAGE.as_bytes(), PAGE_KEPT.as_bytes());
        let arguments = [trusts_restarts, is(Beginning::First), is(Beginning::Trial), page, kept, replicas.as_bytes()];
        let Decided { value, .. } =
            self.0.remote.run_unconfirmed(&BEGIN, &[&mark_name(self.0.remote.prefix(), bucket)], &arguments).await?;
        let unreadable = |error: String| RemoteError::Failed(error);
        let (began, letter) =
            <(u64, String)>::from_redis_value(value).map_err(|error| unreadable(error.to_string()))?;
        self.0.began.fetch_max(began, SeqCst);
        Loss::of(&letter).ok_or_else(|| unreadable(format!("what is {letter:?}?")))
    }
}

/// How a bucket is begun that is not there, or not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beginning {
    /// As one that has nothing to refuse, since no key can have been issued yet.
    First,
    /// As one whose keys until now are refused.
    Anew,
    /// Likewise; and all that a decision does is tried first.
    Trial,
}

impl fmt::Debug for RedisLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLedger").field("began", &self.0.began).finish_non_exhaustive()
    }
}

fn flag(is_so: bool) -> &'static [u8] {
    if is_so { b"1" } else { b"0" }
}

/// The outcomes in a record, in the order in which they came.
fn outcomes(record: &[u8]) -> Vec<u8> {
    record.iter().copied().step_by(ENTRY_BYTES).collect()
}

fn joined(
    begun: Option<Result<Result<Option<Loss>, RemoteError>, tokio::task::JoinError>>,
) -> Result<Option<Loss>, RemoteError> {
    match begun {
        Some(Ok(outcome)) => outcome,
        Some(Err(error)) => Err(RemoteError::Failed(error.to_string())),
        None => Ok(None),
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
        RemoteError::Forgetful(_) => LedgerError::Forgetful { cause: error.to_string() },
        other => LedgerError::Unavailable { cause: other.to_string() },
    }
}

fn unreadable(error: impl fmt::Display) -> LedgerError {
    LedgerError::Unavailable { cause: format!("Redis gave a reply that cannot be read: {error}") }
}

#[cfg(test)]
mod tests;
