//! Points, boxes and the lines that outlines are made of.

/// A place in the picture or a shift of one. `x` runs to the right and `y` down, except in a face, where it runs up.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Point {
    pub(crate) x: f32,
    pub(crate) y: f32,
}

impl Point {
    pub(crate) const fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }

    /// The point at another density.
    pub(crate) fn scaled(self, factor: f32) -> Self {
        Self::new(self.x * factor, self.y * factor)
    }

    /// The point, shifted.
    pub(crate) fn moved(self, by: Self) -> Self {
        Self::new(self.x + by.x, self.y + by.y)
    }

    /// The point that lies `part` of the way towards another.
    pub(crate) fn towards(self, other: Self, part: f32) -> Self {
        Self::new(self.x + part * (other.x - self.x), self.y + part * (other.y - self.y))
    }
}

/// Closed polygons, one after another.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outline {
    points: Vec<Point>,
    /// For each polygon, the number of points up to its end.
    ends: Vec<usize>,
}

impl Outline {
    /// Adds a corner to the polygon that is being drawn.
    pub(crate) fn push(&mut self, point: Point) {
        self.points.push(point);
    }

    /// Ends the polygon that is being drawn, if it has any corners.
    pub(crate) fn close(&mut self) {
        if self.ends.last().copied().unwrap_or(0) < self.points.len() {
            self.ends.push(self.points.len());
        }
    }

    /// Adds the polygons of another outline, with every point moved.
    pub(crate) fn append(&mut self, other: &Self, mut moved: impl FnMut(Point) -> Point) {
        let start = self.points.len();
        self.points.extend(other.points.iter().map(|&point| moved(point)));
        self.ends.extend(other.ends.iter().map(|end| start + end));
    }

    /// Moves every point.
    pub(crate) fn transform(&mut self, mut moved: impl FnMut(Point) -> Point) {
        for point in &mut self.points {
            *point = moved(*point);
        }
    }

    /// Adds the polygons of another outline, each the other way round: where they lie in this one's, they cut holes.
    pub(crate) fn append_reversed(&mut self, other: &Self) {
        for polygon in other.polygons() {
            self.points.extend(polygon.iter().rev());
            self.close();
        }
    }

    /// Drops all polygons and keeps the room that they took.
    pub(crate) fn clear(&mut self) {
        self.points.clear();
        self.ends.clear();
    }

    /// The outline with every edge moved to the outside by this distance, or to the inside if it is below 0.
    ///
    /// A corner moves along the middle between its edges' normals, and a sharp one no farther than twice the distance.
    pub(crate) fn offset(&self, distance: f32) -> Self {
        let mut offset = Self::default();
        for polygon in self.polygons() {
            let count = polygon.len();
            for (index, &corner) in polygon.iter().enumerate() {
                let before = normal(polygon[(index + count - 1) % count], corner);
                let after = normal(corner, polygon[(index + 1) % count]);
                let (x, y) = (before.x + after.x, before.y + after.y);
                let reach = distance / (0.5 * (x * x + y * y)).max(0.5);
                offset.push(corner.moved(Point::new(reach * x, reach * y)));
            }
            offset.close();
        }
        offset
    }

    /// The part that lies below a height, where y runs up.
    pub(crate) fn below(&self, height: f32) -> Self {
        self.where_positive(|point| height - point.y)
    }

    /// The part that lies above a height, where y runs up.
    pub(crate) fn above(&self, height: f32) -> Self {
        self.where_positive(|point| point.y - height)
    }

    /// The part in which a linear function is at least 0, after Sutherland and Hodgman, "Reentrant Polygon Clipping"
    /// (1974). A polygon that leaves and comes back is closed along the border; what runs to and fro there encloses
    /// nothing.
    fn where_positive(&self, side: impl Fn(Point) -> f32) -> Self {
        let mut part = Self::default();
        for polygon in self.polygons() {
            let previous = polygon.last().into_iter().chain(polygon);
            for (&from, &to) in previous.zip(polygon) {
                let (before, after) = (side(from), side(to));
                if (before < 0.0) != (after < 0.0) {
                    part.push(from.towards(to, before / (before - after)));
                }
                if after >= 0.0 {
                    part.push(to);
                }
            }
            part.close();
        }
        part
    }

    /// The corners of each polygon.
    fn polygons(&self) -> impl Iterator<Item = &[Point]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.points[start..end])
    }

    /// The corners of all polygons.
    pub(crate) fn points(&self) -> &[Point] {
        &self.points
    }

    /// The sides of all polygons.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (Point, Point)> + '_ {
        self.polygons().flat_map(|polygon| {
            let previous = polygon.last().into_iter().chain(polygon);
            previous.zip(polygon).map(|(&from, &to)| (from, to))
        })
    }

    /// The smallest box around all points.
    pub(crate) fn bounds(&self) -> Bounds {
        self.points.iter().fold(Bounds::EMPTY, |bounds, &point| bounds.including(point))
    }

    /// The area enclosed by polygons that turn to the left where y runs up, less that of those that turn to the right.
    pub(crate) fn area(&self) -> f32 {
        self.lines().map(|(from, to)| 0.5 * (from.x * to.y - to.x * from.y)).sum()
    }

    /// Turns all polygons the other way round if they enclose a negative area, so that all faces agree.
    pub(crate) fn orient(&mut self) {
        if self.area() < 0.0 {
            let mut start = 0;
            for &end in &self.ends {
                self.points[start..end].reverse();
                start = end;
            }
        }
    }
}

/// The unit vector that points away from the area to the left of a line; none for a point.
fn normal(from: Point, to: Point) -> Point {
    let (x, y) = (to.x - from.x, to.y - from.y);
    let length = (x * x + y * y).sqrt();
    if length > 0.0 { Point::new(y / length, -x / length) } else { Point::default() }
}

/// An upright box.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) low: Point,
    pub(crate) high: Point,
}

impl Bounds {
    const EMPTY: Self =
        Self { low: Point::new(f32::INFINITY, f32::INFINITY), high: Point::new(f32::NEG_INFINITY, f32::NEG_INFINITY) };

    fn including(self, point: Point) -> Self {
        Self {
            low: Point::new(self.low.x.min(point.x), self.low.y.min(point.y)),
            high: Point::new(self.high.x.max(point.x), self.high.y.max(point.y)),
        }
    }

    pub(crate) fn width(self) -> f32 {
        self.high.x - self.low.x
    }

    pub(crate) fn height(self) -> f32 {
        self.high.y - self.low.y
    }

    pub(crate) fn middle(self) -> Point {
        self.low.towards(self.high, 0.5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A square whose sides are 2 long, with a square hole whose sides are 1 long.
    fn frame() -> Outline {
        let mut frame = Outline::default();
        for corners in
            [[(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0)], [(0.5, 0.5), (0.5, 1.5), (1.5, 1.5), (1.5, 0.5)]]
        {
            corners.into_iter().for_each(|(x, y)| frame.push(Point::new(x, y)));
            frame.close();
        }
        frame
    }

    #[test]
    fn moving_the_edges_outward_grows_the_outside_and_shrinks_holes() {
        assert_eq!(frame().area(), 3.0);
        assert!((frame().offset(0.1).area() - (2.2 * 2.2 - 0.8 * 0.8)).abs() < 1e-5);
        assert!((frame().offset(-0.1).area() - (1.8 * 1.8 - 1.2 * 1.2)).abs() < 1e-5);
        let mut line = frame().offset(0.1);
        line.append_reversed(&frame());
        assert!((line.area() - (2.2 * 2.2 - 0.8 * 0.8 - 3.0)).abs() < 1e-5);
    }

    #[test]
    fn the_parts_below_and_above_a_height_make_up_the_whole() {
        for height in [-1.0, 0.0, 0.3, 0.5, 1.0, 1.9, 3.0] {
            let (below, above) = (frame().below(height), frame().above(height));
            assert!((below.area() + above.area() - 3.0).abs() < 1e-5, "{height}");
            assert!(
                below.lines().all(|(from, _)| from.y <= height + 1e-5)
                    && above.lines().all(|(from, _)| from.y >= height - 1e-5)
            );
        }
        assert!((frame().below(1.0).area() - 1.5).abs() < 1e-5);
    }

    #[test]
    fn an_outline_knows_its_sides_and_its_box_and_is_turned_round_once() {
        let mut outline = Outline::default();
        for (x, y) in [(0.0, 0.0), (0.0, 2.0), (3.0, 0.0)] {
            outline.push(Point::new(x, y));
        }
        outline.close();
        outline.close();
        assert_eq!(outline.lines().count(), 3);
        assert_eq!((outline.bounds().width(), outline.bounds().height()), (3.0, 2.0));
        outline.orient();
        let turned = outline.points.clone();
        assert_eq!(turned[0], Point::new(3.0, 0.0));
        outline.orient();
        assert_eq!(outline.points, turned);
    }
}
