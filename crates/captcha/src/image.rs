//! Pictures: an answer drawn as a GIF, or a JPEG if that is asked for.
//!
//! A word is set in CSS pixels, wherever its letters come from and however they are bent; then the outlines are filled
//! at the picture's density. So a scale changes the pixels and not the drawing, and a theme changes the palette alone.
//! Nothing but IEEE additions, multiplications, divisions and square roots decides a pixel: every processor agrees.

mod canvas;
mod clearance;
mod colour;
mod distractors;
mod face;
mod field;
mod fill;
mod geometry;
mod gif;
mod grain;
mod ground;
mod jpeg;
mod layout;
mod look;
mod lzw;
mod notice;
mod palette;
mod profile;
mod raster;
mod silhouette;
mod studio;
mod style;

use self::{grain::Grain, layout::Part, palette::Tint, studio::Studio};
use crate::{Answer, Language, Notice, Seed};

pub use self::{
    colour::Colour,
    look::{Difficulty, Look, PictureFormat, Scale, Theme},
    notice::texts as notice_texts,
    silhouette::silhouettes,
    style::{Fills, Style},
};

/// Draws an answer as a file in the look's format. The same answer, seed and look give the same bytes on every machine.
#[must_use]
pub fn render(answer: &Answer, seed: &Seed, look: &Look) -> Vec<u8> {
    render_in_style(answer, seed, look, &Style::of(look.difficulty()))
}

/// Draws an answer in a style of one's own.
#[must_use]
pub fn render_in_style(answer: &Answer, seed: &Seed, look: &Look, style: &Style) -> Vec<u8> {
    let style = &style.varied(look.size().1, &mut Part::Style.stream(seed));
    let tint = Part::Tint.stream(seed).pick(Tint::all(look.theme())).suited(look);
    Studio::visit(|Studio { desk, distractors, canvas, ground }| {
        let word = desk.set(answer, seed, style, look.size());
        canvas.clear(look);
        canvas.fill(&word.outline);
        canvas.fill(distractors.make(word, answer.characters().len(), seed, style, look.size()));
        ground.make(word, seed, style, look);
        canvas.encode(ground, &tint, Grain::new(seed, style, look))
    })
}

/// Draws an answer plainly, marked TEST.
#[must_use]
pub fn render_test(answer: &Answer, look: &Look) -> Vec<u8> {
    notice::draw_test(answer, look)
}

/// Draws what a person is told instead of a challenge, in the reader's language.
///
/// The picture has the look's size, scale and theme; its difficulty changes nothing.
#[must_use]
pub fn render_notice(notice: Notice, language: Language, look: &Look) -> Vec<u8> {
    notice::draw(notice, language, look)
}
