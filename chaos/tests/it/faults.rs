//! Nodes, Redis and the network between fail.

use std::time::Duration;

use chaos::{
    checker::Report,
    load::Scale,
    scenarios::{faults_on_redis, lost_primaries},
};

const SCALE: Scale =
    Scale { keys: usize::MAX, answers_per_key: 30, keys_at_once: 4, duration: Duration::from_secs(30) };

#[track_caller]
fn check(report: &Report) {
    println!("{report}");
    assert_eq!(report.violations, [], "{report}");
    assert!(report.passes > 100, "little was tried: {report}");
}

#[test]
fn no_answer_passes_twice_while_nodes_redis_and_the_network_fail() {
    check(&faults_on_redis(SCALE, 1));
}

#[test]
fn no_answer_passes_twice_while_primaries_of_a_cluster_are_lost() {
    let report = lost_primaries(SCALE, 1);
    check(&report);
    assert!(report.refused + report.unanswered > 0, "no primary was missed: {report}");
}
