//! Clips played at another speed, as a tape would be: higher and shorter, or lower and longer.
//!
//! The place in the clip moves by a fixed-point step that may change from sample to sample, so that pitch can glide.
//! Between samples, speech in front is read with a cubic through four neighbours (Catmull and Rom, "A class of local
//! interpolating splines", 1974), babble behind it with a straight line.

use std::borrow::Cow;

/// Places in a clip have 32 bits of whole samples and 32 bits of fraction.
const ONE: f64 = 4_294_967_296.0;

/// Samples of a clip for each sample of the sound, from its beginning to its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Speed {
    from: f32,
    to: f32,
}

impl Speed {
    pub(crate) const fn steady(speed: f32) -> Self {
        Self { from: speed, to: speed }
    }

    pub(crate) const fn gliding(from: f32, to: f32) -> Self {
        Self { from, to }
    }
}

/// A clip and how it is to be played.
pub(crate) struct Clip<'a> {
    samples: Cow<'a, [i16]>,
    speed: Speed,
    gain: f32,
}

/// A full-scale sample of the bank is 1.
const UNIT: f32 = 1.0 / 32_768.0;
/// Samples that the cubic looks at.
const NEIGHBOURS: usize = 4;
/// Samples that are worked on together.
const BLOCK: usize = 32;

impl<'a> Clip<'a> {
    pub(crate) const fn borrowed(samples: &'a [i16], speed: Speed, gain: f32) -> Self {
        Self { samples: Cow::Borrowed(samples), speed, gain }
    }

    pub(crate) const fn owned(samples: Vec<i16>, speed: Speed, gain: f32) -> Self {
        Self { samples: Cow::Owned(samples), speed, gain }
    }

    /// How many samples it plays for.
    pub(crate) fn length(&self) -> usize {
        let readable = self.samples.len().saturating_sub(NEIGHBOURS);
        (readable as f32 * 2.0 / (self.speed.from + self.speed.to)) as usize
    }

    /// Adds the clip to a mix that begins with it.
    pub(crate) fn add_to(&self, mix: &mut [f32]) {
        let length = self.length().min(mix.len());
        let gain = self.gain * UNIT;
        let mut place = 0_u64;
        let mut step = fixed(self.speed.from);
        let change = (fixed(self.speed.to) - step) / self.length().max(1) as i64;
        for block in mix[..length].chunks_mut(BLOCK) {
            // Reading goes here and there, so it is kept apart from the arithmetic, which a compiler turns into
            // vector instructions.
            let mut neighbours = [[0_i32; BLOCK]; NEIGHBOURS];
            let mut fractions = [0_u32; BLOCK];
            for index in 0..block.len() {
                if let Some(read) = self.samples.get((place >> 32) as usize..).and_then(<[i16]>::first_chunk) {
                    let read: &[i16; NEIGHBOURS] = read;
                    for (row, &sample) in neighbours.iter_mut().zip(read) {
                        row[index] = sample.into();
                    }
                    fractions[index] = place as u32;
                }
                place = place.wrapping_add_signed(step);
                step += change;
            }
            for (index, sample) in block.iter_mut().enumerate() {
                *sample += cubic(neighbours.each_ref().map(|row| row[index]), fractions[index]) * gain;
            }
        }
    }
}

fn fixed(speed: f32) -> i64 {
    (f64::from(speed) * ONE) as i64
}

/// The value between the middle two of four samples.
fn cubic(neighbours: [i32; NEIGHBOURS], fraction: u32) -> f32 {
    let [a, b, c, d] = neighbours.map(|sample| sample as f32);
    // 24 bits fit an f32, and signed numbers are quicker to convert.
    let t = (fraction >> 8) as i32 as f32 / (1 << 24) as f32;
    let slope = c - a;
    let bend = 2.0 * a - 5.0 * b + 4.0 * c - d;
    let twist = 3.0 * (b - c) + d - a;
    b + 0.5 * t * (slope + t * (bend + t * twist))
}

/// Adds a clip at a steady speed, read with a straight line, backwards if so wished. Gives how many samples it took.
pub(crate) fn add_behind(mix: &mut [f32], samples: &[i16], speed: f32, gain: f32, is_reversed: bool) -> usize {
    // 16 bits of fraction do behind the speech, and a clip of 4 s has 16 bits of whole samples.
    let step = (speed * 65_536.0) as u32;
    let readable = samples.len().saturating_sub(1) as u32;
    let length = (readable << 16).checked_div(step).unwrap_or(0) as usize;
    let length = length.min(mix.len());
    let (mut place, step) =
        if is_reversed { ((readable << 16).wrapping_sub(1), step.wrapping_neg()) } else { (0, step) };
    for block in mix[..length].chunks_mut(BLOCK) {
        let (mut lows, mut highs, mut fractions) = ([0_i32; BLOCK], [0_i32; BLOCK], [0_i32; BLOCK]);
        for index in 0..block.len() {
            if let Some(&[low, high]) = samples.get((place >> 16) as usize..).and_then(<[i16]>::first_chunk) {
                (lows[index], highs[index]) = (low.into(), high.into());
            }
            fractions[index] = (place & 0xffff) as i32;
            place = place.wrapping_add(step);
        }
        for (index, sample) in block.iter_mut().enumerate() {
            let share = fractions[index] as f32 / 65_536.0;
            let (low, high) = (lows[index] as f32, highs[index] as f32);
            *sample += (low + (high - low) * share) * (gain * UNIT);
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(length: i16) -> Vec<i16> {
        (0..length).map(|time| time * 8).collect()
    }

    fn play(samples: &[i16], speed: Speed) -> Vec<f32> {
        let clip = Clip::borrowed(samples, speed, 32_768.0);
        let mut mix = vec![0.0; clip.length()];
        clip.add_to(&mut mix);
        mix
    }

    #[test]
    fn a_ramp_played_faster_is_a_steeper_ramp() {
        let mix = play(&ramp(1000), Speed::steady(1.25));
        assert_eq!(mix.len(), 796);
        for (time, sample) in mix.iter().enumerate() {
            assert!((sample - 8.0 * (1.0 + time as f32 * 1.25)).abs() < 0.1, "{time}: {sample}");
        }
    }

    #[test]
    fn a_glide_begins_at_one_speed_ends_at_the_other_and_uses_the_whole_clip() {
        let mix = play(&ramp(2000), Speed::gliding(0.9, 1.1));
        let last = mix.len() - 1;
        assert!((mix[1] - mix[0] - 0.9 * 8.0).abs() < 0.05);
        assert!((mix[last] - mix[last - 1] - 1.1 * 8.0).abs() < 0.05);
        assert!((mix[last] / 8.0 - 1996.0).abs() < 3.0, "{}", mix[last] / 8.0);
    }

    #[test]
    fn the_cubic_goes_through_its_samples() {
        assert_eq!(cubic([5, 100, -40, 7], 0), 100.0);
        assert!((cubic([5, 100, -40, 7], u32::MAX) + 40.0).abs() < 0.01);
    }

    #[test]
    fn what_is_behind_can_be_reversed() {
        let samples = ramp(100);
        let mut forward = vec![0.0; 200];
        let mut backward = vec![0.0; 200];
        assert_eq!(add_behind(&mut forward, &samples, 1.0, 32_768.0, false), 99);
        assert_eq!(add_behind(&mut backward, &samples, 1.0, 32_768.0, true), 99);
        assert!((0..99).all(|time| forward[time] == f32::from(samples[time])));
        assert!((0..99).all(|time| (backward[time] - f32::from(samples[99 - time])).abs() < 0.001));
        assert_eq!(add_behind(&mut [0.0; 10], &samples, 1.0, 1.0, true), 10);
        assert_eq!(add_behind(&mut [0.0; 10], &[1], 1.0, 1.0, true), 0);
    }
}
