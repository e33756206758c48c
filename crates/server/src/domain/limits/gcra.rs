//! The generic cell rate algorithm, as arithmetic: whoever calls says what time it is.
//!
//! A budget is one number: when it will be whole again. Each call moves that on by the time in which one call comes
//! back; a call that would move it on by more than all calls take is refused, and moves nothing. So a budget that is
//! whole is equal to one that nobody has ever taken from, and may be forgotten. (ITU-T I.371, annex A, which calls the
//! number the theoretical arrival time. `count.lua` does the same.)

use std::{
    num::NonZeroU32,
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

/// So many calls at once, and as many again in each period. Times are in any one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Quota {
    /// In which one call comes back.
    pub(super) interval: u64,
    /// How far ahead the time at which the budget is whole may be, for a call to be admitted.
    pub(super) tolerance: u64,
}

impl Quota {
    /// So many calls in a period. One comes back in a whole number of units, rounded up, so that they are never more.
    pub(crate) fn new(calls: u64, period: u64) -> Self {
        let calls = calls.max(1);
        let interval = period.div_ceil(calls).max(1);
        Self { interval, tolerance: interval.saturating_mul(calls - 1) }
    }

    /// When a budget that is whole at one time is whole again after a call now.
    ///
    /// # Errors
    /// The time until a call will be admitted.
    pub(crate) fn take(self, whole_at: u64, now: u64) -> Result<u64, u64> {
        let ahead = whole_at.saturating_sub(now);
        if ahead > self.tolerance {
            return Err(ahead - self.tolerance);
        }
        Ok(now.saturating_add(ahead).saturating_add(self.interval))
    }

    /// When a budget that is whole at one time is whole if a call that was taken from it is given back now. More than all
    /// calls there never are.
    pub(crate) fn give_back(self, whole_at: u64, now: u64) -> u64 {
        whole_at.saturating_sub(self.interval).max(whole_at.min(now))
    }
}

/// A budget that any thread may take from.
#[derive(Debug)]
pub(crate) struct Budget {
    quota: Quota,
    began: Instant,
    /// In nanoseconds from the beginning.
    whole_at: AtomicU64,
}

impl Budget {
    pub(crate) fn per_second(calls: NonZeroU32) -> Self {
        let quota = Quota::new(calls.get().into(), 1_000_000_000);
        Self { quota, began: Instant::now(), whole_at: AtomicU64::new(0) }
    }

    /// Takes a call, if there is one.
    pub(crate) fn take(&self) -> bool {
        self.take_at(self.began.elapsed().as_nanos() as u64)
    }

    fn take_at(&self, now: u64) -> bool {
        let take = |whole_at| self.quota.take(whole_at, now).ok();
        self.whole_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(quota: Quota, whole_at: u64, now: u64, expected: Result<u64, u64>) {
        assert_eq!(quota.take(whole_at, now), expected, "{quota:?}, whole at {whole_at}, now {now}");
    }

    #[test]
    fn a_budget_is_emptied_at_once_and_comes_back_one_by_one() {
        let quota = Quota::new(3, 60);
        assert_eq!(quota, Quota { interval: 20, tolerance: 40 });
        check(quota, 0, 0, Ok(20));
        check(quota, 20, 0, Ok(40));
        check(quota, 40, 0, Ok(60));
        check(quota, 60, 0, Err(20));
        check(quota, 60, 19, Err(1));
        check(quota, 60, 20, Ok(80));
        check(quota, 80, 20, Err(20));
        check(quota, 80, 1000, Ok(1020));
    }

    #[test]
    fn one_call_comes_back_in_a_whole_number_of_units() {
        assert_eq!(Quota::new(7, 60), Quota { interval: 9, tolerance: 54 });
        assert_eq!(Quota::new(1, 60), Quota { interval: 60, tolerance: 0 });
        assert_eq!(Quota::new(1000, 60), Quota { interval: 1, tolerance: 999 });
        assert_eq!(Quota::new(0, 60), Quota::new(1, 60));
    }

    #[test]
    fn what_is_given_back_can_be_taken_again_and_is_never_more_than_all() {
        let quota = Quota::new(3, 60);
        assert_eq!(quota.give_back(60, 0), 40);
        assert_eq!(quota.give_back(60, 50), 50, "there is no more than all");
        assert_eq!(quota.give_back(30, 50), 30, "it was whole before");
        check(quota, quota.give_back(60, 0), 0, Ok(60));
    }

    #[test]
    fn the_end_of_time_is_no_fault() {
        let quota = Quota::new(u64::MAX, u64::MAX);
        check(quota, u64::MAX, u64::MAX, Ok(u64::MAX));
        check(quota, u64::MAX, 0, Err(1));
    }

    #[test]
    fn a_budget_that_threads_share_is_counted_once() {
        let budget = Budget::per_second(NonZeroU32::new(100).unwrap());
        let admitted = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..4).map(|_| scope.spawn(|| (0..100).filter(|_| budget.take_at(5)).count())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
        });
        assert_eq!(admitted, 100);
        assert!(!budget.take_at(10_000_004));
        assert!(budget.take_at(10_000_005));
    }

    proptest! {
        #[test]
        fn no_window_has_more_than_all_calls_and_what_came_back(
            calls in 1..50_u64,
            period in 1..1000_u64,
            pauses in prop::collection::vec(0..100_u64, 1..200),
        ) {
            let quota = Quota::new(calls, period);
            let (mut now, mut whole_at, mut admitted) = (0, 0, Vec::new());
            for pause in pauses {
                now += pause;
                match quota.take(whole_at, now) {
                    Ok(later) => {
                        whole_at = later;
                        admitted.push(now);
                    }
                    Err(wait) => {
                        prop_assert!(quota.take(whole_at, now + wait - 1).is_err());
                        prop_assert!(quota.take(whole_at, now + wait).is_ok());
                    }
                }
            }
            for (first, start) in admitted.iter().enumerate() {
                for (count, end) in (1..).zip(&admitted[first..]) {
                    // Never more than the rate, though one comes back in a whole number of units.
                    prop_assert!((count - calls.min(count)) * period <= (end - start) * calls);
                }
            }
        }
    }
}
