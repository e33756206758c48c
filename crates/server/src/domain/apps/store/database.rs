//! What the database remembers of apps, in tables of its own beside the ledger's.
//!
//! Records are JSON. The version in the tables' names changes when their meaning does.

use redb::{ReadableTable, TableDefinition, TableError, WriteTransaction};

use super::record;
use crate::{
    domain::apps::App,
    keep::store::{self, Copying, Store, StoreError},
};

/// Stored apps by their number.
const APPS: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("apps_v1");
/// When apps were removed, in Unix seconds, by their number: while one of their keys may live, the number is not given
/// to another.
const REMOVED: TableDefinition<'_, u32, u64> = TableDefinition::new("removed_apps_v1");
/// The number to try first for the next app.
const NEXT_NUMBER: TableDefinition<'_, (), u32> = TableDefinition::new("next_app_number_v1");

/// Copies the tables, and returns how many apps there are.
pub(crate) fn back_up(copying: &Copying<'_>) -> Result<u64, redb::Error> {
    copying.table(REMOVED)?;
    copying.table(NEXT_NUMBER)?;
    copying.table(APPS)
}

/// All stored apps, by number.
pub(super) fn read(store: &Store) -> Result<Vec<App>, StoreError> {
    store.read(|transaction| {
        let table = match transaction.open_table(APPS) {
            Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
            opened => opened?,
        };
        let decode = |entry: Result<(redb::AccessGuard<'_, u32>, redb::AccessGuard<'_, &[u8]>), _>| {
            let (number, json) = entry?;
            record::decode(number.value(), json.value())
        };
        table.iter()?.map(decode).collect()
    })
}

/// As [`read`], when a write has failed: the database is opened anew first, which only a write does.
pub(super) fn read_after_failure(store: &Store) -> Result<Vec<App>, StoreError> {
    store.write(|_| Ok::<_, StoreError>(store::Change::Nothing(())))?;
    read(store)
}

/// One durable change: all of it, or none if `change` fails.
pub(super) fn write<Outcome, Error: From<StoreError>>(
    store: &Store,
    change: impl FnOnce(Change<'_>) -> Result<Outcome, Error>,
) -> Result<Outcome, Error> {
    store.write(|transaction| change(Change(transaction)).map(store::Change::Commit))
}

/// A change that is under way.
pub(super) struct Change<'a>(&'a WriteTransaction);

impl Change<'_> {
    pub(super) fn put_app(&self, app: &App) -> Result<(), StoreError> {
        let json = record::encode(app)?;
        self.0.open_table(APPS)?.insert(app.number, json.as_slice())?;
        Ok(())
    }

    /// Takes an app away, and notes when.
    pub(super) fn remove_app(&self, number: u32, now: u64) -> Result<(), StoreError> {
        self.0.open_table(APPS)?.remove(number)?;
        self.0.open_table(REMOVED)?.insert(number, now)?;
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
        let next =
            next_number.get(())?.map(|number| number.value()).filter(|next| (1..end).contains(next)).unwrap_or(1);
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
    use haechi_captcha::Theme;

    use super::*;
    use crate::domain::apps::AppStore;

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
    fn a_record_from_before_there_was_a_difficulty_is_read_with_the_default_one() {
        let record = format!(
            r#"{{"number":1,"name":"shop","appkey_sha256":"{}","enabled":true,"declared":false,"created_at":1000,
            "settings":{{"answer_length":6,"ttl_secs":60,"attempts":3,"width":300,"height":100,"theme":"dark",
            "lang":"ja","test":false,"rate_per_sec":9}}}}"#,
            "ab".repeat(32)
        );
        check(|store| {
            write::<_, StoreError>(store, |change| {
                change.0.open_table(APPS)?.insert(1, record.as_bytes())?;
                Ok(())
            })
            .unwrap();
            let apps = AppStore::open(store.clone(), &[]).unwrap().list();
            assert_eq!((apps.len(), apps[0].settings.difficulty), (1, 3));
            assert_eq!((apps[0].settings.theme, apps[0].settings.rate_per_sec), (Theme::Dark, 9));
        });
    }

    #[test]
    fn an_empty_database_holds_nothing() {
        check(|store| assert_eq!(read(store).unwrap(), Vec::new()));
    }
}
