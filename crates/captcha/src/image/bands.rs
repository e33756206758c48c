//! The bands that the ground is split into: light ones, and between them dark ones and deep ones by turns.
//!
//! Letters are darker than a light band and lighter than the other two, and on a deep one they have the tone of the dark
//! one's ground. So no tone is always a letter's or always the ground's, and whatever threshold parts the two somewhere
//! merges them elsewhere.
//!
//! Bands rather than blobs: an island of the other tone inside of a C makes an E of it. Their edges are traced over a
//! grid of triangles and filled like a letter's outline, so that they are as sharp and as smooth at every scale.

use super::{
    canvas::Canvas,
    field::Field,
    geometry::Point,
    layout::{Part, Word},
    raster::Layer,
    style::Style,
};
use crate::Seed;

/// A corner of the grid, with the bands' depth there.
type Corner = (Point, f32);

/// Depth from 0, the middle of a dark band, to 1, the middle of a deep one. Light bands lie between these two.
const DARK_UNTIL: f32 = 0.3;
const DEEP_FROM: f32 = 0.7;

/// The grid that bands are traced over, and what tracing needs room for.
#[derive(Default)]
pub(crate) struct Ground {
    landscape: Field,
    /// The landscape's heights where a row of its lattice meets a column of the grid.
    along_rows: Vec<f32>,
    /// Where the columns of the grid are, from left to right.
    places: Vec<f32>,
    /// The bands' depths along two rows of the grid.
    upper: Vec<f32>,
    lower: Vec<f32>,
}

/// Inverts the ground of a frame in bands.
pub(crate) fn add_bands(
    canvas: &mut Canvas,
    ground: &mut Ground,
    word: &Word,
    seed: &Seed,
    style: &Style,
    frame: (f32, f32),
) {
    let step = word.cap / style.band_detail;
    let columns = (frame.0 / step) as usize + 1;
    let rows = (frame.1 / step) as usize + 1;
    let height_of = |row: usize| frame.1 * row as f32 / rows as f32;
    let bands = Bands::new(ground, word, seed, style, frame);
    ground.places.clear();
    ground.places.extend((0..=columns).map(|column| frame.0 * column as f32 / columns as f32));
    ground.landscape.along_rows(&ground.places, &mut ground.along_rows);
    bands.set_depths(ground, height_of(0));
    for row in 1..=rows {
        std::mem::swap(&mut ground.upper, &mut ground.lower);
        bands.set_depths(ground, height_of(row));
        add_row(canvas, ground, &Edge::DARK, (height_of(row - 1), height_of(row)));
        add_row(canvas, ground, &bands.deep, (height_of(row - 1), height_of(row)));
    }
}

/// The edge of one kind of band: where depth crosses a level.
struct Edge {
    layer: Layer,
    level: f32,
    /// 1 where what is deeper lies inside, -1 where what is less deep does.
    inside: f32,
}

impl Edge {
    const DARK: Self = Self { layer: Layer::Bands, level: DARK_UNTIL, inside: -1.0 };
    const DEEP: Self = Self { layer: Layer::DeepBands, level: DEEP_FROM, inside: 1.0 };
    /// Of what would be a deep band where there are none.
    const SECOND_DARK: Self = Self { layer: Layer::Bands, ..Self::DEEP };
}

/// Adds the edges of one kind of band between two rows of the grid.
fn add_row(canvas: &mut Canvas, ground: &Ground, edge: &Edge, (top, bottom): (f32, f32)) {
    let height = |depth: f32| edge.inside * (depth - edge.level);
    let corners = ground.places.iter().zip(&ground.upper).zip(&ground.lower);
    let mut corners = corners
        .map(|((&x, &upper), &lower)| [(Point::new(x, top), height(upper)), (Point::new(x, bottom), height(lower))]);
    let Some(mut left) = corners.next() else {
        return;
    };
    // Only what lies to the left of a pixel changes its coverage, so of the frame's edges the left one alone counts.
    add_inside(canvas, edge.layer, left[1], left[0]);
    for right in corners {
        let inside = [left[0], left[1], right[0], right[1]].map(is_inside);
        if inside != [inside[0]; 4] {
            add_triangle(canvas, edge.layer, [left[0], right[0], left[1]]);
            add_triangle(canvas, edge.layer, [right[0], right[1], left[1]]);
        }
        left = right;
    }
}

/// Bands that run across the picture and bend with a smooth landscape. Their depth is that of a zigzag wave.
struct Bands {
    /// How many waves there are in a CSS pixel, across and down.
    pace: Point,
    start: f32,
    bend: f32,
    /// The edge of every other band.
    deep: Edge,
}

impl Bands {
    /// Bands that bend with the ground's landscape, which is made for them.
    fn new(ground: &mut Ground, word: &Word, seed: &Seed, style: &Style, frame: (f32, f32)) -> Self {
        let mut stream = Part::Bands.stream(seed);
        // A wave is one light band and one that is dark or deep.
        let waves_per_pixel = 0.5 / (style.band_caps * word.cap);
        let pace = Point::new(stream.uniform(-style.band_slope, style.band_slope) * waves_per_pixel, waves_per_pixel);
        let start = stream.uniform(0.0, 2.0);
        let deep = if stream.uniform(0.0, 1.0) < style.deep_bands { Edge::DEEP } else { Edge::SECOND_DARK };
        let length = style.band_bend_length_caps * word.cap;
        ground.landscape.redraw_even(Point::default(), frame, length, &mut stream);
        Self { pace, start, bend: style.band_bend, deep }
    }

    /// Sets the depths along the lower row, which lies at `y`.
    fn set_depths(&self, ground: &mut Ground, y: f32) {
        let (row, [a, b, c]) = ground.landscape.place_down(y);
        let mut lines = ground.along_rows.chunks_exact(ground.places.len()).skip(row);
        let mut line = || lines.next().expect("the lattice goes beyond the frame");
        let lines = line().iter().zip(line()).zip(line());
        ground.lower.clear();
        ground.lower.extend(ground.places.iter().zip(lines).map(|(&x, ((above, at), below))| {
            let landscape = a * above + b * at + c * below;
            depth(self.phase(Point::new(x, y), landscape))
        }));
    }

    /// How many waves a point is from the first one's start, where the landscape has this height.
    fn phase(&self, point: Point, landscape: f32) -> f32 {
        self.start + self.pace.x * point.x + self.pace.y * point.y + self.bend * landscape
    }
}

/// The depth of the zigzag wave: 0 where the phase is an even number, 1 where it is an odd one.
fn depth(phase: f32) -> f32 {
    // The wave is the same on either side of 0, so a phase below it needs no rounding down.
    let half = phase.abs() * 0.5;
    let part = half - half as i32 as f32;
    1.0 - (1.0 - 2.0 * part).abs()
}

/// The sides of a triangle along which a walk round it leaves the inside and comes back, each from the corner inside to
/// the one outside. Which corners lie inside is an index: 1 for the first, 2 for the second, 4 for the third.
const CROSSED_SIDES: [[[usize; 2]; 2]; 8] = [
    [[0, 0], [0, 0]],
    [[0, 1], [0, 2]],
    [[1, 2], [1, 0]],
    [[1, 2], [0, 2]],
    [[2, 0], [2, 1]],
    [[0, 1], [2, 1]],
    [[2, 0], [1, 0]],
    [[0, 0], [0, 0]],
];

/// Adds the line along which their height crosses zero in a triangle: from where a walk round it leaves the inside to
/// where it comes back.
///
/// Which sides it crosses is looked up, since no processor would guess it.
fn add_triangle(canvas: &mut Canvas, layer: Layer, corners: [Corner; 3]) {
    let inside = corners.map(|corner| usize::from(is_inside(corner)));
    let index = inside[0] + 2 * inside[1] + 4 * inside[2];
    if index != 0 && index != 7 {
        let [leaves, returns] =
            CROSSED_SIDES[index].map(|[inside, outside]| crossing(corners[inside], corners[outside]));
        canvas.add_line(layer, leaves, returns);
    }
}

/// Adds the part of a side that lies inside.
fn add_inside(canvas: &mut Canvas, layer: Layer, from: Corner, to: Corner) {
    match (is_inside(from), is_inside(to)) {
        (true, true) => canvas.add_line(layer, from.0, to.0),
        (true, false) => canvas.add_line(layer, from.0, crossing(from, to)),
        (false, true) => canvas.add_line(layer, crossing(to, from), to.0),
        (false, false) => {}
    }
}

fn is_inside((_, height): Corner) -> bool {
    height > 0.0
}

/// Where their height crosses zero, from a corner inside to one outside.
fn crossing(inside: Corner, outside: Corner) -> Point {
    inside.0.towards(outside.0, inside.1 / (inside.1 - outside.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::{
        Look, Theme,
        palette::{INK, PAPER, Tint, WASH},
    };

    #[test]
    fn a_zigzag_goes_from_even_phases_to_odd_ones() {
        let steps = [(0.0, 0.0), (0.25, 0.25), (1.0, 1.0), (1.5, 0.5), (2.0, 0.0), (-1.0, 1.0), (-2.25, 0.25)];
        for (phase, expected) in steps {
            assert_eq!(depth(phase), expected, "{phase}");
        }
    }

    /// The tones of a picture that has bands alone, and how deep the ground is at the middle of each pixel.
    fn ground_of(number: u64, style: &Style) -> Vec<(u8, f32)> {
        let (seed, look, frame) = (Seed::from_number(number), Look::default(), (240.0, 80.0));
        let (mut canvas, mut ground) = (Canvas::new(&look), Ground::default());
        let word = Word { cap: 30.0, ..Word::default() };
        add_bands(&mut canvas, &mut ground, &word, &seed, style, frame);
        let file = canvas.encode(&Tint::all(Theme::Light)[0], None);
        let mut decoder = gif::DecodeOptions::new().read_info(file.as_slice()).unwrap();
        let tones = decoder.read_next_frame().unwrap().unwrap().buffer.to_vec();
        let bands = Bands::new(&mut ground, &word, &seed, style, frame);
        let depth_of = |index: usize| {
            let middle = Point::new((index % 240) as f32 + 0.5, (index / 240) as f32 + 0.5);
            depth(bands.phase(middle, ground.landscape.at(middle)))
        };
        tones.into_iter().enumerate().map(|(index, tone)| (tone, depth_of(index))).collect()
    }

    /// Edges that do not close would let a band run on to the right.
    #[test]
    fn each_pixel_away_from_an_edge_has_the_ground_that_its_depth_says() {
        for number in 0..40 {
            let deep_bands = (number % 2) as f32;
            let style = Style { deep_bands, band_bend: 0.5 + 0.25 * (number % 4) as f32, ..Style::STANDARD };
            let deep_tone = if deep_bands > 0.0 { INK } else { WASH };
            let (mut wrong, mut seen) = (0, [0; 8]);
            for (tone, depth) in ground_of(number, &style) {
                let expected = match depth {
                    depth if depth < DARK_UNTIL => WASH,
                    depth if depth > DEEP_FROM => deep_tone,
                    _ => PAPER,
                };
                let is_near_an_edge = [DARK_UNTIL, DEEP_FROM].iter().any(|edge| (depth - edge).abs() < 0.08);
                wrong += usize::from(tone != expected && !is_near_an_edge);
                seen[usize::from(expected)] += 1;
            }
            assert!(wrong < 240 * 80 / 100, "{number}: {wrong} pixels");
            assert!(seen[usize::from(PAPER)] > 1_000, "{number}: {seen:?}");
        }
    }
}
