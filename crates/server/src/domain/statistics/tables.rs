//! Where statistics are kept: in the database of this node or, for all nodes, in Redis.

mod database;
mod remote;

#[cfg(test)]
mod tests;

use std::ops::Range;

pub(super) use self::{
    database::{DatabaseTables, back_up},
    remote::RemoteTables,
};
use super::pending::Batch;
use crate::domain::counters::row::{DAY_SECS, Grain, HOUR_SECS, Rows};
use crate::keep::store::StoreError;

/// How long rows of minutes are kept, at least.
const MINUTES_KEPT_SECS: u64 = 48 * HOUR_SECS;

/// One of the two.
pub(super) enum Tables {
    Database(DatabaseTables),
    Remote(RemoteTables),
}

/// How long rows are kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept {
    pub(super) days: u16,
}

impl Kept {
    /// Twice the days, so that each span can be compared with the one before it.
    pub(super) const fn secs(self, grain: Grain) -> u64 {
        match grain {
            Grain::Minute => MINUTES_KEPT_SECS,
            Grain::Hour => 2 * self.days as u64 * DAY_SECS,
        }
    }
}

impl Tables {
    /// Adds what was counted, once: the same batch again adds nothing.
    pub(super) fn add(&self, batch: &Batch) -> Result<(), StoreError> {
        match self {
            Self::Database(tables) => tables.add(batch),
            Self::Remote(tables) => tables.add(batch),
        }
    }

    /// The rows of each of these apps that begin in this time.
    pub(super) fn read(&self, apps: &[u32], grain: Grain, time: Range<u64>) -> Result<Vec<Rows>, StoreError> {
        match self {
            Self::Database(tables) => tables.read(apps, grain, time),
            Self::Remote(tables) => tables.read(apps, grain, &time),
        }
    }

    /// Forgets some of the rows that are past their time.
    pub(super) fn forget(&self, now: u64) -> Result<(), StoreError> {
        match self {
            Self::Database(tables) => tables.forget(now),
            // There, each says itself when it goes.
            Self::Remote(_) => Ok(()),
        }
    }
}
