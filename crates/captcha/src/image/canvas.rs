//! What is drawn on: strokes in one plane, the ground beneath it, and their meeting in tones.

use wide::u8x16;

use super::{
    Look, PictureFormat,
    geometry::{Outline, Point},
    gif::{self, Pixels},
    grain::Grain,
    ground::{Block, Ground, SPACING, WHOLE, ground_of},
    jpeg,
    lzw::Compressor,
    palette::{PAPER, Tint},
    raster::{COVERED, LANES, Lanes, Raster},
};

/// A picture being drawn, measured in CSS pixels.
#[derive(Default)]
pub(crate) struct Canvas {
    width: u16,
    height: u16,
    /// Image pixels to a CSS pixel.
    density: f32,
    raster: Raster,
    /// Tones of all pixels, row by row.
    tones: Vec<u8>,
    compressor: Compressor,
    format: PictureFormat,
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
        self.format = look.format();
        self.raster.clear(usize::from(self.width), usize::from(self.height));
    }

    /// Adds one side of a polygon. Where polygons overlap, odd coverage is inked, so that both show their edges.
    pub(crate) fn add_line(&mut self, from: Point, to: Point) {
        self.raster.add_line(from.scaled(self.density), to.scaled(self.density));
    }

    /// Fills the inside of an outline.
    pub(crate) fn fill(&mut self, outline: &Outline) {
        // Walked from within, since lines come out of polygons one by one.
        outline.lines().for_each(|(from, to)| self.add_line(from, to));
    }

    /// The file that shows the drawing on a ground in a tint, under its grain.
    pub(crate) fn encode(&mut self, ground: &mut Ground, tint: &Tint, grain: Option<Grain>) -> Vec<u8> {
        let width = usize::from(self.width);
        self.tones.resize(width * usize::from(self.height), PAPER);
        let strips = self.tones.chunks_mut(width * LANES);
        for (index, (mut columns, rows)) in self.raster.strips().zip(strips).enumerate() {
            ground.begin_strip(index);
            for place in 0..width.div_ceil(SPACING) {
                let coverage = std::array::from_fn(|_| columns.next().unwrap_or_default());
                lay_out(rows, width, place * SPACING, &block(&coverage, ground, place));
            }
        }
        if let Some(mut grain) = grain {
            grain.strew(&mut self.tones, width);
        }
        let pixels = Pixels { width: self.width, height: self.height, tones: &self.tones };
        match self.format {
            PictureFormat::Gif => gif::encode(pixels, &tint.colours(), &mut self.compressor),
            PictureFormat::Jpeg => jpeg::encode(pixels, &tint.colours()),
        }
    }
}

/// The tones of a few columns of a strip, row by row.
///
/// Most blocks are bare or lie in one band, and are much less work than the others.
fn block(coverage: &Block, ground: &Ground, place: usize) -> [[u8; SPACING]; LANES] {
    let is_bare = coverage.iter().fold(Lanes::default(), |any, part| any | *part) == Lanes::default();
    let tones = match (ground.band(place, is_bare), is_bare) {
        (Some(band), true) => return [[band.tone(); SPACING]; LANES],
        (Some(band), false) => {
            let (others, ground) = (ground.other_tone(place), Lanes::splat(band.ground()));
            std::array::from_fn(|column| tone(ground, band.drawn(others[column]), coverage[column]))
        }
        (None, true) => {
            let [dark, deep] = ground.bands(place);
            std::array::from_fn(|column| {
                tone(ground_of(dark[column], deep[column]), Lanes::default(), coverage[column])
            })
        }
        (None, false) => {
            let [ground, drawn] = ground.tones(place);
            std::array::from_fn(|column| tone(ground[column], drawn[column], coverage[column]))
        }
    };
    transposed(&tones)
}

/// Rows of columns. Each round doubles how many neighbours lie together.
fn transposed(columns: &Block) -> [[u8; SPACING]; LANES] {
    let columns = columns.map(|column| u8x16::narrow_i16x8(column, column));
    let fourth = |first: usize| u8x16::unpack_low(columns[first], columns[first + 4]);
    let (even, odd) = ([fourth(0), fourth(2)], [fourth(1), fourth(3)]);
    let (upper, lower) = (
        [u8x16::unpack_low(even[0], even[1]), u8x16::unpack_low(odd[0], odd[1])],
        [u8x16::unpack_high(even[0], even[1]), u8x16::unpack_high(odd[0], odd[1])],
    );
    let mut rows = [[0; SPACING]; LANES];
    let pairs = rows.as_chunks_mut::<4>().0;
    for (rows, [even, odd]) in pairs.iter_mut().zip([upper, lower]) {
        let two = [u8x16::unpack_low(even, odd), u8x16::unpack_high(even, odd)];
        for (rows, two) in rows.as_chunks_mut::<2>().0.iter_mut().zip(two) {
            rows.as_flattened_mut().copy_from_slice(two.as_array());
        }
    }
    rows
}

/// Puts the tones of a few columns where they belong. In the last ones some may lie outside of the picture.
fn lay_out(strip: &mut [u8], width: usize, left: usize, block: &[[u8; SPACING]; LANES]) {
    let count = SPACING.min(width - left);
    for (row, tones) in strip.chunks_exact_mut(width).zip(block) {
        match row[left..].first_chunk_mut() {
            Some(place) => *place = *tones,
            None => row[left..].copy_from_slice(&tones[..count]),
        }
    }
}

/// The tones of a column: as far as pixels are covered, those of what is drawn, and else the ground's.
#[inline]
fn tone(ground: Lanes, drawn: Lanes, coverage: Lanes) -> Lanes {
    let rounding = Lanes::splat(WHOLE * WHOLE * WHOLE / 2);
    (ground * WHOLE + parity(coverage) * (drawn - ground) + rounding) >> 12
}

/// How odd coverages are: 0 for none, [`WHOLE`] for once, 0 for twice, and so on; in between, in four steps.
///
/// More steps would cost bytes that no eye sees, and fewer cost readers.
#[inline]
fn parity(coverage: Lanes) -> Lanes {
    let part = coverage & Lanes::splat(2 * COVERED - 1);
    let odd = part.min(Lanes::splat(2 * COVERED) - part);
    ((odd + Lanes::splat(COVERED / 8)) >> 6) << 2
}

const _: () = assert!(COVERED / 4 == 1 << 6 && WHOLE / 4 == 1 << 2 && WHOLE * WHOLE * WHOLE == 1 << 12);
