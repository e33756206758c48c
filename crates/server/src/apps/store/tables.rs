//! What the database remembers of apps, in tables of its own beside the ledger's.
//!
//! Records are JSON. The version in the tables' names changes when their meaning does.

use redb::{ReadTransaction, ReadableTable, TableDefinition, TableError, WriteTransaction};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    apps::{App, EarlierTtl},
    store::{self, Store, StoreError},
};

/// Stored apps by their number.
const APPS: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("apps_v1");
/// When apps were removed, in Unix seconds, by their number: while one of their keys may live, the number is not given
/// to another.
const REMOVED: TableDefinition<'_, u32, u64> = TableDefinition::new("removed_apps_v1");
/// What is remembered of declared apps, by their number.
const DECLARED: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("declared_apps_v1");
/// The number to try first for the next app.
const NEXT_NUMBER: TableDefinition<'_, (), u32> = TableDefinition::new("next_app_number_v1");

/// What must outlive a restart of an app that stands in the configuration file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DeclaredRecord {
    /// The time to live that was last declared.
    pub(super) ttl_secs: u32,
    /// As in [`App`].
    pub(super) earlier_ttl: Option<EarlierTtl>,
    /// When it was first declared.
    pub(super) created_at: u64,
    /// When it was first missing from the configuration file, if it is now.
    pub(super) gone_since: Option<u64>,
}

/// The records of declared apps, by their number.
pub(super) type DeclaredRecords = Vec<(u32, DeclaredRecord)>;

/// All stored apps and all that is remembered of declared ones.
pub(super) fn read(store: &Store) -> Result<(Vec<App>, DeclaredRecords), StoreError> {
    store.read(|transaction| {
        let apps = read_records(transaction, APPS)?.into_iter().map(|(_, app)| app).collect();
        Ok((apps, read_records(transaction, DECLARED)?))
    })
}

fn read_records<Record: DeserializeOwned>(
    transaction: &ReadTransaction,
    definition: TableDefinition<'_, u32, &'static [u8]>,
) -> Result<Vec<(u32, Record)>, StoreError> {
    let table = match transaction.open_table(definition) {
        Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
        opened => opened?,
    };
    let mut records = Vec::new();
    for entry in table.iter()? {
        let (number, json) = entry?;
        records.push((number.value(), serde_json::from_slice(json.value()).map_err(unreadable)?));
    }
    Ok(records)
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn unreadable(error: serde_json::Error) -> StoreError {
    StoreError::Format { cause: format!("an app's record is not readable: {error}") }
}

/// One durable change: all of it, or none if `change` fails.
pub(super) fn write<Outcome, Error: From<StoreError>>(
    store: &Store,
    change: impl FnOnce(&Change<'_>) -> Result<Outcome, Error>,
) -> Result<Outcome, Error> {
    store.write(|transaction| change(&Change(transaction)).map(store::Change::Commit))
}

/// A change that is under way.
pub(super) struct Change<'a>(&'a WriteTransaction);

impl Change<'_> {
    pub(super) fn put_app(&self, app: &App) -> Result<(), StoreError> {
        let json = serde_json::to_vec(app).map_err(unreadable)?;
        self.0.open_table(APPS)?.insert(app.number, json.as_slice())?;
        Ok(())
    }

    /// Takes an app away, and notes when.
    pub(super) fn remove_app(&self, number: u32, now: u64) -> Result<(), StoreError> {
        self.0.open_table(APPS)?.remove(number)?;
        self.0.open_table(REMOVED)?.insert(number, now)?;
        Ok(())
    }

    pub(super) fn put_declared(&self, number: u32, record: &DeclaredRecord) -> Result<(), StoreError> {
        let json = serde_json::to_vec(record).map_err(unreadable)?;
        self.0.open_table(DECLARED)?.insert(number, json.as_slice())?;
        Ok(())
    }

    pub(super) fn remove_declared(&self, number: u32) -> Result<(), StoreError> {
        self.0.open_table(DECLARED)?.remove(number)?;
        Ok(())
    }

    /// Forgets the apps that were removed before this Unix time.
    pub(super) fn forget_removed_before(&self, time: u64) -> Result<(), StoreError> {
        Ok(self.0.open_table(REMOVED)?.retain(|_, removed_at| removed_at >= time)?)
    }

    /// Takes a number in `1..end` that neither an app nor a remembered removed one has, if there is one.
    pub(super) fn take_number(&self, end: u32) -> Result<Option<u32>, StoreError> {
        let (apps, removed) = (self.0.open_table(APPS)?, self.0.open_table(REMOVED)?);
        let mut next_number = self.0.open_table(NEXT_NUMBER)?;
        let next = next_number.get(())?.map_or(1, |number| number.value());
        for number in (next..end).chain(1..next) {
            if apps.get(number)?.is_none() && removed.get(number)?.is_none() {
                let following = if number + 1 < end { number + 1 } else { 1 };
                next_number.insert((), following)?;
                return Ok(Some(number));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(test: impl FnOnce(&Store)) {
        let dir = tempfile::tempdir().unwrap();
        test(&Store::open(dir.path()).unwrap());
    }

    fn take(store: &Store, end: u32) -> Option<u32> {
        write::<_, StoreError>(store, |change| change.take_number(end)).unwrap()
    }

    #[test]
    fn numbers_go_up_and_come_round_only_to_free_ones() {
        check(|store| {
            let remove = |number, now| write::<_, StoreError>(store, |change| change.remove_app(number, now)).unwrap();
            assert_eq!([take(store, 4), take(store, 4)], [Some(1), Some(2)]);
            remove(1, 1_000);
            assert_eq!([take(store, 4), take(store, 4)], [Some(3), Some(2)]);
            remove(2, 1_001);
            remove(3, 1_001);
            assert_eq!(take(store, 4), None);
            write::<_, StoreError>(store, |change| change.forget_removed_before(1_001)).unwrap();
            assert_eq!([take(store, 4), take(store, 4)], [Some(1), Some(1)]);
        });
    }

    #[test]
    fn a_change_that_fails_changes_nothing() {
        check(|store| {
            let failed: Result<(), StoreError> = write(store, |change| {
                change.take_number(4)?;
                Err(StoreError::Unavailable { cause: "no".to_owned() })
            });
            assert!(failed.is_err());
            assert_eq!(take(store, 4), Some(1));
        });
    }

    #[test]
    fn an_empty_database_holds_nothing() {
        check(|store| assert_eq!(read(store).unwrap(), (Vec::new(), Vec::new())));
    }
}
