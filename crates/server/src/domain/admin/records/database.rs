//! Records in the database of this node, in a table for each kind.

use redb::{AccessGuard, ReadableTable, ReadableTableMetadata, StorageError, TableDefinition, TableError};

use super::{Added, Kind, MAX_AUDIT_ENTRIES};
use crate::keep::store::{Change, Copying, Store, StoreError};

type Table = TableDefinition<'static, &'static str, &'static [u8]>;
type Entry<'a> = Result<(AccessGuard<'a, &'static str>, AccessGuard<'a, &'static [u8]>), StorageError>;

/// Entries of the audit log by their name, of which a later one's is greater.
const AUDIT: Table = TableDefinition::new("audit_v1");

const fn table(kind: Kind) -> Table {
    TableDefinition::new(match kind {
        Kind::Users => "users_v1",
        Kind::Tokens => "tokens_v1",
        Kind::Sessions => "sessions_v1",
        Kind::Forms => "forms_v1",
        Kind::Claims => "claims_v1",
        Kind::Factors => "second_factors_v1",
        Kind::Invitations => "invitations_v1",
        Kind::Webhooks => "webhooks_v1",
        Kind::Deliveries => "deliveries_v1",
        Kind::Delivered => "delivered_v1",
        Kind::Marks => "marks_v1",
        Kind::Keys => "keys_v1",
    })
}

/// Copies the tables of users with what belongs to them, of tokens, of webhooks and of the audit log, and returns how many
/// users, tokens and entries there are. Sessions and what goes on just now are left out.
pub(crate) fn back_up(copying: &Copying<'_>) -> Result<[u64; 3], redb::Error> {
    for kind in [Kind::Factors, Kind::Invitations, Kind::Webhooks] {
        copying.table(table(kind))?;
    }
    Ok([copying.table(table(Kind::Users))?, copying.table(table(Kind::Tokens))?, copying.table(AUDIT)?])
}

/// The tables.
pub(in super::super) struct DatabaseRecords(Store);

impl DatabaseRecords {
    pub(super) fn new(store: Store) -> Self {
        Self(store)
    }

    pub(super) fn get(&self, kind: Kind, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.read(|transaction| match transaction.open_table(table(kind)) {
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            table => Ok(table?.get(name)?.map(|json| json.value().to_vec())),
        })
    }

    pub(super) fn all(&self, kind: Kind) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.0.read(|transaction| {
            let table = match transaction.open_table(table(kind)) {
                Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
                table => table?,
            };
            let read = |entry: Entry<'_>| {
                let (name, json) = entry?;
                Ok((name.value().to_owned(), json.value().to_vec()))
            };
            table.iter()?.map(read).collect()
        })
    }

    pub(super) fn add(&self, kind: Kind, name: &str, json: &[u8], most: u64) -> Result<Added, StoreError> {
        self.0.write(|transaction| {
            let mut table = transaction.open_table(table(kind))?;
            if table.get(name)?.is_some() {
                return Ok(Change::Nothing(Added::Taken));
            }
            if table.len()? >= most {
                return Ok(Change::Nothing(Added::Full));
            }
            table.insert(name, json)?;
            Ok(Change::Commit(Added::Done))
        })
    }

    pub(super) fn replace(&self, kind: Kind, name: &str, json: &[u8]) -> Result<(), StoreError> {
        self.0.write(|transaction| {
            let mut table = transaction.open_table(table(kind))?;
            if table.get(name)?.is_none() {
                return Ok(Change::Nothing(()));
            }
            table.insert(name, json)?;
            Ok(Change::Commit(()))
        })
    }

    pub(super) fn remove(&self, kind: Kind, names: &[String]) -> Result<(), StoreError> {
        self.0.write(|transaction| {
            let mut table = transaction.open_table(table(kind))?;
            for name in names {
                table.remove(name.as_str())?;
            }
            Ok(Change::Commit(()))
        })
    }

    pub(super) fn note(&self, id: &str, json: &str) -> Result<(), StoreError> {
        self.0.write(|transaction| {
            let mut table = transaction.open_table(AUDIT)?;
            table.insert(id, json.as_bytes())?;
            while table.len()? > MAX_AUDIT_ENTRIES {
                table.pop_first()?;
            }
            Ok(Change::Commit(()))
        })
    }

    #[cfg(test)]
    pub(super) fn fill_audit(&self, entries: impl Iterator<Item = super::AuditEntry>) {
        let written: Result<(), StoreError> = self.0.write(|transaction| {
            let mut table = transaction.open_table(AUDIT)?;
            for entry in entries {
                table.insert(entry.id.as_str(), serde_json::to_vec(&entry).unwrap().as_slice())?;
            }
            Ok(Change::Commit(()))
        });
        written.unwrap();
    }

    pub(super) fn audit(&self, before: Option<&str>, limit: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        self.0.read(|transaction| {
            let table = match transaction.open_table(AUDIT) {
                Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
                table => table?,
            };
            let entries = match before {
                Some(before) => table.range(..before)?,
                None => table.range::<&str>(..)?,
            };
            entries.rev().take(limit).map(|entry| Ok(entry?.1.value().to_vec())).collect()
        })
    }
}
