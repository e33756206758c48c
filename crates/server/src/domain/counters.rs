//! What is counted of each app's challenges: the counters that requests add to, and the counts and rows that are made
//! of them.

mod counts;
pub(crate) mod row;

use std::{
    collections::BTreeMap,
    mem,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

pub(crate) use self::counts::share;
pub use self::counts::{AnswerTimes, Counts};
use self::row::{MINUTE_SECS, Row};

/// Minutes of issue that are told apart: the one that is now, two before it, and the one after it, from which a ledger
/// that is ahead of the clock may have keys stamped.
const ISSUE_MINUTES: usize = 4;

/// Seconds by which the clocks of two nodes are expected to differ. A key that is further ahead was dated so, when the
/// ledger began, and does not tell how long the answer took.
const CLOCK_DIFFERENCE_SECS: u64 = 1;

/// What happened to one app's challenges since it was written down last.
///
/// Issuing, showing and refusing add one to a number, without a lock. Judging, which has waited for the ledger, holds a
/// lock for as long as it takes to add to a few.
#[derive(Debug, Default)]
pub struct Counters {
    shown: Shown,
    judged: Mutex<Judged>,
}

/// They fill a cache line, away from what is beside them.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Shown {
    /// By the minute of issue that is sealed in the key, so that it is the one under which the key is settled.
    issued: [AtomicU64; ISSUE_MINUTES],
    images: AtomicU64,
    sounds: AtomicU64,
    limited: AtomicU64,
    widget: AtomicU64,
}

#[derive(Debug, Default)]
struct Judged {
    passed: u64,
    wrong: u64,
    times: AnswerTimes,
    /// By the minute of issue. A key can be settled for an hour after that at most, so there are few.
    settled: BTreeMap<u64, u64>,
    /// Tokens made and redeemed, by the minute of the pass.
    tokens: BTreeMap<u64, (u64, u64)>,
}

impl Counters {
    /// Counts a challenge that was issued at this Unix time.
    pub fn count_issued(&self, issued_at: u64) {
        count_one(&self.shown.issued[slot(issued_at)]);
    }

    /// Counts a picture that was fetched.
    pub fn count_image(&self) {
        count_one(&self.shown.images);
    }

    /// Counts a sound that was fetched.
    pub fn count_sound(&self) {
        count_one(&self.shown.sounds);
    }

    /// Counts a call that a limit refused.
    pub fn count_limited(&self) {
        count_one(&self.shown.limited);
    }

    /// Counts a challenge that was issued to a widget.
    pub fn count_widget(&self) {
        count_one(&self.shown.widget);
    }

    /// Counts a token for a challenge that was passed at this Unix time.
    pub fn count_token(&self, passed_at: u64) {
        self.judged().tokens.entry(begin_of_minute(passed_at)).or_default().0 += 1;
    }

    /// Counts the redemption of a token for a challenge that was passed at this Unix time.
    pub fn count_redeemed(&self, passed_at: u64) {
        self.judged().tokens.entry(begin_of_minute(passed_at)).or_default().1 += 1;
    }

    /// Counts a right answer, to a challenge that was issued at this Unix time.
    pub fn count_passed(&self, issued_at: u64, now: u64) {
        let mut judged = self.judged();
        judged.passed += 1;
        if issued_at <= now + CLOCK_DIFFERENCE_SECS {
            judged.times.count(now.saturating_sub(issued_at));
        }
        judged.settle(issued_at);
    }

    /// Counts a wrong answer, after which so many attempts are left.
    pub fn count_wrong(&self, issued_at: u64, left: u8) {
        let mut judged = self.judged();
        judged.wrong += 1;
        if left == 0 {
            judged.settle(issued_at);
        }
    }

    /// Counts a challenge that the site expired.
    pub fn count_expired(&self, issued_at: u64) {
        self.judged().settle(issued_at);
    }

    /// Takes what was counted, as rows by the Unix time at which their minute begins. What does not say when it
    /// happened counts for the minute that is now, which is right to the two seconds that it may have waited.
    pub(crate) fn drain(&self, now: u64) -> BTreeMap<u64, Row> {
        let mut rows: BTreeMap<u64, Row> = BTreeMap::new();
        for (slot, issued) in self.shown.issued.iter().enumerate() {
            let issued = take(issued);
            if issued > 0 {
                rows.entry(minute_of_slot(slot, now)).or_default().counts.issued += issued;
            }
        }
        let Judged { passed, wrong, times, settled, tokens } = mem::take(&mut *self.judged());
        for (minute, settled) in settled {
            rows.entry(minute).or_default().settled += settled;
        }
        for (minute, (tokens, redeemed)) in tokens {
            rows.entry(minute).or_default().counts += &Counts { tokens, redeemed, ..Counts::default() };
        }
        let Shown { images, sounds, limited, widget, .. } = &self.shown;
        let [images, sounds, limited, widget] = [images, sounds, limited, widget].map(take);
        let counts = Counts { images, sounds, limited, widget, passed, wrong, times, ..Counts::default() };
        if counts != Counts::default() {
            rows.entry(begin_of_minute(now)).or_default().counts += &counts;
        }
        rows
    }

    fn judged(&self) -> MutexGuard<'_, Judged> {
        self.judged.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Judged {
    fn settle(&mut self, issued_at: u64) {
        *self.settled.entry(begin_of_minute(issued_at)).or_default() += 1;
    }
}

fn count_one(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Takes what is there. Where there is nothing it only looks, which leaves the cache line to those who count.
fn take(counter: &AtomicU64) -> u64 {
    if counter.load(Ordering::Relaxed) == 0 { 0 } else { counter.swap(0, Ordering::Relaxed) }
}

fn begin_of_minute(time: u64) -> u64 {
    time / MINUTE_SECS * MINUTE_SECS
}

fn slot(time: u64) -> usize {
    (time / MINUTE_SECS) as usize % ISSUE_MINUTES
}

/// The latest minute in this slot that a key issued by now can bear.
fn minute_of_slot(slot_number: usize, now: u64) -> u64 {
    let next = begin_of_minute(now) + MINUTE_SECS;
    let minutes_back = (slot(next) + ISSUE_MINUTES - slot_number) % ISSUE_MINUTES;
    next.saturating_sub(minutes_back as u64 * MINUTE_SECS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000;

    #[test]
    fn challenges_count_for_the_minute_that_their_key_bears() {
        for now in [NOW, NOW + 59, NOW + 60, NOW + 119, NOW + 180] {
            let counters = Counters::default();
            let minute = now / 60 * 60;
            for (issued_at, times) in [(minute - 1, 1), (minute - 61, 2), (now, 3), (minute + 60, 4)] {
                (0..times).for_each(|_| counters.count_issued(issued_at));
            }
            let issued: Vec<_> =
                counters.drain(now).into_iter().map(|(begin, row)| (begin, row.counts.issued)).collect();
            assert_eq!(issued, [(minute - 120, 2), (minute - 60, 1), (minute, 3), (minute + 60, 4)]);
        }
    }

    #[test]
    fn what_was_taken_is_not_there_any_more() {
        let counters = Counters::default();
        counters.count_image();
        counters.count_sound();
        counters.count_limited();
        counters.count_issued(NOW);
        counters.count_wrong(NOW, 1);
        assert_eq!(counters.drain(NOW).len(), 1);
        assert!(counters.drain(NOW).is_empty());
    }

    #[test]
    fn a_key_is_settled_in_the_minute_of_its_issue_when_no_answer_can_come_any_more() {
        let counters = Counters::default();
        counters.count_wrong(NOW - 60, 1);
        counters.count_wrong(NOW - 60, 0);
        counters.count_expired(NOW - 120);
        counters.count_passed(NOW - 55, NOW);
        let rows = counters.drain(NOW);
        let settled: Vec<_> = rows.iter().map(|(begin, row)| (*begin, row.settled)).collect();
        assert_eq!(settled, [(NOW - 120, 1), (NOW - 60, 2), (NOW, 0)]);
        let judged = &rows[&NOW].counts;
        assert_eq!((judged.passed, judged.wrong, judged.times.within(60)), (1, 2, 1));
    }

    #[test]
    fn a_token_counts_for_the_minute_of_its_pass_as_does_its_redemption() {
        let counters = Counters::default();
        (0..3).for_each(|_| counters.count_token(NOW - 60));
        counters.count_redeemed(NOW - 60);
        counters.count_token(NOW);
        counters.count_widget();
        let of = |counts: &Counts| (counts.tokens, counts.redeemed, counts.widget);
        let rows: Vec<_> = counters.drain(NOW).into_iter().map(|(begin, row)| (begin, of(&row.counts))).collect();
        assert_eq!(rows, [(NOW - 60, (3, 1, 0)), (NOW, (1, 0, 1))]);
    }

    #[test]
    fn a_key_that_is_dated_ahead_tells_no_time() {
        let counters = Counters::default();
        (0..4).for_each(|ahead| counters.count_passed(NOW + ahead, NOW));
        let counts = &counters.drain(NOW)[&NOW].counts;
        assert_eq!((counts.passed, counts.times.total()), (4, 2));
    }

    #[test]
    fn many_threads_lose_no_count() {
        let counters = Counters::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1000).for_each(|_| counters.count_issued(NOW)));
            }
        });
        assert_eq!(counters.drain(NOW)[&NOW].counts.issued, 4000);
    }
}
