//! The file under the database, watched: what redb does not tell is whether it was a sync that failed.

#[cfg(test)]
mod faults;

use std::{
    fs::File,
    io,
    ops::Bound,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use redb::{BackendError, StorageBackend, backends::FileBackend};

use super::StoreError;

/// What became of the disk, over all the times that the file was opened.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    failed_to_sync: AtomicBool,
    /// For tests: how it fails.
    #[cfg(test)]
    pub(crate) faults: faults::Faults,
}

impl Disk {
    /// Whether any sync ever failed.
    pub(super) fn has_failed_to_sync(&self) -> bool {
        self.failed_to_sync.load(Ordering::Acquire)
    }

    fn set_len(&self, file: &FileBackend, len: u64) -> io::Result<()> {
        #[cfg(test)]
        self.faults.before_set_len(len);
        file.set_len(len)
    }

    fn sync(&self, file: &FileBackend) -> io::Result<()> {
        #[cfg(test)]
        self.faults.before_sync()?;
        file.sync_data()?;
        #[cfg(test)]
        self.faults.after_sync();
        Ok(())
    }

    fn write(&self, file: &FileBackend, offset: u64, data: &[u8]) -> io::Result<()> {
        #[cfg(test)]
        self.faults.before_write(offset, data)?;
        file.write(offset, data)
    }
}

/// redb's file, watched.
#[derive(Debug)]
pub(super) struct DiskFile {
    file: FileBackend,
    disk: Arc<Disk>,
}

impl DiskFile {
    pub(super) fn new(file: File, disk: Arc<Disk>) -> Result<Self, StoreError> {
        Ok(Self { file: FileBackend::new(file).map_err(StoreError::unavailable)?, disk })
    }
}

impl StorageBackend for DiskFile {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.disk.set_len(&self.file, len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.disk.sync(&self.file).inspect_err(|_| self.disk.failed_to_sync.store(true, Ordering::Release))
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.disk.write(&self.file, offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}
