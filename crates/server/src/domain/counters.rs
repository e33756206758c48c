//! What is counted of each app's challenges: the counters that requests add to, and the counts and rows that are made
//! of them.

mod counts;
pub(crate) mod row;
mod works;

use std::{
    collections::BTreeMap,
    mem,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

pub(crate) use self::counts::share;
use haechi_captcha::{Means, Shape};

use self::row::{MINUTE_SECS, Row};
pub use self::{
    counts::{AnswerTimes, Counts, TokenMeans},
    works::{Asked, Demanded, Kind, Works},
};
use crate::domain::demand::Demand;

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
    begun: Begun,
    demanded: Demands,
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

/// They fill another.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Begun {
    /// Work that is asked for alone, by its minute of issue as well.
    works: [AtomicU64; ISSUE_MINUTES],
    word: AtomicU64,
    both: AtomicU64,
    work: AtomicU64,
    instead: AtomicU64,
}

/// And they a third.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Demands([AtomicU64; Demanded::PLACES]);

#[derive(Debug, Default)]
struct Judged {
    passed: u64,
    wrong: u64,
    times: AnswerTimes,
    /// By the minute of issue. A key can be settled for an hour after that at most, so there are few.
    settled: BTreeMap<u64, u64>,
    /// Solutions of work that were none.
    wrong_works: u64,
    /// What was earned, by minute: work done by that of its issue, tokens made and redeemed by that of the pass.
    earned: BTreeMap<u64, Earned>,
}

#[derive(Debug, Default)]
struct Earned {
    done: u64,
    longest_done: u64,
    means: TokenMeans,
    tokens: u64,
    redeemed: u64,
    redeemed_for_work: u64,
}

impl Counters {
    /// Counts a word that was issued at this Unix time.
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

    /// Counts work that is asked for alone and was issued at this Unix time.
    pub fn count_work(&self, issued_at: u64) {
        count_one(&self.begun.works[slot(issued_at)]);
    }

    /// Counts what a browser was asked for.
    pub fn count_asked(&self, kind: Kind) {
        count_one(match kind {
            Kind::Word => &self.begun.word,
            Kind::Both => &self.begun.both,
            Kind::Work => &self.begun.work,
            Kind::LongerWork => &self.begun.instead,
        });
    }

    /// Counts what the rule demanded of a browser, whatever it was asked for.
    pub fn count_demand(&self, demand: &Demand) {
        count_one(&self.demanded.0[Demanded::place(demand)]);
    }

    /// Counts work of this level that was asked for alone, was issued at this Unix time, and is done.
    pub fn count_work_done(&self, issued_at: u64, level: u8) {
        let mut judged = self.judged();
        let earned = judged.earned(issued_at);
        earned.done += 1;
        earned.longest_done += u64::from(level == *Shape::LEVELS.end());
    }

    /// Counts a solution of work that is none.
    pub fn count_wrong_work(&self) {
        self.judged().wrong_works += 1;
    }

    /// Counts a token for a challenge that was passed by these means at this Unix time.
    pub fn count_token(&self, passed_at: u64, means: Means) {
        let mut judged = self.judged();
        let earned = judged.earned(passed_at);
        earned.tokens += 1;
        earned.means.count(means);
    }

    /// Counts the redemption of a token for a challenge that was passed by these means at this Unix time.
    pub fn count_redeemed(&self, passed_at: u64, means: Means) {
        let mut judged = self.judged();
        let earned = judged.earned(passed_at);
        earned.redeemed += 1;
        earned.redeemed_for_work += u64::from(means == Means::Work);
    }

    /// Counts a right answer, to a word that was issued at this Unix time.
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

    /// Counts a word that was expired.
    pub fn count_expired(&self, issued_at: u64) {
        self.judged().settle(issued_at);
    }

    /// Takes what was counted, as rows by the Unix time at which their minute begins. What does not say when it
    /// happened counts for the minute that is now, which is right to the two seconds that it may have waited.
    pub(crate) fn drain(&self, now: u64) -> BTreeMap<u64, Row> {
        let mut rows: BTreeMap<u64, Row> = BTreeMap::new();
        for slot in 0..ISSUE_MINUTES {
            let (issued, works) = (take(&self.shown.issued[slot]), take(&self.begun.works[slot]));
            if issued + works > 0 {
                let counts = &mut rows.entry(minute_of_slot(slot, now)).or_default().counts;
                counts.issued += issued;
                counts.works.issued += works;
            }
        }
        let Judged { passed, wrong, times, settled, wrong_works, earned } = mem::take(&mut *self.judged());
        for (minute, settled) in settled {
            rows.entry(minute).or_default().settled += settled;
        }
        for (minute, earned) in earned {
            rows.entry(minute).or_default().counts += &earned.counts();
        }
        let Shown { images, sounds, limited, widget, .. } = &self.shown;
        let [images, sounds, limited, widget] = [images, sounds, limited, widget].map(take);
        let Begun { word, both, work, instead, .. } = &self.begun;
        let [word, both, work, instead] = [word, both, work, instead].map(take);
        let works = Works { wrong: wrong_works, instead, ..Works::default() };
        let asked = Asked { word, both, work };
        let demanded = Demanded::of_places(self.demanded.0.each_ref().map(take));
        let judged = Counts { passed, wrong, times, ..Counts::default() };
        let counts = Counts { images, sounds, limited, widget, works, asked, demanded, ..judged };
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

    fn earned(&mut self, at: u64) -> &mut Earned {
        self.earned.entry(begin_of_minute(at)).or_default()
    }
}

impl Earned {
    fn counts(self) -> Counts {
        let Self { done, longest_done, means, tokens, redeemed, redeemed_for_work } = self;
        let works = Works { done, longest_done, ..Works::default() };
        Counts { works, means, tokens, redeemed, redeemed_for_work, ..Counts::default() }
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
        [Means::Picture, Means::Work, Means::Work].iter().for_each(|means| counters.count_token(NOW - 60, *means));
        [Means::Picture, Means::Work].iter().for_each(|means| counters.count_redeemed(NOW - 60, *means));
        counters.count_token(NOW, Means::Sound);
        counters.count_widget();
        let rows = counters.drain(NOW);
        let of = |counts: &Counts| (counts.tokens, counts.redeemed, counts.redeemed_for_work, counts.widget);
        let found: Vec<_> = rows.iter().map(|(begin, row)| (*begin, of(&row.counts))).collect();
        assert_eq!(found, [(NOW - 60, (3, 2, 1, 0)), (NOW, (1, 0, 0, 1))]);
        let means = [NOW - 60, NOW].map(|minute| rows[&minute].counts.means);
        let of = |picture, sound, work| TokenMeans { picture, sound, work };
        assert_eq!(means, [of(1, 0, 2), of(0, 1, 0)]);
    }

    #[test]
    fn work_counts_for_the_minute_of_its_issue_as_does_its_being_done_and_no_word() {
        let counters = Counters::default();
        (0..3).for_each(|_| counters.count_work(NOW - 60));
        counters.count_work(NOW);
        counters.count_work_done(NOW - 60, 0);
        counters.count_work_done(NOW - 60, 3);
        counters.count_wrong_work();
        let rows = counters.drain(NOW);
        let of = |works: &Works| [works.issued, works.done, works.longest_done, works.wrong];
        let works: Vec<_> = rows.iter().map(|(begin, row)| (*begin, of(&row.counts.works))).collect();
        assert_eq!(works, [(NOW - 60, [3, 2, 1, 0]), (NOW, [1, 0, 0, 1])]);
        let words = |row: &Row| [row.counts.issued, row.counts.passed, row.counts.wrong, row.settled];
        assert!(rows.values().all(|row| words(row) == [0; 4] && row.counts.times.total() == 0));
        assert!(counters.drain(NOW).is_empty());
    }

    #[test]
    fn what_was_asked_is_counted_beside_what_was_demanded() {
        let counters = Counters::default();
        for (times, kind) in (1..).zip(Kind::ALL) {
            (0..times).for_each(|_| counters.count_asked(kind));
        }
        counters.count_demand(&Demand::default());
        counters.count_demand(&Demand { word: true, level: 2, ..Demand::default() });
        let counts = &counters.drain(NOW)[&NOW].counts;
        assert_eq!((counts.asked, counts.works.instead), (Asked { word: 1, both: 2, work: 3 }, 4));
        assert_eq!((counts.demanded.without_word, counts.demanded.with_word), ([1, 0, 0, 0], [0, 0, 1, 0]));
        assert!(counters.drain(NOW).is_empty());
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
