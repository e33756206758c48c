//! Counts of what happened lately, as whole numbers.
//!
//! Time is cut into windows of one length. What happened in the last so many seconds is the count of the window that
//! runs, and of the one before as much as the time says that is not over. So a count takes two numbers, forgets by
//! itself, and all nodes add to the same ones.

use std::ops::{Index, IndexMut};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Challenges begun.
    Begun,
    /// Work solved where nothing else was asked.
    Solved,
    /// Words answered right, no faster than a person can.
    Read,
    /// Words answered right, faster than that.
    Hasty,
    /// Wrong words, and solutions that are none.
    Wrong,
    /// Challenges given up for others.
    Renewed,
}

/// How many kinds there are.
pub(super) const KINDS: usize = 6;

/// So many of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts(pub(super) [u32; KINDS]);

impl Index<Kind> for Counts {
    type Output = u32;

    fn index(&self, kind: Kind) -> &u32 {
        &self.0[kind as usize]
    }
}

impl IndexMut<Kind> for Counts {
    fn index_mut(&mut self, kind: Kind) -> &mut u32 {
        &mut self.0[kind as usize]
    }
}

/// The counts of a window and of the one before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Windows {
    /// Windows are numbered from 1970 on.
    pub(super) number: u64,
    pub(super) current: Counts,
    pub(super) previous: Counts,
}

/// Counts of the last so many seconds, as they are at one time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Recent {
    current: Counts,
    previous: Counts,
    /// How many seconds of the window are over.
    passed_secs: u64,
    period_secs: u64,
}

impl Windows {
    /// Counts one at this time.
    pub(super) fn add(&mut self, kind: Kind, now: u64, period_secs: u64) {
        self.turn(now / period_secs);
        self.current[kind] = self.current[kind].saturating_add(1);
    }

    /// What there is of the last so many seconds.
    pub(super) fn recent(mut self, now: u64, period_secs: u64) -> Recent {
        let number = now / period_secs;
        self.turn(number);
        // Of a window that has not begun, because the clock went back, nothing is over.
        let passed_secs = if self.number == number { now % period_secs } else { 0 };
        Recent { current: self.current, previous: self.previous, passed_secs, period_secs }
    }

    /// Whether nothing of it would be seen now.
    pub(super) fn are_over(&self, now: u64, period_secs: u64) -> bool {
        let mut turned = *self;
        turned.turn(now / period_secs);
        turned.current == Counts::default() && turned.previous == Counts::default()
    }

    /// Goes on to the window of this number. A clock that went back a little stays in the window that it was in; after
    /// more all is forgotten, since nobody knows when it would be over.
    fn turn(&mut self, number: u64) {
        if number == self.number || number + 1 == self.number {
            return;
        }
        let previous = if number == self.number + 1 { self.current } else { Counts::default() };
        *self = Self { number, current: Counts::default(), previous };
    }
}

impl Recent {
    /// How many there were.
    pub(super) fn of(&self, kind: Kind) -> u64 {
        let left_secs = self.period_secs - self.passed_secs;
        let before = u64::from(self.previous[kind]) * left_secs / self.period_secs.max(1);
        u64::from(self.current[kind]) + before
    }

    /// How many there were in the whole window before this one.
    pub(super) fn before(&self, kind: Kind) -> u32 {
        self.previous[kind]
    }

    /// All challenges of which it is known what became of them.
    pub(super) fn settled(&self) -> u64 {
        [Kind::Solved, Kind::Read, Kind::Hasty, Kind::Wrong, Kind::Renewed].map(|kind| self.of(kind)).iter().sum()
    }

    /// Words answered.
    pub(super) fn answers(&self) -> u64 {
        [Kind::Read, Kind::Hasty, Kind::Wrong].map(|kind| self.of(kind)).iter().sum()
    }

    /// How many of those begun were begun in the last so many seconds, if they came evenly: people may be about to
    /// answer these.
    pub(super) fn begun_within(&self, secs: u64) -> u64 {
        let (current, previous) = (u64::from(self.current[Kind::Begun]), u64::from(self.previous[Kind::Begun]));
        if secs < self.passed_secs {
            return current * secs / self.passed_secs;
        }
        let before = (secs - self.passed_secs).min(self.period_secs - self.passed_secs);
        current + previous * before / self.period_secs.max(1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PERIOD: u64 = 300;
    const NOON: u64 = 43_200;

    fn begun(times: impl IntoIterator<Item = u64>) -> Windows {
        let mut windows = Windows::default();
        times.into_iter().for_each(|now| windows.add(Kind::Begun, now, PERIOD));
        windows
    }

    #[track_caller]
    fn check(windows: &Windows, now: u64, expected: u64) {
        assert_eq!(windows.recent(now, PERIOD).of(Kind::Begun), expected, "at {now}");
    }

    #[test]
    fn what_was_counted_goes_away_by_and_by() {
        let windows = begun((0..300).map(|secs| NOON + secs));
        let at = [(299, 300), (300, 300), (375, 225), (450, 150), (599, 1), (600, 0), (100_000, 0)];
        at.into_iter().for_each(|(secs, expected)| check(&windows, NOON + secs, expected));
        assert!(!windows.are_over(NOON + 599, PERIOD) && windows.are_over(NOON + 600, PERIOD));
    }

    #[test]
    fn a_clock_that_goes_back_stays_in_the_window_or_forgets() {
        let mut windows = begun([NOON, NOON]);
        check(&windows, NOON - 1, 2);
        windows.add(Kind::Begun, NOON - 1, PERIOD);
        check(&windows, NOON, 3);
        windows.add(Kind::Begun, NOON - 2 * PERIOD, PERIOD);
        check(&windows, NOON - 2 * PERIOD, 1);
    }

    #[test]
    fn those_begun_just_now_are_told_as_if_they_came_evenly() {
        let windows = begun((0..300).map(|secs| NOON + secs));
        let within = |now, secs| windows.recent(now, PERIOD).begun_within(secs);
        assert_eq!([within(NOON + 299, 60), within(NOON + 330, 60), within(NOON + 400, 60)], [60, 30, 0]);
        assert_eq!(begun([NOON]).recent(NOON, PERIOD).begun_within(60), 1);
    }

    proptest! {
        #[test]
        fn a_count_is_never_more_than_all_nor_less_than_those_of_its_window(
            mut times in prop::collection::vec(0..2_000_u64, 1..50),
        ) {
            times.sort_unstable();
            let (windows, now) = (begun(times.iter().copied()), times[times.len() - 1]);
            let count = windows.recent(now, PERIOD).of(Kind::Begun) as usize;
            prop_assert!(count <= times.iter().filter(|time| **time + 2 * PERIOD > now).count());
            prop_assert!(count >= times.iter().filter(|time| **time / PERIOD == now / PERIOD).count());
            prop_assert!(windows.recent(now, PERIOD).begun_within(60) as usize <= times.len());
        }
    }
}
