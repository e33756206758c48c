//! Setting a word: each letter gets a face, a fill, a size and a lean, and is pushed against the one before.
//!
//! A word's letters climb or fall like stairs, each turned by itself, and where the line is steep one stands above half
//! of the next. So there are columns with two letters, and turning the picture makes none of them upright, while their
//! order and what is up are plain to a person who is told nothing. A long word stands in two rows, read from the upper
//! left.

use std::ops::Range;

use super::{
    face::{Face, Glyph},
    field::Field,
    fill::Fill,
    geometry::{Outline, Point},
    profile::{Nearness, Profile},
    style::Style,
};
use crate::{Answer, Seed, Stream};

/// Least cap that a word is said to have, in CSS pixels: else a style could ask for more bands and specks than there are
/// pixels. Letters that people can read are higher.
const LEAST_CAP: f32 = 4.0;

/// Height that two rows take: a little more than two letters.
const TWO_ROWS_CAPS: f32 = 2.2;

/// How far one letter stands from the next along a row, on the whole.
const ADVANCE_CAPS: f32 = 0.85;

/// Letters lower than this part of the middle height are filled: the lines of hollow ones would be too thin to stand out.
const SMALL: f32 = 0.86;

/// A word that stands in its frame.
#[derive(Default)]
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
    Tint,
    Grain,
    Style,
    Tones,
    Distractors,
}

impl Part {
    pub(crate) fn stream(self, seed: &Seed) -> Stream {
        seed.substream(self as u64)
    }
}

/// Where words are set, with the room that setting them needs.
#[derive(Default)]
pub(crate) struct Desk {
    word: Word,
    /// A letter that is not in its row yet.
    letter: Outline,
    /// Rows that are not in the word yet, from the upper one on.
    rows: [Outline; 2],
    across: Field,
    down: Field,
    swell: Field,
}

impl Desk {
    /// Sets an answer in rows, bends them together, and fits them into a frame of this width and height.
    pub(crate) fn set(&mut self, answer: &Answer, seed: &Seed, style: &Style, frame: (f32, f32)) -> &Word {
        let (mut letters, mut places) = (Part::Letters.stream(seed), Part::Frame.stream(seed));
        let row_count = self.set_rows(answer.characters(), style, frame, (&mut letters, &mut places));
        self.stack(row_count, style, frame, &mut places);
        self.warp(style, &mut Part::Warp.stream(seed));
        fit(&mut self.word, style, frame, &mut places);
        &self.word
    }

    /// Sets each row of an answer by itself, in caps, with y running down. Says how many there are.
    fn set_rows(
        &mut self,
        characters: &[u8],
        style: &Style,
        frame: (f32, f32),
        (letters, places): (&mut Stream, &mut Stream),
    ) -> usize {
        if is_long(characters.len()) && frame.1 > TWO_ROWS_CAPS * style.least_cap {
            let (upper, lower) = characters.split_at(upper_length(characters.len(), places));
            let room_caps = frame.1 / style.least_cap - TWO_ROWS_CAPS;
            let line = Line::new(&MOSTLY_SLOPE, &style.row_arc_caps, room_caps, places);
            set_row(&mut self.rows[0], &mut self.letter, upper, &line, style, letters);
            set_row(&mut self.rows[1], &mut self.letter, lower, &line, style, letters);
            2
        } else {
            // A letter by itself takes a cap, and a line stays within what its ends are said to reach.
            let parts = [&style.line_slope, &style.line_arch, &style.line_wave].map(Range::clone);
            let line = Line::new(&parts, &style.arc_caps, frame.1 / style.least_cap - 1.1, places);
            set_row(&mut self.rows[0], &mut self.letter, characters, &line, style, letters);
            1
        }
    }

    /// Puts the rows one under another, each as near to the one above as the style says.
    fn stack(&mut self, row_count: usize, style: &Style, frame: (f32, f32), stream: &mut Stream) {
        let rows = &mut self.rows[..row_count];
        // Caps across the frame, when as many rows as there are fill its height.
        let room = frame.0 / frame.1 * row_count as f32 * (1.0 + style.row_gap_caps);
        let mut latest_start = f32::INFINITY;
        for row in rows.iter_mut().rev() {
            let start = place_row(row, row_count > 1, style, (room, latest_start), stream);
            // People read an upper row that starts farther right after the lower one.
            latest_start = start;
        }
        let nearness = Nearness { overlap: -style.row_gap_caps, nesting: style.row_nesting_caps };
        let mut above: Option<Profile> = None;
        self.word.outline.clear();
        for row in rows {
            let profile = Profile::across(row, room);
            let shift = above.map_or(0.0, |above| above.place_after(&profile, &nearness));
            self.word.outline.append(row, |point| Point::new(point.x, point.y + shift));
            above = Some(profile.shifted(shift));
        }
    }

    /// Bends the whole word: every point is shifted by smooth landscapes, a fine one for each direction and a wide one
    /// that lifts and lowers.
    fn warp(&mut self, style: &Style, stream: &mut Stream) {
        let bounds = self.word.outline.bounds();
        let size = (bounds.width(), bounds.height());
        self.across.redraw_even(bounds.low, size, style.warp_length_caps, stream);
        self.down.redraw_even(bounds.low, size, style.warp_length_caps, stream);
        self.swell.redraw_even(bounds.low, size, style.swell_length_caps, stream);
        self.word.outline.transform(|point| {
            let place = self.across.place(point);
            let lift = style.warp_caps * self.down.at_place(&place) + style.swell_caps * self.swell.at(point);
            point.moved(Point::new(style.warp_caps * self.across.at_place(&place), lift))
        });
    }
}

/// Whether so many characters on one line that climbs and falls would be too small to read.
fn is_long(length: usize) -> bool {
    length > 6
}

/// How many of an answer's characters stand in the upper of two rows.
fn upper_length(length: usize, stream: &mut Stream) -> usize {
    let shorter = length / 2;
    if stream.chance(128) { shorter } else { length - shorter }
}

/// Gives a row its size, and its place between the left of the room and the latest start. Says where it starts.
fn place_row(
    row: &mut Outline,
    is_one_of_two: bool,
    style: &Style,
    (room, latest_start): (f32, f32),
    stream: &mut Stream,
) -> f32 {
    let sizes = if is_one_of_two { style.row_size.clone() } else { 1.0..1.0 };
    let widths = if is_one_of_two { &style.row_width } else { &style.arc_width };
    let height = stream.uniform(sizes.start, sizes.end);
    let width = height * stream.uniform(widths.start, widths.end);
    let bounds = row.bounds();
    let start = stream.uniform(0.0, 1.0) * (room - width * bounds.width()).clamp(0.0, latest_start);
    row.transform(|point| Point::new(start + width * (point.x - bounds.low.x), height * point.y));
    start
}

/// How high letters stand along a row: a slope, an arch and a wave (Chebyshev's first polynomials), added up. Where the
/// slope outweighs the others, the line climbs or falls all along, and no reader takes it for two rows.
struct Line([f32; 3]);

/// How much of each of its parts a line has against the others, to either side.
type Parts = [Range<f32>; 3];

/// A line that slopes: two or three letters of an arch may stand at one height, and then a level cut parts two rows.
const MOSTLY_SLOPE: Parts = [0.8..1.0, 0.0..0.25, 0.0..0.15];

impl Line {
    /// A line that climbs and falls by so much, but no farther than there is room for.
    fn new(parts: &Parts, caps: &Range<f32>, room_caps: f32, stream: &mut Stream) -> Self {
        let parts = parts.each_ref().map(|part| {
            let size = stream.uniform(part.start, part.end);
            if stream.chance(128) { size } else { -size }
        });
        let sum: f32 = parts.iter().map(|part| part.abs()).sum();
        let wanted = stream.uniform(caps.start, caps.end);
        // Most lines fall a little less below their middle than they climb.
        let possible = (room_caps / 1.2).max(0.0);
        let height = wanted.min(possible) / sum.max(0.1);
        Self(parts.map(|part| part * height))
    }

    /// The height at a place along the row, from -1 to 1.
    fn at(&self, x: f32) -> f32 {
        let [slope, arch, wave] = self.0;
        slope * x + arch * (2.0 * x * x - 1.0) + wave * x * (4.0 * x * x - 3.0)
    }

    /// How steeply the height changes at a place along the row.
    fn steepness(&self, x: f32) -> f32 {
        let [slope, arch, wave] = self.0;
        slope + arch * 4.0 * x + wave * (12.0 * x * x - 3.0)
    }
}

/// Sets letters side by side, in caps, with y running down.
fn set_row(
    row: &mut Outline,
    letter: &mut Outline,
    characters: &[u8],
    line: &Line,
    style: &Style,
    stream: &mut Stream,
) {
    row.clear();
    // All letters so far: where a line is steep, the one before the last may be as near as the last.
    let mut set: Option<Profile> = None;
    // From the middle of a row to its end, in caps.
    let half_width = 0.5 * ADVANCE_CAPS * characters.len() as f32;
    for (index, &character) in characters.iter().enumerate() {
        let place = (2.0 * index as f32 + 1.0) / characters.len() as f32 - 1.0;
        let glyph = pick_glyph(char::from(character), stream);
        let stand = Stand { height: line.at(place), tangent: line.steepness(place) / half_width };
        pose(letter, glyph, &stand, style, stream);
        let profile = Profile::down(letter);
        let overlap = stream.uniform(style.overlap_caps.start, style.overlap_caps.end);
        let nearness = Nearness { overlap, nesting: style.nesting_caps };
        let shift = set.map_or(0.0, |set| set.place_after(&profile, &nearness));
        row.append(letter, |point| Point::new(point.x + shift, point.y));
        let profile = profile.shifted(shift);
        set = Some(set.map_or(profile, |set| set.joined(&profile)));
    }
}

/// A character in one of the faces in which people know it.
fn pick_glyph(character: char, stream: &mut Stream) -> &'static Glyph {
    loop {
        let face = stream.pick(Face::letters());
        if face.is_clear(character) {
            return face.glyph(character).expect("letter faces have every character of an answer");
        }
    }
}

/// Where on its line a letter stands.
struct Stand {
    /// How high its middle is, in caps.
    height: f32,
    /// How steeply the line falls there: the tangent of the angle.
    tangent: f32,
}

/// Makes a letter in its fill, size and lean, with its middle about where it stands.
fn pose(letter: &mut Outline, glyph: &Glyph, stand: &Stand, style: &Style, stream: &mut Stream) {
    let height = stream.uniform(style.letter_height.start, style.letter_height.end);
    let width = height * stream.uniform(style.letter_width.start, style.letter_width.end);
    let slant = stream.uniform(-style.slant, style.slant);
    let turns = glyph.turns();
    let own_degrees = style.rotation_degrees * stream.uniform(turns.start, turns.end);
    let degrees = own_degrees + style.turn_with_line * degrees_of(stand.tangent);
    let farthest = style.farthest_turn_degrees;
    let (cosine, sine) = rotation(degrees.clamp(farthest * turns.start, farthest * turns.end));
    let rise = stand.height + stream.uniform(-style.rise_caps, style.rise_caps);
    let middle = glyph.outline.bounds().middle();
    letter.clear();
    let fill = Fill::pick(&style.fills, stream);
    letter.append(glyph.filled(if height < SMALL { Fill::Solid } else { fill }), |point| {
        let y = height * (middle.y - point.y);
        let x = width * (point.x - middle.x) - slant * y;
        Point::new(cosine * x - sine * y, sine * x + cosine * y + rise)
    });
}

/// Cosine and sine of an angle: of exactly which one hardly matters, but they are of one angle.
///
/// With t the tangent of half the angle they are (1 − t²)/(1 + t²) and 2t/(1 + t²), and for small angles t is close to
/// half the angle itself. No library function is asked, since those differ between machines in the last bit.
pub(super) fn rotation(degrees: f32) -> (f32, f32) {
    let tangent = degrees * (std::f32::consts::PI / 360.0);
    let square = tangent * tangent;
    ((1.0 - square) / (1.0 + square), 2.0 * tangent / (1.0 + square))
}

/// The angle that has this tangent: the one that `rotation` turns by.
fn degrees_of(tangent: f32) -> f32 {
    let half = tangent / (1.0 + (1.0 + tangent * tangent).sqrt());
    half * (360.0 / std::f32::consts::PI)
}

/// Scales a word, which is measured in caps, to its frame, and puts it somewhere in the room that is left.
fn fit(word: &mut Word, style: &Style, (width, height): (f32, f32), stream: &mut Stream) {
    let bounds = word.outline.bounds();
    let margin = style.margin * height;
    let room = (width - 2.0 * margin, height - 2.0 * margin);
    let (widest, tallest) = (room.0 / bounds.width(), room.1 / bounds.height());
    let fill = stream.uniform(style.fill.start, style.fill.end);
    let scale_x = fill * widest.min(tallest * style.stretch_wide);
    let scale_y = fill * tallest.min(widest * style.stretch_tall);
    let left = margin + stream.uniform(0.0, 1.0) * (room.0 - scale_x * bounds.width());
    let top = margin + stream.uniform(0.0, 1.0) * (room.1 - scale_y * bounds.height());
    word.outline.transform(|point| {
        Point::new(left + scale_x * (point.x - bounds.low.x), top + scale_y * (point.y - bounds.low.y))
    });
    word.cap = scale_y.min(scale_x * style.stretch_tall).max(LEAST_CAP);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Alphabet,
        image::{
            Difficulty,
            raster::{COVERED, Lanes, Raster},
        },
    };

    #[test]
    fn words_stay_inside_the_margin_and_letters_stay_large() {
        let mut desk = Desk::default();
        for number in 0..2_000 {
            let answer = ["WWMM", "IIII", "8", "HJKLMRW4", "TEST5"][number as usize % 5].parse().unwrap();
            let frame = [(240.0, 80.0), (120.0, 40.0), (480.0, 40.0), (120.0, 160.0)][number as usize / 5 % 4];
            let style = Style::of(Difficulty::try_from((number / 20 % 5 + 1) as u8).unwrap());
            let word = desk.set(&answer, &Seed::from_number(number), &style, frame);
            let bounds = word.outline.bounds();
            let margin = style.margin * frame.1 - 0.01;
            assert!(bounds.low.x >= margin && bounds.low.y >= margin, "{number}: {bounds:?}");
            assert!(bounds.high.x <= frame.0 - margin && bounds.high.y <= frame.1 - margin, "{number}: {bounds:?}");
            assert!(word.cap > 9.0, "{number}: {}", word.cap);
        }
    }

    #[test]
    fn a_word_is_the_same_whatever_was_set_before() {
        let (answer, style) = ("HJ4K7".parse().unwrap(), Style::STANDARD);
        let (mut used, frame) = (Desk::default(), (240.0, 80.0));
        for number in 0..50 {
            let seed = Seed::from_number(number);
            let mut fresh = Desk::default();
            let expected = fresh.set(&answer, &seed, &style, frame);
            let word = used.set(&answer, &seed, &style, frame);
            assert!(word.outline.lines().eq(expected.outline.lines()), "{number}");
        }
    }

    #[test]
    fn a_rotation_keeps_lengths() {
        for degrees in [-40.0, -3.0, 0.0, 12.0] {
            let (cosine, sine) = rotation(degrees);
            assert!((cosine * cosine + sine * sine - 1.0).abs() < 1e-6);
            assert!((sine - degrees.to_radians().sin()).abs() < 0.03, "{degrees}");
        }
    }

    #[test]
    fn low_frames_have_one_row_whose_line_is_nearly_level() {
        let mut desk = Desk::default();
        for number in 0..200 {
            let seed = Seed::from_number(number);
            let style = Style::STANDARD.varied(40.0, &mut Part::Style.stream(&seed));
            let word = desk.set(&"HJ4K7".parse().unwrap(), &seed, &style, (240.0, 40.0));
            assert!(word.cap > 16.0, "{number}: {}", word.cap);
        }
    }

    /// Part of 200 words in two rows whose rows share a height, so that a level cut goes through letters.
    fn rows_that_share_a_height(row_arc_caps: Range<f32>) -> f32 {
        let style = Style { row_arc_caps, ..Style::STANDARD };
        let mut desk = Desk::default();
        let mut shares = |number: u64| {
            desk.set(&"HJ4K7RZ3".parse().unwrap(), &Seed::from_number(number), &style, (240.0, 80.0));
            let mut lines = desk.word.outline.lines();
            let heights = |(from, to): (Point, Point)| [from.y, to.y];
            let upper = lines.by_ref().take(desk.rows[0].lines().count()).flat_map(heights);
            let lowest_of_upper = upper.fold(f32::NEG_INFINITY, f32::max);
            lowest_of_upper > lines.flat_map(heights).fold(f32::INFINITY, f32::min) + 0.15 * desk.word.cap
        };
        (0..200).filter(|&number| shares(number)).count() as f32 / 200.0
    }

    #[test]
    fn rows_that_climb_share_a_height_more_often() {
        let (level, climbing) = (rows_that_share_a_height(0.0..0.0), rows_that_share_a_height(0.45..0.75));
        assert!(climbing > 0.5 && climbing > level + 0.15, "{climbing} against {level}");
    }

    /// How many lines each letter of a word has: what setting its letters draws, drawn again.
    fn letter_lengths(answer: &Answer, seed: &Seed, style: &Style) -> Vec<usize> {
        let (mut stream, mut letter) = (Part::Letters.stream(seed), Outline::default());
        let mut length = |&character: &u8| {
            let glyph = pick_glyph(char::from(character), &mut stream);
            pose(&mut letter, glyph, &Stand { height: 0.0, tangent: 0.0 }, style, &mut stream);
            stream.uniform(style.overlap_caps.start, style.overlap_caps.end);
            letter.lines().count()
        };
        answer.characters().iter().map(&mut length).collect()
    }

    /// Ink of each pixel, for each letter by itself.
    fn inks(word: &Word, lengths: &[usize], frame: (f32, f32)) -> Vec<Vec<f32>> {
        assert_eq!(word.outline.lines().count(), lengths.iter().sum());
        let mut lines = word.outline.lines();
        let mut ink = |&length: &usize| {
            let mut raster = Raster::new(frame.0 as usize, frame.1 as usize);
            for (from, to) in lines.by_ref().take(length) {
                raster.add_line(from, to);
            }
            let once = |coverage: i16| 1.0 - (1.0 - f32::from(coverage.abs()) / f32::from(COVERED)).abs().min(1.0);
            raster
                .strips()
                .flat_map(|strip| strip.map(Lanes::to_array).collect::<Vec<_>>())
                .flatten()
                .map(once)
                .collect()
        };
        lengths.iter().map(&mut ink).collect()
    }

    /// The largest part of a letter's ink that other letters' ink covers.
    fn most_covered(inks: &[Vec<f32>]) -> f32 {
        let covered = |letter: usize| {
            let (mut covered, mut whole) = (0.0, 0.0);
            for (pixel, ink) in inks[letter].iter().enumerate() {
                let others: f32 =
                    (0..inks.len()).filter(|other| *other != letter).map(|other| inks[other][pixel]).sum();
                covered += ink * others.min(1.0);
                whole += ink;
            }
            covered / whole
        };
        (0..inks.len()).map(covered).fold(0.0, f32::max)
    }

    /// The largest part of a letter that others cover, in words of every length and difficulty.
    fn most_covered_in_a_frame(frame: (f32, f32), nearer_caps: f32) -> f32 {
        let mut desk = Desk::default();
        let mut covered = |number: u64| {
            let mut style = Style::of(Difficulty::try_from((number % 5 + 1) as u8).unwrap());
            style.overlap_caps = style.overlap_caps.start + nearer_caps..style.overlap_caps.end + nearer_caps;
            let seed = Seed::from_number(number);
            let answer = Answer::derive(&seed, Alphabet::Standard, (number / 5 % 5 + 4) as u8);
            let lengths = letter_lengths(&answer, &seed, &style);
            most_covered(&inks(desk.set(&answer, &seed, &style, frame), &lengths, frame))
        };
        (0..500).map(&mut covered).fold(0.0, f32::max)
    }

    #[test]
    fn no_letter_is_hidden() {
        for frame in [(240.0, 80.0), (120.0, 40.0), (480.0, 160.0)] {
            let covered = most_covered_in_a_frame(frame, 0.0);
            assert!(covered < 0.1, "{frame:?}: {covered}");
        }
        assert!(most_covered_in_a_frame((240.0, 80.0), 0.5) > 0.3, "letters that overlap are not found");
    }
}
