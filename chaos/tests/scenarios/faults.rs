//! Nodes, Redis and the network between fail.

use std::time::Duration;

use chaos::{
    checker::Report,
    failover::{self, Failover, Loss, one_failover},
    load::Scale,
    meddling::meddled_redis,
    scenarios::{Memory, faults_on_redis, lost_primaries},
};

/// Long enough for each fault to come about.
const SCALE: Scale =
    Scale { keys: usize::MAX, answers_per_key: 30, keys_at_once: 4, duration: Duration::from_secs(20) };

#[track_caller]
fn check(report: &Report, least_passes: usize) {
    check_passes(report, least_passes);
    assert!(report.refused + report.unanswered > 0, "nobody noticed a fault: {report}");
}

#[track_caller]
fn check_passes(report: &Report, least_passes: usize) {
    println!("{report}");
    assert_eq!(report.violations, [], "{report}");
    assert!(report.passes >= least_passes, "little was tried: {report}");
}

#[test]
fn no_answer_passes_twice_while_nodes_redis_and_the_network_fail() {
    check(&faults_on_redis(Memory::Durable, SCALE, 1), 100);
}

#[test]
fn no_answer_passes_twice_though_redis_forgets() {
    // What Redis forgot counts as spent, so fewer pass.
    check(&faults_on_redis(Memory::Lost, SCALE, 2), 10);
}

#[test]
fn no_answer_passes_twice_though_power_failures_lose_the_last_writes() {
    check(&faults_on_redis(Memory::Most, SCALE, 4), 10);
}

#[test]
fn no_answer_passes_twice_whatever_is_done_to_redis() {
    check(&meddled_redis(SCALE, 5), 10);
}

#[test]
fn no_answer_passes_twice_while_primaries_of_a_cluster_are_lost() {
    check(&lost_primaries(SCALE, 3), 100);
}

#[test]
fn no_answer_passes_twice_while_sentinels_replace_lost_primaries() {
    check(&failover::lost_primaries(Scale { duration: Duration::from_secs(40), ..SCALE }, 6), 50);
}

/// The hardest of the losses: two servers take themselves for the primary, and each of them can be reached.
///
/// The servers follow the sentinels within a second, so that a load may notice nothing of it; that the replicas have left
/// the former primary is waited for.
#[test]
fn no_answer_passes_twice_though_sentinels_do_not_see_a_primary_that_goes_on() {
    let Failover { report, until_ready } = one_failover(SCALE, Loss::Estranged);
    check_passes(&report, 50);
    // Under ten seconds on a machine that is not busy: ten times are in the documents.
    assert!(until_ready < Duration::from_secs(30), "{until_ready:?}");
}
