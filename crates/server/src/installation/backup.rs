//! Backups: apps, users, tokens, the audit log and statistics, in a database file of their own.
//!
//! A backup is what one read transaction sees, so it is taken while the server writes, and keeps nobody waiting.
//!
//! The ledger is not in it, and what is restored begins a new one, which counts every key issued before as spent: a
//! ledger of some time ago would let the keys that were spent since pass again. Sessions are not in it either, so that
//! one that was ended stays ended. Nor is the secret, which is kept apart as a private key is.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use redb::{Builder, Database, ReadTransaction, ReadableDatabase, TableDefinition, backends::FileBackend};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{admin, apps, statistics},
    keep::store::{self, Copying, Store, StoreError},
};

/// What a backup says of itself: the Unix time at which it was taken.
const ABOUT: TableDefinition<'_, (), u64> = TableDefinition::new("backup_v1");

/// What is in a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// When it was taken, in Unix seconds.
    pub taken_at: u64,
    /// Apps, those declared in a configuration not among them.
    pub apps: u64,
    /// Users of the console.
    pub users: u64,
    /// Tokens for the admin API.
    pub tokens: u64,
    /// Entries of the audit log.
    pub audit_entries: u64,
    /// Rows of statistics.
    pub statistics_rows: u64,
}

/// Why there is no backup, or nothing restored from one.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database that is to be backed up.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file is there already.
    #[error("{} is there already: name another file, or move it away first", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be made, read or written.
    #[error("cannot {action} {}: {cause}", path.display())]
    Access {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: String,
    },
    /// The file is no backup.
    #[error("{} is no backup of haechi: {cause}", path.display())]
    NotABackup {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
}

/// Copies to a new file all that a backup holds.
///
/// # Errors
/// Any [`BackupError`], in which case the file is not there.
pub fn take(store: &Store, path: &Path, now: u64) -> Result<Summary, BackupError> {
    make(path, |database| {
        // What else is in the store, such as the ledger, is left out on purpose.
        let copied = store.read(|from| copy_all(from, database, now).map_err(|error| failed("write", path)(error)))?;
        Ok(copied.0)
    })
}

/// Makes the database of a data directory out of a backup. The directory must not have one yet.
///
/// # Errors
/// Any [`BackupError`], in which case there is no database in the directory.
pub fn restore(backup: &Path, data_dir: &Path) -> Result<Summary, BackupError> {
    let database = data_dir.join(store::FILE_NAME);
    if database.exists() {
        return Err(BackupError::Exists { path: database });
    }
    store::make_directory(data_dir).map_err(|error| failed("make", data_dir)(error))?;
    // A name that no server opens, until all is there.
    let unfinished = database.with_extension("restoring");
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed("remove", &unfinished)(error)),
        _ => {}
    }
    let not_a_backup =
        |cause: &dyn std::fmt::Display| BackupError::NotABackup { path: backup.to_owned(), cause: cause.to_string() };
    fs::metadata(backup).map_err(|error| failed("read", backup)(error))?;
    let source = Builder::new().open_read_only(backup).map_err(|error| not_a_backup(&error))?;
    let from = source.begin_read().map_err(|error| not_a_backup(&error))?;
    let taken_at = match from.open_table(ABOUT) {
        Ok(table) => table.get(()).map_err(|error| not_a_backup(&error))?.map(|time| time.value()),
        Err(error) => return Err(not_a_backup(&error)),
    };
    let taken_at = taken_at.ok_or_else(|| not_a_backup(&"it does not say when it was taken"))?;
    let summary = make(&unfinished, |into| match copy_all(&from, into, taken_at) {
        Ok((summary, None)) => Ok(summary),
        Ok((_, Some(unknown))) => Err(not_a_backup(&format!("a later version wrote it, with a table {unknown:?}"))),
        Err(error) => Err(not_a_backup(&error)),
    })?;
    fs::rename(&unfinished, &database).map_err(|error| failed("rename", &unfinished)(error))?;
    store::sync_directory(data_dir).map_err(|error| failed("sync", data_dir)(error))?;
    Ok(summary)
}

/// Makes a database file and fills it; else leaves no file.
fn make(path: &Path, fill: impl FnOnce(&Database) -> Result<Summary, BackupError>) -> Result<Summary, BackupError> {
    let file = new_file(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists { path: path.to_owned() },
        _ => failed("make", path)(error),
    })?;
    let filled = create_database(file).map_err(|error| failed("write", path)(error)).and_then(|database| {
        let summary = fill(&database)?;
        drop(database);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        store::sync_directory(folder).map_err(|error| failed("sync", folder)(error))?;
        Ok(summary)
    });
    if filled.is_err() {
        // What is worth telling is why it was not filled.
        let _ = fs::remove_file(path);
    }
    filled
}

fn create_database(file: File) -> Result<Database, redb::DatabaseError> {
    Builder::new().create_with_backend(FileBackend::new(file)?)
}

/// Makes a file for its owner's eyes only.
///
/// # Errors
/// If it cannot be made, or is there already.
pub fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)
}

fn failed<Cause: std::fmt::Display>(action: &'static str, path: &Path) -> impl FnOnce(Cause) -> BackupError {
    move |cause| BackupError::Access { action, path: path.to_owned(), cause: cause.to_string() }
}

/// Copies all that a backup holds. Returns what that is, and the name of a table that is none of it, if there is one.
fn copy_all(from: &ReadTransaction, into: &Database, taken_at: u64) -> Result<(Summary, Option<String>), redb::Error> {
    let to = into.begin_write()?;
    let copying = Copying::new(from, &to);
    copying.table(ABOUT)?;
    to.open_table(ABOUT)?.insert((), taken_at)?;
    let apps = apps::back_up(&copying)?;
    let [users, tokens, audit_entries] = admin::back_up(&copying)?;
    let statistics_rows = statistics::back_up(&copying)?;
    let unknown = copying.left_out()?;
    drop(copying);
    to.commit()?;
    Ok((Summary { taken_at, apps, users, tokens, audit_entries, statistics_rows }, unknown))
}

#[cfg(test)]
mod tests {
    use redb::TableHandle;
    use tempfile::TempDir;

    use super::*;
    use crate::domain::{
        apps::{AppStore, SettingChanges},
        ledger::{EmbeddedLedger, EmbeddedOptions},
    };

    fn store_with_app(folder: &Path) -> Store {
        let store = Store::open(folder).unwrap();
        let apps = AppStore::open(store.clone(), &[]).unwrap();
        apps.create("shop", &SettingChanges::default(), 1).unwrap();
        store
    }

    fn tables(path: &Path) -> Vec<String> {
        let database = Builder::new().open_read_only(path).unwrap();
        let mut names: Vec<_> =
            database.begin_read().unwrap().list_tables().unwrap().map(|table| table.name().to_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_backed_up_is_restored_without_the_ledger() {
        let (old, new) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let store = store_with_app(old.path());
        let ledger = EmbeddedLedger::open(store.clone(), EmbeddedOptions::default(), None).unwrap();
        let file = old.path().join("backup");
        let taken = take(&store, &file, 7).unwrap();
        drop(ledger);
        assert_eq!((taken.taken_at, taken.apps, taken.users), (7, 1, 0));
        assert!(!tables(&file).iter().any(|name| name.starts_with("ledger")), "{:?}", tables(&file));

        let data = new.path().join("data");
        assert_eq!(restore(&file, &data).unwrap(), taken);
        let apps = AppStore::open(Store::open(&data).unwrap(), &[]).unwrap();
        assert_eq!(apps.list()[0].name.as_str(), "shop");
    }

    #[test]
    fn every_table_is_either_backed_up_or_left_out_on_purpose() {
        let folder = TempDir::new().unwrap();
        drop(store_with_app(folder.path()));
        for name in tables(&folder.path().join(store::FILE_NAME)) {
            let is_left_out = name.starts_with("ledger")
                || ["sessions_v1", "forms_v1", "claims_v1", "deliveries_v1", "delivered_v1", "marks_v1"]
                    .contains(&&*name);
            let file = folder.path().join(&name);
            take(&Store::open(folder.path()).unwrap(), &file, 1).unwrap();
            assert_eq!(tables(&file).contains(&name), !is_left_out, "{name}");
        }
    }

    #[test]
    fn nothing_is_overwritten_and_nothing_else_is_restored() {
        let folder = TempDir::new().unwrap();
        let store = store_with_app(folder.path());
        let file = folder.path().join("backup");
        take(&store, &file, 1).unwrap();
        assert!(matches!(take(&store, &file, 1), Err(BackupError::Exists { .. })));
        assert!(matches!(restore(&file, folder.path()), Err(BackupError::Exists { .. })));
        drop(store);

        let data = folder.path().join("data");
        let database = folder.path().join(store::FILE_NAME);
        for (path, content) in [("text", &b"no backup"[..]), ("zeros", &[0; 100_000]), ("nothing", b"")] {
            let path = folder.path().join(path);
            fs::write(&path, content).unwrap();
            assert!(matches!(restore(&path, &data), Err(BackupError::NotABackup { .. })), "{path:?}");
        }
        let restored = restore(&database, &data);
        assert!(matches!(restored, Err(BackupError::NotABackup { .. })), "a database is no backup: {restored:?}");
        assert!(matches!(restore(&folder.path().join("gone"), &data), Err(BackupError::Access { .. })));
        assert!(!data.join(store::FILE_NAME).exists());
        assert!(restore(&file, &data).is_ok());
    }

    #[test]
    fn a_backup_of_a_later_version_is_refused_and_leaves_no_database() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("backup");
        take(&store_with_app(folder.path()), &file, 1).unwrap();
        let later = Database::open(&file).unwrap();
        let write = later.begin_write().unwrap();
        drop(write.open_table(TableDefinition::<u32, u32>::new("recipes_v1")).unwrap());
        write.commit().unwrap();
        drop(later);
        let data = folder.path().join("data");
        let refused = restore(&file, &data).unwrap_err().to_string();
        assert!(refused.contains("a later version wrote it, with a table \"recipes_v1\""), "{refused}");
        assert_eq!(fs::read_dir(&data).unwrap().count(), 0);
    }

    #[test]
    fn a_backup_cut_short_is_refused() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("backup");
        take(&store_with_app(folder.path()), &file, 1).unwrap();
        let whole = fs::read(&file).unwrap();
        fs::write(&file, &whole[..whole.len() / 2]).unwrap();
        assert!(restore(&file, &folder.path().join("data")).is_err());
    }
}
