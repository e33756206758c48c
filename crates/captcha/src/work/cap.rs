//! Work in the form of Cap: several small puzzles, each of which is to find a number that, behind a salt, has a hash that
//! begins with given digits.
//!
//! Salts and digits follow from one text by Cap's own generator, which everybody has: FNV-1a makes 32 bits of the text,
//! from which xorshift goes on (Marsaglia, "Xorshift RNGs", 2003). So the text must be one that only whoever holds the
//! secret can make: behind the key stand bytes that follow from it by a keyed function. Otherwise any key of work would be
//! a puzzle of this form, even of work that is worth nothing without the word beside it.
//!
//! It is a lottery, whose time spreads the less the more puzzles there are, so more work is more puzzles. To check one
//! takes one hash.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{Judgement, Work, secret::Purpose};

/// The small puzzles that some work is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmallPuzzles {
    text: String,
    count: u32,
}

impl Work {
    /// The work as small puzzles.
    #[must_use]
    pub fn small_puzzles(&self) -> SmallPuzzles {
        let mut bytes = [0; 16];
        self.opened.seed(Purpose::SmallPuzzles).stream().fill(&mut bytes);
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let count = SmallPuzzles::USUAL_COUNT * super::TENTHS[usize::from(self.level)] / 10;
        SmallPuzzles { text: format!("{}{digits}", self.key()), count }
    }
}

impl SmallPuzzles {
    /// Digits of a salt.
    pub const SALT_DIGITS: usize = 32;
    /// Digits with which a hash must begin: 4,096 numbers are tried for each puzzle on average.
    pub const TARGET_DIGITS: usize = 3;
    /// How many there are at level 0.
    const USUAL_COUNT: u32 = 15;

    /// The text from which they follow. Its first 36 characters are the key.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Whether this is the text from which they follow.
    #[must_use]
    pub fn follow_from(&self, text: &str) -> bool {
        self.text.as_bytes().ct_eq(text.as_bytes()).into()
    }

    /// Whether each number solves its puzzle. It takes a hash for each, up to the first that does not.
    #[must_use]
    pub fn judge(&self, numbers: &[u64]) -> Judgement {
        let is_right = numbers.len() == self.count as usize
            && self.all().zip(numbers).all(|((salt, target), number)| solves(&salt, &target, *number));
        if is_right { Judgement::Right } else { Judgement::Wrong }
    }

    /// Tries numbers until all are solved. It is what browsers do, for tests and measurements.
    ///
    /// # Panics
    /// If one has no solution, which no hash is known for.
    #[must_use]
    pub fn solve(&self) -> Vec<u64> {
        let solved = |(salt, target): (String, String)| {
            (0..u64::MAX).find(|number| solves(&salt, &target, *number)).expect("some number solves it")
        };
        self.all().map(solved).collect()
    }

    /// Salt and digits of each.
    fn all(&self) -> impl Iterator<Item = (String, String)> {
        (1..=self.count).map(|number| {
            let of = |what: &str, length| digits(&format!("{}{number}{what}", self.text), length);
            (of("", Self::SALT_DIGITS), of("d", Self::TARGET_DIGITS))
        })
    }
}

fn solves(salt: &str, target: &str, number: u64) -> bool {
    let hash = Sha256::digest(format!("{salt}{number}"));
    let nibbles = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    target.bytes().zip(nibbles).all(|(digit, nibble)| char::from(digit).to_digit(16) == Some(nibble.into()))
}

/// As many hexadecimal digits as one likes, by Cap's generator.
fn digits(seed: &str, length: usize) -> String {
    let fnv_1a = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(16_777_619);
    let mut state = seed.bytes().fold(2_166_136_261, fnv_1a);
    let mut digits = String::with_capacity(length + 8);
    while digits.len() < length {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        digits += &format!("{state:08x}");
    }
    digits.truncate(length);
    digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Challenge, Claims, Keyring, Nonce, Secret, Shape};

    fn work(level: u8, counter: u32) -> Work {
        let keyring = Keyring::new(&Secret::from_bytes([1; 32]));
        let claims = Claims { shape: Shape::Work { level }, nonce: Nonce { node: 1, counter }, ..Claims::default() };
        match keyring.open(&keyring.issue(&claims)) {
            Some(Challenge::Work(work)) => work,
            _ => panic!("it is work"),
        }
    }

    const CAPS: &[(&str, usize, &str)] = &[
        ("", 8, "4622a677"),
        (
            "a9859757-5b5a-42d1-bc85-c560b0141ec100112233445566778899aabbccddeeff1",
            32,
            "39c1df8d443fac358693c9c90af8559c",
        ),
        ("a9859757-5b5a-42d1-bc85-c560b0141ec100112233445566778899aabbccddeeff1d", 3, "c4e"),
        ("token240", 32, "5a87b947184efd90386f53ae9145aec3"),
    ];

    /// The values are those that the generator of @cap.js/widget 0.1.57 gives.
    #[test]
    fn digits_are_those_of_caps_generator() {
        for (seed, length, expected) in CAPS {
            assert_eq!(digits(seed, *length), *expected, "{seed}");
        }
    }

    #[test]
    fn all_numbers_must_be_right() {
        let puzzles = work(0, 1).small_puzzles();
        let numbers = puzzles.solve();
        assert_eq!((numbers.len(), puzzles.judge(&numbers)), (15, Judgement::Right));
        for number in 0..numbers.len() {
            let mut other = numbers.clone();
            other[number] += 1;
            assert_eq!(puzzles.judge(&other), Judgement::Wrong);
        }
        assert_eq!(puzzles.judge(&numbers[1..]), Judgement::Wrong);
        assert_eq!(puzzles.judge(&[&numbers[..], &[0]].concat()), Judgement::Wrong);
        assert_eq!(work(0, 2).small_puzzles().judge(&numbers), Judgement::Wrong);
    }

    #[test]
    fn only_the_keys_own_text_is_good() {
        let (first, second) = (work(0, 1), work(0, 2));
        let text = first.small_puzzles().text().to_owned();
        assert_eq!(text[..36], first.key().to_string());
        assert!(first.small_puzzles().follow_from(&text) && !second.small_puzzles().follow_from(&text));
        assert!(!first.small_puzzles().follow_from(&first.key().to_string()));
        let counts = Shape::LEVELS.map(|level| work(level, 1).small_puzzles().count());
        assert_eq!(counts.collect::<Vec<_>>(), [15, 37, 94, 240]);
    }
}
