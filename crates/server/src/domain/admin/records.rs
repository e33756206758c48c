//! Where users, tokens, sessions and the audit log are kept: in the database of this node or, where nodes share a
//! ledger in Redis, there.
//!
//! Records are JSON under a text. What is kept of the audit log has a maximum, past which the oldest entry goes.

use std::sync::LazyLock;

use ::redis::{FromRedisValue, cmd};
use redb::{ReadableTable, ReadableTableMetadata, TableDefinition, TableError};
use serde::{Serialize, de::DeserializeOwned};

use super::AuditEntry;
use crate::keep::{
    remote::{BlockingRemote, Script},
    store::{self, Copying, Store, StoreError},
};

/// Most entries of the audit log; 100,000 take some 30 MB.
pub(super) const MAX_AUDIT_ENTRIES: u64 = 100_000;

static ADD: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("add.lua")));
static REPLACE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("replace.lua")));

/// A kind of records.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Users,
    Tokens,
    Sessions,
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
    Database(Store),
    Remote(BlockingRemote),
}

type Table = TableDefinition<'static, &'static str, &'static [u8]>;

/// Entries of the audit log by their name, of which a later one's is greater.
const AUDIT: Table = TableDefinition::new("audit_v1");

impl Kind {
    const fn table(self) -> Table {
        TableDefinition::new(match self {
            Self::Users => "users_v1",
            Self::Tokens => "tokens_v1",
            Self::Sessions => "sessions_v1",
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Tokens => "tokens",
            Self::Sessions => "sessions",
        }
    }
}

/// Copies the tables of users, of tokens and of the audit log, and returns how many entries each has.
pub(crate) fn back_up(copying: &Copying<'_>) -> Result<[u64; 3], redb::Error> {
    Ok([copying.table(Kind::Users.table())?, copying.table(Kind::Tokens.table())?, copying.table(AUDIT)?])
}

impl Records {
    pub(super) fn get<Record: DeserializeOwned>(&self, kind: Kind, name: &str) -> Result<Option<Record>, StoreError> {
        let json = match self {
            Self::Database(store) => store.read(|transaction| match transaction.open_table(kind.table()) {
                Err(TableError::TableDoesNotExist(_)) => Ok::<_, StoreError>(None),
                table => Ok(table?.get(name)?.map(|json| json.value().to_vec())),
            })?,
            Self::Remote(remote) => {
                let mut command = cmd("HGET");
                command.arg(hash(remote, kind)).arg(name);
                let reply = remote.ask(move |remote| async move { remote.command(&command).await })?;
                Option::<Vec<u8>>::from_redis_value(reply).map_err(unreadable)?
            }
        };
        json.map(|json| serde_json::from_slice(&json).map_err(unreadable)).transpose()
    }

    /// All records with what they stand under, in its order.
    pub(super) fn all<Record: DeserializeOwned>(&self, kind: Kind) -> Result<Vec<(String, Record)>, StoreError> {
        let mut all = match self {
            Self::Database(store) => store.read(|transaction| {
                let table = match transaction.open_table(kind.table()) {
                    Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
                    table => table?,
                };
                let read = |entry: Result<(redb::AccessGuard<'_, &str>, redb::AccessGuard<'_, &[u8]>), _>| {
                    let (name, json) = entry?;
                    Ok::<_, StoreError>((name.value().to_owned(), json.value().to_vec()))
                };
                table.iter()?.map(read).collect::<Result<Vec<_>, _>>()
            })?,
            Self::Remote(remote) => {
                let mut command = cmd("HGETALL");
                command.arg(hash(remote, kind));
                let reply = remote.ask(move |remote| async move { remote.command(&command).await })?;
                Vec::<(String, Vec<u8>)>::from_redis_value(reply).map_err(unreadable)?
            }
        };
        all.sort();
        let read = |(name, json): (String, Vec<u8>)| Ok((name, serde_json::from_slice(&json).map_err(unreadable)?));
        all.into_iter().map(read).collect()
    }

    /// Adds a record, unless there is one under this text or there are as many as there may be.
    pub(super) fn add(&self, kind: Kind, name: &str, record: &impl Serialize, most: u64) -> Result<Added, StoreError> {
        let json = serde_json::to_vec(record).map_err(unreadable)?;
        match self {
            Self::Database(store) => store.write(|transaction| {
                let mut table = transaction.open_table(kind.table())?;
                let added = if table.get(name)?.is_some() {
                    Added::Taken
                } else if table.len()? >= most {
                    Added::Full
                } else {
                    table.insert(name, json.as_slice())?;
                    Added::Done
                };
                drop(table);
                Ok(if added == Added::Done { store::Change::Commit(added) } else { store::Change::Nothing(added) })
            }),
            Self::Remote(remote) => {
                let (hash, name, most) = (hash(remote, kind), name.to_owned(), most.to_string());
                let reply = remote.ask(move |remote| async move {
                    let arguments = [name.as_bytes(), &json, most.as_bytes()];
                    Ok(remote.run(&ADD, &[&hash], &arguments).await?.value)
                })?;
                Ok(match i64::from_redis_value(reply).map_err(unreadable)? {
                    1 => Added::Done,
                    0 => Added::Taken,
                    _ => Added::Full,
                })
            }
        }
    }

    /// Puts a record in the place of the one that is there, unless that is gone.
    pub(super) fn replace(&self, kind: Kind, name: &str, record: &impl Serialize) -> Result<(), StoreError> {
        let json = serde_json::to_vec(record).map_err(unreadable)?;
        match self {
            Self::Database(store) => store.write(|transaction| {
                let mut table = transaction.open_table(kind.table())?;
                if table.get(name)?.is_none() {
                    return Ok(store::Change::Nothing(()));
                }
                table.insert(name, json.as_slice())?;
                drop(table);
                Ok(store::Change::Commit(()))
            }),
            Self::Remote(remote) => {
                let (hash, name) = (hash(remote, kind), name.to_owned());
                let replaced = remote.ask(move |remote| async move {
                    Ok(remote.run(&REPLACE, &[&hash], &[name.as_bytes(), &json]).await?.value)
                });
                replaced.map(drop)
            }
        }
    }

    /// Takes records away, as many of these as are there.
    pub(super) fn remove(&self, kind: Kind, names: &[String]) -> Result<(), StoreError> {
        if names.is_empty() {
            return Ok(());
        }
        match self {
            Self::Database(store) => store.write(|transaction| {
                let mut table = transaction.open_table(kind.table())?;
                for name in names {
                    table.remove(name.as_str())?;
                }
                drop(table);
                Ok(store::Change::Commit(()))
            }),
            Self::Remote(remote) => {
                let mut command = cmd("HDEL");
                command.arg(hash(remote, kind)).arg(names);
                remote.ask(move |remote| async move { remote.command(&command).await }).map(drop)
            }
        }
    }

    /// Adds an entry to the audit log. Adding it again changes nothing.
    pub(super) fn note(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let json = serde_json::to_string(entry).map_err(unreadable)?;
        match self {
            Self::Database(store) => store.write(|transaction| {
                let mut table = transaction.open_table(AUDIT)?;
                table.insert(entry.id.as_str(), json.as_bytes())?;
                while table.len()? > MAX_AUDIT_ENTRIES {
                    table.pop_first()?;
                }
                drop(table);
                Ok(store::Change::Commit(()))
            }),
            // Members of one score are in the order of their bytes, which begin with the entry's name.
            Self::Remote(remote) => {
                let name = audit_set(remote);
                let (mut add, mut trim) = (cmd("ZADD"), cmd("ZREMRANGEBYRANK"));
                add.arg(&name).arg(0).arg(format!("{} {json}", entry.id));
                trim.arg(&name).arg(0).arg(-1 - MAX_AUDIT_ENTRIES as i64);
                remote.ask(move |remote| async move {
                    remote.command(&add).await?;
                    remote.command(&trim).await
                })?;
                Ok(())
            }
        }
    }

    /// For tests: many entries at once.
    #[cfg(test)]
    pub(super) fn fill_audit(&self, entries: impl Iterator<Item = AuditEntry>) {
        let Self::Database(store) = self else { return };
        let written: Result<(), StoreError> = store.write(|transaction| {
            let mut table = transaction.open_table(AUDIT)?;
            for entry in entries {
                table.insert(entry.id.as_str(), serde_json::to_vec(&entry).unwrap().as_slice())?;
            }
            drop(table);
            Ok(store::Change::Commit(()))
        });
        written.unwrap();
    }

    /// Up to so many entries of the audit log, the newest first, from before this one if one is named.
    pub(super) fn audit(&self, before: Option<&str>, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        let found = match self {
            Self::Database(store) => store.read(|transaction| {
                let table = match transaction.open_table(AUDIT) {
                    Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
                    table => table?,
                };
                let entries = match before {
                    Some(before) => table.range(..before)?,
                    None => table.range::<&str>(..)?,
                };
                let read = |entry: Result<(redb::AccessGuard<'_, &str>, redb::AccessGuard<'_, &[u8]>), _>| {
                    Ok::<_, StoreError>(entry?.1.value().to_vec())
                };
                entries.rev().take(limit).map(read).collect::<Result<Vec<_>, _>>()
            })?,
            Self::Remote(remote) => {
                let mut command = cmd("ZRANGE");
                let newest = before.map_or_else(|| "+".to_owned(), |before| format!("({before}"));
                command.arg(audit_set(remote)).arg(newest).arg("-").arg("BYLEX").arg("REV");
                command.arg("LIMIT").arg(0).arg(limit);
                let reply = remote.ask(move |remote| async move { remote.command(&command).await })?;
                let members = Vec::<Vec<u8>>::from_redis_value(reply).map_err(unreadable)?;
                let json = |member: Vec<u8>| member.splitn(2, |byte| *byte == b' ').nth(1).unwrap_or_default().to_vec();
                members.into_iter().map(json).collect()
            }
        };
        found.iter().map(|json| serde_json::from_slice(json).map_err(unreadable)).collect()
    }
}

fn hash(remote: &BlockingRemote, kind: Kind) -> String {
    format!("{}{}", remote.prefix(), kind.name())
}

fn audit_set(remote: &BlockingRemote) -> String {
    format!("{}audit", remote.prefix())
}

fn unreadable(error: impl std::fmt::Display) -> StoreError {
    StoreError::Format { cause: format!("a record of users, tokens, sessions or the audit log: {error}") }
}
