//! The ground: light, dark and deep bands, and which of two tones letters have where.
//!
//! The three kinds of band have three tones, paper, wash and ink, and what is drawn has one of the two that its ground
//! has not. Which of the two follows from a landscape of its own, so that it changes along a stroke where nothing else
//! does. So no tone is always a letter's or always the ground's, and none follows from the tone beneath it: whatever
//! parts letters from ground in one place fails in another.
//!
//! Bands rather than blobs: an island of another tone inside of a 9 makes an 8 of it. Both landscapes are smooth, so they
//! are worked out for every eighth pixel of a row and are straight between. Depth is counted in 65,536ths of a pair of
//! waves, which a number of 16 bits goes round with by itself.

use super::{
    Look,
    field::Field,
    geometry::Point,
    layout::{Part, Word},
    palette::{INK, PAPER, WASH},
    raster::{LANES, Lanes},
    style::Style,
};
use crate::Seed;

/// Pixels from one place where landscapes are worked out to the next.
pub(crate) const SPACING: usize = 8;

/// A wave: from the middle of a dark band to the middle of the next deep one.
const WAVE: f32 = 32_768.0;
/// Depth from 0, the middle of a dark band, to a wave, the middle of a deep one. Light bands lie between these two.
const DARK_UNTIL: i16 = (0.3 * WAVE) as i16;
const DEEP_FROM: i16 = (0.7 * WAVE) as i16;

/// The weight of a tone that a pixel has alone.
pub(crate) const WHOLE: i16 = 16;
/// Tones times the whole weight.
const WASH_TONE: i16 = WASH as i16 * WHOLE;
const INK_TONE: i16 = INK as i16 * WHOLE;

/// What the ground is made of, with the room that making it needs.
#[derive(Default)]
pub(crate) struct Ground {
    bands: Bands,
    depth: Landscape,
    choice: Landscape,
    /// Image pixels to a CSS pixel, and the picture's height in CSS pixels.
    density: f32,
    height: f32,
    /// Where landscapes are worked out along a row, in CSS pixels.
    places: Vec<f32>,
}

/// A landscape, and its heights above and below the strip that is being drawn.
#[derive(Default)]
struct Landscape {
    field: Field,
    /// Its heights where a row of its lattice meets a place.
    along_rows: Vec<f32>,
    above: Vec<i16>,
    below: Vec<i16>,
}

/// A number for each pixel of a few columns of a strip.
pub(crate) type Block = [Lanes; SPACING];

/// Bands that run across the picture and bend with a smooth landscape.
#[derive(Default, Clone, Copy)]
struct Bands {
    /// How many waves there are in a CSS pixel, across and down.
    pace: Point,
    start: f32,
    bend: f32,
    /// Whether every other dark band is a deep one.
    has_deep: bool,
    /// Whether what is drawn may have either of two tones.
    has_choice: bool,
    /// How far from an edge it has the one that neither side's ground has, in depth.
    bridge: i16,
    /// The height from which on a plain ground is wash, in CSS pixels. Other grounds have none.
    wash_from: Option<f32>,
}

impl Ground {
    /// Makes the ground for a word.
    pub(crate) fn make(&mut self, word: &Word, seed: &Seed, style: &Style, look: &Look) {
        let mut stream = Part::Bands.stream(seed);
        // A wave is one light band and one that is dark or deep.
        let waves_per_pixel = 0.5 / (style.band_caps * word.cap);
        self.bands = Bands {
            pace: Point::new(stream.uniform(-style.band_slope, style.band_slope) * waves_per_pixel, waves_per_pixel),
            start: stream.uniform(0.0, 2.0),
            bend: style.band_bend,
            has_deep: stream.uniform(0.0, 1.0) < style.deep_bands,
            has_choice: style.tone_length_caps > 0.0,
            bridge: (style.bridge_caps * word.cap * waves_per_pixel * WAVE).min(0.15 * WAVE) as i16,
            wash_from: None,
        };
        self.make_places(look);
        // A strip's last place may lie beyond the right edge.
        let room = (look.size().0 + SPACING as f32, look.size().1);
        self.depth.make(&self.places, room, style.band_bend_length_caps * word.cap, &mut stream);
        if self.bands.has_choice {
            let mut stream = Part::Tones.stream(seed);
            self.choice.make(&self.places, room, style.tone_length_caps * word.cap, &mut stream);
        }
    }

    /// Makes a ground of paper, and of wash from this height on, in CSS pixels.
    pub(crate) fn make_plain(&mut self, look: &Look, wash_from: f32) {
        self.bands = Bands { wash_from: Some(wash_from), ..Bands::default() };
        self.make_places(look);
        let room = (look.size().0 + SPACING as f32, look.size().1);
        self.depth.make(&self.places, room, room.1, &mut Seed::from_number(0).stream());
    }

    fn make_places(&mut self, look: &Look) {
        let factor = look.scale().factor();
        (self.density, self.height) = (f32::from(factor), look.size().1);
        let count = usize::from(look.width() * factor).div_ceil(SPACING) + 1;
        self.places.clear();
        self.places.extend((0..count).map(|index| ((index * SPACING) as f32 + 0.5) / self.density));
    }

    /// Works landscapes out for the next strip: rows of pixels from `strip` times [`LANES`] on.
    pub(crate) fn begin_strip(&mut self, strip: usize) {
        let Self { bands, depth, choice, density, height, places } = self;
        let y_of = |strip: usize| ((strip * LANES) as f32 + 0.5) / *density;
        let rows = if strip == 0 { 0..2 } else { strip + 1..strip + 2 };
        for row in rows {
            // Rows below the picture are drawn too, and left out later.
            let (y, inside) = (y_of(row), y_of(row).min(*height));
            depth.work_out(places, inside, |x, height| bands.phase(x, y, height));
            if bands.has_choice {
                choice.work_out(places, inside, |_, height| height);
            }
        }
    }

    /// The band that the strip's columns from this place to the next lie in, if they lie in one; where something is
    /// drawn, they must be far enough from its edges.
    pub(crate) fn band(&self, place: usize, is_bare: bool) -> Option<Band> {
        let depth = Plane::of(&self.depth, place);
        let bridge = if is_bare || !self.bands.has_choice { 0 } else { self.bands.bridge };
        self.bands.band(&depth, depth.steepness + bridge)
    }

    /// How much of each pixel of these columns lies in a dark band, and how much in a deep one.
    pub(crate) fn bands(&self, place: usize) -> [Block; 2] {
        let phase = Plane::of(&self.depth, place);
        self.bands.weights(&phase, &phase.depths())
    }

    /// The tones of these columns' ground, and of what is drawn on it, times [`WHOLE`] twice.
    pub(crate) fn tones(&self, place: usize) -> [Block; 2] {
        let phase = Plane::of(&self.depth, place);
        let depths = phase.depths();
        let [dark, deep] = self.bands.weights(&phase, &depths);
        let others = self.other_tone(place);
        let ground = std::array::from_fn(|column| ground_of(dark[column], deep[column]));
        let drawn = std::array::from_fn(|column| {
            let drawn = drawn_on(dark[column], deep[column], others[column]);
            if self.bands.has_choice { self.bands.bridged(depths[column], drawn) } else { drawn }
        });
        [ground, drawn]
    }

    /// How much the other of two tones weighs in each pixel of these columns, far from the bands' edges.
    pub(crate) fn other_tone(&self, place: usize) -> Block {
        if !self.bands.has_choice {
            return Block::default();
        }
        let choice = Plane::of(&self.choice, place);
        match choice.side() {
            Some(is_other) => [Lanes::splat(WHOLE * i16::from(is_other)); SPACING],
            None => {
                let seam = Sharpness::of(choice.steepness);
                choice.columns().map(|heights| seam.weights(heights))
            }
        }
    }
}

impl Landscape {
    fn make(&mut self, places: &[f32], room: (f32, f32), length: f32, stream: &mut crate::Stream) {
        self.field.redraw_even(Point::default(), room, length, stream);
        self.field.along_rows(places, &mut self.along_rows);
    }

    /// Works a function of place and height out at every place of a row, which lies below those before.
    fn work_out(&mut self, places: &[f32], y: f32, value: impl Fn(f32, f32) -> f32) {
        std::mem::swap(&mut self.above, &mut self.below);
        let (row, [a, b, c]) = self.field.place_down(y);
        let mut lines = self.along_rows.chunks_exact(places.len()).skip(row);
        let mut line = || lines.next().expect("the lattice goes beyond the frame");
        let lines = line().iter().zip(line()).zip(line());
        self.below.clear();
        self.below.extend(
            places
                .iter()
                .zip(lines)
                .map(|(&x, ((above, at), below))| going_round(value(x, a * above + b * at + c * below) * WAVE)),
        );
    }
}

/// Heights over a block, which change evenly between its corners.
struct Plane {
    /// Upper left, upper right, lower left and lower right.
    corners: [i16; 4],
    /// The difference in height from a pixel to the next.
    steepness: i16,
}

impl Plane {
    fn of(Landscape { above, below, .. }: &Landscape, place: usize) -> Self {
        let corners = [above[place], above[place + 1], below[place], below[place + 1]];
        let [across, down] = [corners[1], corners[2]].map(|corner| f32::from(corner.wrapping_sub(corners[0])));
        let steepness = (across * across + down * down).sqrt() / SPACING as f32;
        Self { corners, steepness: steepness.clamp(128.0, 16_000.0) as i16 }
    }

    /// Whether all of the block lies above 0 or below, if it does.
    fn side(&self) -> Option<bool> {
        let (least, most) = ends(self.corners);
        (least > self.steepness).then_some(true).or((most < -self.steepness).then_some(false))
    }

    /// How deep each pixel of the block is, if the heights are phases: a phase and its complement are as deep.
    fn depths(&self) -> Block {
        self.columns().map(|phase| phase ^ (phase >> 15))
    }

    /// The heights column by column.
    fn columns(&self) -> Block {
        let eighth = |from: i16, to: i16| (to.wrapping_sub(from).wrapping_add(4)) >> 3;
        let [upper_left, upper_right, ..] = self.corners.map(Lanes::splat);
        let [left, right] = [[0, 2], [1, 3]].map(|[upper, lower]| eighth(self.corners[upper], self.corners[lower]));
        let down = Lanes::new([0, 1, 2, 3, 4, 5, 6, 7]);
        let (mut height, end) = (upper_left + down * left, upper_right + down * right);
        let step = (end - height + Lanes::splat(4)) >> 3;
        std::array::from_fn(|_| {
            let here = height;
            height += step;
            here
        })
    }
}

/// The kinds of band, by their ground: wash, paper and ink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Band {
    Dark,
    Light,
    Deep,
}

impl Band {
    /// The tone of its ground.
    pub(crate) const fn tone(self) -> u8 {
        match self {
            Self::Dark => WASH,
            Self::Light => PAPER,
            Self::Deep => INK,
        }
    }

    /// The same, times [`WHOLE`] twice.
    pub(crate) const fn ground(self) -> i16 {
        self.tone() as i16 * WHOLE * WHOLE
    }

    /// The tones of what is drawn on it, where the other tone weighs so much, as [`drawn_on`].
    #[inline]
    pub(crate) fn drawn(self, other: Lanes) -> Lanes {
        match self {
            Self::Dark => sides(other) * INK_TONE,
            Self::Light => Lanes::splat(INK_TONE * WHOLE) - other * (INK_TONE - WASH_TONE),
            Self::Deep => Lanes::splat(WASH_TONE * WHOLE) - other * WASH_TONE,
        }
    }
}

/// The ground's tone where a dark and a deep band weigh so much, times [`WHOLE`] twice.
#[inline]
pub(crate) fn ground_of(dark: Lanes, deep: Lanes) -> Lanes {
    dark * WASH_TONE + deep * INK_TONE
}

/// The tone of what is drawn there, times [`WHOLE`] twice: ink on paper, paper on wash and wash on ink, or as far as the
/// other tone weighs, wash, ink and paper.
#[inline]
pub(crate) fn drawn_on(dark: Lanes, deep: Lanes, other: Lanes) -> Lanes {
    let light = Lanes::splat(WHOLE) - dark - deep;
    let on_light = Lanes::splat(INK_TONE) + other * (WASH as i16 - INK as i16);
    let on_deep = Lanes::splat(WASH_TONE) - other * WASH as i16;
    light * on_light + dark * (sides(other) * INK as i16) + deep * on_deep
}

/// Weights that are all or nothing. Between paper and ink lies wash, and on wash nothing of that tone may be drawn.
#[inline]
pub(crate) fn sides(weights: Lanes) -> Lanes {
    weights.simd_gt(Lanes::splat(WHOLE / 2)) & Lanes::splat(WHOLE)
}

impl Bands {
    /// How many waves a point is from the first one's start, where the landscape has this height.
    fn phase(&self, x: f32, y: f32, landscape: f32) -> f32 {
        if let Some(wash_from) = self.wash_from {
            return if y < wash_from { 0.5 } else { 0.0 };
        }
        self.start + self.pace.x * x + self.pace.y * y + self.bend * landscape
    }

    /// The band that a block lies in, so far from its edges, if it lies in one.
    fn band(&self, phase: &Plane, margin: i16) -> Option<Band> {
        let (least, most) = ends(phase.corners.map(depth));
        let turns = phase.corners.map(|corner| corner.wrapping_sub(phase.corners[0]));
        let deep = if self.has_deep { Band::Deep } else { Band::Dark };
        if turns.iter().any(|turn| turn.unsigned_abs() > (WAVE / 8.0) as u16) {
            None
        } else if most < DARK_UNTIL - margin {
            Some(Band::Dark)
        } else if least > DEEP_FROM.saturating_add(margin) {
            Some(deep)
        } else {
            (least > DARK_UNTIL.saturating_add(margin) && most < DEEP_FROM - margin).then_some(Band::Light)
        }
    }

    /// How much of each pixel of a block lies in a dark band, and how much in a deep one.
    fn weights(&self, phase: &Plane, depths: &Block) -> [Block; 2] {
        let edge = Sharpness::of(phase.steepness);
        let dark = depths.map(|depth| edge.weights(Lanes::splat(DARK_UNTIL) - depth));
        let deep = depths.map(|depth| edge.weights(depth - Lanes::splat(DEEP_FROM)));
        if self.has_deep {
            [dark, deep]
        } else {
            [std::array::from_fn(|column| dark[column] + deep[column]), Block::default()]
        }
    }

    /// The tones of what is drawn, which close to an edge are the one that neither side's ground has.
    fn bridged(&self, depth: Lanes, drawn: Lanes) -> Lanes {
        let bridge = Lanes::splat(self.bridge);
        let at_dark = (depth - Lanes::splat(DARK_UNTIL)).abs().simd_lt(bridge);
        let at_deep = (depth - Lanes::splat(DEEP_FROM)).abs().simd_lt(bridge);
        let beside_deep = if self.has_deep { WASH_TONE } else { INK_TONE } * WHOLE;
        at_dark.bitselect(Lanes::splat(INK_TONE * WHOLE), at_deep.bitselect(Lanes::splat(beside_deep), drawn))
    }
}

/// How deep a phase is, as [`Plane::depths`].
const fn depth(phase: i16) -> i16 {
    phase ^ (phase >> 15)
}

/// The least and the greatest of four heights.
fn ends(corners: [i16; 4]) -> (i16, i16) {
    let [a, b, c, d] = corners;
    (a.min(b).min(c.min(d)), a.max(b).max(c.max(d)))
}

/// How sharp edges are: what turns a distance in height into one in pixels.
#[derive(Clone, Copy)]
struct Sharpness {
    /// The difference in height from a pixel to the next.
    steepness: i16,
    /// How much is left of it by so many bits less, 128 to 255, and what that must be multiplied by.
    bits: u32,
    factor: i16,
}

impl Sharpness {
    /// The sharpness where heights differ so much from a pixel to the next: by 128 or more.
    fn of(steepness: i16) -> Self {
        let bits = steepness.ilog2() - 7;
        Self { steepness, bits, factor: (1 << 14) / (steepness >> bits) }
    }

    /// How much of each pixel lies beyond an edge, from 0 to [`WHOLE`], whose middle is this far beyond it in height.
    #[inline]
    fn weights(self, heights: Lanes) -> Lanes {
        let steepness = Lanes::splat(self.steepness);
        let near = heights.min(steepness).max(Lanes::default() - steepness) >> self.bits;
        let part: Lanes = (near * self.factor) >> 10;
        let part = part + Lanes::splat(WHOLE / 2);
        part.max(Lanes::default()).min(Lanes::splat(WHOLE))
    }
}

/// A number's lowest sixteen bits, rounded. Larger ones go round.
fn going_round(number: f32) -> i16 {
    // Adding 3·2²² leaves no bits for a fraction. What `as` does takes far longer.
    const ROUNDING: f32 = (3 << 22) as f32;
    (number + ROUNDING).to_bits() as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::{
        Theme,
        canvas::Canvas,
        palette::{PAPER, Tint},
    };

    /// A picture's tones, with its frame filled or bare, and how deep the ground is at the middle of each pixel.
    fn picture(number: u64, style: &Style, is_filled: bool) -> Vec<(u8, f32)> {
        let (seed, look) = (Seed::from_number(number), Look::default());
        let (mut canvas, mut ground) = (Canvas::new(&look), Ground::default());
        if is_filled {
            canvas.add_line(Point::new(0.0, 80.0), Point::new(0.0, 0.0));
        }
        ground.make(&Word { cap: 30.0, ..Word::default() }, &seed, style, &look);
        let file = canvas.encode(&mut ground, &Tint::all(Theme::Light)[0], None);
        let mut decoder = gif::DecodeOptions::new().read_info(file.as_slice()).unwrap();
        let tones = decoder.read_next_frame().unwrap().unwrap().buffer.to_vec();
        let depth_of = |index: usize| {
            let (x, y) = ((index % 240) as f32 + 0.5, (index / 240) as f32 + 0.5);
            let landscape = ground.depth.field.at(Point::new(x, y));
            let phase = ground.bands.phase(x, y, landscape) / 2.0;
            1.0 - (1.0 - 2.0 * (phase.abs() % 1.0)).abs()
        };
        tones.into_iter().enumerate().map(|(index, tone)| (tone, depth_of(index))).collect()
    }

    fn styles() -> impl Iterator<Item = (u64, Style)> {
        (0..40).map(|number| {
            let (deep_bands, band_bend) = ((number % 2) as f32, 0.5 + 0.25 * (number % 4) as f32);
            (number, Style { deep_bands, band_bend, ..Style::STANDARD })
        })
    }

    fn is_near(depth: f32, far: f32) -> bool {
        [0.3, 0.7].iter().any(|edge| (depth - edge).abs() < far)
    }

    /// Edges that do not close would let a band run on to the right.
    #[test]
    fn each_pixel_away_from_an_edge_has_the_ground_that_its_depth_says() {
        for (number, style) in styles() {
            let deep_tone = if style.deep_bands > 0.0 { INK } else { WASH };
            let (mut wrong, mut seen) = (0, [0; 8]);
            for (tone, depth) in picture(number, &style, false) {
                let expected = match depth {
                    depth if depth < 0.3 => WASH,
                    depth if depth > 0.7 => deep_tone,
                    _ => PAPER,
                };
                wrong += usize::from(tone != expected && !is_near(depth, 0.08));
                seen[usize::from(expected)] += 1;
            }
            assert!(wrong < 240 * 80 / 100, "{number}: {wrong} pixels");
            assert!(seen[usize::from(PAPER)] > 1_000, "{number}: {seen:?}");
        }
    }

    #[test]
    fn what_is_drawn_never_has_its_grounds_tone_and_has_either_other() {
        let mut seen = [[0; 8]; 8];
        for (number, style) in styles() {
            let (ground, drawn) = (picture(number, &style, false), picture(number, &style, true));
            for ((ground, depth), (drawn, _)) in ground.into_iter().zip(drawn) {
                if !is_near(depth, 0.08) {
                    seen[usize::from(ground)][usize::from(drawn)] += 1;
                }
            }
        }
        let tones = [PAPER, WASH, INK];
        let total: usize = seen.as_flattened().iter().sum();
        let mut clear = 0;
        for (ground, drawn) in tones.into_iter().flat_map(|ground| tones.map(|drawn| (ground, drawn))) {
            let part = seen[usize::from(ground)][usize::from(drawn)] as f64 / total as f64;
            assert!(if ground == drawn { part < 0.001 } else { part > 0.01 }, "{drawn} on {ground}: {part}");
            clear += seen[usize::from(ground)][usize::from(drawn)];
        }
        // The others lie between two tones, where what is drawn changes.
        assert!(clear * 10 > total * 8, "{clear} of {total}");
    }

    /// An edge that cut what is drawn would make an F of an E.
    #[test]
    fn what_is_drawn_does_not_change_at_an_edge() {
        for (number, style) in styles() {
            let (mut changed, mut seen) = (0, 0);
            for (tone, depth) in picture(number, &style, true) {
                if is_near(depth, 0.01) {
                    let is_deep = style.deep_bands > 0.0 && depth > 0.5;
                    changed += usize::from(tone != if is_deep { WASH } else { INK });
                    seen += 1;
                }
            }
            assert!(seen > 100 && changed * 20 < seen, "{number}: {changed} of {seen}");
        }
    }
}
