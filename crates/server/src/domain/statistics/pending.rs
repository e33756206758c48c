//! What was counted and is not stored yet.

use std::collections::BTreeMap;

use crate::domain::counters::row::{Row, Rows};

/// The most rows that wait while nothing can be stored: about 50 MB, and for ten apps some days' worth.
const MAX_WAITING_ROWS: usize = 100_000;
/// The most rows that are added at once, so that the ledger never waits for more than a few milliseconds.
const MAX_BATCH_ROWS: usize = 500;

/// Rows that wait, and those that are being added.
pub(super) struct Pending {
    process: u64,
    waiting: BTreeMap<(u32, u64), Row>,
    batch: Option<Batch>,
    batches: u64,
    max_waiting_rows: usize,
}

/// Rows to be added together, once: until it is known that they were, they stay as they are.
#[derive(Debug, Clone, Default)]
pub(super) struct Batch {
    /// Names the process among all that add to the same tables.
    pub(super) process: u64,
    /// The process's batches are numbered one after another, and added in turn.
    pub(super) number: u64,
    /// Rows of minutes, by app.
    pub(super) rows: BTreeMap<u32, Rows>,
}

impl Pending {
    pub(super) fn new(process: u64) -> Self {
        Self { process, waiting: BTreeMap::new(), batch: None, batches: 0, max_waiting_rows: MAX_WAITING_ROWS }
    }

    /// Takes rows of an app in, as far as there is room. Returns how many were not taken and are lost.
    pub(super) fn take_in(&mut self, app: u32, rows: Rows) -> usize {
        let mut lost = 0;
        for (begin, row) in rows {
            if let Some(waiting) = self.waiting.get_mut(&(app, begin)) {
                *waiting += &row;
            } else if self.waiting.len() < self.max_waiting_rows {
                self.waiting.insert((app, begin), row);
            } else {
                lost += 1;
            }
        }
        lost
    }

    /// The batch to add next: the last one, if it is not confirmed.
    pub(super) fn batch(&mut self) -> Option<&Batch> {
        if self.batch.is_none() && !self.waiting.is_empty() {
            self.batches += 1;
            let mut batch = Batch { process: self.process, number: self.batches, rows: BTreeMap::new() };
            for ((app, begin), row) in std::iter::from_fn(|| self.waiting.pop_first()).take(MAX_BATCH_ROWS) {
                batch.rows.entry(app).or_default().insert(begin, row);
            }
            self.batch = Some(batch);
        }
        self.batch.as_ref()
    }

    /// Forgets the last batch, which is stored.
    pub(super) fn confirm(&mut self) {
        self.batch = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::counters::Counts;

    fn issued(begin: u64, issued: u64) -> Rows {
        Rows::from([(begin, Row { counts: Counts { issued, ..Counts::default() }, settled: 0 })])
    }

    #[test]
    fn a_batch_stays_as_it_is_until_it_is_confirmed() {
        let mut pending = Pending::new(7);
        assert!(pending.batch().is_none());
        pending.take_in(1, issued(60, 1));
        let first = pending.batch().unwrap().clone();
        pending.take_in(1, issued(60, 2));
        let again = pending.batch().unwrap();
        assert_eq!((again.number, &again.rows), (first.number, &first.rows));
        pending.confirm();
        let second = pending.batch().unwrap();
        assert_eq!((second.number, second.rows[&1][&60].counts.issued), (first.number + 1, 2));
        pending.confirm();
        assert!(pending.batch().is_none());
    }

    #[test]
    fn no_batch_is_too_large_and_none_is_left() {
        let mut pending = Pending::new(7);
        (0..1_200).for_each(|app| assert_eq!(pending.take_in(app, issued(60, 1)), 0));
        let mut sizes = Vec::new();
        while let Some(batch) = pending.batch() {
            sizes.push(batch.rows.len());
            pending.confirm();
        }
        assert_eq!(sizes, [500, 500, 200]);
    }

    #[test]
    fn where_there_is_no_room_new_rows_are_lost_and_others_grow() {
        let mut pending = Pending { max_waiting_rows: 2, ..Pending::new(7) };
        assert_eq!([60, 120, 180, 60].map(|begin| pending.take_in(1, issued(begin, 1))), [0, 0, 1, 0]);
        assert_eq!(pending.waiting[&(1, 60)].counts.issued, 2);
    }
}
