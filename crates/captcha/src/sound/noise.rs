//! Noise whose level and colour move.
//!
//! White noise from eight xorshift generators side by side (Marsaglia, "Xorshift RNGs", 2003), which a compiler turns
//! into vector instructions, filtered to a colour that is blended anew for each block. All of it is done in 16 bits, of
//! which vector instructions take twice as many at once as of 32. The generators start from the seed's stream; they need
//! not withstand an attacker who sees their output, since the speech and the babble lie over it.

use super::{
    bank::SAMPLE_RATE_HZ,
    style::Background,
    vectors::{self, Task},
};
use crate::Stream;

/// Samples that share a colour: 8 ms.
const BLOCK: usize = 128;
const TAPS: usize = 6;
const LANES: usize = 8;
/// White noise that is kept from the block before, for the filter.
const AHEAD: usize = 8;
/// Samples whose sums fit into the processor's registers.
const RUN: usize = 64;

/// Filters of equal power: a low rumble and a light hiss.
const DARK: [f32; TAPS] = [0.5, 0.46, 0.42, 0.38, 0.34, 0.3];
const BRIGHT: [f32; TAPS] = [0.8, -0.55, 0.2, -0.08, 0.0, 0.0];

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

    /// The filter of this colour and level for white noise, in the upper half of 32 bits.
    fn filter(self) -> [i16; TAPS] {
        let taps: [f32; TAPS] = std::array::from_fn(|tap| BRIGHT[tap] + (DARK[tap] - BRIGHT[tap]) * self.darkness);
        let power: f32 = taps.iter().map(|tap| tap * tap).sum();
        let gain = self.level * WHITE_PEAK * 65_536.0 / power.sqrt();
        taps.map(|tap| (tap * gain) as i16)
    }
}

/// The root of 3: how much larger the largest value of even noise is than its root mean square.
const WHITE_PEAK: f32 = 1.732_050_8;

/// Adds noise to the mix.
pub(crate) fn add(mix: &mut [f32], stream: &mut Stream, background: &Background) {
    vectors::wide(Addition { mix, stream, background });
}

struct Addition<'a> {
    mix: &'a mut [f32],
    stream: &'a mut Stream,
    background: &'a Background,
}

impl Task for Addition<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        add_plainly(self.mix, self.stream, self.background);
    }
}

#[inline(always)]
fn add_plainly(mix: &mut [f32], stream: &mut Stream, background: &Background) {
    let mut white = White::new(stream);
    let mut input = [0; BLOCK + AHEAD];
    let (mut from, mut to) = (Shade::draw(stream, background), Shade::draw(stream, background));
    let (mut block, mut blocks) = (0, change_blocks(stream, background));
    for output in mix.chunks_mut(BLOCK) {
        if block == blocks {
            (from, to) = (to, Shade::draw(stream, background));
            (block, blocks) = (0, change_blocks(stream, background));
        }
        input.copy_within(BLOCK.., 0);
        white.fill(&mut input[AHEAD..]);
        let filter = from.towards(to, block as f32 / blocks as f32).filter();
        let (runs, rest) = output.as_chunks_mut::<RUN>();
        for (number, output) in runs.iter_mut().enumerate() {
            add_filtered(output, run_of(&input, number), &filter);
        }
        if !rest.is_empty() {
            // The end of the sound is a part of a run.
            let mut whole = [0.0; RUN];
            add_filtered(&mut whole, run_of(&input, runs.len()), &filter);
            rest.iter_mut().zip(whole).for_each(|(sample, noise)| *sample += noise);
        }
        block += 1;
    }
}

fn change_blocks(stream: &mut Stream, background: &Background) -> u32 {
    let secs = stream.uniform(background.noise_change_secs.0, background.noise_change_secs.1);
    (secs * SAMPLE_RATE_HZ as f32 / BLOCK as f32) as u32 + 1
}

/// What a run of a block is filtered from.
#[inline(always)]
fn run_of(input: &[i16; BLOCK + AHEAD], number: usize) -> &[i16; RUN + AHEAD] {
    input[number * RUN..].first_chunk().expect("a block holds whole runs")
}

#[inline(always)]
fn add_filtered(output: &mut [f32; RUN], input: &[i16; RUN + AHEAD], filter: &[i16; TAPS]) {
    // What the upper halves round down, all taps together.
    let mut sums = [TAPS as i16 / 2; RUN];
    for (tap, &gain) in filter.iter().enumerate() {
        for (sum, &sample) in sums.iter_mut().zip(&input[tap..]) {
            *sum = sum.wrapping_add(((i32::from(sample) * i32::from(gain)) >> 16) as i16);
        }
    }
    for (sample, noise) in output.iter_mut().zip(sums) {
        *sample += f32::from(noise) * (1.0 / 32_768.0);
    }
}

/// Even noise of all 16 bits.
struct White([u32; LANES]);

impl White {
    fn new(stream: &mut Stream) -> Self {
        // A generator that starts from 0 stays there.
        Self(std::array::from_fn(|_| stream.bits32() | 1))
    }

    /// Fills in whole pairs for all lanes.
    #[inline(always)]
    fn fill(&mut self, samples: &mut [i16]) {
        for chunk in samples.as_chunks_mut::<{ 2 * LANES }>().0 {
            let (low, high) = chunk.split_at_mut(LANES);
            for ((state, low), high) in self.0.iter_mut().zip(low).zip(high) {
                *state ^= *state << 13;
                *state ^= *state >> 17;
                *state ^= *state << 5;
                (*low, *high) = (*state as i16, (*state >> 16) as i16);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Language, Seed, sound::style::Style};

    fn noise(seed: u64) -> Vec<f32> {
        let mut mix = vec![0.0; 32_000];
        add(&mut mix, &mut Seed::from_number(seed).stream(), &Style::challenge(Language::En).background);
        mix
    }

    fn level(samples: &[f32]) -> f32 {
        (samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32).sqrt()
    }

    #[test]
    fn the_level_is_within_its_bounds_and_moves() {
        let (low, high) = Style::challenge(Language::En).background.noise_level;
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
            let filter = Shade { level: 0.02, darkness }.filter();
            filter.windows(2).map(|pair| (f32::from(pair[1]) - f32::from(pair[0])).powi(2)).sum::<f32>()
        };
        assert!(roughness(1.0) < 0.1 * roughness(0.0));
    }

    #[test]
    fn noise_follows_from_the_seed() {
        assert_eq!(noise(1), noise(1));
        assert_ne!(noise(1), noise(2));
    }
}
