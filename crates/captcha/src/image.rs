//! Pictures: an answer drawn as a GIF.
//!
//! A word is set in CSS pixels, wherever its letters come from and however they are bent; then the outlines are filled
//! at the picture's density. So a scale changes the pixels and not the drawing, and a theme changes the palette alone.
//! Nothing but IEEE additions, multiplications, divisions and square roots decides a pixel: every processor agrees.

mod bands;
mod canvas;
mod face;
mod field;
mod geometry;
mod gif;
mod layout;
mod lzw;
mod notice;
mod palette;
mod raster;
mod silhouette;
mod specks;
mod style;

use std::str::FromStr;

use self::{
    bands::add_bands,
    canvas::Canvas,
    layout::{Part, set_word},
    palette::Tint,
    raster::Layer,
    specks::add_specks,
};
use crate::{Answer, Error, Language, Seed};

pub use self::{silhouette::silhouettes, style::Style};

/// How a picture is to look: its size, its density and its colours.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    width: u16,
    height: u16,
    scale: Scale,
    theme: Theme,
}

/// Image pixels for each CSS pixel, for dense screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// 1
    #[default]
    One,
    /// 2
    Two,
    /// 3
    Three,
}

/// Whether the ground is light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// Dark on light.
    #[default]
    Light,
    /// Light on dark.
    Dark,
}

impl Look {
    /// Narrowest and widest picture, in CSS pixels.
    pub const WIDTHS: std::ops::RangeInclusive<u16> = 120..=480;
    /// Lowest and highest picture, in CSS pixels.
    pub const HEIGHTS: std::ops::RangeInclusive<u16> = 40..=160;

    /// A look of this size in CSS pixels.
    ///
    /// # Errors
    /// [`Error::PictureSize`] outside [`Look::WIDTHS`] and [`Look::HEIGHTS`].
    pub fn new(width: u16, height: u16) -> Result<Self, Error> {
        if !Self::WIDTHS.contains(&width) || !Self::HEIGHTS.contains(&height) {
            return Err(Error::PictureSize);
        }
        Ok(Self { width, height, scale: Scale::One, theme: Theme::Light })
    }

    /// The same look at another density: the same drawing with finer pixels.
    #[must_use]
    pub fn with_scale(self, scale: Scale) -> Self {
        Self { scale, ..self }
    }

    /// The same look in other colours: the same drawing with another palette.
    #[must_use]
    pub fn with_theme(self, theme: Theme) -> Self {
        Self { theme, ..self }
    }

    /// Width in CSS pixels.
    #[must_use]
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Height in CSS pixels.
    #[must_use]
    pub const fn height(&self) -> u16 {
        self.height
    }

    /// Image pixels for each CSS pixel.
    #[must_use]
    pub const fn scale(&self) -> Scale {
        self.scale
    }

    /// The colours.
    #[must_use]
    pub const fn theme(&self) -> Theme {
        self.theme
    }

    /// Width and height in CSS pixels.
    fn size(&self) -> (f32, f32) {
        (f32::from(self.width), f32::from(self.height))
    }
}

impl Default for Look {
    fn default() -> Self {
        Self { width: 240, height: 80, scale: Scale::One, theme: Theme::Light }
    }
}

impl Scale {
    /// Image pixels for each CSS pixel, as a number.
    #[must_use]
    pub const fn factor(self) -> u16 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Three => 3,
        }
    }
}

impl TryFrom<u8> for Scale {
    type Error = Error;

    fn try_from(number: u8) -> Result<Self, Error> {
        match number {
            1 => Ok(Self::One),
            2 => Ok(Self::Two),
            3 => Ok(Self::Three),
            _ => Err(Error::Scale),
        }
    }
}

impl FromStr for Theme {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "light" => Ok(Self::Light),
            "dark" => Ok(Self::Dark),
            _ => Err(Error::Theme),
        }
    }
}

/// Draws an answer as a GIF file. The same answer, seed and look give the same bytes on every machine.
#[must_use]
pub fn render(answer: &Answer, seed: &Seed, look: &Look) -> Vec<u8> {
    render_in_style(answer, seed, look, &Style::STANDARD)
}

/// Draws an answer as a GIF file in a style of one's own.
#[must_use]
pub fn render_in_style(answer: &Answer, seed: &Seed, look: &Look, style: &Style) -> Vec<u8> {
    let word = set_word(answer, seed, style, look.size());
    let mut canvas = Canvas::new(look);
    canvas.fill(Layer::Ink, &word.outline);
    add_specks(&mut canvas, &word, seed, style, look.size());
    add_bands(&mut canvas, &word, seed, style, look.size());
    canvas.encode(Part::Tint.stream(seed).pick(Tint::all(look.theme)))
}

/// Draws an answer plainly, marked TEST.
#[must_use]
pub fn render_test(answer: &Answer, look: &Look) -> Vec<u8> {
    notice::draw_test(answer, look)
}

/// Draws a notice that a challenge has expired, in the reader's language.
#[must_use]
pub fn render_expired(language: Language, look: &Look) -> Vec<u8> {
    notice::draw_expired(language, look)
}
