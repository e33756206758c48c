//! What is stored of an app's minute or hour.
//!
//! A row is text: its numbers with spaces between, and no zeros at the end. Rows are added number by number, so that
//! Redis can do it in a script, and a later version can put more numbers at the end.

use std::{collections::BTreeMap, ops::AddAssign};

use super::{AnswerTimes, Counts};
use crate::keep::store::StoreError;

pub(crate) const MINUTE_SECS: u64 = 60;
pub(crate) const HOUR_SECS: u64 = 3_600;
pub(crate) const DAY_SECS: u64 = 86_400;

/// The numbers before those of the answer times.
const PLAIN_NUMBERS: usize = 7;
/// The numbers after them, which came later.
const LATER_NUMBERS: usize = 3;
const NUMBERS: usize = PLAIN_NUMBERS + AnswerTimes::BUCKETS + LATER_NUMBERS;

/// The most that a row counts of anything: some millions a second. So sums of rows cannot overflow.
pub(crate) const MOST: u64 = 1 << 36;

/// How finely rows tell times apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grain {
    Minute,
    Hour,
}

impl Grain {
    /// Seconds that a row covers.
    pub(crate) const fn secs(self) -> u64 {
        match self {
            Self::Minute => MINUTE_SECS,
            Self::Hour => HOUR_SECS,
        }
    }

    /// When the row of this time begins.
    pub(crate) const fn begin(self, time: u64) -> u64 {
        time / self.secs() * self.secs()
    }
}

/// Rows of one app, by the Unix time at which they begin.
pub(crate) type Rows = BTreeMap<u64, Row>;

/// What happened in a minute or an hour. How many challenges were left unanswered is not in it, because that shows
/// later: it is what was issued and not settled. So it is with tokens that were not redeemed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) counts: Counts,
    /// Challenges issued in this time that can no longer be answered: one passed, wrong answers used up its attempts,
    /// or the site expired it.
    pub(crate) settled: u64,
}

impl AddAssign<&Self> for Row {
    fn add_assign(&mut self, more: &Self) {
        self.counts += &more.counts;
        self.settled += more.settled;
    }
}

impl Row {
    /// The row as it is stored.
    pub(crate) fn to_text(&self) -> String {
        let numbers = self.numbers();
        let length = numbers.iter().rposition(|number| *number > 0).map_or(0, |last| last + 1);
        numbers[..length].iter().map(u64::to_string).collect::<Vec<_>>().join(" ")
    }

    /// Reads a row; what a later version put at its end does not matter.
    pub(crate) fn from_text(text: &str) -> Result<Self, StoreError> {
        let unreadable = || StoreError::Format { cause: "a row of the statistics is not readable".to_owned() };
        let mut numbers = [0; NUMBERS];
        for (number, word) in numbers.iter_mut().zip(text.split_ascii_whitespace()) {
            *number = word.parse().ok().filter(|number| *number <= MOST).ok_or_else(unreadable)?;
        }
        Ok(Self::from_numbers(numbers))
    }

    fn numbers(&self) -> [u64; NUMBERS] {
        let Counts { issued, images, sounds, passed, wrong, limited, widget, tokens, redeemed, .. } = self.counts;
        let mut numbers = [0; NUMBERS];
        numbers[..PLAIN_NUMBERS].copy_from_slice(&[issued, images, sounds, passed, wrong, self.settled, limited]);
        let (times, later) = numbers[PLAIN_NUMBERS..].split_at_mut(AnswerTimes::BUCKETS);
        times.copy_from_slice(self.counts.times.buckets());
        later.copy_from_slice(&[widget, tokens, redeemed]);
        numbers
    }

    fn from_numbers(numbers: [u64; NUMBERS]) -> Self {
        let [issued, images, sounds, passed, wrong, settled, limited, rest @ ..] = numbers;
        let [buckets @ .., widget, tokens, redeemed] = rest;
        let times = AnswerTimes::from_buckets(buckets);
        let counts = Counts {
            issued,
            images,
            sounds,
            passed,
            wrong,
            limited,
            widget,
            tokens,
            redeemed,
            times,
            ..Counts::default()
        };
        Self { counts, settled }
    }
}

/// These rows of minutes as rows of hours.
pub(crate) fn hours(minutes: &Rows) -> Rows {
    let mut hours = Rows::new();
    for (begin, row) in minutes {
        *hours.entry(Grain::Hour.begin(*begin)).or_default() += row;
    }
    hours
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_as_it_was_written() {
        let numbers = std::array::from_fn(|index| if index < 20 { index as u64 } else { 0 });
        let row = Row::from_numbers(numbers);
        assert_eq!(row.to_text(), "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19");
        assert_eq!(Row::from_text(&row.to_text()).unwrap(), row);
        assert_eq!(Row::default().to_text(), "");
        assert_eq!(Row::from_text("").unwrap(), Row::default());
    }

    #[test]
    fn what_a_later_version_adds_is_left_alone_and_nonsense_is_refused() {
        let later = format!("7{}", " 1".repeat(NUMBERS + 5));
        assert_eq!(Row::from_text(&later).unwrap().counts.issued, 7);
        for wrong in ["1 x", "-1", "18446744073709551615", "68719476737"] {
            assert!(matches!(Row::from_text(wrong), Err(StoreError::Format { .. })), "{wrong}");
        }
    }
}
