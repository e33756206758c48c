//! The voice bank: every word of a challenge, by every voice, in one file; and the notices, likewise, in another.
//!
//! `cargo xtask voices` renders both ahead with speech engines, so that none is needed to build or run haechi. A file,
//! all numbers little-endian:
//!
//! | bytes | what |
//! |---|---|
//! | 16 | `haechi voices 1` and a line feed |
//! | 4 | how many clips |
//! | 8 for each clip | language (1), voice (1), word (1), zero (1), length in samples (4) |
//! | the rest | the clips in the same order, four bits a sample (IMA ADPCM), each from a whole byte |
//!
//! Reading checks everything; what is decoded later cannot fail.

use std::collections::BTreeSet;

use super::{Language, adpcm};
use crate::Notice;

/// Samples a second of every clip, and of what is made of them.
pub const SAMPLE_RATE_HZ: u32 = 16_000;

/// All letters and digits, each of which every voice has a name for.
pub(crate) const CHARACTERS: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

const MAGIC: &[u8; 16] = b"haechi voices 1\n";
const ENTRY_SIZE: usize = 8;
/// The most clips that a bank may hold.
const MAX_CLIPS: usize = 4096;
/// The longest clip: 4 s.
const MAX_SAMPLES: usize = 4 * SAMPLE_RATE_HZ as usize;
/// The most voices that a language may have.
pub(crate) const MAX_VOICES: usize = 16;

/// Something that a voice can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Word {
    /// The name of a letter A-Z or a digit.
    Character(u8),
    /// The request to type so many characters; of 0, to type the characters.
    LeadIn(u8),
    /// The word "test".
    Test,
    /// What a person is told instead of a challenge, in whole sentences.
    Notice(Notice),
}

impl Word {
    /// The lead-ins that a voice has, if it has any.
    pub const LEAD_INS: [Self; 6] =
        [Self::LeadIn(0), Self::LeadIn(4), Self::LeadIn(5), Self::LeadIn(6), Self::LeadIn(7), Self::LeadIn(8)];
    const TEST_CODE: u8 = b't';

    /// All letters and digits.
    pub fn characters() -> impl Iterator<Item = Self> {
        CHARACTERS.iter().copied().map(Self::Character)
    }

    /// All notices.
    pub fn notices() -> impl Iterator<Item = Self> {
        Notice::SPOKEN.into_iter().map(Self::Notice)
    }

    /// What a voice must say at least to open a sound: every lead-in and "test".
    fn openings() -> impl Iterator<Item = Self> {
        Self::LEAD_INS.into_iter().chain([Self::Test])
    }

    const fn code(self) -> u8 {
        match self {
            Self::Character(character) => character,
            Self::LeadIn(count) => count,
            Self::Test => Self::TEST_CODE,
            Self::Notice(Notice::Expired | Notice::Unknown) => b'e',
            Self::Notice(Notice::TooMany) => b'm',
            Self::Notice(Notice::Busy) => b'b',
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        match code {
            b'A'..=b'Z' | b'0'..=b'9' => Some(Self::Character(code)),
            Self::TEST_CODE => Some(Self::Test),
            _ => Self::notices().chain(Self::LEAD_INS).find(|word| word.code() == code),
        }
    }
}

/// What is wrong with a voice bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BankError {
    /// It does not begin as a voice bank does.
    #[error("this is not a voice bank, or one of another version")]
    Magic,
    /// The list of clips is cut off, or names more clips than a bank may hold.
    #[error("the list of clips is cut off or too long")]
    List,
    /// An entry of the list names an unknown language, voice or word, or a length that no clip has.
    #[error("entry {0} of the list of clips is malformed")]
    Entry(usize),
    /// Two entries name the same clip.
    #[error("entry {0} names a clip that the list had before")]
    Twice(usize),
    /// The clips are longer or shorter than the list says.
    #[error("the clips take {found} bytes and should take {expected}")]
    Size {
        /// Bytes that follow from the list.
        expected: usize,
        /// Bytes that are there.
        found: usize,
    },
    /// A voice lacks a word that it needs.
    #[error("voice {voice} of {language} lacks {word:?}")]
    Missing {
        /// The tag of the language.
        language: &'static str,
        /// The number of the voice.
        voice: u8,
        /// The word that is not there.
        word: Word,
    },
    /// A language has no voice.
    #[error("{0} has no voice that can open a sound")]
    Voiceless(&'static str),
}

/// A clip that goes into a bank or came out of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clip {
    /// The language that is spoken.
    pub language: Language,
    /// Which of the language's voices speaks, from 0.
    pub voice: u8,
    /// What it says.
    pub word: Word,
    /// 16-bit samples at [`SAMPLE_RATE_HZ`].
    pub samples: Vec<i16>,
}

/// A voice bank that has been read and checked, its clips still encoded.
#[derive(Debug)]
pub struct Bank<'a> {
    entries: Vec<Entry>,
    data: &'a [u8],
}

/// Where a clip is.
#[derive(Debug, Clone, Copy)]
struct Entry {
    language: Language,
    voice: u8,
    word: Word,
    samples: usize,
    offset: usize,
}

impl<'a> Bank<'a> {
    /// The bank of challenges that haechi comes with.
    #[must_use]
    pub fn built_in() -> Bank<'static> {
        Bank::parse(include_bytes!("../../assets/voices/voices.bank"))
            .expect("the built-in bank is whole: the tests read the same bytes")
    }

    /// The bank of notices that haechi comes with.
    #[must_use]
    pub fn built_in_notices() -> Bank<'static> {
        Bank::parse_notices(include_bytes!("../../assets/voices/notices.bank"))
            .expect("the built-in notices are whole: the tests read the same bytes")
    }

    /// Reads and checks a bank of challenges.
    ///
    /// # Errors
    /// A [`BankError`] for anything but a whole bank in which every language has at least one voice with all lead-ins
    /// and every voice has all characters.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BankError> {
        let bank = Self::read(bytes)?;
        check_complete(&bank.entries)?;
        Ok(bank)
    }

    /// Reads and checks a bank of notices.
    ///
    /// # Errors
    /// A [`BankError`] for anything but a whole bank in which every language has all notices by its first voice.
    pub fn parse_notices(bytes: &'a [u8]) -> Result<Self, BankError> {
        let bank = Self::read(bytes)?;
        for language in Language::ALL {
            if let Some(word) = Word::notices().find(|&word| bank.first_voice(language, word).is_none()) {
                return Err(BankError::Missing { language: language.tag(), voice: 0, word });
            }
        }
        Ok(bank)
    }

    fn read(bytes: &'a [u8]) -> Result<Self, BankError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(BankError::Magic)?;
        let (count, rest) = rest.split_first_chunk().ok_or(BankError::List)?;
        let count = u32::from_le_bytes(*count) as usize;
        if count > MAX_CLIPS || rest.len() < count * ENTRY_SIZE {
            return Err(BankError::List);
        }
        let (list, data) = rest.split_at(count * ENTRY_SIZE);
        Ok(Self { entries: read_entries(list, data.len())?, data })
    }

    /// What the first voice of a language says of a word, decoded, if it says it.
    #[must_use]
    pub fn clip(&self, language: Language, word: Word) -> Option<Vec<i16>> {
        self.first_voice(language, word).map(|entry| self.decode(entry))
    }

    fn first_voice(&self, language: Language, word: Word) -> Option<&Entry> {
        self.entries.iter().find(|entry| (entry.language, entry.voice, entry.word) == (language, 0, word))
    }

    /// The voices of a language, decoded.
    #[must_use]
    pub fn voices(&self, language: Language) -> Vec<Voice> {
        let mut voices: Vec<Voice> = (0..self.voice_count(language)).map(|_| Voice::default()).collect();
        for entry in self.entries.iter().filter(|entry| entry.language == language) {
            voices[usize::from(entry.voice)].say(entry.word, self.decode(entry));
        }
        voices
    }

    /// How many voices a language has.
    #[must_use]
    pub fn voice_count(&self, language: Language) -> u8 {
        self.entries.iter().filter(|entry| entry.language == language).map(|entry| entry.voice + 1).max().unwrap_or(0)
    }

    /// All clips, decoded one after another.
    pub fn clips(&self) -> impl Iterator<Item = Clip> {
        self.entries.iter().map(|entry| Clip {
            language: entry.language,
            voice: entry.voice,
            word: entry.word,
            samples: self.decode(entry),
        })
    }

    fn decode(&self, entry: &Entry) -> Vec<i16> {
        adpcm::decode(&self.data[entry.offset..], entry.samples)
    }
}

/// Writes a bank of these clips, which [`Bank::parse`] or [`Bank::parse_notices`] will check.
#[must_use]
pub fn write(clips: &[Clip]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend((clips.len() as u32).to_le_bytes());
    for clip in clips {
        bytes.extend([clip.language as u8, clip.voice, clip.word.code(), 0]);
        bytes.extend((clip.samples.len() as u32).to_le_bytes());
    }
    bytes.extend(clips.iter().flat_map(|clip| adpcm::encode(&clip.samples)));
    bytes
}

fn read_entries(list: &[u8], data_size: usize) -> Result<Vec<Entry>, BankError> {
    let mut entries = Vec::with_capacity(list.len() / ENTRY_SIZE);
    let mut seen = BTreeSet::new();
    let mut offset = 0;
    for (number, bytes) in list.as_chunks().0.iter().enumerate() {
        let entry = read_entry(bytes, offset).ok_or(BankError::Entry(number))?;
        if !seen.insert(bytes[..3].to_vec()) {
            return Err(BankError::Twice(number));
        }
        offset += adpcm::encoded_size(entry.samples);
        entries.push(entry);
    }
    if offset != data_size {
        return Err(BankError::Size { expected: offset, found: data_size });
    }
    Ok(entries)
}

fn read_entry(bytes: &[u8; ENTRY_SIZE], offset: usize) -> Option<Entry> {
    let [language, voice, word, zero, a, b, c, d] = *bytes;
    let samples = u32::from_le_bytes([a, b, c, d]) as usize;
    let is_sound = zero == 0 && usize::from(voice) < MAX_VOICES && (1..=MAX_SAMPLES).contains(&samples);
    let language = Language::ALL.into_iter().find(|&known| known as u8 == language)?;
    let entry = Entry { language, voice, word: Word::from_code(word)?, samples, offset };
    is_sound.then_some(entry)
}

fn check_complete(entries: &[Entry]) -> Result<(), BankError> {
    for language in Language::ALL {
        let spoken: BTreeSet<(u8, Word)> =
            entries.iter().filter(|entry| entry.language == language).map(|entry| (entry.voice, entry.word)).collect();
        let voices = spoken.last().map_or(0, |(voice, _)| voice + 1);
        for voice in 0..voices {
            if let Some(word) = Word::characters().find(|&word| !spoken.contains(&(voice, word))) {
                return Err(BankError::Missing { language: language.tag(), voice, word });
            }
        }
        if !(0..voices).any(|voice| Word::openings().all(|word| spoken.contains(&(voice, word)))) {
            return Err(BankError::Voiceless(language.tag()));
        }
    }
    Ok(())
}

/// One voice and the words that it says.
#[derive(Default)]
pub struct Voice {
    words: std::collections::BTreeMap<Word, Box<[i16]>>,
}

impl Voice {
    /// The samples of a word, if the voice says it.
    #[must_use]
    pub fn word(&self, word: Word) -> Option<&[i16]> {
        self.words.get(&word).map(AsRef::as_ref)
    }

    /// The samples of a character's name; of one that has no name, none.
    #[must_use]
    pub fn character(&self, character: u8) -> &[i16] {
        self.word(Word::Character(character)).unwrap_or_default()
    }

    /// Whether it says every lead-in and "test".
    #[must_use]
    pub fn can_open(&self) -> bool {
        Word::openings().all(|word| self.words.contains_key(&word))
    }

    fn say(&mut self, word: Word, samples: Vec<i16>) {
        self.words.insert(word, samples.into_boxed_slice());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The smallest whole bank: one voice for each language, every clip one sample long.
    fn smallest() -> Vec<Clip> {
        let words: Vec<Word> = Word::characters().chain(Word::openings()).collect();
        let speak = |language| words.iter().map(move |&word| Clip { language, voice: 0, word, samples: vec![0] });
        Language::ALL.into_iter().flat_map(speak).collect()
    }

    /// The smallest bank of notices.
    fn smallest_notices() -> Vec<Clip> {
        let speak = |language| Word::notices().map(move |word| Clip { language, voice: 0, word, samples: vec![0] });
        Language::ALL.into_iter().flat_map(speak).collect()
    }

    fn check(bytes: &[u8], expected: BankError) {
        assert_eq!(Bank::parse(bytes).err(), Some(expected));
    }

    #[test]
    fn what_is_written_is_read_back() {
        let clips = smallest();
        let bytes = write(&clips);
        assert!(Bank::parse(&bytes).unwrap().clips().eq(clips));
    }

    #[test]
    fn a_malformed_bank_is_named_as_such() {
        let bytes = write(&smallest());
        let with = |index: usize, byte: u8| {
            let mut bytes = bytes.clone();
            bytes[index] = byte;
            bytes
        };
        check(b"", BankError::Magic);
        check(&with(14, b'2'), BankError::Magic);
        check(&bytes[..18], BankError::List);
        check(&with(18, 1), BankError::List);
        check(&bytes[..40], BankError::List);
        check(&with(20, 9), BankError::Entry(0));
        check(&with(29, 16), BankError::Entry(1));
        check(&with(22, b'a'), BankError::Entry(0));
        check(&with(22, 9), BankError::Entry(0));
        check(&with(23, 1), BankError::Entry(0));
        check(&with(24, 0), BankError::Entry(0));
        check(&with(27, 1), BankError::Entry(0));
        check(&with(30, b'A'), BankError::Twice(1));
        let (expected, found) = (172, 171);
        check(&bytes[..bytes.len() - 1], BankError::Size { expected, found });
    }

    #[test]
    fn a_bank_that_lacks_a_word_is_refused() {
        let without = |word, language| {
            let mut clips = smallest();
            clips.retain(|clip| clip.word != word || clip.language != language);
            write(&clips)
        };
        let word = Word::Character(b'Q');
        check(&without(word, Language::Ja), BankError::Missing { language: "ja", voice: 0, word });
        check(&without(Word::LeadIn(5), Language::Zh), BankError::Voiceless("zh"));
        check(&write(&[]), BankError::Voiceless("ko"));
    }

    #[test]
    fn notices_have_a_bank_of_their_own() {
        let clips = smallest_notices();
        let bytes = write(&clips);
        assert!(Bank::parse_notices(&bytes).unwrap().clips().eq(clips.clone()));
        check(&bytes, BankError::Missing { language: "ko", voice: 0, word: Word::Character(b'A') });
        let words = write(&smallest());
        let word = Word::Notice(Notice::Expired);
        assert_eq!(Bank::parse_notices(&words).err(), Some(BankError::Missing { language: "ko", voice: 0, word }));
        let by_another_voice = |clip: Clip| Clip { voice: u8::from(clip.language == Language::Zh), ..clip };
        let bytes = write(&clips.into_iter().map(by_another_voice).collect::<Vec<_>>());
        assert_eq!(Bank::parse_notices(&bytes).err(), Some(BankError::Missing { language: "zh", voice: 0, word }));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(index in 0_usize..1500, byte: u8, length in 0_usize..1600) {
            let mut bytes = write(&smallest());
            let index = index % bytes.len();
            bytes[index] = byte;
            bytes.truncate(length);
            if let Ok(bank) = Bank::parse(&bytes) {
                prop_assert!(bank.clips().all(|clip| !clip.samples.is_empty()));
            }
        }
    }
}
