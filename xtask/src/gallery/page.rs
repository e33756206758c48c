//! The gallery's page.

use std::fmt::Write as _;

use haechi_captcha::Notice;

use super::media::{Picture, Shows, Sound, name_of_language, name_of_theme};

/// What the page begins with.
const HEAD: &str = "# Gallery

Pictures and sounds of every kind, as haechi makes them: from fixed seeds, so that none is a challenge of anybody's. \
The alt text of each picture says what can be read on it. `cargo xtask gallery --write` makes this page and what is on \
it; the tests compare it with what the program draws and speaks.

The default is difficulty 3, five characters, light, 240 by 80 pixels. An app's \
[settings](configuration.md#apps) change that. How well people and programs read these is in \
[legibility](legibility.md) and [strength](strength.md).
";

/// A section: its heading, what is said of it, and what it shows, in its order.
struct Section {
    heading: &'static str,
    text: &'static str,
    belongs: fn(Shows) -> bool,
}

const SECTIONS: [Section; 6] = [
    Section {
        heading: "Themes",
        text: "One challenge in both: the same drawing with another palette.",
        belongs: |shows| matches!(shows, Shows::Theme(_)),
    },
    Section {
        heading: "Sizes",
        text: "The smallest that an app can have, the default, the widget's over a page, and the largest. More than five \
               characters need more room.",
        belongs: |shows| matches!(shows, Shows::Size(..)),
    },
    Section {
        heading: "Densities",
        text: "One challenge with one, two and three pixels for each CSS pixel, for dense screens (`?scale=`): the same \
               drawing, finer.",
        belongs: |shows| matches!(shows, Shows::Scale(_)),
    },
    Section {
        heading: "Lengths",
        text: "The fewest characters and the most that an app can have (`answer_length`).",
        belongs: |shows| matches!(shows, Shows::Length(_)),
    },
    Section {
        heading: "Notices",
        text: "What stands in the picture's place where there is none: the first is in four languages here, and so are \
               the others. They are spoken, too, where a sound was asked for.",
        belongs: |shows| matches!(shows, Shows::Notice(..)),
    },
    Section {
        heading: "A test app",
        text: "Every answer of an app with `test` is the same, and its pictures say that they are for tests.",
        belongs: |shows| matches!(shows, Shows::Test),
    },
];

const SOUNDS: &str = "
## Sounds

A lead-in says how many characters follow; then each is said, with other voices and noise behind it. These say four, the \
fewest that an app can have, and have half the bytes of an ordinary sound (`?format=mulaw`; \
[the formats](sound-formats.md)). `?pace=slow` gives the same sound in one and a half times the time.
";

/// What a difficulty is, in a sentence.
const fn words_of_difficulty(level: u8) -> &'static str {
    match level {
        1 => "A line that hardly climbs, of letters that hardly turn, and nothing beside them.",
        2 => "Letters turn, but not far, and few strokes lie beside them.",
        3 => "The default. Letters each turn by themselves, on a line that climbs or falls like stairs.",
        4 => "Letters differ and lean more, more of them are halved, and more strokes lie nearer.",
        _ => "Words and letters differ more in size as well.",
    }
}

pub(super) fn text(pictures: &[Picture], sounds: &[Sound]) -> anyhow::Result<String> {
    let mut page = HEAD.to_owned();
    write!(page, "\n## Difficulties\n")?;
    for level in 1..=5 {
        let shown = of(pictures, |shows| matches!(shows, Shows::Difficulty(of, _) if of == level));
        write!(page, "\n### Difficulty {level}\n\n{}\n\n{shown}\n", words_of_difficulty(level))?;
    }
    for Section { heading, text, belongs } in SECTIONS {
        write!(page, "\n## {heading}\n\n{text}\n\n{}\n", of(pictures, belongs))?;
    }
    page += SOUNDS;
    for sound in sounds {
        let (language, path) = (name_of_language(sound.language), sound.path());
        let answer: Vec<String> = sound.answer.as_str().chars().map(String::from).collect();
        write!(
            page,
            "\n### {language}\n\n{}\n\n[The file]({path}). It says {}.\n",
            player(language, &path),
            answer.join(" ")
        )?;
    }
    Ok(page)
}

/// Those pictures of which this is true, beside or below each other as there is room.
fn of(pictures: &[Picture], belongs: impl Fn(Shows) -> bool) -> String {
    let lines = pictures.iter().filter(|picture| belongs(picture.shows)).map(|picture| match picture.shows {
        // They are shown at one size, whatever their pixels are.
        Shows::Scale(_) => {
            format!("<img src=\"{}\" alt=\"{}\" width=\"240\" height=\"80\">", picture.path(), alt_of(picture))
        }
        _ => format!("![{}]({})", alt_of(picture), picture.path()),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What tells this picture from those beside it, and what can be read on it.
fn alt_of(picture: &Picture) -> String {
    let what = match picture.shows {
        Shows::Difficulty(level, theme) => format!("Difficulty {level}, {}. ", name_of_theme(theme)),
        Shows::Theme(theme) => format!("The {} theme. ", name_of_theme(theme)),
        Shows::Size(width, height) => format!("{width} by {height} pixels. "),
        Shows::Scale(1) => "One pixel for each CSS pixel. ".to_owned(),
        Shows::Scale(scale) => format!("{scale} pixels for each CSS pixel. "),
        Shows::Length(length) => format!("{length} characters. "),
        Shows::Test => "A test. ".to_owned(),
        Shows::Notice(notice, language) => {
            format!("A notice in {}: {}", name_of_language(language), words_of_notice(notice))
        }
    };
    picture.answer.as_ref().map_or(what.clone(), |answer| format!("{what}The characters {}", answer.as_str()))
}

/// What a notice says, in English.
const fn words_of_notice(notice: Notice) -> &'static str {
    match notice {
        Notice::Expired => "the challenge has expired",
        Notice::TooMany => "there were too many requests",
        Notice::Busy => "the server is busy",
        Notice::Unknown => "there never was such a challenge",
    }
}

/// A player; what shows no players shows the link after it.
fn player(language: &str, path: &str) -> String {
    format!("<audio controls preload=\"none\" aria-label=\"A challenge in {language}\" src=\"{path}\"></audio>")
}
