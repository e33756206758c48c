//! Filling outlines: exact area coverage, summed along each row.
//!
//! After Raph Levien's font-rs: each line adds, to the pixels that it crosses, how much it changes the covered area from
//! there on to the right; a running sum along the row then gives every pixel's coverage. Polygons need no sorting, and
//! two that overlap add up, so a pixel that is covered twice reads 2.

use super::geometry::Point;

/// What is covered: two planes that are filled alike and meet when tones are chosen.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Layer {
    /// Letters and specks.
    Ink,
    /// Bands of inverted ground.
    Bands,
}

/// Changes of coverage, for every pixel of a picture and each layer.
pub(crate) struct Raster {
    width: usize,
    height: usize,
    /// Two more than the width: a line at the right edge changes the pixels beyond it.
    stride: usize,
    changes: Vec<Change>,
}

/// How much coverage grows from one pixel to the next, by layer.
pub(crate) type Change = [f32; 2];

impl Raster {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        let stride = width + 2;
        Self { width, height, stride, changes: vec![Change::default(); stride * height] }
    }

    /// The changes along one row, from left to right.
    pub(crate) fn row(&self, row: usize) -> &[Change] {
        &self.changes[row * self.stride..][..self.width]
    }

    /// Adds one side of a polygon. What lies outside of the picture is moved to its edge.
    pub(crate) fn add_line(&mut self, layer: Layer, from: Point, to: Point) {
        let (sign, top, bottom) = if from.y < to.y { (1.0, from, to) } else { (-1.0, to, from) };
        if top.y == bottom.y {
            return;
        }
        let slope = (bottom.x - top.x) / (bottom.y - top.y);
        let (first, last) = (top.y.max(0.0), bottom.y.min(self.height as f32));
        let mut x = top.x + (first - top.y) * slope;
        let mut y = first;
        let mut row = first as usize;
        while y < last {
            let next_y = ((row + 1) as f32).min(last);
            let next_x = x + (next_y - y) * slope;
            self.add_in_row(layer, row, (x, next_x), sign * (next_y - y));
            (x, y, row) = (next_x, next_y, row + 1);
        }
    }

    /// Adds the part of a side that lies in one row: it covers `cover` of the row's height, all to its right.
    fn add_in_row(&mut self, layer: Layer, row: usize, (from, to): (f32, f32), cover: f32) {
        let right = self.width as f32;
        let (from, to) = (from.clamp(0.0, right), to.clamp(0.0, right));
        let (left, right) = if from < to { (from, to) } else { (to, from) };
        let column = left as usize;
        let changes = &mut self.changes[row * self.stride + column..(row + 1) * self.stride];
        let layer = layer as usize;
        let left = left - column as f32;
        let right = right - column as f32;
        if right <= 1.0 {
            let uncovered = 0.5 * (left + right);
            changes[0][layer] += cover * (1.0 - uncovered);
            changes[1][layer] += cover * uncovered;
        } else {
            add_across(changes, layer, (left, right), cover);
        }
    }
}

/// Adds a line that crosses several pixels: each changes by the growth of the area that the line covers in it.
fn add_across(changes: &mut [Change], layer: usize, (left, right): (f32, f32), cover: f32) {
    let width = right - left;
    let area_up_to = |x: f32| {
        let past = (x - left).clamp(0.0, width);
        0.5 * past * past + width * (x - right).max(0.0)
    };
    let last = right as usize + 1;
    let (mut area, mut covered) = (0.0, 0.0);
    for (column, change) in changes[..=last].iter_mut().enumerate() {
        let next_area = area_up_to((column + 1) as f32);
        change[layer] += cover / width * (next_area - area - covered);
        covered = next_area - area;
        area = next_area;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Coverage of a polygon's pixels, in hundredths.
    fn check(polygon: &[(f32, f32)], expected: [[i32; 4]; 3]) {
        let mut raster = Raster::new(4, 3);
        let corners = polygon.iter().map(|&(x, y)| Point::new(x, y));
        for (from, to) in corners.clone().zip(corners.clone().cycle().skip(1)) {
            raster.add_line(Layer::Ink, from, to);
        }
        for (row, expected) in expected.iter().enumerate() {
            let mut sum = 0.0;
            let covered = raster.row(row).iter().map(|[ink, bands]| {
                assert_eq!(*bands, 0.0);
                sum += ink;
                (sum * 100.0_f32).round() as i32
            });
            assert_eq!(covered.collect::<Vec<_>>(), expected, "row {row} of {polygon:?}");
        }
    }

    #[test]
    fn coverage_is_exact() {
        let square = [(1.0, 0.5), (1.0, 2.0), (2.5, 2.0), (2.5, 0.5)];
        check(&square, [[0, 50, 25, 0], [0, 100, 50, 0], [0; 4]]);
        let triangle = [(0.0, 0.0), (4.0, 0.0), (0.0, 2.0)];
        check(&triangle, [[-100, -100, -75, -25], [-75, -25, 0, 0], [0; 4]]);
        let steep = [(0.0, 0.0), (1.0, 0.0), (0.0, 2.0)];
        check(&steep, [[-75, 0, 0, 0], [-25, 0, 0, 0], [0; 4]]);
    }

    #[test]
    fn what_lies_outside_leaves_the_rest_alone() {
        let wide = [(-9.0, 1.0), (9.0, 1.0), (9.0, 9.0), (-9.0, 9.0)];
        check(&wide, [[0; 4], [-100; 4], [-100; 4]]);
    }
}
