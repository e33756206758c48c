//! What a spend costs: `cargo bench -p haechi --bench ledger`.
//!
//! Each round is as many spends of new keys at once as there are callers, until the last is acknowledged. The embedded
//! ledger lies where temporary files do: set `TMPDIR` to a directory on the disk that is to be measured.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use divan::{Bencher, counter::ItemsCount};
use haechi::{
    domain::ledger::{Decision, EmbeddedLedger, EmbeddedOptions, Ledger, MemoryLedger, Spend},
    keep::store::Store,
};
use haechi_captcha::Key;
use tokio::{runtime::Runtime, task::JoinSet};

const ISSUED: u64 = 1_800_000_000;

fn main() {
    divan::main();
}

#[divan::bench(args = [1, 64])]
fn memory(bencher: Bencher<'_, '_>, callers: u64) {
    let ledger = Ledger::Memory(MemoryLedger::new(u64::MAX, 0));
    spend_new_keys(bencher, ledger, callers);
}

#[divan::bench(args = [1, 64, 512])]
fn embedded(bencher: Bencher<'_, '_>, callers: u64) {
    let directory = tempfile::tempdir().expect("temporary files can be made");
    let store = Store::open(directory.path()).expect("an empty directory can hold a database");
    let ledger = EmbeddedLedger::open(store, EmbeddedOptions::default(), None).expect("the database is new");
    spend_new_keys(bencher, Ledger::Embedded(ledger), callers);
}

fn spend_new_keys(bencher: Bencher<'_, '_>, ledger: Ledger, callers: u64) {
    let runtime = Runtime::new().expect("threads can be started");
    let (ledger, number) = (Arc::new(ledger), AtomicU64::new(0));
    bencher.counter(ItemsCount::new(callers)).bench(|| {
        runtime.block_on(async {
            let mut spending = JoinSet::new();
            for _ in 0..callers {
                let (ledger, spend) = (Arc::clone(&ledger), spend(number.fetch_add(1, Ordering::Relaxed)));
                spending.spawn(async move { ledger.answer(&spend, true, 1, spend.issued_at).await });
            }
            while let Some(verdict) = spending.join_next().await {
                assert_eq!(verdict.expect("the task does not panic"), Ok(Decision::Passed));
            }
        });
    });
}

/// A new key: some two thousand a second are issued, and their bytes are as good as random.
fn spend(number: u64) -> Spend {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    let issued_at = ISSUED + number / 2000;
    Spend { key: Key::from_random_bytes(bytes), issued_at, until: issued_at + 180 }
}
