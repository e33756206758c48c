//! The ways in which a letter's shape is shown.
//!
//! All of them are outlines, made once for each letter of a face, so that a word is bent and filled in one way whatever
//! its letters look like.

use super::{
    geometry::{Outline, Point},
    style::Fills,
};
use crate::Stream;

/// How far the line of a hollow letter reaches to the outside of the letter's edge, and to the inside, in caps.
pub(crate) const LINE_OUTSIDE: f32 = 0.045;
pub(crate) const LINE_INSIDE: f32 = 0.06;
/// By how much the filled half of a letter is bolder than the letter, so that it meets the line around the other half.
const BOLDER: f32 = 0.02;
/// How far the halves of a sliced letter move from the middle, in caps.
const SLICE: Point = Point::new(0.07, 0.03);
/// How far a letter's echo stands from it, in caps.
const ECHO: Point = Point::new(0.09, -0.07);

/// How a letter's shape is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fill {
    /// Filled.
    Solid,
    /// As a line along its edge.
    Hollow,
    /// Filled above, hollow below.
    HollowBelow,
    /// Hollow above, filled below.
    HollowAbove,
    /// Cut across the middle, the halves moved apart.
    Sliced,
    /// As what it and a copy of it that is moved aside do not share.
    Echo,
}

impl Fill {
    pub(crate) const COUNT: usize = 6;
    /// In the order of their numbers.
    pub(crate) const ALL: [Self; Self::COUNT] =
        [Self::Solid, Self::Hollow, Self::HollowBelow, Self::HollowAbove, Self::Sliced, Self::Echo];

    /// One of them, as likely as their shares say.
    pub(crate) fn pick(shares: &Fills, stream: &mut Stream) -> Self {
        let half = 0.5 * shares.half_hollow;
        let shares = [shares.solid, shares.hollow, half, half, shares.sliced, shares.echo];
        let mut rest = stream.uniform(0.0, shares.iter().sum());
        let chosen = shares.iter().position(|share| {
            rest -= share;
            rest < 0.0
        });
        Self::ALL[chosen.unwrap_or(0)]
    }

    /// The outline that shows a shape so. The shape is in caps, with y running up.
    pub(crate) fn apply(self, shape: &Outline) -> Outline {
        match self {
            Self::Solid => shape.clone(),
            Self::Hollow => line_along(shape),
            Self::HollowBelow => halves(&line_along(shape), &shape.offset(BOLDER), Point::default()),
            Self::HollowAbove => halves(&shape.offset(BOLDER), &line_along(shape), Point::default()),
            Self::Sliced => halves(shape, shape, SLICE),
            Self::Echo => {
                let mut both = shape.clone();
                both.append(shape, |point| point.moved(ECHO));
                both
            }
        }
    }
}

fn line_along(shape: &Outline) -> Outline {
    let mut line = shape.offset(LINE_OUTSIDE);
    line.append_reversed(&shape.offset(-LINE_INSIDE));
    line
}

/// The lower half of one outline and the upper half of another, moved apart.
fn halves(below: &Outline, above: &Outline, apart: Point) -> Outline {
    let middle = below.bounds().middle().y;
    let mut both = Outline::default();
    both.append(&below.below(middle), |point| point.moved(Point::new(apart.x, -apart.y)));
    both.append(&above.above(middle), |point| point.moved(Point::new(-apart.x, apart.y)));
    both
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Seed, image::face::Face};

    #[test]
    fn every_letter_shows_ink_in_every_fill_and_stays_near_its_shape() {
        for face in Face::letters() {
            for character in ('A'..='Z').chain('0'..='9') {
                let glyph = face.glyph(character).unwrap();
                let shape = glyph.filled(Fill::Solid).bounds();
                for fill in Fill::ALL {
                    let (outline, bounds) = (glyph.filled(fill), glyph.filled(fill).bounds());
                    assert!(outline.area() > 0.1, "{character} {fill:?}: {}", outline.area());
                    assert!(
                        bounds.low.x > shape.low.x - 0.12 && bounds.high.x < shape.high.x + 0.12,
                        "{character} {fill:?}"
                    );
                    assert!(
                        bounds.low.y > shape.low.y - 0.12 && bounds.high.y < shape.high.y + 0.12,
                        "{character} {fill:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn shares_say_how_often_each_is_picked() {
        let shares = Fills { solid: 2.0, hollow: 1.0, half_hollow: 1.0, sliced: 0.0, echo: 0.0 };
        let mut stream = Seed::from_number(1).stream();
        let picked: Vec<Fill> = (0..4_000).map(|_| Fill::pick(&shares, &mut stream)).collect();
        let count = |fill| picked.iter().filter(|picked| **picked == fill).count();
        assert!((1_850..2_150).contains(&count(Fill::Solid)), "{}", count(Fill::Solid));
        assert!((420..580).contains(&count(Fill::HollowAbove)), "{}", count(Fill::HollowAbove));
        assert_eq!(count(Fill::Sliced) + count(Fill::Echo), 0);
    }
}
