//! Setting a word: each letter gets a face, a size and a lean, and is pushed against the one before.

use super::{
    face::{Face, Glyph},
    field::Field,
    geometry::{Outline, Point},
    style::Style,
};
use crate::{Answer, Seed, Stream};

/// A word that stands in its frame.
pub(crate) struct Word {
    /// Its outline, in CSS pixels.
    pub(crate) outline: Outline,
    /// Middle height of its letters, in CSS pixels.
    pub(crate) cap: f32,
}

/// Which of a seed's streams is for what, so that a change to one part of a drawing leaves the others as they are.
pub(crate) enum Part {
    Letters,
    Warp,
    Frame,
    Bands,
    Specks,
    Tint,
}

impl Part {
    pub(crate) fn stream(self, seed: &Seed) -> Stream {
        seed.substream(self as u64)
    }
}

/// Sets an answer: letters side by side, warped together, and fitted into a frame of this width and height.
pub(crate) fn set_word(answer: &Answer, seed: &Seed, style: &Style, frame: (f32, f32)) -> Word {
    let mut word = set_letters(answer, style, &mut Part::Letters.stream(seed));
    warp(&mut word, style, &mut Part::Warp.stream(seed));
    fit(word, style, frame, &mut Part::Frame.stream(seed))
}

/// The letters side by side, in caps, with y running down.
fn set_letters(answer: &Answer, style: &Style, stream: &mut Stream) -> Outline {
    let mut word = Outline::default();
    let mut previous: Option<Profile> = None;
    for &character in answer.characters() {
        let face = stream.pick(Face::letters());
        let glyph = face.glyph(char::from(character)).expect("letter faces have every character of an answer");
        let letter = pose(glyph, style, stream);
        let mut profile = Profile::of(&letter);
        let overlap = stream.uniform(style.overlap_caps.start, style.overlap_caps.end);
        let shift = previous.map_or(0.0, |previous| previous.place_after(&profile, overlap, style.nesting_caps));
        word.append(&letter, |point| Point::new(point.x + shift, point.y));
        profile.shift(shift);
        previous = Some(profile);
    }
    word
}

/// A letter in its size, lean and height, with its middle at the origin's height.
fn pose(glyph: &Glyph, style: &Style, stream: &mut Stream) -> Outline {
    let height = stream.uniform(style.letter_height.start, style.letter_height.end);
    let width = height * stream.uniform(style.letter_width.start, style.letter_width.end);
    let slant = stream.uniform(-style.slant, style.slant);
    let (cosine, sine) = rotation(stream.uniform(-style.rotation_degrees, style.rotation_degrees));
    let rise = stream.uniform(-style.rise_caps, style.rise_caps);
    let middle = glyph.outline.bounds().middle();
    let mut letter = Outline::default();
    letter.append(&glyph.outline, |point| {
        let y = height * (middle.y - point.y);
        let x = width * (point.x - middle.x) - slant * y;
        Point::new(cosine * x - sine * y, sine * x + cosine * y + rise)
    });
    letter
}

/// Cosine and sine of an angle: of exactly which one hardly matters, but they are of one angle.
///
/// With t the tangent of half the angle they are (1 − t²)/(1 + t²) and 2t/(1 + t²), and for small angles t is close to
/// half the angle itself. No library function is asked, since those differ between machines in the last bit.
fn rotation(degrees: f32) -> (f32, f32) {
    let tangent = degrees * (std::f32::consts::PI / 360.0);
    let square = tangent * tangent;
    ((1.0 - square) / (1.0 + square), 2.0 * tangent / (1.0 + square))
}

/// How far a letter reaches to the left and right, band by band from its top to its bottom.
#[derive(Clone, Copy)]
struct Profile {
    left: [f32; Profile::BANDS],
    right: [f32; Profile::BANDS],
}

impl Profile {
    const BANDS: usize = 24;
    /// Where the first band begins and the last one ends, in caps; what lies beyond counts to those.
    const REACH: f32 = 0.8;

    fn of(letter: &Outline) -> Self {
        let mut profile = Self { left: [f32::INFINITY; Self::BANDS], right: [f32::NEG_INFINITY; Self::BANDS] };
        for (from, to) in letter.lines() {
            let (first, last) = (Self::band(from.y.min(to.y)), Self::band(from.y.max(to.y)));
            for band in first..=last {
                profile.left[band] = profile.left[band].min(from.x.min(to.x));
                profile.right[band] = profile.right[band].max(from.x.max(to.x));
            }
        }
        profile
    }

    fn band(y: f32) -> usize {
        let part = (y + Self::REACH) / (2.0 * Self::REACH);
        ((part.max(0.0) * Self::BANDS as f32) as usize).min(Self::BANDS - 1)
    }

    /// How far to shift the next letter so that it overlaps this one by so much where they come nearest.
    fn place_after(&self, next: &Self, overlap: f32, nesting: f32) -> f32 {
        let mut shift = f32::NEG_INFINITY;
        for band in 0..Self::BANDS {
            // The bands above and below count too: letters that pass each other diagonally touch there.
            for near in band.saturating_sub(1)..=(band + 1).min(Self::BANDS - 1) {
                shift = shift.max(self.right[band] - next.left[near] - overlap);
            }
        }
        let farthest_right = self.right.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let farthest_left = next.left.iter().copied().fold(f32::INFINITY, f32::min);
        shift.max(farthest_right - farthest_left - nesting)
    }

    fn shift(&mut self, shift: f32) {
        for side in self.left.iter_mut().chain(&mut self.right) {
            *side += shift;
        }
    }
}

/// Bends the whole word: every point is shifted by two smooth landscapes, one for each direction.
fn warp(word: &mut Outline, style: &Style, stream: &mut Stream) {
    let bounds = word.bounds();
    let mut landscape = || Field::even(bounds.low, (bounds.width(), bounds.height()), style.warp_length_caps, stream);
    let (across, down) = (landscape(), landscape());
    word.transform(|point| {
        let (dx, dy) = (across.at(point), down.at(point));
        Point::new(point.x + style.warp_caps * dx, point.y + style.warp_caps * dy)
    });
}

/// Scales a word, which is measured in caps, to its frame, and puts it somewhere in the room that is left.
fn fit(mut word: Outline, style: &Style, (width, height): (f32, f32), stream: &mut Stream) -> Word {
    let bounds = word.bounds();
    let margin = style.margin * height;
    let room = (width - 2.0 * margin, height - 2.0 * margin);
    let (widest, tallest) = (room.0 / bounds.width(), room.1 / bounds.height());
    let fill = stream.uniform(style.fill.start, style.fill.end);
    let scale_x = fill * widest.min(tallest * style.stretch_wide);
    let scale_y = fill * tallest.min(widest * style.stretch_tall);
    let left = margin + stream.uniform(0.0, 1.0) * (room.0 - scale_x * bounds.width());
    let top = margin + stream.uniform(0.0, 1.0) * (room.1 - scale_y * bounds.height());
    word.transform(|point| {
        Point::new(left + scale_x * (point.x - bounds.low.x), top + scale_y * (point.y - bounds.low.y))
    });
    Word { outline: word, cap: scale_y.min(scale_x * style.stretch_tall) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_inside_the_margin_and_letters_stay_large() {
        for number in 0..400 {
            let answer = ["WWMM", "IIII", "8", "HJKLMRW4", "TEST5"][number as usize % 5].parse().unwrap();
            let frame = [(240.0, 80.0), (120.0, 40.0), (480.0, 40.0), (120.0, 160.0)][number as usize / 5 % 4];
            let word = set_word(&answer, &Seed::from_number(number), &Style::STANDARD, frame);
            let bounds = word.outline.bounds();
            let margin = Style::STANDARD.margin * frame.1 - 0.01;
            assert!(bounds.low.x >= margin && bounds.low.y >= margin, "{number}: {bounds:?}");
            assert!(bounds.high.x <= frame.0 - margin && bounds.high.y <= frame.1 - margin, "{number}: {bounds:?}");
            assert!(word.cap > 9.0, "{number}: {}", word.cap);
        }
    }

    #[test]
    fn letters_overlap_by_what_the_style_says() {
        let face = &Face::letters()[0];
        let pillar = &face.glyph('H').unwrap().outline;
        let profile = Profile::of(pillar);
        let shift = profile.place_after(&profile, 0.05, 0.3);
        assert!((shift - (pillar.bounds().width() - 0.05)).abs() < 1e-4);
    }

    #[test]
    fn a_rotation_keeps_lengths() {
        for degrees in [-30.0, -3.0, 0.0, 12.0] {
            let (cosine, sine) = rotation(degrees);
            assert!((cosine * cosine + sine * sine - 1.0).abs() < 1e-6);
            assert!((sine - degrees.to_radians().sin()).abs() < 0.02, "{degrees}");
        }
    }
}
