//! What happens to an app's challenges, counted by the minute and kept for months.
//!
//! Requests add to [counters](super::counters::Counters) in memory, which the app's snapshot holds. Every two seconds
//! what was counted since is added to the store, the database of this node or Redis for all of them, where figures of
//! several nodes add up. Nothing personal is in them.

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod pending;
mod report;
mod tables;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use self::report::{Mark, Point, Report, Span};
use self::{
    pending::Pending,
    report::{View, Window},
    tables::{DatabaseTables, Kept, RemoteTables, Tables},
};
use crate::{
    domain::{
        apps::Apps,
        counters::{
            Counts,
            row::{Grain, Rows},
        },
        lifetime::TTLS_SECS,
    },
    keep::{
        remote::BlockingRemote,
        store::{Copying, Store, StoreError},
    },
};

/// All statistics of an installation.
pub struct Statistics {
    tables: Tables,
    /// Whose counters are read.
    apps: Arc<Apps>,
    kept: Kept,
    flushing: Mutex<Flushing>,
}

/// What is held while counts are stored, so that it is done by one at a time.
struct Flushing {
    pending: Pending,
    /// Whether it was said that counts cannot be stored.
    is_failing: bool,
    /// Rows that were lost since, because there was no room for more.
    lost: usize,
}

/// Copies all rows, and returns how many there are.
pub(crate) fn back_up(copying: &Copying<'_>) -> Result<u64, redb::Error> {
    tables::back_up(copying)
}

impl Statistics {
    /// How many days statistics are kept, unless something else is set.
    pub const USUAL_DAYS: u16 = 90;
    /// How many days they can be kept.
    pub const DAYS: std::ops::RangeInclusive<u16> = 1..=366;

    /// Statistics of these apps in the database.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the system gives no random bytes.
    pub fn open(store: Store, apps: Arc<Apps>, kept_days: u16) -> Result<Self, StoreError> {
        let kept = Kept { days: kept_days };
        Self::new(Tables::Database(DatabaseTables::new(store, kept)), apps, kept)
    }

    /// Statistics of these apps in Redis, to which all nodes add.
    ///
    /// # Errors
    /// As [`Statistics::open`].
    pub(crate) fn open_shared(remote: BlockingRemote, apps: Arc<Apps>, kept_days: u16) -> Result<Self, StoreError> {
        let kept = Kept { days: kept_days };
        Self::new(Tables::Remote(RemoteTables::new(remote, kept)), apps, kept)
    }

    fn new(tables: Tables, apps: Arc<Apps>, kept: Kept) -> Result<Self, StoreError> {
        let no_random = |error| StoreError::Unavailable { cause: format!("the system gives no random bytes: {error}") };
        let process = getrandom::u64().map_err(no_random)?;
        let flushing = Flushing { pending: Pending::new(process), is_failing: false, lost: 0 };
        Ok(Self { tables, apps, kept, flushing: Mutex::new(flushing) })
    }

    /// For how many days statistics are kept, beside as many before them to compare.
    #[must_use]
    pub fn kept_days(&self) -> u16 {
        self.kept.days
    }

    /// Stores what was counted since the last time, and forgets some of what is past its time.
    ///
    /// What cannot be stored is kept for the next time; that is logged once. Waits for the disk or for the network: not
    /// for async code.
    pub fn flush(&self, now: u64) {
        let mut flushing = self.flushing();
        let stored = self.store_counts(&mut flushing, now);
        match &stored {
            Ok(()) if flushing.is_failing => {
                let lost = std::mem::take(&mut flushing.lost);
                tracing::info!(lost, "statistics are being stored again; lost is the number of dropped rows");
            }
            Err(error) if !flushing.is_failing => {
                tracing::error!(%error, "statistics cannot be stored, and are kept in memory until they can");
            }
            _ => {}
        }
        flushing.is_failing = stored.is_err();
    }

    fn store_counts(&self, flushing: &mut Flushing, now: u64) -> Result<(), StoreError> {
        for live in self.apps.current().all() {
            flushing.lost += flushing.pending.take_in(live.app.number, live.counters.drain(now));
        }
        while let Some(batch) = flushing.pending.batch() {
            self.tables.add(batch)?;
            flushing.pending.confirm();
        }
        self.tables.forget(now)
    }

    /// What happened to this app's challenges in the span that ends now, with the span before it to compare.
    ///
    /// Waits for the disk or for the network: not for async code.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub fn report(&self, app: u32, span: Span, now: u64) -> Result<Report, StoreError> {
        let window = Window::new(span, now);
        let minutes = self.tables.read(&[app], Grain::Minute, window.minutes_and_before())?;
        let hours = self.tables.read(&[app], Grain::Hour, window.hours_and_before())?;
        let view = View {
            minutes: minutes.into_iter().next().unwrap_or_default(),
            hours: hours.into_iter().next().unwrap_or_default(),
            ttl_secs: self.ttl_secs(app),
        };
        Ok(view.report(window))
    }

    /// What happened in all to each of these apps' challenges in the span that ends now, in the order of the apps.
    ///
    /// Waits for the disk or for the network: not for async code.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub fn totals(&self, apps: &[u32], span: Span, now: u64) -> Result<Vec<Counts>, StoreError> {
        let window = Window::new(span, now);
        let minutes = self.tables.read(apps, Grain::Minute, window.minutes())?;
        let hours = self.tables.read(apps, Grain::Hour, window.hours())?;
        let views = apps.iter().zip(minutes).zip(hours);
        let views = views.map(|((app, minutes), hours)| View { minutes, hours, ttl_secs: self.ttl_secs(*app) });
        Ok(views.map(|view| view.total(window)).collect())
    }

    /// What looks unlike people just now of each of these apps, in their order.
    ///
    /// Waits for the disk or for the network: not for async code.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub fn marks(&self, apps: &[u32], now: u64) -> Result<Vec<Vec<Mark>>, StoreError> {
        let window = Window::new(Span::Hour, now);
        let minutes = self.tables.read(apps, Grain::Minute, window.minutes_and_before())?;
        let views = apps.iter().zip(minutes);
        let views = views.map(|(app, minutes)| View { minutes, hours: Rows::default(), ttl_secs: self.ttl_secs(*app) });
        Ok(views.map(|view| view.marks(window)).collect())
    }

    /// How long an app's challenges can be answered; of one that is gone, as long as those of any.
    fn ttl_secs(&self, app: u32) -> u64 {
        let apps = self.apps.current();
        let ttl_secs = apps.by_number(app).map(|live| live.app.settings.ttl_secs);
        ttl_secs.unwrap_or(*TTLS_SECS.end()).into()
    }

    fn flushing(&self) -> MutexGuard<'_, Flushing> {
        self.flushing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
