//! Clips played at another speed, as a tape would be: higher and shorter, or lower and longer.
//!
//! The place in the clip moves by a fixed-point step that may change from sample to sample, so that pitch can glide.
//! Between samples, speech in front is read with a cubic through four neighbours (Catmull and Rom, "A class of local
//! interpolating splines", 1974), babble behind it with a straight line.

use super::vectors::{self, Task};

/// Places in a clip have 32 bits of whole samples and 32 bits of fraction.
const ONE: f64 = 4_294_967_296.0;

/// Samples of a clip for each sample of the sound, from its beginning to its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Speed {
    from: f32,
    to: f32,
}

impl Speed {
    pub(crate) const fn gliding(from: f32, to: f32) -> Self {
        Self { from, to }
    }
}

/// A full-scale sample of the bank is 1.
const UNIT: f32 = 1.0 / 32_768.0;
/// Samples that the cubic looks at.
const NEIGHBOURS: usize = 4;
/// Samples that are worked on together.
const BLOCK: usize = 32;

/// Plays a clip.
pub(crate) fn play(clip: &[i16], speed: Speed, played: &mut Vec<f32>) {
    vectors::wide(Playing { clip, speed, played });
}

struct Playing<'a> {
    clip: &'a [i16],
    speed: Speed,
    played: &'a mut Vec<f32>,
}

impl Task for Playing<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        play_plainly(self.clip, self.speed, self.played);
    }
}

#[inline(always)]
fn play_plainly(clip: &[i16], speed: Speed, played: &mut Vec<f32>) {
    let readable = clip.len().saturating_sub(NEIGHBOURS);
    let length = (readable as f32 * 2.0 / (speed.from.min(FASTEST) + speed.to.min(FASTEST))) as usize;
    resize(played, length);
    let mut place = 0_u64;
    let mut step = fixed(speed.from);
    let change = (fixed(speed.to) - step) / length.max(1) as i64;
    let mut room = [0; PAIRS + 1];
    for block in played.chunks_mut(BLOCK) {
        // Reading goes here and there, so it is kept apart from the arithmetic, which a compiler turns into vector
        // instructions.
        let mut read = [[0; BLOCK]; NEIGHBOURS / 2];
        let mut fractions = [0_u32; BLOCK];
        let start = (place >> 32) as usize;
        let pairs = pairs(clip, start, &mut room);
        for index in 0..BLOCK {
            let first = ((place >> 32) as usize).wrapping_sub(start);
            (read[0][index], read[1][index]) = (pairs[first % PAIRS], pairs[(first + 2) % PAIRS]);
            fractions[index] = place as u32;
            place = place.wrapping_add_signed(step);
            step += change;
        }
        fill(block, |index| {
            let ([a, b], [c, d]) = (apart(read[0][index]), apart(read[1][index]));
            cubic([a, b, c, d], fractions[index]) * UNIT
        });
    }
}

/// Plays a clip at the speed at which it was recorded.
pub(crate) fn play_as_it_is(clip: &[i16], played: &mut Vec<f32>) {
    played.clear();
    played.extend(clip.iter().map(|&sample| f32::from(sample) * UNIT));
}

/// Fills a block, or the beginning of one, with what a function says of each index.
#[inline(always)]
fn fill(block: &mut [f32], sample: impl Fn(usize) -> f32) {
    match block.as_chunks_mut::<BLOCK>().0 {
        [whole] => (0..BLOCK).for_each(|index| whole[index] = sample(index)),
        _ => block.iter_mut().enumerate().for_each(|(index, slot)| *slot = sample(index)),
    }
}

/// How many pairs of neighbours a block may read, and a power of two, so that an index below it needs no check.
const PAIRS: usize = 64;
/// The fastest that anything is played at: a block then reads no further than its pairs go.
const FASTEST: f32 = 1.9;

/// Each sample of a clip with the next one, from a sample on, with silence after the end: one load reads both.
#[inline(always)]
fn pairs(clip: &[i16], start: usize, room: &mut [i16; PAIRS + 1]) -> [u32; PAIRS] {
    let rest = clip.get(start..).unwrap_or_default();
    let window = rest.first_chunk().unwrap_or_else(|| {
        *room = [0; PAIRS + 1];
        room[..rest.len()].copy_from_slice(rest);
        room
    });
    std::array::from_fn(|index| u32::from(window[index] as u16) | u32::from(window[index + 1] as u16) << 16)
}

/// A pair's two samples.
#[inline(always)]
fn apart(pair: u32) -> [i32; 2] {
    [i32::from(pair as i16), pair as i32 >> 16]
}

fn fixed(speed: f32) -> i64 {
    (f64::from(speed.min(FASTEST)) * ONE) as i64
}

/// Makes room for so many samples, whatever they are.
#[inline(always)]
fn resize(played: &mut Vec<f32>, length: usize) {
    played.truncate(length);
    played.resize(length, 0.0);
}

/// The value between the middle two of four samples.
#[inline(always)]
fn cubic(neighbours: [i32; NEIGHBOURS], fraction: u32) -> f32 {
    let [a, b, c, d] = neighbours.map(|sample| sample as f32);
    // 24 bits fit an f32, and signed numbers are quicker to convert.
    let t = (fraction >> 8) as i32 as f32 / (1 << 24) as f32;
    let slope = c - a;
    let bend = 2.0 * a - 5.0 * b + 4.0 * c - d;
    let twist = 3.0 * (b - c) + d - a;
    b + 0.5 * t * (slope + t * (bend + t * twist))
}

/// Plays a piece of a clip at a steady speed, read with a straight line, fading in and out, since it is cut anywhere.
///
/// It is always inlined, so that whoever plays many pieces does so with wide vectors.
#[inline(always)]
pub(crate) fn play_behind(piece: &[i16], speed: f32, played: &mut Vec<f32>) {
    // 16 bits of fraction do behind the speech, and a clip of 4 s has 16 bits of whole samples.
    let step = (speed.min(FASTEST) * 65_536.0) as u32;
    let readable = piece.len().saturating_sub(1) as u32;
    resize(played, (readable << 16).checked_div(step).unwrap_or(0) as usize);
    let mut place = 0_u32;
    let mut room = [0; PAIRS + 1];
    for block in played.chunks_mut(BLOCK) {
        let (mut read, mut fractions) = ([0; BLOCK], [0_i32; BLOCK]);
        let start = (place >> 16) as usize;
        let pairs = pairs(piece, start, &mut room);
        for index in 0..BLOCK {
            let first = ((place >> 16) as usize).wrapping_sub(start);
            read[index] = pairs[first % PAIRS];
            fractions[index] = (place & 0xffff) as i32;
            place = place.wrapping_add(step);
        }
        fill(block, |index| {
            let share = fractions[index] as f32 / 65_536.0;
            let [low, high] = apart(read[index]).map(|sample| sample as f32);
            (low + (high - low) * share) * UNIT
        });
    }
    let fade = FADE.min(played.len() / 2);
    fade_ends(played, fade);
}

/// 4 ms.
const FADE: usize = 64;

/// Lets samples rise from silence at the beginning, and fall to it at the end.
pub(crate) fn fade_ends(samples: &mut [f32], length: usize) {
    let gain = |index: usize| index as f32 / length as f32;
    for (index, sample) in samples.iter_mut().take(length).enumerate() {
        *sample *= gain(index);
    }
    for (index, sample) in samples.iter_mut().rev().take(length).enumerate() {
        *sample *= gain(index);
    }
}

/// Another sound of what was played: darker or brighter, and with a copy of itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timbre {
    /// See [`tilt`].
    pub(crate) tilt: f32,
    /// By how many samples the copy comes later.
    pub(crate) delay: usize,
    /// How loud the copy is.
    pub(crate) share: f32,
}

/// Gives what was played this timbre. Returns the gain by which it is then as loud as it was.
///
/// A dark name is so as loud as a bright one, and no voice behind covers it.
pub(crate) fn shade(played: &mut Vec<f32>, room: &mut Vec<f32>, timbre: Timbre) -> f32 {
    vectors::wide(Shading { played, room, timbre })
}

struct Shading<'a> {
    played: &'a mut Vec<f32>,
    room: &'a mut Vec<f32>,
    timbre: Timbre,
}

impl Task for Shading<'_> {
    type Output = f32;

    #[inline(always)]
    fn call(self) -> f32 {
        let Self { played, room, timbre: Timbre { tilt: by, delay, share } } = self;
        let before = power(played);
        tilt(played, by);
        colour(played, room, delay, share);
        (before / power(played).max(f32::MIN_POSITIVE)).sqrt()
    }
}

/// Adds what was played to a mix of at least its length, made this much louder.
pub(crate) fn lay_down(mix: &mut [f32], played: &[f32], gain: f32) {
    vectors::wide(LayingDown { mix, played, gain });
}

struct LayingDown<'a> {
    mix: &'a mut [f32],
    played: &'a [f32],
    gain: f32,
}

impl Task for LayingDown<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { mix, played, gain } = self;
        add(mix, played, gain);
    }
}

/// Adds samples to as many of a mix's.
#[inline(always)]
pub(crate) fn add(mix: &mut [f32], played: &[f32], gain: f32) {
    for (sample, played) in mix.iter_mut().zip(played) {
        *sample += played * gain;
    }
}

/// The same from the last sample to the first.
#[inline(always)]
pub(crate) fn add_reversed(mix: &mut [f32], played: &[f32], gain: f32) {
    for (sample, played) in mix.iter_mut().zip(played.iter().rev()) {
        *sample += played * gain;
    }
}

/// The power of what was played, summed up.
#[inline(always)]
fn power(played: &[f32]) -> f32 {
    // Side by side, in an order that is the same on every processor: one instruction adds several.
    const LANES: usize = 8;
    let mut sums = [0.0; LANES];
    let (runs, rest) = played.as_chunks::<LANES>();
    for run in runs {
        for (sum, sample) in sums.iter_mut().zip(run) {
            *sum += sample * sample;
        }
    }
    sums.iter().sum::<f32>() + rest.iter().map(|sample| sample * sample).sum::<f32>()
}

/// Makes what was played darker (a tilt above 0) or brighter (below), at about the level of speech that it had.
///
/// A share of each sample's predecessor is added to it; speech has most of its power where that adds up.
#[inline(always)]
fn tilt(played: &mut [f32], tilt: f32) {
    let gain = 1.0 / (1.0 + 0.9 * tilt);
    let mut before = 0.0;
    for sample in played {
        let here = *sample;
        *sample = (here + tilt * before) * gain;
        before = here;
    }
}

/// Adds a copy that comes so many samples later to what was played, at about the level that it had.
///
/// The sum is made in a room of its own, which then changes places with what was played.
#[inline(always)]
fn colour(played: &mut Vec<f32>, room: &mut Vec<f32>, delay: usize, share: f32) {
    let gain = 1.0 / (1.0 + share * share).sqrt();
    let (first, rest) = played.split_at(delay.min(played.len()));
    room.clear();
    room.extend(first.iter().map(|sample| sample * gain));
    room.extend(rest.iter().zip(played.iter()).map(|(sample, before)| (sample + share * before) * gain));
    std::mem::swap(played, room);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of so small steps that a full-scale sample's unit shows them.
    fn ramp(length: i16) -> Vec<i16> {
        (0..length).map(|time| time * 8).collect()
    }

    fn play_all(samples: &[i16], speed: Speed) -> Vec<f32> {
        let mut played = vec![9.0; 7];
        play(samples, speed, &mut played);
        played.iter().map(|sample| sample / UNIT).collect()
    }

    #[test]
    fn a_ramp_played_faster_is_a_steeper_ramp() {
        let played = play_all(&ramp(1000), Speed::gliding(1.25, 1.25));
        assert_eq!(played.len(), 796);
        for (time, sample) in played.iter().enumerate() {
            assert!((sample - 8.0 * (1.0 + time as f32 * 1.25)).abs() < 0.1, "{time}: {sample}");
        }
    }

    #[test]
    fn a_glide_begins_at_one_speed_ends_at_the_other_and_uses_the_whole_clip() {
        let played = play_all(&ramp(2000), Speed::gliding(0.9, 1.1));
        let last = played.len() - 1;
        assert!((played[1] - played[0] - 0.9 * 8.0).abs() < 0.05);
        assert!((played[last] - played[last - 1] - 1.1 * 8.0).abs() < 0.05);
        assert!((played[last] / 8.0 - 1996.0).abs() < 3.0, "{}", played[last] / 8.0);
    }

    #[test]
    fn the_cubic_goes_through_its_samples() {
        assert_eq!(cubic([5, 100, -40, 7], 0), 100.0);
        assert!((cubic([5, 100, -40, 7], u32::MAX) + 40.0).abs() < 0.01);
    }

    #[test]
    fn a_piece_behind_rises_and_falls() {
        let mut played = Vec::new();
        play_behind(&[16_384; 1001], 1.0, &mut played);
        assert_eq!((played.len(), played[0], played[500], played[999]), (1000, 0.0, 0.5, 0.0));
        play_behind(&[16_384; 1001], 1.25, &mut played);
        assert_eq!(played.len(), 800);
        for short in [&[][..], &[1], &[1, 2]] {
            play_behind(short, 0.9, &mut played);
            assert!(played.len() < 2);
        }
    }

    #[test]
    fn a_tilt_takes_from_the_high_or_the_low() {
        let level = |samples: &[f32]| samples.iter().map(|sample| sample * sample).sum::<f32>();
        let tilted = |period: usize, by: f32| {
            let mut wave: Vec<f32> =
                (0..1000).map(|time| if time % period < period / 2 { 1.0 } else { -1.0 }).collect();
            tilt(&mut wave, by);
            level(&wave) / 1000.0
        };
        assert!(tilted(2, 0.3) < 0.5 && tilted(100, 0.3) > 0.95);
        assert!(tilted(2, -0.3) > 1.5 && tilted(100, -0.3) < 1.1);
    }

    #[test]
    fn a_colour_adds_what_came_before_and_keeps_the_length() {
        let (mut played, mut room) = (vec![3.0, 0.0, 6.0, 0.0], vec![9.0; 7]);
        colour(&mut played, &mut room, 1, 0.75);
        let expected = [2.4, 1.8, 4.8, 3.6];
        assert!(played.iter().zip(expected).all(|(sample, wanted): (&f32, f32)| (sample - wanted).abs() < 1e-5));
        colour(&mut played, &mut room, 9, 0.0);
        assert_eq!(played.len(), 4);
    }

    #[test]
    fn the_ends_of_what_fades_are_silent() {
        let mut samples = vec![1.0; 100];
        fade_ends(&mut samples, 10);
        assert_eq!((samples[0], samples[5], samples[50], samples[99]), (0.0, 0.5, 1.0, 0.0));
    }
}
