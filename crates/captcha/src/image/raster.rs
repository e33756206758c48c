//! Filling outlines: exact area coverage, summed along each row.
//!
//! After Raph Levien's font-rs: each line adds, to the pixels that it crosses, how much it changes the covered area from
//! there on to the right; a running sum along the row then gives every pixel's coverage. Polygons need no sorting, and
//! two that overlap add up, so a pixel that is covered twice reads 2.
//!
//! Unlike there, coverage is counted in whole 256ths. A line's ends are moved to the nearest 256th of a row, so that a
//! closed polygon adds up to nothing to its right, to the last bit; and eight rows lie side by side, which a processor
//! adds up in one instruction.

use std::slice;

use wide::i16x8;

use super::geometry::Point;

/// Rows that lie side by side: a strip.
pub(crate) const LANES: usize = 8;

/// A number for each row of a strip.
pub(crate) type Lanes = i16x8;

/// What a pixel reads that is covered once.
pub(crate) const COVERED: i16 = 256;

/// Changes of coverage, for every pixel of a picture.
#[derive(Default)]
pub(crate) struct Raster {
    width: usize,
    height: usize,
    /// At least three more than the width: a line at the right edge changes the columns beyond it, if by nothing.
    stride: usize,
    /// How much coverage grows from one pixel to the next, by strip, column and row of the strip.
    changes: Vec<i16>,
}

impl Raster {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        let mut raster = Self::default();
        raster.clear(width, height);
        raster
    }

    /// Begins an empty picture of this size, in the room of the one before.
    pub(crate) fn clear(&mut self, width: usize, height: usize) {
        (self.width, self.height, self.stride) = (width, height, (width + 3).next_multiple_of(LANES));
        self.changes.clear();
        self.changes.resize(height.div_ceil(LANES) * self.stride * LANES, 0);
    }

    /// The strips from the upper edge on. In the last some rows may lie below the picture.
    pub(crate) fn strips(&self) -> impl Iterator<Item = Strip<'_>> {
        self.changes
            .chunks_exact(self.stride * LANES)
            .map(|strip| Strip { changes: strip.as_chunks().0.iter(), sum: Lanes::default() })
    }

    /// Adds one side of a polygon. What lies outside of the picture is moved to its edge.
    pub(crate) fn add_line(&mut self, from: Point, to: Point) {
        let (from_y, to_y) = (in_parts::<ROW>(from.y), in_parts::<ROW>(to.y));
        let (sign, top, top_y, bottom, bottom_y) =
            if from_y < to_y { (1, from, from_y, to, to_y) } else { (-1, to, to_y, from, from_y) };
        let (mut y, last) = (top_y.max(0), bottom_y.min(self.height as i32 * ROW));
        if y >= last {
            return;
        }
        let (top_x, bottom_x) = (in_parts::<COLUMN>(top.x), in_parts::<COLUMN>(bottom.x));
        let slope = (i64::from(bottom_x - top_x) << 16) / i64::from(bottom_y - top_y);
        let edge = self.width as i32 * COLUMN;
        let x_at = |y: i32| (top_x + ((slope * i64::from(y - top_y)) >> 16) as i32).clamp(0, edge);
        let mut x = x_at(y);
        let first = (y / ROW) as usize;
        let strips = self.changes.chunks_exact_mut(self.stride * LANES).enumerate().skip(first / LANES);
        for (strip, changes) in strips {
            let columns = changes.as_chunks_mut().0;
            for row in first.max(strip * LANES)..(strip + 1) * LANES {
                let next_y = last.min((row as i32 + 1) * ROW);
                let next_x = x_at(next_y);
                Row { columns, lane: row % LANES }.add((x, next_x), sign * (next_y - y));
                (x, y) = (next_x, next_y);
                if y == last {
                    return;
                }
            }
        }
    }
}

/// The coverage of a strip, column by column from the left edge on. A few columns lie to the right of the picture.
pub(crate) struct Strip<'a> {
    changes: slice::Iter<'a, [i16; LANES]>,
    sum: Lanes,
}

impl Iterator for Strip<'_> {
    type Item = Lanes;

    fn next(&mut self) -> Option<Lanes> {
        self.sum += Lanes::new(*self.changes.next()?);
        Some(self.sum)
    }
}

/// Parts of a row and of a column in which places are counted.
const ROW: i32 = COVERED as i32;
const COLUMN: i32 = 1 << COLUMN_BITS;
const COLUMN_BITS: u32 = 12;

/// The nearest whole number of parts. What lies far outside is brought nearer.
fn in_parts<const PARTS: i32>(place: f32) -> i32 {
    (place * PARTS as f32 + 0.5).clamp(-1e8, 1e8) as i32
}

/// A row of a strip.
struct Row<'a> {
    columns: &'a mut [[i16; LANES]],
    lane: usize,
}

impl Row<'_> {
    /// Adds the part of a side that lies in this row: it covers `cover` 256ths of the row's height, all to its right.
    fn add(&mut self, (from, to): (i32, i32), cover: i32) {
        let (left, right) = if from < to { (from, to) } else { (to, from) };
        let column = (left >> COLUMN_BITS) as usize;
        let (left, right) = (left & (COLUMN - 1), right - (left & !(COLUMN - 1)));
        if right <= COLUMN {
            // In one column the line leaves uncovered what is to its left.
            let next = (cover * (left + right) + COLUMN) >> (COLUMN_BITS + 1);
            self.change(column, [cover - next, next]);
        } else if right <= 2 * COLUMN {
            // In two it covers a triangle of the first, and leaves one of the second uncovered.
            let (past, over) = ((COLUMN - left) as f32, (right - COLUMN) as f32);
            let density = 0.5 * cover as f32 / ((right - left) * COLUMN) as f32;
            let (here, beyond) = (rounded(density * past * past), rounded(density * over * over));
            self.change(column, [here, cover - here - beyond, beyond]);
        } else {
            add_across(&mut self.columns[column..], self.lane, (left, right), cover);
        }
    }

    /// Adds to the changes of some columns.
    fn change<const COUNT: usize>(&mut self, column: usize, more: [i32; COUNT]) {
        let columns =
            self.columns[column..].first_chunk_mut::<COUNT>().expect("columns lie to the right of the picture");
        for (change, more) in columns.iter_mut().zip(more) {
            add(&mut change[self.lane % LANES], more);
        }
    }
}

/// Adds a line that crosses several pixels: each changes by the growth of the area that the line covers in it.
fn add_across(columns: &mut [[i16; LANES]], lane: usize, (left, right): (i32, i32), cover: i32) {
    let [left, right] = [left, right].map(|x| x as f32 / COLUMN as f32);
    let width = right - left;
    let density = cover as f32 / width;
    let area_up_to = |x: f32| {
        let past = (x - left).clamp(0.0, width);
        rounded(density * (0.5 * past * past + width * (x - right).max(0.0)))
    };
    let last = right as usize + 1;
    let (mut area, mut covered) = (0, 0);
    let mut end = 1.0;
    for column in &mut columns[..=last] {
        let next_area = area_up_to(end);
        add(&mut column[lane], next_area - area - covered);
        covered = next_area - area;
        area = next_area;
        end += 1.0;
    }
    // What rounding has left over.
    add(&mut columns[last][lane], cover - covered);
}

/// Adds to a change. Only where something is covered a hundred times does it go round.
fn add(change: &mut i16, more: i32) {
    *change = change.wrapping_add(more as i16);
}

fn rounded(number: f32) -> i32 {
    // The number is small, so that adding and taking off a large one leaves the nearest whole one.
    const WHOLE: f32 = (3 << 22) as f32;
    (number + WHOLE).to_bits() as i32 - WHOLE.to_bits() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Coverage of a polygon's pixels, in hundredths.
    fn check(polygon: &[(f32, f32)], expected: [[i32; 4]; 3]) {
        let mut raster = Raster::new(4, 3);
        let corners = polygon.iter().map(|&(x, y)| Point::new(x, y));
        for (from, to) in corners.clone().zip(corners.clone().cycle().skip(1)) {
            raster.add_line(from, to);
        }
        let columns: Vec<_> = raster.strips().next().unwrap().map(Lanes::to_array).collect();
        for (row, expected) in expected.iter().enumerate() {
            let covered: Vec<_> = columns[..4].iter().map(|column| i32::from(column[row]) * 100 / 256).collect();
            assert_eq!(covered, expected, "row {row} of {polygon:?}");
            assert!(columns[5..].iter().all(|column| column[row] == columns[4][row]), "row {row} of {polygon:?}");
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
        for step in 0..200 {
            let (left, right) = (step * COLUMN / 201, COLUMN + 13 + step * 37 % 200 * COLUMN / 201);
            let [mut two, mut several] = [[[0; LANES]; 4]; 2];
            Row { columns: &mut two, lane: 3 }.add((left, right), 179);
            add_across(&mut several, 3, (left, right), 179);
            for (one, other) in two.into_iter().flatten().zip(several.into_iter().flatten()) {
                assert!((one - other).abs() <= 2, "{left} to {right}: {one} and {other}");
            }
        }
    }

    /// Else a letter would leave a streak to its right.
    #[test]
    fn a_closed_polygon_leaves_nothing_to_its_right() {
        let mut stream = crate::Seed::from_number(1).stream();
        for _ in 0..2_000 {
            let mut raster = Raster::new(60, 30);
            let corners: Vec<Point> =
                (0..5).map(|_| Point::new(stream.uniform(-9.0, 50.0), stream.uniform(-9.0, 39.0))).collect();
            for (index, &from) in corners.iter().enumerate() {
                raster.add_line(from, corners[(index + 1) % corners.len()]);
            }
            assert!(raster.strips().all(|strip| strip.skip(52).all(|column| column == Lanes::default())));
        }
    }

    #[test]
    fn a_line_at_the_right_edge_has_room_in_every_width_and_row() {
        for (width, height) in (1_u8..=9).flat_map(|width| (1_u8..=9).map(move |height| (width, height))) {
            let mut raster = Raster::new(width.into(), height.into());
            let edge = f32::from(width);
            for beyond in [edge, edge + 9.0, f32::NAN] {
                raster.add_line(Point::new(edge - 0.5, 0.0), Point::new(beyond, height.into()));
                raster.add_line(Point::new(beyond, 0.0), Point::new(beyond, height.into()));
                raster.add_line(Point::new(0.0, 0.0), Point::new(beyond, 0.3));
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
        let mut raster = Raster::new(3, 9);
        raster.add_line(Point::new(1.0, 8.0), Point::new(1.0, 9.0));
        let coverage: Vec<Vec<_>> = raster.strips().map(|strip| strip.take(3).collect()).collect();
        let (empty, covered) = (Lanes::default(), Lanes::new([COVERED, 0, 0, 0, 0, 0, 0, 0]));
        assert_eq!(coverage, [[empty; 3], [empty, covered, covered]]);
        raster.clear(2, 17);
        assert_eq!(raster.strips().count(), 3);
        assert!(raster.strips().flatten().all(|column| column == empty));
    }
}
