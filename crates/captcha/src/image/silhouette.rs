//! Characters by themselves, for tools that measure which of them look alike.

use super::{
    face::Face,
    geometry::Point,
    raster::{COVERED, LANES, Lanes, Raster},
};

/// Height of a capital letter, in parts of a silhouette's side.
const CAP: f32 = 0.5;

/// A character in each of the faces that answers are drawn in, filled, upright and in the middle of a square.
///
/// Each is the coverage of `side` by `side` pixels, from 0 to 1, row by row. There are none if no face has the character.
#[must_use]
pub fn silhouettes(character: char, side: usize) -> Vec<Vec<f32>> {
    Face::letters().iter().filter_map(|face| silhouette(face, character, side)).collect()
}

fn silhouette(face: &Face, character: char, side: usize) -> Option<Vec<f32>> {
    let glyph = face.glyph(character)?;
    let middle = glyph.outline.bounds().middle();
    let (centre, cap) = (side as f32 / 2.0, side as f32 * CAP);
    let placed = |point: Point| Point::new(centre + cap * (point.x - middle.x), centre + cap * (0.5 - point.y));
    let mut raster = Raster::new(side, side);
    for (from, to) in glyph.outline.lines() {
        raster.add_line(placed(from), placed(to));
    }
    let mut coverage = Vec::with_capacity(side.next_multiple_of(LANES) * side);
    for strip in raster.strips() {
        let columns: Vec<_> = strip.take(side).map(Lanes::to_array).collect();
        for lane in 0..LANES {
            coverage.extend(columns.iter().map(|column| part_of(column[lane])));
        }
    }
    coverage.truncate(side * side);
    Some(coverage)
}

/// Which part of a pixel is covered.
fn part_of(coverage: i16) -> f32 {
    (f32::from(coverage) / f32::from(COVERED)).abs().min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_face_has_one_and_none_is_cut() {
        for character in ('A'..='Z').chain('0'..='9') {
            let all = silhouettes(character, 24);
            assert_eq!(all.len(), Face::letters().len());
            for silhouette in all {
                let ink: f32 = silhouette.iter().sum();
                assert!((20.0..200.0).contains(&ink), "{character}: {ink}");
                let edges = silhouette.chunks(24).flat_map(|row| [row[0], row[23]]);
                assert!(edges.sum::<f32>() < 0.01, "{character}");
            }
        }
        assert!(silhouettes('é', 24).is_empty());
    }
}
