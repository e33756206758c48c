//! The faces that characters are drawn in.
//!
//! `cargo xtask faces` takes them out of font packages; `assets/faces/README.md` describes their format. Curves are
//! made into short lines once, when the first picture is drawn.

use std::{ops::Range, sync::OnceLock};

use super::{
    fill::Fill,
    geometry::{Outline, Point},
};
use crate::Language;

/// Coordinates in the asset for one unit here: the height of an H in a letter face, an em in a notice face.
const UNITS: f32 = 1000.0;

/// Greatest distance between a curve and its lines. It is a quarter of a pixel in letters 80 pixels high.
const FLATNESS: f32 = 0.003;

/// Longest line. Longer ones are divided, so that a warp bends straight stems too.
const LONGEST_LINE: f32 = 0.22;

/// Each with the characters that readers took for others in it: the serif of a 7 makes a 1 of it, that of a J a T.
const LETTER_FACES: [(&[u8], &str); 16] = [
    (include_bytes!("../../assets/faces/andika-bold.face"), ""),
    (include_bytes!("../../assets/faces/arimo-bold.face"), ""),
    (include_bytes!("../../assets/faces/b612-bold.face"), ""),
    (include_bytes!("../../assets/faces/clear-sans-bold.face"), ""),
    (include_bytes!("../../assets/faces/dejavu-sans-bold.face"), ""),
    (include_bytes!("../../assets/faces/dejavu-sans-mono-bold.face"), ""),
    (include_bytes!("../../assets/faces/dejavu-serif-bold.face"), "7FHJKLTXY"),
    (include_bytes!("../../assets/faces/go-bold.face"), ""),
    (include_bytes!("../../assets/faces/inter-black.face"), ""),
    (include_bytes!("../../assets/faces/jetbrains-mono-extra-bold.face"), ""),
    (include_bytes!("../../assets/faces/lato-black.face"), ""),
    (include_bytes!("../../assets/faces/open-sans-bold.face"), ""),
    (include_bytes!("../../assets/faces/quicksand-bold.face"), ""),
    (include_bytes!("../../assets/faces/roboto-bold.face"), ""),
    (include_bytes!("../../assets/faces/roboto-condensed-bold.face"), ""),
    (include_bytes!("../../assets/faces/roboto-slab-bold.face"), "7FHJKLTXY"),
];

/// In the order of [`Language::ALL`].
const NOTICE_FACES: [&[u8]; 4] = [
    include_bytes!("../../assets/faces/notice-ko.face"),
    include_bytes!("../../assets/faces/notice-en.face"),
    include_bytes!("../../assets/faces/notice-ja.face"),
    include_bytes!("../../assets/faces/notice-zh.face"),
];

/// One character of a face, its baseline at y = 0 and y running up.
#[derive(Debug)]
pub(crate) struct Glyph {
    character: char,
    /// How far to the right of this character the next one stands in plain setting.
    pub(crate) advance: f32,
    /// Its shape.
    pub(crate) outline: Outline,
    /// Its shape in every fill, made when the character is first drawn in a challenge.
    fills: OnceLock<[Outline; Fill::COUNT]>,
}

/// The characters of one face, in the order of their code points.
#[derive(Debug)]
pub(crate) struct Face {
    glyphs: Vec<Glyph>,
    /// Characters that are not drawn in this face.
    unclear: &'static str,
}

impl Face {
    /// The faces with A-Z and 0-9.
    pub(crate) fn letters() -> &'static [Self] {
        static FACES: OnceLock<Vec<Face>> = OnceLock::new();
        FACES
            .get_or_init(|| LETTER_FACES.iter().map(|(asset, unclear)| Self { unclear, ..Self::read(asset) }).collect())
    }

    /// The face for notices in a language.
    pub(crate) fn notice(language: Language) -> &'static Self {
        static FACES: OnceLock<Vec<Face>> = OnceLock::new();
        let faces = FACES.get_or_init(|| NOTICE_FACES.iter().map(|asset| Self::read(asset)).collect());
        &faces[language as usize]
    }

    /// Whether people know this character for what it is in this face, once it is bent.
    pub(crate) fn is_clear(&self, character: char) -> bool {
        !self.unclear.contains(character)
    }

    /// The glyph of a character, if the face has it.
    pub(crate) fn glyph(&self, character: char) -> Option<&Glyph> {
        let index = self.glyphs.binary_search_by_key(&character, |glyph| glyph.character).ok()?;
        Some(&self.glyphs[index])
    }

    /// Reads an asset, which is part of the program and known to be well formed.
    fn read(asset: &[u8]) -> Self {
        let mut reader = Reader(asset);
        assert_eq!(reader.bytes::<8>(), *b"OUTLINE1");
        let count = u16::from_le_bytes(reader.bytes());
        Self { glyphs: (0..count).map(|_| Glyph::read(&mut reader)).collect(), unclear: "" }
    }
}

impl Glyph {
    /// How far the character may be turned against the clock and with it before people take it for another, in parts of
    /// how far others may.
    pub(crate) fn turns(&self) -> Range<f32> {
        match self.character {
            '4' => -0.8..0.2,                     // an A
            '7' => -0.3..0.5,                     // a Z, a J or a 1
            'L' => -0.3..0.4,                     // a V, an F or a Z
            'J' => -0.3..0.5,                     // an L or a 7
            'F' => -0.4..0.4,                     // an E, an H or a 7
            'T' | 'Z' => -0.5..0.5,               // a 7 or an L
            'H' | 'K' | 'X' | 'Y' => -0.75..0.75, // each other
            '6' | '9' => -0.7..0.7,               // each other
            _ => -1.0..1.0,
        }
    }

    /// The outline that shows the character so.
    pub(crate) fn filled(&self, fill: Fill) -> &Outline {
        &self.fills.get_or_init(|| Fill::ALL.map(|fill| fill.apply(&self.outline)))[fill as usize]
    }

    fn read(reader: &mut Reader<'_>) -> Self {
        let character = char::from_u32(u32::from_le_bytes(reader.bytes())).expect("the asset holds characters");
        let advance = reader.coordinate();
        let commands = u16::from_le_bytes(reader.bytes());
        let mut pen = Pen::default();
        for _ in 0..commands {
            match reader.bytes() {
                [b'M'] => pen.move_to(reader.point()),
                [b'L'] => pen.line_to(reader.point()),
                [b'Q'] => pen.quadratic_to(reader.point(), reader.point()),
                [b'C'] => pen.cubic_to(reader.point(), reader.point(), reader.point()),
                [b'Z'] => pen.close(),
                [other] => unreachable!("the asset holds no command {other}"),
            }
        }
        let mut outline = pen.outline;
        outline.orient();
        Self { character, advance, outline, fills: OnceLock::new() }
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let (bytes, rest) = self.0.split_first_chunk().expect("the asset is complete");
        self.0 = rest;
        *bytes
    }

    fn coordinate(&mut self) -> f32 {
        f32::from(i16::from_le_bytes(self.bytes())) / UNITS
    }

    fn point(&mut self) -> Point {
        let x = self.coordinate();
        Point::new(x, self.coordinate())
    }
}

/// Makes lines of the commands of a path.
#[derive(Default)]
struct Pen {
    outline: Outline,
    start: Point,
    at: Point,
}

impl Pen {
    fn move_to(&mut self, to: Point) {
        self.start = to;
        self.at = to;
    }

    /// Each line adds its end, so the start of a polygon is added by the line that closes it.
    fn line_to(&mut self, to: Point) {
        let from = self.at;
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let count = (dx * dx + dy * dy).sqrt() / LONGEST_LINE;
        self.curve(count, to, |part| from.towards(to, part));
    }

    fn quadratic_to(&mut self, control: Point, to: Point) {
        let from = self.at;
        let count = line_count(from, control, to, 0.25);
        self.curve(count, to, |part| from.towards(control, part).towards(control.towards(to, part), part));
    }

    fn cubic_to(&mut self, first: Point, second: Point, to: Point) {
        let from = self.at;
        let count = line_count(from, first, second, 0.75).max(line_count(first, second, to, 0.75));
        self.curve(count, to, |part| {
            let middle = first.towards(second, part);
            let before = from.towards(first, part).towards(middle, part);
            before.towards(middle.towards(second.towards(to, part), part), part)
        });
    }

    fn curve(&mut self, lines: f32, to: Point, at: impl Fn(f32) -> Point) {
        let count = (lines as u32 + 1) as f32;
        let mut line = 1.0;
        while line < count {
            self.outline.push(at(line / count));
            line += 1.0;
        }
        self.outline.push(to);
        self.at = to;
    }

    fn close(&mut self) {
        if self.at != self.start {
            self.line_to(self.start);
        }
        self.outline.close();
    }
}

/// How many lines a curve of these control points needs: a Bézier curve leaves a chord of 1/n of it by at most
/// `factor` · |a − 2b + c| / n², where the factor is 1/4 for a quadratic and 3/4 for a cubic curve (Wang's formula).
fn line_count(a: Point, b: Point, c: Point, factor: f32) -> f32 {
    let (x, y) = (a.x - 2.0 * b.x + c.x, a.y - 2.0 * b.y + c.y);
    (factor * (x * x + y * y).sqrt() / FLATNESS).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_face_has_every_character_standing_on_the_line() {
        for face in Face::letters() {
            for character in ('A'..='Z').chain('0'..='9') {
                let bounds = face.glyph(character).unwrap().outline.bounds();
                assert!((0.9..1.35).contains(&bounds.height()), "{character}: {bounds:?}");
                assert!((0.15..1.8).contains(&bounds.width()), "{character}: {bounds:?}");
            }
            assert!(face.glyph('a').is_none());
        }
    }

    #[test]
    fn all_outlines_turn_the_same_way() {
        for face in Face::letters() {
            for glyph in &face.glyphs {
                let doubled_area: f32 = glyph.outline.lines().map(|(a, b)| a.x * b.y - b.x * a.y).sum();
                assert!(doubled_area > 0.1, "{}", glyph.character);
            }
        }
    }

    #[test]
    fn notice_faces_follow_the_languages() {
        for (language, character) in Language::ALL.into_iter().zip(['보', 'T', '認', '验']) {
            assert!(Face::notice(language).glyph(character).is_some(), "{language:?}");
        }
    }
}
