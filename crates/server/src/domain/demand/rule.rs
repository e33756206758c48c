//! The rule itself: what is asked, by what was counted. It reads no clock, stores nothing, and is written down in
//! `docs/policy.md`, whose numbers a test holds to these.

use super::{
    Reason, Reasons,
    counts::{Kind, Recent},
};

/// Networks are judged by the last five minutes, and by their words of the last hour.
pub(super) const SHORT_SECS: u64 = 300;
pub(super) const LONG_SECS: u64 = 3_600;
/// The load of an app is that of the last minute.
pub(super) const MINUTE_SECS: u64 = 60;

/// More challenges than these, of one address, and work of level 1, 2 and 3 is asked, and at the last a word.
pub(super) const MANY: [u64; 3] = [15, 30, 45];
/// While an app has a surge, so many times fewer are many.
pub(super) const SURGE_DIVISOR: u64 = 5;
/// Of people who showed that they are, so many times more.
pub(super) const PEOPLE_FACTOR: u64 = 8;
/// Of which one in so many is asked a word all the same, where others would all be.
pub(super) const SPOT_CHECK: u64 = 32;

/// So many words answered in an hour, and of a hundred so many right, show that people are there.
pub(super) const PEOPLE_ANSWERS: u64 = 10;
pub(super) const PEOPLE_RIGHT_PERCENT: u64 = 75;
/// So many words asked since one was last read, and it is not known any more.
pub(super) const MAX_UNREAD: u8 = 6;

/// So many wrong answers in an hour, and more than so many of a hundred, are unlike people.
pub(super) const WRONG_ANSWERS: u64 = 6;
pub(super) const WRONG_PERCENT: u64 = 50;
/// A word that is read in less than this is read by no person.
pub(super) const HASTY_SECS: u64 = 2;
/// So many of those in an hour, and at least so many of a hundred right ones, are unlike people.
pub(super) const HASTY_ANSWERS: u64 = 3;
pub(super) const HASTY_PERCENT: u64 = 50;
/// So many challenges in five minutes of which more than so many of a hundred are left unanswered.
pub(super) const UNANSWERED_BEGUN: u64 = 20;
pub(super) const UNANSWERED_PERCENT: u64 = 80;
/// A person may take so long, so a challenge younger than this is not unanswered.
pub(super) const IN_FLIGHT_SECS: u64 = 60;
/// So many given up for others in five minutes, and more than so many of a hundred.
pub(super) const RENEWED: u64 = 6;
pub(super) const RENEWED_PERCENT: u64 = 50;

/// An app has a surge from the first of these times its usual rate on, by the challenges that come from no network that
/// stands out without one. Levels 1, 2 and 3 are asked of everybody at so many times, by those that come from no network
/// that is suspect: what a word is asked of anyway raises nobody else's work.
pub(super) const LOAD: [f64; 3] = [2.0, 3.0, 4.0];
/// An app's challenges count twice if so many words were answered in five minutes, and more than so many of a hundred
/// wrong.
pub(super) const APP_WRONG_ANSWERS: u64 = 30;
pub(super) const APP_WRONG_PERCENT: u64 = 50;
/// Or if so many were begun, and more than so many of a hundred left unanswered.
pub(super) const APP_UNANSWERED_BEGUN: u64 = 150;
pub(super) const APP_UNANSWERED_PERCENT: u64 = 90;

/// What is known of a network.
#[derive(Debug, Clone, Copy)]
pub(super) struct Evidence {
    /// Of the last five minutes.
    pub(super) short: Recent,
    /// Of the last hour; only words are in it.
    pub(super) long: Recent,
    /// How many addresses' limits it has, since many people may be in it.
    pub(super) width: u64,
    /// Words asked of it since one was last read.
    pub(super) unread: u8,
}

/// What a network is taken for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Standing {
    /// One of many, which is counted in the wider ones as well.
    #[default]
    Plain,
    /// Unlike people. It is counted by itself alone, so that it casts no shadow on its neighbours.
    Suspect,
    /// Known for people by the words that they read. No neighbour casts a shadow on it, nor it on them.
    People,
}

/// What a network says about one challenge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judgement {
    pub(super) standing: Standing,
    /// Whether it would be suspect without a surge as well.
    pub(super) stands_out: bool,
    pub(super) word: bool,
    pub(super) level: u8,
    pub(super) reasons: Reasons,
}

/// The load of an app.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    /// Challenges of the last minute.
    pub(super) per_minute: u64,
    /// Those of them that came from no network that would be suspect without a surge.
    pub(super) crowd_per_minute: u64,
    /// Those of them that came from no network that is suspect.
    pub(super) plain_per_minute: u64,
    /// What is usual, if it is known.
    pub(super) usual_per_minute: Option<f64>,
    /// What became of the plain ones in the last five minutes.
    pub(super) short: Recent,
}

impl Evidence {
    /// Judges the network, whose app may have a surge.
    pub(super) fn judge(&self, has_surge: bool) -> Judgement {
        let (begun, is_people, unlike_people) = (self.short.of(Kind::Begun), self.is_people(), self.unlike_people());
        let times = |has_surge| if has_surge { self.width } else { self.width * SURGE_DIVISOR };
        let limits = |has_surge| MANY.map(|many| many * times(has_surge) / SURGE_DIVISOR);
        let of_people = |limits: [u64; 3]| if is_people { limits.map(|many| many * PEOPLE_FACTOR) } else { limits };
        let is_suspect = |limits: [u64; 3]| !unlike_people.is_empty() || begun > of_people(limits)[2];

        let limits_now = limits(has_surge);
        let standing = match (is_suspect(limits_now), is_people) {
            (true, _) => Standing::Suspect,
            (false, true) => Standing::People,
            (false, false) => Standing::Plain,
        };
        let level = match unlike_people.is_empty() {
            true => of_people(limits_now).iter().filter(|many| begun > **many).count() as u8,
            false => 3,
        };
        let is_spot_check = standing == Standing::People && begun > limits_now[2] && begun.is_multiple_of(SPOT_CHECK);
        let mut reasons = unlike_people;
        if begun > of_people(limits_now)[0] {
            reasons.insert(Reason::NetworkBusy);
        }
        if is_spot_check {
            reasons.insert(Reason::SpotCheck);
        }
        let word = standing == Standing::Suspect || is_spot_check;
        Judgement { standing, stands_out: is_suspect(limits(false)), word, level, reasons }
    }

    fn is_people(&self) -> bool {
        let answers = self.long.answers();
        answers >= PEOPLE_ANSWERS * self.width
            && 100 * self.long.of(Kind::Read) >= PEOPLE_RIGHT_PERCENT * answers
            && self.unread <= MAX_UNREAD
    }

    fn unlike_people(&self) -> Reasons {
        let (short, long, width) = (&self.short, &self.long, self.width);
        let mut reasons = Reasons::default();
        let mut hold = |reason, holds: bool| {
            if holds {
                reasons.insert(reason);
            }
        };
        let wrong = long.of(Kind::Wrong);
        hold(
            Reason::NetworkWrong,
            wrong >= WRONG_ANSWERS * width && is_more_than(wrong, WRONG_PERCENT, long.answers()),
        );
        let (hasty, right) = (long.of(Kind::Hasty), long.of(Kind::Hasty) + long.of(Kind::Read));
        hold(Reason::NetworkHasty, hasty >= HASTY_ANSWERS * width && 100 * hasty >= HASTY_PERCENT * right);
        let begun = short.of(Kind::Begun);
        let is_unanswered = is_more_than(unanswered(short), UNANSWERED_PERCENT, begun);
        hold(Reason::NetworkUnanswered, begun >= UNANSWERED_BEGUN * width && is_unanswered);
        let renewed = short.of(Kind::Renewed);
        hold(Reason::NetworkRenews, renewed >= RENEWED * width && is_more_than(renewed, RENEWED_PERCENT, begun));
        reasons
    }
}

impl Load {
    /// Whether the app has more than it usually has, apart from what stands out by itself.
    pub(super) fn is_surge(&self) -> bool {
        self.usual_per_minute.is_some_and(|usual| self.crowd_per_minute as f64 >= LOAD[0] * usual)
    }

    /// The level that is asked of everybody, and why.
    pub(super) fn judge(&self) -> (u8, Reasons) {
        let mut reasons = Reasons::default();
        let Some(usual) = self.usual_per_minute else { return (0, reasons) };
        let mut load = self.plain_per_minute as f64 / usual;
        if let Some(reason) = self.unlike_people() {
            load *= 2.0;
            reasons.insert(reason);
        }
        let level = LOAD.iter().filter(|times| load >= **times).count() as u8;
        if level == 0 {
            return (0, Reasons::default());
        }
        reasons.insert(Reason::AppBusy);
        (level, reasons)
    }

    fn unlike_people(&self) -> Option<Reason> {
        let (answers, begun) = (self.short.answers(), self.short.of(Kind::Begun));
        if answers >= APP_WRONG_ANSWERS && is_more_than(self.short.of(Kind::Wrong), APP_WRONG_PERCENT, answers) {
            return Some(Reason::AppWrong);
        }
        let is_unanswered = is_more_than(unanswered(&self.short), APP_UNANSWERED_PERCENT, begun);
        (begun >= APP_UNANSWERED_BEGUN && is_unanswered).then_some(Reason::AppUnanswered)
    }
}

/// How many challenges were begun of which nothing was heard in time.
///
/// What becomes of a challenge is counted when it is heard, so one that was begun long ago makes up for another one.
pub(super) fn unanswered(recent: &Recent) -> u64 {
    recent.of(Kind::Begun).saturating_sub(recent.settled()).saturating_sub(recent.begun_within(IN_FLIGHT_SECS))
}

fn is_more_than(part: u64, percent: u64, whole: u64) -> bool {
    100 * part > percent * whole
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::counts::{Counts, Windows},
        *,
    };

    const NOW: u64 = 86_400 - 1;

    /// Counts in the order of [`Kind`], of the window that is just over.
    fn recent(counts: [u32; 6], period_secs: u64) -> Recent {
        let current = Counts(counts);
        Windows { number: NOW / period_secs, current, ..Windows::default() }.recent(NOW, period_secs)
    }

    fn evidence(short: [u32; 6], long: [u32; 6]) -> Evidence {
        Evidence { short: recent(short, SHORT_SECS), long: recent(long, LONG_SECS), width: 1, unread: 0 }
    }

    #[track_caller]
    fn check(evidence: Evidence, expected: (Standing, bool, u8, &[Reason])) {
        let found = evidence.judge(false);
        let reasons: Vec<_> = found.reasons.iter().collect();
        assert_eq!((found.standing, found.word, found.level, &reasons[..]), expected, "{evidence:?}");
    }

    #[test]
    fn who_comes_often_computes_longer_and_at_last_reads_a_word() {
        let check = |begun, expected| check(evidence([begun, begun, 0, 0, 0, 0], [0; 6]), expected);
        let busy: &[_] = &[Reason::NetworkBusy];
        check(0, (Standing::Plain, false, 0, &[]));
        check(15, (Standing::Plain, false, 0, &[]));
        check(16, (Standing::Plain, false, 1, busy));
        check(31, (Standing::Plain, false, 2, busy));
        check(45, (Standing::Plain, false, 2, busy));
        check(46, (Standing::Suspect, true, 3, busy));
    }

    #[test]
    fn while_an_app_has_a_surge_a_fifth_is_often() {
        let judged = |begun| {
            let found = evidence([begun, begun, 0, 0, 0, 0], [0; 6]).judge(true);
            (found.word, found.level)
        };
        assert_eq!([judged(3), judged(4), judged(7), judged(9)], [(false, 0), (false, 1), (false, 2), (false, 2)]);
        assert_eq!(judged(10), (true, 3));
    }

    #[test]
    fn people_who_read_words_may_come_often_and_are_looked_at_now_and_then() {
        let known = |begun| evidence([begun, begun, 0, 0, 0, 0], [0, 0, 8, 0, 2, 0]);
        check(known(45), (Standing::People, false, 0, &[]));
        check(known(49), (Standing::People, false, 0, &[]));
        check(known(64), (Standing::People, true, 0, &[Reason::SpotCheck]));
        check(known(121), (Standing::People, false, 1, &[Reason::NetworkBusy]));
        check(known(360), (Standing::People, false, 2, &[Reason::NetworkBusy]));
        check(known(361), (Standing::Suspect, true, 3, &[Reason::NetworkBusy]));
        check(evidence([49, 49, 0, 0, 0, 0], [0, 0, 7, 0, 3, 0]), (Standing::Suspect, true, 3, &[Reason::NetworkBusy]));
        check(evidence([49, 49, 0, 0, 0, 0], [0, 0, 9, 0, 0, 0]), (Standing::Suspect, true, 3, &[Reason::NetworkBusy]));
        let unread = Evidence { unread: MAX_UNREAD + 1, ..known(49) };
        check(unread, (Standing::Suspect, true, 3, &[Reason::NetworkBusy]));
    }

    #[test]
    fn what_is_unlike_people_is_asked_a_word_however_seldom_it_comes() {
        let (quiet, none) = ([20, 20, 0, 0, 0, 0], [0; 6]);
        let suspect: (_, _, _) = (Standing::Suspect, true, 3);
        let check = |short, long, reasons: &[Reason]| {
            check(evidence(short, long), (suspect.0, suspect.1, suspect.2, reasons));
        };
        check(quiet, [0, 0, 5, 0, 6, 0], &[Reason::NetworkBusy, Reason::NetworkWrong]);
        check([1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 6, 0], &[Reason::NetworkWrong]);
        check([1, 1, 0, 0, 0, 0], [0, 0, 3, 3, 0, 0], &[Reason::NetworkHasty]);
        // Of those begun, a fifth may still be answered.
        check([200, 1, 0, 0, 0, 0], none, &[Reason::NetworkBusy]);
        check([11, 0, 0, 0, 0, 6], none, &[Reason::NetworkRenews]);
    }

    #[test]
    fn what_people_do_is_not_unlike_them() {
        let check = |short, long| {
            let found = evidence(short, long).judge(false);
            assert!(!found.word && found.level <= 1, "{found:?}");
        };
        check([20, 12, 0, 0, 0, 2], [0; 6]);
        check([15, 0, 0, 0, 0, 0], [0; 6]);
        check([5, 0, 4, 0, 1, 0], [0, 0, 5, 0, 5, 0]);
        check([5, 0, 5, 0, 0, 0], [0, 0, 5, 2, 0, 0]);
        check([12, 6, 0, 0, 0, 6], [0; 6]);
    }

    #[test]
    fn challenges_left_unanswered_are_seen_once_their_time_is_over() {
        let windows = Windows { number: 10, current: Counts([40, 2, 0, 0, 0, 0]), ..Windows::default() };
        let unanswered_at = |secs| unanswered(&windows.recent(10 * SHORT_SECS + secs, SHORT_SECS));
        assert_eq!([unanswered_at(20), unanswered_at(80), unanswered_at(299)], [0, 8, 30]);
        let at_last = Evidence { short: windows.recent(11 * SHORT_SECS + 60, SHORT_SECS), ..evidence([0; 6], [0; 6]) };
        check(at_last, (Standing::Suspect, true, 3, &[Reason::NetworkBusy, Reason::NetworkUnanswered]));
    }

    fn load(plain_per_minute: u64, usual: f64, short: [u32; 6]) -> Load {
        let usual_per_minute = Some(usual);
        let short = recent(short, SHORT_SECS);
        Load {
            per_minute: plain_per_minute,
            crowd_per_minute: plain_per_minute,
            plain_per_minute,
            usual_per_minute,
            short,
        }
    }

    #[track_caller]
    fn check_load(load: Load, expected: u8, reasons: &[Reason]) {
        let (level, found) = load.judge();
        assert_eq!((level, found.iter().collect::<Vec<_>>().as_slice()), (expected, reasons), "{load:?}");
    }

    #[test]
    fn the_level_of_all_follows_the_load() {
        let all_is_well = [500, 400, 0, 0, 0, 0];
        for (plain, level) in [(100, 0), (199, 0), (200, 1), (300, 2), (400, 3), (4_000, 3)] {
            let reasons: &[_] = if level > 0 { &[Reason::AppBusy] } else { &[] };
            check_load(load(plain, 100.0, all_is_well), level, reasons);
        }
        let unknown = Load { usual_per_minute: None, ..load(10_000, 0.0, all_is_well) };
        check_load(unknown, 0, &[]);
        assert!(!unknown.is_surge() && load(200, 100.0, all_is_well).is_surge());
    }

    #[test]
    fn an_apps_challenges_count_twice_if_they_are_answered_unlike_people() {
        let (busy, wrong, unanswered) = (Reason::AppBusy, Reason::AppWrong, Reason::AppUnanswered);
        check_load(load(200, 100.0, [100, 0, 15, 0, 15, 0]), 1, &[busy]);
        check_load(load(200, 100.0, [100, 0, 10, 0, 19, 0]), 1, &[busy]);
        check_load(load(200, 100.0, [100, 0, 10, 0, 20, 0]), 3, &[busy, wrong]);
        check_load(load(99, 100.0, [100, 0, 10, 0, 20, 0]), 0, &[]);
        // Of 1,000, those of the last minute may still be answered.
        check_load(load(150, 100.0, [1_000, 0, 0, 0, 0, 0]), 0, &[]);
        let windows = Windows { number: 10, current: Counts([1_000, 50, 0, 0, 0, 0]), ..Windows::default() };
        let short = windows.recent(11 * SHORT_SECS + 60, SHORT_SECS);
        check_load(Load { short, ..load(150, 100.0, [0; 6]) }, 2, &[busy, unanswered]);
    }

    proptest! {
        #[test]
        fn levels_are_of_those_that_there_are_and_nobody_is_suspect_without_a_reason(
            short in prop::array::uniform6(0..500_u32),
            long in prop::array::uniform6(0..50_u32),
            has_surge: bool,
            unread: u8,
            width in prop::sample::select(&[1_u64, 4, 8, 16][..]),
        ) {
            let found = Evidence { width, unread, ..evidence(short, long) }.judge(has_surge);
            prop_assert!(found.level <= 3);
            prop_assert_eq!(found.standing == Standing::Suspect, found.level == 3);
            prop_assert!(found.word || found.standing != Standing::Suspect);
            prop_assert!(found.standing == Standing::Suspect || !found.stands_out);
            prop_assert_eq!(found.reasons.is_empty(), !found.word && found.level == 0);
        }

        #[test]
        fn more_challenges_never_lower_the_level(
            short in prop::array::uniform6(0..100_u32),
            more in 0..100_u32,
            has_surge: bool,
        ) {
            let solved = |begun| [begun, begun, 0, 0, 0, 0];
            let [less, more] = [short[0], short[0] + more].map(|begun| evidence(solved(begun), [0; 6]).judge(has_surge));
            prop_assert!(less.level <= more.level && less.word <= more.word);
        }
    }
}
