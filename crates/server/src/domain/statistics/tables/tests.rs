//! Statistics of several nodes in Redis.

use testbed::{Cluster, Persistence, Redis, RedisOptions};

use crate::{
    domain::{
        counters::row::{Row, Rows},
        statistics::{
            Span, Statistics,
            pending::Batch,
            tests::{apps, counters},
        },
    },
    keep::remote::{BlockingRemote, RemoteAddress},
};

const NOW: u64 = 1_800_000_000;

fn node(url: &str, numbers: &[u32]) -> Statistics {
    let remote = BlockingRemote::open(&RemoteAddress::parse(url).unwrap()).unwrap();
    Statistics::open_shared(remote, apps(numbers), 90).unwrap()
}

fn check_nodes_add_up(url: &str) {
    let numbers: Vec<u32> = (1..=20).collect();
    let nodes = [0; 3].map(|_| node(url, &numbers));
    for second in 0..3 {
        for (number, node) in nodes.iter().enumerate() {
            for app in &numbers {
                let counters = counters(node, *app);
                (0..=number).for_each(|_| counters.count_issued(NOW - 60));
                counters.count_image();
                counters.count_limited();
                // Another node than the one that issued it.
                counters.count_passed(NOW - 60, NOW - 60 + 7);
            }
            node.flush(NOW + second);
            assert!(!node.flushing().is_failing);
        }
    }
    for node in &nodes {
        for span in Span::ALL {
            let report = node.report(20, span, NOW + 600).unwrap();
            let total = &report.total;
            assert_eq!((total.issued, total.images, total.limited, total.passed), (18, 9, 9, 9), "{span:?}");
            assert_eq!((total.unanswered, total.times.within(8), total.times.within(6)), (9, 9, 0));
        }
        let totals = node.totals(&[3, 99, 4], Span::Hour, NOW + 600).unwrap();
        assert_eq!(totals.iter().map(|counts| counts.issued).collect::<Vec<_>>(), [18, 0, 18]);
    }
}

#[test]
fn three_nodes_add_up_in_redis() {
    check_nodes_add_up(&Redis::start().url());
}

#[test]
fn three_nodes_add_up_in_a_cluster() {
    check_nodes_add_up(&Cluster::start(3, &RedisOptions::default()).url());
}

#[test]
fn a_script_that_is_run_again_adds_nothing() {
    let redis = Redis::start();
    let node = node(&redis.url(), &[1]);
    let row = |settled| Row { settled, ..Row::default() };
    let rows = Rows::from([(NOW - 60, row(2)), (NOW, row(3))]);
    let batch = Batch { process: 5, number: 1, rows: [(1, rows)].into() };
    (0..3).for_each(|_| node.tables.add(&batch).unwrap());
    let hour = NOW / 3600 * 3600 - 3600;
    let settled = || {
        let rows = node.tables.read(&[1], crate::domain::counters::row::Grain::Hour, hour..hour + 7200).unwrap();
        rows[0].values().map(|row| row.settled).sum::<u64>()
    };
    assert_eq!(settled(), 5);
    node.tables.add(&Batch { number: 2, ..batch.clone() }).unwrap();
    node.tables.add(&Batch { process: 6, ..batch }).unwrap();
    assert_eq!(settled(), 15);
}

/// Rows of nodes of which some count no work yet add up whichever comes first.
#[test]
fn nodes_of_an_older_version_take_nothing_from_a_row() {
    let redis = Redis::start();
    let node = node(&format!("{}/?prefix=x:", redis.url()), &[1]);
    let older = Row::from_text(&["1"; 33].join(" ")).unwrap();
    let newer = Row::from_text(&["1"; 53].join(" ")).unwrap();
    let rows = [&older, &newer, &older, &newer];
    for (number, row) in (1..).zip(rows) {
        node.tables.add(&Batch { process: 5, number, rows: [(1, Rows::from([(NOW, row.clone())]))].into() }).unwrap();
    }
    // As that of a version still to come.
    let name = format!("x:statistics:{{1}}:minutes:{}", NOW / 3600 * 3600);
    assert_eq!(redis.command_line(&["HEXISTS", &name, "0"]).trim(), "1");
    redis.command_line(&["HSET", &name, "0", &["4"; 60].join(" ")]);
    node.tables.add(&Batch { process: 5, number: 5, rows: [(1, Rows::from([(NOW, older)]))].into() }).unwrap();
    let stored = redis.command_line(&["HGET", &name, "0"]);
    assert_eq!(stored.trim(), [["5"; 33].join(" "), ["4"; 27].join(" ")].join(" "));
    let hours = node.tables.read(&[1], crate::domain::counters::row::Grain::Hour, NOW..NOW + 3_600).unwrap();
    let row = hours[0].values().next().unwrap();
    assert_eq!((row.counts.redeemed, row.counts.works.issued, row.counts.redeemed_for_work), (5, 2, 2));
}

#[test]
fn all_that_is_kept_goes_by_itself_and_bears_the_prefix() {
    let redis = Redis::start();
    let node = node(&format!("{}/?prefix=site-a:", redis.url()), &[7]);
    counters(&node, 7).count_issued(NOW);
    node.flush(NOW);
    let names = redis.command_line(&["EVAL", "return table.concat(redis.call('KEYS', '*'), ' ')", "0"]);
    let mut names: Vec<&str> = names.split(' ').collect();
    names.sort_unstable();
    assert_eq!(names.len(), 3, "{names:?}");
    let day = NOW / 86_400 * 86_400;
    assert_eq!(names[0], format!("site-a:statistics:{{7}}:hours:{day}"));
    assert!(names[1].starts_with("site-a:statistics:{7}:last-batch:"));
    assert_eq!(names[2], format!("site-a:statistics:{{7}}:minutes:{NOW}"));
    let lives = |name| redis.command_line(&["TTL", name]).trim().parse::<u64>().unwrap();
    assert!((180 * 86_400..=182 * 86_400).contains(&lives(names[0])));
    assert!((0..=86_400).contains(&lives(names[1])));
    assert!((48 * 3600..=50 * 3600).contains(&lives(names[2])));
}

#[test]
fn a_user_who_may_not_let_keys_expire_stores_nothing_and_loses_nothing() {
    let redis = Redis::start();
    let allowed = "+info +ping +eval +evalsha +get +set +hget +hset +hgetall";
    redis.command_line(&["ACL", "SETUSER", "haechi", "on", ">pw", "~haechi:*"]);
    let rule: Vec<&str> = ["ACL", "SETUSER", "haechi"].into_iter().chain(allowed.split(' ')).collect();
    redis.command_line(&rule);
    let node = node(&redis.url().replace("redis://", "redis://haechi:pw@"), &[1]);
    counters(&node, 1).count_issued(NOW);
    node.flush(NOW);
    assert!(node.flushing().is_failing);
    assert_eq!(redis.command_line(&["DBSIZE"]), "0");
    redis.command_line(&["ACL", "SETUSER", "haechi", "+expire"]);
    node.flush(NOW + 2);
    assert_eq!(node.report(1, Span::Day, NOW).unwrap().total.issued, 1);
}

#[test]
fn a_node_that_is_cut_off_loses_no_count() {
    let mut redis = Redis::with(RedisOptions { persistence: Persistence::Always, ..RedisOptions::default() });
    let node = node(&redis.url(), &[1]);
    counters(&node, 1).count_issued(NOW);
    node.flush(NOW);
    redis.kill();
    counters(&node, 1).count_issued(NOW);
    node.flush(NOW + 2);
    assert!(node.flushing().is_failing);
    assert!(node.report(1, Span::Day, NOW).is_err());
    counters(&node, 1).count_issued(NOW);
    redis.restart();
    let start = std::time::Instant::now();
    while node.flushing().is_failing {
        assert!(start.elapsed() < std::time::Duration::from_secs(20), "it recovers");
        node.flush(NOW + 4);
    }
    assert_eq!(node.report(1, Span::Day, NOW).unwrap().total.issued, 3);
}
