//! Tones and colours.
//!
//! Every pixel has one of eight tones, from paper to ink. On paper the letters are ink; on the wash, a tone between the
//! two, they are paper; on ink they are the wash. The wash stands out from paper and from ink alike. A palette gives the tones their colours, so a drawing is the same in every theme and tint.

use super::Theme;

/// The tones of a picture.
pub(crate) const TONES: usize = 8;
/// The tone of the plain ground, and of letters on the wash.
pub(crate) const PAPER: u8 = 0;
/// The tone of the inverted ground.
pub(crate) const WASH: u8 = 4;
/// The tone of letters on paper.
pub(crate) const INK: u8 = 7;

/// Red, green and blue in sRGB.
pub(crate) type Colour = [u8; 3];

/// The colours of paper, wash and ink; those of the tones between them are mixed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tint {
    paper: Colour,
    wash: Colour,
    ink: Colour,
}

const LIGHT_TINTS: [Tint; 4] = [
    Tint { paper: [0xf6, 0xf7, 0xfb], wash: [0x68, 0x79, 0xa4], ink: [0x10, 0x18, 0x38] }, // indigo
    Tint { paper: [0xf4, 0xf9, 0xf8], wash: [0x4b, 0x83, 0x87], ink: [0x07, 0x26, 0x2c] }, // teal
    Tint { paper: [0xfb, 0xf6, 0xf8], wash: [0x97, 0x6c, 0x90], ink: [0x31, 0x10, 0x2d] }, // plum
    Tint { paper: [0xfa, 0xf8, 0xf2], wash: [0x8e, 0x76, 0x5b], ink: [0x2e, 0x1e, 0x0f] }, // umber
];

const DARK_TINTS: [Tint; 4] = [
    Tint { paper: [0x12, 0x17, 0x2a], wash: [0x69, 0x77, 0x9f], ink: [0xf1, 0xf4, 0xff] }, // indigo
    Tint { paper: [0x0d, 0x1f, 0x22], wash: [0x54, 0x84, 0x84], ink: [0xee, 0xfb, 0xf9] }, // teal
    Tint { paper: [0x22, 0x14, 0x21], wash: [0x92, 0x6d, 0x8b], ink: [0xfd, 0xf2, 0xfa] }, // plum
    Tint { paper: [0x1f, 0x19, 0x12], wash: [0x8d, 0x76, 0x59], ink: [0xfd, 0xf7, 0xea] }, // umber
];

impl Tint {
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
            tone if tone <= WASH => mix(self.paper, self.wash, tone - PAPER, WASH - PAPER),
            tone => mix(self.wash, self.ink, tone - WASH, INK - WASH),
        })
    }
}

fn mix(from: Colour, to: Colour, part: u8, whole: u8) -> Colour {
    let (part, whole) = (i32::from(part), i32::from(whole));
    std::array::from_fn(|channel| {
        let (from, to) = (i32::from(from[channel]), i32::from(to[channel]));
        (from + (to - from) * part / whole) as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Look, Seed,
        image::{Difficulty, Style, render_in_style},
    };

    /// Relative luminance, as WCAG 2.2 defines it.
    fn luminance(colour: Colour) -> f64 {
        let [red, green, blue] = colour.map(|channel| {
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
        assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-9);
        assert!((contrast([255; 3], [0x76; 3]) - 4.54).abs() < 0.01);
    }

    #[test]
    fn letters_stand_out_from_either_ground() {
        for theme in [Theme::Light, Theme::Dark] {
            for tint in Tint::all(theme) {
                let colours = tint.colours();
                let [paper, wash, ink] = [PAPER, WASH, INK].map(|tone| colours[usize::from(tone)]);
                assert!(contrast(ink, paper) >= 7.0, "{tint:?}: {}", contrast(ink, paper));
                assert!(contrast(paper, wash) >= 4.0, "{tint:?}: {}", contrast(paper, wash));
                assert!(contrast(ink, wash) >= 3.7, "{tint:?}: {}", contrast(ink, wash));
            }
        }
    }

    #[test]
    fn tones_run_evenly_one_way() {
        for theme in [Theme::Light, Theme::Dark] {
            for tint in Tint::all(theme) {
                let steps = tint.colours().map(luminance);
                let falls = steps.windows(2).all(|pair| pair[0] > pair[1]);
                let rises = steps.windows(2).all(|pair| pair[0] < pair[1]);
                assert!(if theme == Theme::Light { falls } else { rises }, "{tint:?}");
            }
        }
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
        let colours = decoder.global_palette().unwrap().as_chunks().0.to_vec();
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
