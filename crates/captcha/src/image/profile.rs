//! How far shapes reach, so that one can be pushed against another.

use super::geometry::Outline;

/// How far a shape reaches to either side, band by band: a letter to the left and right from its top to its bottom, or a
/// row to the top and bottom from its left to its right.
#[derive(Clone, Copy)]
pub(crate) struct Profile {
    start: [f32; Profile::BANDS],
    end: [f32; Profile::BANDS],
}

/// How near one shape may come to the one before.
pub(crate) struct Nearness {
    /// By how much they overlap where they come nearest. Below 0 is a gap.
    pub(crate) overlap: f32,
    /// How far the one's box may reach into the other's.
    pub(crate) nesting: f32,
}

impl Profile {
    const BANDS: usize = 48;
    /// Where a letter's first band begins and its last one ends, in caps; what lies beyond counts to those.
    const REACH: f32 = 1.8;

    /// The profile of a letter, from top to bottom.
    pub(crate) fn down(letter: &Outline) -> Self {
        let band = |y: f32| (y + Self::REACH) / (2.0 * Self::REACH);
        Self::new(letter.lines().map(|(from, to)| ((band(from.y), from.x), (band(to.y), to.x))))
    }

    /// The profile of a row in so much room, from left to right.
    pub(crate) fn across(row: &Outline, room: f32) -> Self {
        Self::new(row.lines().map(|(from, to)| ((from.x / room, from.y), (to.x / room, to.y))))
    }

    /// The profile of lines whose ends are given by where they lie along the bands, from 0 to 1, and how far they reach.
    fn new(lines: impl Iterator<Item = ((f32, f32), (f32, f32))>) -> Self {
        let mut profile = Self { start: [f32::INFINITY; Self::BANDS], end: [f32::NEG_INFINITY; Self::BANDS] };
        lines.for_each(|((from, from_reach), (to, to_reach))| {
            let (first, last) = if from < to { (from, to) } else { (to, from) };
            let (least, most) = if from_reach < to_reach { (from_reach, to_reach) } else { (to_reach, from_reach) };
            // Comparing by hand takes a third of what `min` and `max` take, which ask whether a number is one.
            for band in Self::band(first)..=Self::band(last) {
                if least < profile.start[band] {
                    profile.start[band] = least;
                }
                if most > profile.end[band] {
                    profile.end[band] = most;
                }
            }
        });
        profile
    }

    fn band(part: f32) -> usize {
        usize::from((part * Self::BANDS as f32) as u16).min(Self::BANDS - 1)
    }

    /// How far to shift the next shape so that it comes as near to this one as it may.
    pub(crate) fn place_after(&self, next: &Self, nearness: &Nearness) -> f32 {
        let mut shift = f32::NEG_INFINITY;
        for band in 0..Self::BANDS {
            // The bands above and below count too: shapes that pass each other diagonally touch there.
            for near in band.saturating_sub(1)..=(band + 1).min(Self::BANDS - 1) {
                shift = shift.max(self.end[band] - next.start[near] - nearness.overlap);
            }
        }
        let farthest_end = self.end.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let farthest_start = next.start.iter().copied().fold(f32::INFINITY, f32::min);
        shift.max(farthest_end - farthest_start - nearness.nesting)
    }

    /// The profile of both shapes, where they stand.
    pub(crate) fn joined(mut self, other: &Self) -> Self {
        for (start, other) in self.start.iter_mut().zip(&other.start) {
            *start = start.min(*other);
        }
        for (end, other) in self.end.iter_mut().zip(&other.end) {
            *end = end.max(*other);
        }
        self
    }

    /// The profile of the shape, moved.
    pub(crate) fn shifted(mut self, shift: f32) -> Self {
        for side in self.start.iter_mut().chain(&mut self.end) {
            *side += shift;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::face::Face;

    #[test]
    fn shapes_overlap_by_what_is_asked_for() {
        let pillar = &Face::letters()[0].glyph('H').unwrap().outline;
        let profile = Profile::down(pillar);
        let shift = profile.place_after(&profile, &Nearness { overlap: 0.05, nesting: 0.3 });
        assert!((shift - (pillar.bounds().width() - 0.05)).abs() < 1e-4);
        let apart = profile.place_after(&profile, &Nearness { overlap: -0.2, nesting: 0.3 });
        assert!((apart - (pillar.bounds().width() + 0.2)).abs() < 1e-4);
    }
}
