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

/// Inverts the ground of a frame in bands.
pub(crate) fn add_bands(canvas: &mut Canvas, word: &Word, seed: &Seed, style: &Style, frame: (f32, f32)) {
    let bands = Bands::new(word, seed, style, frame);
    let step = word.cap / style.band_detail;
    let columns = (frame.0 / step) as usize + 1;
    let rows = (frame.1 / step) as usize + 1;
    let row_of_corners = |row: usize| -> Vec<Corner> {
        let y = frame.1 * row as f32 / rows as f32;
        let corners = (0..=columns).map(|column| Point::new(frame.0 * column as f32 / columns as f32, y));
        corners.map(|point| (point, bands.at(point))).collect()
    };
    let mut upper = row_of_corners(0);
    for row in 1..=rows {
        let lower = row_of_corners(row);
        // Only what lies to the left of a pixel changes its coverage, so of the frame's edges the left one alone counts.
        add_inside(canvas, lower[0], upper[0]);
        for (above, below) in upper.windows(2).zip(lower.windows(2)) {
            add_triangle(canvas, [above[0], above[1], below[0]]);
            add_triangle(canvas, [above[1], below[1], below[0]]);
        }
        upper = lower;
    }
}

/// Bands that run across the picture and bend with a smooth landscape. Their height is that of a zigzag wave, which
/// crosses zero at their edges.
struct Bands {
    /// How many waves there are in a CSS pixel, across and down.
    pace: Point,
    start: f32,
    bend: f32,
    landscape: Field,
}

impl Bands {
    fn new(word: &Word, seed: &Seed, style: &Style, frame: (f32, f32)) -> Self {
        let mut stream = Part::Bands.stream(seed);
        // A wave is one light band and one dark band.
        let waves_per_pixel = 0.5 / (style.band_caps * word.cap);
        let pace = Point::new(stream.uniform(-style.band_slope, style.band_slope) * waves_per_pixel, waves_per_pixel);
        let start = stream.uniform(0.0, 1.0);
        let length = style.band_bend_length_caps * word.cap;
        Self {
            pace,
            start,
            bend: style.band_bend,
            landscape: Field::even(Point::default(), frame, length, &mut stream),
        }
    }

    fn at(&self, point: Point) -> f32 {
        let waves = self.start + self.pace.x * point.x + self.pace.y * point.y;
        let phase = waves + self.bend * self.landscape.at(point);
        // The wave is the same on either side of 0, so a phase below it needs no rounding down.
        let part = (phase - phase as i32 as f32).abs();
        (part - 0.5).abs() - 0.25
    }
}

/// Adds the line along which their height crosses zero in a triangle.
///
/// Walking round the triangle, the line leads from where the walk leaves the inside to where it comes back.
fn add_triangle(canvas: &mut Canvas, corners: [Corner; 3]) {
    let inside = corners.map(|(_, height)| height > 0.0);
    if inside == [true; 3] || inside == [false; 3] {
        return;
    }
    let (mut leaves, mut returns) = (Point::default(), Point::default());
    for (start, end) in [(0, 1), (1, 2), (2, 0)] {
        match (inside[start], inside[end]) {
            (true, false) => leaves = crossing(corners[start], corners[end]),
            (false, true) => returns = crossing(corners[end], corners[start]),
            _ => {}
        }
    }
    canvas.add_line(Layer::Bands, leaves, returns);
}

/// Adds the part of a side that lies inside.
fn add_inside(canvas: &mut Canvas, from: Corner, to: Corner) {
    match (from.1 > 0.0, to.1 > 0.0) {
        (true, true) => canvas.add_line(Layer::Bands, from.0, to.0),
        (true, false) => canvas.add_line(Layer::Bands, from.0, crossing(from, to)),
        (false, true) => canvas.add_line(Layer::Bands, crossing(to, from), to.0),
        (false, false) => {}
    }
}

/// Where their height crosses zero, from a corner inside to one outside.
fn crossing(inside: Corner, outside: Corner) -> Point {
    inside.0.towards(outside.0, inside.1 / (inside.1 - outside.1))
}
