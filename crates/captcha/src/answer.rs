//! Answers: which characters they are made of, and when a [normalised](crate::normalise) text is one.

use std::{fmt, str::FromStr};

use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{Error, Seed, offensive::is_offensive};

/// A set of characters that answers are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Alphabet {
    /// At most one character of each group that people confuse by eye, or by ear in any of the four languages.
    #[default]
    Standard,
    /// Digits alone, for sites whose visitors are told to type a number: all but 0 and 8, which look like each other and
    /// like most of the others, and 1, which people read as 7.
    Digits,
}

impl Alphabet {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Standard, Self::Digits];

    /// The characters, upper case. Their order is part of the derivation and never changes.
    #[must_use]
    pub const fn characters(self) -> &'static [u8] {
        match self {
            Self::Standard => b"FHJKLRTWXYZ34679",
            Self::Digits => b"2345679",
        }
    }

    /// Its name in settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Digits => "digits",
        }
    }
}

impl FromStr for Alphabet {
    type Err = Error;

    /// Reads `standard` or `digits`.
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|alphabet| alphabet.name() == text).ok_or(Error::Alphabet)
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
            if !is_offensive(drawn, alphabet) {
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

    /// Whether a [normalised](crate::normalise) text is this answer, in a time that does not depend on where they differ.
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_answer_matches_itself_alone(
            number: u64,
            alphabet in prop::sample::select(&Alphabet::ALL[..]),
            length in 1..=8_u8,
            other in "[A-Z0-9]{0,10}",
        ) {
            let answer = Answer::derive(&Seed::from_number(number), alphabet, length);
            prop_assert!(answer.characters().iter().all(|character| alphabet.characters().contains(character)));
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
        for alphabet in Alphabet::ALL {
            let mut counts = [0_usize; 256];
            for number in 0..4_000 {
                for &character in Answer::derive(&Seed::from_number(number), alphabet, 8).characters() {
                    counts[usize::from(character)] += 1;
                }
            }
            let expected = 32_000 / alphabet.characters().len();
            for &character in alphabet.characters() {
                let count = counts[usize::from(character)];
                assert!(count.abs_diff(expected) < expected / 7, "{}: {count}", char::from(character));
            }
        }
    }

    #[test]
    fn an_alphabet_is_read_by_its_name() {
        for alphabet in Alphabet::ALL {
            assert_eq!(alphabet.name().parse(), Ok(alphabet));
        }
        assert_eq!("Digits".parse::<Alphabet>(), Err(Error::Alphabet));
    }

    #[test]
    fn debug_shows_nothing() {
        let answer: Answer = "EAKJH".parse().unwrap();
        assert_eq!(format!("{answer:?}"), "Answer(…)");
    }
}
