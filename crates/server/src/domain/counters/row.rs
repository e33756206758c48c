//! What is stored of an app's minute or hour.
//!
//! A row is text: its numbers with spaces between, and no zeros at the end. Rows are added number by number, so that
//! Redis can do it in a script, and a later version can put more numbers at the end. Where a number stands it stays.

use std::{collections::BTreeMap, ops::AddAssign};

use super::Counts;
use crate::keep::store::StoreError;

pub(crate) const MINUTE_SECS: u64 = 60;
pub(crate) const HOUR_SECS: u64 = 3_600;
pub(crate) const DAY_SECS: u64 = 86_400;

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

/// What happened in a minute or an hour. How many words were left unanswered is not in it, because that shows later: it is
/// what was issued and not settled. So it is with work that was not done, and with tokens that were not redeemed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) counts: Counts,
    /// Words issued in this time that can no longer be answered: one passed, wrong answers used up its attempts, or it was
    /// expired.
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
        let mut row = self.clone();
        let numbers = row.places();
        let length = numbers.iter().rposition(|number| **number > 0).map_or(0, |last| last + 1);
        numbers[..length].iter().map(|number| number.to_string()).collect::<Vec<_>>().join(" ")
    }

    /// Reads a row; what a later version put at its end does not matter.
    pub(crate) fn from_text(text: &str) -> Result<Self, StoreError> {
        let unreadable = || StoreError::Format { cause: "a row of the statistics is not readable".to_owned() };
        let mut row = Self::default();
        for (number, word) in row.places().into_iter().zip(text.split_ascii_whitespace()) {
            *number = word.parse().ok().filter(|number| *number <= MOST).ok_or_else(unreadable)?;
        }
        Ok(row)
    }

    /// Its numbers in the order in which they are stored. New ones come at the end.
    fn places(&mut self) -> Vec<&mut u64> {
        let Self { counts, settled } = self;
        let Counts { issued, images, sounds, passed, wrong, limited, times, widget, tokens, redeemed, .. } = counts;
        let Counts { works, asked, demanded, means, redeemed_for_work, .. } = counts;
        let mut places = vec![issued, images, sounds, passed, wrong, settled, limited];
        places.extend(times.buckets_mut());
        places.extend([widget, tokens, redeemed]);
        places.extend([&mut works.issued, &mut works.done, &mut works.longest_done]);
        places.extend([&mut works.wrong, &mut works.instead]);
        places.extend([&mut asked.word, &mut asked.both, &mut asked.work]);
        places.extend(demanded.places_mut());
        places.extend([&mut means.picture, &mut means.sound, &mut means.work, redeemed_for_work]);
        places
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
    use crate::domain::counters::Works;

    const NUMBERS: usize = 53;

    /// A row in which every number is its own place, from 1.
    fn numbered(length: usize) -> Row {
        let text: Vec<String> = (1..=length).map(|place| place.to_string()).collect();
        Row::from_text(&text.join(" ")).unwrap()
    }

    #[test]
    fn a_row_is_read_as_it_was_written() {
        let row = numbered(20);
        assert_eq!(row.to_text(), "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20");
        let all = numbered(NUMBERS);
        assert_eq!(all.to_text().split(' ').count(), NUMBERS);
        for row in [row, all] {
            assert_eq!(Row::from_text(&row.to_text()).unwrap(), row);
        }
        assert_eq!(Row::default().to_text(), "");
        assert_eq!(Row::from_text("").unwrap(), Row::default());
    }

    /// Rows that are stored mean the same for ever.
    #[test]
    fn every_number_has_its_place() {
        let Row { counts, settled } = numbered(NUMBERS);
        assert_eq!([counts.issued, counts.images, counts.sounds, counts.passed, counts.wrong], [1, 2, 3, 4, 5]);
        assert_eq!((settled, counts.limited), (6, 7));
        assert_eq!((counts.times.buckets()[0], counts.times.buckets()[22]), (8, 30));
        assert_eq!([counts.widget, counts.tokens, counts.redeemed], [31, 32, 33]);
        let works = &counts.works;
        assert_eq!([works.issued, works.done, works.longest_done, works.wrong, works.instead], [34, 35, 36, 37, 38]);
        assert_eq!([counts.asked.word, counts.asked.both, counts.asked.work], [39, 40, 41]);
        assert_eq!(counts.demanded.without_word, [42, 43, 44, 45]);
        assert_eq!(counts.demanded.with_word, [46, 47, 48, 49]);
        assert_eq!([counts.means.picture, counts.means.sound, counts.means.work], [50, 51, 52]);
        assert_eq!(counts.redeemed_for_work, 53);
        // What follows from others is not stored.
        assert_eq!((counts.unanswered, counts.unredeemed, works.undone), (0, 0, 0));
    }

    #[test]
    fn a_row_of_a_version_that_counted_no_work_is_good() {
        let row = numbered(33);
        assert_eq!((row.counts.issued, row.counts.redeemed), (1, 33));
        assert_eq!((row.counts.works, row.counts.demanded.total()), (Works::default(), 0));
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
