//! The database file: who may use it, how, and what happens when the disk fails.
//!
//! One redb file in the data directory holds the ledger's tables and the apps'. All access goes through
//! [`Store::read`] and [`Store::write`], so that the database can be closed and opened again behind them: after any
//! failed write redb refuses to go on with what it has in memory, and rightly so. The next write opens the file anew,
//! checks all of it, and goes on from what it really holds. Until that succeeds everything fails, closed.
//!
//! One failure is final. When a sync fails, the system may have dropped the pages that it could not write and still
//! serve them from its cache ("fsyncgate"), so what would be read back proves nothing. Then only a person can help.

mod copying;
mod disk;

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use redb::{Builder, CommitError, Database, DatabaseError, ReadTransaction, ReadableDatabase, WriteTransaction};

use self::disk::DiskFile;
pub(crate) use self::{copying::Copying, disk::Disk};

/// The database's name in the data directory.
pub const FILE_NAME: &str = "haechi.redb";

/// Memory for pages of the database. The pages that are written to are few; this holds a million keys.
const CACHE_SIZE_BYTES: usize = 64 << 20;

/// After a failure, how long to fail at once before the file is opened anew.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the file open.
    #[error("{} is in use by another process: stop it, or choose another data directory", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// A later version of this program wrote the file.
    #[error("the database has format {found}, and this version knows {known} at most: use the version that wrote it")]
    TooNew {
        /// The format of the file.
        found: u64,
        /// The latest format that is known here.
        known: u64,
    },
    /// The file is something else than a database, or a damaged one.
    #[error(
        "the database cannot be used: {cause}; put back the file that belongs there, or move this one away: a new one \
         counts every key issued so far as spent, and has no apps but the declared ones"
    )]
    Format {
        /// Which file, and what is wrong with it.
        cause: String,
    },
    /// The directory or the file cannot be made, opened or read.
    #[error("cannot open {}: {source}; check its owner, its mode and the disk", path.display())]
    Access {
        /// The directory or file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The disk fails. Nothing is written until it no longer does.
    #[error("{cause}")]
    Unavailable {
        /// What went wrong, and what to do.
        cause: String,
    },
}

impl StoreError {
    fn unavailable(cause: impl fmt::Display) -> Self {
        Self::Unavailable { cause: format!("the database cannot be read or written: {cause}; check the disk") }
    }
}

/// So that `?` works in what is given to [`Store::read`] and [`Store::write`].
impl From<redb::StorageError> for StoreError {
    fn from(error: redb::StorageError) -> Self {
        Self::unavailable(error)
    }
}

impl From<redb::TableError> for StoreError {
    fn from(error: redb::TableError) -> Self {
        match error {
            redb::TableError::Storage(error) => error.into(),
            other => Self::Format { cause: other.to_string() },
        }
    }
}

/// What a write transaction leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<T> {
    /// It is committed, durably.
    Commit(T),
    /// It is dropped, because there was nothing to change.
    Nothing(T),
}

/// A handle to the open database. Clones share it; the last one to go closes the file.
#[derive(Clone)]
pub struct Store(Arc<Shared>);

struct Shared {
    path: PathBuf,
    disk: Arc<Disk>,
    turnstile: Turnstile,
    database: RwLock<Option<Database>>,
    is_broken: AtomicBool,
    failure: Mutex<Option<Failure>>,
    retry_after: Duration,
}

/// The last failure, until it is mended.
struct Failure {
    cause: String,
    retry_at: Instant,
}

impl Store {
    /// Opens the database in this directory, and makes either if it is not there.
    ///
    /// What is made is for its owner only. An existing file is checked from end to end, which takes about 0.1 s for a
    /// million keys.
    ///
    /// # Errors
    /// Any [`StoreError`]; [`StoreError::Locked`] at once if another process has it open.
    pub fn open(data_dir: &Path) -> Result<Self, StoreError> {
        Self::open_on(data_dir, Arc::new(Disk::default()), RETRY_AFTER)
    }

    pub(crate) fn open_on(data_dir: &Path, disk: Arc<Disk>, retry_after: Duration) -> Result<Self, StoreError> {
        make_directory(data_dir).map_err(access(data_dir))?;
        let path = data_dir.join(FILE_NAME);
        if !path.try_exists().map_err(access(&path))? {
            make_database(data_dir, &path)?;
        }
        let file = open_file(&path).map_err(access(&path))?;
        let database = open_database(&path, DiskFile::new(file, Arc::clone(&disk))?)?;
        Ok(Self(Arc::new(Shared {
            path,
            disk,
            turnstile: Turnstile::default(),
            database: RwLock::new(Some(database)),
            is_broken: AtomicBool::new(false),
            failure: Mutex::new(None),
            retry_after,
        })))
    }

    /// Looks at the database as the last write left it. Waits for no writer. Reads the disk: not for async code.
    ///
    /// # Errors
    /// What `look` returns, or [`StoreError::Unavailable`].
    pub fn read<T, E>(&self, look: impl FnOnce(&ReadTransaction) -> Result<T, E>) -> Result<T, E>
    where
        E: From<StoreError>,
    {
        let database = self.0.database();
        let database = database.as_ref().ok_or_else(|| self.0.last_failure())?;
        let transaction = database.begin_read().map_err(|error| self.0.broke(error))?;
        look(&transaction)
    }

    /// Changes the database: all of it or, on any error, nothing, though a failed commit may turn out to have happened.
    ///
    /// What is committed is durable when this returns. Writers take turns, so that one that writes all the time, as
    /// the ledger does, keeps another one waiting for a single commit at most; `change` must not write again. Waits for
    /// the disk: not for async code.
    ///
    /// # Errors
    /// What `change` returns, or [`StoreError::Unavailable`].
    pub fn write<T, E>(&self, change: impl FnOnce(&WriteTransaction) -> Result<Change<T>, E>) -> Result<T, E>
    where
        E: From<StoreError>,
    {
        let _turn = self.0.turnstile.enter();
        self.0.mend()?;
        let database = self.0.database();
        let database = database.as_ref().ok_or_else(|| self.0.last_failure())?;
        let transaction = database.begin_write().map_err(|error| self.0.broke(error))?;
        match change(&transaction)? {
            Change::Nothing(value) => Ok(value),
            Change::Commit(value) => match transaction.commit() {
                Ok(()) => Ok(value),
                // Something in `change` went wrong half-way; redb has rolled it back and is sound.
                Err(error @ CommitError::TransactionPoisoned) => Err(StoreError::unavailable(error).into()),
                Err(error) => Err(self.0.broke(error).into()),
            },
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.0.path).finish()
    }
}

impl Shared {
    fn database(&self) -> RwLockReadGuard<'_, Option<Database>> {
        self.database.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn failure(&self) -> MutexGuard<'_, Option<Failure>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the database must be opened anew.
    fn broke(&self, cause: impl fmt::Display) -> StoreError {
        let error = StoreError::unavailable(cause);
        self.is_broken.store(true, Ordering::Release);
        // A later failure is a consequence of the first: redb then says no more than that there was one.
        self.failure()
            .get_or_insert_with(|| Failure { cause: error.to_string(), retry_at: Instant::now() + self.retry_after });
        error
    }

    fn last_failure(&self) -> StoreError {
        match &*self.failure() {
            Some(failure) => StoreError::Unavailable { cause: failure.cause.clone() },
            None => StoreError::unavailable("it is being opened anew"),
        }
    }

    /// Opens the database anew if it broke, in the hope that the disk is well again.
    fn mend(&self) -> Result<(), StoreError> {
        if !self.is_broken.load(Ordering::Acquire) {
            return Ok(());
        }
        if self.disk.has_failed_to_sync() {
            let cause = "the disk failed to make writes durable; check it, restart the machine, then start again";
            return Err(StoreError::Unavailable { cause: cause.to_owned() });
        }
        if self.failure().as_ref().is_some_and(|failure| Instant::now() < failure.retry_at) {
            return Err(self.last_failure());
        }
        let reopened = self.reopen();
        let mut failure = self.failure();
        match &reopened {
            Ok(()) => {
                *failure = None;
                self.is_broken.store(false, Ordering::Release);
            }
            Err(error) => {
                *failure = Some(Failure { cause: error.to_string(), retry_at: Instant::now() + self.retry_after });
            }
        }
        reopened
    }

    fn reopen(&self) -> Result<(), StoreError> {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        // The old one goes first, because it holds the lock of the file.
        *database = None;
        // A file that is gone is not made anew: an empty ledger in the place of a full one would forget.
        let file = open_file(&self.path).map_err(access(&self.path))?;
        *database = Some(open_database(&self.path, DiskFile::new(file, Arc::clone(&self.disk))?)?);
        Ok(())
    }
}

/// Lets writers in one at a time, and the one that has just left behind whoever waits.
///
/// A mutex alone does not do that: a thread that releases it and takes it again wins over one that must first wake up.
#[derive(Default)]
struct Turnstile {
    next: Mutex<()>,
    inside: Mutex<()>,
}

impl Turnstile {
    fn enter(&self) -> MutexGuard<'_, ()> {
        let _next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open_database(path: &Path, file: DiskFile) -> Result<Database, StoreError> {
    let format = |cause: &dyn fmt::Display| StoreError::Format { cause: format!("{}: {cause}", path.display()) };
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_SIZE_BYTES).set_check_integrity_on_open(true);
    builder.create_with_backend(file).map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
            StoreError::Locked { path: path.to_owned() }
        }
        DatabaseError::Storage(redb::StorageError::Io(error)) if !is_about_content(&error) => access(path)(error),
        other => format(&other),
    })
}

/// Whether an error says that the file is not what it should be, rather than that the disk fails.
fn is_about_content(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput)
}

fn access(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    |source| StoreError::Access { path, source }
}

pub(crate) fn make_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

/// Makes an empty database, unless another process is quicker.
///
/// It is whole and durable before it has its name, so that no power cut on the way leaves a file that is refused.
fn make_database(data_dir: &Path, path: &Path) -> Result<(), StoreError> {
    let mut suffix = [0; 8];
    getrandom::fill(&mut suffix).map_err(StoreError::unavailable)?;
    let draft = data_dir.join(format!(".{FILE_NAME}-{:016x}", u64::from_be_bytes(suffix)));
    let made = write_database(&draft).and_then(|()| link_new(&draft, path).map_err(access(path)));
    // A draft that stays behind is a file that nobody uses.
    let _ = fs::remove_file(&draft);
    made?;
    // The file's name is durable only once the directory is.
    sync_directory(data_dir).map_err(access(data_dir))
}

fn write_database(path: &Path) -> Result<(), StoreError> {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(access(path))?;
    drop(open_database(path, DiskFile::new(file, Arc::default())?)?);
    open_file(path).and_then(|file| file.sync_all()).map_err(access(path))
}

/// Gives a file a second name, or says that the name is taken.
pub(crate) fn link_new(from: &Path, to: &Path) -> io::Result<bool> {
    match fs::hard_link(from, to) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

fn open_file(path: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new().read(true).write(true).open(path)
}

/// Does nothing on file systems that know no such thing: should the name be lost there, the file counts as lost memory.
#[cfg(unix)]
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    match fs::File::open(path)?.sync_all() {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        result => result,
    }
}

/// Only on Unix can a directory be opened to be synced.
#[cfg(not(unix))]
pub(crate) fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
