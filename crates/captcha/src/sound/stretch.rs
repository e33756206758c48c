//! Speech made longer or shorter at the same pitch.
//!
//! WSOLA (Verhelst and Roelands, "An overlap-add technique based on waveform similarity (WSOLA) for high quality
//! time-scale modification of speech", 1993): the output is pieced together from overlapping frames of the input, each
//! taken from near where it should be, there where it continues the one before best. We differ in comparing by the
//! sum of absolute differences, which is whole-number arithmetic and the same on every processor, and of samples of eight
//! bits: processors sum up sixteen differences of those at once.
//!
//! Where frames are taken from is found apart from the taking, so that a sound with noise and the same one without are
//! stretched alike.

use super::vectors::{self, Task};

/// How a stretch goes about it, in samples.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    /// Half a frame, and what each step adds.
    step: usize,
    /// How far a frame may be taken from its place, which should be a period of a low voice.
    reach: usize,
}

impl Manner {
    /// For a clip of one voice: 15 ms at 16 kHz, and a reach for voices down to 100 Hz.
    pub(crate) const CLIP: Self = Self { step: 240, reach: 80 };
    /// For a whole sound, in which voices were made deeper, over others.
    pub(crate) const SOUND: Self = Self { step: 320, reach: 128 };
}

/// Places are first tried so many samples apart, then one by one around the best.
const STRIDE: usize = 5;

/// Frames of an input, one after another.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// Where each begins in the input.
    starts: Vec<u32>,
    step: usize,
    coarse: Vec<u8>,
}

impl Frames {
    /// Finds the frames that make `sound` about `ratio` times as long.
    pub(crate) fn find(&mut self, sound: &[i16], ratio: f32, manner: Manner) {
        let step = manner.step;
        let wanted = (sound.len() as f32 * ratio) as usize;
        self.step = step;
        self.starts.clear();
        self.coarse.clear();
        self.coarse.extend(sound.iter().map(|&sample| coarse(sample)));
        vectors::wide(Search { frames: self, wanted, ratio, manner });
    }

    /// Puts the frames together, from the input in which they were found or from one like it.
    pub(crate) fn lay_out(&self, sound: &[i16], output: &mut Vec<i16>) {
        output.clear();
        // `sound[next..]` is what would follow the output if nothing were changed.
        let mut next = 0;
        for &start in &self.starts {
            let start = start as usize;
            cross_fade(output, &sound[next..next + self.step], &sound[start..start + self.step]);
            next = start + self.step;
        }
        output.extend_from_slice(&sound[next.min(sound.len())..]);
    }
}

/// Finds one frame after another.
struct Search<'a> {
    frames: &'a mut Frames,
    /// How long the output is to be.
    wanted: usize,
    ratio: f32,
    manner: Manner,
}

impl Task for Search<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { frames, wanted, ratio, manner } = self;
        let (length, step) = (frames.coarse.len(), manner.step);
        let (mut next, mut made) = (0, 0);
        while next + step <= length && made + step < wanted {
            let place = ((made as f32 / ratio) as usize).min(length - step);
            let start = most_similar(&frames.coarse, place, next, manner);
            frames.starts.push(start as u32);
            next = start + step;
            made += step;
        }
    }
}

/// A sample without its seven lowest bits. The few that are louder than eight bits hold then count as just so loud.
fn coarse(sample: i16) -> u8 {
    ((sample >> 7).clamp(-128, 127) + 128) as u8
}

/// Where, near a place, the sound is most like what should go on, which is the step from `next`.
#[inline(always)]
fn most_similar(coarse: &[u8], place: usize, next: usize, manner: Manner) -> usize {
    let Manner { step, reach } = manner;
    let wanted = &coarse[next..next + step];
    let rough = best_around(coarse, wanted, place, reach, STRIDE);
    best_around(coarse, wanted, rough, STRIDE / 2, 1)
}

/// The first of the places around one, so many samples apart, where the sound is least unlike what is wanted.
#[inline(always)]
fn best_around(coarse: &[u8], wanted: &[u8], centre: usize, reach: usize, stride: usize) -> usize {
    let last = (centre + reach).min(coarse.len() - wanted.len());
    let (mut best, mut least) = (centre, u32::MAX);
    let mut start = centre.saturating_sub(reach);
    // A loop, not an iterator's fold, which would be a function of its own, without wide vectors.
    while start <= last {
        let unlike = difference(&coarse[start..start + wanted.len()], wanted);
        if unlike < least {
            (best, least) = (start, unlike);
        }
        start += stride;
    }
    best
}

#[inline(always)]
fn difference(a: &[u8], b: &[u8]) -> u32 {
    // Steps are whole runs, whose length is a constant for the compiler: sixteen samples are one instruction.
    const RUN: usize = 80;
    let mut sum = 0;
    for (a, b) in a.as_chunks::<RUN>().0.iter().zip(b.as_chunks::<RUN>().0) {
        for index in 0..RUN {
            sum += u32::from(a[index].abs_diff(b[index]));
        }
    }
    sum
}

fn cross_fade(output: &mut Vec<i16>, from: &[i16], to: &[i16]) {
    // The share in 15 bits: dividing each time would take longer than all else.
    let rise = (1 << 15) / from.len().max(1) as i32;
    output.extend(from.iter().zip(to).enumerate().map(|(index, (&from, &to))| {
        let change = ((i32::from(to) - i32::from(from)) * (index as i32 * rise)) >> 15;
        from.wrapping_add(change as i16)
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A triangle wave of this period.
    fn triangle(period: i32, length: i32) -> Vec<i16> {
        (0..length).map(|time| (((time % period) - period / 2).abs() * 8000 / period) as i16 - 2000).collect()
    }

    fn stretched(clip: &[i16], ratio: f32, manner: Manner) -> Vec<i16> {
        let (mut frames, mut output) = (Frames::default(), vec![9; 7]);
        frames.find(clip, ratio, manner);
        frames.lay_out(clip, &mut output);
        output
    }

    fn crossings(samples: &[i16]) -> usize {
        samples.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count()
    }

    #[test]
    fn the_length_changes_and_the_pitch_does_not() {
        let tone = triangle(130, 8000);
        for manner in [Manner::CLIP, Manner::SOUND] {
            for ratio in [0.85_f32, 0.95, 1.0, 1.1, 1.25, 1.4] {
                let stretched = stretched(&tone, ratio, manner);
                let (length, wanted) = (stretched.len() as f32, 8000.0 * ratio);
                assert!((length - wanted).abs() < 700.0, "{ratio}: {length} samples");
                let period = length / crossings(&stretched) as f32;
                assert!((period - 130.0).abs() < 4.0, "{ratio}: a period of {period} samples");
            }
        }
    }

    #[test]
    fn there_is_no_jump_where_frames_meet() {
        let stretched = stretched(&triangle(130, 8000), 1.13, Manner::CLIP);
        let jump = stretched.windows(2).map(|pair| pair[0].abs_diff(pair[1])).max();
        // The wave itself moves by 62 from one sample to the next.
        assert!(jump < Some(150), "{jump:?}");
    }

    #[test]
    fn short_clips_are_left_alone() {
        for length in [0, 1, 239, 240, 241] {
            let clip = triangle(60, length);
            assert!(stretched(&clip, 1.1, Manner::CLIP).len() >= clip.len() * 9 / 10, "{length}");
        }
    }
}
