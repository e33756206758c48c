//! What every ledger decides alike, apart from where it remembers.
//!
//! A record is named by the key's time of issue and the key. Both are sealed in the key, so whatever happens to an
//! app's settings, a key has one record. In the order of their names the oldest records come first, which is the order
//! in which they are forgotten.
//!
//! Forgetting must never let a key pass again, not even if the clock then goes back or an app's time to live is
//! raised. So what is forgotten leaves a mark, the [`Horizon`]: every key as old as a forgotten one, or older, counts
//! as spent. That rests neither on the clock nor on the settings of apps.
//!
//! Nor may it take a key that can still be answered. So a record is kept until it is as old as the *longest* time to
//! live of any app, and not only of its own: no key of its age or older can then be alive. The ledger does not see the
//! keys that nobody has answered yet, and must be told how long they live.

use super::{Attempt, Decision, RequestName, Spend, State};

/// Names a record: the time of issue, most significant byte first, then the key.
pub(super) type RecordKey = [u8; 24];

/// The longest that a use is remembered, and so the longest that a key can pass after its issue: a day.
///
/// Apps may not ask for nearly as much. It bounds what one absurd [`Spend`] can do.
pub(super) const LONGEST_LIFETIME_SECS: u64 = 24 * 60 * 60;

impl Spend {
    pub(super) fn record_key(&self) -> RecordKey {
        let mut name = first_record_key(self.issued_at);
        name[8..].copy_from_slice(self.key.as_bytes());
        name
    }

    pub(super) fn until(&self) -> u64 {
        self.until.min(self.issued_at.saturating_add(LONGEST_LIFETIME_SECS))
    }
}

/// The name below which all records of keys issued before this second lie.
pub(super) fn first_record_key(issued_at: u64) -> RecordKey {
    let mut name = [0; 24];
    name[..8].copy_from_slice(&issued_at.to_be_bytes());
    name
}

/// The time of issue in a record's name.
pub(super) fn issued_at(name: &RecordKey) -> u64 {
    name[..8].iter().fold(0, |seconds, byte| seconds << 8 | u64::from(*byte))
}

/// What is remembered of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) until: u64,
    pub(super) wrong: u8,
    pub(super) is_spent: bool,
}

/// Up to where the ledger's memory reaches back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Horizon {
    /// Keys issued before this second count as spent: the ledger began after them, or has forgotten some of them.
    pub(super) oldest: u64,
    /// The longest that any key can be answered after its issue, in seconds, of all that the ledger was ever told. It
    /// never shrinks, so that an app may be gone for a while and then come back.
    pub(super) longest_lifetime: u64,
}

impl Horizon {
    /// Where a ledger begins that knows nothing of the keys issued in the second `began_at` and before.
    pub(super) fn beginning(began_at: Option<u64>) -> Self {
        Self { oldest: began_at.map_or(0, |second| second.saturating_add(1)), longest_lifetime: 0 }
    }

    /// Whether a key counts as spent whatever is recorded.
    pub(super) fn refuses(&self, spend: &Spend, now: u64) -> bool {
        spend.issued_at < self.oldest || now >= spend.until()
    }

    /// To be called for every key that is remembered.
    pub(super) fn learn(&mut self, spend: &Spend) {
        self.learn_lifetime(spend.until().saturating_sub(spend.issued_at));
    }

    /// To be called with the longest time to live of any app, before [`Self::forgettable`].
    pub(super) fn learn_lifetime(&mut self, lifetime_secs: u64) {
        self.longest_lifetime = self.longest_lifetime.max(lifetime_secs.min(LONGEST_LIFETIME_SECS));
    }

    /// Records of keys issued before the second returned may be forgotten.
    pub(super) fn forgettable(&self, now: u64) -> u64 {
        now.checked_sub(self.longest_lifetime).map_or(0, |last| last.saturating_add(1))
    }

    /// To be called for every record that is forgotten, in the same step.
    pub(super) fn forget(&mut self, name: &RecordKey) {
        self.oldest = self.oldest.max(issued_at(name).saturating_add(1));
    }
}

/// The decision that a named request got, beside the record that it left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) request: RequestName,
    pub(super) decision: Decision,
}

impl Reply {
    /// The decision, if this attempt is the same request again.
    pub(super) fn to(self, attempt: &Attempt) -> Option<Decision> {
        (attempt.request == Some(self.request)).then_some(self.decision)
    }

    /// What is remembered of a decision that was recorded, if its request may come again.
    pub(super) fn of(attempt: &Attempt, decision: Decision) -> Option<Self> {
        attempt.request.map(|request| Self { request, decision })
    }
}

/// The decision on an attempt at a key that the horizon does not refuse, and what to record, if anything.
pub(super) fn judge(found: Option<Record>, spend: &Spend, attempt: &Attempt) -> (Decision, Option<Record>) {
    let Attempt { is_right, attempts_allowed, .. } = *attempt;
    let Record { until, wrong, is_spent } = found.unwrap_or(Record { until: 0, wrong: 0, is_spent: false });
    let attempts_left = attempts_allowed.max(1).saturating_sub(wrong);
    // None is left without the key's being spent if fewer are allowed now than when the last answer came.
    if is_spent || attempts_left == 0 {
        return (Decision::Spent, None);
    }
    let until = until.max(spend.until());
    if is_right {
        return (Decision::Passed, Some(Record { until, wrong, is_spent: true }));
    }
    let left = attempts_left - 1;
    (Decision::Wrong { left }, Some(Record { until, wrong: wrong.saturating_add(1), is_spent: left == 0 }))
}

/// What is remembered of a key, for people.
pub(super) fn state(found: Option<Record>, spend: &Spend, horizon: &Horizon, now: u64) -> State {
    let is_forgotten = spend.issued_at < horizon.oldest;
    // What a ledger still has of a key that counts as forgotten, such as in a journal, says nothing.
    let found = found.filter(|_| !is_forgotten);
    let until = found.map_or(0, |record| record.until).max(spend.until());
    if now >= until {
        return State::Fresh;
    }
    match found {
        _ if is_forgotten => State::Spent,
        None => State::Fresh,
        Some(record) if record.is_spent => State::Spent,
        Some(record) => State::Tried { wrong: record.wrong },
    }
}
