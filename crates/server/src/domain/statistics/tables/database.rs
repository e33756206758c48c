//! Statistics in the database, in tables of their own beside the ledger's.
//!
//! A row is named by its app and the Unix time at which it begins. The version in the tables' names changes when their
//! meaning does.

use std::{
    ops::Range,
    sync::{Mutex, PoisonError},
};

use redb::{ReadTransaction, ReadableTable, Table, TableDefinition, TableError};

use super::{super::pending::Batch, Kept};
use crate::domain::counters::row::{self, DAY_SECS, Grain, HOUR_SECS, Row, Rows};
use crate::keep::store::{Change, Copying, Store, StoreError};

type Name = (u32, u64);
type Definition = TableDefinition<'static, Name, &'static str>;

const MINUTES: Definition = TableDefinition::new("statistics_minutes_v1");
const HOURS: Definition = TableDefinition::new("statistics_hours_v1");
/// The process and the number of the batch that was added last.
const LAST_BATCH: TableDefinition<'_, (), (u64, u64)> = TableDefinition::new("statistics_last_batch_v1");

/// The most apps and the most rows that one step of forgetting looks at. With a step every two seconds, it forgets
/// rows faster than they can be made, even if all apps are in use all the time.
const STEP: usize = 1000;

/// Copies the tables, and returns how many rows there are.
pub(in super::super) fn back_up(copying: &Copying<'_>) -> Result<u64, redb::Error> {
    copying.table(LAST_BATCH)?;
    Ok(copying.table(MINUTES)? + copying.table(HOURS)?)
}

/// The tables, and how far forgetting has come.
pub(in super::super) struct DatabaseTables {
    store: Store,
    kept: Kept,
    /// The apps that are next, in the tables of minutes and of hours.
    next: Mutex<[u32; 2]>,
}

impl DatabaseTables {
    pub(in super::super) fn new(store: Store, kept: Kept) -> Self {
        Self { store, kept, next: Mutex::default() }
    }

    pub(super) fn add(&self, batch: &Batch) -> Result<(), StoreError> {
        self.store.write(|transaction| {
            let mut last = transaction.open_table(LAST_BATCH)?;
            // A commit may have succeeded though it was said to have failed.
            if last.get(())?.is_some_and(|last| last.value() == (batch.process, batch.number)) {
                return Ok(Change::Nothing(()));
            }
            last.insert((), (batch.process, batch.number))?;
            let (mut minutes, mut hours) = (transaction.open_table(MINUTES)?, transaction.open_table(HOURS)?);
            for (app, rows) in &batch.rows {
                add(&mut minutes, *app, rows)?;
                add(&mut hours, *app, &row::hours(rows))?;
            }
            Ok(Change::Commit(()))
        })
    }

    pub(super) fn read(&self, apps: &[u32], grain: Grain, time: Range<u64>) -> Result<Vec<Rows>, StoreError> {
        self.store.read(|transaction| {
            let Some(table) = opened(transaction, grain)? else { return Ok(vec![Rows::new(); apps.len()]) };
            let rows_of = |app: &u32| {
                let rows = table.range((*app, time.start)..(*app, time.end))?;
                rows.map(|entry| {
                    entry
                        .map_err(StoreError::from)
                        .and_then(|(name, row)| Ok((name.value().1, Row::from_text(row.value())?)))
                })
                .collect()
            };
            apps.iter().map(rows_of).collect()
        })
    }

    /// Forgets one step's worth of rows in each table, of all apps in turn.
    ///
    /// Rows go by the whole hour or day, so that there is seldom something to write.
    pub(super) fn forget(&self, now: u64) -> Result<(), StoreError> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        for (next, (grain, unit)) in next.iter_mut().zip([(Grain::Minute, HOUR_SECS), (Grain::Hour, DAY_SECS)]) {
            let horizon = now.saturating_sub(self.kept.secs(grain)) / unit * unit;
            let old = self.store.read(|transaction| old_rows(transaction, grain, horizon, *next))?;
            if !old.names.is_empty() {
                self.store.write(|transaction| remove(&mut transaction.open_table(definition(grain))?, &old.names))?;
            }
            *next = old.next;
        }
        Ok(())
    }
}

const fn definition(grain: Grain) -> Definition {
    match grain {
        Grain::Minute => MINUTES,
        Grain::Hour => HOURS,
    }
}

/// The table, if anything was ever written to it.
fn opened(
    transaction: &ReadTransaction,
    grain: Grain,
) -> Result<Option<redb::ReadOnlyTable<Name, &'static str>>, StoreError> {
    match transaction.open_table(definition(grain)) {
        Err(TableError::TableDoesNotExist(_)) => Ok(None),
        opened => Ok(Some(opened?)),
    }
}

fn add(table: &mut Table<'_, Name, &'static str>, app: u32, rows: &Rows) -> Result<(), StoreError> {
    for (begin, row) in rows {
        let mut sum = match table.get((app, *begin))? {
            Some(text) => Row::from_text(text.value())?,
            None => Row::default(),
        };
        sum += row;
        table.insert((app, *begin), sum.to_text().as_str())?;
    }
    Ok(())
}

/// Rows that are past their time, and the app to go on with.
#[derive(Default)]
struct OldRows {
    names: Vec<Name>,
    next: u32,
}

/// Looks from this app on for rows that begin before this time.
fn old_rows(transaction: &ReadTransaction, grain: Grain, horizon: u64, from: u32) -> Result<OldRows, StoreError> {
    let mut old = OldRows { names: Vec::new(), next: from };
    let Some(table) = opened(transaction, grain)? else { return Ok(old) };
    for _ in 0..STEP {
        let first = table.range((old.next, 0)..)?.next().transpose()?.map(|(name, _)| name.value().0);
        let Some(app) = first else { return Ok(OldRows { next: 0, ..old }) };
        for entry in table.range((app, 0)..(app, horizon))?.take(STEP - old.names.len()) {
            old.names.push(entry?.0.value());
        }
        if old.names.len() == STEP {
            return Ok(OldRows { next: app, ..old });
        }
        old.next = app.saturating_add(1);
    }
    Ok(old)
}

fn remove(table: &mut Table<'_, Name, &'static str>, names: &[Name]) -> Result<Change<()>, StoreError> {
    for name in names {
        table.remove(name)?;
    }
    Ok(Change::Commit(()))
}
