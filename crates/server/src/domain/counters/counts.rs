//! What is counted.

use std::ops::AddAssign;

use haechi_captcha::Means;
use serde::{Deserialize, Serialize};

use super::works::{Asked, Demanded, Works};

/// What happened in some time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Words issued.
    pub issued: u64,
    /// Pictures fetched.
    pub images: u64,
    /// Sounds fetched; of one that is fetched in parts, the first part counts.
    pub sounds: u64,
    /// Right answers to words.
    pub passed: u64,
    /// Wrong answers to words.
    pub wrong: u64,
    /// Words issued in this time that are past theirs and were not settled: no right answer came, wrong ones did not use
    /// up all attempts, and nobody expired them.
    pub unanswered: u64,
    /// Calls refused by a limit, the app's or a client's.
    pub limited: u64,
    /// Challenges that a widget asked for: words, and work alone.
    pub widget: u64,
    /// Tokens made, for what was passed in a widget.
    pub tokens: u64,
    /// Tokens redeemed by the site, of those made in this time.
    pub redeemed: u64,
    /// Tokens made in this time that can no longer be redeemed and were not: the form was not sent, or the site does not
    /// ask.
    pub unredeemed: u64,
    /// Seconds from issue to the right answer to a word.
    pub times: AnswerTimes,
    /// Work that was asked for alone.
    pub works: Works,
    /// By what the tokens were earned.
    pub means: TokenMeans,
    /// Tokens for work that were redeemed, of those made in this time.
    pub redeemed_for_work: u64,
    /// Tokens for work that can no longer be redeemed and were not, of those made in this time: a page was left, whose
    /// widget had worked by itself.
    pub unredeemed_for_work: u64,
    /// What browsers were asked for.
    pub asked: Asked,
    /// What the rule demanded of them, whatever they were asked for.
    pub demanded: Demanded,
}

/// How many tokens were earned by what. Tokens that were made before that was counted are in none of the three.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenMeans {
    /// By a word that was read.
    pub picture: u64,
    /// By a word that was heard.
    pub sound: u64,
    /// By work alone.
    pub work: u64,
}

impl TokenMeans {
    pub(crate) const fn count(&mut self, means: Means) {
        match means {
            Means::Picture => self.picture += 1,
            Means::Sound => self.sound += 1,
            Means::Work => self.work += 1,
        }
    }
}

impl AddAssign<&Self> for TokenMeans {
    fn add_assign(&mut self, more: &Self) {
        self.picture += more.picture;
        self.sound += more.sound;
        self.work += more.work;
    }
}

impl Counts {
    /// Right answers to words among all judged, from 0 to 1, if any was judged.
    #[must_use]
    pub fn pass_rate(&self) -> Option<f64> {
        share(self.passed, self.judged())
    }

    /// Sounds among pictures and sounds, from 0 to 1, if any was fetched.
    #[must_use]
    pub fn sound_share(&self) -> Option<f64> {
        share(self.sounds, self.images + self.sounds)
    }

    /// Tokens for words that were not redeemed. A person who read a word was about to send a form.
    #[must_use]
    pub const fn unredeemed_for_words(&self) -> u64 {
        self.unredeemed.saturating_sub(self.unredeemed_for_work)
    }

    /// Answers to words judged, right and wrong.
    #[must_use]
    pub fn judged(&self) -> u64 {
        self.passed + self.wrong
    }
}

impl AddAssign<&Self> for Counts {
    fn add_assign(&mut self, more: &Self) {
        self.issued += more.issued;
        self.images += more.images;
        self.sounds += more.sounds;
        self.passed += more.passed;
        self.wrong += more.wrong;
        self.unanswered += more.unanswered;
        self.limited += more.limited;
        self.widget += more.widget;
        self.tokens += more.tokens;
        self.redeemed += more.redeemed;
        self.unredeemed += more.unredeemed;
        self.times += &more.times;
        self.works += &more.works;
        self.means += &more.means;
        self.redeemed_for_work += more.redeemed_for_work;
        self.unredeemed_for_work += more.unredeemed_for_work;
        self.asked += &more.asked;
        self.demanded += &more.demanded;
    }
}

/// A part of a whole, from 0 to 1, if the whole is something.
pub(crate) fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// How many answers took how long, in whole seconds by the clock.
///
/// They are kept as a histogram: how many took more than one of [`AnswerTimes::BOUNDS_SECS`] and at most the next. So
/// those of many minutes and nodes add up, and no person's own time is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AnswerTimes([u64; Self::BUCKETS]);

impl AnswerTimes {
    pub(crate) const BUCKETS: usize = 23;

    /// The longest time in each bucket of the histogram, in seconds. The last is the longest that any key can live.
    pub const BOUNDS_SECS: [u32; Self::BUCKETS] =
        [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 90, 120, 180, 300, 600, 1200, 3600];

    /// How many answers there were in each bucket.
    #[must_use]
    pub const fn buckets(&self) -> &[u64; Self::BUCKETS] {
        &self.0
    }

    pub(crate) const fn buckets_mut(&mut self) -> &mut [u64; Self::BUCKETS] {
        &mut self.0
    }

    /// Counts an answer that came so long after issue.
    pub(crate) fn count(&mut self, secs: u64) {
        let bucket = Self::BOUNDS_SECS.partition_point(|bound| u64::from(*bound) < secs);
        self.0[bucket.min(Self::BUCKETS - 1)] += 1;
    }

    /// How many answers there were.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// How many answers took so many seconds at most, which are one of the bounds.
    #[must_use]
    pub fn within(&self, secs: u32) -> u64 {
        Self::BOUNDS_SECS.iter().zip(self.0).filter(|(bound, _)| **bound <= secs).map(|(_, count)| count).sum()
    }

    /// The time in seconds that half of the answers took at most, if there was one.
    #[must_use]
    pub fn median_secs(&self) -> Option<f64> {
        self.quantile_secs(0.5)
    }

    /// The time in seconds that nine in ten answers took at most, if there was one.
    #[must_use]
    pub fn p90_secs(&self) -> Option<f64> {
        self.quantile_secs(0.9)
    }

    /// The time that this share of the answers took at most, as if they lay evenly within their bucket.
    fn quantile_secs(&self, quantile: f64) -> Option<f64> {
        let rank = self.total() as f64 * quantile;
        let (mut below, mut least) = (0.0, 0.0);
        for (bound, count) in Self::BOUNDS_SECS.into_iter().zip(self.0) {
            let (most, count) = (f64::from(bound), count as f64);
            if count > 0.0 && below + count >= rank {
                return Some(least + (most - least) * (rank - below) / count);
            }
            (below, least) = (below + count, most);
        }
        None
    }
}

impl AddAssign<&Self> for AnswerTimes {
    fn add_assign(&mut self, more: &Self) {
        for (count, more) in self.0.iter_mut().zip(more.0) {
            *count += more;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(secs: impl IntoIterator<Item = u64>) -> AnswerTimes {
        let mut times = AnswerTimes::default();
        secs.into_iter().for_each(|secs| times.count(secs));
        times
    }

    #[track_caller]
    fn check(times: &AnswerTimes, median: f64, p90: f64) {
        let near = |value: Option<f64>, expected: f64| (value.unwrap() - expected).abs() < 1e-9;
        let found = (times.median_secs(), times.p90_secs());
        assert!(near(found.0, median) && near(found.1, p90), "{found:?}");
    }

    #[test]
    fn quantiles_lie_within_the_bucket_of_their_answer() {
        check(&times([5]), 4.5, 4.9);
        check(&times([0, 1]), 0.5, 0.9);
        check(&times((0..10).map(|_| 7)), 7.0, 7.8);
        check(&times([3, 3, 3, 3, 3, 3, 3, 3, 3, 100]), 2.0 + 5.0 / 9.0, 3.0);
        check(&times([1, 3600]), 1.0, 1200.0 + 2400.0 * 0.8);
        assert_eq!((times([]).median_secs(), times([]).p90_secs()), (None, None));
    }

    #[test]
    fn quantiles_are_near_the_true_ones() {
        let times = times((1..=60).flat_map(|secs| [secs, secs]));
        assert!((times.median_secs().unwrap() - 30.0).abs() < 1.0);
        assert!((times.p90_secs().unwrap() - 54.0).abs() < 1.0);
    }

    #[test]
    fn no_time_is_too_long_to_be_counted() {
        assert_eq!(times([0, 4000, u64::MAX]).total(), 3);
        assert_eq!(times([0, 1, 2, 3]).within(2), 3);
    }

    #[test]
    fn shares_of_nothing_are_none() {
        assert_eq!((Counts::default().pass_rate(), Counts::default().sound_share()), (None, None));
        let counts = Counts { images: 3, sounds: 1, passed: 1, wrong: 3, ..Counts::default() };
        assert_eq!((counts.pass_rate(), counts.sound_share()), (Some(0.25), Some(0.25)));
    }
}
