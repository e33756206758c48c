//! What is drawn on: letters in one layer, bands of inverted ground in another, and their meeting in tones.

use super::{
    Look,
    geometry::{Outline, Point},
    gif::{Pixels, encode},
    palette::{INK, PAPER, Tint, WASH},
    raster::{Change, Layer, Raster},
};

/// Pixels that are looked at together for whether anything changes.
const RUN: usize = 8;

/// A picture being drawn, measured in CSS pixels.
pub(crate) struct Canvas {
    width: u16,
    height: u16,
    /// Image pixels to a CSS pixel.
    density: f32,
    raster: Raster,
}

impl Canvas {
    pub(crate) fn new(look: &Look) -> Self {
        let factor = look.scale.factor();
        let (width, height) = (look.width * factor, look.height * factor);
        let raster = Raster::new(usize::from(width), usize::from(height));
        Self { width, height, density: f32::from(factor), raster }
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

    /// The file that shows the drawing in a tint.
    pub(crate) fn encode(&self, tint: &Tint) -> Vec<u8> {
        encode(&self.pixels(), &tint.colours())
    }

    /// The tone of every pixel.
    fn pixels(&self) -> Pixels {
        let mut tones = Vec::with_capacity(usize::from(self.width) * usize::from(self.height));
        for row in 0..usize::from(self.height) {
            append_tones(&mut tones, self.raster.row(row));
        }
        Pixels { width: self.width, height: self.height, tones }
    }
}

/// Appends the tones of a row, of which the changes are given.
fn append_tones(tones: &mut Vec<u8>, changes: &[Change]) {
    let (mut ink, mut bands, mut last) = (0.0, 0.0, PAPER);
    for run in changes.chunks(RUN) {
        // Most pixels lie on no edge and are like the one before.
        if run.as_flattened().iter().fold(0, |bits, change| bits | change.to_bits()) == 0 {
            tones.resize(tones.len() + run.len(), last);
            continue;
        }
        tones.extend(run.iter().map(|[ink_change, bands_change]| {
            ink += ink_change;
            bands += bands_change;
            last = tone(ink, bands);
            last
        }));
    }
}

/// Ink on paper or, as far as a band covers the pixel, paper on the wash.
fn tone(ink: f32, bands: f32) -> u8 {
    let inked = parity(ink);
    let inverted = bands.abs().min(1.0);
    let (ink, wash) = (f32::from(INK), f32::from(WASH));
    (inked * ink + inverted * (wash - inked * (ink + wash)) + 0.5) as u8
}

/// How odd a coverage is: 0 for none, 1 for once, 0 for twice, and so on up to four times; in between, evenly.
fn parity(coverage: f32) -> f32 {
    let once = (1.0 - coverage.abs()).abs();
    let twice = (1.0 - once).abs();
    twice.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ink_inverts_across_bands() {
        assert_eq!([tone(0.0, 0.0), tone(1.0, 0.0), tone(0.0, 1.0), tone(1.0, 1.0)], [PAPER, INK, WASH, PAPER]);
        assert_eq!([tone(2.0, 0.0), tone(-1.0, 0.0), tone(3.0, 0.0), tone(0.0, -1.0)], [PAPER, INK, INK, WASH]);
    }

    #[test]
    fn edges_are_in_between() {
        assert!((PAPER + 1..INK).contains(&tone(0.5, 0.0)));
        assert!((PAPER + 1..WASH).contains(&tone(0.5, 1.0)));
    }
}
