//! Filling outlines: exact area coverage, summed along each row.
//!
//! After Raph Levien's font-rs: each line adds, to the pixels that it crosses, how much it changes the covered area from
//! there on to the right; a running sum along the row then gives every pixel's coverage. Polygons need no sorting, and
//! two that overlap add up, so a pixel that is covered twice reads 2.
//!
//! Unlike there, the changes of a few rows lie side by side. A sum has to wait for the one before it, and several that
//! run next to each other share that wait and the processor's wide registers. Each is added up in the order of its row,
//! so that how many there are changes no bit of it.

use super::geometry::Point;

/// What is covered. There are two planes, letters and ground, that are filled alike and meet when tones are chosen.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Layer {
    /// Letters and specks.
    Ink,
    /// Bands of inverted ground.
    Bands,
    /// Bands of ground that is inverted once more: they cover a pixel of the bands' plane twice.
    DeepBands,
}

impl Layer {
    /// The plane that it is in.
    const fn plane(self) -> usize {
        match self {
            Self::Ink => 0,
            Self::Bands | Self::DeepBands => 1,
        }
    }

    /// How often it covers what it covers.
    const fn times(self) -> f32 {
        match self {
            Self::Ink | Self::Bands => 1.0,
            Self::DeepBands => 2.0,
        }
    }
}

/// Planes that there are.
const PLANES: usize = 2;
/// Rows that lie side by side: a strip.
pub(crate) const LANES: usize = 4;

/// Columns of a strip that are looked at together.
pub(crate) const QUAD: usize = 4;

/// A number for each row of a strip.
pub(crate) type Lanes = [f32; LANES];

/// Changes of coverage, for every pixel of a picture and each layer.
#[derive(Default)]
pub(crate) struct Raster {
    width: usize,
    height: usize,
    /// At least three more than the width: a line at the right edge changes the three columns beyond it, if by nothing.
    stride: usize,
    /// How much coverage grows from one pixel to the next, by strip, column and row of the strip.
    planes: [Vec<f32>; PLANES],
}

impl Raster {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        let mut raster = Self::default();
        raster.clear(width, height);
        raster
    }

    /// Begins an empty picture of this size, in the room of the one before.
    pub(crate) fn clear(&mut self, width: usize, height: usize) {
        (self.width, self.height, self.stride) = (width, height, (width + 3).next_multiple_of(QUAD));
        for plane in &mut self.planes {
            plane.clear();
            plane.resize(height.div_ceil(LANES) * self.stride * LANES, 0.0);
        }
    }

    /// Adds up the changes and gives the coverage of each layer, a strip at a time and column by column. A few columns
    /// lie to the right of the picture, and in the last strip some rows may lie below it.
    pub(crate) fn sum_up(&mut self) -> impl Iterator<Item = [&[Lanes]; PLANES]> {
        let length = self.stride * LANES;
        let [ink, bands] = self.planes.each_mut().map(|plane| plane.chunks_exact_mut(length));
        ink.zip(bands).map(|(ink, bands)| {
            let (ink, bands) = (ink.as_chunks_mut().0, bands.as_chunks_mut().0);
            sum_up(ink, bands);
            [&*ink, &*bands]
        })
    }

    /// Adds one side of a polygon. What lies outside of the picture is moved to its edge.
    pub(crate) fn add_line(&mut self, layer: Layer, from: Point, to: Point) {
        let times = layer.times();
        let (times, top, bottom) = if from.y < to.y { (times, from, to) } else { (-times, to, from) };
        if top.y == bottom.y {
            return;
        }
        let slope = (bottom.x - top.x) / (bottom.y - top.y);
        let (first, last) = (larger(top.y, 0.0), smaller(bottom.y, self.height as f32));
        let mut x = top.x + (first - top.y) * slope;
        let mut y = first;
        let mut row = usize::from(first as u16);
        let mut row_end = (row + 1) as f32;
        let edge = self.width as f32;
        let plane = &mut self.planes[layer.plane()];
        while y < last {
            let next_y = smaller(row_end, last);
            let next_x = x + (next_y - y) * slope;
            let changes = &mut plane[row / LANES * self.stride * LANES + row % LANES..];
            add_in_row(changes, edge, (x, next_x), times * (next_y - y));
            (x, y, row, row_end) = (next_x, next_y, row + 1, row_end + 1.0);
        }
    }
}

/// Adds the part of a side that lies in one row: it covers `cover` of the row's height, all to its right. What lies
/// beyond the edge on the right is moved to it.
fn add_in_row(changes: &mut [f32], edge: f32, (from, to): (f32, f32), cover: f32) {
    let (from, to) = (smaller(larger(from, 0.0), edge), smaller(larger(to, 0.0), edge));
    let (left, right) = if from < to { (from, to) } else { (to, from) };
    let column = left as u16;
    let changes = &mut changes[usize::from(column) * LANES..];
    let (left, right) = (left - f32::from(column), right - f32::from(column));
    if right < 2.0 {
        let [here, next, beyond] = shares((left, right), cover);
        let changes = &mut changes[..=2 * LANES];
        changes[0] += here;
        changes[LANES] += next;
        changes[2 * LANES] += beyond;
    } else {
        add_across(changes, (left, right), cover);
    }
}

/// How much a line changes the column that it begins in and the next ones, if it crosses one or two.
///
/// Which of the two it does is asked last: short lines cross one about as often as two, and where a processor guesses
/// wrong, it loses more time than all of this takes.
fn shares((left, right): (f32, f32), cover: f32) -> [f32; 3] {
    let uncovered = 0.5 * (left + right);
    let one = [cover * (1.0 - uncovered), cover * uncovered, 0.0];
    let (width, past) = (right - left, 1.0 - left);
    let density = cover / width;
    let first = 0.5 * past * past;
    let half = 0.5 * width * width;
    let (second, third) = (half + width * (2.0 - right), half + width * (3.0 - right));
    let grown = second - first;
    let two = [density * first, density * (grown - first), density * (third - second - grown)];
    if right <= 1.0 { one } else { two }
}

/// Adds a line that crosses several pixels: each changes by the growth of the area that the line covers in it.
fn add_across(changes: &mut [f32], (left, right): (f32, f32), cover: f32) {
    let width = right - left;
    let area_up_to = |x: f32| {
        let past = smaller(larger(x - left, 0.0), width);
        0.5 * past * past + width * larger(x - right, 0.0)
    };
    let last = usize::from(right as u16) + 1;
    let density = cover / width;
    let (mut area, mut covered) = (0.0, 0.0);
    let mut end = 1.0;
    for change in changes[..=last * LANES].iter_mut().step_by(LANES) {
        let next_area = area_up_to(end);
        *change += density * (next_area - area - covered);
        covered = next_area - area;
        area = next_area;
        end += 1.0;
    }
}

/// Turns changes into their sums from the left on. Both layers take their turns, since a sum waits for the one before.
fn sum_up(ink: &mut [Lanes], bands: &mut [Lanes]) {
    let mut sums = [Lanes::default(); PLANES];
    for (ink, bands) in ink.iter_mut().zip(bands) {
        for lane in 0..LANES {
            sums[0][lane] += ink[lane];
            sums[1][lane] += bands[lane];
        }
        [*ink, *bands] = sums;
    }
}

/// The larger of two numbers. Unlike `f32::max`, it is one instruction: no number here is none.
fn larger(one: f32, other: f32) -> f32 {
    if one > other { one } else { other }
}

/// The smaller of two numbers.
fn smaller(one: f32, other: f32) -> f32 {
    if one < other { one } else { other }
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
        let [ink, bands] = raster.sum_up().next().unwrap();
        assert!(bands.iter().all(|column| *column == Lanes::default()));
        for (row, expected) in expected.iter().enumerate() {
            let covered: Vec<_> = ink[..4].iter().map(|column| (column[row] * 100.0).round() as i32).collect();
            assert_eq!(covered, expected, "row {row} of {polygon:?}");
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
    fn crossing_two_columns_is_no_special_case() {
        for step in 0_u16..200 {
            let (left, right) = (f32::from(step) / 201.0, 1.003 + f32::from(step * 37 % 200) / 201.0);
            let mut changes = [0.0; 2 * LANES + 1];
            add_across(&mut changes, (left, right), 0.7);
            assert_eq!(shares((left, right), 0.7), [changes[0], changes[LANES], changes[2 * LANES]]);
        }
    }

    #[test]
    fn a_line_at_the_right_edge_has_room_in_every_width_and_row() {
        for (width, height) in (1_u8..=9).flat_map(|width| (1_u8..=9).map(move |height| (width, height))) {
            let mut raster = Raster::new(width.into(), height.into());
            let edge = f32::from(width);
            for beyond in [edge, edge + 9.0] {
                raster.add_line(Layer::Ink, Point::new(edge - 0.5, 0.0), Point::new(beyond, height.into()));
                raster.add_line(Layer::Ink, Point::new(beyond, 0.0), Point::new(beyond, height.into()));
            }
        }
    }

    #[test]
    fn what_lies_outside_leaves_the_rest_alone() {
        let wide = [(-9.0, 1.0), (9.0, 1.0), (9.0, 9.0), (-9.0, 9.0)];
        check(&wide, [[0; 4], [-100; 4], [-100; 4]]);
    }

    #[test]
    fn strips_hold_rows_side_by_side_and_clearing_empties_them() {
        let mut raster = Raster::new(3, 5);
        raster.add_line(Layer::Bands, Point::new(1.0, 4.0), Point::new(1.0, 5.0));
        let coverage: Vec<_> = raster.sum_up().map(|layers| layers.map(|columns| columns[..3].to_vec())).collect();
        let (empty, covered) = (Lanes::default(), [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(coverage, [[[empty; 3]; 2], [[empty; 3], [empty, covered, covered]]]);
        raster.clear(2, 9);
        assert_eq!(raster.sum_up().count(), 3);
        assert!(raster.sum_up().flatten().flatten().all(|column| *column == empty));
    }
}
