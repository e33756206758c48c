//! Tones and colours.
//!
//! Every pixel has one of eight tones, from paper to ink. On paper the letters are ink; on the wash, a tone between the
//! two, they are paper; on ink they are the wash. The wash stands out from paper and from ink alike. A palette gives the
//! tones their colours, so a drawing is the same in every theme and tint.

use super::{Colour, Look, Theme, colour::Luminance};

/// The tones of a picture.
pub(crate) const TONES: usize = 8;
/// The tone of the plain ground, and of letters on the wash.
pub(crate) const PAPER: u8 = 0;
/// The tone of the inverted ground.
pub(crate) const WASH: u8 = 4;
/// The tone of letters on paper.
pub(crate) const INK: u8 = 7;

/// How light paper or letters of a made tint are, whichever is the lighter of them.
const LIGHT: Luminance = Luminance(61_000);
/// And the darker, unless more contrast is needed.
const DARK: Luminance = Luminance(560);
/// Least contrasts in hundredths: of the wash with paper, and with ink.
const OF_PAPER: u32 = 400;
const OF_INK: u32 = 370;

/// The colours of paper, wash and ink; those of the tones between them are mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tint {
    paper: Colour,
    wash: Colour,
    ink: Colour,
}

const LIGHT_TINTS: [Tint; 4] = [
    Tint::of(0xf6f7fb, 0x6879a4, 0x101838), // indigo
    Tint::of(0xf4f9f8, 0x4b8387, 0x07262c), // teal
    Tint::of(0xfbf6f8, 0x976c90, 0x31102d), // plum
    Tint::of(0xfaf8f2, 0x8e765b, 0x2e1e0f), // umber
];

const DARK_TINTS: [Tint; 4] = [
    Tint::of(0x12172a, 0x69779f, 0xf1f4ff), // indigo
    Tint::of(0x0d1f22, 0x548484, 0xeefbf9), // teal
    Tint::of(0x221421, 0x926d8b, 0xfdf2fa), // plum
    Tint::of(0x1f1912, 0x8d7659, 0xfdf7ea), // umber
];

impl Tint {
    /// Paper, wash and ink as `0xrrggbb`.
    const fn of(paper: u32, wash: u32, ink: u32) -> Self {
        Self { paper: colour(paper), wash: colour(wash), ink: colour(ink) }
    }

    /// The tint in the look's own colours, where it has any.
    pub(crate) fn suited(self, look: &Look) -> Self {
        match (look.colour(), look.ground()) {
            (None, None) => self,
            (colour, ground) => Self::made(look.theme(), colour.unwrap_or(self.wash), ground),
        }
    }

    /// Wash and ink in a colour, which is made lighter or darker until each stands out as it must.
    fn made(theme: Theme, colour: Colour, ground: Option<Colour>) -> Self {
        let (usual_paper, usual_ink) = match theme {
            Theme::Light => (LIGHT, DARK),
            Theme::Dark => (DARK, LIGHT),
        };
        let paper = ground.unwrap_or_else(|| colour.toned(usual_paper));
        let ink = usual_ink.or_farther(paper.luminance(), Colour::OF_GROUND);
        let wash = Luminance::between(paper.luminance(), ink, OF_PAPER, OF_INK);
        let in_hue = |hue: Colour| Self { paper, wash: hue.toned(wash), ink: hue.toned(ink) };
        let tint = in_hue(colour);
        // Between a glaring green and another hue a tone may be lighter than both. Grey goes with every ground.
        if tint.is_even() { tint } else { in_hue(Colour::BLACK) }
    }

    /// Whether each tone is darker than the one before, or each lighter.
    fn is_even(&self) -> bool {
        let steps = self.colours().map(Colour::luminance);
        steps.is_sorted_by(|one, next| one > next) || steps.is_sorted_by(|one, next| one < next)
    }

    /// All tints of a theme.
    pub(crate) const fn all(theme: Theme) -> &'static [Self; 4] {
        match theme {
            Theme::Light => &LIGHT_TINTS,
            Theme::Dark => &DARK_TINTS,
        }
    }

    /// A colour for each tone.
    pub(crate) fn colours(&self) -> [Colour; TONES] {
        std::array::from_fn(|tone| match tone as u8 {
            tone if tone <= WASH => self.paper.mixed(self.wash, (tone - PAPER).into(), (WASH - PAPER).into()),
            tone => self.wash.mixed(self.ink, (tone - WASH).into(), (INK - WASH).into()),
        })
    }
}

const fn colour(hexadecimal: u32) -> Colour {
    let [_, red, green, blue] = hexadecimal.to_be_bytes();
    Colour::new([red, green, blue])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Seed,
        image::{Difficulty, Style, render_in_style},
    };

    /// Relative luminance, as WCAG 2.2 defines it, reckoned in another way than drawing does.
    fn luminance(colour: Colour) -> f64 {
        let [red, green, blue] = colour.channels.map(|channel| {
            let part = f64::from(channel) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    fn contrast(one: Colour, other: Colour) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn luminance_agrees_with_the_standard() {
        let grey = |channel| Colour::new([channel; 3]);
        assert!((contrast(grey(0), grey(255)) - 21.0).abs() < 1e-9);
        assert!((contrast(grey(255), grey(0x76)) - 4.54).abs() < 0.01);
    }

    /// Letters, wash and paper stand out from each other, and tones run evenly one way.
    #[track_caller]
    fn check(tint: &Tint, theme: Theme) {
        let colours = tint.colours();
        let [paper, wash, ink] = [PAPER, WASH, INK].map(|tone| colours[usize::from(tone)]);
        assert!(contrast(ink, paper) >= 7.0, "{tint:?}: {}", contrast(ink, paper));
        assert!(contrast(paper, wash) >= 4.0, "{tint:?}: {}", contrast(paper, wash));
        assert!(contrast(ink, wash) >= 3.7, "{tint:?}: {}", contrast(ink, wash));
        let steps = colours.map(luminance);
        let falls = steps.windows(2).all(|pair| pair[0] > pair[1]);
        let rises = steps.windows(2).all(|pair| pair[0] < pair[1]);
        assert!(if theme == Theme::Light { falls } else { rises }, "{tint:?}");
    }

    #[test]
    fn letters_stand_out_from_either_ground() {
        for theme in [Theme::Light, Theme::Dark] {
            for tint in Tint::all(theme) {
                check(tint, theme);
            }
        }
    }

    /// Colours all over the cube, its corners and edges among them.
    fn colours() -> impl Iterator<Item = Colour> {
        let steps = || (0..=255).step_by(17).map(|value| value as u8);
        steps().flat_map(move |red| {
            steps().flat_map(move |green| steps().map(move |blue| Colour::new([red, green, blue])))
        })
    }

    #[test]
    fn letters_of_any_colour_stand_out_from_any_ground_that_is_one() {
        for theme in [Theme::Light, Theme::Dark] {
            for colour in colours() {
                check(&Tint::made(theme, colour, None), theme);
            }
            let grounds: Vec<Colour> = colours().filter(|colour| colour.is_ground(theme)).collect();
            assert!(grounds.len() > 40, "{}", grounds.len());
            for ground in grounds {
                for colour in colours().step_by(37) {
                    check(&Tint::made(theme, colour, Some(ground)), theme);
                }
            }
        }
    }

    #[test]
    fn a_colour_that_stands_out_stays_as_it_is_but_for_a_shade() {
        for tint in LIGHT_TINTS {
            let made = Tint::made(Theme::Light, tint.wash, Some(tint.paper));
            let off = made.wash.channels.iter().zip(tint.wash.channels).map(|(one, other)| one.abs_diff(other)).max();
            assert!(off < Some(8), "{tint:?}, {made:?}");
            assert_eq!(made.paper, tint.paper);
        }
    }

    #[test]
    fn a_look_without_colours_has_the_usual_ones() {
        let [usual, other] = [LIGHT_TINTS[0], LIGHT_TINTS[1]];
        let look = Look::default();
        assert_eq!(usual.suited(&look), usual);
        let green: Colour = "#0b6e4f".parse().unwrap();
        // With a colour of its own no tint is left to take turns.
        let coloured = look.clone().with_colour(Some(green));
        assert_eq!(usual.suited(&coloured), other.suited(&coloured));
        // With a ground alone they take turns on it.
        let ground: Colour = "#fff8e8".parse().unwrap();
        let on_ground = look.with_ground(Theme::Light, Some(ground)).unwrap();
        assert_ne!(usual.suited(&on_ground), other.suited(&on_ground));
        assert_eq!(other.suited(&on_ground).paper, ground);
        // The other theme's is not this one's.
        assert_eq!(usual.suited(&on_ground.with_theme(Theme::Dark)), usual);
    }

    /// Which part of the pixels that show a word stands out from a ground of one tone. The others are its edges,
    /// which at a scale of 1 may be half of a small hollow letter.
    /// None where the ground happens to lie between two bands.
    fn part_that_stands_out(seed: &Seed, look: &Look) -> Option<f64> {
        let letters_alone = Style {
            band_caps: 1e6,
            band_bend: 0.0,
            tone_length_caps: 0.0,
            distractors_per_letter: 0.0..0.0,
            grain_tones: 0.0,
            ..Style::of(look.difficulty())
        };
        let file = render_in_style(&"HK4RW".parse().unwrap(), seed, look, &letters_alone);
        let mut decoder = gif::DecodeOptions::new().read_info(file.as_slice()).unwrap();
        let colours: Vec<Colour> =
            decoder.global_palette().unwrap().as_chunks().0.iter().copied().map(Colour::new).collect();
        let tones = &decoder.read_next_frame().unwrap().unwrap().buffer;
        let ground = tones[0];
        let stands_out = |tone: u8| contrast(colours[usize::from(tone)], colours[usize::from(ground)]) >= 3.0;
        let inked: Vec<u8> = tones.iter().copied().filter(|tone| *tone != ground).collect();
        let part = inked.iter().filter(|tone| stands_out(**tone)).count() as f64 / inked.len() as f64;
        [PAPER, WASH, INK].contains(&ground).then_some(part)
    }

    #[test]
    fn strokes_stand_out_in_pictures() {
        let double = crate::Scale::try_from(2).unwrap();
        let mut seen = 0;
        for number in 0..200_u8 {
            let theme = [Theme::Light, Theme::Dark][usize::from(number) % 2];
            let difficulty = Difficulty::try_from(number / 2 % 5 + 1).unwrap();
            let look = Look::default().with_theme(theme).with_difficulty(difficulty).with_scale(double);
            let part = part_that_stands_out(&Seed::from_number(u64::from(number)), &look);
            assert!(part.is_none_or(|part| part > 0.6), "seed {number}: {part:?}");
            seen += u32::from(part.is_some());
        }
        assert!(seen > 180, "{seen} of 200");
    }
}
