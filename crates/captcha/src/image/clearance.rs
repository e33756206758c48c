//! Where something may still be drawn: a map of what is taken, in cells that are much smaller than a stroke is wide.

use super::geometry::{Outline, Point};

/// Cells that a word of the map holds, side by side.
const BITS: usize = u64::BITS as usize;
/// Cells to a cap, and the least side of one in CSS pixels, so that no style asks for more of them than there is room for.
const CELLS_PER_CAP: f32 = 32.0;
const LEAST_CELL: f32 = 0.25;
/// Cells that are taken around what is drawn. They are more than half as many as lie between two looks for room, so that
/// no tip slips in between.
pub(crate) const AROUND: f32 = 2.0;
/// Largest disc that is taken.
const MOST_RADIUS: usize = 32;

/// A map of a frame. A cell is set where something is drawn or nothing may be.
#[derive(Default)]
pub(crate) struct Clearance {
    /// Side of a cell, in CSS pixels.
    cell: f32,
    columns: usize,
    rows: usize,
    /// Words in a row, which leave at least a bit free at its end.
    words: usize,
    taken: Vec<u64>,
    /// The map before its cells grew.
    narrow: Vec<u64>,
}

impl Clearance {
    /// Maps what an outline of letters of this height takes up in a frame, and [`AROUND`] cells around it.
    pub(crate) fn make(&mut self, outline: &Outline, cap: f32, frame: (f32, f32)) {
        self.cell = (cap / CELLS_PER_CAP).max(LEAST_CELL);
        (self.columns, self.rows) = ((frame.0 / self.cell) as usize, (frame.1 / self.cell) as usize + 1);
        self.words = self.columns / BITS + 1;
        self.narrow.clear();
        self.narrow.resize(self.words * self.rows, 0);
        let scale = 1.0 / self.cell;
        outline.lines().for_each(|(from, to)| self.add_line(from.scaled(scale), to.scaled(scale)));
        self.narrow.chunks_exact_mut(self.words).for_each(fill_between_edges);
        self.grow();
        std::mem::swap(&mut self.narrow, &mut self.taken);
        self.grow();
    }

    /// Side of a cell, in CSS pixels. All points and distances from here on are in cells.
    pub(crate) fn cell(&self) -> f32 {
        self.cell
    }

    /// Whether nothing is drawn at a point of the frame. There is nothing free outside of it.
    pub(crate) fn is_free(&self, point: Point) -> bool {
        // A number below 0 becomes a very large one.
        let (column, row) = (point.x as i32 as usize, point.y as i32 as usize);
        column < self.columns
            && row < self.rows
            && self.taken[row * self.words + column / BITS] >> (column % BITS) & 1 == 0
    }

    /// Takes a disc around each point.
    pub(crate) fn take(&mut self, middles: impl Iterator<Item = Point>, radius: f32) {
        // How far the disc reaches to either side, by how far a row is from its middle.
        let reaches: [f32; MOST_RADIUS] = std::array::from_fn(|down| {
            let square = radius * radius - (down * down) as f32;
            if square > 0.0 { square.sqrt() } else { -1.0 }
        });
        for middle in middles {
            let (x, row) = (middle.x + 0.5, middle.y as i32);
            let down = (radius as i32).min(MOST_RADIUS as i32 - 1);
            for (row, reach) in (row - down..=row + down).map(|near| (near, reaches[near.abs_diff(row) as usize])) {
                let (left, right) = (((x - reach) as i32).max(0) as usize, ((x + reach) as i32).max(0) as usize);
                if (0..self.rows as i32).contains(&row) {
                    let words = &mut self.taken[row as usize * self.words..][..self.words];
                    set_between(words, left.min(self.columns), right.min(self.columns));
                }
            }
        }
    }

    /// Sets a bit where a side crosses the middle of a row: the inside begins or ends there.
    fn add_line(&mut self, from: Point, to: Point) {
        let (top, bottom) = if from.y < to.y { (from, to) } else { (to, from) };
        let (first, last) = ((top.y + 0.5) as i32, ((bottom.y + 0.5) as i32).min(self.rows as i32));
        let first = first.max(0);
        if first >= last {
            return;
        }
        let slope = (bottom.x - top.x) / (bottom.y - top.y);
        let mut x = top.x + (first as f32 + 0.5 - top.y) * slope + 0.5;
        for row in first as usize..last as usize {
            let column = ((x as i32).max(0) as usize).min(self.columns);
            self.narrow[row * self.words + column / BITS] ^= 1 << (column % BITS);
            x += slope;
        }
    }

    /// Takes the cells beside, above and below each that is taken.
    ///
    /// A row's last bit is always clear, so that neighbours may be looked up across the ends of rows.
    fn grow(&mut self) {
        let Self { words, narrow, taken, .. } = self;
        taken.clear();
        taken.extend_from_slice(narrow);
        for ((taken, here), after) in taken.iter_mut().zip(&*narrow).zip(&narrow[1..]) {
            *taken |= here << 1 | here >> 1 | after << (BITS - 1);
        }
        for (taken, before) in taken[1..].iter_mut().zip(&*narrow) {
            *taken |= before >> (BITS - 1);
        }
        for (taken, below) in taken.iter_mut().zip(&narrow[*words..]) {
            *taken |= below;
        }
        for (taken, above) in taken[*words..].iter_mut().zip(&*narrow) {
            *taken |= above;
        }
    }
}

/// Makes edges into what lies between each and the next: every bit becomes the sum of those before it and its own.
fn fill_between_edges(line: &mut [u64]) {
    let mut inside = 0;
    for word in line {
        for shift in [1, 2, 4, 8, 16, 32] {
            *word ^= *word << shift;
        }
        *word ^= inside;
        inside = if *word >> (BITS - 1) == 1 { u64::MAX } else { 0 };
    }
}

/// Sets the bits from one to another, which is left out.
fn set_between(line: &mut [u64], first: usize, end: usize) {
    for (index, word) in line.iter_mut().enumerate().take(end / BITS + 1).skip(first / BITS) {
        let start = index * BITS;
        let (low, high) = (first.max(start) - start, end.min(start + BITS) - start);
        if low < high {
            *word |= u64::MAX >> (BITS - (high - low)) << low;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A square from 10 to 20 with a hole from 13 to 17, in cells of half a pixel.
    fn map() -> Clearance {
        let mut outline = Outline::default();
        for (low, high) in [(10.0, 20.0), (13.0, 17.0)] {
            for (x, y) in [(low, low), (high, low), (high, high), (low, high)] {
                outline.push(Point::new(x, y));
            }
            outline.close();
        }
        let mut map = Clearance::default();
        map.make(&outline, 16.0, (90.0, 40.0));
        map
    }

    #[test]
    fn what_is_drawn_is_taken_and_cells_around_it() {
        let map = map();
        let is_free = |x: f32, y: f32| map.is_free(Point::new(2.0 * x, 2.0 * y));
        assert!(
            [(8.7, 15.0), (15.0, 15.0), (21.3, 15.0), (15.0, 8.7), (80.0, 15.0)].iter().all(|&(x, y)| is_free(x, y))
        );
        assert!([(9.2, 15.0), (11.0, 11.0), (16.2, 15.0), (15.0, 20.8)].iter().all(|&(x, y)| !is_free(x, y)));
    }

    #[test]
    fn nothing_is_free_outside_of_the_frame() {
        let map = map();
        for (x, y) in [(-1.1, 5.0), (5.0, -1.1), (180.1, 5.0), (5.0, 81.1), (f32::INFINITY, 5.0)] {
            assert!(!map.is_free(Point::new(x, y)), "{x} {y}");
        }
    }

    #[test]
    fn a_disc_is_taken_wherever_it_lies() {
        let mut map = map();
        let middles = [(120.0, 40.0), (-100.0, 40.0), (0.0, 0.0), (180.0, 80.0), (120.0, 180.0)];
        map.take(middles.into_iter().map(|(x, y)| Point::new(x, y)), 10.0);
        let is_free = |x, y| map.is_free(Point::new(x, y));
        assert!(!is_free(120.0, 40.0) && !is_free(129.0, 40.0) && !is_free(120.0, 31.2) && !is_free(126.0, 46.0));
        assert!(is_free(131.2, 40.0) && is_free(120.0, 28.0) && is_free(128.0, 48.4));
    }
}
