//! The light and dark bands that the ground is split into.
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

/// A corner of the grid, with the bands' height there.
type Corner = (Point, f32);

/// The grid that bands are traced over, and what tracing needs room for.
#[derive(Default)]
pub(crate) struct Ground {
    landscape: Field,
    /// The landscape's heights where a row of its lattice meets a column of the grid.
    along_rows: Vec<f32>,
    /// Where the columns of the grid are, from left to right.
    places: Vec<f32>,
    /// The bands' heights along two rows of the grid.
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
    bands.set_heights(ground, height_of(0));
    for row in 1..=rows {
        std::mem::swap(&mut ground.upper, &mut ground.lower);
        bands.set_heights(ground, height_of(row));
        add_row(canvas, ground, height_of(row - 1), height_of(row));
    }
}

/// Adds the bands' edges between two rows of the grid.
fn add_row(canvas: &mut Canvas, ground: &Ground, top: f32, bottom: f32) {
    let corners = ground.places.iter().zip(&ground.upper).zip(&ground.lower);
    let mut corners =
        corners.map(|((&x, &upper), &lower)| [(Point::new(x, top), upper), (Point::new(x, bottom), lower)]);
    let Some(mut left) = corners.next() else {
        return;
    };
    // Only what lies to the left of a pixel changes its coverage, so of the frame's edges the left one alone counts.
    add_inside(canvas, left[1], left[0]);
    for right in corners {
        let inside = [left[0], left[1], right[0], right[1]].map(is_inside);
        if inside != [inside[0]; 4] {
            add_triangle(canvas, [left[0], right[0], left[1]]);
            add_triangle(canvas, [right[0], right[1], left[1]]);
        }
        left = right;
    }
}

/// Bands that run across the picture and bend with a smooth landscape. Their height is that of a zigzag wave, which
/// crosses zero at their edges.
struct Bands {
    /// How many waves there are in a CSS pixel, across and down.
    pace: Point,
    start: f32,
    bend: f32,
}

impl Bands {
    /// Bands that bend with the ground's landscape, which is made for them.
    fn new(ground: &mut Ground, word: &Word, seed: &Seed, style: &Style, frame: (f32, f32)) -> Self {
        let mut stream = Part::Bands.stream(seed);
        // A wave is one light band and one dark band.
        let waves_per_pixel = 0.5 / (style.band_caps * word.cap);
        let pace = Point::new(stream.uniform(-style.band_slope, style.band_slope) * waves_per_pixel, waves_per_pixel);
        let start = stream.uniform(0.0, 1.0);
        let length = style.band_bend_length_caps * word.cap;
        ground.landscape.redraw_even(Point::default(), frame, length, &mut stream);
        Self { pace, start, bend: style.band_bend }
    }

    /// Sets the heights along the lower row, which lies at `y`.
    fn set_heights(&self, ground: &mut Ground, y: f32) {
        let (row, [a, b, c]) = ground.landscape.place_down(y);
        let mut lines = ground.along_rows.chunks_exact(ground.places.len()).skip(row);
        let mut line = || lines.next().expect("the lattice goes beyond the frame");
        let lines = line().iter().zip(line()).zip(line());
        ground.lower.clear();
        ground.lower.extend(ground.places.iter().zip(lines).map(|(&x, ((above, at), below))| {
            let landscape = a * above + b * at + c * below;
            self.height(self.start + self.pace.x * x + self.pace.y * y + self.bend * landscape)
        }));
    }

    /// The height of the zigzag wave.
    fn height(&self, phase: f32) -> f32 {
        // The wave is the same on either side of 0, so a phase below it needs no rounding down.
        let part = (phase - phase as i32 as f32).abs();
        (part - 0.5).abs() - 0.25
    }
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
fn add_triangle(canvas: &mut Canvas, corners: [Corner; 3]) {
    let inside = corners.map(|corner| usize::from(is_inside(corner)));
    let index = inside[0] + 2 * inside[1] + 4 * inside[2];
    if index != 0 && index != 7 {
        let [leaves, returns] =
            CROSSED_SIDES[index].map(|[inside, outside]| crossing(corners[inside], corners[outside]));
        canvas.add_line(Layer::Bands, leaves, returns);
    }
}

/// Adds the part of a side that lies inside.
fn add_inside(canvas: &mut Canvas, from: Corner, to: Corner) {
    match (is_inside(from), is_inside(to)) {
        (true, true) => canvas.add_line(Layer::Bands, from.0, to.0),
        (true, false) => canvas.add_line(Layer::Bands, from.0, crossing(from, to)),
        (false, true) => canvas.add_line(Layer::Bands, crossing(to, from), to.0),
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
