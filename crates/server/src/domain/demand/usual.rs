//! What an app usually sees: how many challenges a minute, at its busy times.
//!
//! It is an average that rises slowly and falls more slowly. So it stays at what the busy hours of a day are, through
//! nights and weekends, and the morning is no flood. What rises for hours becomes usual, however it is meant: a site may
//! have grown. It never learns from more than twice itself, so that one great minute teaches little.
//!
//! One that is younger than a day has seen no whole day, or was forgotten by a restart. It learns faster, and for its
//! first ten minutes it says nothing at all.

/// An app younger than this has no usual rate.
pub(super) const SILENT_MINUTES: u64 = 10;
/// An app younger than this learns faster.
pub(super) const YOUNG_MINUTES: u64 = 24 * 60;
/// In how many minutes it rises and falls to what there is, but for a third (1 / e).
pub(super) const RISES_IN_MINUTES: f64 = 240.0;
pub(super) const FALLS_IN_MINUTES: f64 = 4_320.0;
pub(super) const YOUNG_RISES_IN_MINUTES: f64 = 15.0;
pub(super) const YOUNG_FALLS_IN_MINUTES: f64 = 60.0;
/// A site below this rate never looks as if it had more than usual.
pub(super) const FLOOR_PER_MINUTE: f64 = 30.0;

/// The usual rate of an app, as it is learnt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usual {
    per_minute: f64,
    began_in_minute: u64,
    /// The last minute of which it is known how many there were.
    learnt_minute: u64,
}

impl Usual {
    /// Of an app that is seen for the first time.
    pub(super) fn new(minute: u64) -> Self {
        Self { per_minute: 0.0, began_in_minute: minute, learnt_minute: minute }
    }

    /// The rate that is usual, at least the floor, or none if it is not known.
    pub(super) fn per_minute(&self, minute: u64) -> Option<f64> {
        let is_known = minute.saturating_sub(self.began_in_minute) >= SILENT_MINUTES;
        is_known.then(|| self.per_minute.max(FLOOR_PER_MINUTE))
    }

    /// Learns that there were so many in the minute before this one. In those between, of which nobody told, there were
    /// none.
    pub(super) fn learn(&mut self, minute: u64, begun_before: u32) {
        if minute + 2 < self.learnt_minute {
            // The clock went back, and ages with it are wrong.
            *self = Self { per_minute: self.per_minute, ..Self::new(minute) };
        }
        if minute <= self.learnt_minute {
            return;
        }
        let empty = minute - self.learnt_minute - 1;
        let [_, falls_in] = self.paces(minute);
        self.per_minute *= (1.0 - 1.0 / falls_in).powf(empty as f64);
        self.learnt_minute = minute;

        let begun = f64::from(begun_before);
        if minute - self.began_in_minute <= SILENT_MINUTES {
            self.per_minute = self.per_minute.max(begun);
            return;
        }
        let [rises_in, falls_in] = self.paces(minute);
        let learnt = begun.min(2.0 * self.per_minute.max(FLOOR_PER_MINUTE));
        let pace = if learnt > self.per_minute { rises_in } else { falls_in };
        self.per_minute += (learnt - self.per_minute) / pace;
    }

    /// In how many minutes it rises, and falls.
    fn paces(&self, minute: u64) -> [f64; 2] {
        if minute.saturating_sub(self.began_in_minute) < YOUNG_MINUTES {
            [YOUNG_RISES_IN_MINUTES, YOUNG_FALLS_IN_MINUTES]
        } else {
            [RISES_IN_MINUTES, FALLS_IN_MINUTES]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 60;

    /// Which has learnt in so many minutes what there was in each.
    fn after(minutes: u64, begun: impl Fn(u64) -> u32) -> Usual {
        let mut usual = Usual::new(0);
        (1..=minutes).for_each(|minute| usual.learn(minute, begun(minute)));
        usual
    }

    #[track_caller]
    fn check(usual: &Usual, minute: u64, expected: std::ops::Range<f64>) {
        let found = usual.per_minute(minute).unwrap();
        assert!(expected.contains(&found), "{found} at {minute}");
    }

    /// Of a site that is busy from 8 to 18 o'clock, on five days of the week.
    fn office_hours(minute: u64) -> u32 {
        let (hour, weekday) = (minute / 60 % 24, minute / DAY % 7);
        if (8..18).contains(&hour) && weekday < 5 { 600 } else { 6 }
    }

    #[test]
    fn nothing_is_said_before_ten_minutes_are_known() {
        assert_eq!(after(9, |_| 1_000).per_minute(9), None);
        check(&after(10, |_| 1_000), 10, 999.0..1_001.0);
        check(&after(10, |_| 1), 10, FLOOR_PER_MINUTE..FLOOR_PER_MINUTE + 0.1);
    }

    #[test]
    fn nights_and_weekends_are_not_taken_for_the_usual() {
        let monday = 7 * DAY + 8 * 60;
        check(&after(monday, office_hours), monday, 200.0..600.0);
        let tuesday = 8 * DAY + 8 * 60;
        check(&after(tuesday, office_hours), tuesday, 400.0..600.0);
    }

    #[test]
    fn an_hour_of_a_flood_teaches_little_and_a_day_of_it_much() {
        let flooded = |minute| if minute > 3 * DAY { 60_000 } else { 100 };
        check(&after(3 * DAY + 60, flooded), 3 * DAY + 60, 100.0..150.0);
        check(&after(4 * DAY, flooded), 4 * DAY, 5_000.0..60_001.0);
    }

    /// A restart by night forgets what the day is like.
    #[test]
    fn a_young_one_keeps_up_with_the_morning() {
        let rises = |minute: u64| if minute < 240 { 6 } else { (6.0 * ((minute - 240) as f64 / 18.0).exp2()) as u32 };
        for minute in 250..360 {
            let usual = after(minute, rises).per_minute(minute).unwrap();
            assert!(f64::from(rises(minute)) < 2.0 * usual, "{} of usually {usual}", rises(minute));
        }
    }

    #[test]
    fn a_gap_and_a_clock_set_back_do_no_harm() {
        let mut usual = after(2 * DAY, |_| 600);
        usual.learn(3 * DAY, 0);
        check(&usual, 3 * DAY, 400.0..450.0);
        usual.learn(DAY, 500);
        assert_eq!(usual.per_minute(DAY), None, "it is young again");
        usual.learn(DAY + 20, 500);
        check(&usual, DAY + 20, 300.0..500.0);
    }
}
