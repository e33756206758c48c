//! Specks of inverted tone, strewn evenly over the picture.

use super::{
    canvas::Canvas,
    geometry::Point,
    layout::{Part, Word},
    raster::Layer,
    style::Style,
};
use crate::{Seed, Stream};

/// Corners of a speck.
const CORNERS: [Point; 4] = [Point::new(1.0, 0.0), Point::new(0.0, 1.0), Point::new(-1.0, 0.0), Point::new(0.0, -1.0)];

/// Strews specks over a frame.
pub(crate) fn add_specks(canvas: &mut Canvas, word: &Word, seed: &Seed, style: &Style, frame: (f32, f32)) {
    let mut stream = Part::Specks.stream(seed);
    let area = frame.0 * frame.1 / (word.cap * word.cap);
    let count = (area * style.specks_per_square_cap) as u32;
    for _ in 0..count {
        let radius = word.cap * stream.uniform(style.speck_radius_caps.start, style.speck_radius_caps.end);
        let middle = Point::new(stream.uniform(radius, frame.0 - radius), stream.uniform(radius, frame.1 - radius));
        add_speck(canvas, middle, radius, &mut stream);
    }
}

/// Adds a square whose corners are drawn in by chance, so that no two specks are alike.
fn add_speck(canvas: &mut Canvas, middle: Point, radius: f32, stream: &mut Stream) {
    let corners = CORNERS.map(|corner| {
        let reach = radius * stream.uniform(0.6, 1.0);
        Point::new(middle.x + reach * corner.x, middle.y + reach * corner.y)
    });
    let mut from = corners[CORNERS.len() - 1];
    for to in corners {
        canvas.add_line(Layer::Ink, from, to);
        from = to;
    }
}
