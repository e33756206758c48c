//! What happens to an app's challenges, counted by the minute and kept for months.
//!
//! Requests add to counters in memory ([`Counters`]), which the app's snapshot holds. Every two seconds what was
//! counted since is added to the store, the database of this node or Redis for all of them, where figures of several
//! nodes add up. Nothing personal is in them.

mod counts;
mod report;

use std::sync::Arc;

pub use self::{
    counts::{AnswerTimes, Counters, Counts},
    report::{Mark, Point, Report, Span},
};
use crate::store::StoreError;

/// All statistics of an installation.
pub struct Statistics {}

impl Statistics {
    /// What happened to this app's challenges in the span that ends now, with the span before it to compare.
    ///
    /// Waits for the disk or for the network: not for async code.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub fn report(&self, _app: u32, _span: Span, _now: u64) -> Result<Report, StoreError> {
        todo!()
    }

    /// What happened in all to each of these apps' challenges in the span that ends now, in the order of the apps.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub fn totals(&self, _apps: &[u32], _span: Span, _now: u64) -> Result<Vec<Counts>, StoreError> {
        todo!()
    }

    /// The counters that requests of this app add to.
    pub fn counters(&self, _app: u32) -> Arc<Counters> {
        todo!()
    }
}
