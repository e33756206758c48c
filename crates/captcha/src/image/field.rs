//! A smooth random landscape: a quadratic B-spline surface over a lattice of random heights.
//!
//! It bends outlines and splits the ground into light and dark. A B-spline needs additions and multiplications alone,
//! so it has the same value on every processor; its slope is continuous, so nothing that follows it has a kink.

use super::geometry::Point;
use crate::Stream;

/// A landscape over a rectangle that starts at `origin`.
pub(crate) struct Field {
    origin: Point,
    /// Distance between neighbours in the lattice, across and down.
    spacing: Point,
    columns: usize,
    heights: Vec<f32>,
}

impl Field {
    /// A landscape over `width` by `height` from the origin on, with a lattice whose heights `draw` gives, by column and row.
    pub(crate) fn new(
        origin: Point,
        (width, height): (f32, f32),
        spacing: Point,
        mut draw: impl FnMut(usize, usize) -> f32,
    ) -> Self {
        let columns = (width / spacing.x) as usize + 3;
        let rows = (height / spacing.y) as usize + 3;
        let heights = (0..rows).flat_map(|row| (0..columns).map(move |column| (column, row)));
        let heights = heights.map(|(column, row)| draw(column, row)).collect();
        Self { origin, spacing, columns, heights }
    }

    /// A landscape whose heights are spread evenly over −1 to 1.
    pub(crate) fn even(origin: Point, size: (f32, f32), length: f32, stream: &mut Stream) -> Self {
        let spacing = Point::new(length, length);
        Self::new(origin, size, spacing, |_, _| stream.uniform(-1.0, 1.0))
    }

    /// The height at a point, which lies in the rectangle.
    pub(crate) fn at(&self, point: Point) -> f32 {
        let (column, across) = place((point.x - self.origin.x) / self.spacing.x);
        let (row, down) = place((point.y - self.origin.y) / self.spacing.y);
        let (across, down) = (weights(across), weights(down));
        let mut height = 0.0;
        for (line, down) in down.iter().enumerate() {
            let start = (row + line) * self.columns + column;
            let [a, b, c] = [self.heights[start], self.heights[start + 1], self.heights[start + 2]];
            height += down * (across[0] * a + across[1] * b + across[2] * c);
        }
        height
    }
}

/// The cell of a place in the lattice, and how far in that cell it is.
fn place(cells: f32) -> (usize, f32) {
    let cell = cells.max(0.0) as usize;
    (cell, cells.max(0.0) - cell as f32)
}

/// The quadratic B-spline's weights for the three heights around a place in a cell.
fn weights(part: f32) -> [f32; 3] {
    let rest = 1.0 - part;
    [0.5 * rest * rest, 0.5 + part * rest, 0.5 * part * part]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Seed;

    #[test]
    fn a_flat_lattice_is_flat_and_a_slope_is_straight() {
        let flat = Field::new(Point::new(-1.0, -1.0), (10.0, 5.0), Point::new(1.5, 1.2), |_, _| 3.0);
        assert!((flat.at(Point::new(8.9, 3.9)) - 3.0).abs() < 1e-5);
        let slope = Field::new(Point::default(), (10.0, 5.0), Point::new(1.0, 1.0), |column, _| column as f32);
        assert!((slope.at(Point::new(4.0, 1.0)) + 1.0 - slope.at(Point::new(5.0, 4.3))).abs() < 1e-5);
    }

    #[test]
    fn neighbouring_points_are_at_neighbouring_heights() {
        let field = Field::even(Point::default(), (9.0, 3.0), 1.0, &mut Seed::from_number(1).stream());
        let heights: Vec<f32> = (0..900).map(|step| field.at(Point::new(step as f32 / 100.0, 1.7))).collect();
        assert!(heights.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 0.03));
        assert!(heights.iter().any(|&height| height > 0.1) && heights.iter().any(|&height| height < -0.1));
    }
}
