//! What must hold for rows of statistics, whatever they are read from.

use crate::domain::counters::row::{MOST, Row};
use crate::keep::store::StoreError;

/// A row is written as it was read, and rows of years and of all apps can be added up.
pub(crate) fn row(text: &str) {
    let row = match Row::from_text(text) {
        Ok(row) => row,
        Err(error) => return assert!(matches!(error, StoreError::Format { .. }), "{error}"),
    };
    assert_eq!(Row::from_text(&row.to_text()).expect("what was written can be read"), row);
    let mut sum = Row::default();
    for _ in 0..3 {
        sum += &row;
    }
    assert_eq!(sum.counts.issued, 3 * row.counts.issued);
    assert!(sum.counts.times.total() / 3 <= MOST * row.counts.times.buckets().len() as u64);
    assert!(sum.counts.pass_rate().is_none_or(|rate| (0.0..=1.0).contains(&rate)));
    assert!(sum.counts.sound_share().is_none_or(|share| (0.0..=1.0).contains(&share)));
    assert!(sum.counts.demanded.word_share().is_none_or(|share| (0.0..=1.0).contains(&share)));
    assert!(sum.counts.works.done_share().is_none_or(|share| (0.0..=1.0).contains(&share)));
    assert_eq!(sum.counts.demanded.total(), 3 * row.counts.demanded.total());
    // What is between two bounds is computed, and may be off by its rounding.
    let (median, p90) = (sum.counts.times.median_secs(), sum.counts.times.p90_secs());
    assert_eq!(median.is_some(), sum.counts.times.total() > 0);
    let (median, p90) = (median.unwrap_or(0.0), p90.unwrap_or(0.0));
    assert!(0.0 <= median && median <= p90 + 1e-6 && p90 <= 3600.0 + 1e-6, "{median} {p90}");
}
