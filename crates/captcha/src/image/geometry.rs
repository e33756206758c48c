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

    /// The sides of all polygons.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (Point, Point)> + '_ {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).flat_map(|(start, &end)| {
            let polygon = &self.points[start..end];
            let previous = polygon.last().into_iter().chain(polygon);
            previous.zip(polygon).map(|(&from, &to)| (from, to))
        })
    }

    /// The smallest box around all points.
    pub(crate) fn bounds(&self) -> Bounds {
        self.points.iter().fold(Bounds::EMPTY, |bounds, &point| bounds.including(point))
    }

    /// Turns all polygons the other way round if they enclose a negative area, so that all faces agree.
    pub(crate) fn orient(&mut self) {
        let doubled_area: f32 = self.lines().map(|(from, to)| from.x * to.y - to.x * from.y).sum();
        if doubled_area < 0.0 {
            let mut start = 0;
            for &end in &self.ends {
                self.points[start..end].reverse();
                start = end;
            }
        }
    }
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
