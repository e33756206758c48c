//! Noise whose level and colour move.
//!
//! White noise from eight xorshift generators side by side (Marsaglia, "Xorshift RNGs", 2003), which a compiler turns
//! into vector instructions, filtered to a colour that is blended anew for each block. The generators start from the
//! seed's stream; they need not withstand an attacker who sees their output, since the speech and the babble lie over
//! it and its lower half is thrown away.

use super::{bank::SAMPLE_RATE_HZ, style::Background};
use crate::Stream;

/// Samples that share a colour: 8 ms.
const BLOCK: usize = 128;
const TAPS: usize = 10;
const LANES: usize = 8;

/// Filters of equal power: a low rumble and a light hiss.
const DARK: [f32; TAPS] = [0.5, 0.43, 0.37, 0.32, 0.275, 0.236, 0.203, 0.175, 0.15, 0.129];
const BRIGHT: [f32; TAPS] = [0.8, -0.55, 0.2, -0.08, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];

/// A level and a colour of the noise.
#[derive(Clone, Copy)]
struct Shade {
    level: f32,
    darkness: f32,
}

impl Shade {
    fn draw(stream: &mut Stream, background: &Background) -> Self {
        let (level, darkness) = (background.noise_level, background.noise_darkness);
        Self { level: stream.uniform(level.0, level.1), darkness: stream.uniform(darkness.0, darkness.1) }
    }

    fn towards(self, other: Self, share: f32) -> Self {
        let blend = |from: f32, to: f32| from + (to - from) * share;
        Self { level: blend(self.level, other.level), darkness: blend(self.darkness, other.darkness) }
    }

    /// The filter of this colour, with unit power, times the level.
    fn filter(self) -> [f32; TAPS] {
        let taps: [f32; TAPS] = std::array::from_fn(|tap| BRIGHT[tap] + (DARK[tap] - BRIGHT[tap]) * self.darkness);
        let power: f32 = taps.iter().map(|tap| tap * tap).sum();
        taps.map(|tap| tap / power.sqrt() * self.level)
    }
}

/// Adds noise to the mix.
pub(crate) fn add(mix: &mut [f32], stream: &mut Stream, background: &Background) {
    let mut white = White::new(stream);
    let mut input = [0.0; BLOCK + TAPS - 1];
    let (mut from, mut to) = (Shade::draw(stream, background), Shade::draw(stream, background));
    let (mut block, mut blocks) = (0, change_blocks(stream, background));
    for output in mix.chunks_mut(BLOCK) {
        if block == blocks {
            (from, to) = (to, Shade::draw(stream, background));
            (block, blocks) = (0, change_blocks(stream, background));
        }
        input.copy_within(BLOCK.., 0);
        white.fill(&mut input[TAPS - 1..]);
        add_filtered(output, &input, &from.towards(to, block as f32 / blocks as f32).filter());
        block += 1;
    }
}

fn change_blocks(stream: &mut Stream, background: &Background) -> u32 {
    let secs = stream.uniform(background.noise_change_secs.0, background.noise_change_secs.1);
    (secs * SAMPLE_RATE_HZ as f32 / BLOCK as f32) as u32 + 1
}

fn add_filtered(output: &mut [f32], input: &[f32; BLOCK + TAPS - 1], filter: &[f32; TAPS]) {
    let mut filtered = [0.0; BLOCK];
    for (tap, gain) in filter.iter().enumerate() {
        for (sum, sample) in filtered.iter_mut().zip(&input[tap..]) {
            *sum += gain * sample;
        }
    }
    for (sample, noise) in output.iter_mut().zip(filtered) {
        *sample += noise;
    }
}

/// Even noise of unit power.
struct White([u32; LANES]);

impl White {
    fn new(stream: &mut Stream) -> Self {
        // A generator that starts from 0 stays there.
        Self(std::array::from_fn(|_| stream.bits32() | 1))
    }

    fn fill(&mut self, samples: &mut [f32]) {
        /// The root of 3, which is the largest value of even noise of unit power, for one of 2¹⁵ steps.
        const SCALE: f32 = 1.732_050_8 / 32_768.0;
        for chunk in samples.as_chunks_mut::<LANES>().0 {
            for (state, sample) in self.0.iter_mut().zip(chunk) {
                *state ^= *state << 13;
                *state ^= *state >> 17;
                *state ^= *state << 5;
                *sample = (*state as i32 >> 16) as f32 * SCALE;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Language, Pace, Seed, sound::style::Style};

    fn noise(seed: u64) -> Vec<f32> {
        let mut mix = vec![0.0; 32_000];
        add(&mut mix, &mut Seed::from_number(seed).stream(), &Style::challenge(Language::En, Pace::Normal).background);
        mix
    }

    fn level(samples: &[f32]) -> f32 {
        (samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32).sqrt()
    }

    #[test]
    fn the_level_is_within_its_bounds_and_moves() {
        let (low, high) = Style::challenge(Language::En, Pace::Normal).background.noise_level;
        let noise = noise(1);
        let levels: Vec<f32> = noise.chunks(1600).map(level).collect();
        assert!(levels.iter().all(|level| (low * 0.8..high * 1.2).contains(level)), "{levels:?}");
        let (quietest, loudest) =
            (levels.iter().copied().fold(1.0, f32::min), levels.iter().copied().fold(0.0, f32::max));
        assert!(loudest > 1.3 * quietest, "{levels:?}");
    }

    #[test]
    fn a_dark_filter_is_darker_than_a_bright_one() {
        let roughness = |darkness: f32| {
            let filter = Shade { level: 1.0, darkness }.filter();
            filter.windows(2).map(|pair| (pair[1] - pair[0]) * (pair[1] - pair[0])).sum::<f32>()
        };
        assert!(roughness(1.0) < 0.1 * roughness(0.0));
    }

    #[test]
    fn noise_follows_from_the_seed() {
        assert_eq!(noise(1), noise(1));
        assert_ne!(noise(1), noise(2));
    }
}
