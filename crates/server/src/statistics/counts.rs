//! What is counted.

use serde::{Deserialize, Serialize};

/// What requests add to. (Atomics; no lock on the way of issuing and showing.)
pub struct Counters {}

/// What happened in some time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Challenges issued.
    pub issued: u64,
    /// Pictures fetched.
    pub images: u64,
    /// Sounds fetched; of one that is fetched in parts, the first part counts.
    pub sounds: u64,
    /// Right answers.
    pub passed: u64,
    /// Wrong answers.
    pub wrong: u64,
    /// Challenges issued in this time that are past theirs and were neither answered nor expired by the site.
    pub unanswered: u64,
    /// Calls refused by a limit, the app's or a client's.
    pub limited: u64,
    /// Seconds from issue to right answer.
    pub times: AnswerTimes,
}

/// How many answers took how long.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerTimes {}

impl Counts {
    /// Right answers among all judged, from 0 to 1, if any was judged.
    #[must_use]
    pub fn pass_rate(&self) -> Option<f64> {
        let judged = self.passed + self.wrong;
        (judged > 0).then(|| self.passed as f64 / judged as f64)
    }

    /// Sounds among pictures and sounds, from 0 to 1, if any was fetched.
    #[must_use]
    pub fn sound_share(&self) -> Option<f64> {
        let shown = self.images + self.sounds;
        (shown > 0).then(|| self.sounds as f64 / shown as f64)
    }
}

impl AnswerTimes {
    /// The time in seconds that half of the answers took at most, if there was one.
    #[must_use]
    pub fn median_secs(&self) -> Option<f64> {
        todo!()
    }

    /// The time in seconds that nine in ten answers took at most, if there was one.
    #[must_use]
    pub fn p90_secs(&self) -> Option<f64> {
        todo!()
    }
}
