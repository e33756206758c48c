//! Plain pictures: the answer of a test app, and the notices that stand in for a challenge.

use super::{
    Look,
    canvas::Canvas,
    face::Face,
    geometry::{Outline, Point},
    ground::Ground,
    palette::Tint,
};
use crate::{Answer, Language, Notice};

/// Where the mark of a test picture begins, in parts of the height.
const MARK_TOP: f32 = 0.76;
/// Room that is kept free around a line, in parts of the picture's height.
const MARGIN: f32 = 0.08;
/// Highest line of a notice, in parts of the picture's height.
const LINE_HEIGHT: f32 = 0.36;
/// Pictures narrower than this get the short notice.
const NARROW: u16 = 200;
/// What the pictures of test apps are marked with, in the English face.
const MARK: &str = "TEST";

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
    let mark = set_line(Face::notice(Language::En), MARK);
    let top = bar_top + margin / 2.0;
    canvas.fill(&centred(&mark, &Slot { left: 0.0, top, width, height: height - top - margin / 2.0 }));
    finish(&mut canvas, look, bar_top)
}

/// Two lines in the reader's language.
pub(crate) fn draw(notice: Notice, language: Language, look: &Look) -> Vec<u8> {
    let (width, height) = look.size();
    let margin = MARGIN * height;
    let mut canvas = Canvas::new(look);
    let is_narrow = look.width() < NARROW;
    let lines = lines(notice, language, is_narrow).map(|text| set_line(Face::notice(language), text));
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

/// Every text that is set in the notice face of a language, so that `cargo xtask faces` can make the face of it.
pub fn texts(language: Language) -> impl Iterator<Item = &'static str> {
    let mark = (language == Language::En).then_some(MARK);
    let both = move |notice| [false, true].into_iter().flat_map(move |is_narrow| lines(notice, language, is_narrow));
    mark.into_iter().chain(Notice::ALL.into_iter().flat_map(both))
}

/// What happened, and what to do.
fn lines(notice: Notice, language: Language, is_narrow: bool) -> [&'static str; 2] {
    match notice {
        Notice::Expired => expired_lines(language, is_narrow),
        Notice::TooMany => too_many_lines(language, is_narrow),
        Notice::Busy => busy_lines(language, is_narrow),
        Notice::Unknown => unknown_lines(language, is_narrow),
    }
}

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

fn unknown_lines(language: Language, is_narrow: bool) -> [&'static str; 2] {
    match (language, is_narrow) {
        (Language::Ko, false) => ["알 수 없는 보안문자입니다", "새로 받아 주세요"],
        (Language::Ko, true) => ["알 수 없습니다", "새로 받아 주세요"],
        (Language::En, false) => ["This challenge is unknown", "Please get a new one"],
        (Language::En, true) => ["Unknown", "Get a new one"],
        (Language::Ja, false) => ["この認証は存在しません", "新しい画像を取得してください"],
        (Language::Ja, true) => ["存在しません", "再取得してください"],
        (Language::Zh, _) => ["验证码不存在", "请重新获取"],
    }
}

fn too_many_lines(language: Language, is_narrow: bool) -> [&'static str; 2] {
    match (language, is_narrow) {
        (Language::Ko, false) => ["요청이 너무 많습니다", "잠시만 기다려 주세요"],
        (Language::Ko, true) => ["요청이 많습니다", "잠시 기다려 주세요"],
        (Language::En, false) => ["Too many requests", "Please wait a little while"],
        (Language::En, true) => ["Too many tries", "Please wait"],
        (Language::Ja, false) => ["リクエストが多すぎます", "しばらくお待ちください"],
        (Language::Ja, true) => ["回数が多すぎます", "お待ちください"],
        (Language::Zh, _) => ["请求过于频繁", "请稍后再试"],
    }
}

fn busy_lines(language: Language, is_narrow: bool) -> [&'static str; 2] {
    match (language, is_narrow) {
        (Language::Ko, false) => ["서버가 혼잡합니다", "잠시 후 다시 시도해 주세요"],
        (Language::Ko, true) => ["서버가 혼잡합니다", "다시 시도해 주세요"],
        (Language::En, false) => ["The server is busy", "Please try again in a moment"],
        (Language::En, true) => ["Server is busy", "Try again soon"],
        (Language::Ja, false) => ["サーバーが混み合っています", "少し待ってからお試しください"],
        (Language::Ja, true) => ["混み合っています", "再度お試しください"],
        (Language::Zh, _) => ["服务器繁忙", "请稍等片刻再试"],
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
    canvas.encode(&mut ground, &Tint::all(look.theme())[0].suited(look), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_has_its_glyphs() {
        for language in Language::ALL {
            for text in texts(language) {
                let missing = text.chars().find(|&character| Face::notice(language).glyph(character).is_none());
                assert_eq!(missing, None, "{text}: run cargo xtask faces");
            }
        }
    }
}
