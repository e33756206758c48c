//! Pictures from outside: what is drawn is read back by another library, and looks as a person approved it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod styles;

use std::{collections::HashSet, env, fs, path::PathBuf};

use haechi_captcha::{
    Alphabet, Answer, Difficulty, Error, Language, Look, Notice, PictureFormat, Scale, Seed, Theme,
    image::{Style, render, render_in_style, render_notice, render_test},
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

/// The pixels of a picture in red, green and blue, by its palette.
fn painted(picture: &Picture) -> Vec<u8> {
    let palette = picture.palette.as_chunks::<3>().0;
    picture.tones.iter().flat_map(|&tone| palette[usize::from(tone)]).collect()
}

/// The pixels of a JPEG file, as the `jpeg-decoder` crate reads them.
fn read_jpeg(file: &[u8]) -> (u16, u16, Vec<u8>) {
    let mut decoder = jpeg_decoder::Decoder::new(file);
    let pixels = decoder.decode().unwrap();
    let info = decoder.info().unwrap();
    assert_eq!(info.pixel_format, jpeg_decoder::PixelFormat::RGB24);
    assert!(file.ends_with(&[0xff, 0xd9]), "the end of the image ends the file");
    (info.width, info.height, pixels)
}

fn look(width: u16, height: u16, scale: u8, theme: Theme) -> Look {
    let scale = Scale::try_from(scale).unwrap();
    Look::new(width, height).unwrap().with_scale(scale).with_theme(theme)
}

/// The default look at a difficulty.
fn level(level: u8) -> Look {
    Look::default().with_difficulty(difficulty(level))
}

fn difficulty(level: u8) -> Difficulty {
    Difficulty::try_from(level).unwrap()
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
        level in Difficulty::LEVELS,
    ) {
        let theme = if is_dark { Theme::Dark } else { Theme::Light };
        let look = look(width, height, scale, theme).with_difficulty(difficulty(level));
        let (answer, seed) = (answer(&text), Seed::from_number(number));
        let file = render(&answer, &seed, &look);
        let picture = read(&file);
        prop_assert_eq!((picture.width, picture.height), (width * u16::from(scale), height * u16::from(scale)));
        let tones: HashSet<u8> = picture.tones.iter().copied().collect();
        prop_assert!(tones.len() > 3, "there is nothing on it");
        prop_assert_eq!(render(&answer, &seed, &look), file);
    }

    #[test]
    fn a_jpeg_shows_what_the_gif_shows(
        text in "[A-Z0-9]{1,8}",
        number: u64,
        (width, height) in (Look::WIDTHS, Look::HEIGHTS),
        scale in 1..=3_u8,
        is_dark: bool,
    ) {
        let look = look(width, height, scale, if is_dark { Theme::Dark } else { Theme::Light });
        let (answer, seed) = (answer(&text), Seed::from_number(number));
        let gif = read(&render(&answer, &seed, &look));
        let jpeg = render(&answer, &seed, &look.clone().with_format(PictureFormat::Jpeg));
        let (jpeg_width, jpeg_height, pixels) = read_jpeg(&jpeg);
        prop_assert_eq!((jpeg_width, jpeg_height), (gif.width, gif.height));
        let distances = painted(&gif).into_iter().zip(pixels).map(|(one, other)| f64::from(one.abs_diff(other)).powi(2));
        let mean = distances.sum::<f64>() / gif.tones.len() as f64 / 3.0;
        prop_assert!(mean < 200.0, "the mean square of what differs is {mean}");
        prop_assert_eq!(render(&answer, &seed, &look.with_format(PictureFormat::Jpeg)), jpeg);
    }

    #[test]
    fn a_look_outside_of_its_ranges_is_refused(width: u16, height: u16, scale: u8, level: u8) {
        let fits = Look::WIDTHS.contains(&width) && Look::HEIGHTS.contains(&height);
        prop_assert_eq!(Look::new(width, height).err(), (!fits).then_some(Error::PictureSize));
        prop_assert_eq!(Scale::try_from(scale).err(), (!(1..=3).contains(&scale)).then_some(Error::Scale));
        let has_level = Difficulty::LEVELS.contains(&level);
        prop_assert_eq!(Difficulty::try_from(level).err(), (!has_level).then_some(Error::Difficulty));
    }

    #[test]
    fn every_style_within_bounds_draws(
        text in "[A-Z0-9]{1,8}",
        number: u64,
        parts in proptest::collection::vec(0.0..=1.0_f32, styles::NUMBERS),
        (width, height) in (Look::WIDTHS, Look::HEIGHTS),
        scale in 1..=3_u8,
    ) {
        let style = styles::within_bounds(parts);
        let look = look(width, height, scale, Theme::Light);
        let picture = read(&render_in_style(&answer(&text), &Seed::from_number(number), &look, &style));
        prop_assert_eq!((picture.width, picture.height), (width * u16::from(scale), height * u16::from(scale)));
    }

    #[test]
    fn a_theme_changes_the_palette_alone(text in "[A-Z0-9]{4,8}", number: u64, level in Difficulty::LEVELS) {
        let draw = |theme| {
            let look = look(240, 80, 1, theme).with_difficulty(difficulty(level));
            read(&render(&answer(&text), &Seed::from_number(number), &look))
        };
        let [light, dark] = [Theme::Light, Theme::Dark].map(draw);
        prop_assert!(light.tones == dark.tones);
        prop_assert_ne!(light.palette, dark.palette);
    }

    #[test]
    fn letters_stay_inside_the_frame(
        text in "[A-Z0-9]{1,8}",
        number: u64,
        (width, height) in (Look::WIDTHS, Look::HEIGHTS),
        level in Difficulty::LEVELS,
    ) {
        let letters_alone = Style {
            distractors_per_letter: 0.0..0.0,
            band_caps: 1e6,
            band_bend: 0.0,
            grain_tones: 0.0,
            ..Style::of(difficulty(level))
        };
        let look = look(width, height, 1, Theme::Light);
        let picture = read(&render_in_style(&answer(&text), &Seed::from_number(number), &look, &letters_alone));
        let rows: Vec<&[u8]> = picture.tones.chunks(usize::from(width)).collect();
        let ground = rows[0][0];
        let sides = rows.iter().flat_map(|row| [&row[0], &row[row.len() - 1]]);
        let mut edge = rows[0].iter().chain(rows[rows.len() - 1]).chain(sides);
        prop_assert!(edge.all(|tone| *tone == ground));
        let inked = picture.tones.iter().filter(|tone| **tone != ground).count();
        prop_assert!(inked > 100, "{inked} pixels of ink");
    }
}

/// Fuzzing found words so small that their bands took more memory than there is.
#[test]
fn tiny_words_draw_in_little_room() {
    let style = Style { fill: 0.1..0.1, stretch_tall: 0.02, stretch_wide: 0.02, ..Style::STANDARD };
    read(&render_in_style(&answer("AAAA"), &Seed::from_number(1), &look(480, 160, 1, Theme::Light), &style));
}

#[test]
fn another_seed_gives_another_picture() {
    let pictures: HashSet<Vec<u8>> = (0..200)
        .map(|number| read(&render(&answer("CHJKL"), &Seed::from_number(number), &Look::default())).tones)
        .collect();
    assert_eq!(pictures.len(), 200);
}

#[test]
fn another_difficulty_gives_another_picture() {
    for number in 0..20 {
        let seed = Seed::from_number(number);
        let pictures: HashSet<Vec<u8>> =
            Difficulty::LEVELS.map(|number| read(&render(&answer("RXY346"), &seed, &level(number))).tones).collect();
        assert_eq!(pictures.len(), 5, "seed {number}");
    }
}

#[test]
fn a_scale_changes_the_pixels_and_not_the_drawing() {
    for number in 0..100 {
        let (answer, seed) = (answer("RXY346"), Seed::from_number(number));
        let look = level(number as u8 % 5 + 1);
        let [coarse, fine] =
            [Scale::One, Scale::Three].map(|scale| read(&render(&answer, &seed, &look.clone().with_scale(scale))));
        let mut far = 0;
        for (index, &tone) in coarse.tones.iter().enumerate() {
            let (row, column) = (index / 240, index % 240);
            let block = (0..9).map(|part| i32::from(fine.tones[(3 * row + part / 3) * 720 + 3 * column + part % 3]));
            // Along an edge a pixel is covered, half covered or not, so that one may be off by two of seven tones.
            far += usize::from((9 * i32::from(tone) - block.sum::<i32>()).abs() > 9 * 5 / 2);
        }
        assert!(far < coarse.tones.len() / 60, "seed {number}: {far} pixels are of another tone");
    }
}

/// Sizes in bytes of a hundred pictures with five characters, the smallest first.
fn sizes(look: &Look) -> Vec<usize> {
    let mut sizes: Vec<usize> = (0..100)
        .map(|number| {
            let seed = Seed::from_number(number);
            render(&Answer::derive(&seed, Alphabet::Standard, 5), &seed, look).len()
        })
        .collect();
    sizes.sort_unstable();
    sizes
}

#[test]
fn a_picture_takes_a_few_kilobytes() {
    let median = sizes(&Look::default())[50];
    assert!(median < 4_000, "{median}");
    for number in Difficulty::LEVELS {
        let sizes = sizes(&level(number));
        assert!(sizes[99] < 8_000, "difficulty {number}: {}", sizes[99]);
    }
}

fn every_notice() -> impl Iterator<Item = (Notice, Language)> {
    Notice::ALL.into_iter().flat_map(|notice| Language::ALL.map(|language| (notice, language)))
}

#[test]
fn notices_differ_and_read_back_in_every_size() {
    for (width, height) in [(120, 40), (120, 160), (240, 80), (480, 40), (480, 160)] {
        let look = look(width, height, 1, Theme::Dark);
        let notices: HashSet<Vec<u8>> =
            every_notice().map(|(notice, language)| read(&render_notice(notice, language, &look)).tones).collect();
        assert_eq!(notices.len(), 16, "{width}x{height}");
        let test = read(&render_test(&answer("TEST5"), &look));
        assert_eq!((test.width, test.height), (width, height));
    }
}

/// No line is cut off, and none is so small that it cannot be read.
#[test]
fn notices_fit_their_frame_and_are_large_enough() {
    for (width, height) in [(120, 40), (199, 40), (200, 40), (120, 160), (240, 80), (480, 160)] {
        for ((notice, language), theme) in every_notice().flat_map(|one| [(one, Theme::Light), (one, Theme::Dark)]) {
            let picture = read(&render_notice(notice, language, &look(width, height, 1, theme)));
            let what = format!("{notice:?} in {language:?} at {width}x{height}");
            let rows: Vec<&[u8]> = picture.tones.chunks(usize::from(width)).collect();
            let ground = rows[0][0];
            let is_empty = |row: &&[u8]| row.iter().all(|tone| *tone == ground);
            assert!(is_empty(&rows[0]) && is_empty(&rows[rows.len() - 1]), "{what}");
            assert!(rows.iter().all(|row| row[0] == ground && row[row.len() - 1] == ground), "{what}");
            let lines: Vec<usize> = rows.split(is_empty).map(<[_]>::len).filter(|&height| height > 0).collect();
            assert!(lines.len() == 2 && lines.iter().all(|&height| height >= 8), "{what}: {lines:?} pixels high");
        }
    }
}

/// Compares a picture with the file that a person has looked at. `HAECHI_BLESS=1` writes the files anew.
fn check(name: &str, picture: &[u8]) {
    check_file(&format!("{name}.gif"), picture);
}

fn check_file(name: &str, picture: &[u8]) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/image").join(name);
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
    for number in Difficulty::LEVELS {
        check_answer(&format!("difficulty_{number}"), "JT4RZ", 12, &level(number));
    }
    check_answer("difficulty_3_dark", "JT4RZ", 12, &look(240, 80, 1, Theme::Dark).with_difficulty(difficulty(3)));
    check_answer("letters_a_to_h", "ABCDEFGH", 8, &look(320, 80, 1, Theme::Light));
    check_answer("letters_i_to_p", "IJKLMNOP", 9, &look(320, 80, 1, Theme::Light));
    check_answer("letters_q_to_x", "QRSTUVWX", 10, &look(320, 80, 1, Theme::Dark));
    check_answer("letters_and_digits", "YZ012345", 11, &look(320, 80, 1, Theme::Dark));
    check_answer("digits", "1234567", 13, &Look::default());
    let jpeg = Look::default().with_format(PictureFormat::Jpeg);
    check_file("standard.jpg", &render(&answer("CHJKL"), &Seed::from_number(1), &jpeg));
    check_file("expired_ko.jpg", &render_notice(Notice::Expired, Language::Ko, &jpeg));
}

#[test]
fn plain_pictures_are_as_a_person_approved_them() {
    check("test", &render_test(&answer("TEST5"), &Look::default()));
    for (notice, language) in every_notice() {
        let name = format!("{}_{}", kind(notice), language.tag());
        check(&name, &render_notice(notice, language, &Look::default()));
        let smallest = look(120, 40, 1, Theme::Dark);
        check(&format!("{name}_smallest"), &render_notice(notice, language, &smallest));
    }
}

/// The name of a notice's files.
fn kind(notice: Notice) -> &'static str {
    match notice {
        Notice::Expired => "expired",
        Notice::TooMany => "too_many",
        Notice::Busy => "busy",
        Notice::Unknown => "unknown",
    }
}
