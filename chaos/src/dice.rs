//! Choices that follow from a seed, so that a schedule of faults can be had again.

use std::time::Duration;

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn of(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number from 0 up to, and without, this one.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        // The bias of a remainder of 64 bits is far below what a schedule could show.
        (self.0.next_u64() % end as u64) as usize
    }

    /// A time from the first to the second of these milliseconds.
    pub(crate) fn millis(&mut self, (shortest, longest): (u64, u64)) -> Duration {
        Duration::from_millis(shortest + self.0.next_u64() % (longest - shortest + 1))
    }

    pub(crate) fn shuffled<Item, const COUNT: usize>(&mut self, mut items: [Item; COUNT]) -> [Item; COUNT] {
        for last in (1..COUNT).rev() {
            items.swap(last, self.below(last + 1));
        }
        items
    }
}
