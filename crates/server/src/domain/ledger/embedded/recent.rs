//! What was decided lately: in memory to be looked up, in the database as a journal, and merged into the table bit by bit.
//!
//! Keys are random, so each new record lies in a page of its own, and a transaction that put 25 records into the table
//! would write 25 pages. A journal takes them all in one. From there they go to the table in the order of their names,
//! so that those which share a page are written together. (That is a log-structured merge tree's first level: O'Neil et
//! al., "The log-structured merge-tree", Acta Informatica 33, 1996.)
//!
//! A *sweep* merges every record that was here when it began, from the lowest name to the highest. What was written to
//! the journal before is in the table when it ends, and leaves the journal in the same transaction.

use std::collections::BTreeMap;

use redb::{ReadableTable, ReadableTableMetadata, Table, TableDefinition};

use super::{
    super::rules::{self, Record, RecordKey, Reply},
    content::{self, RecordValue, ReplyValue},
};
use crate::keep::store::StoreError;

/// Maps a number that counts up to the records that one transaction left, one after the other.
pub(super) const JOURNAL: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("ledger_journal");

/// A record in the journal: its name, its content, whether it has a reply, and that.
const ENTRY_BYTES: usize = size_of::<RecordKey>() + size_of::<RecordValue>() + 1 + size_of::<ReplyValue>();

/// A record that may not be in the table as it is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fresh {
    pub(super) record: Record,
    pub(super) reply: Option<Reply>,
    /// Whether the table has none of this name.
    pub(super) is_new: bool,
}

/// The records that the journal holds and the table does not, or not as they are.
#[derive(Debug, Default)]
pub(super) struct Recent {
    records: BTreeMap<RecordKey, Fresh>,
    /// How many of them are new to the table.
    new: u64,
    /// What this transaction adds to the journal.
    added: Vec<u8>,
    /// The number of the journal's next entry.
    next: u64,
    sweep: Sweep,
}

/// Which records are being merged.
#[derive(Debug, Default)]
struct Sweep {
    /// What is still to be merged begins here.
    cursor: RecordKey,
    /// The highest name when it began. Newer keys lie higher, so it would never end if it went on to them.
    end: RecordKey,
    /// The journal's next number when it began.
    began: u64,
}

impl Recent {
    /// What the journal holds, but for records that have been forgotten since.
    pub(super) fn load(
        journal: &impl ReadableTable<u64, &'static [u8]>,
        oldest: u64,
        is_in_table: impl Fn(&RecordKey) -> Result<bool, StoreError>,
    ) -> Result<Self, StoreError> {
        let mut recent = Self::default();
        for entry in journal.iter()? {
            let (number, records) = entry?;
            recent.next = number.value() + 1;
            for (name, record, reply) in decode(records.value()) {
                if rules::issued_at(&name) >= oldest {
                    recent.put(name, record, reply, || is_in_table(&name))?;
                }
            }
        }
        recent.begin_sweep();
        Ok(recent)
    }

    pub(super) fn get(&self, name: &RecordKey) -> Option<&Fresh> {
        self.records.get(name)
    }

    /// How many records are here that the table does not know at all.
    pub(super) fn new_records(&self) -> u64 {
        self.new
    }

    /// Takes a record in, to be written to the journal by [`Self::write`].
    pub(super) fn add(&mut self, name: RecordKey, record: Record, reply: Option<Reply>, is_new: bool) {
        encode(&mut self.added, &name, &record, reply.as_ref());
        let Ok(()) = self.put(name, record, reply, || Ok::<_, std::convert::Infallible>(!is_new));
    }

    fn put<E>(
        &mut self,
        name: RecordKey,
        record: Record,
        reply: Option<Reply>,
        is_in_table: impl FnOnce() -> Result<bool, E>,
    ) -> Result<(), E> {
        let before = self.records.get(&name);
        let is_new = match before {
            Some(before) => before.is_new,
            None => !is_in_table()?,
        };
        self.new += u64::from(is_new && before.is_none());
        let reply = reply.or(before.and_then(|before| before.reply));
        self.records.insert(name, Fresh { record, reply, is_new });
        Ok(())
    }

    /// Drops records whose names lie below this one, from the lowest on, and hands each to `forget`.
    pub(super) fn forget(&mut self, end: &RecordKey, count: usize, mut forget: impl FnMut(&RecordKey, &Fresh)) {
        for _ in 0..count {
            let Some(lowest) = self.records.first_entry().filter(|lowest| lowest.key() < end) else { return };
            let (name, fresh) = lowest.remove_entry();
            self.new -= u64::from(fresh.is_new);
            forget(&name, &fresh);
        }
    }

    /// Writes what was taken in to the journal, and merges what is above `limit` into the table, by `merge`.
    ///
    /// It must be the last step of a transaction. If that is not committed, nothing here holds any more.
    pub(super) fn write(
        &mut self,
        journal: &mut Table<'_, u64, &'static [u8]>,
        limit: usize,
        mut merge: impl FnMut(&RecordKey, &Fresh) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        if !self.added.is_empty() {
            journal.insert(self.next, &*self.added)?;
            self.next += 1;
            self.added.clear();
        }
        while self.records.len() > limit {
            let next = self.records.range(self.sweep.cursor..=self.sweep.end).next().map(|(name, _)| *name);
            let Some((name, fresh)) = next.and_then(|name| self.records.remove_entry(&name)) else {
                journal.retain_in(..self.sweep.began, |_, _| false)?;
                self.begin_sweep();
                continue;
            };
            self.new -= u64::from(fresh.is_new);
            self.sweep.cursor = name;
            merge(&name, &fresh)?;
        }
        if self.records.is_empty() && !journal.is_empty()? {
            journal.retain(|_, _| false)?;
            self.begin_sweep();
        }
        Ok(())
    }

    /// Begins a sweep of all that is here now.
    fn begin_sweep(&mut self) {
        let end = self.records.last_key_value().map_or(RecordKey::default(), |(name, _)| *name);
        self.sweep = Sweep { cursor: RecordKey::default(), end, began: self.next };
    }
}

/// The last that the journal says of a record. It reads all of the journal.
pub(super) fn last(
    journal: &impl ReadableTable<u64, &'static [u8]>,
    name: &RecordKey,
) -> Result<Option<Record>, StoreError> {
    for entry in journal.iter()?.rev() {
        let records = entry?.1;
        let found = decode(records.value()).filter(|(found, ..)| found == name).last();
        if let Some((_, record, _)) = found {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

fn encode(journal: &mut Vec<u8>, name: &RecordKey, record: &Record, reply: Option<&Reply>) {
    let reply = reply.and_then(content::encode_reply);
    journal.extend_from_slice(name);
    journal.extend_from_slice(&content::encode(record));
    journal.push(reply.is_some().into());
    journal.extend_from_slice(&reply.unwrap_or_default());
}

fn decode(entry: &[u8]) -> impl Iterator<Item = (RecordKey, Record, Option<Reply>)> {
    let (entries, _) = entry.as_chunks::<ENTRY_BYTES>();
    entries.iter().map(|entry| {
        let (name, rest) = entry.split_first_chunk().expect("an entry has room for a name");
        let (record, rest) = rest.split_first_chunk().expect("an entry has room for a record");
        let (has_reply, reply) = rest.split_first_chunk::<1>().expect("an entry says whether it has a reply");
        let reply = reply.try_into().expect("an entry ends with a reply");
        (*name, content::decode(record), (*has_reply != [0]).then(|| content::decode_reply(&reply)))
    })
}
