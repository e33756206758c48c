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
        let (mut next, mut made) = (0, 0);
        while next + step <= sound.len() && made + step < wanted {
            let place = ((made as f32 / ratio) as usize).min(sound.len() - step);
            let start = most_similar(&self.coarse, place, next, manner);
            self.starts.push(start as u32);
            next = start + step;
            made += step;
        }
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

/// A sample without its seven lowest bits. The few that are louder than eight bits hold then count as just so loud.
fn coarse(sample: i16) -> u8 {
    ((sample >> 7).clamp(-128, 127) + 128) as u8
}

/// Where, near a place, the sound is most like what should go on, which is the step from `next`.
fn most_similar(coarse: &[u8], place: usize, next: usize, manner: Manner) -> usize {
    let Manner { step, reach } = manner;
    let last = coarse.len() - step;
    let around = |centre: usize, reach: usize| centre.saturating_sub(reach)..=(centre + reach).min(last);
    let unlike = |&start: &usize| difference(&coarse[start..start + step], &coarse[next..next + step]);
    let rough = around(place, reach).step_by(STRIDE).min_by_key(unlike).unwrap_or(place);
    around(rough, STRIDE / 2).min_by_key(unlike).unwrap_or(rough)
}

fn difference(a: &[u8], b: &[u8]) -> u32 {
    // Steps are whole runs, whose length is a constant for the compiler: sixteen samples are one instruction.
    const RUN: usize = 80;
    let runs = a.as_chunks::<RUN>().0.iter().zip(b.as_chunks::<RUN>().0);
    runs.map(|(a, b)| a.iter().zip(b).map(|(&a, &b)| u32::from(a.abs_diff(b))).sum::<u32>()).sum()
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
