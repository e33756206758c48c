//! Other voices behind the one that counts: pieces of the same clips, mostly backwards.
//!
//! To a solver that looks for where a character begins, babble of the same voices looks like more characters; a person
//! follows the one voice that is loud and speaks forward.
//!
//! A piece is played once and laid down in several lanes, far from each other, in either direction: playing costs much
//! more than adding. Each lane is a part of the sound; so many voices talk at once as the lanes together cover the sound.

use super::{
    bank::{CHARACTERS, Voice},
    studio::{Studio, samples_in},
    style::Background,
    tape,
    vectors::{self, Task},
};
use crate::Stream;

/// The most places that a piece is laid down at.
const MAX_LANES: usize = 8;

/// Adds babble to the mix.
pub(crate) fn add(studio: &mut Studio, voices: &[Voice], stream: &mut Stream, background: &Background) {
    vectors::wide(Addition { studio, voices, stream, background });
}

struct Addition<'a> {
    studio: &'a mut Studio,
    voices: &'a [Voice],
    stream: &'a mut Stream,
    background: &'a Background,
}

impl Task for Addition<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        add_plainly(self.studio, self.voices, self.stream, self.background);
    }
}

#[inline(always)]
fn add_plainly(studio: &mut Studio, voices: &[Voice], stream: &mut Stream, background: &Background) {
    let length = studio.mix.len();
    let mut lanes = [0; MAX_LANES];
    let lanes = &mut lanes[..background.babble_lanes.min(MAX_LANES)];
    // Lanes begin evenly spaced and wrap around at the end, so that none says at a time what another says then.
    let count = lanes.len().max(1);
    let first = stream.below(length.max(1) as u32) as usize;
    for (index, lane) in lanes.iter_mut().enumerate() {
        *lane = first + index * length / count;
    }
    let lane_length = (length as f32 * background.babble_voices) as usize / count;
    let mut covered = 0;
    while covered < lane_length {
        let speed = draw(stream, background.babble_pitch);
        let clip = stream.pick(voices).character(*stream.pick(CHARACTERS));
        tape::play_behind(piece(clip, stream, background), speed, &mut studio.played);
        for lane in lanes.iter_mut() {
            let gain = draw(stream, background.babble_gain);
            let is_reversed = stream.chance(background.babble_reversed_per_256);
            lay_down_around(&mut studio.mix, *lane % length, &studio.played, gain, is_reversed);
            *lane += studio.played.len() + samples_in(draw(stream, background.babble_gap_secs));
        }
        covered += studio.played.len() + samples_in(background.babble_gap_secs.0 + background.babble_gap_secs.1) / 2;
        covered += 1;
    }
}

fn draw(stream: &mut Stream, ends: (f32, f32)) -> f32 {
    stream.uniform(ends.0, ends.1)
}

/// A part of a clip, from anywhere in it.
fn piece<'a>(clip: &'a [i16], stream: &mut Stream, background: &Background) -> &'a [i16] {
    let length = samples_in(draw(stream, background.babble_piece_secs)).min(clip.len());
    let start = stream.below((clip.len() - length) as u32 + 1) as usize;
    &clip[start..start + length]
}

/// Adds a piece to the mix; what does not fit before the end begins anew at the beginning.
#[inline(always)]
fn lay_down_around(mix: &mut [f32], start: usize, piece: &[f32], gain: f32, is_reversed: bool) {
    let fitting = piece.len().min(mix.len() - start);
    let rest = (piece.len() - fitting).min(mix.len());
    if is_reversed {
        let cut = piece.len() - fitting;
        tape::add_reversed(&mut mix[start..], &piece[cut..], gain);
        tape::add_reversed(mix, &piece[cut - rest..cut], gain);
    } else {
        tape::add(&mut mix[start..], &piece[..fitting], gain);
        tape::add(mix, &piece[fitting..fitting + rest], gain);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_wraps_around_in_either_direction() {
        let mut mix = [0.0; 5];
        lay_down_around(&mut mix, 3, &[1.0, 2.0, 3.0], 2.0, false);
        assert_eq!(mix, [6.0, 0.0, 0.0, 2.0, 4.0]);
        let mut mix = [0.0; 5];
        lay_down_around(&mut mix, 3, &[1.0, 2.0, 3.0], 2.0, true);
        assert_eq!(mix, [2.0, 0.0, 0.0, 6.0, 4.0]);
    }

    #[test]
    fn a_piece_longer_than_the_sound_does_no_harm() {
        for is_reversed in [false, true] {
            let mut mix = [0.0; 2];
            lay_down_around(&mut mix, 1, &[1.0; 9], 1.0, is_reversed);
            assert!(mix.iter().all(|&sample| sample >= 1.0), "{mix:?}");
        }
    }
}
