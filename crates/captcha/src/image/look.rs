//! How a picture is asked for: its size, its density, its colours, how hard it is and in which format.

use std::str::FromStr;

use super::Colour;
use crate::Error;

/// How a picture is to look: its size, its density, its colours, how hard it is and in which format.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    width: u16,
    height: u16,
    scale: Scale,
    theme: Theme,
    difficulty: Difficulty,
    format: PictureFormat,
    colour: Option<Colour>,
    light_ground: Option<Colour>,
    dark_ground: Option<Colour>,
}

/// In what a picture is written. The pixels are the same, and JPEG keeps them nearly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PictureFormat {
    /// `image/gif`
    #[default]
    Gif,
    /// `image/jpeg`
    Jpeg,
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

/// How hard a picture is for machines, and with it for people: from 1, calm, to 5, hard.
///
/// What each costs people and machines is measured in `docs/strength.md` and `docs/legibility.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Difficulty(u8);

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
        Ok(Self { width, height, ..Self::default() })
    }

    /// The same look at another density: the same drawing with finer pixels.
    #[must_use]
    pub fn with_scale(self, scale: Scale) -> Self {
        Self { scale, ..self }
    }

    /// The same look in another theme: the same drawing with another palette.
    #[must_use]
    pub fn with_theme(self, theme: Theme) -> Self {
        Self { theme, ..self }
    }

    /// The same look, drawn harder or calmer.
    #[must_use]
    pub fn with_difficulty(self, difficulty: Difficulty) -> Self {
        Self { difficulty, ..self }
    }

    /// The same look, written in this format.
    #[must_use]
    pub fn with_format(self, format: PictureFormat) -> Self {
        Self { format, ..self }
    }

    /// The same look in one colour, lighter or darker where letters must stand out; without one, four take turns.
    #[must_use]
    pub fn with_colour(self, colour: Option<Colour>) -> Self {
        Self { colour, ..self }
    }

    /// The same look with a ground of one's own in a theme.
    ///
    /// # Errors
    /// [`Error::Ground`] for a colour that is none in that theme ([`Colour::is_ground`]).
    pub fn with_ground(self, theme: Theme, ground: Option<Colour>) -> Result<Self, Error> {
        if ground.is_some_and(|ground| !ground.is_ground(theme)) {
            return Err(Error::Ground);
        }
        Ok(match theme {
            Theme::Light => Self { light_ground: ground, ..self },
            Theme::Dark => Self { dark_ground: ground, ..self },
        })
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

    /// Whether the ground is light or dark.
    #[must_use]
    pub const fn theme(&self) -> Theme {
        self.theme
    }

    /// How hard the picture is.
    #[must_use]
    pub const fn difficulty(&self) -> Difficulty {
        self.difficulty
    }

    /// The format of the file.
    #[must_use]
    pub const fn format(&self) -> PictureFormat {
        self.format
    }

    /// The colour, if it has one of its own.
    #[must_use]
    pub const fn colour(&self) -> Option<Colour> {
        self.colour
    }

    /// The theme's ground, if it has one of its own.
    #[must_use]
    pub const fn ground(&self) -> Option<Colour> {
        match self.theme {
            Theme::Light => self.light_ground,
            Theme::Dark => self.dark_ground,
        }
    }

    /// Width and height in CSS pixels.
    pub(super) fn size(&self) -> (f32, f32) {
        (f32::from(self.width), f32::from(self.height))
    }
}

impl Default for Look {
    fn default() -> Self {
        let (scale, theme) = (Scale::One, Theme::Light);
        let (difficulty, format) = (Difficulty::default(), PictureFormat::Gif);
        let (colour, light_ground, dark_ground) = (None, None, None);
        Self { width: 240, height: 80, scale, theme, difficulty, format, colour, light_ground, dark_ground }
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

impl Difficulty {
    /// The lowest and the highest.
    pub const LEVELS: std::ops::RangeInclusive<u8> = 1..=5;

    /// The level as a number, 1 to 5.
    #[must_use]
    pub const fn level(self) -> u8 {
        self.0
    }
}

impl Default for Difficulty {
    fn default() -> Self {
        Self(3)
    }
}

impl TryFrom<u8> for Difficulty {
    type Error = Error;

    fn try_from(level: u8) -> Result<Self, Error> {
        if Self::LEVELS.contains(&level) { Ok(Self(level)) } else { Err(Error::Difficulty) }
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

impl PictureFormat {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Gif, Self::Jpeg];

    /// As a reply says it.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Gif => "image/gif",
            Self::Jpeg => "image/jpeg",
        }
    }
}

impl FromStr for PictureFormat {
    type Err = Error;

    /// Reads `gif` or `jpeg`.
    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "gif" => Ok(Self::Gif),
            "jpeg" => Ok(Self::Jpeg),
            _ => Err(Error::PictureFormat),
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
