//! The power is cut at any moment of a ledger's life, and again while it recovers. What it told is true afterwards.

use std::{collections::BTreeSet, fs, time::Duration};

use futures_util::future::join_all;
use proptest::{collection::vec, prelude::*, sample::Index};
use tempfile::TempDir;

use super::{
    tests::{answer, open_on},
    *,
};
use crate::keep::store::{Disk, FILE_NAME};

/// Answers that come together, so that they share a sync.
const TOGETHER: u32 = 3;
/// How often they come between two cuts.
const ROUNDS: u32 = 6;

/// What is on the disk, and what people were told.
struct World {
    image: Vec<u8>,
    asked: u32,
    spent: BTreeSet<u32>,
}

impl World {
    /// With a new database, which is whole before it has its name.
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        drop(Store::open(directory.path()).unwrap());
        let image = fs::read(directory.path().join(FILE_NAME)).unwrap();
        Self { image, asked: 0, spent: BTreeSet::new() }
    }

    /// A ledger starts on what the last cut left, judges, and loses its power at a moment of that.
    fn live(&mut self, moment: &Index, chance: u64) {
        let (directory, disk) = (TempDir::new().unwrap(), Arc::<Disk>::default());
        fs::write(directory.path().join(FILE_NAME), &self.image).unwrap();
        let told =
            tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(self.judge(&directory, &disk));
        let cut = moment.index(disk.faults.moment() + 1);
        self.spent.extend(told.into_iter().filter(|(told_at, _)| *told_at <= cut).map(|(_, number)| number));
        self.image = disk.faults.after_power_cut(std::mem::take(&mut self.image), cut, chance);
    }

    /// Answers the keys of earlier lives again, and then new ones. Returns which are spent, and since when that is told.
    async fn judge(&mut self, directory: &TempDir, disk: &Arc<Disk>) -> Vec<(usize, u32)> {
        let ledger = open_on(directory.path(), disk, Duration::ZERO);
        let mut told = Vec::new();
        for number in 0..self.asked {
            let verdict = answer(&ledger, number).await.unwrap();
            assert!(!self.spent.contains(&number) || verdict == Decision::Spent, "{number} passes twice");
            told.push((disk.faults.moment(), number));
        }
        for _ in 0..ROUNDS {
            let numbers = self.asked..self.asked + TOGETHER;
            self.asked = numbers.end;
            let verdicts = join_all(numbers.clone().map(|number| answer(&ledger, number))).await;
            assert!(verdicts.iter().all(|verdict| *verdict == Ok(Decision::Passed)), "{verdicts:?}");
            told.extend(numbers.map(|number| (disk.faults.moment(), number)));
        }
        told
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_passes_twice_whatever_a_cut_leaves(cuts in vec((any::<Index>(), any::<u64>()), 1..5)) {
        let mut world = World::new();
        // Each life looks at what the cut before left, so there is one more than cuts to look at.
        for (moment, chance) in cuts.iter().chain(cuts.first()) {
            world.live(moment, *chance);
        }
    }
}
