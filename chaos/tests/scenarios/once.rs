//! A thousand right answers at once.

use std::time::Duration;

use chaos::{
    checker::{Report, Violation},
    load::{Mix, Scale},
    nodes::NodesOptions,
    scenarios::{answers_at_once, answers_at_once_on_redis},
};

/// Nothing fails here, so each key passes once and every request is decided.
#[track_caller]
fn check(report: &Report, scale: Scale) {
    println!("{report}");
    assert_eq!(report.violations, [], "{report}");
    // After the load, each node is seen to decide by a key of its own, and each key is answered once more.
    let passes_at_the_end = report.keys - scale.keys;
    assert_eq!(report.passes - passes_at_the_end, scale.keys, "{report}");
    assert_eq!((report.refused, report.unanswered, report.lost_passes), (0, 0, 0), "{report}");
    assert_eq!(report.requests - passes_at_the_end, scale.keys * (scale.answers_per_key + 1), "{report}");
}

#[test]
fn of_a_thousand_right_answers_to_one_node_one_passes() {
    let scale = Scale { keys: 20, answers_per_key: 1000, keys_at_once: 1, duration: Duration::MAX };
    let ledger = "embedded:".to_owned();
    let options = NodesOptions { count: 1, ledger, attempts: 1, environment: Vec::new() };
    check(&answers_at_once(options, Mix::RightAnswers, scale), scale);
}

#[test]
fn of_a_thousand_right_answers_to_three_nodes_one_passes() {
    // `cargo xtask chaos` has many more.
    let scale = Scale { keys: 40, answers_per_key: 1000, keys_at_once: 1, duration: Duration::MAX };
    check(&answers_at_once_on_redis(scale), scale);
}

/// The checker must be able to find something: nodes that each keep to themselves what is spent.
#[test]
fn nodes_that_share_no_ledger_are_found_out() {
    let scale = Scale { keys: 4, answers_per_key: 30, keys_at_once: 1, duration: Duration::MAX };
    let ledger = "embedded:".to_owned();
    let options = NodesOptions { count: 3, ledger, attempts: 1, environment: Vec::new() };
    let report = answers_at_once(options, Mix::RightAnswers, scale);
    let is_found = |violation: &&Violation| matches!(violation, Violation::SpentTwice { passed: 3, .. });
    assert_eq!(report.violations.iter().filter(is_found).count(), scale.keys, "{report}");
}

/// So must it be for tokens: each node passes the challenge by itself, and redeems what it gets.
#[test]
fn tokens_that_are_redeemed_more_than_once_are_found_out() {
    let scale = Scale { keys: 10, answers_per_key: 30, keys_at_once: 1, duration: Duration::MAX };
    let ledger = "embedded:".to_owned();
    let options = NodesOptions { count: 3, ledger, attempts: 3, environment: Vec::new() };
    let report = answers_at_once(options, Mix::Everything, scale);
    let is_found = |violation: &&Violation| matches!(violation, Violation::SpentTwice { key, passed, .. } if *passed > 1 && key.starts_with("the redemption of"));
    assert_eq!(report.violations.iter().filter(is_found).count(), scale.keys / 5 * 2, "{report}");
}
