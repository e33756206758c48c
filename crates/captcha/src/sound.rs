//! Sounds: an answer spoken as a WAV file.
//!
//! [`speak`] says one thing after another (`speaker`): each clip of the voice bank ([`bank`]) is stretched, pitched and
//! put in a room (`stretch`, `tape`) and added to a mix; under all lie noise and babble (`noise`, `babble`). The mix is
//! made in a room of the thread's own (`studio`), stretched as a whole if it is to be slow, and written as a file (`wav`),
//! whose samples may be of eight bits (`mulaw`).
//! All of it is whole-number arithmetic or plain IEEE operations in a fixed order, so that every processor gives the
//! same bytes.

mod adpcm;
mod babble;
pub mod bank;
mod mulaw;
mod noise;
mod speaker;
mod stretch;
mod studio;
mod style;
mod tape;
mod tones;
mod vectors;
mod wav;

use std::{str::FromStr, sync::OnceLock};

pub use style::{Background as BackgroundStyle, Pace, Style};
pub use wav::Format;

use self::{
    bank::{Bank, Voice, Word},
    studio::{Studio, samples_in},
};
use crate::{Alphabet, Answer, Error, Notice, Seed, Stream};

/// A language in which answers are spoken, and notices written and spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// Korean
    #[default]
    Ko,
    /// English
    En,
    /// Japanese
    Ja,
    /// Chinese (Mandarin)
    Zh,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ko, Self::En, Self::Ja, Self::Zh];

    /// The primary subtag of BCP 47.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Ko => "ko",
            Self::En => "en",
            Self::Ja => "ja",
            Self::Zh => "zh",
        }
    }
}

impl FromStr for Language {
    type Err = Error;

    /// Reads a BCP 47 tag by its primary subtag: `ko`, `ko-KR`, `ZH_Hant`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let primary = text.split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary)).ok_or(Error::Language)
    }
}

/// How an answer is to be spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Speech {
    language: Language,
    alphabet: Alphabet,
    pace: Pace,
    is_clean: bool,
    format: Format,
    is_repeated: bool,
}

impl Speech {
    /// Speech in this language at a normal pace, over noise, once, in PCM.
    #[must_use]
    pub fn new(language: Language) -> Self {
        let (alphabet, pace, format) = (Alphabet::Standard, Pace::Normal, Format::Pcm);
        Self { language, alphabet, pace, is_clean: false, format, is_repeated: false }
    }

    /// The same speech, of a word of this alphabet: what opens the sound tells a listener what is to be typed.
    #[must_use]
    pub fn of_alphabet(self, alphabet: Alphabet) -> Self {
        Self { alphabet, ..self }
    }

    /// The same speech in this language.
    #[must_use]
    pub fn in_language(self, language: Language) -> Self {
        Self { language, ..self }
    }

    /// The same speech at this pace.
    #[must_use]
    pub fn with_pace(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// The same speech, written in this format.
    #[must_use]
    pub fn with_format(self, format: Format) -> Self {
        Self { format, ..self }
    }

    /// The same speech, whether to be heard twice in one file: all of it again, sample for sample, after a second.
    #[must_use]
    pub fn with_repeat(self, is_repeated: bool) -> Self {
        Self { is_repeated, ..self }
    }

    /// The language.
    #[must_use]
    pub const fn language(&self) -> Language {
        self.language
    }

    /// The pace.
    #[must_use]
    pub const fn pace(&self) -> Pace {
        self.pace
    }

    /// The format of the file.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Whether it is heard twice.
    #[must_use]
    pub const fn is_repeated(&self) -> bool {
        self.is_repeated
    }

    /// Whether the noise is left out.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.is_clean
    }

    /// The same speech without the noise, aligned with it sample for sample, at either pace.
    #[must_use]
    pub fn clean(self) -> Self {
        Self { is_clean: true, ..self }
    }
}

/// Speaks an answer as a WAV file, mono at 16 kHz, 16-bit PCM unless the speech has another format. The same answer, seed
/// and speech give the same bytes.
///
/// A lead-in says how many letters and digits follow, or two tones say that digits do; then each is said once, over noise unless the speech is clean. The slow
/// pace is a function of the finished normal sound, and so are the format and the repetition of either: nothing else
/// goes into them.
#[must_use]
pub fn speak(answer: &Answer, seed: &Seed, speech: &Speech) -> Vec<u8> {
    speak_in_style(answer, seed, speech, &Style::challenge(speech.language))
}

/// Speaks an answer in another style than that of challenges.
#[must_use]
pub fn speak_in_style(answer: &Answer, seed: &Seed, speech: &Speech, style: &Style) -> Vec<u8> {
    let voices = voices(speech.language);
    Studio::record(speech, |studio| {
        let stream = |part: Part| seed.substream(part.stream(speech.language));
        let speech_stream = &mut stream(Part::Speech);
        speaker::say_challenge(studio, answer, speech.alphabet, voices, style, speech_stream);
        if speech.is_clean && speech.pace == Pace::Normal {
            return studio.sound();
        }
        if speech.is_clean {
            studio.keep_speech();
        }
        babble::add(studio, voices, &mut stream(Part::Babble), &style.background);
        noise::add(&mut studio.mix, &mut stream(Part::Noise), &style.background);
        // Speech is far enough from both ends.
        tape::fade_ends(&mut studio.mix, samples_in(style.background.fade_secs));
        match (speech.pace, speech.is_clean) {
            (Pace::Normal, _) => studio.sound(),
            (Pace::Slow, false) => studio.slow_sound(Pace::SLOWER),
            (Pace::Slow, true) => studio.slow_speech(Pace::SLOWER),
        }
    })
}

/// Speaks an answer plainly and slowly, after the word "test".
#[must_use]
pub fn speak_test(answer: &Answer, speech: &Speech) -> Vec<u8> {
    say_plainly(speech, |studio, style, stream| {
        speaker::say_test(studio, answer, voices(speech.language), style, stream);
    })
}

/// Says what a person is told instead of a challenge, as a WAV file like those of challenges, without noise.
///
/// It lasts 4 s or little more at the most, and 6 s at the slow pace. The same notice and speech give the same bytes.
#[must_use]
pub fn speak_notice(notice: Notice, speech: &Speech) -> Vec<u8> {
    let clip = Bank::built_in_notices()
        .clip(speech.language, Word::Notice(notice.spoken()))
        .expect("a bank of notices has all of them in every language");
    say_plainly(speech, |studio, style, stream| speaker::say_notice(studio, &clip, style, stream))
}

/// A file of what is said without noise, and with nothing left to chance.
fn say_plainly(speech: &Speech, say: impl FnOnce(&mut Studio, &Style, &mut Stream)) -> Vec<u8> {
    // The style leaves nothing to chance, so that any seed does.
    let mut stream = Seed::from_number(0).stream();
    Studio::record(speech, |studio| {
        say(studio, &Style::test(), &mut stream);
        match speech.pace {
            Pace::Normal => studio.sound(),
            Pace::Slow => studio.slow_sound(Pace::SLOWER),
        }
    })
}

/// A part of a sound, with a stream of its own, so that leaving the background out moves nothing of the speech.
#[derive(Clone, Copy)]
enum Part {
    Speech,
    Babble,
    Noise,
}

impl Part {
    const COUNT: u64 = 3;

    /// The number of its stream. Each language has its own as well: of what lies behind two sounds of one seed, nothing
    /// is the same.
    const fn stream(self, language: Language) -> u64 {
        language as u64 * Self::COUNT + self as u64
    }
}

/// The voices of a language, decoded when it is first spoken and kept.
fn voices(language: Language) -> &'static [Voice] {
    static VOICES: [OnceLock<Vec<Voice>>; 4] = [const { OnceLock::new() }; 4];
    VOICES[language as usize].get_or_init(|| Bank::built_in().voices(language))
}

#[cfg(test)]
mod tests {
    use super::{
        stretch::{Frames, Manner},
        *,
    };

    fn samples(wav: &[u8]) -> Vec<i16> {
        wav[Format::Pcm.header_size()..].as_chunks().0.iter().map(|bytes| i16::from_le_bytes(*bytes)).collect()
    }

    /// Whoever has the normal sound can make the slow one, and so learns nothing from it.
    #[test]
    fn the_slow_sound_follows_from_the_normal_one() {
        for (language, number) in Language::ALL.into_iter().zip(0..) {
            let answer = Answer::derive(&Seed::from_number(number), Alphabet::Standard, 5);
            let (seed, normal) = (Seed::from_number(number + 9), Speech::new(language));
            let slow = normal.clone().with_pace(Pace::Slow);
            let made = |speech: Speech| samples(&speak(&answer, &seed, &speech));
            let (mut frames, mut expected) = (Frames::default(), Vec::new());
            let sound = made(normal.clone());
            frames.find(&sound, Pace::SLOWER, Manner::SOUND);
            frames.lay_out(&sound, &mut expected);
            assert!(made(slow.clone()) == expected, "{}", language.tag());
            frames.lay_out(&made(normal.clean()), &mut expected);
            assert!(made(slow.clean()) == expected, "without noise, {}", language.tag());
        }
    }
}
