//! A ledger in this process's memory, gone when it ends: for trying out, and for tests.
//!
//! The records lie in shards, each behind its own lock, chosen by the key, whose bytes are as good as random. The
//! horizon is common to all. Its two numbers only grow, and a shard's records are forgotten under the shard's lock, so
//! whoever holds the lock of a key's shard sees every mark that forgetting the key would have left.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

use super::{
    Attempt, Decision, LedgerError, Ruling, Spend, State,
    rules::{self, Horizon, Record, RecordKey, Reply},
};

const SHARDS: usize = 64;

/// What is remembered of some of the keys.
#[derive(Default)]
struct Shard {
    records: BTreeMap<RecordKey, Record>,
    /// To requests that may come again.
    replies: BTreeMap<RecordKey, Reply>,
}

/// Remembers keys in memory.
pub struct MemoryLedger {
    shards: Box<[Mutex<Shard>]>,
    records: AtomicU64,
    max_records: u64,
    oldest: AtomicU64,
    longest_lifetime: AtomicU64,
}

impl MemoryLedger {
    /// As many keys as fit into 200 MB.
    pub const DEFAULT_MAX_RECORDS: u64 = 2_000_000;

    /// An empty ledger, which refuses every key issued in the Unix second `began_at` or before, since one of those may
    /// have been spent before this process started.
    #[must_use]
    pub fn new(max_records: u64, began_at: u64) -> Self {
        let horizon = Horizon::beginning(Some(began_at));
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            records: AtomicU64::new(0),
            max_records,
            oldest: AtomicU64::new(horizon.oldest),
            longest_lifetime: AtomicU64::new(horizon.longest_lifetime),
        }
    }

    pub(super) fn decide(&self, spend: &Spend, attempt: &Attempt, now: u64) -> Result<Ruling, LedgerError> {
        let mut shard = self.shard(spend);
        if self.horizon().refuses(spend, now) {
            return Ok(Ruling::now(Decision::Spent));
        }
        let name = spend.record_key();
        if let Some(decision) = shard.replies.get(&name).and_then(|reply| reply.to(attempt)) {
            return Ok(Ruling::before(decision));
        }
        let found = shard.records.get(&name).copied();
        let (decision, record) = rules::judge(found, spend, attempt);
        if let Some(record) = record {
            if found.is_none() {
                self.take_room()?;
            }
            self.learn(|horizon| horizon.learn(spend));
            shard.records.insert(name, record);
            shard.replies.extend(Reply::of(attempt, decision).map(|reply| (name, reply)));
        }
        Ok(Ruling::now(decision))
    }

    pub(super) fn state(&self, spend: &Spend, now: u64) -> State {
        let shard = self.shard(spend);
        rules::state(shard.records.get(&spend.record_key()).copied(), spend, &self.horizon(), now)
    }

    pub(super) fn check(&self) -> Result<(), LedgerError> {
        if self.records() < self.max_records { Ok(()) } else { Err(self.full()) }
    }

    pub(super) fn records(&self) -> u64 {
        self.records.load(SeqCst)
    }

    pub(super) fn purge(&self, now: u64, longest_ttl_secs: u64) -> u64 {
        self.learn(|horizon| horizon.learn_lifetime(longest_ttl_secs));
        self.shards.iter().map(|shard| self.purge_shard(&mut lock(shard), now)).sum()
    }

    pub(super) fn issue_not_before(&self) -> u64 {
        self.oldest.load(SeqCst)
    }

    fn purge_shard(&self, shard: &mut Shard, now: u64) -> u64 {
        let mut horizon = self.horizon();
        let end = rules::first_record_key(horizon.forgettable(now));
        let mut forgotten = 0;
        while let Some(oldest) = shard.records.first_entry().filter(|entry| *entry.key() < end) {
            horizon.forget(oldest.key());
            oldest.remove();
            forgotten += 1;
        }
        while let Some(oldest) = shard.replies.first_entry().filter(|entry| *entry.key() < end) {
            oldest.remove();
        }
        self.oldest.fetch_max(horizon.oldest, SeqCst);
        self.records.fetch_sub(forgotten, SeqCst);
        forgotten
    }

    fn shard(&self, spend: &Spend) -> MutexGuard<'_, Shard> {
        lock(&self.shards[usize::from(spend.key.as_bytes()[0]) % SHARDS])
    }

    fn horizon(&self) -> Horizon {
        Horizon { oldest: self.oldest.load(SeqCst), longest_lifetime: self.longest_lifetime.load(SeqCst) }
    }

    fn learn(&self, learn: impl FnOnce(&mut Horizon)) {
        let mut horizon = Horizon::default();
        learn(&mut horizon);
        self.longest_lifetime.fetch_max(horizon.longest_lifetime, SeqCst);
    }

    fn take_room(&self) -> Result<(), LedgerError> {
        let one_more = |records| (records < self.max_records).then_some(records + 1);
        self.records.fetch_update(SeqCst, SeqCst, one_more).map(|_| ()).map_err(|_| self.full())
    }

    fn full(&self) -> LedgerError {
        LedgerError::Full { max_records: self.max_records }
    }
}

/// Without the records, of which there may be millions.
impl fmt::Debug for MemoryLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryLedger").field("records", &self.records).finish_non_exhaustive()
    }
}

/// A shard is changed by single inserts and removals, so a panic elsewhere cannot have left it half changed.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
