//! A style: every number that says how pictures look.

use std::ops::Range;

use super::Difficulty;
use crate::Stream;

/// Height of a picture, in the least caps, from which on letters turn as far as their style says.
const ROOM_TO_TURN_CAPS: f32 = 2.9;

/// The numbers that a drawing is made by. Changing one changes every picture, so goldens are blessed again.
///
/// A *cap* is the height of a capital letter in the picture at hand, so that a style looks the same at every size.
/// `docs/look-trials.md` tells what each of them was found to cost people and machines. Every style within the bounds in
/// `tests/styles/mod.rs`, which are far wider than what people can read, draws in bounded time and room.
#[derive(Debug, Clone, PartialEq)]
pub struct Style {
    /// Height of a letter, in parts of the middle height.
    pub letter_height: Range<f32>,
    /// Width of a letter, in parts of its face's own width at that height.
    pub letter_width: Range<f32>,
    /// How far letters are turned, in degrees to either side.
    pub rotation_degrees: f32,
    /// How far the top of a letter leans to either side, in parts of its height.
    pub slant: f32,
    /// How far a letter stands above or below its line, in caps.
    pub rise_caps: f32,
    /// By how much a letter overlaps the one before where they come nearest, in caps. Below 0 is a gap.
    pub overlap_caps: Range<f32>,
    /// How far a letter's box may reach into the one before, in caps. On a line that climbs, letters stand above each
    /// other by so much; on a level one it would let an L swallow a Y.
    pub nesting_caps: f32,
    /// How letters' shapes are shown.
    pub fills: Fills,

    /// Size of a row's letters, in parts of the middle size.
    pub row_size: Range<f32>,
    /// Width of one of two rows, in parts of its own width at that size.
    pub row_width: Range<f32>,
    /// Distance between rows where they come nearest, in caps. Below 0 they overlap.
    pub row_gap_caps: f32,
    /// How far one row's box may reach into the one above, in caps.
    pub row_nesting_caps: f32,
    /// How far two rows climb and fall together to either side, in caps.
    pub row_arc_caps: Range<f32>,

    /// How far the line of a single row climbs and falls to either side, in caps.
    pub arc_caps: Range<f32>,
    /// How much of that height is a slope, how much an arch and how much a wave, against the others. Where the arch is
    /// no more than a quarter of the slope, the line climbs or falls all along.
    pub line_slope: Range<f32>,
    /// See `line_slope`.
    pub line_arch: Range<f32>,
    /// See `line_slope`.
    pub line_wave: Range<f32>,
    /// Width of a single row, in parts of its own.
    pub arc_width: Range<f32>,
    /// How far letters turn with their line: 0 leaves them upright, 1 sets them along it.
    pub turn_with_line: f32,
    /// How far a letter is turned at most, by itself and with its line, in degrees. Characters that people mistake when
    /// they are turned have a part of it.
    pub farthest_turn_degrees: f32,

    /// How far the swell lifts and lowers a point of the word, in caps at most.
    pub swell_caps: f32,
    /// Distance over which the swell changes, in caps.
    pub swell_length_caps: f32,
    /// How far the warp shifts a point, in caps at most and to either side.
    pub warp_caps: f32,
    /// Distance over which the warp changes, in caps.
    pub warp_length_caps: f32,

    /// Height that letters keep, in CSS pixels: where two rows or a steep line would make them lower, there are none.
    pub least_cap: f32,
    /// Ground that is kept free of letters along each edge, in parts of the picture's height.
    pub margin: f32,
    /// Part of the room that the word takes up.
    pub fill: Range<f32>,
    /// Greatest height of a letter, in parts of what fitting to the width would give.
    pub stretch_tall: f32,
    /// Greatest width of a letter, in parts of what fitting to the height would give.
    pub stretch_wide: f32,

    /// Width of a band of light or dark ground, in caps. Narrow bands cut letters into pieces that nobody joins.
    pub band_caps: f32,
    /// By what factor the width of bands differs at most from picture to picture.
    pub band_variation: f32,
    /// Part of the pictures in which every other dark band is a deep one.
    pub deep_bands: f32,
    /// How far bands lean to either side: how much they climb over a distance of 1. Steep ones would part the stem of a
    /// K from its arms.
    pub band_slope: f32,
    /// How far a band is bent aside, in pairs of bands at most.
    pub band_bend: f32,
    /// Distance over which a band bends, in caps.
    pub band_bend_length_caps: f32,
    /// Distance over which what is drawn changes from one of the two tones that its ground has not to the other, in caps.
    /// With 0, ink stands on paper, paper on wash, and wash on ink.
    pub tone_length_caps: f32,
    /// How far to either side of an edge between two bands what is drawn has the tone that neither of them has, in caps:
    /// there no edge cuts a letter.
    pub bridge_caps: f32,

    /// How many distractors there are for each letter.
    pub distractors_per_letter: Range<f32>,
    /// Part of the distractors that lie close beside a letter. The others lie anywhere.
    pub distractors_near: f32,
    /// Length of a distractor where there is room, in caps.
    pub distractor_length_caps: Range<f32>,
    /// Width of a distractor's stroke, in caps.
    pub distractor_width_caps: Range<f32>,
    /// By how much a distractor bends at most from end to end, to either side, in degrees.
    pub distractor_bend_degrees: f32,
    /// Ground that is kept free around a distractor, in caps.
    pub distractor_gap_caps: f32,
    /// Ground that is kept free beyond each end of a distractor, in caps. An end that points at the foot of a T makes a J
    /// of it.
    pub distractor_end_gap_caps: f32,
    /// How far grain shifts the picture's tones in the root mean square, of the seven between paper and ink.
    pub grain_tones: f32,
    /// Side of a grain, in whole CSS pixels.
    pub grain_size: f32,
}

/// How often letters are shown in each way, against the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fills {
    /// Filled.
    pub solid: f32,
    /// As a line along the edge.
    pub hollow: f32,
    /// One half filled and the other hollow.
    pub half_hollow: f32,
    /// Cut across the middle, with the halves moved apart.
    pub sliced: f32,
    /// As what the letter and a copy of it that is moved aside do not share.
    pub echo: f32,
}

impl Style {
    /// How challenges are drawn by default: letters that each turn by themselves climb or fall like stairs.
    pub const STANDARD: Self = Self {
        letter_height: 0.82..1.2,
        letter_width: 0.9..1.22,
        rotation_degrees: 45.0,
        slant: 0.12,
        rise_caps: 0.1,
        overlap_caps: -0.08..-0.01,
        nesting_caps: 0.8,
        fills: Fills { solid: 1.0, hollow: 1.2, half_hollow: 0.1, sliced: 0.05, echo: 0.0 },
        row_size: 0.92..1.14,
        row_width: 0.95..1.15,
        row_gap_caps: 0.1,
        row_nesting_caps: 0.4,
        row_arc_caps: 0.6..0.9,
        arc_caps: 1.3..1.6,
        line_slope: 0.9..1.0,
        line_arch: 0.1..0.25,
        line_wave: 0.0..0.1,
        arc_width: 0.8..0.9,
        turn_with_line: 0.0,
        farthest_turn_degrees: 60.0,
        swell_caps: 0.28,
        swell_length_caps: 2.5,
        warp_caps: 0.11,
        warp_length_caps: 0.7,
        least_cap: 26.0,
        margin: 0.04,
        fill: 0.9..1.0,
        stretch_tall: 1.35,
        stretch_wide: 1.15,
        band_caps: 2.2,
        band_variation: 1.4,
        deep_bands: 1.0,
        band_slope: 0.45,
        band_bend: 0.8,
        band_bend_length_caps: 1.9,
        tone_length_caps: 0.55,
        bridge_caps: 0.15,
        distractors_per_letter: 2.8..3.2,
        distractors_near: 0.8,
        distractor_length_caps: 0.8..1.5,
        distractor_width_caps: 0.14..0.24,
        distractor_bend_degrees: 120.0,
        distractor_gap_caps: 0.048,
        distractor_end_gap_caps: 0.225,
        grain_tones: 0.4,
        grain_size: 2.0,
    };

    /// How challenges of a difficulty are drawn.
    #[must_use]
    pub const fn of(difficulty: Difficulty) -> Self {
        match difficulty.level() {
            1 => Self::CALM,
            2 => Self::MILD,
            3 => Self::STANDARD,
            4 => Self::FIRM,
            _ => Self::HARD,
        }
    }

    /// A line that hardly climbs, of letters that hardly turn, and nothing beside them.
    const CALM: Self = Self {
        letter_height: 0.92..1.08,
        letter_width: 0.95..1.12,
        rotation_degrees: 10.0,
        slant: 0.08,
        overlap_caps: -0.1..-0.03,
        fills: Fills { solid: 1.0, hollow: 0.25, half_hollow: 0.0, sliced: 0.0, echo: 0.0 },
        nesting_caps: 0.12,
        arc_caps: 0.1..0.25,
        arc_width: 0.95..1.05,
        swell_caps: 0.0,
        warp_caps: 0.09,
        warp_length_caps: 0.8,
        stretch_wide: 1.25,
        band_caps: 1.9,
        deep_bands: 0.0,
        tone_length_caps: 0.0,
        distractors_per_letter: 0.0..0.0,
        grain_tones: 0.0,
        ..Self::STANDARD
    };

    /// Letters turn, but not far, and few distractors lie beside them.
    const MILD: Self = Self {
        letter_height: 0.9..1.12,
        letter_width: 0.92..1.2,
        rotation_degrees: 24.0,
        slant: 0.1,
        overlap_caps: -0.1..-0.02,
        nesting_caps: 0.3,
        fills: Fills { solid: 1.0, hollow: 0.8, half_hollow: 0.1, sliced: 0.1, echo: 0.0 },
        row_size: 0.88..1.14,
        row_arc_caps: 0.05..0.2,
        arc_caps: 0.7..1.0,
        arc_width: 0.85..0.95,
        swell_caps: 0.18,
        warp_caps: 0.1,
        fill: 0.86..1.0,
        deep_bands: 0.5,
        tone_length_caps: 0.8,
        distractors_per_letter: 1.0..1.4,
        distractor_gap_caps: 0.07,
        grain_tones: 0.35,
        ..Self::STANDARD
    };

    /// Letters differ and lean more, more of them are halved, and more distractors lie nearer.
    const FIRM: Self = Self {
        letter_height: 0.74..1.26,
        letter_width: 0.9..1.26,
        slant: 0.16,
        fills: Fills { solid: 1.0, hollow: 1.2, half_hollow: 0.2, sliced: 0.15, echo: 0.05 },
        row_size: 0.84..1.22,
        warp_caps: 0.115,
        fill: 0.88..1.0,
        tone_length_caps: 0.45,
        distractors_per_letter: 3.2..3.6,
        distractor_gap_caps: 0.045,
        grain_tones: 0.5,
        ..Self::STANDARD
    };

    /// Words and letters differ more in size as well.
    const HARD: Self = Self {
        letter_height: 0.72..1.28,
        row_size: 0.82..1.24,
        arc_caps: 1.2..1.5,
        swell_caps: 0.3,
        warp_caps: 0.12,
        fill: 0.86..1.0,
        distractors_per_letter: 3.6..4.2,
        distractor_gap_caps: 0.04,
        distractor_end_gap_caps: 0.15,
        grain_tones: 0.6,
        ..Self::FIRM
    };

    /// This style as one picture of this height, in CSS pixels, has it.
    pub(super) fn varied(&self, height: f32, stream: &mut Stream) -> Self {
        let factor = stream.uniform(1.0 / self.band_variation, self.band_variation);
        // Where there is no room for a line that climbs, letters that turn far would be too small to read.
        let room = (height / (ROOM_TO_TURN_CAPS * self.least_cap)).min(1.0);
        Self { band_caps: self.band_caps * factor, rotation_degrees: self.rotation_degrees * room, ..self.clone() }
    }
}

impl Default for Style {
    fn default() -> Self {
        Self::STANDARD
    }
}
