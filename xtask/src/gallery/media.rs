//! What the gallery shows and plays, and the seeds that it comes from.

use haechi_captcha::{
    Alphabet, Answer, Difficulty, Format, Language, Look, Notice, Scale, Seed, Speech, Theme, image, sound,
};

use super::FOLDER;

/// The answer of an app for tests.
const TEST_ANSWER: &str = "TEST5";
/// The sizes that are shown: the smallest, the default, the widget's and the largest.
const SIZES: [(u16, u16); 4] = [(120, 40), (240, 80), (300, 100), (480, 160)];
/// The numbers of characters that are shown: the fewest and the most that an app can have.
const LENGTHS: [u8; 2] = [4, 8];

/// What a picture is an example of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shows {
    Difficulty(u8, Theme),
    Theme(Theme),
    Size(u16, u16),
    Scale(u8),
    Length(u8),
    Notice(Notice, Language),
    Test,
}

pub(super) struct Picture {
    pub(super) shows: Shows,
    /// The characters that can be read, unless it is a notice.
    pub(super) answer: Option<Answer>,
    pub(super) file: Vec<u8>,
}

pub(super) struct Sound {
    pub(super) language: Language,
    /// The characters that it says.
    pub(super) answer: Answer,
    pub(super) file: Vec<u8>,
}

impl Picture {
    /// Where it is, from the documents' folder.
    pub(super) fn path(&self) -> String {
        let name = match self.shows {
            Shows::Difficulty(level, theme) => format!("difficulty-{level}-{}", name_of_theme(theme)),
            Shows::Theme(theme) => format!("theme-{}", name_of_theme(theme)),
            Shows::Size(width, height) => format!("size-{width}x{height}"),
            Shows::Scale(scale) => format!("scale-{scale}"),
            Shows::Length(length) => format!("length-{length}"),
            Shows::Notice(notice, language) => format!("{}-{}", name_of_notice(notice), language.tag()),
            Shows::Test => "test".to_owned(),
        };
        format!("{FOLDER}/{name}.gif")
    }
}

impl Sound {
    /// Where it is, from the documents' folder.
    pub(super) fn path(&self) -> String {
        format!("{FOLDER}/{}.wav", self.language.tag())
    }
}

pub(super) const fn name_of_theme(theme: Theme) -> &'static str {
    match theme {
        Theme::Light => "light",
        Theme::Dark => "dark",
    }
}

pub(super) const fn name_of_language(language: Language) -> &'static str {
    match language {
        Language::Ko => "Korean",
        Language::En => "English",
        Language::Ja => "Japanese",
        Language::Zh => "Chinese",
    }
}

const fn name_of_notice(notice: Notice) -> &'static str {
    match notice {
        Notice::Expired => "expired",
        Notice::TooMany => "too-many",
        Notice::Busy => "busy",
        Notice::Unknown => "unknown",
    }
}

/// The numbered answer, and the seed that it is drawn and spoken from.
fn sample(number: u64, length: u8) -> (Answer, Seed) {
    let answer = Answer::derive(&Seed::from_number(number), Alphabet::Standard, length);
    (answer, Seed::from_number(number + (1 << 32)))
}

pub(super) fn pictures() -> anyhow::Result<Vec<Picture>> {
    let mut pictures = Vec::new();
    let mut draw = |shows: Shows, number: u64, length: u8, look: &Look| {
        let (answer, seed) = sample(number, length);
        let file = image::render(&answer, &seed, look);
        pictures.push(Picture { shows, answer: Some(answer), file });
    };
    let usual = Look::default();
    for level in Difficulty::LEVELS {
        let look = usual.clone().with_difficulty(Difficulty::try_from(level)?);
        for (theme, number) in [(Theme::Light, 100), (Theme::Dark, 200)] {
            let look = look.clone().with_theme(theme);
            draw(Shows::Difficulty(level, theme), number + u64::from(level), 5, &look);
        }
    }
    for theme in [Theme::Light, Theme::Dark] {
        draw(Shows::Theme(theme), 300, 5, &usual.clone().with_theme(theme));
    }
    for (width, height) in SIZES {
        draw(Shows::Size(width, height), 400 + u64::from(width), 5, &Look::new(width, height)?);
    }
    for scale in 1..=3 {
        draw(Shows::Scale(scale), 500, 5, &usual.clone().with_scale(Scale::try_from(scale)?));
    }
    for length in LENGTHS {
        draw(Shows::Length(length), 600 + u64::from(length), length, &usual);
    }
    pictures.extend(plain_pictures(&usual)?);
    Ok(pictures)
}

/// Pictures that are no challenges.
fn plain_pictures(look: &Look) -> anyhow::Result<Vec<Picture>> {
    let notice = |notice: Notice, language: Language| {
        let file = image::render_notice(notice, language, look);
        Picture { shows: Shows::Notice(notice, language), answer: None, file }
    };
    let mut pictures: Vec<Picture> =
        Language::ALL.into_iter().map(|language| notice(Notice::Expired, language)).collect();
    let others = Notice::ALL.into_iter().filter(|&kind| kind != Notice::Expired);
    pictures.extend(others.map(|kind| notice(kind, Language::En)));
    let answer: Answer = TEST_ANSWER.parse()?;
    let file = image::render_test(&answer, look);
    pictures.push(Picture { shows: Shows::Test, answer: Some(answer), file });
    Ok(pictures)
}

/// A sound in each language, of few characters and in the format that takes half the bytes: they are in the repository.
pub(super) fn sounds() -> Vec<Sound> {
    let speak = |(language, number)| {
        let (answer, seed) = sample(number, LENGTHS[0]);
        let file = sound::speak(&answer, &seed, &Speech::new(language).with_format(Format::Mulaw));
        Sound { language, answer, file }
    };
    Language::ALL.into_iter().zip(700..).map(speak).collect()
}
