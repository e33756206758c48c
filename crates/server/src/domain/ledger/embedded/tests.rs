//! What only the embedded ledger can do: outlive the process, and meet a failing disk.

use std::{fs, future::Future, path::Path, pin::pin, sync::mpsc, task::Poll, time::Duration};

use redb::ReadableTableMetadata;
use tempfile::TempDir;

use super::{recent::JOURNAL, tables::META, *};
use crate::{
    domain::ledger::{
        Ledger,
        behaviour::{ISSUED, TTL_SECS, spend_issued_at},
    },
    keep::store::{Change, Disk, FILE_NAME},
};

const NOW: u64 = ISSUED + 5;

fn open(directory: &Path) -> Ledger {
    open_begun_at(directory, Some(ISSUED - 1000))
}

fn open_begun_at(directory: &Path, began_at: Option<u64>) -> Ledger {
    let store = Store::open(directory).unwrap();
    Ledger::Embedded(EmbeddedLedger::open(store, EmbeddedOptions::default(), began_at).unwrap())
}

fn spend(number: u32) -> Spend {
    spend_issued_at(ISSUED, number)
}

pub(super) async fn answer(ledger: &Ledger, number: u32) -> Result<Decision, LedgerError> {
    ledger.answer(&spend(number), true, 1, NOW).await
}

#[tokio::test]
async fn what_was_decided_outlives_the_ledger() {
    let directory = TempDir::new().unwrap();
    let ledger = open(directory.path());
    assert_eq!(answer(&ledger, 1).await, Ok(Decision::Passed));
    assert_eq!(ledger.answer(&spend(2), false, 3, NOW).await, Ok(Decision::Wrong { left: 2 }));
    drop(ledger);
    let ledger = open(directory.path());
    assert_eq!(ledger.records(), Some(2));
    assert_eq!(answer(&ledger, 1).await, Ok(Decision::Spent));
    assert_eq!(ledger.state(&spend(2), NOW).await, Ok(State::Tried { wrong: 1 }));
}

#[tokio::test]
async fn a_ledger_that_no_named_request_came_to_has_no_table_for_them() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let options = EmbeddedOptions { max_recent: 0, ..EmbeddedOptions::default() };
    let ledger = EmbeddedLedger::open(store.clone(), options, Some(ISSUED - 1000)).unwrap();
    let tables = || {
        let names = |transaction: &redb::WriteTransaction| {
            let tables = transaction.list_tables()?.map(|table| redb::TableHandle::name(&table).to_owned());
            Ok::<_, StoreError>(Change::Nothing(tables.collect::<Vec<_>>()))
        };
        store.write(names).unwrap()
    };
    let attempt = |request| Attempt { is_right: true, attempts_allowed: 1, request };
    ledger.decide(&spend(1), &attempt(None), NOW).await.unwrap();
    assert_eq!(ledger.purge(ISSUED + TTL_SECS, TTL_SECS).await, Ok(1));
    assert!(!tables().contains(&"ledger_replies".to_owned()), "{:?}", tables());
    let later = Spend { issued_at: ISSUED + 1, until: ISSUED + 1 + TTL_SECS, ..spend(2) };
    ledger.decide(&later, &attempt(Some([7; 8])), NOW).await.unwrap();
    assert!(tables().contains(&"ledger_replies".to_owned()), "{:?}", tables());
    assert_eq!(ledger.purge(ISSUED + TTL_SECS + 1, TTL_SECS).await, Ok(1));
}

/// The few that a test can fill.
const FEW: EmbeddedOptions = EmbeddedOptions { max_records: 1_000_000, max_waiting: 4096, max_recent: 8 };

fn journal_entries(store: &Store) -> u64 {
    store.read(|transaction| Ok::<_, StoreError>(transaction.open_table(JOURNAL)?.len()?)).unwrap()
}

#[tokio::test]
async fn what_is_merged_into_the_table_leaves_the_journal_and_is_known() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let ledger = Ledger::Embedded(EmbeddedLedger::open(store.clone(), FEW, Some(ISSUED - 1000)).unwrap());
    for number in 0..100 {
        assert_eq!(ledger.answer(&spend(number), false, 3, NOW).await, Ok(Decision::Wrong { left: 2 }));
        // Those of two sweeps, each of which also meets half of what comes meanwhile.
        assert!(journal_entries(&store) <= 4 * (8 + 2), "{} after {number}", journal_entries(&store));
    }
    assert_eq!(ledger.records(), Some(100));
    for number in 0..100 {
        assert_eq!(ledger.state(&spend(number), NOW).await, Ok(State::Tried { wrong: 1 }), "{number}");
        assert_eq!(ledger.answer(&spend(number), true, 3, NOW).await, Ok(Decision::Passed), "{number}");
        assert_eq!(ledger.state(&spend(number), NOW).await, Ok(State::Spent), "{number}");
    }
    assert_eq!(ledger.records(), Some(100));
    drop((ledger, store));
    let ledger = open(directory.path());
    assert_eq!(ledger.records(), Some(100));
    for number in 0..100 {
        assert_eq!(answer(&ledger, number).await, Ok(Decision::Spent), "{number}");
    }
    assert_eq!(ledger.purge(spend(0).until, TTL_SECS).await, Ok(100));
    assert_eq!(ledger.records(), Some(0));
}

#[tokio::test]
async fn a_named_request_gets_its_decision_again_from_the_journal_and_from_the_table() {
    let directory = TempDir::new().unwrap();
    let open = || {
        let store = Store::open(directory.path()).unwrap();
        Ledger::Embedded(EmbeddedLedger::open(store, FEW, Some(ISSUED - 1000)).unwrap())
    };
    let attempt = |number: u32, is_right| {
        let request = Some(u64::from(number).to_be_bytes());
        (spend(number), Attempt { is_right, attempts_allowed: 3, request })
    };
    let ledger = open();
    for number in 0..40 {
        let (spend, attempt) = attempt(number, number % 2 == 0);
        let ruling = ledger.decide(&spend, &attempt, NOW).await.unwrap();
        assert!(!ruling.is_repeated);
        assert_eq!(ledger.decide(&spend, &attempt, NOW).await, Ok(Ruling::before(ruling.decision)), "in the journal");
    }
    drop(ledger);
    let ledger = open();
    for number in 0..40 {
        let (spend, attempt) = attempt(number, number % 2 == 0);
        let expected = if number % 2 == 0 { Decision::Passed } else { Decision::Wrong { left: 2 } };
        assert_eq!(ledger.decide(&spend, &attempt, NOW).await, Ok(Ruling::before(expected)), "{number}");
    }
}

#[tokio::test]
async fn a_file_of_a_version_without_a_journal_gets_one() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let options = EmbeddedOptions { max_recent: 0, ..FEW };
    let ledger = Ledger::Embedded(EmbeddedLedger::open(store.clone(), options, Some(ISSUED - 1000)).unwrap());
    assert_eq!(answer(&ledger, 1).await, Ok(Decision::Passed));
    ledger.close().await;
    drop((ledger, store));
    let as_it_was = |transaction: &redb::WriteTransaction| {
        transaction.delete_table(JOURNAL)?;
        transaction.open_table(META)?.insert("format", 1)?;
        Ok::<_, StoreError>(Change::Commit(()))
    };
    Store::open(directory.path()).unwrap().write(as_it_was).unwrap();
    let ledger = open(directory.path());
    assert_eq!(ledger.records(), Some(1));
    assert_eq!(answer(&ledger, 1).await, Ok(Decision::Spent));
    assert_eq!(answer(&ledger, 2).await, Ok(Decision::Passed));
    assert!(matches!(ledger.state(&spend(2), NOW).await, Ok(State::Spent)));
}

/// A copy of the file, made while the ledger has it open, is what a killed process leaves behind.
#[tokio::test]
async fn what_was_decided_is_in_the_file_at_once() {
    let (directory, killed) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let ledger = open(directory.path());
    for number in 0..20 {
        assert_eq!(answer(&ledger, number).await, Ok(Decision::Passed));
        fs::copy(directory.path().join(FILE_NAME), killed.path().join(FILE_NAME)).unwrap();
        let after = open(killed.path());
        assert_eq!(after.records(), Some(u64::from(number) + 1));
        assert_eq!(answer(&after, number).await, Ok(Decision::Spent));
    }
}

#[tokio::test]
async fn what_was_forgotten_stays_forgotten() {
    let directory = TempDir::new().unwrap();
    let ledger = open(directory.path());
    answer(&ledger, 1).await.unwrap();
    assert_eq!(ledger.purge(spend(1).until, TTL_SECS).await, Ok(1));
    drop(ledger);
    let ledger = open(directory.path());
    assert_eq!(ledger.issue_not_before(), ISSUED + 1);
    assert_eq!(answer(&ledger, 1).await, Ok(Decision::Spent));
}

#[tokio::test]
async fn a_lost_memory_is_not_forgotten_by_a_restart() {
    let directory = TempDir::new().unwrap();
    drop(open_begun_at(directory.path(), Some(ISSUED)));
    let ledger = open_begun_at(directory.path(), Some(ISSUED + 5));
    assert_eq!(ledger.issue_not_before(), ISSUED + 1);
    assert_eq!(answer(&ledger, 1).await, Ok(Decision::Spent));
    assert_eq!(ledger.answer(&spend_issued_at(ISSUED + 1, 2), true, 1, NOW).await, Ok(Decision::Passed));
}

#[tokio::test]
async fn a_first_start_refuses_nothing() {
    let directory = TempDir::new().unwrap();
    let ledger = open_begun_at(directory.path(), None);
    assert_eq!(ledger.issue_not_before(), 0);
    assert_eq!(answer(&ledger, 1).await, Ok(Decision::Passed));
}

/// As when the file was made but the process ended before the ledger was.
#[tokio::test]
async fn a_file_without_the_ledger_counts_as_lost_memory() {
    let directory = TempDir::new().unwrap();
    drop(Store::open(directory.path()).unwrap());
    assert_eq!(open_begun_at(directory.path(), Some(ISSUED)).issue_not_before(), ISSUED + 1);
}

#[tokio::test]
async fn purging_takes_many_steps() {
    let directory = TempDir::new().unwrap();
    let ledger = open(directory.path());
    for number in 0..3333 {
        assert_eq!(ask_and_leave(answer(&ledger, number)).await, None);
    }
    assert_eq!(ledger.purge(spend(0).until, TTL_SECS).await, Ok(3333));
    assert_eq!(ledger.records(), Some(0));
}

/// Lets a question be asked, and gives up before the reply.
async fn ask_and_leave(question: impl Future<Output = Result<Decision, LedgerError>>) -> Option<LedgerError> {
    let mut question = pin!(question);
    std::future::poll_fn(|context| match question.as_mut().poll(context) {
        Poll::Ready(reply) => Poll::Ready(reply.err()),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

#[tokio::test]
async fn a_caller_that_goes_away_spends_the_key_all_the_same() {
    let directory = TempDir::new().unwrap();
    let ledger = open(directory.path());
    assert_eq!(ask_and_leave(answer(&ledger, 1)).await, None);
    assert_eq!(answer(&ledger, 1).await, Ok(Decision::Spent));
}

#[tokio::test]
async fn closing_decides_what_waits() {
    let directory = TempDir::new().unwrap();
    let ledger = open(directory.path());
    for number in 0..3000 {
        assert_eq!(ask_and_leave(answer(&ledger, number)).await, None);
    }
    ledger.close().await;
    assert!(matches!(answer(&ledger, 1).await, Err(LedgerError::Unavailable { .. })));
    assert!(matches!(ledger.check().await, Err(LedgerError::Unavailable { .. })));
    assert_eq!(ledger.records(), Some(3000));
    drop(ledger);
    assert_eq!(open(directory.path()).records(), Some(3000));
}

/// Holds the database for as long as the closure runs.
async fn while_another_writes(store: &Store, meanwhile: impl AsyncFnOnce()) {
    let (store, (started, has_started), (end, ended)) = (store.clone(), mpsc::channel(), mpsc::channel::<()>());
    let writing = std::thread::spawn(move || {
        store.write(|_| {
            started.send(()).unwrap();
            ended.recv().unwrap();
            Ok::<_, StoreError>(Change::Nothing(()))
        })
    });
    has_started.recv().unwrap();
    meanwhile().await;
    end.send(()).unwrap();
    writing.join().unwrap().unwrap();
}

#[tokio::test]
async fn more_than_may_wait_are_turned_away_and_the_rest_decided() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let options = EmbeddedOptions { max_waiting: 8, ..EmbeddedOptions::default() };
    let ledger = Ledger::Embedded(EmbeddedLedger::open(store.clone(), options, None).unwrap());
    let mut let_in = Vec::new();
    while_another_writes(&store, async || {
        // The writer takes what it can into its batch, then waits for the database, and the queue fills.
        for number in 0.. {
            match ask_and_leave(answer(&ledger, number)).await {
                None => let_in.push(number),
                Some(error) => return assert_eq!(error, LedgerError::Overloaded),
            }
        }
    })
    .await;
    assert!(let_in.len() >= 8);
    // A check waits for its turn behind them, so the queue is empty after it.
    assert_eq!(ledger.check().await, Ok(()));
    for number in let_in {
        assert_eq!(answer(&ledger, number).await, Ok(Decision::Spent));
    }
}

pub(super) fn open_on(directory: &Path, disk: &Arc<Disk>, retry_after: Duration) -> Ledger {
    let store = Store::open_on(directory, Arc::clone(disk), retry_after).unwrap();
    Ledger::Embedded(EmbeddedLedger::open(store, FEW, None).unwrap())
}

#[tokio::test]
async fn a_full_disk_fails_closed_and_mends_by_itself() {
    let (directory, disk) = (TempDir::new().unwrap(), Arc::default());
    let ledger = open_on(directory.path(), &disk, Duration::ZERO);
    assert_eq!(answer(&ledger, 1).await, Ok(Decision::Passed));
    disk.faults.is_full.store(true, Ordering::Release);
    for number in [2, 2, 3, 1] {
        assert!(matches!(answer(&ledger, number).await, Err(LedgerError::Unavailable { .. })));
    }
    assert!(matches!(ledger.check().await, Err(LedgerError::Unavailable { .. })));
    assert!(matches!(ledger.purge(u64::MAX, TTL_SECS).await, Err(LedgerError::Unavailable { .. })));
    disk.faults.is_full.store(false, Ordering::Release);
    assert_eq!(ledger.check().await, Ok(()));
    assert_eq!(answer(&ledger, 1).await, Ok(Decision::Spent));
    assert_eq!(answer(&ledger, 4).await, Ok(Decision::Passed));
    let verdict = answer(&ledger, 3).await.unwrap();
    assert_ne!(answer(&ledger, 3).await, Ok(Decision::Passed), "after {verdict:?}");
    assert_eq!(ledger.state(&spend(1), NOW).await, Ok(State::Spent));
}

#[tokio::test]
async fn a_slow_sync_keeps_verdicts_waiting_until_it_is_done() {
    let (directory, disk) = (TempDir::new().unwrap(), Arc::<Disk>::default());
    let ledger = open_on(directory.path(), &disk, Duration::ZERO);
    disk.faults.is_stuck.store(true, Ordering::Release);
    let mut asked = pin!(answer(&ledger, 1));
    let too_early = tokio::time::timeout(Duration::from_millis(100), &mut asked).await;
    assert!(too_early.is_err(), "{too_early:?} is told before it is durable");
    // Looking does not wait for the disk, and does not see what may yet be lost.
    assert_eq!(ledger.state(&spend(1), NOW).await, Ok(State::Fresh));
    disk.faults.is_stuck.store(false, Ordering::Release);
    assert_eq!(asked.await, Ok(Decision::Passed));
    assert_eq!(answer(&ledger, 1).await, Ok(Decision::Spent));
}

#[tokio::test]
async fn a_failed_sync_is_final() {
    let (directory, disk) = (TempDir::new().unwrap(), Arc::default());
    let ledger = open_on(directory.path(), &disk, Duration::ZERO);
    assert_eq!(answer(&ledger, 1).await, Ok(Decision::Passed));
    disk.faults.is_failing.store(true, Ordering::Release);
    assert!(matches!(answer(&ledger, 2).await, Err(LedgerError::Unavailable { .. })));
    disk.faults.is_failing.store(false, Ordering::Release);
    for number in [1, 2, 3] {
        assert!(matches!(answer(&ledger, number).await, Err(LedgerError::Unavailable { .. })));
    }
    let Err(LedgerError::Unavailable { cause }) = ledger.check().await else { panic!("the disk has failed") };
    assert!(cause.contains("restart the machine"), "{cause}");
}

#[tokio::test]
async fn a_failure_is_not_tried_again_at_once() {
    let (directory, disk) = (TempDir::new().unwrap(), Arc::default());
    let ledger = open_on(directory.path(), &disk, Duration::from_secs(3600));
    disk.faults.is_full.store(true, Ordering::Release);
    assert!(answer(&ledger, 1).await.is_err());
    disk.faults.is_full.store(false, Ordering::Release);
    assert!(matches!(answer(&ledger, 1).await, Err(LedgerError::Unavailable { .. })));
}

#[tokio::test]
async fn what_changes_nothing_needs_no_disk() {
    let (directory, disk) = (TempDir::new().unwrap(), Arc::default());
    let ledger = open_on(directory.path(), &disk, Duration::ZERO);
    assert_eq!(answer(&ledger, 1).await, Ok(Decision::Passed));
    disk.faults.is_full.store(true, Ordering::Release);
    assert_eq!(answer(&ledger, 1).await, Ok(Decision::Spent));
    assert_eq!(ledger.purge(NOW, TTL_SECS).await, Ok(0));
}

fn meta_says(directory: &Path, name: &'static str, number: u64) {
    let change = |transaction: &redb::WriteTransaction| {
        transaction.open_table(META)?.insert(name, number)?;
        Ok::<_, StoreError>(Change::Commit(()))
    };
    Store::open(directory).unwrap().write(change).unwrap();
}

fn reopen(directory: &Path) -> Result<EmbeddedLedger, StoreError> {
    EmbeddedLedger::open(Store::open(directory).unwrap(), EmbeddedOptions::default(), Some(ISSUED))
}

#[tokio::test]
async fn tables_of_another_format_are_refused() {
    let directory = TempDir::new().unwrap();
    drop(open(directory.path()));
    meta_says(directory.path(), "format", 3);
    assert!(matches!(reopen(directory.path()), Err(StoreError::TooNew { found: 3, known: 2 })));
    let document = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/versions.md"));
    assert!(document.contains("a number, now 2 ") && document.contains("the database has format 2"));
    meta_says(directory.path(), "format", 0);
    assert!(matches!(reopen(directory.path()), Err(StoreError::Format { .. })));
    meta_says(directory.path(), "format", 2);
    assert!(reopen(directory.path()).is_ok());
}

#[tokio::test]
async fn records_without_a_format_are_refused() {
    let directory = TempDir::new().unwrap();
    let ledger = open(directory.path());
    answer(&ledger, 1).await.unwrap();
    drop(ledger);
    let drop_meta = |transaction: &redb::WriteTransaction| {
        transaction.delete_table(META)?;
        Ok::<_, StoreError>(Change::Commit(()))
    };
    Store::open(directory.path()).unwrap().write(drop_meta).unwrap();
    assert!(matches!(reopen(directory.path()), Err(StoreError::Format { .. })));
}

#[tokio::test]
async fn a_table_of_other_types_is_refused() {
    let directory = TempDir::new().unwrap();
    let other = redb::TableDefinition::<'_, &str, &str>::new("ledger_meta");
    let change = |transaction: &redb::WriteTransaction| {
        transaction.open_table(other)?.insert("format", "1")?;
        Ok::<_, StoreError>(Change::Commit(()))
    };
    Store::open(directory.path()).unwrap().write(change).unwrap();
    assert!(matches!(reopen(directory.path()), Err(StoreError::Format { .. })));
}
