//! A smooth random landscape: a quadratic B-spline surface over a lattice of random heights.
//!
//! It bends outlines and splits the ground into light and dark. A B-spline needs additions and multiplications alone,
//! so it has the same value on every processor; its slope is continuous, so nothing that follows it has a kink.

use super::geometry::Point;
use crate::Stream;

/// A landscape over a rectangle that starts at `origin`.
#[derive(Default)]
pub(crate) struct Field {
    origin: Point,
    /// Distance between neighbours in the lattice, across and down.
    spacing: Point,
    columns: usize,
    heights: Vec<f32>,
}

/// Where a point is in a lattice: for each direction, the first of the three heights around it, and their weights.
pub(crate) struct Place {
    across: (usize, [f32; 3]),
    down: (usize, [f32; 3]),
}

impl Field {
    /// Makes another landscape in the room of this one, over `width` by `height` from the origin on, with a lattice whose
    /// heights `draw` gives, by column and row.
    fn redraw(
        &mut self,
        origin: Point,
        (width, height): (f32, f32),
        spacing: Point,
        mut draw: impl FnMut(usize, usize) -> f32,
    ) {
        (self.origin, self.spacing) = (origin, spacing);
        self.columns = (width / spacing.x) as usize + 3;
        self.heights.clear();
        for row in 0..(height / spacing.y) as usize + 3 {
            self.heights.extend((0..self.columns).map(|column| draw(column, row)));
        }
    }

    /// Makes another landscape in the room of this one, whose heights are spread evenly over −1 to 1.
    pub(crate) fn redraw_even(&mut self, origin: Point, size: (f32, f32), length: f32, stream: &mut Stream) {
        let spacing = Point::new(length, length);
        self.redraw(origin, size, spacing, |_, _| stream.uniform(-1.0, 1.0));
    }

    /// The height at a point, which lies in the rectangle.
    pub(crate) fn at(&self, point: Point) -> f32 {
        self.at_place(&self.place(point))
    }

    /// Where a point, which lies in the rectangle, is in the lattice, and in those of the same rectangle and spacing.
    pub(crate) fn place(&self, point: Point) -> Place {
        Place { across: self.place_across(point.x), down: self.place_down(point.y) }
    }

    /// The height at a place.
    pub(crate) fn at_place(&self, Place { across: (column, across), down: (row, down) }: &Place) -> f32 {
        let start = row * self.columns + column;
        let mut height = 0.0;
        for (line, down) in down.iter().enumerate() {
            height += down * weighted(*across, &self.heights[start + line * self.columns..]);
        }
        height
    }

    /// For each row of the lattice, the heights along it at places across.
    ///
    /// The height at a point is those of three rows, weighted as [`Field::place_down`] says. For points in a grid that
    /// is much less work than each by itself, and the heights are the same.
    pub(crate) fn along_rows(&self, places: &[f32], heights: &mut Vec<f32>) {
        heights.clear();
        for row in self.heights.chunks_exact(self.columns) {
            heights.extend(places.iter().map(|&x| {
                let (column, across) = self.place_across(x);
                weighted(across, &row[column..])
            }));
        }
    }

    fn place_across(&self, x: f32) -> (usize, [f32; 3]) {
        place((x - self.origin.x) / self.spacing.x)
    }

    /// The first of the lattice's three rows around a place, and their weights.
    pub(crate) fn place_down(&self, y: f32) -> (usize, [f32; 3]) {
        place((y - self.origin.y) / self.spacing.y)
    }
}

/// The cell of a place in the lattice, and the quadratic B-spline's weights for the three heights around it.
fn place(cells: f32) -> (usize, [f32; 3]) {
    let cells = if cells > 0.0 { cells } else { 0.0 };
    let cell = cells as u16;
    let part = cells - f32::from(cell);
    let rest = 1.0 - part;
    (usize::from(cell), [0.5 * rest * rest, 0.5 + part * rest, 0.5 * part * part])
}

/// The first three heights, weighted.
fn weighted(weights: [f32; 3], heights: &[f32]) -> f32 {
    let [a, b, c, ..] = *heights else { unreachable!("the lattice goes beyond its rectangle") };
    weights[0] * a + weights[1] * b + weights[2] * c
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Seed;

    /// A landscape of 10 by 5.
    fn field(origin: Point, spacing: Point, draw: impl FnMut(usize, usize) -> f32) -> Field {
        let mut field = Field::default();
        field.redraw(origin, (10.0, 5.0), spacing, draw);
        field
    }

    #[test]
    fn a_flat_lattice_is_flat_and_a_slope_is_straight() {
        let flat = field(Point::new(-1.0, -1.0), Point::new(1.5, 1.2), |_, _| 3.0);
        assert!((flat.at(Point::new(8.9, 3.9)) - 3.0).abs() < 1e-5);
        let slope = field(Point::default(), Point::new(1.0, 1.0), |column, _| column as f32);
        assert!((slope.at(Point::new(4.0, 1.0)) + 1.0 - slope.at(Point::new(5.0, 4.3))).abs() < 1e-5);
    }

    #[test]
    fn neighbouring_points_are_at_neighbouring_heights() {
        let mut field = Field::default();
        field.redraw_even(Point::default(), (9.0, 3.0), 1.0, &mut Seed::from_number(1).stream());
        let heights: Vec<f32> = (0..900).map(|step| field.at(Point::new(step as f32 / 100.0, 1.7))).collect();
        assert!(heights.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 0.03));
        assert!(heights.iter().any(|&height| height > 0.1) && heights.iter().any(|&height| height < -0.1));
    }

    #[test]
    fn a_grid_has_the_heights_of_its_points() {
        let mut field = Field::default();
        for number in 0..9 {
            // Larger and smaller ones in turn, since each has the room of the one before.
            let length = [0.7, 2.0][number as usize % 2];
            field.redraw_even(Point::new(-0.3, 0.2), (9.0, 3.0), length, &mut Seed::from_number(number).stream());
            let places = [0.0, 0.1, 2.7, 8.6];
            let mut along_rows = Vec::new();
            field.along_rows(&places, &mut along_rows);
            let (row, [a, b, c]) = field.place_down(1.9);
            for (column, &x) in places.iter().enumerate() {
                let [above, at, below] = [0, 1, 2].map(|line| along_rows[(row + line) * places.len() + column]);
                assert_eq!(a * above + b * at + c * below, field.at(Point::new(x, 1.9)));
            }
        }
    }
}
