//! What is drawn on: letters in one plane, the ground's bands in another, and their meeting in tones.

use super::{
    Look,
    geometry::{Outline, Point},
    gif::{Pixels, encode},
    grain::Grain,
    lzw::Compressor,
    palette::{INK, PAPER, Tint, WASH},
    raster::{LANES, Lanes, Layer, QUAD, Raster},
};

/// A picture being drawn, measured in CSS pixels.
#[derive(Default)]
pub(crate) struct Canvas {
    width: u16,
    height: u16,
    /// Image pixels to a CSS pixel.
    density: f32,
    raster: Raster,
    /// Tones of one strip: for a few columns at a time, those of each row in one word.
    strip: Vec<[u32; LANES]>,
    /// Tones of all pixels, row by row.
    tones: Vec<u8>,
    compressor: Compressor,
}

impl Canvas {
    pub(crate) fn new(look: &Look) -> Self {
        let mut canvas = Self::default();
        canvas.clear(look);
        canvas
    }

    /// Begins an empty picture, in the room of the one before.
    pub(crate) fn clear(&mut self, look: &Look) {
        let factor = look.scale().factor();
        (self.width, self.height) = (look.width() * factor, look.height() * factor);
        self.density = f32::from(factor);
        self.raster.clear(usize::from(self.width), usize::from(self.height));
    }

    /// Adds one side of a polygon. Where polygons overlap, odd coverage is inked, so that both show their edges.
    pub(crate) fn add_line(&mut self, layer: Layer, from: Point, to: Point) {
        self.raster.add_line(layer, from.scaled(self.density), to.scaled(self.density));
    }

    /// Fills the inside of an outline.
    pub(crate) fn fill(&mut self, layer: Layer, outline: &Outline) {
        for (from, to) in outline.lines() {
            self.add_line(layer, from, to);
        }
    }

    /// The file that shows the drawing in a tint, under its grain.
    pub(crate) fn encode(&mut self, tint: &Tint, mut grain: Option<Grain>) -> Vec<u8> {
        self.tones.resize(usize::from(self.width) * usize::from(self.height), PAPER);
        let mut rows = self.tones.chunks_exact_mut(usize::from(self.width));
        for [ink, bands] in self.raster.sum_up() {
            choose_tones(&mut self.strip, ink, bands);
            for (lane, row) in (0..LANES).zip(rows.by_ref()) {
                lay_out(row, self.strip.iter().map(|words| words[lane]));
                if let Some(grain) = &mut grain {
                    grain.shift(row);
                }
            }
        }
        let pixels = Pixels { width: self.width, height: self.height, tones: &self.tones };
        encode(pixels, &tint.colours(), &mut self.compressor)
    }
}

/// The tones of a strip, of which the coverage is given column by column.
fn choose_tones(strip: &mut Vec<[u32; LANES]>, ink: &[Lanes], bands: &[Lanes]) {
    let (ink, bands) = (ink.as_chunks().0, bands.as_chunks().0);
    strip.resize(ink.len(), [0; LANES]);
    for ((words, ink), bands) in strip.iter_mut().zip(ink).zip(bands) {
        *words = quad(ink, bands);
    }
}

/// The tones of a few columns: a word for each row, its lowest byte for the column on the left.
fn quad(ink: &[Lanes; QUAD], bands: &[Lanes; QUAD]) -> [u32; LANES] {
    let mut words = [0; LANES];
    for (ink, bands) in ink.iter().zip(bands).rev() {
        let tones = tones(ink, bands);
        for lane in 0..LANES {
            words[lane] = words[lane] << 8 | tones[lane];
        }
    }
    words
}

/// Lays a row of tones out that come as words.
fn lay_out(row: &mut [u8], mut words: impl Iterator<Item = u32>) {
    let (quads, rest) = row.as_chunks_mut();
    for (quad, word) in quads.iter_mut().zip(words.by_ref()) {
        *quad = word.to_le_bytes();
    }
    let word = words.next().unwrap_or_default().to_le_bytes();
    rest.copy_from_slice(&word[..rest.len()]);
}

/// Ink on paper; as far as a band covers the pixel, paper on the wash; as far as it does so twice, wash on ink.
///
/// One step after another for all rows: the compiler then sees that each is one instruction for all of them.
fn tones(ink: &Lanes, bands: &Lanes) -> [u32; LANES] {
    const TONES: [f32; 3] = [INK as f32, WASH as f32, 2.0 * WASH as f32 - INK as f32];
    let [ink_tone, wash, deep_letter] = TONES;
    let inked = ink.map(parity);
    let bands = bands.map(f32::abs);
    let dark = bands.map(at_most_one);
    let deep: Lanes = std::array::from_fn(|lane| at_most_one(bands[lane] - dark[lane]));
    let ground: Lanes = std::array::from_fn(|lane| dark[lane] * wash + deep[lane] * (ink_tone - wash) + 0.5);
    // What ink adds to the ground: all of it on paper, less than nothing on the wash, and on ink again.
    let letter: Lanes =
        std::array::from_fn(|lane| ink_tone - dark[lane] * (ink_tone + wash) + deep[lane] * deep_letter);
    let sum: Lanes = std::array::from_fn(|lane| ground[lane] + inked[lane] * letter[lane]);
    sum.map(rounded_down)
}

/// The whole part of a number from 0 to 2²².
///
/// Adding 2²³ leaves no bits for a fraction. What `as` does takes far longer, since it minds numbers beyond an integer's
/// range, and several at a time are converted one by one.
fn rounded_down(number: f32) -> u32 {
    const WHOLE: f32 = (1 << 23) as f32;
    let shifted = number + WHOLE;
    let is_above = shifted - WHOLE > number;
    shifted.to_bits() - WHOLE.to_bits() - u32::from(is_above)
}

/// How odd a coverage is: 0 for none, 1 for once, 0 for twice, and so on up to four times; in between, evenly.
fn parity(coverage: f32) -> f32 {
    let once = (1.0 - coverage.abs()).abs();
    let twice = (1.0 - once).abs();
    at_most_one(twice)
}

/// Unlike `f32::min`, it is one instruction: no coverage is not a number.
fn at_most_one(coverage: f32) -> f32 {
    if coverage < 1.0 { coverage } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(ink: f32, bands: f32) -> u8 {
        tones(&[ink; LANES], &[bands; LANES])[0] as u8
    }

    #[test]
    fn ink_inverts_across_bands() {
        let tones = |pairs: [(f32, f32); 4]| pairs.map(|(ink, bands)| tone(ink, bands));
        assert_eq!(tones([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)]), [PAPER, INK, WASH, PAPER]);
        assert_eq!(tones([(0.0, 2.0), (1.0, 2.0), (0.0, -2.0), (1.0, 3.0)]), [INK, WASH, INK, WASH]);
        assert_eq!(tones([(2.0, 0.0), (-1.0, 0.0), (3.0, 0.0), (0.0, -1.0)]), [PAPER, INK, INK, WASH]);
    }

    #[test]
    fn edges_are_in_between() {
        assert!((PAPER + 1..INK).contains(&tone(0.5, 0.0)));
        assert!((PAPER + 1..WASH).contains(&tone(0.5, 1.0)));
        assert!((WASH + 1..INK).contains(&tone(0.5, 2.0)));
    }

    #[test]
    fn rounding_down_is_exact() {
        for step in 0..80_000 {
            let number = step as f32 / 10_000.0;
            for number in [number, number.next_up(), number.next_down().max(0.0)] {
                assert_eq!(rounded_down(number), number as u32, "{number}");
            }
        }
    }
}
