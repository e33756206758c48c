//! Speech made longer or shorter at the same pitch.
//!
//! WSOLA (Verhelst and Roelands, "An overlap-add technique based on waveform similarity (WSOLA) for high quality
//! time-scale modification of speech", 1993): the output is pieced together from overlapping frames of the input, each
//! taken from near where it should be, there where it continues the one before best. We differ in comparing by the
//! sum of absolute differences, which is whole-number arithmetic and the same on every processor.

/// Half a frame, and what each step adds: 15 ms at 16 kHz.
const STEP: usize = 240;
/// How far a frame may be taken from its place: 5 ms, so that a period of a low voice (100 Hz) is within reach.
const REACH: usize = 80;
/// Places are first tried so many samples apart, then one by one around the best.
const STRIDE: usize = 5;

/// Makes the clip `ratio` times as long.
pub(crate) fn stretch(clip: &[i16], ratio: f32, output: &mut Vec<i16>) {
    let wanted = (clip.len() as f32 * ratio) as usize;
    output.clear();
    // `clip[next..]` is what would follow the output if nothing were changed.
    let mut next = 0;
    while next + STEP <= clip.len() && output.len() + STEP < wanted {
        let place = ((output.len() as f32 / ratio) as usize).min(clip.len() - STEP);
        let continuation = &clip[next..next + STEP];
        let start = most_similar(clip, place, continuation);
        cross_fade(output, continuation, &clip[start..start + STEP]);
        next = start + STEP;
    }
    output.extend_from_slice(&clip[next.min(clip.len())..]);
}

/// Where, near a place, the clip is most like what should go on.
fn most_similar(clip: &[i16], place: usize, continuation: &[i16]) -> usize {
    let last = clip.len() - STEP;
    let around = |centre: usize, reach: usize| centre.saturating_sub(reach)..=(centre + reach).min(last);
    let unlike = |start: usize, length: usize| difference(&clip[start..start + length], &continuation[..length]);
    // Half a step says roughly where.
    let rough = around(place, REACH).step_by(STRIDE).min_by_key(|&start| unlike(start, STEP / 2)).unwrap_or(place);
    around(rough, STRIDE / 2).min_by_key(|&start| unlike(start, STEP)).unwrap_or(rough)
}

fn difference(a: &[i16], b: &[i16]) -> u32 {
    a.iter().zip(b).map(|(&a, &b)| u32::from(a.abs_diff(b))).sum()
}

fn cross_fade(output: &mut Vec<i16>, from: &[i16], to: &[i16]) {
    output.extend(from.iter().zip(to).enumerate().map(|(index, (&from, &to))| {
        let change = (i32::from(to) - i32::from(from)) * index as i32 / STEP as i32;
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

    fn stretched(clip: &[i16], ratio: f32) -> Vec<i16> {
        let mut output = vec![9; 7];
        stretch(clip, ratio, &mut output);
        output
    }

    fn crossings(samples: &[i16]) -> usize {
        samples.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count()
    }

    #[test]
    fn the_length_changes_and_the_pitch_does_not() {
        let tone = triangle(130, 8000);
        for ratio in [0.85_f32, 0.95, 1.0, 1.1, 1.25] {
            let stretched = stretched(&tone, ratio);
            let (length, wanted) = (stretched.len() as f32, 8000.0 * ratio);
            assert!((length - wanted).abs() < 500.0, "{ratio}: {length} samples");
            let period = length / crossings(&stretched) as f32;
            assert!((period - 130.0).abs() < 4.0, "{ratio}: a period of {period} samples");
        }
    }

    #[test]
    fn there_is_no_jump_where_frames_meet() {
        let stretched = stretched(&triangle(130, 8000), 1.13);
        let jump = stretched.windows(2).map(|pair| pair[0].abs_diff(pair[1])).max();
        // The wave itself moves by 62 from one sample to the next.
        assert!(jump < Some(150), "{jump:?}");
    }

    #[test]
    fn short_clips_are_left_alone() {
        for length in [0, 1, 239, 240, 241] {
            let clip = triangle(60, length);
            assert!(stretched(&clip, 1.1).len() >= clip.len() * 9 / 10, "{length}");
        }
    }
}
