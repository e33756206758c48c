//! The ledger's tables in the database.
//!
//! `ledger_journal` has what was decided lately, in the order in which it was; [`Recent`] says how it gets from there to
//! the others.
//! `ledger_spends` maps a record's name (24 bytes) to its content (10 bytes): until when, wrong answers, spent or not.
//! `ledger_replies` maps it to the last decision of a request that may come again (9 bytes): its name, and the attempts
//! that were left, or that it passed. A ledger without such requests does not have it.
//! `ledger_meta` maps names to numbers: the format of the tables, and the horizon.

use redb::{
    ReadTransaction, ReadableTable, ReadableTableMetadata, Table, TableDefinition, TableHandle, WriteTransaction,
};

use super::super::{
    Decision, LedgerError, Ruling,
    rules::{self, Horizon, Record, RecordKey, Reply},
};
use super::{
    Purging, Spending,
    content::{RecordValue, ReplyValue, decode, decode_reply, encode, encode_reply},
    recent::{self, Fresh, JOURNAL, Recent},
};
use crate::keep::store::{Change, Store, StoreError};

pub(super) const SPENDS: TableDefinition<'_, RecordKey, RecordValue> = TableDefinition::new("ledger_spends");
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("ledger_meta");

const REPLIES: TableDefinition<'_, RecordKey, ReplyValue> = TableDefinition::new("ledger_replies");

/// Since 2 there is a journal, which a program that knows only 1 would not look into.
const FORMAT: u64 = 2;
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
        let horizon = match format {
            Some(1..=FORMAT) => horizon(&meta)?,
            None if records == 0 && transaction.open_table(JOURNAL)?.is_empty()? => {
                let horizon = Horizon::beginning(began_at);
                write_horizon(&mut meta, &horizon)?;
                horizon
            }
            _ => return Err(unknown_format()),
        };
        if format == Some(FORMAT) {
            let records = records + load(transaction, &horizon)?.new_records();
            return Ok(Change::Nothing(Start { horizon, records }));
        }
        meta.insert(FORMAT_NAME, FORMAT)?;
        transaction.open_table(JOURNAL)?;
        Ok(Change::Commit(Start { horizon, records }))
    })
}

/// What is in the journal.
fn load(transaction: &WriteTransaction, horizon: &Horizon) -> Result<Recent, StoreError> {
    let spends = transaction.open_table(SPENDS)?;
    Recent::load(&transaction.open_table(JOURNAL)?, horizon.oldest, |name| Ok(spends.get(name)?.is_some()))
}

/// What is remembered of a key, and the horizon, for people. It takes longer than a decision.
pub(super) fn look(transaction: &ReadTransaction, name: &RecordKey) -> Result<(Option<Record>, Horizon), StoreError> {
    let horizon = horizon(&transaction.open_table(META)?)?;
    let found = match recent::last(&transaction.open_table(JOURNAL)?, name)? {
        Some(found) => Some(found),
        None => transaction.open_table(SPENDS)?.get(name)?.map(|found| decode(&found.value())),
    };
    Ok((found, horizon))
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

/// The tables in one write transaction, and what was decided lately.
pub(super) struct Tables<'transaction> {
    transaction: &'transaction WriteTransaction,
    recent: Recent,
    spends: Table<'transaction, RecordKey, RecordValue>,
    meta: Table<'transaction, &'static str, u64>,
    replies: Replies<'transaction>,
    horizon: Horizon,
    stored_horizon: Horizon,
    has_changed: bool,
}

/// What a transaction leaves.
pub(super) struct Left {
    pub(super) start: Start,
    pub(super) recent: Recent,
    /// Whether anything has to be committed.
    pub(super) has_changed: bool,
}

impl<'transaction> Tables<'transaction> {
    /// Opens them. Without what the transaction before left, as after one that failed, it is read from the journal.
    pub(super) fn open(
        transaction: &'transaction WriteTransaction,
        recent: Option<Recent>,
    ) -> Result<Self, StoreError> {
        let meta = transaction.open_table(META)?;
        let horizon = horizon(&meta)?;
        let recent = recent.map_or_else(|| load(transaction, &horizon), Ok)?;
        let spends = transaction.open_table(SPENDS)?;
        let replies = Replies { transaction, opened: None };
        Ok(Self { transaction, recent, spends, meta, replies, horizon, stored_horizon: horizon, has_changed: false })
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
        if attempt.request.is_some()
            && let Some(decision) = self.reply(&name)?.and_then(|reply| reply.to(attempt))
        {
            return Ok(Ok(Ruling::before(decision)));
        }
        let found = self.found(&name)?;
        let (decision, record) = rules::judge(found, spend, attempt);
        if let Some(record) = record {
            if found.is_none() && self.records()? >= max_records {
                return Ok(Err(LedgerError::Full { max_records }));
            }
            self.horizon.learn(spend);
            self.recent.add(name, record, Reply::of(attempt, decision), found.is_none());
            self.has_changed = true;
        }
        Ok(Ok(Ruling::now(decision)))
    }

    fn found(&self, name: &RecordKey) -> Result<Option<Record>, StoreError> {
        match self.recent.get(name) {
            Some(fresh) => Ok(Some(fresh.record)),
            None => Ok(self.spends.get(name)?.map(|found| decode(&found.value()))),
        }
    }

    fn reply(&mut self, name: &RecordKey) -> Result<Option<Reply>, StoreError> {
        match self.recent.get(name).and_then(|fresh| fresh.reply) {
            Some(reply) => Ok(Some(reply)),
            None => self.replies.get(name),
        }
    }

    fn records(&self) -> Result<u64, StoreError> {
        Ok(self.spends.len()? + self.recent.new_records())
    }

    /// Forgets some of the keys that are past their time, and returns how many.
    pub(super) fn forget_some(&mut self, purging: &Purging) -> Result<u64, StoreError> {
        self.horizon.learn_lifetime(purging.longest_ttl_secs);
        let end = rules::first_record_key(self.horizon.forgettable(purging.now));
        let Self { recent, spends, horizon, .. } = self;
        let mut forgotten = 0;
        recent.forget(&end, PURGE_STEP, |name, fresh| {
            horizon.forget(name);
            // The others are counted when they leave the table.
            forgotten += u64::from(fresh.is_new);
        });
        for removed in spends.extract_from_if::<RecordKey, _>(..end, |_, _| true)?.take(PURGE_STEP) {
            horizon.forget(&removed?.0.value());
            forgotten += 1;
        }
        if forgotten > 0 {
            self.replies.forget(&rules::first_record_key(self.horizon.oldest))?;
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

    /// Writes down the horizon and what was decided, and merges what is more than `max_recent` decisions.
    pub(super) fn finish(mut self, max_recent: usize) -> Result<Left, StoreError> {
        if self.horizon != self.stored_horizon {
            write_horizon(&mut self.meta, &self.horizon)?;
            self.has_changed = true;
        }
        if self.has_changed {
            let Self { transaction, recent, spends, replies, .. } = &mut self;
            recent.write(&mut transaction.open_table(JOURNAL)?, max_recent, |name, Fresh { record, reply, .. }| {
                spends.insert(name, encode(record))?;
                match reply.as_ref().and_then(encode_reply) {
                    Some(reply) => replies.insert(name, reply),
                    None => Ok(()),
                }
            })?;
        }
        let start = Start { horizon: self.horizon, records: self.records()? };
        Ok(Left { start, recent: self.recent, has_changed: self.has_changed })
    }
}

/// The table of replies, opened when it is needed: a ledger that no request with a name came to does not have it.
struct Replies<'transaction> {
    transaction: &'transaction WriteTransaction,
    opened: Option<Table<'transaction, RecordKey, ReplyValue>>,
}

impl<'transaction> Replies<'transaction> {
    fn get(&mut self, name: &RecordKey) -> Result<Option<Reply>, StoreError> {
        if !self.exists()? {
            return Ok(None);
        }
        Ok(self.table()?.get(name)?.map(|reply| decode_reply(&reply.value())))
    }

    fn insert(&mut self, name: &RecordKey, reply: ReplyValue) -> Result<(), StoreError> {
        self.table()?.insert(name, reply)?;
        Ok(())
    }

    /// Drops those of records whose names lie below this one.
    fn forget(&mut self, end: &RecordKey) -> Result<(), StoreError> {
        if self.exists()? {
            self.table()?.retain_in::<RecordKey, _>(..end, |_, _| false)?;
        }
        Ok(())
    }

    fn exists(&self) -> Result<bool, StoreError> {
        Ok(self.opened.is_some() || self.transaction.list_tables()?.any(|table| table.name() == REPLIES.name()))
    }

    fn table(&mut self) -> Result<&mut Table<'transaction, RecordKey, ReplyValue>, StoreError> {
        let opened = match self.opened.take() {
            Some(opened) => opened,
            None => self.transaction.open_table(REPLIES)?,
        };
        Ok(self.opened.insert(opened))
    }
}
