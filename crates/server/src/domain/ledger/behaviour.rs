//! What every ledger must do, tried on each of them.

use std::{collections::HashSet, sync::Arc};

use haechi_captcha::Key;
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::{
    Attempt, Decision, EmbeddedLedger, EmbeddedOptions, Expiry, Ledger, LedgerError, MemoryLedger, Ruling, Spend,
    State, rules::LONGEST_LIFETIME_SECS,
};
use crate::keep::store::Store;

/// When most keys of these tests are issued.
pub(super) const ISSUED: u64 = 1_800_000_000;

/// The lifetime of most keys of these tests.
pub(super) const TTL_SECS: u64 = 180;

/// A ledger under test.
pub(super) struct Subject {
    pub(super) ledger: Arc<Ledger>,
    /// Where it is kept, with its limits, if it outlives the process.
    kept: Option<(TempDir, EmbeddedOptions)>,
}

impl Subject {
    /// The ledger as the next process finds it. Memory knows no next process, so that one stays as it is.
    fn reopened(self) -> Self {
        let Some((directory, options)) = self.kept else { return self };
        // The file is locked for as long as the old one is there.
        drop(Arc::into_inner(self.ledger).expect("nobody else uses the ledger of a test by now"));
        embedded_in(directory, options, u64::MAX)
    }
}

type Open = fn(max_records: u64, began_at: u64) -> Subject;

pub(super) fn memory(max_records: u64, began_at: u64) -> Subject {
    Subject { ledger: Arc::new(Ledger::Memory(MemoryLedger::new(max_records, began_at))), kept: None }
}

pub(super) fn embedded(max_records: u64, began_at: u64) -> Subject {
    let options = EmbeddedOptions { max_records, ..EmbeddedOptions::default() };
    embedded_in(TempDir::new().unwrap(), options, began_at)
}

fn embedded_in(directory: TempDir, options: EmbeddedOptions, began_at: u64) -> Subject {
    let ledger = EmbeddedLedger::open(Store::open(directory.path()).unwrap(), options, Some(began_at)).unwrap();
    Subject { ledger: Arc::new(Ledger::Embedded(ledger)), kept: Some((directory, options)) }
}

/// Instantiates the suite for each ledger, as small tests by name.
macro_rules! for_every_ledger {
    ($($name:ident)*) => {
        mod in_memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                super::$name(super::memory).await;
            })*
        }
        mod in_a_file {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                super::$name(super::embedded).await;
            })*
        }
    };
}

for_every_ledger! {
    a_right_answer_passes_once
    wrong_answers_count_down_and_the_last_one_spends
    the_only_attempt_spends_even_when_wrong
    ten_attempts_are_ten
    a_right_answer_passes_after_wrong_ones
    a_request_that_comes_again_gets_its_decision_again
    a_request_is_forgotten_with_its_key
    no_attempts_allowed_reads_as_one
    fewer_attempts_than_were_used_leave_none
    an_expired_key_never_passes
    a_tried_key_can_be_expired
    keys_do_not_touch_each_other
    a_key_past_its_time_never_passes
    what_is_past_is_absent
    purging_forgets_only_what_is_past
    a_forgotten_key_never_passes_when_the_clock_goes_back
    a_forgotten_key_never_passes_when_its_life_is_lengthened
    a_key_lives_on_when_older_ones_are_forgotten
    a_key_lives_on_when_a_younger_one_of_a_shorter_life_is_past
    a_longer_life_is_learnt_for_good
    a_clock_far_ahead_costs_only_the_keys_of_then
    a_lifetime_is_a_day_at_most
    a_full_ledger_decides_about_known_keys_only
    purging_makes_room
    keys_from_before_the_beginning_are_spent
    of_a_thousand_right_answers_at_once_one_passes
    answers_at_once_take_no_more_than_the_attempts
    a_thousand_keys_at_once_all_pass
    purging_meanwhile_changes_no_decision
    closing_twice_is_harmless
}

fn fresh(open: Open) -> Subject {
    open(1000, ISSUED - 1000)
}

/// The key with this number, issued at [`ISSUED`].
fn spend(number: u32) -> Spend {
    spend_issued_at(ISSUED, number)
}

pub(super) fn spend_issued_at(issued_at: u64, number: u32) -> Spend {
    let mut bytes = [0; 16];
    // Shards go by the first byte and files by the order, so let both vary.
    bytes[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b9).to_be_bytes());
    bytes[12..].copy_from_slice(&number.to_be_bytes());
    Spend { key: Key::from_random_bytes(bytes), issued_at, until: issued_at + TTL_SECS }
}

async fn answer(subject: &Subject, spend: &Spend, is_right: bool, attempts: u8) -> Decision {
    subject.ledger.answer(spend, is_right, attempts, spend.issued_at + 5).await.unwrap()
}

async fn state(subject: &Subject, spend: &Spend) -> State {
    subject.ledger.state(spend, spend.issued_at + 5).await.unwrap()
}

async fn a_right_answer_passes_once(open: Open) {
    let subject = fresh(open);
    assert_eq!(state(&subject, &spend(1)).await, State::Fresh);
    assert_eq!(answer(&subject, &spend(1), true, 3).await, Decision::Passed);
    assert_eq!(answer(&subject, &spend(1), true, 3).await, Decision::Spent);
    assert_eq!(answer(&subject, &spend(1), false, 3).await, Decision::Spent);
    assert_eq!(state(&subject, &spend(1)).await, State::Spent);
    assert_eq!(subject.ledger.records(), Some(1));
}

async fn wrong_answers_count_down_and_the_last_one_spends(open: Open) {
    let subject = fresh(open);
    assert_eq!(answer(&subject, &spend(1), false, 3).await, Decision::Wrong { left: 2 });
    assert_eq!(state(&subject, &spend(1)).await, State::Tried { wrong: 1 });
    assert_eq!(answer(&subject, &spend(1), false, 3).await, Decision::Wrong { left: 1 });
    assert_eq!(answer(&subject, &spend(1), false, 3).await, Decision::Wrong { left: 0 });
    assert_eq!(state(&subject, &spend(1)).await, State::Spent);
    assert_eq!(answer(&subject, &spend(1), true, 3).await, Decision::Spent);
    assert_eq!(subject.ledger.records(), Some(1));
}

async fn the_only_attempt_spends_even_when_wrong(open: Open) {
    let subject = fresh(open);
    assert_eq!(answer(&subject, &spend(1), false, 1).await, Decision::Wrong { left: 0 });
    assert_eq!(answer(&subject, &spend(1), true, 1).await, Decision::Spent);
}

async fn ten_attempts_are_ten(open: Open) {
    let subject = fresh(open);
    for left in (0..10).rev() {
        assert_eq!(answer(&subject, &spend(1), false, 10).await, Decision::Wrong { left });
    }
    assert_eq!(answer(&subject, &spend(1), true, 10).await, Decision::Spent);
}

async fn a_right_answer_passes_after_wrong_ones(open: Open) {
    let subject = fresh(open);
    for _ in 0..9 {
        answer(&subject, &spend(1), false, 10).await;
    }
    assert_eq!(answer(&subject, &spend(1), true, 10).await, Decision::Passed);
    assert_eq!(answer(&subject, &spend(1), true, 10).await, Decision::Spent);
}

async fn a_request_that_comes_again_gets_its_decision_again(open: Open) {
    let subject = fresh(open);
    let first = named(&subject, &spend(1), false, 1).await;
    assert_eq!((first, named(&subject, &spend(1), false, 1).await), (Decision::Wrong { left: 2 }, first));
    assert_eq!(named(&subject, &spend(1), false, 2).await, Decision::Wrong { left: 1 });
    assert_eq!(named(&subject, &spend(1), true, 3).await, Decision::Passed);
    let again = Attempt { is_right: true, attempts_allowed: 3, request: Some(3_u64.to_be_bytes()) };
    let decided = subject.ledger.decide(&spend(1), &again, ISSUED + 5).await;
    assert_eq!(decided, Ok(Ruling { decision: Decision::Passed, is_repeated: true }), "so that it is counted once");
    let subject = subject.reopened();
    // Whatever it says this time: it is the same request.
    assert_eq!(named(&subject, &spend(1), false, 3).await, Decision::Passed);
    assert_eq!(named(&subject, &spend(1), true, 4).await, Decision::Spent);
    assert_eq!(answer(&subject, &spend(1), true, 3).await, Decision::Spent);
    assert_eq!(named(&subject, &spend(2), true, 3).await, Decision::Passed, "a name is one for each key");
    assert_eq!(subject.ledger.records(), Some(2));
}

async fn a_request_is_forgotten_with_its_key(open: Open) {
    let subject = fresh(open);
    assert_eq!(named(&subject, &spend(1), true, 1).await, Decision::Passed);
    assert_eq!(subject.ledger.purge(ISSUED + TTL_SECS, TTL_SECS).await, Ok(1));
    assert_eq!(named(&subject, &spend(1), true, 1).await, Decision::Spent);
}

/// The decision on an attempt, of three, by the request of this name.
async fn named(subject: &Subject, spend: &Spend, is_right: bool, request: u64) -> Decision {
    let attempt = Attempt { is_right, attempts_allowed: 3, request: Some(request.to_be_bytes()) };
    subject.ledger.decide(spend, &attempt, spend.issued_at + 5).await.unwrap().decision
}

async fn no_attempts_allowed_reads_as_one(open: Open) {
    let subject = fresh(open);
    assert_eq!(answer(&subject, &spend(1), false, 0).await, Decision::Wrong { left: 0 });
    assert_eq!(answer(&subject, &spend(2), true, 0).await, Decision::Passed);
}

async fn fewer_attempts_than_were_used_leave_none(open: Open) {
    let subject = fresh(open);
    assert_eq!(answer(&subject, &spend(1), false, 10).await, Decision::Wrong { left: 9 });
    assert_eq!(answer(&subject, &spend(1), false, 10).await, Decision::Wrong { left: 8 });
    assert_eq!(answer(&subject, &spend(1), true, 2).await, Decision::Spent);
}

async fn an_expired_key_never_passes(open: Open) {
    let subject = fresh(open);
    let now = ISSUED + 5;
    assert_eq!(subject.ledger.expire(&spend(1), now).await, Ok(Expiry::Done));
    assert_eq!(subject.ledger.expire(&spend(1), now).await, Ok(Expiry::Spent));
    assert_eq!(answer(&subject, &spend(1), true, 10).await, Decision::Spent);
    answer(&subject, &spend(2), true, 1).await;
    assert_eq!(subject.ledger.expire(&spend(2), now).await, Ok(Expiry::Spent));
}

async fn a_tried_key_can_be_expired(open: Open) {
    let subject = fresh(open);
    answer(&subject, &spend(1), false, 2).await;
    assert_eq!(subject.ledger.expire(&spend(1), ISSUED + 5).await, Ok(Expiry::Done));
    assert_eq!(answer(&subject, &spend(1), true, 2).await, Decision::Spent);
}

async fn keys_do_not_touch_each_other(open: Open) {
    let subject = fresh(open);
    for number in 0..100 {
        assert_eq!(answer(&subject, &spend(number), number % 2 == 0, 1).await == Decision::Passed, number % 2 == 0);
    }
    assert_eq!(subject.ledger.records(), Some(100));
    assert_eq!(state(&subject, &spend(100)).await, State::Fresh);
}

async fn a_key_past_its_time_never_passes(open: Open) {
    let subject = fresh(open);
    let Spend { until, .. } = spend(1);
    assert_eq!(subject.ledger.answer(&spend(1), true, 1, until).await, Ok(Decision::Spent));
    assert_eq!(subject.ledger.expire(&spend(1), until).await, Ok(Expiry::Spent));
    assert_eq!(subject.ledger.records(), Some(0));
    assert_eq!(subject.ledger.answer(&spend(1), true, 1, until - 1).await, Ok(Decision::Passed));
}

async fn what_is_past_is_absent(open: Open) {
    let subject = fresh(open);
    answer(&subject, &spend(1), true, 1).await;
    answer(&subject, &spend(2), false, 2).await;
    let Spend { until, .. } = spend(1);
    assert_eq!(subject.ledger.state(&spend(1), until - 1).await, Ok(State::Spent));
    assert_eq!(subject.ledger.state(&spend(1), until).await, Ok(State::Fresh));
    assert_eq!(subject.ledger.state(&spend(2), until).await, Ok(State::Fresh));
}

async fn purging_forgets_only_what_is_past(open: Open) {
    let subject = fresh(open);
    for number in 0..10 {
        answer(&subject, &spend_issued_at(ISSUED + u64::from(number), number), true, 1).await;
    }
    assert_eq!(subject.ledger.purge(ISSUED + TTL_SECS - 1, TTL_SECS).await, Ok(0));
    assert_eq!(subject.ledger.purge(ISSUED + TTL_SECS, TTL_SECS).await, Ok(1));
    assert_eq!(subject.ledger.purge(ISSUED + TTL_SECS + 4, TTL_SECS).await, Ok(4));
    assert_eq!(subject.ledger.records(), Some(5));
    assert_eq!(state(&subject, &spend_issued_at(ISSUED + 5, 5)).await, State::Spent);
    assert_eq!(subject.ledger.purge(ISSUED + 2 * TTL_SECS, TTL_SECS).await, Ok(5));
    assert_eq!(subject.ledger.purge(ISSUED + 2 * TTL_SECS, TTL_SECS).await, Ok(0));
    assert_eq!(subject.ledger.records(), Some(0));
}

async fn a_forgotten_key_never_passes_when_the_clock_goes_back(open: Open) {
    let subject = fresh(open);
    answer(&subject, &spend(1), true, 1).await;
    assert_eq!(subject.ledger.purge(spend(1).until, TTL_SECS).await, Ok(1));
    assert_eq!(answer(&subject, &spend(1), true, 1).await, Decision::Spent);
    assert_eq!(state(&subject, &spend(1)).await, State::Spent);
    // The ledger can no longer tell this one from those that it has forgotten.
    assert_eq!(answer(&subject, &spend(2), true, 1).await, Decision::Spent);
    assert_eq!(subject.ledger.issue_not_before(), ISSUED + 1);
    assert_eq!(answer(&subject, &spend_issued_at(ISSUED + 1, 3), true, 1).await, Decision::Passed);
}

async fn a_forgotten_key_never_passes_when_its_life_is_lengthened(open: Open) {
    let subject = fresh(open);
    answer(&subject, &spend(1), true, 1).await;
    let longer = Spend { until: ISSUED + 3600, ..spend(1) };
    // Not yet forgotten, and past the time that it had when it was spent.
    assert_eq!(subject.ledger.answer(&longer, true, 1, ISSUED + 200).await, Ok(Decision::Spent));
    assert_eq!(subject.ledger.state(&longer, ISSUED + 200).await, Ok(State::Spent));
    assert_eq!(subject.ledger.purge(ISSUED + 200, TTL_SECS).await, Ok(1));
    assert_eq!(subject.ledger.answer(&longer, true, 1, ISSUED + 200).await, Ok(Decision::Spent));
    assert_eq!(subject.ledger.purge(ISSUED + 201, 3600).await, Ok(0));
    let subject = subject.reopened();
    assert_eq!(subject.ledger.answer(&longer, true, 1, ISSUED + 202).await, Ok(Decision::Spent));
    assert_eq!(subject.ledger.state(&longer, ISSUED + 202).await, Ok(State::Spent));
}

async fn a_key_lives_on_when_older_ones_are_forgotten(open: Open) {
    let subject = fresh(open);
    let long = Spend { until: ISSUED + 3600, ..spend(1) };
    assert_eq!(answer(&subject, &long, false, 2).await, Decision::Wrong { left: 1 });
    let short = spend_issued_at(ISSUED - 100, 2);
    answer(&subject, &short, true, 1).await;
    // The short one could go, but the ledger knows of keys that live longer, and this might have become one.
    assert_eq!(subject.ledger.purge(ISSUED + 1000, TTL_SECS).await, Ok(0));
    assert_eq!(subject.ledger.purge(ISSUED + 3500, TTL_SECS).await, Ok(1));
    assert_eq!(subject.ledger.answer(&long, true, 2, ISSUED + 3599).await, Ok(Decision::Passed));
}

/// Keys of an app whose time to live is an hour are out, and none of them was ever answered.
async fn a_key_lives_on_when_a_younger_one_of_a_shorter_life_is_past(open: Open) {
    let subject = fresh(open);
    let long = Spend { until: ISSUED + 3600, ..spend(1) };
    let short = Spend { until: ISSUED + 32, ..spend_issued_at(ISSUED + 2, 2) };
    answer(&subject, &short, true, 1).await;
    assert_eq!(subject.ledger.purge(ISSUED + 40, 3600).await, Ok(0));
    assert_eq!(subject.ledger.state(&long, ISSUED + 40).await, Ok(State::Fresh));
    assert_eq!(subject.ledger.purge(ISSUED + 3599, 3600).await, Ok(0));
    assert_eq!(subject.ledger.answer(&long, true, 1, ISSUED + 3599).await, Ok(Decision::Passed));
    assert_eq!(subject.ledger.purge(ISSUED + 3602, 3600).await, Ok(2));
}

/// The app with the longest life may be gone for a while and then come back, with keys that are still out.
async fn a_longer_life_is_learnt_for_good(open: Open) {
    let subject = fresh(open);
    assert_eq!(subject.ledger.purge(ISSUED, 3600).await, Ok(0));
    let subject = subject.reopened();
    answer(&subject, &spend(1), true, 1).await;
    assert_eq!(subject.ledger.purge(ISSUED + 3599, TTL_SECS).await, Ok(0));
    assert_eq!(subject.ledger.purge(ISSUED + 3600, TTL_SECS).await, Ok(1));
}

async fn a_clock_far_ahead_costs_only_the_keys_of_then(open: Open) {
    let subject = fresh(open);
    answer(&subject, &spend(1), true, 1).await;
    assert_eq!(subject.ledger.purge(ISSUED + 1_000_000_000, TTL_SECS).await, Ok(1));
    assert_eq!(answer(&subject, &spend_issued_at(ISSUED + 1, 2), true, 1).await, Decision::Passed);
}

async fn a_lifetime_is_a_day_at_most(open: Open) {
    let subject = fresh(open);
    let endless = Spend { until: u64::MAX, ..spend(1) };
    let end = ISSUED + LONGEST_LIFETIME_SECS;
    assert_eq!(subject.ledger.answer(&endless, false, 2, end - 1).await, Ok(Decision::Wrong { left: 1 }));
    assert_eq!(subject.ledger.answer(&endless, true, 2, end).await, Ok(Decision::Spent));
    assert_eq!(subject.ledger.purge(end - 1, u64::MAX).await, Ok(0));
    assert_eq!(subject.ledger.purge(end, u64::MAX).await, Ok(1));
}

async fn a_full_ledger_decides_about_known_keys_only(open: Open) {
    let subject = open(2, ISSUED - 1000);
    let full = Err(LedgerError::Full { max_records: 2 });
    let now = ISSUED + 5;
    assert_eq!(subject.ledger.check().await, Ok(()));
    answer(&subject, &spend(1), true, 1).await;
    answer(&subject, &spend(2), false, 3).await;
    assert_eq!(subject.ledger.answer(&spend(3), true, 1, now).await, full);
    assert_eq!(subject.ledger.answer(&spend(3), false, 3, now).await, full);
    assert_eq!(subject.ledger.expire(&spend(3), now).await, Err(LedgerError::Full { max_records: 2 }));
    assert_eq!(subject.ledger.check().await, Err(LedgerError::Full { max_records: 2 }));
    assert_eq!(answer(&subject, &spend(1), true, 1).await, Decision::Spent);
    assert_eq!(answer(&subject, &spend(2), true, 3).await, Decision::Passed);
    assert_eq!(subject.ledger.records(), Some(2));
}

async fn purging_makes_room(open: Open) {
    let subject = open(1, ISSUED - 1000);
    answer(&subject, &spend(1), true, 1).await;
    let later = spend_issued_at(ISSUED + TTL_SECS, 2);
    assert!(subject.ledger.answer(&later, true, 1, later.issued_at).await.is_err());
    assert_eq!(subject.ledger.purge(later.issued_at, TTL_SECS).await, Ok(1));
    assert_eq!(subject.ledger.answer(&later, true, 1, later.issued_at).await, Ok(Decision::Passed));
}

async fn keys_from_before_the_beginning_are_spent(open: Open) {
    let subject = open(10, ISSUED);
    let now = ISSUED + 2;
    assert_eq!(subject.ledger.issue_not_before(), ISSUED + 1);
    for before in [ISSUED - 100, ISSUED] {
        assert_eq!(subject.ledger.answer(&spend_issued_at(before, 1), true, 1, now).await, Ok(Decision::Spent));
        assert_eq!(subject.ledger.expire(&spend_issued_at(before, 1), now).await, Ok(Expiry::Spent));
        assert_eq!(subject.ledger.state(&spend_issued_at(before, 1), now).await, Ok(State::Spent));
    }
    assert_eq!(subject.ledger.answer(&spend_issued_at(ISSUED + 1, 1), true, 1, now).await, Ok(Decision::Passed));
}

/// Asks all of these at once, and returns the verdicts.
async fn at_once(subject: &Subject, asked: impl Iterator<Item = (Spend, bool)>, attempts: u8) -> Vec<Decision> {
    let mut asking = JoinSet::new();
    for (spend, is_right) in asked {
        let ledger = Arc::clone(&subject.ledger);
        asking.spawn(async move { ledger.answer(&spend, is_right, attempts, spend.issued_at + 5).await.unwrap() });
    }
    asking.join_all().await
}

fn count(verdicts: &[Decision], wanted: Decision) -> usize {
    verdicts.iter().filter(|verdict| **verdict == wanted).count()
}

async fn of_a_thousand_right_answers_at_once_one_passes(open: Open) {
    let subject = fresh(open);
    for number in 0..3 {
        let verdicts = at_once(&subject, (0..1000).map(|_| (spend(number), true)), 10).await;
        assert_eq!((count(&verdicts, Decision::Passed), count(&verdicts, Decision::Spent)), (1, 999));
    }
}

async fn answers_at_once_take_no_more_than_the_attempts(open: Open) {
    let subject = fresh(open);
    for number in 0..30 {
        let verdicts = at_once(&subject, (0..40).map(|turn| (spend(number), turn % 8 == 7)), 3).await;
        let lefts: HashSet<u8> = verdicts
            .iter()
            .filter_map(|verdict| if let Decision::Wrong { left } = verdict { Some(*left) } else { None })
            .collect();
        let (passed, spent) = (count(&verdicts, Decision::Passed), count(&verdicts, Decision::Spent));
        // Every number of attempts left was told once, and either the last was used up or one answer passed.
        assert_eq!(lefts.len() + passed + spent, 40);
        assert_eq!(passed, usize::from(!lefts.contains(&0)), "{verdicts:?}");
        assert_eq!(lefts, (3 - lefts.len() as u8..3).collect());
    }
}

async fn a_thousand_keys_at_once_all_pass(open: Open) {
    let subject = fresh(open);
    let verdicts = at_once(&subject, (0..1000).map(|number| (spend(number), true)), 1).await;
    assert_eq!(count(&verdicts, Decision::Passed), 1000);
    assert_eq!(subject.ledger.records(), Some(1000));
}

async fn purging_meanwhile_changes_no_decision(open: Open) {
    let subject = open(10_000, ISSUED - 1000);
    let later = ISSUED + TTL_SECS;
    at_once(&subject, (0..3000).map(|number| (spend(number), true)), 1).await;
    let ledger = Arc::clone(&subject.ledger);
    let purging = tokio::spawn(async move { ledger.purge(later, TTL_SECS).await });
    let twice = (0..1000).chain(0..1000).map(|number| (spend_issued_at(later, number), true));
    let verdicts = at_once(&subject, twice, 1).await;
    assert_eq!(count(&verdicts, Decision::Passed), 1000);
    assert_eq!(purging.await.unwrap(), Ok(3000));
    assert_eq!(subject.ledger.records(), Some(1000));
}

async fn closing_twice_is_harmless(open: Open) {
    let subject = fresh(open);
    answer(&subject, &spend(1), true, 1).await;
    subject.ledger.close().await;
    subject.ledger.close().await;
    let subject = subject.reopened();
    assert_eq!(answer(&subject, &spend(1), true, 1).await, Decision::Spent);
    assert_eq!(answer(&subject, &spend(2), true, 1).await, Decision::Passed);
    assert_eq!(subject.ledger.records(), Some(2));
}
