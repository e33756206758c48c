//! The bounds within which every style draws, for tests here and for fuzzing.
//!
//! They are far wider than anything that people can read: what they leave out are lengths of nothing, and frames that
//! margins fill.

use std::ops::Range;

use haechi_captcha::image::{Fills, Style};

/// Numbers that a style is made of.
pub(crate) const NUMBERS: usize = 65;

/// A style whose every number lies somewhere within its bounds: at the low one for 0, at the high one for 1.
pub(crate) fn within_bounds(parts: impl IntoIterator<Item = f32>) -> Style {
    let mut parts = parts.into_iter();
    let mut number = |low: f32, high: f32| low + (high - low) * parts.next().unwrap_or_default();
    Style {
        letter_height: range(&mut number, 0.2, 3.0),
        letter_width: range(&mut number, 0.2, 3.0),
        rotation_degrees: number(0.0, 180.0),
        slant: number(0.0, 2.0),
        rise_caps: number(0.0, 2.0),
        overlap_caps: range(&mut number, -2.0, 2.0),
        nesting_caps: number(-1.0, 2.0),
        fills: Fills {
            solid: number(0.0, 2.0),
            hollow: number(0.0, 2.0),
            half_hollow: number(0.0, 2.0),
            sliced: number(0.0, 2.0),
            echo: number(0.0, 2.0),
        },
        row_size: range(&mut number, 0.2, 3.0),
        row_width: range(&mut number, 0.2, 3.0),
        row_gap_caps: number(-0.5, 2.0),
        row_nesting_caps: number(-1.0, 2.0),
        row_arc_caps: range(&mut number, 0.0, 4.0),
        arc_caps: range(&mut number, 0.0, 4.0),
        line_slope: range(&mut number, 0.0, 1.0),
        line_arch: range(&mut number, 0.0, 1.0),
        line_wave: range(&mut number, 0.0, 1.0),
        arc_width: range(&mut number, 0.2, 3.0),
        turn_with_line: number(0.0, 2.0),
        farthest_turn_degrees: number(0.0, 180.0),
        swell_caps: number(0.0, 1.0),
        swell_length_caps: number(0.1, 10.0),
        warp_caps: number(0.0, 1.0),
        warp_length_caps: number(0.1, 10.0),
        least_cap: number(1.0, 200.0),
        margin: number(0.0, 0.4),
        fill: range(&mut number, 0.2, 1.0),
        stretch_tall: number(0.2, 5.0),
        stretch_wide: number(0.2, 5.0),
        band_caps: number(0.1, 100.0),
        band_variation: number(1.0, 4.0),
        deep_bands: number(0.0, 1.0),
        band_slope: number(0.0, 10.0),
        band_bend: number(0.0, 10.0),
        band_bend_length_caps: number(0.1, 10.0),
        tone_length_caps: number(0.0, 10.0),
        bridge_caps: number(0.0, 4.0),
        distractors_per_letter: range(&mut number, 0.0, 20.0),
        distractors_near: number(0.0, 1.0),
        distractor_length_caps: range(&mut number, 0.0, 10.0),
        distractor_width_caps: range(&mut number, 0.0, 2.0),
        distractor_bend_degrees: number(0.0, 360.0),
        distractor_gap_caps: number(0.0, 1.0),
        distractor_end_gap_caps: number(0.0, 1.0),
        grain_tones: number(0.0, 7.0),
        grain_size: number(0.1, 200.0),
    }
}

fn range(number: &mut dyn FnMut(f32, f32) -> f32, low: f32, high: f32) -> Range<f32> {
    let (one, other) = (number(low, high), number(low, high));
    one.min(other)..one.max(other)
}
