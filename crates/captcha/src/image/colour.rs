//! Colours, how light they are, and how far they stand out from each other.
//!
//! All in whole numbers, so that every processor agrees.

use std::{fmt, str::FromStr};

use super::Theme;
use crate::Error;

/// A colour in sRGB, written as `#0b6e4f`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Colour {
    /// Red, green and blue.
    pub(super) channels: [u8; 3],
}

/// How light a colour is, in 65535ths of white: relative luminance as WCAG 2.2 defines it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Luminance(pub(super) u32);

impl Luminance {
    pub(super) const BLACK: Self = Self(0);
    pub(super) const WHITE: Self = Self(65_535);
    /// The light that a screen reflects, a twentieth of white, as the standard has it.
    pub(super) const FLARE: u32 = 3_277;

    /// Whether the contrast of two is a ratio or more, in hundredths.
    pub(super) const fn stands_out(self, other: Self, hundredths: u32) -> bool {
        let (more, less) = if self.0 > other.0 { (self.0, other.0) } else { (other.0, self.0) };
        (more + Self::FLARE) as u64 * 100 >= (less + Self::FLARE) as u64 * hundredths as u64
    }

    /// This, or what is farther from another where that is needed for a contrast, as far as there is any.
    pub(super) fn or_farther(self, other: Self, hundredths: u32) -> Self {
        let (lit, hundredths) = (u64::from(other.0 + Self::FLARE), u64::from(hundredths));
        let without_flare = |lit: u64| (lit as u32).saturating_sub(Self::FLARE);
        if self < other {
            Self(self.0.min(without_flare(lit * 100 / hundredths)))
        } else {
            Self(self.0.max(without_flare(lit * hundredths / 100)).min(Self::WHITE.0))
        }
    }

    /// What is between two, so that its contrasts with them are to each other as these are.
    pub(super) fn between(one: Self, other: Self, with_one: u32, with_other: u32) -> Self {
        let lit = |luminance: Self| u64::from(luminance.0 + Self::FLARE);
        let (more, less) = if one > other { (with_other, with_one) } else { (with_one, with_other) };
        let mean = (lit(one) * lit(other) * u64::from(more) / u64::from(less)).isqrt();
        Self((mean as u32).saturating_sub(Self::FLARE))
    }

    /// How far it is from another.
    pub(super) const fn distance(self, other: Self) -> u32 {
        self.0.abs_diff(other.0)
    }
}

impl Colour {
    pub(super) const BLACK: Self = Self::new([0; 3]);
    const WHITE: Self = Self::new([255; 3]);
    /// Contrast of a ground with the lightest or darkest letters, in hundredths: between the two there is room for a
    /// tone that stands out from either as [`super::palette`] asks.
    pub(super) const OF_GROUND: u32 = 1_520;

    /// A colour of red, green and blue.
    #[must_use]
    pub const fn new(channels: [u8; 3]) -> Self {
        Self { channels }
    }

    /// Whether pictures of a theme can have it as their ground: whether it is light or dark enough that letters stand
    /// out from it, and from the other grounds beside it. Greys are, up to `#252525` and from `#dcdcdc`.
    #[must_use]
    pub const fn is_ground(self, theme: Theme) -> bool {
        let of_letters = match theme {
            Theme::Light => Luminance::BLACK,
            Theme::Dark => Luminance::WHITE,
        };
        self.luminance().stands_out(of_letters, Self::OF_GROUND)
    }

    pub(super) const fn luminance(self) -> Luminance {
        let [red, green, blue] = self.channels;
        let [red, green, blue] =
            [LINEAR[red as usize] as u32, LINEAR[green as usize] as u32, LINEAR[blue as usize] as u32];
        Luminance((2_126 * red + 7_152 * green + 722 * blue) / 10_000)
    }

    /// Of its mixes with white or black, the one nearest to a luminance.
    pub(super) fn toned(self, wanted: Luminance) -> Self {
        const PARTS: u32 = 1_024;
        let end = if self.luminance() < wanted { Self::WHITE } else { Self::BLACK };
        let mixed = |part| self.mixed(end, part, PARTS);
        // The way there is up or down all along, so that it is cut in half until the two beside the goal are left.
        let (mut near, mut far) = (0, PARTS);
        while far - near > 1 {
            let middle = u32::midpoint(near, far);
            let is_past = (mixed(middle).luminance() < wanted) != (self.luminance() < wanted);
            if is_past { far = middle } else { near = middle }
        }
        let distance = |colour: &Self| colour.luminance().distance(wanted);
        let (near, far) = (mixed(near), mixed(far));
        if distance(&near) <= distance(&far) { near } else { far }
    }

    /// So many parts of the way to another.
    pub(super) fn mixed(self, other: Self, part: u32, whole: u32) -> Self {
        let (part, whole) = (i64::from(part), i64::from(whole));
        Self::new(std::array::from_fn(|channel| {
            let (from, to) = (i64::from(self.channels[channel]), i64::from(other.channels[channel]));
            (from + (to - from) * part / whole) as u8
        }))
    }
}

impl FromStr for Colour {
    type Err = Error;

    /// Reads `#` and six hexadecimal digits, in either case.
    fn from_str(text: &str) -> Result<Self, Error> {
        let digits = text.strip_prefix('#').ok_or(Error::Colour)?.as_bytes();
        if digits.len() != 6 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(Error::Colour);
        }
        let digit = |place: usize| char::from(digits[place]).to_digit(16).unwrap_or_default() as u8;
        Ok(Self::new(std::array::from_fn(|channel| digit(2 * channel) * 16 + digit(2 * channel + 1))))
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.channels;
        write!(formatter, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// How much light each value of a channel is, in 65535ths: sRGB's curve, which needs a power that processors round
/// differently. A test reckons it again.
#[rustfmt::skip]
const LINEAR: [u16; 256] = [
    0, 20, 40, 60, 80, 99, 119, 139, 159, 179, 199, 219, 241, 264, 288, 313,
    340, 367, 396, 427, 458, 491, 526, 562, 599, 637, 677, 718, 761, 805, 851, 898,
    947, 997, 1048, 1101, 1156, 1212, 1270, 1330, 1391, 1453, 1517, 1583, 1651, 1720, 1790, 1863,
    1937, 2013, 2090, 2170, 2250, 2333, 2418, 2504, 2592, 2681, 2773, 2866, 2961, 3058, 3157, 3258,
    3360, 3464, 3570, 3678, 3788, 3900, 4014, 4129, 4247, 4366, 4488, 4611, 4736, 4864, 4993, 5124,
    5257, 5392, 5530, 5669, 5810, 5953, 6099, 6246, 6395, 6547, 6700, 6856, 7014, 7174, 7335, 7500,
    7666, 7834, 8004, 8177, 8352, 8528, 8708, 8889, 9072, 9258, 9445, 9635, 9828, 10022, 10219, 10417,
    10619, 10822, 11028, 11235, 11446, 11658, 11873, 12090, 12309, 12530, 12754, 12980, 13209, 13440, 13673, 13909,
    14146, 14387, 14629, 14874, 15122, 15371, 15623, 15878, 16135, 16394, 16656, 16920, 17187, 17456, 17727, 18001,
    18277, 18556, 18837, 19121, 19407, 19696, 19987, 20281, 20577, 20876, 21177, 21481, 21787, 22096, 22407, 22721,
    23038, 23357, 23678, 24002, 24329, 24658, 24990, 25325, 25662, 26001, 26344, 26688, 27036, 27386, 27739, 28094,
    28452, 28813, 29176, 29542, 29911, 30282, 30656, 31033, 31412, 31794, 32179, 32567, 32957, 33350, 33745, 34143,
    34544, 34948, 35355, 35764, 36176, 36591, 37008, 37429, 37852, 38278, 38706, 39138, 39572, 40009, 40449, 40891,
    41337, 41785, 42236, 42690, 43147, 43606, 44069, 44534, 45002, 45473, 45947, 46423, 46903, 47385, 47871, 48359,
    48850, 49344, 49841, 50341, 50844, 51349, 51858, 52369, 52884, 53401, 53921, 54445, 54971, 55500, 56032, 56567,
    57105, 57646, 58190, 58737, 59287, 59840, 60396, 60955, 61517, 62082, 62650, 63221, 63795, 64372, 64952, 65535,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(text: &str) -> Colour {
        text.parse().unwrap()
    }

    #[test]
    fn light_is_reckoned_as_the_standard_has_it() {
        for (value, linear) in LINEAR.iter().enumerate() {
            let part = value as f64 / 255.0;
            let expected = if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) };
            assert!((f64::from(*linear) - expected * 65_535.0).abs() <= 0.5, "{value}");
        }
        let [white, grey] = ["#ffffff", "#767676"].map(|text| colour(text).luminance());
        assert!(white.stands_out(Luminance::BLACK, 2_099) && !white.stands_out(Luminance::BLACK, 2_101));
        assert!(white.stands_out(grey, 453) && grey.stands_out(white, 453) && !white.stands_out(grey, 455));
    }

    #[test]
    fn a_colour_is_written_with_six_digits() {
        for text in ["#0b6e4f", "#ffffff", "#000000"] {
            assert_eq!(colour(text).to_string(), text);
        }
        assert_eq!(colour("#ABCDEF").to_string(), "#abcdef");
        for text in
            ["", "#", "0b6e4f", "#0b6e4", "#0b6e4f0", "#fff", "#0b6e4g", "#é6e4f", "#+b6e4f", "green", " #0b6e4f"]
        {
            assert_eq!(text.parse::<Colour>(), Err(Error::Colour), "{text}");
        }
    }

    #[test]
    fn a_ground_is_light_or_dark_enough() {
        for text in ["#ffffff", "#dcdcdc", "#f6f7fb", "#fff8c0"] {
            assert!(colour(text).is_ground(Theme::Light) && !colour(text).is_ground(Theme::Dark), "{text}");
        }
        for text in ["#000000", "#252525", "#212529", "#0d1117"] {
            assert!(colour(text).is_ground(Theme::Dark) && !colour(text).is_ground(Theme::Light), "{text}");
        }
        for text in ["#dbdbdb", "#262626", "#808080", "#ff0000", "#0000ff", "#ffa500"] {
            assert!(!colour(text).is_ground(Theme::Dark) && !colour(text).is_ground(Theme::Light), "{text}");
        }
    }

    #[test]
    fn a_toned_colour_is_as_light_as_was_asked() {
        for text in ["#0b6e4f", "#ff0000", "#0000ff", "#808080", "#000000", "#ffffff"] {
            for wanted in [300, 3_000, 12_000, 30_000, 60_000].map(Luminance) {
                let toned = colour(text).toned(wanted).luminance();
                // One step of all three channels at this lightness.
                let step = 60 + wanted.0 / 60;
                assert!(toned.distance(wanted) <= step, "{text}, {wanted:?}: {toned:?}");
            }
        }
        assert_eq!(colour("#0b6e4f").toned(colour("#0b6e4f").luminance()), colour("#0b6e4f"));
    }
}
