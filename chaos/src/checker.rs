//! Decides whether a history can be one of a ledger that spends each key once.
//!
//! The checker knows nothing of the ledger: it rests on what clients were told, and on which request had ended before
//! which other one began. What a client was not told counts for the ledger wherever it can.

use std::{collections::HashMap, fmt, sync::Arc, time::Duration};

use crate::history::{Event, Kind, Outcome};

/// What the history must keep to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Wrong answers that spend a key.
    pub attempts: usize,
    /// Whether a key counts as spent only if a request spent it. A ledger that may lose its memory counts all keys that
    /// it could have forgotten as spent, and is right to.
    pub spends_have_cause: bool,
}

/// What a ledger must not do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// More was acknowledged than one key has room for: one pass or expiry, or the attempts' last wrong answer.
    #[error(
        "{key} was spent more than once: {passed} answers passed, {expired} requests expired it, {wrong} wrong answers \
         were counted of {attempts}"
    )]
    SpentTwice {
        /// The key.
        key: Arc<str>,
        /// Right answers that passed.
        passed: usize,
        /// Requests by which the key expired.
        expired: usize,
        /// Wrong answers that took an attempt.
        wrong: usize,
        /// The attempts that there are.
        attempts: usize,
    },
    /// A request began after somebody had been told that the key was spent by them, and still had an effect.
    #[error("{} was spent for good by {}, and then came {revival}", revival.key, DisplayTime(*spent_at))]
    Revived {
        /// When the spend was acknowledged.
        spent_at: Duration,
        /// The request that should have been told that the key is spent.
        revival: Event,
    },
    /// A client was told that the key is spent when no request that could have spent it had begun.
    #[error("{} was spent by nobody: {event}", event.key)]
    SpentByNobody {
        /// What it was told.
        event: Event,
    },
}

/// What a history shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Keys that anything was asked about.
    pub keys: usize,
    /// All requests.
    pub requests: usize,
    /// Answers that passed.
    pub passes: usize,
    /// Requests that the server could not decide.
    pub refused: usize,
    /// Requests without a reply.
    pub unanswered: usize,
    /// Keys that right answers were sent to and that the ledger decided about, and that nobody was told had passed, had
    /// expired, or were out of attempts. It is no violation: the reply that said so was lost.
    pub lost_passes: usize,
    /// Keys that passed after somebody had been told that they were spent. It is no violation either: a decision that
    /// was never acknowledged was seen by another request, and then undone.
    pub undone_spends: usize,
    /// What must not be.
    pub violations: Vec<Violation>,
}

/// Looks at all keys, one by one.
#[must_use]
pub fn check(events: &[Event], rules: Rules) -> Report {
    let mut by_key: HashMap<&str, Vec<&Event>> = HashMap::new();
    for event in events {
        by_key.entry(&event.key).or_default().push(event);
    }
    let count = |outcome| events.iter().filter(|event| event.outcome == outcome).count();
    let keys: Vec<KeyHistory<'_>> = by_key.into_values().map(|events| KeyHistory { events, rules }).collect();
    Report {
        keys: keys.len(),
        requests: events.len(),
        passes: count(Outcome::Passed),
        refused: count(Outcome::Refused),
        unanswered: count(Outcome::NoReply),
        lost_passes: keys.iter().filter(|key| key.has_lost_its_pass()).count(),
        undone_spends: keys.iter().filter(|key| key.has_an_undone_spend()).count(),
        violations: keys.iter().flat_map(KeyHistory::violations).collect(),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { keys, requests, passes, refused, unanswered, lost_passes, undone_spends, violations } = self;
        write!(
            f,
            "{keys} keys, {requests} requests: {passes} passes, {refused} refused, {unanswered} without a reply, \
             {lost_passes} lost passes, {undone_spends} undone spends, {} violations",
            violations.len()
        )?;
        violations.iter().try_for_each(|violation| write!(f, "\n  {violation}"))
    }
}

struct DisplayTime(Duration);

impl fmt::Display for DisplayTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6} s", self.0.as_secs_f64())
    }
}

/// The events about one key.
struct KeyHistory<'a> {
    events: Vec<&'a Event>,
    rules: Rules,
}

impl KeyHistory<'_> {
    fn violations(&self) -> Vec<Violation> {
        let revived = self.revived();
        let causeless = if self.rules.spends_have_cause { self.spent_by_nobody() } else { Vec::new() };
        self.spent_twice().into_iter().chain(revived).chain(causeless).collect()
    }

    fn spent_twice(&self) -> Option<Violation> {
        let [passed, expired, wrong] =
            [Outcome::Passed, Outcome::Expired, Outcome::Wrong].map(|outcome| self.count(outcome));
        let attempts = self.rules.attempts;
        let spends = passed + expired + usize::from(wrong >= attempts);
        let key = Arc::clone(&self.events.first()?.key);
        (spends > 1 || wrong > attempts).then_some(Violation::SpentTwice { key, passed, expired, wrong, attempts })
    }

    fn revived(&self) -> Vec<Violation> {
        let Some(spent_at) = self.acknowledged_spend() else { return Vec::new() };
        let had_effect = |outcome| matches!(outcome, Outcome::Passed | Outcome::Expired | Outcome::Wrong);
        let revivals = self.events.iter().filter(|event| had_effect(event.outcome) && event.start > spent_at);
        revivals.map(|event| Violation::Revived { spent_at, revival: (*event).clone() }).collect()
    }

    fn spent_by_nobody(&self) -> Vec<Violation> {
        let first_spend = self.first_possible_spend();
        let spent = self.events.iter().filter(|event| event.outcome == Outcome::Spent);
        let causeless = spent.filter(|event| first_spend.is_none_or(|start| event.end < start));
        causeless.map(|event| Violation::SpentByNobody { event: (*event).clone() }).collect()
    }

    /// The moment from which on it is sure that the key is spent, because somebody has been told so.
    fn acknowledged_spend(&self) -> Option<Duration> {
        let ends = |spends: fn(Outcome) -> bool| {
            let mut ends: Vec<_> = self.events.iter().filter(|event| spends(event.outcome)).map(|e| e.end).collect();
            ends.sort_unstable();
            ends
        };
        let by_one = ends(|outcome| matches!(outcome, Outcome::Passed | Outcome::Expired)).first().copied();
        let by_the_last_attempt = ends(|outcome| outcome == Outcome::Wrong).get(self.rules.attempts - 1).copied();
        by_one.into_iter().chain(by_the_last_attempt).min()
    }

    /// The moment from which on the key may be spent. What was told that the key is spent did not spend it.
    fn first_possible_spend(&self) -> Option<Duration> {
        let starts = |are_wrong: bool| {
            let may_count = |event: &&&Event| event.outcome != Outcome::Spent && event.kind.spends() != are_wrong;
            let mut starts: Vec<_> = self.events.iter().filter(may_count).map(|event| event.start).collect();
            starts.sort_unstable();
            starts
        };
        let by_one = starts(false).first().copied();
        let by_the_last_attempt = starts(true).get(self.rules.attempts - 1).copied();
        by_one.into_iter().chain(by_the_last_attempt).min()
    }

    fn has_lost_its_pass(&self) -> bool {
        let was_answered_right = self.events.iter().any(|event| matches!(event.kind, Kind::Right | Kind::Redeem));
        let was_decided = self.events.iter().any(|event| event.outcome.is_definite());
        was_answered_right && was_decided && self.acknowledged_spend().is_none()
    }

    fn has_an_undone_spend(&self) -> bool {
        let ends = |outcome| self.events.iter().filter(move |event| event.outcome == outcome).map(|event| event.end);
        let Some(first_told) = ends(Outcome::Spent).min() else { return false };
        self.events.iter().any(|event| event.outcome == Outcome::Passed && event.start > first_told)
    }

    fn count(&self, outcome: Outcome) -> usize {
        self.events.iter().filter(|event| event.outcome == outcome).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules { attempts: 2, spends_have_cause: true };

    /// A request about the one key, from this second to that one.
    fn event(kind: Kind, seconds: (u64, u64), outcome: Outcome) -> Event {
        let [start, end] = [seconds.0, seconds.1].map(Duration::from_secs);
        Event { key: "key".into(), kind, start, end, outcome }
    }

    fn right(start: u64, end: u64, outcome: Outcome) -> Event {
        event(Kind::Right, (start, end), outcome)
    }

    fn wrong(start: u64, end: u64, outcome: Outcome) -> Event {
        event(Kind::Wrong, (start, end), outcome)
    }

    fn expire(start: u64, end: u64, outcome: Outcome) -> Event {
        event(Kind::Expire, (start, end), outcome)
    }

    /// Checks what is said of a history, whatever the order in which its events were recorded.
    #[track_caller]
    fn check_violations(events: &[Event], expected: &[&str]) {
        let mut reversed = events.to_vec();
        reversed.reverse();
        for events in [events, &reversed] {
            let violations = check(events, RULES).violations;
            let said: Vec<_> = violations.iter().map(ToString::to_string).collect();
            assert_eq!(said.len(), expected.len(), "{said:#?}");
            expected.iter().for_each(|text| assert!(said.iter().any(|said| said.contains(text)), "{text} in {said:?}"));
        }
    }

    #[test]
    fn one_pass_among_any_number_is_right() {
        check_violations(&[], &[]);
        check_violations(&[right(0, 1, Outcome::Passed)], &[]);
        check_violations(
            &[right(0, 5, Outcome::Passed), right(1, 2, Outcome::Spent), right(6, 7, Outcome::Spent)],
            &[],
        );
        check_violations(
            &[wrong(0, 1, Outcome::Wrong), right(2, 3, Outcome::Passed), wrong(4, 5, Outcome::Spent)],
            &[],
        );
        check_violations(&[expire(0, 1, Outcome::Expired), right(2, 3, Outcome::Spent)], &[]);
    }

    #[test]
    fn keys_are_apart() {
        let mut other = right(0, 1, Outcome::Passed);
        other.key = "other".into();
        check_violations(&[right(0, 1, Outcome::Passed), other], &[]);
    }

    #[test]
    fn two_passes_at_the_same_time_are_one_too_many() {
        check_violations(&[right(0, 3, Outcome::Passed), right(1, 2, Outcome::Passed)], &["2 answers passed"]);
    }

    #[test]
    fn a_pass_and_an_expiry_or_a_last_wrong_answer_are_one_spend_too_many() {
        check_violations(&[right(0, 2, Outcome::Passed), expire(1, 3, Outcome::Expired)], &["more than once"]);
        check_violations(&[expire(0, 2, Outcome::Expired), expire(1, 3, Outcome::Expired)], &["2 requests expired"]);
        let last_wrong = [wrong(0, 4, Outcome::Wrong), wrong(1, 4, Outcome::Wrong), right(2, 4, Outcome::Passed)];
        check_violations(&last_wrong, &["2 wrong answers were counted of 2"]);
    }

    #[test]
    fn more_wrong_answers_than_attempts_are_too_many() {
        let three = [0, 1, 2].map(|start| wrong(start, 5, Outcome::Wrong));
        check_violations(&three, &["3 wrong answers were counted of 2"]);
    }

    #[test]
    fn what_begins_after_an_acknowledged_spend_has_no_effect() {
        let passed_again = [right(0, 1, Outcome::Passed), right(2, 3, Outcome::Passed)];
        check_violations(&passed_again, &["more than once", "and then came Right -> Passed"]);
        let wrong_after = [right(0, 1, Outcome::Passed), wrong(2, 3, Outcome::Wrong)];
        check_violations(&wrong_after, &["and then came Wrong -> Wrong"]);
        let after_attempts = [wrong(0, 1, Outcome::Wrong), wrong(0, 2, Outcome::Wrong), right(3, 4, Outcome::Passed)];
        check_violations(&after_attempts, &["more than once", "and then came Right -> Passed"]);
        // At the same time, either may have been first.
        check_violations(&[right(0, 2, Outcome::Passed), wrong(1, 3, Outcome::Wrong)], &[]);
    }

    #[test]
    fn nobody_is_told_spent_before_a_request_that_can_spend_has_begun() {
        check_violations(&[right(0, 1, Outcome::Spent)], &["spent by nobody: Right -> Spent"]);
        check_violations(&[right(0, 1, Outcome::Spent), right(2, 3, Outcome::Passed)], &["spent by nobody"]);
        check_violations(&[right(0, 1, Outcome::Spent), right(0, 1, Outcome::Spent)], &["by nobody", "by nobody"]);
        check_violations(&[wrong(0, 1, Outcome::Wrong), right(2, 3, Outcome::Spent)], &["spent by nobody"]);
    }

    #[test]
    fn a_request_of_unknown_outcome_may_have_spent() {
        for unknown in [Outcome::Refused, Outcome::NoReply] {
            check_violations(&[right(0, 1, unknown), right(2, 3, Outcome::Spent)], &[]);
            check_violations(&[expire(0, 1, unknown), right(2, 3, Outcome::Spent)], &[]);
            check_violations(&[wrong(0, 1, Outcome::Wrong), wrong(0, 1, unknown), right(2, 3, Outcome::Spent)], &[]);
            check_violations(&[wrong(0, 1, unknown), right(2, 3, Outcome::Spent)], &["spent by nobody"]);
            // But it may also not have.
            check_violations(&[right(0, 1, unknown), right(2, 3, Outcome::Passed)], &[]);
        }
    }

    #[test]
    fn a_ledger_without_a_whole_memory_may_take_a_key_for_spent() {
        let rules = Rules { spends_have_cause: false, ..RULES };
        assert_eq!(check(&[right(0, 1, Outcome::Spent)], rules).violations, []);
    }

    #[test]
    fn what_is_no_violation_is_counted() {
        let lost = [right(0, 1, Outcome::NoReply), right(2, 3, Outcome::Spent), right(4, 5, Outcome::Refused)];
        let report = check(&lost, RULES);
        let figures = (report.keys, report.requests, report.passes, report.refused, report.unanswered);
        assert_eq!((figures, report.lost_passes, report.undone_spends), ((1, 3, 0, 1, 1), 1, 0));

        let decided_otherwise = [right(0, 1, Outcome::Spent), expire(0, 1, Outcome::Expired)];
        assert_eq!(check(&decided_otherwise, RULES).lost_passes, 0);
        assert_eq!(check(&[right(0, 1, Outcome::NoReply)], RULES).lost_passes, 0);

        let undone = [right(0, 1, Outcome::NoReply), right(2, 3, Outcome::Spent), right(4, 5, Outcome::Passed)];
        assert_eq!(check(&undone, RULES).undone_spends, 1);
    }
}
