//! Pictures: an answer drawn as a GIF.

use std::str::FromStr;

use crate::{Answer, Error, Seed};

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
}

impl Default for Look {
    fn default() -> Self {
        Self { width: 240, height: 80, scale: Scale::One, theme: Theme::Light }
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
    let mut gif = b"GIF89a".to_vec();
    gif.extend_from_slice(answer.characters());
    gif.extend(seed.stream().bits64().to_le_bytes());
    gif.extend(look.width.to_le_bytes());
    gif
}

/// Draws an answer plainly, marked TEST.
#[must_use]
pub fn render_test(answer: &Answer, look: &Look) -> Vec<u8> {
    render(answer, &Seed::from_number(0), look)
}

/// Draws a notice that a challenge has expired, in the reader's language.
#[must_use]
pub fn render_expired(_language: crate::Language, look: &Look) -> Vec<u8> {
    render(&"X".parse().expect("X is a letter"), &Seed::from_number(0), look)
}
