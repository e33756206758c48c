//! A ledger in the database file: what it has decided outlives the process, and the machine's power.
//!
//! One thread writes. It takes whatever decisions wait, makes them all in one transaction, commits with one sync, and
//! only then tells those who asked. The more of them wait, the more share a sync.

mod content;
mod recent;
mod tables;
mod writer;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::{mpsc, oneshot};

use self::writer::{Asked, Request, WriterThread};
use super::{Attempt, LedgerError, Ruling, Spend, State, rules};
use crate::keep::store::{Store, StoreError};

/// An attempt to be decided about.
pub(super) struct Spending {
    pub(super) spend: Spend,
    pub(super) attempt: Attempt,
    pub(super) now: u64,
}

/// A step of forgetting.
#[derive(Clone, Copy)]
pub(super) struct Purging {
    pub(super) now: u64,
    pub(super) longest_ttl_secs: u64,
}

/// The limits of an embedded ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmbeddedOptions {
    /// Keys that may be remembered at once; a key beyond them is [`LedgerError::Full`]. A million take some
    /// 70 MB of disk.
    pub max_records: u64,
    /// Decisions that may wait for the disk; one beyond them is [`LedgerError::Overloaded`].
    pub max_waiting: usize,
    /// Decisions that are kept in memory, and in the journal, until they are merged into the table.
    pub max_recent: usize,
}

impl Default for EmbeddedOptions {
    fn default() -> Self {
        Self { max_records: 10_000_000, max_waiting: 4096, max_recent: 16_384 }
    }
}

/// Remembers keys in a [`Store`].
///
/// Dropping it is as good as [`close`](super::Ledger::close): what waits is decided first, which takes a moment.
#[derive(Debug)]
pub struct EmbeddedLedger {
    // Goes before the thread, which ends once nobody can ask any more.
    queue: mpsc::Sender<Request>,
    store: Store,
    gauges: Arc<Gauges>,
    max_records: u64,
    _writer: WriterThread,
}

/// What the last commit left, to be looked at without asking the writer.
#[derive(Debug)]
pub(super) struct Gauges {
    records: AtomicU64,
    oldest: AtomicU64,
}

impl EmbeddedLedger {
    /// Opens the ledger in this store, or begins one.
    ///
    /// `began_at` matters only if it begins one. `None` says that no key was ever issued, as on a first start. With a
    /// Unix second the ledger knows that it may have lost its memory, and counts keys issued in that second or before
    /// as spent, now and after every restart: to be given whenever the secret was there already.
    ///
    /// # Errors
    /// [`StoreError::TooNew`] or [`StoreError::Format`] if the tables are not those of this version, and whatever
    /// [`Store::write`] returns.
    pub fn open(store: Store, options: EmbeddedOptions, began_at: Option<u64>) -> Result<Self, StoreError> {
        let start = tables::prepare(&store, began_at)?;
        let gauges =
            Arc::new(Gauges { records: AtomicU64::new(start.records), oldest: AtomicU64::new(start.horizon.oldest) });
        let (queue, waiting) = mpsc::channel(options.max_waiting.max(1));
        let writer = WriterThread::start(store.clone(), waiting, Arc::clone(&gauges), options)?;
        Ok(Self { queue, store, gauges, max_records: options.max_records, _writer: writer })
    }

    pub(super) async fn decide(&self, spend: &Spend, attempt: &Attempt, now: u64) -> Result<Ruling, LedgerError> {
        let spending = Spending { spend: *spend, attempt: *attempt, now };
        let (asked, reply) = Asked::new(spending);
        self.queue.try_send(Request::Spend(asked)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => LedgerError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => closed(),
        })?;
        reply.await.map_err(|_| closed())?
    }

    pub(super) async fn state(&self, spend: &Spend, now: u64) -> Result<State, LedgerError> {
        let (store, spend) = (self.store.clone(), *spend);
        let looking = tokio::task::spawn_blocking(move || look(&store, &spend, now));
        let state = looking.await.map_err(|error| LedgerError::Unavailable { cause: error.to_string() })?;
        Ok(state?)
    }

    pub(super) async fn check(&self) -> Result<(), LedgerError> {
        self.ask((), Request::Check).await?;
        if self.records() < self.max_records {
            Ok(())
        } else {
            Err(LedgerError::Full { max_records: self.max_records })
        }
    }

    pub(super) fn records(&self) -> u64 {
        self.gauges.records.load(Ordering::Acquire)
    }

    pub(super) async fn purge(&self, now: u64, longest_ttl_secs: u64) -> Result<u64, LedgerError> {
        let purging = Purging { now, longest_ttl_secs };
        let mut forgotten = 0;
        // One small step at a time, so that answers that come meanwhile need not wait for all of them.
        loop {
            match self.ask(purging, Request::Purge).await? {
                0 => return Ok(forgotten),
                some => forgotten += some,
            }
        }
    }

    pub(super) fn issue_not_before(&self) -> u64 {
        self.gauges.oldest.load(Ordering::Acquire)
    }

    pub(super) async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        // If either fails, the writer has ended already, and has left nothing undecided.
        if self.queue.send(Request::Close(reply)).await.is_ok() {
            let _ = closed.await;
        }
    }

    /// Asks what may wait for its turn.
    async fn ask<Q, A>(&self, question: Q, request: fn(Asked<Q, A>) -> Request) -> Result<A, LedgerError> {
        let (asked, reply) = Asked::new(question);
        self.queue.send(request(asked)).await.map_err(|_| closed())?;
        reply.await.map_err(|_| closed())?
    }
}

impl From<StoreError> for LedgerError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable { cause: error.to_string() }
    }
}

fn closed() -> LedgerError {
    LedgerError::Unavailable { cause: "it is closed".to_owned() }
}

fn look(store: &Store, spend: &Spend, now: u64) -> Result<State, StoreError> {
    store.read(|transaction| {
        let (found, horizon) = tables::look(transaction, &spend.record_key())?;
        Ok(rules::state(found, spend, &horizon, now))
    })
}

#[cfg(test)]
use super::Decision;
#[cfg(test)]
mod power_cuts;
#[cfg(test)]
mod tests;
