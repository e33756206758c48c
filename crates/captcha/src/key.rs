//! Keys: 128 bits that read as a random UUID and carry sealed claims.
//!
//! A version-4 UUID (RFC 9562) leaves 122 bits free. The claims are packed into them, most significant first:
//!
//! | bits | field |
//! |---|---|
//! | 31 | seconds from [`EPOCH`] to the time of issue, enough until 2092 |
//! | 20 | number of the app |
//! | 5 | what kind of challenge it is, see [`Shape::number`] |
//! | 14 + 24 | nonce: node and counter |
//! | 1 | alphabet of a word: 0 letters and digits, 1 digits alone |
//! | 27 | check, all zero |
//!
//! The block is then encrypted with AES-256, again and again until the version and variant bits read 4 and `10`: a
//! permutation of the UUIDs onto themselves ("cycle walking", Black and Rogaway, "Ciphers with Arbitrary Finite
//! Domains", 2002). It takes 64 blocks on average. Opening walks the same cycle backwards.
//!
//! A block cipher rather than a MAC, because nothing of a key may be readable or guessable, and because a MAC leaves no
//! room for the claims. A made-up key passes the check once in 2²⁷, and must then still name an app that exists and a
//! time of issue within the last minutes.
//!
//! The bit of the alphabet was one of the check's when there was one alphabet, so that keys of that time have 0 there.

use std::{fmt, ops::RangeInclusive, str::FromStr};

use aes::{
    Aes256, Block,
    cipher::{
        BlockCipherDecBackend, BlockCipherDecClosure, BlockCipherDecrypt, BlockCipherEncBackend, BlockCipherEncClosure,
        BlockCipherEncrypt, BlockSizeUser, KeyInit, consts::U16,
    },
};

use crate::{Alphabet, Error, Language};

/// The instant from which keys count their seconds: 2024-01-01T00:00:00Z, as Unix time.
pub const EPOCH: u64 = 1_704_067_200;

/// A challenge's name: a version-4 UUID in which nothing can be read without the secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key([u8; 16]);

impl Key {
    /// The 16 bytes, in the order in which the text shows them.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The key without hyphens, 32 hexadecimal digits: the same key in another form.
    #[must_use]
    pub fn to_simple(&self) -> String {
        self.to_string().replace('-', "")
    }

    /// Reads a key without hyphens.
    ///
    /// # Errors
    /// [`Error::MalformedKey`] for anything else.
    pub fn from_simple(text: &str) -> Result<Self, Error> {
        let is_simple = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let value = is_simple.then(|| u128::from_str_radix(text, 16).ok()).flatten();
        let value = value.filter(|value| reads_as_uuid_v4(*value)).ok_or(Error::MalformedKey)?;
        Ok(Self(value.to_be_bytes()))
    }

    /// A key of any 16 bytes, whose version and variant bits are set to those of a version-4 UUID.
    ///
    /// For tools that need keys that nobody issued, such as one that draws labelled samples.
    #[must_use]
    pub const fn from_random_bytes(mut bytes: [u8; 16]) -> Self {
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Self(bytes)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [b'-'; 36];
        let mut place = 0;
        for byte in self.0 {
            place += usize::from(HYPHENS.contains(&place));
            text[place] = DIGITS[usize::from(byte >> 4)];
            text[place + 1] = DIGITS[usize::from(byte & 15)];
            place += 2;
        }
        f.write_str(std::str::from_utf8(&text).expect("hexadecimal digits and hyphens are ASCII"))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self})")
    }
}

const HYPHENS: [usize; 4] = [8, 13, 18, 23];

impl FromStr for Key {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.len() != 36 {
            return Err(Error::MalformedKey);
        }
        let mut bytes = [0; 16];
        let mut nibbles = 0;
        for (place, character) in text.bytes().enumerate() {
            if HYPHENS.contains(&place) {
                if character != b'-' {
                    return Err(Error::MalformedKey);
                }
                continue;
            }
            let value = char::from(character).to_digit(16).ok_or(Error::MalformedKey)? as u8;
            bytes[nibbles / 2] |= if nibbles % 2 == 0 { value << 4 } else { value };
            nibbles += 1;
        }
        if reads_as_uuid_v4(u128::from_be_bytes(bytes)) { Ok(Self(bytes)) } else { Err(Error::MalformedKey) }
    }
}

/// What a key says, to whoever holds the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claims {
    /// Unix time of issue, in seconds, from [`EPOCH`] to 2³¹ seconds later.
    pub issued_at: u64,
    /// The number of the app that issued the key, below 2²⁰.
    pub app: u32,
    /// What kind of challenge the key stands for.
    pub shape: Shape,
    /// What makes two keys of one second differ.
    pub nonce: Nonce,
}

/// What kind of challenge a key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A word to read or to hear.
    Word {
        /// Characters in the answer, 1 to 8.
        length: u8,
        /// The alphabet of the answer.
        alphabet: Alphabet,
        /// The language to which the challenge is fixed, if it is; its answer then has [`Shape::FIXED_LENGTHS`]
        /// characters.
        language: Option<Language>,
    },
    /// Something to compute.
    Work {
        /// How much of it there is, in [`Shape::LEVELS`].
        level: u8,
    },
}

/// Two keys of one app and one second differ in their nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Nonce {
    /// The issuing process, below 2¹⁴.
    pub node: u16,
    /// Counts that process's keys, below 2²⁴, and starts again at 0 after the last.
    pub counter: u32,
}

impl Claims {
    /// One more than the largest app number.
    pub const APPS: u32 = 1 << 20;
    /// One more than the largest node number.
    pub const NODES: u16 = 1 << 14;
}

impl Default for Claims {
    fn default() -> Self {
        Self { issued_at: EPOCH, app: 0, shape: Shape::word(5), nonce: Nonce::default() }
    }
}

/// Seals claims into keys and opens keys, under one subkey.
pub(crate) struct KeySealer(Aes256);

impl KeySealer {
    pub(crate) fn new(subkey: &[u8; 32]) -> Self {
        Self(Aes256::new(subkey.into()))
    }

    pub(crate) fn seal(&self, claims: &Claims) -> Key {
        let mut block = Block::from(spread(pack(claims)).to_be_bytes());
        self.0.encrypt_with_backend(Walk(&mut block));
        Key(block.into())
    }

    /// The claims, or `None` for a key that was not sealed under this subkey.
    pub(crate) fn open(&self, key: &Key) -> Option<Claims> {
        let mut block = Block::from(key.0);
        self.0.decrypt_with_backend(Walk(&mut block));
        unpack(gather(u128::from_be_bytes(block.into())))
    }
}

/// A block's walk along its cycle, one step or more, to the next UUID.
///
/// The whole walk is one call of the cipher: it prepares its round keys for each call, which would take longer than a
/// step does.
struct Walk<'a>(&'a mut Block);

impl Walk<'_> {
    fn step_until_uuid(self, step: impl Fn(&mut Block)) {
        loop {
            step(self.0);
            if reads_as_uuid_v4(u128::from_be_bytes((*self.0).into())) {
                return;
            }
        }
    }
}

impl BlockSizeUser for Walk<'_> {
    type BlockSize = U16;
}

impl BlockCipherEncClosure for Walk<'_> {
    fn call<Backend: BlockCipherEncBackend<BlockSize = U16>>(self, backend: &Backend) {
        self.step_until_uuid(|block| backend.encrypt_block_inplace(block));
    }
}

impl BlockCipherDecClosure for Walk<'_> {
    fn call<Backend: BlockCipherDecBackend<BlockSize = U16>>(self, backend: &Backend) {
        self.step_until_uuid(|block| backend.decrypt_block_inplace(block));
    }
}

const CHECK_BITS: u32 = 27;

/// The claims as 122 bits, the check included.
///
/// A field that is too large for its place is a bug of the caller's, since every source of one is checked.
fn pack(claims: &Claims) -> u128 {
    let mut bits = 0_u128;
    let mut push = |value: u64, width: u32| {
        assert!(value >> width == 0, "a claim of {value} does not fit into {width} bits");
        bits = bits << width | u128::from(value);
    };
    push(claims.issued_at.checked_sub(EPOCH).expect("a key is issued after the epoch"), 31);
    push(claims.app.into(), 20);
    push(claims.shape.number().into(), 5);
    push(claims.nonce.node.into(), 14);
    push(claims.nonce.counter.into(), 24);
    push(claims.shape.alphabet_bit().into(), 1);
    push(0, CHECK_BITS);
    bits
}

/// The claims in 122 bits, if their check is zero and their shape known.
fn unpack(mut bits: u128) -> Option<Claims> {
    let mut pop = |width: u32| {
        let value = bits as u64 & ((1 << width) - 1);
        bits >>= width;
        value
    };
    if pop(CHECK_BITS) != 0 {
        return None;
    }
    let alphabet = if pop(1) == 0 { Alphabet::Standard } else { Alphabet::Digits };
    let nonce = Nonce { counter: pop(24) as u32, node: pop(14) as u16 };
    let shape = Shape::from_number(pop(5) as u8).of_alphabet(alphabet)?;
    let app = pop(20) as u32;
    Some(Claims { issued_at: EPOCH + pop(31), app, shape, nonce })
}

impl Shape {
    /// How many characters the answer of a word may have whose language is fixed.
    pub const FIXED_LENGTHS: RangeInclusive<u8> = 4..=8;
    /// Levels of work.
    pub const LEVELS: RangeInclusive<u8> = 0..=3;

    const KIND_BITS: u32 = 2;
    const LENGTHS: u8 = 8;
    const COUNT_OF_FIXED: u8 = *Self::FIXED_LENGTHS.end() - *Self::FIXED_LENGTHS.start() + 1;

    /// A word of so many letters and digits, fixed to no language.
    #[must_use]
    pub const fn word(length: u8) -> Self {
        Self::Word { length, alphabet: Alphabet::Standard, language: None }
    }

    /// A word of so many letters and digits, fixed to a language if one is given.
    #[must_use]
    pub const fn word_in(length: u8, language: Option<Language>) -> Self {
        Self::Word { length, alphabet: Alphabet::Standard, language }
    }

    const fn alphabet_bit(self) -> bool {
        matches!(self, Self::Word { alphabet: Alphabet::Digits, .. })
    }

    /// A word of this alphabet instead. Work has none.
    const fn of_alphabet(self, alphabet: Alphabet) -> Option<Self> {
        match (self, alphabet) {
            (Self::Word { length, language, .. }, _) => Some(Self::Word { length, alphabet, language }),
            (Self::Work { .. }, Alphabet::Standard) => Some(self),
            (Self::Work { .. }, Alphabet::Digits) => None,
        }
    }

    /// It in five bits, its alphabet aside.
    ///
    /// Of a word fixed to no language, the upper three are the length less one, and the lower two are 0. The numbers whose
    /// lower two are not are counted through instead, 24 in all, eight for each: first the lengths from 4 to 8 in each of
    /// four languages, to which a word is fixed, then the levels of work.
    fn number(self) -> u8 {
        let count = match self {
            Self::Word { length, language: None, .. } => return length.wrapping_sub(1) << Self::KIND_BITS,
            Self::Word { length, language: Some(language), .. } => {
                let is_fixed = Self::FIXED_LENGTHS.contains(&length);
                assert!(is_fixed, "a challenge of {length} characters is not fixed to a language");
                language as u8 * Self::COUNT_OF_FIXED + length - Self::FIXED_LENGTHS.start()
            }
            Self::Work { level } => {
                assert!(Self::LEVELS.contains(&level), "there is no work of level {level}");
                Self::words_fixed() + level
            }
        };
        (count % Self::LENGTHS) << Self::KIND_BITS | (1 + count / Self::LENGTHS)
    }

    fn from_number(number: u8) -> Self {
        let (upper, lower) = (number >> Self::KIND_BITS, number & ((1 << Self::KIND_BITS) - 1));
        if lower == 0 {
            return Self::word(upper + 1);
        }
        let count = (lower - 1) * Self::LENGTHS + upper;
        match Language::ALL.get(usize::from(count / Self::COUNT_OF_FIXED)) {
            Some(language) => {
                let length = Self::FIXED_LENGTHS.start() + count % Self::COUNT_OF_FIXED;
                Self::word_in(length, Some(*language))
            }
            None => Self::Work { level: count - Self::words_fixed() },
        }
    }

    /// How many words there are that are fixed to a language.
    const fn words_fixed() -> u8 {
        Language::ALL.len() as u8 * Self::COUNT_OF_FIXED
    }
}

// The version is bits 76 to 79 and the variant bits 62 and 63, counted from the least significant.
const LOW_BITS: u32 = 62;
const MIDDLE_BITS: u32 = 12;

fn reads_as_uuid_v4(value: u128) -> bool {
    value >> 76 & 0xf == 4 && value >> 62 & 0b11 == 0b10
}

/// Lays 122 bits around the version and variant bits.
fn spread(bits: u128) -> u128 {
    let low = bits & ((1 << LOW_BITS) - 1);
    let middle = bits >> LOW_BITS & ((1 << MIDDLE_BITS) - 1);
    let high = bits >> (LOW_BITS + MIDDLE_BITS);
    high << 80 | 4 << 76 | middle << 64 | 0b10 << 62 | low
}

/// The inverse of [`spread`].
fn gather(value: u128) -> u128 {
    let low = value & ((1 << LOW_BITS) - 1);
    let middle = value >> 64 & ((1 << MIDDLE_BITS) - 1);
    value >> 80 << (LOW_BITS + MIDDLE_BITS) | middle << LOW_BITS | low
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn claims() -> impl Strategy<Value = Claims> {
        let alphabet = prop::sample::select(&Alphabet::ALL[..]);
        let word = prop_oneof![
            (1..=8_u8).prop_map(Shape::word),
            (Shape::FIXED_LENGTHS, prop::sample::select(&Language::ALL[..]))
                .prop_map(|(length, language)| Shape::word_in(length, Some(language))),
        ];
        let shape = prop_oneof![
            (word, alphabet).prop_map(|(word, alphabet)| word.of_alphabet(alphabet).expect("it is a word")),
            Shape::LEVELS.prop_map(|level| Shape::Work { level }),
        ];
        (0..1_u64 << 31, 0..1_u32 << 20, shape, 0..1_u16 << 14, 0..1_u32 << 24).prop_map(
            |(seconds, app, shape, node, counter)| Claims {
                issued_at: EPOCH + seconds,
                app,
                shape,
                nonce: Nonce { node, counter },
            },
        )
    }

    #[test]
    fn every_number_is_a_shape_and_every_shape_has_its_number() {
        for number in 0..32 {
            assert_eq!(Shape::from_number(number).number(), number);
        }
        // Keys that are out have these numbers, so they stay.
        assert_eq!(Shape::word(5).number(), 16);
        assert_eq!(Shape::word_in(4, Some(Language::ALL[0])).number(), 1);
        assert_eq!(Shape::word_in(8, Some(Language::ALL[3])).number(), 3 << 2 | 3);
        assert_eq!([Shape::Work { level: 0 }.number(), Shape::Work { level: 3 }.number()], [4 << 2 | 3, 7 << 2 | 3]);
    }

    #[test]
    fn nothing_but_a_word_has_an_alphabet() {
        let digits = |bits: u128| bits | 1 << CHECK_BITS;
        let [word, work] = [Shape::word(6), Shape::Work { level: 1 }]
            .map(|shape| pack(&Claims { app: 9, shape, ..Claims::default() }));
        let opened = unpack(digits(word)).map(|claims| claims.shape);
        assert_eq!(opened, Some(Shape::Word { length: 6, alphabet: Alphabet::Digits, language: None }));
        assert_eq!(unpack(digits(work)), None);
        assert_eq!([word, work].map(|bits| unpack(bits | 1)), [None, None]);
        assert_eq!([word, work].map(|bits| unpack(bits | 1 << (CHECK_BITS - 1))), [None, None]);
    }

    #[test]
    #[should_panic(expected = "not fixed to a language")]
    fn a_short_answer_fixed_to_a_language_is_a_bug() {
        KeySealer::new(&[0; 32]).seal(&Claims { shape: Shape::word_in(3, Some(Language::Ja)), ..Claims::default() });
    }

    #[test]
    #[should_panic(expected = "no work of level 4")]
    fn a_level_that_there_is_not_is_a_bug() {
        KeySealer::new(&[0; 32]).seal(&Claims { shape: Shape::Work { level: 4 }, ..Claims::default() });
    }

    proptest! {
        #[test]
        fn what_is_sealed_is_opened(claims in claims(), subkey: [u8; 32]) {
            let sealer = KeySealer::new(&subkey);
            let key = sealer.seal(&claims);
            prop_assert_eq!(sealer.open(&key), Some(claims));
            prop_assert_eq!(key.to_string().parse(), Ok(key));
            prop_assert_eq!(key.to_string().to_uppercase().parse(), Ok(key));
            prop_assert_eq!(Key::from_simple(&key.to_simple()), Ok(key));
        }

        #[test]
        fn another_secret_or_another_bit_opens_nothing(claims in claims(), bit in 0..128_u32) {
            let key = KeySealer::new(&[1; 32]).seal(&claims);
            prop_assert_eq!(KeySealer::new(&[2; 32]).open(&key), None);
            let flipped = Key((u128::from_be_bytes(key.0) ^ 1 << bit).to_be_bytes());
            if reads_as_uuid_v4(u128::from_be_bytes(flipped.0)) {
                prop_assert_eq!(KeySealer::new(&[1; 32]).open(&flipped), None);
            }
        }

        #[test]
        fn spreading_is_undone_by_gathering(bits in 0..1_u128 << 122) {
            prop_assert!(reads_as_uuid_v4(spread(bits)));
            prop_assert_eq!(gather(spread(bits)), bits);
        }

        #[test]
        fn no_text_breaks_the_parser(text in "\\PC{0,40}") {
            let _ = text.parse::<Key>();
            prop_assert_eq!(Key::from_simple(&text), Err(Error::MalformedKey));
        }
    }

    #[test]
    fn keys_that_are_no_uuid_v4_are_refused() {
        for wrong in [
            "",
            "a9859757-5b5a-42d1-bc85-c560b0141ec",
            "a9859757-5b5a-42d1-bc85-c560b0141ec11",
            "a985975705b5a042d10bc850c560b0141ec1",
            "a9859757-5b5a-12d1-bc85-c560b0141ec1",
            "a9859757-5b5a-42d1-cc85-c560b0141ec1",
            "g9859757-5b5a-42d1-bc85-c560b0141ec1",
            "+9859757-5b5a-42d1-bc85-c560b0141ec1",
            "é985975-5b5a-42d1-bc85-c560b0141ec11",
        ] {
            assert_eq!(wrong.parse::<Key>(), Err(Error::MalformedKey), "{wrong}");
        }
        for wrong in [
            "",
            "a98597575b5a42d1bc85c560b0141ec",
            "a98597575b5a12d1bc85c560b0141ec1",
            "+98597575b5a42d1bc85c560b0141ec1",
            "a9859757-5b5a-42d1-bc85-c560b0141ec1",
        ] {
            assert_eq!(Key::from_simple(wrong), Err(Error::MalformedKey), "{wrong}");
        }
        let example = "a9859757-5b5a-42d1-bc85-c560b0141ec1";
        assert_eq!(example.parse::<Key>().map(|key| key.to_string()), Ok(example.to_owned()));
    }

    #[test]
    #[should_panic(expected = "does not fit")]
    fn a_claim_too_large_for_its_place_is_a_bug() {
        KeySealer::new(&[0; 32]).seal(&Claims { app: 1 << 20, ..Claims::default() });
    }
}
