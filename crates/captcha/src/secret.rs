//! The server's secret and the subkeys that follow from it.

use std::fmt;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{Error, Key, Language, Seed, Terms, key::KeySealer, token::TokenSealer};

/// 256 bits from which every key, answer, picture and sound of an installation follows.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Secret([u8; 32]);

impl Secret {
    /// A secret of these bytes, which should come from the operating system's random source.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 hexadecimal digits; white space around them is ignored.
    ///
    /// # Errors
    /// [`Error::MalformedSecret`] for anything else.
    pub fn from_hex(text: &str) -> Result<Self, Error> {
        let digits = text.trim().as_bytes();
        if digits.len() != 64 {
            return Err(Error::MalformedSecret);
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let (high, low) = (hex_value(pair[0]), hex_value(pair[1]));
            *byte = high.zip(low).map(|(high, low)| high << 4 | low).ok_or(Error::MalformedSecret)?;
        }
        Ok(Self(bytes))
    }

    /// The 64 hexadecimal digits that [`Secret::from_hex`] reads, wiped from memory when dropped.
    #[must_use]
    pub fn to_hex(&self) -> Zeroizing<String> {
        use fmt::Write as _;
        let mut text = Zeroizing::new(String::with_capacity(64));
        for byte in self.0 {
            let _ = write!(text, "{byte:02x}"); // writing to a String cannot fail
        }
        text
    }

    /// A key for a purpose of the server's own, of which nothing that is made with another one tells.
    #[must_use]
    pub fn subkey(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        expand(self, &format!("server {purpose}"))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

fn hex_value(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// What follows from one secret: a cipher for keys and one keyed function for each purpose.
///
/// Each subkey comes from the secret by HKDF-SHA-256 (RFC 5869) with its own `info`, so that none tells about another.
pub(crate) struct Subkeys {
    pub(crate) sealer: KeySealer,
    pub(crate) token_sealer: TokenSealer,
    answer: Hmac<Sha256>,
    image: Hmac<Sha256>,
    sound: Hmac<Sha256>,
    redemption: Hmac<Sha256>,
    work: Hmac<Sha256>,
    number: Hmac<Sha256>,
    small_puzzles: Hmac<Sha256>,
    signing: Hmac<Sha256>,
}

/// What a seed is for. Two purposes never share a stream.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// The word of the picture, and of the sound in the challenge's own language.
    Answer,
    /// The word of the sound in another language.
    AnswerIn(Language),
    Image,
    Sound,
    /// The name under which it is remembered that the challenge's token was redeemed.
    Redemption,
    /// The puzzle of work on these terms.
    Work(Terms),
    /// The number of work, beside the word of this key if there is one.
    Number(Option<Key>),
    /// What only whoever holds the secret can put behind the key, where work is small puzzles.
    SmallPuzzles,
}

impl Subkeys {
    pub(crate) fn derive(secret: &Secret) -> Self {
        let subkey = |info: &str| expand(secret, info);
        let prf = |info: &str| Hmac::new_from_slice(&*subkey(info)).expect("HMAC takes a key of any length");
        Self {
            sealer: KeySealer::new(&subkey("key")),
            token_sealer: TokenSealer::new(&subkey("token")),
            answer: prf("answer"),
            image: prf("image"),
            sound: prf("sound"),
            redemption: prf("redemption"),
            work: prf("work"),
            number: prf("number"),
            small_puzzles: prf("small puzzles"),
            signing: prf("signing"),
        }
    }

    /// The seed of one purpose for one key.
    pub(crate) fn seed(&self, purpose: Purpose, key: &Key) -> Seed {
        let prf = match purpose {
            Purpose::Answer | Purpose::AnswerIn(_) => &self.answer,
            Purpose::Image => &self.image,
            Purpose::Sound => &self.sound,
            Purpose::Redemption => &self.redemption,
            Purpose::Work(_) => &self.work,
            Purpose::Number(_) => &self.number,
            Purpose::SmallPuzzles => &self.small_puzzles,
        };
        let prf = prf.clone().chain_update(key.as_bytes());
        // A key is always 16 bytes long, so what follows it is not taken for a part of it.
        let prf = match purpose {
            Purpose::AnswerIn(language) => prf.chain_update(language.tag()),
            // No algorithm's name is as long as another's with a key before it.
            Purpose::Work(Terms { algorithm, beside }) => {
                let beside = beside.as_ref().map_or(&[][..], |word| word.as_bytes());
                prf.chain_update(beside).chain_update(algorithm.name())
            }
            Purpose::Number(Some(word)) => prf.chain_update(word.as_bytes()),
            Purpose::Number(None)
            | Purpose::SmallPuzzles
            | Purpose::Answer
            | Purpose::Image
            | Purpose::Sound
            | Purpose::Redemption => prf,
        };
        Seed::from_bytes(prf.finalize().into_bytes().into())
    }

    /// A key for whatever is named so.
    pub(crate) fn signing_key(&self, name: &[u8]) -> [u8; 32] {
        self.signing.clone().chain_update(name).finalize().into_bytes().into()
    }
}

fn expand(secret: &Secret, info: &str) -> Zeroizing<[u8; 32]> {
    let mut bytes = Zeroizing::new([0; 32]);
    let hkdf = Hkdf::<Sha256>::new(Some(b"haechi v1"), &secret.0);
    hkdf.expand(info.as_bytes(), &mut *bytes).expect("32 bytes are within HKDF's limit of 8160");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_read_back_and_nothing_else_is_read() {
        let secret = Secret::from_bytes(std::array::from_fn(|index| index as u8 * 7));
        assert_eq!(Secret::from_hex(&format!(" {}\n", &*secret.to_hex())), Ok(secret.clone()));
        for wrong in ["", "00", &"g".repeat(64), &"0".repeat(63), &"0".repeat(65), &"é".repeat(32)] {
            assert_eq!(Secret::from_hex(wrong), Err(Error::MalformedSecret), "{wrong:?}");
        }
    }

    #[test]
    fn each_purpose_has_a_key_of_its_own() {
        let secret = Secret::from_bytes([7; 32]);
        assert_eq!(secret.subkey("networks"), secret.subkey("networks"));
        assert_ne!(secret.subkey("networks"), secret.subkey("others"));
        assert_ne!(secret.subkey("networks"), Secret::from_bytes([8; 32]).subkey("networks"));
        assert_ne!(secret.subkey("networks"), expand(&secret, "networks"), "what the library uses itself is apart");
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::from_bytes([9; 32])), "Secret(…)");
    }
}
