//! Answers: which characters they are made of, and when a typed one counts.

use std::{fmt, str::FromStr};

use subtle::{Choice, ConstantTimeEq};
use unicode_normalization::UnicodeNormalization;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{Error, Seed, hangul::keys_of_jamo, offensive::is_offensive};

/// A set of characters that answers are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Alphabet {
    /// At most one character of each group that people confuse by eye, or by ear in any of the four languages.
    #[default]
    Standard,
}

impl Alphabet {
    /// The characters, upper case. Their order is part of the derivation and never changes.
    #[must_use]
    pub const fn characters(self) -> &'static [u8] {
        match self {
            Self::Standard => b"FHJKLRTWXYZ34679",
        }
    }

    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Standard => 0,
        }
    }

    pub(crate) const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Standard),
            _ => None,
        }
    }
}

/// 1 to 8 letters A-Z and digits: what a picture shows and a sound says.
///
/// It is never shown by `Debug` and wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Answer {
    characters: [u8; Answer::MAX_LENGTH],
    length: u8,
}

impl Answer {
    /// The longest answer.
    pub const MAX_LENGTH: usize = 8;

    /// The answer that a seed gives: characters drawn evenly, and drawn again while they hold an offensive word.
    ///
    /// # Panics
    /// If the length is not 1 to 8.
    #[must_use]
    pub fn derive(seed: &Seed, alphabet: Alphabet, length: u8) -> Self {
        assert!((1..=Self::MAX_LENGTH).contains(&usize::from(length)), "an answer has 1 to 8 characters");
        let mut stream = seed.stream();
        loop {
            let mut characters = [0; Self::MAX_LENGTH];
            let drawn = &mut characters[..usize::from(length)];
            drawn.fill_with(|| *stream.pick(alphabet.characters()));
            if !is_offensive(drawn) {
                return Self { characters, length };
            }
        }
    }

    /// The characters, upper case ASCII.
    #[must_use]
    pub fn characters(&self) -> &[u8] {
        &self.characters[..usize::from(self.length)]
    }

    /// The characters as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.characters()).expect("an answer is ASCII")
    }

    /// Whether a [normalised](normalise) text is this answer, in a time that does not depend on where they differ.
    #[must_use]
    pub fn matches(&self, normalised: &str) -> bool {
        self.is(normalised).into()
    }

    /// The same, for whoever compares with several answers and must not say with which.
    pub(crate) fn is(&self, normalised: &str) -> Choice {
        let typed = normalised.as_bytes();
        let mut padded = [0; Self::MAX_LENGTH];
        let compared = typed.len().min(Self::MAX_LENGTH);
        padded[..compared].copy_from_slice(&typed[..compared]);
        let same_length: Choice = (typed.len() as u64).ct_eq(&u64::from(self.length));
        let same = padded.ct_eq(&self.characters) & same_length;
        padded.zeroize();
        same
    }
}

impl FromStr for Answer {
    type Err = Error;

    /// Reads 1 to 8 letters and digits, in either case.
    fn from_str(text: &str) -> Result<Self, Error> {
        let length = text.len();
        if !(1..=Self::MAX_LENGTH).contains(&length) || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Error::MalformedAnswer);
        }
        let mut characters = [0; Self::MAX_LENGTH];
        characters[..length].copy_from_slice(text.to_ascii_uppercase().as_bytes());
        Ok(Self { characters, length: length as u8 })
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer(…)")
    }
}

/// What a typed text comes down to: compatibility forms made plain (full-width letters), letters in upper case,
/// white space, hyphens and invisible characters left out, and Hangul read as the keys that typed it.
///
/// Anything else is kept, so that it matches no answer. An empty result means that nothing was answered.
#[must_use]
pub fn normalise(typed: &str) -> String {
    // Decomposition rather than NFKC's composition: the two agree on every text that can match an answer, and this one
    // takes Hangul syllables apart.
    let mut plain = String::with_capacity(typed.len());
    // The second pass puts accents in order that a left-out character held apart.
    for character in typed.nfkd().filter(|&character| !is_left_out(character)).nfd() {
        match keys_of_jamo(character) {
            Some(keys) => plain.push_str(keys),
            None => plain.push(character.to_ascii_uppercase()),
        }
    }
    plain
}

fn is_left_out(character: char) -> bool {
    let hyphen = matches!(character, '-' | '\u{00ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}');
    let invisible = matches!(character, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    hyphen || invisible || character.is_whitespace()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(typed: &str, expected: &str) {
        assert_eq!(normalise(typed), expected, "{typed:?}");
    }

    #[test]
    fn case_spaces_hyphens_and_width_do_not_count() {
        check("eakjh", "EAKJH");
        check(" E a-K\tj\u{2011}H \n", "EAKJH");
        check("ｅＡｋＪｈ", "EAKJH");
        check("E－A　K\u{200b}JH", "EAKJH");
        check("①２³", "123");
        check("\u{212a}", "K"); // the Kelvin sign
    }

    #[test]
    fn nothing_else_disappears() {
        check("É", "E\u{301}");
        check("EA.KJH", "EA.KJH");
        check("ß", "ß");
    }

    #[test]
    fn blank_comes_down_to_nothing() {
        for blank in ["", " ", "\t\n", "- -", "\u{3000}"] {
            check(blank, "");
        }
    }

    #[test]
    fn the_korean_layout_left_on_counts() {
        check("ㄷ마ㅓㅗ", "EAKJH");
        check("ㄷㅁㅏㅓㅗ", "EAKJH"); // not composed
        check("ㄷ마ㅓㅗ".nfd().collect::<String>().as_str(), "EAKJH"); // as macOS sends it
        check("쏘ㅡ3", "THM3");
        check("값", "RKQT");
        check("뷁", "QNPFR");
        check("꽤ㄲㅖ", "RHORP");
        check("ㄳㄵㄶㄺㄻㄼㄽㄾㄿㅀㅄ", "RTSWSGFRFAFQFTFXFVFGQT");
        check("ㅘㅢㅝ", "HKMLNJ");
    }

    /// The letter keys of the layout, without shift, as compatibility jamo.
    #[rustfmt::skip]
    const LAYOUT: [(char, char); 26] = [
        ('Q', 'ㅂ'), ('W', 'ㅈ'), ('E', 'ㄷ'), ('R', 'ㄱ'), ('T', 'ㅅ'), ('Y', 'ㅛ'), ('U', 'ㅕ'), ('I', 'ㅑ'),
        ('O', 'ㅐ'), ('P', 'ㅔ'), ('A', 'ㅁ'), ('S', 'ㄴ'), ('D', 'ㅇ'), ('F', 'ㄹ'), ('G', 'ㅎ'), ('H', 'ㅗ'),
        ('J', 'ㅓ'), ('K', 'ㅏ'), ('L', 'ㅣ'), ('Z', 'ㅋ'), ('X', 'ㅌ'), ('C', 'ㅊ'), ('V', 'ㅍ'), ('B', 'ㅠ'),
        ('N', 'ㅜ'), ('M', 'ㅡ'),
    ];

    proptest! {
        #[test]
        fn every_answer_typed_in_korean_is_read_back(word in "[A-Z0-9]{1,8}") {
            let typed: String = word
                .chars()
                .map(|letter| LAYOUT.iter().find(|(key, _)| *key == letter).map_or(letter, |(_, jamo)| *jamo))
                .collect();
            prop_assert_eq!(normalise(&typed), word.clone());
            let composed: String = typed.nfkc().collect();
            prop_assert_eq!(normalise(&composed), word);
        }

        #[test]
        fn normalising_twice_changes_nothing(text in "\\PC{0,60}") {
            let once = normalise(&text);
            prop_assert_eq!(normalise(&once), once);
        }

        #[test]
        fn an_answer_matches_itself_alone(number: u64, length in 1..=8_u8, other in "[A-Z0-9]{0,10}") {
            let answer = Answer::derive(&Seed::from_number(number), Alphabet::Standard, length);
            prop_assert_eq!(answer.characters().len(), usize::from(length));
            prop_assert!(answer.matches(answer.as_str()));
            prop_assert_eq!(answer.matches(&other), other == answer.as_str());
            let longer = format!("{}A", answer.as_str());
            prop_assert!(!answer.matches(&longer));
            prop_assert!(!answer.matches(&answer.as_str()[1..]));
        }
    }

    #[test]
    fn characters_are_drawn_evenly() {
        let alphabet = Alphabet::Standard.characters();
        let mut counts = [0_usize; 256];
        for number in 0..4_000 {
            for &character in Answer::derive(&Seed::from_number(number), Alphabet::Standard, 8).characters() {
                counts[usize::from(character)] += 1;
            }
        }
        let expected = 32_000 / alphabet.len();
        for &character in alphabet {
            let count = counts[usize::from(character)];
            assert!(count.abs_diff(expected) < expected / 7, "{}: {count}", char::from(character));
        }
    }

    #[test]
    fn debug_shows_nothing() {
        let answer: Answer = "EAKJH".parse().unwrap();
        assert_eq!(format!("{answer:?}"), "Answer(…)");
    }
}
