use std::{
    collections::HashMap,
    sync::{Barrier, mpsc},
    thread,
};

use redb::TableDefinition;
use tempfile::TempDir;

use super::*;

const TABLE: TableDefinition<'_, &str, u64> = TableDefinition::new("numbers");

fn insert(store: &Store, name: &'static str, number: u64) -> Result<(), StoreError> {
    store.write(|transaction| {
        transaction.open_table(TABLE)?.insert(name, number)?;
        Ok(Change::Commit(()))
    })
}

fn get(store: &Store, name: &'static str) -> Result<Option<u64>, StoreError> {
    store.read(|transaction| {
        let table = transaction.open_table(TABLE)?;
        Ok(redb::ReadableTable::get(&table, name)?.map(|number| number.value()))
    })
}

fn open_faulty(directory: &Path) -> (Store, Arc<Disk>) {
    let disk = Arc::<Disk>::default();
    (Store::open_on(directory, Arc::clone(&disk), Duration::ZERO).unwrap(), disk)
}

#[test]
fn what_is_written_is_read_by_the_next() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    insert(&store, "one", 1).unwrap();
    drop(store);
    let store = Store::open(directory.path()).unwrap();
    assert_eq!(get(&store, "one").unwrap(), Some(1));
}

#[test]
fn a_change_is_whole_or_not_at_all() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    insert(&store, "one", 1).unwrap();
    let nothing = store.write(|transaction| {
        transaction.open_table(TABLE)?.insert("one", 2)?;
        Ok::<_, StoreError>(Change::Nothing(7))
    });
    assert_eq!(nothing.unwrap(), 7);
    let failed = store.write(|transaction| {
        transaction.open_table(TABLE)?.insert("one", 3)?;
        Err::<Change<()>, _>(StoreError::unavailable("a change of mind"))
    });
    assert!(failed.is_err());
    assert_eq!(get(&store, "one").unwrap(), Some(1));
}

#[cfg(unix)]
#[test]
fn what_is_made_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let directory = TempDir::new().unwrap();
    let data = directory.path().join("new").join("data");
    let store = Store::open(&data).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&data), mode(&store.0.path)), (0o700, 0o600));
}

#[test]
fn a_database_is_made_once_however_many_begin_at_once() {
    let directory = TempDir::new().unwrap();
    let start = Barrier::new(8);
    let opened: Vec<_> = thread::scope(|scope| {
        let open = |_| {
            scope.spawn(|| {
                start.wait();
                Store::open(directory.path())
            })
        };
        let opening: Vec<_> = (0..8).map(open).collect();
        opening.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(opened.iter().filter(|store| store.is_ok()).count(), 1, "{opened:?}");
    let refused = opened.iter().filter_map(|store| store.as_ref().err());
    assert!(refused.clone().all(|error| matches!(error, StoreError::Locked { .. })), "{opened:?}");
    let files: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, [FILE_NAME]);
}

/// What a power cut leaves of a first start is a draft, which is in nobody's way.
#[test]
fn a_database_that_was_never_finished_is_made_anew() {
    let directory = TempDir::new().unwrap();
    let (store, disk) = open_faulty(directory.path());
    drop(store);
    let half_made = disk.faults.after_power_cut(Vec::new(), disk.faults.moment() / 2, 0);
    fs::remove_file(directory.path().join(FILE_NAME)).unwrap();
    fs::write(directory.path().join(format!(".{FILE_NAME}-0123456789abcdef")), half_made).unwrap();
    insert(&Store::open(directory.path()).unwrap(), "one", 1).unwrap();
}

#[test]
fn a_file_in_use_is_refused_at_once() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let error = Store::open(directory.path()).unwrap_err();
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    drop(store);
    Store::open(directory.path()).unwrap();
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("file"), "").unwrap();
    let error = Store::open(&directory.path().join("file")).unwrap_err();
    assert!(matches!(error, StoreError::Access { .. }), "{error}");
    assert!(error.to_string().contains("file"), "{error}");
}

/// Opens a file of this content, and reads and writes it if it opens.
fn open_content(content: &[u8]) -> Result<(), StoreError> {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join(FILE_NAME), content).unwrap();
    let store = Store::open(directory.path())?;
    let _ = get(&store, "one");
    insert(&store, "two", 2)
}

#[track_caller]
fn check_refused(content: &[u8]) {
    let error = open_content(content).unwrap_err();
    assert!(matches!(error, StoreError::Format { .. }), "{error}");
    assert!(error.to_string().contains(FILE_NAME), "{error}");
}

/// The bytes of a sound file with a few pages in it.
fn sound_content() -> Vec<u8> {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let numbers = |transaction: &WriteTransaction| {
        let mut table = transaction.open_table(TABLE)?;
        (0..2000).try_for_each(|number| table.insert(format!("{number}").as_str(), number).map(|_| ()))?;
        Ok::<_, StoreError>(Change::Commit(()))
    };
    store.write(numbers).unwrap();
    drop(store);
    fs::read(directory.path().join(FILE_NAME)).unwrap()
}

#[test]
fn a_file_of_zeros_is_refused() {
    for length in [1, 64, 512, 4096, 100_000] {
        check_refused(&vec![0; length]);
    }
}

#[test]
fn a_text_file_is_refused() {
    check_refused(b"hello\n");
    check_refused("This is not a database. ".repeat(1000).as_bytes());
}

#[test]
fn a_truncated_file_is_refused() {
    let content = sound_content();
    for length in [8, 64, 320, 4095, 4096, 8192, content.len() / 2, content.len() - 4096, content.len() - 1] {
        check_refused(&content[..length]);
    }
}

/// A file that a crash emptied, or an administrator. Whoever keeps tables in it finds that they are gone.
#[test]
fn an_empty_file_is_a_new_database() {
    open_content(b"").unwrap();
}

#[test]
fn a_damaged_file_is_refused_or_harmlessly_so() {
    let content = sound_content();
    open_content(&content).unwrap();
    for place in (0..400).step_by(7).chain((400..content.len()).step_by(2003)) {
        let mut damaged = content.clone();
        damaged[place] ^= 0x5a;
        // What was damaged may be a page that nothing refers to; then it opens. It must not panic.
        match open_content(&damaged) {
            Ok(()) | Err(StoreError::Format { .. }) => {}
            Err(other) => panic!("byte {place}: {other}"),
        }
    }
}

#[test]
fn a_full_disk_is_mended_by_the_next_write() {
    let directory = TempDir::new().unwrap();
    let (store, disk) = open_faulty(directory.path());
    insert(&store, "one", 1).unwrap();
    disk.faults.is_full.store(true, Ordering::Release);
    assert!(matches!(insert(&store, "one", 2), Err(StoreError::Unavailable { .. })));
    assert!(insert(&store, "one", 2).is_err());
    assert!(get(&store, "one").is_err());
    disk.faults.is_full.store(false, Ordering::Release);
    insert(&store, "two", 2).unwrap();
    assert_eq!(get(&store, "one").unwrap(), Some(1));
}

#[test]
fn a_file_that_is_gone_is_not_made_anew_behind_the_back() {
    let directory = TempDir::new().unwrap();
    let (store, disk) = open_faulty(directory.path());
    insert(&store, "one", 1).unwrap();
    disk.faults.is_full.store(true, Ordering::Release);
    assert!(insert(&store, "one", 2).is_err());
    fs::remove_file(&store.0.path).unwrap();
    disk.faults.is_full.store(false, Ordering::Release);
    for _ in 0..2 {
        assert!(insert(&store, "one", 2).is_err());
        assert!(!store.0.path.exists());
    }
    assert!(matches!(get(&store, "one"), Err(StoreError::Unavailable { .. })));
}

#[test]
fn writers_take_turns() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(directory.path()).unwrap();
    let (report, reports) = mpsc::channel();
    let start = Arc::new(Barrier::new(2));
    for name in ["first", "second"] {
        let (store, report, start) = (store.clone(), report.clone(), Arc::clone(&start));
        thread::spawn(move || {
            start.wait();
            for number in 0..100 {
                insert(&store, name, number).unwrap();
                if report.send(name).is_err() {
                    return;
                }
            }
        });
    }
    drop(report);
    let mut written = HashMap::from([("first", 0_u32), ("second", 0)]);
    for name in reports.iter().skip(20).take(60) {
        *written.entry(name).or_default() += 1;
    }
    assert!(written.values().all(|count| *count >= 5), "{written:?}");
}
