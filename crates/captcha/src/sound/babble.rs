//! Other voices behind the one that counts: the same clips, mostly backwards.
//!
//! To a solver that looks for where a character begins, babble of the same voices looks like more characters; a person
//! follows the one voice that is loud and speaks forward.

use super::{bank::Voice, score::samples_in, style::Background, tape::add_behind};
use crate::Stream;

/// Adds babble to the mix.
pub(crate) fn add(mix: &mut [f32], voices: &[Voice], stream: &mut Stream, background: &Background) {
    for _ in 0..background.babble_lanes {
        add_lane(mix, voices, stream, background);
    }
}

fn add_lane(mix: &mut [f32], voices: &[Voice], stream: &mut Stream, background: &Background) {
    let mut at = samples_in(draw_from(stream, background.babble_gap_secs));
    while at < mix.len() {
        let (speed, gain) = (draw_from(stream, background.babble_pitch), draw_from(stream, background.babble_gain));
        let is_reversed = stream.chance(background.babble_reversed_per_256);
        let word = stream.pick(voices).character(any_character(stream));
        at += add_behind(&mut mix[at..], word, speed, gain, is_reversed);
        at += samples_in(draw_from(stream, background.babble_gap_secs)).max(1);
    }
}

fn draw_from(stream: &mut Stream, ends: (f32, f32)) -> f32 {
    stream.uniform(ends.0, ends.1)
}

fn any_character(stream: &mut Stream) -> u8 {
    *stream.pick(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
}
