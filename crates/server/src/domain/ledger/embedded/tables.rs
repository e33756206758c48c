//! The ledger's tables in the database.
//!
//! `ledger_spends` maps a record's name (24 bytes) to its content (10 bytes): until when, wrong answers, spent or not.
//! `ledger_replies` maps it to the last decision of a request that may come again (9 bytes): its name, and the attempts
//! that were left, or that it passed. A ledger without such requests does not have it.
//! `ledger_meta` maps names to numbers: the format of the tables, and the horizon.

use redb::{ReadableTable, ReadableTableMetadata, Table, TableDefinition, TableHandle, WriteTransaction};

use super::super::{
    Decision, LedgerError, Ruling,
    rules::{self, Horizon, Record, RecordKey, Reply},
};
use super::{Purging, Spending};
use crate::keep::store::{Change, Store, StoreError};

pub(super) const SPENDS: TableDefinition<'_, RecordKey, RecordValue> = TableDefinition::new("ledger_spends");
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("ledger_meta");

const REPLIES: TableDefinition<'_, RecordKey, ReplyValue> = TableDefinition::new("ledger_replies");

type RecordValue = [u8; 10];
type ReplyValue = [u8; 9];

/// The last byte of a reply that says that the attempt passed. No key has so many attempts.
const PASSED: u8 = u8::MAX;

const FORMAT: u64 = 1;
const FORMAT_NAME: &str = "format";
const OLDEST_NAME: &str = "oldest";
const LONGEST_LIFETIME_NAME: &str = "longest_lifetime_secs";
const CHECKS_NAME: &str = "checks";

/// Records that one step of purging forgets at most: a few milliseconds' worth.
const PURGE_STEP: usize = 1000;

/// What a ledger starts from.
pub(super) struct Start {
    pub(super) horizon: Horizon,
    pub(super) records: u64,
}

/// Makes the tables if they are not there, and finds out what is in them.
pub(super) fn prepare(store: &Store, began_at: Option<u64>) -> Result<Start, StoreError> {
    store.write(|transaction| {
        let mut meta = transaction.open_table(META)?;
        let format = meta.get(FORMAT_NAME)?.map(|format| format.value());
        if let Some(found) = format.filter(|found| *found > FORMAT) {
            return Err(StoreError::TooNew { found, known: FORMAT });
        }
        let records = transaction.open_table(SPENDS)?.len()?;
        match format {
            Some(FORMAT) => Ok(Change::Nothing(Start { horizon: horizon(&meta)?, records })),
            None if records == 0 => {
                let horizon = Horizon::beginning(began_at);
                meta.insert(FORMAT_NAME, FORMAT)?;
                write_horizon(&mut meta, &horizon)?;
                Ok(Change::Commit(Start { horizon, records }))
            }
            _ => Err(unknown_format()),
        }
    })
}

fn unknown_format() -> StoreError {
    StoreError::Format { cause: "the ledger's tables do not say what format they have".to_owned() }
}

/// The horizon in the meta table.
pub(super) fn horizon(meta: &impl ReadableTable<&'static str, u64>) -> Result<Horizon, StoreError> {
    let number = |name| Ok::<_, StoreError>(meta.get(name)?.ok_or_else(unknown_format)?.value());
    Ok(Horizon { oldest: number(OLDEST_NAME)?, longest_lifetime: number(LONGEST_LIFETIME_NAME)? })
}

fn write_horizon(meta: &mut Table<'_, &'static str, u64>, horizon: &Horizon) -> Result<(), StoreError> {
    meta.insert(OLDEST_NAME, horizon.oldest)?;
    meta.insert(LONGEST_LIFETIME_NAME, horizon.longest_lifetime)?;
    Ok(())
}

fn encode(record: &Record) -> RecordValue {
    let mut value = [0; 10];
    value[..8].copy_from_slice(&record.until.to_be_bytes());
    value[8] = record.wrong;
    value[9] = record.is_spent.into();
    value
}

pub(super) fn decode(value: &RecordValue) -> Record {
    Record {
        until: value[..8].iter().fold(0, |seconds, byte| seconds << 8 | u64::from(*byte)),
        wrong: value[8],
        // Nothing but 0 and 1 is ever written. Whatever else it were, it must not read as fresh.
        is_spent: value[9] != 0,
    }
}

fn encode_reply(reply: &Reply) -> Option<ReplyValue> {
    let mut value = [0; 9];
    value[..8].copy_from_slice(&reply.request);
    value[8] = match reply.decision {
        Decision::Passed => PASSED,
        Decision::Wrong { left } => left,
        Decision::Spent => return None,
    };
    Some(value)
}

fn decode_reply(value: &ReplyValue) -> Reply {
    let [request @ .., outcome] = *value;
    let decision = if outcome == PASSED { Decision::Passed } else { Decision::Wrong { left: outcome } };
    Reply { request, decision }
}

/// The tables in one write transaction. All that they say is read from them, and nothing kept in memory between two
/// transactions, so that a failed commit leaves nothing to be undone.
pub(super) struct Tables<'transaction> {
    transaction: &'transaction WriteTransaction,
    spends: Table<'transaction, RecordKey, RecordValue>,
    meta: Table<'transaction, &'static str, u64>,
    /// Opened when it is needed.
    replies: Option<Table<'transaction, RecordKey, ReplyValue>>,
    horizon: Horizon,
    stored_horizon: Horizon,
    has_changed: bool,
}

impl<'transaction> Tables<'transaction> {
    pub(super) fn open(transaction: &'transaction WriteTransaction) -> Result<Self, StoreError> {
        let meta = transaction.open_table(META)?;
        let horizon = horizon(&meta)?;
        let spends = transaction.open_table(SPENDS)?;
        Ok(Self { transaction, spends, meta, replies: None, horizon, stored_horizon: horizon, has_changed: false })
    }

    fn replies(&mut self) -> Result<&mut Table<'transaction, RecordKey, ReplyValue>, StoreError> {
        let opened = match self.replies.take() {
            Some(opened) => opened,
            None => self.transaction.open_table(REPLIES)?,
        };
        Ok(self.replies.insert(opened))
    }

    /// Whether any request that may come again was ever decided here. Opening the table would make it.
    fn has_replies(&self) -> Result<bool, StoreError> {
        Ok(self.replies.is_some() || self.transaction.list_tables()?.any(|table| table.name() == REPLIES.name()))
    }

    /// Decides about one attempt. The outer error concerns the database, the inner one only this attempt.
    pub(super) fn decide(
        &mut self,
        spending: &Spending,
        max_records: u64,
    ) -> Result<Result<Ruling, LedgerError>, StoreError> {
        let Spending { spend, attempt, now } = spending;
        if self.horizon.refuses(spend, *now) {
            return Ok(Ok(Ruling::now(Decision::Spent)));
        }
        let name = spend.record_key();
        if attempt.request.is_some() {
            let reply = self.replies()?.get(name)?.map(|reply| decode_reply(&reply.value()));
            if let Some(decision) = reply.and_then(|reply| reply.to(attempt)) {
                return Ok(Ok(Ruling::before(decision)));
            }
        }
        let found = self.spends.get(name)?.map(|found| decode(&found.value()));
        let (decision, record) = rules::judge(found, spend, attempt);
        if let Some(record) = record {
            if found.is_none() && self.spends.len()? >= max_records {
                return Ok(Err(LedgerError::Full { max_records }));
            }
            self.horizon.learn(spend);
            self.spends.insert(name, encode(&record))?;
            if let Some(reply) = Reply::of(attempt, decision).as_ref().and_then(encode_reply) {
                self.replies()?.insert(name, reply)?;
            }
            self.has_changed = true;
        }
        Ok(Ok(Ruling::now(decision)))
    }

    /// Forgets some of the keys that are past their time, and returns how many.
    pub(super) fn forget_some(&mut self, purging: &Purging) -> Result<u64, StoreError> {
        self.horizon.learn_lifetime(purging.longest_ttl_secs);
        let end = rules::first_record_key(self.horizon.forgettable(purging.now));
        let mut forgotten = 0;
        for removed in self.spends.extract_from_if::<RecordKey, _>(..end, |_, _| true)?.take(PURGE_STEP) {
            self.horizon.forget(&removed?.0.value());
            forgotten += 1;
        }
        if forgotten > 0 && self.has_replies()? {
            let end = rules::first_record_key(self.horizon.oldest);
            self.replies()?.retain_in::<RecordKey, _>(..end, |_, _| false)?;
        }
        self.has_changed |= forgotten > 0;
        Ok(forgotten)
    }

    /// Changes something that does not matter, to see whether it can be committed.
    pub(super) fn count_check(&mut self) -> Result<(), StoreError> {
        let checks = self.meta.get(CHECKS_NAME)?.map_or(0, |checks| checks.value());
        self.meta.insert(CHECKS_NAME, checks.wrapping_add(1))?;
        self.has_changed = true;
        Ok(())
    }

    /// Writes the horizon down. Returns where things stand, and whether anything has to be committed.
    pub(super) fn finish(mut self) -> Result<(Start, bool), StoreError> {
        if self.horizon != self.stored_horizon {
            write_horizon(&mut self.meta, &self.horizon)?;
            self.has_changed = true;
        }
        Ok((Start { horizon: self.horizon, records: self.spends.len()? }, self.has_changed))
    }
}
