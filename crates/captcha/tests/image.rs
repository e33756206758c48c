//! Pictures from outside: what is drawn is read back by another library, and looks as a person approved it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::{collections::HashSet, env, fs, path::PathBuf};

use haechi_captcha::{
    Alphabet, Answer, Language, Look, Scale, Seed, Theme,
    image::{Style, render, render_expired, render_in_style, render_test},
};
use proptest::prelude::*;

/// A picture as the `gif` crate reads it.
struct Picture {
    width: u16,
    height: u16,
    palette: Vec<u8>,
    /// Indices into the palette, row by row.
    tones: Vec<u8>,
}

fn read(file: &[u8]) -> Picture {
    let mut options = gif::DecodeOptions::new();
    options.check_frame_consistency(true);
    options.check_lzw_end_code(true);
    let mut decoder = options.read_info(file).unwrap();
    let palette = decoder.global_palette().unwrap().to_vec();
    let frame = decoder.read_next_frame().unwrap().unwrap().clone();
    assert_eq!((frame.left, frame.top, frame.palette.is_none()), (0, 0, true));
    assert_eq!((frame.width, frame.height), (decoder.width(), decoder.height()));
    assert!(file.ends_with(&[0, b';']), "the one frame ends the file");
    Picture { width: frame.width, height: frame.height, palette, tones: frame.buffer.into_owned() }
}

fn look(width: u16, height: u16, scale: u8, theme: Theme) -> Look {
    let scale = Scale::try_from(scale).unwrap();
    Look::new(width, height).unwrap().with_scale(scale).with_theme(theme)
}

fn answer(text: &str) -> Answer {
    text.parse().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_picture_is_read_back_in_its_size(
        text in "[A-Z0-9]{1,8}",
        number: u64,
        width in Look::WIDTHS,
        height in Look::HEIGHTS,
        scale in 1..=3_u8,
        is_dark: bool,
    ) {
        let theme = if is_dark { Theme::Dark } else { Theme::Light };
        let look = look(width, height, scale, theme);
        let (answer, seed) = (answer(&text), Seed::from_number(number));
        let file = render(&answer, &seed, &look);
        let picture = read(&file);
        prop_assert_eq!((picture.width, picture.height), (width * u16::from(scale), height * u16::from(scale)));
        let tones: HashSet<u8> = picture.tones.iter().copied().collect();
        prop_assert!(tones.len() > 3, "there is nothing on it");
        prop_assert_eq!(render(&answer, &seed, &look), file);
    }

    #[test]
    fn a_theme_changes_the_palette_alone(text in "[A-Z0-9]{4,8}", number: u64) {
        let [light, dark] = [Theme::Light, Theme::Dark]
            .map(|theme| read(&render(&answer(&text), &Seed::from_number(number), &look(240, 80, 1, theme))));
        prop_assert!(light.tones == dark.tones);
        prop_assert_ne!(light.palette, dark.palette);
    }

    #[test]
    fn letters_stay_inside_the_frame(
        text in "[A-Z0-9]{1,8}", number: u64, width in Look::WIDTHS, height in Look::HEIGHTS,
    ) {
        let letters_alone = Style { specks_per_square_cap: 0.0, band_caps: 1e6, band_bend: 0.0, ..Style::STANDARD };
        let look = look(width, height, 1, Theme::Light);
        let picture = read(&render_in_style(&answer(&text), &Seed::from_number(number), &look, &letters_alone));
        let rows: Vec<&[u8]> = picture.tones.chunks(usize::from(width)).collect();
        let ground = rows[0][0];
        let mut edge = rows[0].iter().chain(rows[rows.len() - 1]).chain(rows.iter().flat_map(|row| [&row[0], &row[row.len() - 1]]));
        prop_assert!(edge.all(|tone| *tone == ground));
        let inked = picture.tones.iter().filter(|tone| **tone != ground).count();
        prop_assert!(inked > 100, "{inked} pixels of ink");
    }
}

#[test]
fn another_seed_gives_another_picture() {
    let pictures: HashSet<Vec<u8>> = (0..200)
        .map(|number| read(&render(&answer("CHJKL"), &Seed::from_number(number), &Look::default())).tones)
        .collect();
    assert_eq!(pictures.len(), 200);
}

#[test]
fn a_scale_changes_the_pixels_and_not_the_drawing() {
    for number in 0..20 {
        let draw =
            |scale| read(&render(&answer("RXY346"), &Seed::from_number(number), &look(240, 80, scale, Theme::Light)));
        let (coarse, fine) = (draw(1), draw(3));
        let mut difference = 0;
        for (index, &tone) in coarse.tones.iter().enumerate() {
            let (row, column) = (index / 240, index % 240);
            let block = (0..9).map(|part| i32::from(fine.tones[(3 * row + part / 3) * 720 + 3 * column + part % 3]));
            difference += (9 * i32::from(tone) - block.sum::<i32>()).abs();
        }
        let mean = f64::from(difference) / 9.0 / coarse.tones.len() as f64;
        assert!(mean < 0.12, "seed {number}: {mean} of a tone");
    }
}

#[test]
fn a_picture_takes_a_few_kilobytes() {
    let mut sizes: Vec<usize> = (0..100)
        .map(|number| {
            let seed = Seed::from_number(number);
            render(&Answer::derive(&seed, Alphabet::Standard, 8), &seed, &Look::default()).len()
        })
        .collect();
    sizes.sort_unstable();
    assert!(sizes[50] < 4_000 && sizes[99] < 6_000, "median {}, largest {}", sizes[50], sizes[99]);
}

#[test]
fn notices_differ_by_language_and_read_back_in_every_size() {
    for (width, height) in [(120, 40), (120, 160), (240, 80), (480, 40), (480, 160)] {
        let look = look(width, height, 1, Theme::Dark);
        let notices: HashSet<Vec<u8>> =
            Language::ALL.iter().map(|&language| read(&render_expired(language, &look)).tones).collect();
        assert_eq!(notices.len(), Language::ALL.len());
        let test = read(&render_test(&answer("TEST5"), &look));
        assert_eq!((test.width, test.height), (width, height));
    }
}

/// Compares a picture with the file that a person has looked at. `HAECHI_BLESS=1` writes the files anew.
fn check(name: &str, picture: &[u8]) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/image").join(format!("{name}.gif"));
    if env::var_os("HAECHI_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, picture).unwrap();
    }
    let golden = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(picture == golden, "{} has changed: look at it, then bless it with HAECHI_BLESS=1", path.display());
}

fn check_answer(name: &str, text: &str, number: u64, look: &Look) {
    check(name, &render(&answer(text), &Seed::from_number(number), look));
}

#[test]
fn pictures_are_as_a_person_approved_them() {
    check_answer("standard", "CHJKL", 1, &Look::default());
    check_answer("standard_dark", "CHJKL", 1, &look(240, 80, 1, Theme::Dark));
    check_answer("standard_scale_2", "CHJKL", 1, &look(240, 80, 2, Theme::Light));
    check_answer("standard_scale_3", "CHJKL", 1, &look(240, 80, 3, Theme::Light));
    check_answer("four", "MRW8", 2, &Look::default());
    check_answer("eight", "XY346789", 3, &look(240, 80, 1, Theme::Dark));
    check_answer("smallest", "K7R4H", 4, &look(120, 40, 1, Theme::Light));
    check_answer("largest", "W9C3XL6M", 5, &look(480, 160, 1, Theme::Dark));
    check_answer("low_and_wide", "6YJ8H", 6, &look(480, 40, 1, Theme::Light));
    check_answer("high_and_narrow", "3CKW", 7, &look(120, 160, 1, Theme::Light));
    check_answer("letters_a_to_h", "ABCDEFGH", 8, &look(320, 80, 1, Theme::Light));
    check_answer("letters_i_to_p", "IJKLMNOP", 9, &look(320, 80, 1, Theme::Light));
    check_answer("letters_q_to_x", "QRSTUVWX", 10, &look(320, 80, 1, Theme::Dark));
    check_answer("letters_and_digits", "YZ012345", 11, &look(320, 80, 1, Theme::Dark));
}

#[test]
fn plain_pictures_are_as_a_person_approved_them() {
    check("test", &render_test(&answer("TEST5"), &Look::default()));
    for language in Language::ALL {
        check(&format!("expired_{}", language.tag()), &render_expired(language, &Look::default()));
    }
    check("expired_smallest", &render_expired(Language::Ko, &look(120, 40, 1, Theme::Dark)));
}
