//! What a person typed whose keyboard was still set to another layout.

use super::{
    is_left_out,
    layouts::{KEYS, LAYOUTS},
    letter_or_digit,
};
use crate::Answer;

/// Nothing with more keys is an answer in another layout, so that a long text costs no more than a short one.
const MAX_KEYS: usize = 2 * Answer::MAX_LENGTH;

/// What the letter and digit keys type in a layout, as characters of [`KEYS`]' order. NUL stands for nothing.
pub(super) struct Layout {
    #[cfg_attr(not(test), expect(dead_code, reason = "tests name the layout that fails"))]
    pub(super) name: &'static str,
    /// Its letters are the Latin ones, so only its row of digits is here.
    pub(super) is_latin: bool,
    pub(super) plain: [char; KEYS.len()],
    /// With Shift, or Caps Lock.
    pub(super) shifted: [char; KEYS.len()],
    /// What types the same in another form, with its key: two characters that systems send for one.
    pub(super) also: &'static [(&'static str, char)],
}

/// A typed text, with what its characters are to every layout that has no key for them.
pub(super) struct Typed<'a> {
    text: &'a str,
    characters: Vec<Character>,
}

struct Character {
    /// Where it begins, in bytes.
    start: usize,
    character: char,
    otherwise: Otherwise,
}

#[derive(Clone, Copy)]
enum Otherwise {
    LetterOrDigit(char),
    LeftOut,
    Unreadable,
}

impl<'a> Typed<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let characters = text.char_indices().map(|(start, character)| {
            let otherwise = match letter_or_digit(character) {
                Some(key) => Otherwise::LetterOrDigit(key),
                None if is_left_out(character) => Otherwise::LeftOut,
                None => Otherwise::Unreadable,
            };
            Character { start, character, otherwise }
        });
        Self { text, characters: characters.collect() }
    }

    /// What each layout reads that could have typed the text, the most used first.
    pub(super) fn readings(&self) -> impl Iterator<Item = String> {
        LAYOUTS.iter().filter_map(|layout| layout.read(self))
    }

    fn has(&self, is_wanted: impl Fn(&char) -> bool) -> bool {
        self.characters.iter().any(|of| is_wanted(&of.character))
    }
}

impl Layout {
    /// The keys that typed the text, or `None` if this layout did not.
    fn read(&self, typed: &Typed<'_>) -> Option<String> {
        // A sign, such as the hyphen on a Thai 3, is no key beside what this layout's keys do not type.
        let has_signs = !typed.has(if self.is_latin { char::is_ascii_digit } else { char::is_ascii_alphabetic });
        let mut keys = String::new();
        let mut end = 0;
        for of in typed.characters.iter() {
            if of.start < end {
                continue;
            }
            let may_be_key = has_signs || !of.character.is_ascii();
            let key = if may_be_key { self.key(&typed.text[of.start..], of.character) } else { None };
            match (key, of.otherwise) {
                (Some((key, length)), _) => {
                    keys.push(key);
                    end = of.start + length;
                }
                (None, Otherwise::LetterOrDigit(key)) => keys.push(key),
                (None, Otherwise::LeftOut) => {}
                (None, Otherwise::Unreadable) => return None,
            }
            if keys.len() > MAX_KEYS {
                return None;
            }
        }
        Some(keys)
    }

    /// The key that typed the first character or characters, and how many bytes they are.
    fn key(&self, rest: &str, first: char) -> Option<(char, usize)> {
        if let Some((typed, key)) = self.also.iter().find(|(typed, _)| rest.starts_with(typed)) {
            return Some((*key, typed.len()));
        }
        let first_as_katakana = katakana(first);
        let position = |keys: &[char]| keys.iter().position(|&key| key == first_as_katakana);
        let index = position(&self.plain).or_else(|| position(&self.shifted))?;
        Some((char::from(KEYS[index]), first.len_utf8()))
    }
}

/// A hiragana as the katakana that the same key types, and any other character as it is.
pub(super) fn katakana(character: char) -> char {
    match character {
        'ぁ'..='ゖ' => char::from_u32(character as u32 + 0x60).expect("katakana stand this far behind hiragana"),
        other => other,
    }
}
