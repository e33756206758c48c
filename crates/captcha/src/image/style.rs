//! A style: every number that says how pictures look.

use std::ops::Range;

/// The numbers that a drawing is made by. Changing one changes every picture, so goldens are blessed again.
///
/// A *cap* is the height of a capital letter in the picture at hand, so that a style looks the same at every size.
#[derive(Debug, Clone, PartialEq)]
pub struct Style {
    /// Height of a letter before the word is fitted into the frame, in parts of the middle height.
    pub letter_height: Range<f32>,
    /// Width of a letter, in parts of its face's own width at that height.
    pub letter_width: Range<f32>,
    /// How far letters are turned, in degrees to either side.
    pub rotation_degrees: f32,
    /// How far the top of a letter leans to either side, in parts of its height.
    pub slant: f32,
    /// How far a letter stands above or below the middle line, in caps.
    pub rise_caps: f32,
    /// By how much a letter overlaps the one before where they come nearest, in caps. Below 0 is a gap.
    pub overlap_caps: Range<f32>,
    /// How far a letter's box may reach into the one before, in caps: keeps an L from swallowing a Y.
    pub nesting_caps: f32,

    /// How far the warp shifts a point, in caps at most and to either side.
    pub warp_caps: f32,
    /// Distance over which the warp changes, in caps.
    pub warp_length_caps: f32,

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
    /// How far bands lean to either side: how much they climb over a distance of 1. Steep ones would part the stem of a
    /// K from its arms.
    pub band_slope: f32,
    /// How far a band is bent aside, in pairs of bands at most.
    pub band_bend: f32,
    /// Distance over which a band bends, in caps.
    pub band_bend_length_caps: f32,
    /// Corners that the edge of a band has in a cap.
    pub band_detail: f32,

    /// Specks of inverted tone for each square cap.
    pub specks_per_square_cap: f32,
    /// Half the size of a speck, in caps.
    pub speck_radius_caps: Range<f32>,
}

impl Style {
    /// How challenges are drawn.
    pub const STANDARD: Self = Self {
        letter_height: 0.88..1.12,
        letter_width: 0.92..1.1,
        rotation_degrees: 8.0,
        slant: 0.1,
        rise_caps: 0.1,
        overlap_caps: -0.05..0.02,
        nesting_caps: 0.05,
        warp_caps: 0.13,
        warp_length_caps: 0.8,
        margin: 0.08,
        fill: 0.9..1.0,
        stretch_tall: 1.35,
        stretch_wide: 1.15,
        band_caps: 0.92,
        band_slope: 0.45,
        band_bend: 0.75,
        band_bend_length_caps: 1.3,
        band_detail: 7.0,
        specks_per_square_cap: 3.0,
        speck_radius_caps: 0.02..0.05,
    };
}

impl Default for Style {
    fn default() -> Self {
        Self::STANDARD
    }
}
