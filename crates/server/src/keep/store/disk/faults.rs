//! A disk that fails as a test tells it, and remembers what a power cut could have left.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// What a disk writes whole or not at all.
const SECTOR_BYTES: u64 = 512;

/// How a disk fails, and what was asked of it.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Whether the disk is full.
    pub(crate) is_full: AtomicBool,
    /// Whether the disk can no longer make anything durable.
    pub(crate) is_failing: AtomicBool,
    /// Whether no sync comes to its end.
    pub(crate) is_stuck: AtomicBool,
    history: Mutex<Vec<Event>>,
}

#[derive(Debug)]
enum Event {
    SetLen(u64),
    Write { offset: u64, data: Vec<u8> },
    Sync,
}

impl Faults {
    pub(super) fn before_set_len(&self, len: u64) {
        self.history().push(Event::SetLen(len));
    }

    pub(super) fn before_write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if self.is_full.load(Ordering::Acquire) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.history().push(Event::Write { offset, data: data.to_vec() });
        Ok(())
    }

    pub(super) fn before_sync(&self) -> io::Result<()> {
        while self.is_stuck.load(Ordering::Acquire) {
            thread::sleep(Duration::from_millis(1));
        }
        if self.is_failing.load(Ordering::Acquire) {
            return Err(io::ErrorKind::Other.into());
        }
        Ok(())
    }

    pub(super) fn after_sync(&self) {
        self.history().push(Event::Sync);
    }

    /// How many things were asked of the disk so far.
    pub(crate) fn moment(&self) -> usize {
        self.history().len()
    }

    /// What is on a disk that held `image` at first, if its power is cut at a moment: whatever was synced, and of the
    /// later writes some sectors and others not, as `chance` has it.
    pub(crate) fn after_power_cut(&self, mut image: Vec<u8>, moment: usize, chance: u64) -> Vec<u8> {
        let history = self.history();
        let asked = &history[..moment];
        let synced = asked.iter().rposition(|event| matches!(event, Event::Sync)).map_or(0, |last| last + 1);
        for (number, event) in asked.iter().enumerate() {
            let survives = |sector: u64| {
                let mut hasher = DefaultHasher::new();
                (chance, number, sector).hash(&mut hasher);
                // Of some cuts nothing survives that was not synced, of others all of it.
                number < synced || hasher.finish() % 100 < chance % 101
            };
            match event {
                Event::SetLen(len) if survives(0) => image.resize(index(*len), 0),
                Event::Write { offset, data } => {
                    for (sector, part) in sectors(*offset, data).filter(|(offset, _)| survives(offset / SECTOR_BYTES)) {
                        image.resize(image.len().max(index(sector) + part.len()), 0);
                        image[index(sector)..][..part.len()].copy_from_slice(part);
                    }
                }
                Event::SetLen(_) | Event::Sync => {}
            }
        }
        image
    }

    fn history(&self) -> MutexGuard<'_, Vec<Event>> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What of a write goes to which sector: each part with its place on the disk.
fn sectors(offset: u64, data: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let to_boundary = index(SECTOR_BYTES - offset % SECTOR_BYTES).min(data.len());
    let (first, rest) = data.split_at(to_boundary);
    let mut place = offset;
    std::iter::once(first).chain(rest.chunks(index(SECTOR_BYTES))).map(move |part| {
        let start = place;
        place += part.len() as u64;
        (start, part)
    })
}

fn index(place: u64) -> usize {
    usize::try_from(place).expect("the file of a test fits into memory")
}
