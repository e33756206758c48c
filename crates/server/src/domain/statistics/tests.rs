//! Counters, store and report together.

use tempfile::TempDir;

use std::{sync::atomic::Ordering, time::Duration};

use super::*;
use crate::{
    domain::{
        apps::{App, AppKey},
        counters::{Counters, Kind, row},
        demand::Demand,
    },
    keep::store::Disk,
};

const NOW: u64 = 1_800_000_000;

pub(super) fn apps(numbers: &[u32]) -> Arc<Apps> {
    let app = |number: &u32| App::new(*number, format!("app {number}"), AppKey::from_bytes([*number as u8; 32]).hash());
    let apps = Arc::new(Apps::default());
    apps.replace(numbers.iter().map(app).collect());
    apps
}

pub(super) fn counters(statistics: &Statistics, app: u32) -> Arc<Counters> {
    Arc::clone(&statistics.apps.current().by_number(app).unwrap().counters)
}

fn open(directory: &TempDir) -> Statistics {
    Statistics::open(Store::open(directory.path()).unwrap(), apps(&[1, 2]), 90).unwrap()
}

fn issued(statistics: &Statistics, app: u32, now: u64) -> u64 {
    statistics.report(app, Span::Day, now).unwrap().total.issued
}

#[test]
fn what_was_counted_is_in_the_report_after_a_flush_and_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let statistics = open(&directory);
    let counters = counters(&statistics, 1);
    (0..3).for_each(|_| counters.count_issued(NOW));
    counters.count_image();
    counters.count_sound();
    counters.count_limited();
    counters.count_wrong(NOW, 0);
    counters.count_passed(NOW, NOW + 8);
    statistics.flush(NOW + 9);
    let expected = |report: &Report| {
        let total = &report.total;
        assert_eq!((total.issued, total.images, total.sounds, total.limited), (3, 1, 1, 1));
        assert_eq!((total.passed, total.wrong, total.unanswered), (1, 1, 1));
        assert_eq!(total.times.median_secs(), Some(7.0));
        assert_eq!(report.before, Counts::default());
    };
    for span in Span::ALL {
        expected(&statistics.report(1, span, NOW + 600).unwrap());
        assert_eq!(statistics.report(2, span, NOW + 600).unwrap().total, Counts::default());
    }
    drop((statistics, counters));
    let statistics = open(&directory);
    Span::ALL.iter().for_each(|span| expected(&statistics.report(1, *span, NOW + 600).unwrap()));
    let totals = statistics.totals(&[2, 1, 7], Span::Week, NOW + 600).unwrap();
    assert_eq!(totals.iter().map(|counts| counts.unanswered).collect::<Vec<_>>(), [0, 1, 0]);
}

#[test]
fn work_and_demands_are_kept_apart_from_words() {
    let directory = tempfile::tempdir().unwrap();
    let statistics = open(&directory);
    let counters = counters(&statistics, 1);
    (0..3).for_each(|_| counters.count_work(NOW));
    counters.count_work_done(NOW, 0);
    counters.count_wrong_work();
    counters.count_asked(Kind::LongerWork);
    counters.count_asked(Kind::Work);
    counters.count_demand(&Demand { word: true, level: 3, ..Demand::default() });
    statistics.flush(NOW + 9);
    drop((statistics, counters));
    let statistics = open(&directory);
    for span in Span::ALL {
        let total = statistics.report(1, span, NOW + 600).unwrap().total;
        let works = &total.works;
        assert_eq!([works.issued, works.done, works.undone, works.wrong, works.instead], [3, 1, 2, 1, 1], "{span:?}");
        assert_eq!((total.asked.total(), total.demanded.with_word), (1, [0, 0, 0, 1]));
        assert_eq!((total.issued, total.judged(), total.unanswered), (0, 0, 0));
    }
}

#[test]
fn rows_of_a_version_that_counted_no_work_are_added_to() {
    let directory = tempfile::tempdir().unwrap();
    let statistics = open(&directory);
    for (number, numbers) in [(1, 33), (2, 53), (3, 33)] {
        let row = row::Row::from_text(&vec!["1"; numbers].join(" ")).unwrap();
        let rows = [(1, row::Rows::from([(NOW, row)]))].into();
        statistics.tables.add(&pending::Batch { process: 1, number, rows }).unwrap();
    }
    let total = statistics.report(1, Span::Hour, NOW).unwrap().total;
    assert_eq!((total.issued, total.redeemed, total.works.issued, total.redeemed_for_work), (3, 3, 1, 1));
}

#[test]
fn minutes_and_flushes_add_up_to_hours() {
    let directory = tempfile::tempdir().unwrap();
    let statistics = open(&directory);
    for minute in 0..120 {
        counters(&statistics, 1).count_issued(NOW + minute * 60);
        statistics.flush(NOW + minute * 60);
        counters(&statistics, 1).count_issued(NOW + minute * 60);
        statistics.flush(NOW + minute * 60 + 30);
    }
    let now = NOW + 7199;
    let report = statistics.report(1, Span::Hour, now).unwrap();
    assert_eq!((report.total.issued, report.before.issued), (120, 120));
    assert!(report.points.iter().all(|point| point.counts.issued == 2));
    let report = statistics.report(1, Span::Day, now).unwrap();
    let issued: Vec<_> = report.points.iter().map(|point| point.counts.issued).collect();
    assert_eq!((&issued[21..], report.total.issued), (&[0, 120, 120][..], 240));
}

#[test]
fn what_cannot_be_stored_is_stored_later_and_once() {
    let directory = tempfile::tempdir().unwrap();
    let disk = Arc::<Disk>::default();
    let store = Store::open_on(directory.path(), Arc::clone(&disk), Duration::ZERO).unwrap();
    let statistics = Statistics::open(store, apps(&[1, 2]), 90).unwrap();
    counters(&statistics, 1).count_issued(NOW);
    statistics.flush(NOW);
    disk.faults.is_full.store(true, Ordering::Release);
    for second in 1..5 {
        counters(&statistics, 1).count_issued(NOW + second);
        counters(&statistics, 2).count_issued(NOW + second);
        statistics.flush(NOW + second);
        assert!(statistics.flushing().is_failing);
    }
    disk.faults.is_full.store(false, Ordering::Release);
    statistics.flush(NOW + 5);
    assert!(!statistics.flushing().is_failing);
    statistics.flush(NOW + 7);
    assert_eq!([1, 2].map(|app| issued(&statistics, app, NOW + 7)), [5, 4]);
}

#[test]
fn rows_are_forgotten_when_nobody_can_ask_for_them() {
    let directory = tempfile::tempdir().unwrap();
    let statistics = Statistics::open(Store::open(directory.path()).unwrap(), apps(&[1, 2]), 1).unwrap();
    let rows = |app, grain| {
        let rows = statistics.tables.read(&[app], grain, 0..u64::MAX).unwrap();
        rows[0].len()
    };
    for hour in 0..60 {
        let now = NOW + hour * 3600;
        [1, 2].iter().for_each(|app| counters(&statistics, *app).count_issued(now));
        statistics.flush(now);
    }
    assert!([1, 2].iter().all(|app| (48..=73).contains(&rows(*app, Grain::Hour))));
    assert!([1, 2].iter().all(|app| (48..=49).contains(&rows(*app, Grain::Minute))));
    // Of apps that are gone as well.
    statistics.apps.replace(Vec::new());
    (0..3).for_each(|_| statistics.flush(NOW + 60 * 3600 + 4 * 86_400));
    assert_eq!([1, 2].map(|app| (rows(app, Grain::Minute), rows(app, Grain::Hour))), [(0, 0); 2]);
}

#[test]
fn forgetting_goes_on_where_it_stopped() {
    let directory = tempfile::tempdir().unwrap();
    let statistics = Statistics::open(Store::open(directory.path()).unwrap(), apps(&[]), 1).unwrap();
    let mut batch = pending::Batch { process: 1, number: 1, ..pending::Batch::default() };
    let minutes =
        (0..50).map(|minute| (NOW / 3600 * 3600 + minute * 60, row::Row { settled: 1, ..row::Row::default() }));
    batch.rows = (1..=50).map(|app| (app, minutes.clone().collect())).collect();
    statistics.tables.add(&batch).unwrap();
    let numbers: Vec<u32> = (1..=50).collect();
    let left = || {
        let rows = statistics.tables.read(&numbers, Grain::Minute, 0..u64::MAX).unwrap();
        rows.iter().map(|rows| rows.len()).sum::<usize>()
    };
    let left_after: Vec<usize> = (0..4)
        .map(|_| {
            statistics.flush(NOW + 30 * 86_400);
            left()
        })
        .collect();
    assert_eq!(left_after, [1500, 500, 0, 0]);
}

#[test]
fn a_batch_that_is_added_again_adds_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let statistics = open(&directory);
    counters(&statistics, 1).count_issued(NOW);
    let mut flushing = statistics.flushing();
    let rows = counters(&statistics, 1).drain(NOW);
    flushing.pending.take_in(1, rows);
    let batch = flushing.pending.batch().unwrap().clone();
    (0..3).for_each(|_| statistics.tables.add(&batch).unwrap());
    assert_eq!(issued(&statistics, 1, NOW), 1);
    statistics.tables.add(&pending::Batch { number: batch.number + 1, ..batch.clone() }).unwrap();
    statistics.tables.add(&pending::Batch { process: batch.process ^ 1, ..batch }).unwrap();
    assert_eq!(issued(&statistics, 1, NOW), 3);
}
