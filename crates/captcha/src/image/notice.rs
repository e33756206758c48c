//! Plain pictures: the answer of a test app, and the notice that a challenge has expired.

use super::{
    Look,
    canvas::Canvas,
    face::Face,
    geometry::{Outline, Point},
    ground::Ground,
    palette::Tint,
};
use crate::{Answer, Language};

/// Where the mark of a test picture begins, in parts of the height.
const MARK_TOP: f32 = 0.76;
/// Room that is kept free around a line, in parts of the picture's height.
const MARGIN: f32 = 0.08;
/// Highest line of a notice, in parts of the picture's height.
const LINE_HEIGHT: f32 = 0.36;
/// Pictures narrower than this get the short notice.
const NARROW: u16 = 200;

/// A box for a line of text, in CSS pixels.
struct Slot {
    left: f32,
    top: f32,
    width: f32,
    height: f32,
}

/// An answer in a plain face, above a bar that says TEST.
pub(crate) fn draw_test(answer: &Answer, look: &Look) -> Vec<u8> {
    let (width, height) = look.size();
    let margin = MARGIN * height;
    let mut canvas = Canvas::new(look);
    let word = set_line(&Face::letters()[0], answer.as_str());
    let slot =
        Slot { left: margin, top: margin, width: width - 2.0 * margin, height: MARK_TOP * height - 2.0 * margin };
    canvas.fill(&centred(&word, &slot));

    let bar_top = MARK_TOP * height;
    let mark = set_line(Face::notice(Language::En), "TEST");
    let top = bar_top + margin / 2.0;
    canvas.fill(&centred(&mark, &Slot { left: 0.0, top, width, height: height - top - margin / 2.0 }));
    finish(&mut canvas, look, bar_top)
}

/// Two lines that say that the challenge has expired and to get a new one.
pub(crate) fn draw_expired(language: Language, look: &Look) -> Vec<u8> {
    let (width, height) = look.size();
    let margin = MARGIN * height;
    let mut canvas = Canvas::new(look);
    let lines = expired_lines(language, look.width() < NARROW).map(|text| set_line(Face::notice(language), text));
    let tallest = lines.iter().map(|line| line.bounds().height()).fold(0.0, f32::max);
    let widest = lines.iter().map(|line| line.bounds().width()).fold(0.0, f32::max);
    let size = ((width - 2.0 * margin) / widest).min(LINE_HEIGHT * height / tallest);
    let line_height = size * tallest;
    let gap = (height - 2.0 * line_height) / 3.0;
    for (line, top) in lines.iter().zip([gap, 2.0 * gap + line_height]) {
        let slot = Slot { left: margin, top, width: width - 2.0 * margin, height: line_height };
        canvas.fill(&sized(line, size, &slot));
    }
    finish(&mut canvas, look, 2.0 * height)
}

/// What happened, and what to do.
fn expired_lines(language: Language, is_narrow: bool) -> [&'static str; 2] {
    match (language, is_narrow) {
        (Language::Ko, false) => ["보안문자가 만료되었습니다", "새로 받아 주세요"],
        (Language::Ko, true) => ["만료되었습니다", "새로 받아 주세요"],
        (Language::En, false) => ["This challenge has expired", "Please get a new one"],
        (Language::En, true) => ["Expired", "Get a new one"],
        (Language::Ja, false) => ["認証の期限が切れました", "新しい画像を取得してください"],
        (Language::Ja, true) => ["期限切れです", "再取得してください"],
        (Language::Zh, _) => ["验证码已过期", "请重新获取"],
    }
}

/// A line of text in a face's units, its baseline at y = 0 and y running down.
fn set_line(face: &Face, text: &str) -> Outline {
    let mut line = Outline::default();
    let mut x = 0.0;
    for character in text.chars() {
        let glyph = face.glyph(character).expect("the asset is built for these texts");
        line.append(&glyph.outline, |point| Point::new(x + point.x, -point.y));
        x += glyph.advance;
    }
    line
}

/// A line as large as its slot allows, in the middle.
fn centred(line: &Outline, slot: &Slot) -> Outline {
    let bounds = line.bounds();
    sized(line, (slot.width / bounds.width()).min(slot.height / bounds.height()), slot)
}

/// A line of this size in the middle of its slot.
fn sized(line: &Outline, size: f32, slot: &Slot) -> Outline {
    let middle = line.bounds().middle();
    let (x, y) = (slot.left + slot.width / 2.0, slot.top + slot.height / 2.0);
    let mut placed = Outline::default();
    placed.append(line, |point| Point::new(x + size * (point.x - middle.x), y + size * (point.y - middle.y)));
    placed
}

/// The file, whose ground is inverted from this height on.
fn finish(canvas: &mut Canvas, look: &Look, wash_from: f32) -> Vec<u8> {
    let mut ground = Ground::default();
    ground.make_plain(look, wash_from);
    canvas.encode(&mut ground, &Tint::all(look.theme())[0], None)
}
