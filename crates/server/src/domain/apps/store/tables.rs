//! What is remembered of apps, wherever that is.

use super::{
    database,
    remote::{RemoteChange, RemoteTables},
};
use crate::{
    domain::apps::{App, AppError},
    keep::store::{Store, StoreError},
};

/// The apps and their numbers: in the database of one node, or in Redis for all.
pub(super) enum Tables {
    Database(Store),
    Remote(RemoteTables),
}

/// A change that is under way.
pub(super) enum Change<'a> {
    Database(database::Change<'a>),
    Remote(RemoteChange),
}

impl Tables {
    /// All stored apps, by number.
    pub(super) fn read(&self) -> Result<Vec<App>, StoreError> {
        match self {
            Self::Database(store) => database::read(store),
            Self::Remote(tables) => tables.read(),
        }
    }

    /// As [`Tables::read`], when a write has failed.
    pub(super) fn read_after_failure(&self) -> Result<Vec<App>, StoreError> {
        match self {
            Self::Database(store) => database::read_after_failure(store),
            Self::Remote(tables) => tables.read(),
        }
    }

    /// Whether others may have changed something since it was read.
    pub(super) fn have_changed(&self) -> Result<bool, StoreError> {
        match self {
            // This process has it for itself.
            Self::Database(_) => Ok(false),
            Self::Remote(tables) => tables.have_changed(),
        }
    }

    /// How many apps were there when they were last seen, if all is gone since and nobody removed them.
    pub(super) fn gone(&self) -> usize {
        match self {
            // A database that is gone is an error.
            Self::Database(_) => 0,
            Self::Remote(tables) => tables.gone(),
        }
    }

    /// One durable change: all of it, or none if `change` fails.
    pub(super) fn write<Outcome>(
        &self,
        change: impl FnOnce(&mut Change<'_>) -> Result<Outcome, AppError>,
    ) -> Result<Outcome, AppError> {
        match self {
            Self::Database(store) => database::write(store, |transaction| change(&mut Change::Database(transaction))),
            Self::Remote(tables) => {
                let mut remote = Change::Remote(tables.begin());
                let outcome = change(&mut remote)?;
                if let Change::Remote(remote) = remote {
                    tables.commit(remote)?;
                }
                Ok(outcome)
            }
        }
    }
}

impl Change<'_> {
    pub(super) fn put_app(&mut self, app: &App) -> Result<(), StoreError> {
        match self {
            Self::Database(change) => change.put_app(app),
            Self::Remote(change) => change.put_app(app),
        }
    }

    /// Takes an app away, and notes when.
    pub(super) fn remove_app(&mut self, number: u32, now: u64) -> Result<(), StoreError> {
        match self {
            Self::Database(change) => change.remove_app(number, now),
            Self::Remote(change) => {
                change.remove_app(number, now);
                Ok(())
            }
        }
    }

    /// Forgets the apps that were removed before this Unix time.
    pub(super) fn forget_removed_before(&mut self, time: u64) -> Result<(), StoreError> {
        match self {
            Self::Database(change) => change.forget_removed_before(time),
            Self::Remote(change) => {
                change.forget_removed_before(time);
                Ok(())
            }
        }
    }

    /// Takes a number in `1..end` that neither an app nor a remembered removed one has, if there is one.
    pub(super) fn take_number(&mut self, end: u32) -> Result<Option<u32>, StoreError> {
        match self {
            Self::Database(change) => change.take_number(end),
            Self::Remote(change) => Ok(change.take_number(end)),
        }
    }
}
