//! Sounds: an answer spoken as a WAV file.

use std::str::FromStr;

use crate::{Answer, Error, Seed};

/// A language in which answers are spoken and notices written.
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
    is_clean: bool,
}

impl Speech {
    /// Speech in this language, over noise.
    #[must_use]
    pub fn new(language: Language) -> Self {
        Self { language, is_clean: false }
    }

    /// The same speech without the noise, aligned with it sample for sample.
    #[must_use]
    pub fn clean(self) -> Self {
        Self { is_clean: true, ..self }
    }
}

/// Speaks an answer as a WAV file, 16-bit mono PCM at 16 kHz. The same answer, seed and speech give the same bytes.
#[must_use]
pub fn speak(answer: &Answer, seed: &Seed, speech: &Speech) -> Vec<u8> {
    let mut wav = b"RIFF".to_vec();
    wav.extend_from_slice(answer.characters());
    wav.extend(seed.stream().bits64().to_le_bytes());
    wav.push(speech.is_clean.into());
    wav.extend(speech.language.tag().bytes());
    wav
}

/// Speaks an answer plainly, after the word "test".
#[must_use]
pub fn speak_test(answer: &Answer, speech: &Speech) -> Vec<u8> {
    speak(answer, &Seed::from_number(0), speech)
}
