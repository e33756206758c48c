//! Seeds and the random streams that follow from them.
//!
//! A stream is ChaCha with 8 rounds: fast, portable and the same on every processor. How a number is drawn from it is
//! written here rather than taken from `rand`, whose methods may change from version to version: a picture is a
//! function of its seed for ever.

use std::ops::RangeInclusive;

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// 256 bits from which one product (an answer, a picture, a sound) follows.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Seed([u8; 32]);

impl Seed {
    /// A seed of these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A seed for tests and tools that name one by a number.
    #[must_use]
    pub fn from_number(number: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        Self(bytes)
    }

    /// The stream of this seed, from its beginning.
    #[must_use]
    pub fn stream(&self) -> Stream {
        self.substream(0)
    }

    /// The `index`-th of the seed's 2⁶⁴ streams, so that one part of a product can change without moving another.
    #[must_use]
    pub fn substream(&self, index: u64) -> Stream {
        let mut rng = ChaCha8Rng::from_seed(self.0);
        rng.set_stream(index);
        Stream(rng)
    }
}

/// Uniform numbers that follow from a [`Seed`].
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// 32 random bits.
    pub fn bits32(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// 64 random bits.
    pub fn bits64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Fills a buffer with random bytes.
    pub fn fill(&mut self, buffer: &mut [u8]) {
        self.0.fill_bytes(buffer);
    }

    /// A whole number in `0..bound`, without modulo bias.
    ///
    /// Lemire, "Fast Random Integer Generation in an Interval" (2019): multiply, and reject the few low products that
    /// would make some results likelier than others.
    ///
    /// # Panics
    /// If `bound` is 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        assert!(bound > 0, "there is no number below 0");
        let unfair = bound.wrapping_neg() % bound;
        loop {
            let product = u64::from(self.bits32()) * u64::from(bound);
            if product as u32 >= unfair {
                return (product >> 32) as u32;
            }
        }
    }

    /// A whole number in the range, both ends included.
    pub fn between(&mut self, range: RangeInclusive<i32>) -> i32 {
        let (low, high) = range.into_inner();
        let span = high.abs_diff(low).checked_add(1).expect("the range is not all of i32");
        low.wrapping_add_unsigned(self.below(span))
    }

    /// A number in `low..high`: one of 2²⁴ evenly spaced ones.
    pub fn uniform(&mut self, low: f32, high: f32) -> f32 {
        let unit = (self.bits32() >> 8) as f32 / (1 << 24) as f32;
        low + unit * (high - low)
    }

    /// True `per_256` times in 256.
    pub fn chance(&mut self, per_256: u32) -> bool {
        self.below(256) < per_256
    }

    /// One of the items, each as likely as another.
    ///
    /// # Panics
    /// If there are none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u32) as usize]
    }

    /// Puts the items in random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u32 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_stream_and_substreams_differ() {
        let seed = Seed::from_number(1);
        let take = |mut stream: Stream| [stream.bits64(), stream.bits64()];
        assert_eq!(take(seed.stream()), take(seed.substream(0)));
        assert_ne!(take(seed.stream()), take(seed.substream(1)));
        assert_ne!(take(seed.stream()), take(Seed::from_number(2).stream()));
    }

    #[test]
    fn below_is_even() {
        let mut stream = Seed::from_number(3).stream();
        let mut counts = [0_i32; 7];
        for _ in 0..70_000 {
            counts[stream.below(7) as usize] += 1;
        }
        // The standard deviation of each count is 93.
        assert!(counts.iter().all(|count| (count - 10_000).abs() < 500), "{counts:?}");
    }

    #[test]
    fn ranges_hold_both_ends() {
        let mut stream = Seed::from_number(4).stream();
        let seen: Vec<i32> = (0..200).map(|_| stream.between(-1..=1)).collect();
        assert!([-1, 0, 1].iter().all(|value| seen.contains(value)) && seen.iter().all(|value| value.abs() <= 1));
        assert!((0..1000).map(|_| stream.uniform(2.0, 3.0)).all(|value| (2.0..3.0).contains(&value)));
    }
}
