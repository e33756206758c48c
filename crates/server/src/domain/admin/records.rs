//! Where users, tokens, sessions and the audit log are kept: in the database of this node or, where nodes share a
//! ledger in Redis, there.
//!
//! Records are JSON under a text. What is kept of the audit log has a maximum, past which the oldest entry goes.

mod database;
mod remote;

use serde::{Serialize, de::DeserializeOwned};

pub(crate) use self::database::back_up;
use self::{database::DatabaseRecords, remote::RemoteRecords};
use super::AuditEntry;
use crate::keep::{
    remote::BlockingRemote,
    store::{Store, StoreError},
};

/// Most entries of the audit log; 100,000 take some 30 MB.
pub(super) const MAX_AUDIT_ENTRIES: u64 = 100_000;

/// A kind of records.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Users,
    Tokens,
    Sessions,
    /// Forms that were sent.
    Forms,
    /// What is done once.
    Claims,
    Factors,
    Invitations,
    Webhooks,
    /// What is to be delivered to them.
    Deliveries,
    /// What was.
    Delivered,
    /// What looks unlike people, as webhooks were told.
    Marks,
    /// Keys of this program's own.
    Keys,
}

/// What became of a record that was to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Added {
    Done,
    /// There is one under this text.
    Taken,
    /// There are as many as there may be.
    Full,
}

/// The records, in one of the places where they can be.
pub(super) enum Records {
    Database(DatabaseRecords),
    Remote(RemoteRecords),
}

impl Records {
    pub(super) fn in_database(store: Store) -> Self {
        Self::Database(DatabaseRecords::new(store))
    }

    pub(super) fn in_redis(remote: BlockingRemote) -> Self {
        Self::Remote(RemoteRecords::new(remote))
    }

    pub(super) fn get<Record: DeserializeOwned>(&self, kind: Kind, name: &str) -> Result<Option<Record>, StoreError> {
        let json = match self {
            Self::Database(records) => records.get(kind, name)?,
            Self::Remote(records) => records.get(kind, name)?,
        };
        json.map(|json| serde_json::from_slice(&json).map_err(unreadable)).transpose()
    }

    /// All records with what they stand under, in its order.
    pub(super) fn all<Record: DeserializeOwned>(&self, kind: Kind) -> Result<Vec<(String, Record)>, StoreError> {
        let mut all = match self {
            Self::Database(records) => records.all(kind)?,
            Self::Remote(records) => records.all(kind)?,
        };
        all.sort();
        let read = |(name, json): (String, Vec<u8>)| Ok((name, serde_json::from_slice(&json).map_err(unreadable)?));
        all.into_iter().map(read).collect()
    }

    /// Adds a record, unless there is one under this text or there are as many as there may be.
    pub(super) fn add(&self, kind: Kind, name: &str, record: &impl Serialize, most: u64) -> Result<Added, StoreError> {
        let json = serde_json::to_vec(record).map_err(unreadable)?;
        match self {
            Self::Database(records) => records.add(kind, name, &json, most),
            Self::Remote(records) => records.add(kind, name, json, most),
        }
    }

    /// Puts a record in the place of the one that is there, unless that is gone.
    pub(super) fn replace(&self, kind: Kind, name: &str, record: &impl Serialize) -> Result<(), StoreError> {
        let json = serde_json::to_vec(record).map_err(unreadable)?;
        match self {
            Self::Database(records) => records.replace(kind, name, &json),
            Self::Remote(records) => records.replace(kind, name, json),
        }
    }

    /// Takes records away, as many of these as are there.
    pub(super) fn remove(&self, kind: Kind, names: &[String]) -> Result<(), StoreError> {
        if names.is_empty() {
            return Ok(());
        }
        match self {
            Self::Database(records) => records.remove(kind, names),
            Self::Remote(records) => records.remove(kind, names),
        }
    }

    /// Adds an entry to the audit log. Adding it again changes nothing.
    pub(super) fn note(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let json = serde_json::to_string(entry).map_err(unreadable)?;
        match self {
            Self::Database(records) => records.note(&entry.id, &json),
            Self::Remote(records) => records.note(&entry.id, &json),
        }
    }

    /// For tests: many entries at once.
    #[cfg(test)]
    pub(super) fn fill_audit(&self, entries: impl Iterator<Item = AuditEntry>) {
        if let Self::Database(records) = self {
            records.fill_audit(entries);
        }
    }

    /// Up to so many entries of the audit log, the newest first, from before this one if one is named.
    pub(super) fn audit(&self, before: Option<&str>, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        let found = match self {
            Self::Database(records) => records.audit(before, limit)?,
            Self::Remote(records) => records.audit(before, limit)?,
        };
        found.iter().map(|json| serde_json::from_slice(json).map_err(unreadable)).collect()
    }
}

fn unreadable(error: impl std::fmt::Display) -> StoreError {
    StoreError::Format { cause: format!("a record of users, tokens, sessions or the audit log: {error}") }
}
