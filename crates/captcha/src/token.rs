//! Tokens: the proof that a challenge was passed, for a page to hand to its site.
//!
//! A token is the challenge's key, in the clear, and behind it a [`Pass`] sealed with AES-256-GCM-SIV (RFC 8452) under a
//! subkey of the server's secret, all of it in URL-safe base64. The nonce is a part of the key, of which there are no two
//! alike; and should there be two, the cipher gives away no more than that two passes are equal.
//!
//! | bytes | field |
//! |---|---|
//! | 16 | the challenge's key |
//! | 4 | seconds from [`EPOCH`] to the pass, most significant byte first |
//! | 1 + 1 | by what means it was passed; for whom the token is |
//! | 1 + n, 1 + n, 1 + n | host name, action and data: length and UTF-8 |
//! | 16 | tag |
//!
//! Nothing of a token is stored. That it is redeemed once is for the caller's ledger to see to, under the name that
//! [`Challenge::redemption`](crate::Challenge::redemption) gives to all tokens of one challenge.

use std::{fmt, str::FromStr};

use aes_gcm_siv::{
    Aes256GcmSiv, Nonce,
    aead::{Aead, KeyInit},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{EPOCH, Error, Key};

const KEY_BYTES: usize = 16;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
/// What its length can say.
const MAX_TEXT_BYTES: usize = 255;
/// What is left of a token for all texts: of the rest, nine bytes are time, means, audience and lengths.
const MAX_TEXTS_BYTES: usize = Token::MAX_BYTES - KEY_BYTES - TAG_BYTES - 9;

/// What was passed, when and how, for whoever redeems the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// Unix time of the pass, in seconds, from [`EPOCH`] to 2³² seconds later.
    pub passed_at: u64,
    /// What the person went by.
    pub means: Means,
    /// For whom the token is: a number that the caller gives a meaning.
    pub audience: u8,
    /// The host of the page on which the challenge was passed; empty if it is not known.
    pub hostname: String,
    /// What the page said that the person was about to do; may be empty.
    pub action: String,
    /// What else the page had to say; may be empty.
    pub data: String,
}

impl Pass {
    /// Whether a token has room for these texts.
    #[must_use]
    pub fn has_room_for(hostname: &str, action: &str, data: &str) -> bool {
        let texts = [hostname, action, data].map(str::len);
        texts.iter().all(|bytes| *bytes <= MAX_TEXT_BYTES) && texts.iter().sum::<usize>() <= MAX_TEXTS_BYTES
    }
}

/// What a person went by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    /// The picture.
    Picture,
    /// The sound.
    Sound,
    /// Neither: something was computed.
    Work,
}

impl Means {
    /// All of them, by their number in a token.
    pub const ALL: [Self; 3] = [Self::Picture, Self::Sound, Self::Work];
}

/// The proof that a challenge was passed. Its text has letters, digits, hyphens and underscores alone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Token(Vec<u8>);

impl Token {
    /// The most characters of a token.
    pub const MAX_LENGTH: usize = 512;
    const MAX_BYTES: usize = Self::MAX_LENGTH / 4 * 3;

    /// The key of the challenge that was passed, which nobody has checked yet.
    #[must_use]
    pub fn key(&self) -> Key {
        let mut key = [0; KEY_BYTES];
        key.copy_from_slice(&self.0[..KEY_BYTES]);
        Key::from_random_bytes(key)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(&self.0))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}…)", self.key())
    }
}

impl FromStr for Token {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.len() > Self::MAX_LENGTH {
            return Err(Error::MalformedToken);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Error::MalformedToken)?;
        // A key in which a bit of its version were changed would be the same key.
        let is_whole = bytes.len() >= KEY_BYTES + TAG_BYTES;
        let token = is_whole.then_some(Self(bytes)).ok_or(Error::MalformedToken)?;
        if token.key().as_bytes() == &token.0[..KEY_BYTES] { Ok(token) } else { Err(Error::MalformedToken) }
    }
}

/// Seals passes into tokens and opens them, under one subkey.
pub(crate) struct TokenSealer(Aes256GcmSiv);

impl TokenSealer {
    pub(crate) fn new(subkey: &[u8; 32]) -> Self {
        Self(Aes256GcmSiv::new(subkey.into()))
    }

    pub(crate) fn seal(&self, key: &Key, pass: &Pass) -> Result<Token, Error> {
        let packed = pack(pass).ok_or(Error::PassTooLong)?;
        let sealed = self.0.encrypt(&nonce(key), &*packed).expect("a pass is far shorter than the cipher's limit");
        Ok(Token([key.as_bytes().as_slice(), &sealed].concat()))
    }

    /// What the token says, or `None` if it was not sealed under this subkey.
    pub(crate) fn open(&self, token: &Token) -> Option<Pass> {
        let packed = self.0.decrypt(&nonce(&token.key()), &token.0[KEY_BYTES..]).ok()?;
        unpack(&packed)
    }
}

/// The key's first bytes, which are as good as random: some 2⁴⁵ tokens are made before two have the same.
fn nonce(key: &Key) -> Nonce {
    let mut nonce = [0; NONCE_BYTES];
    nonce.copy_from_slice(&key.as_bytes()[..NONCE_BYTES]);
    nonce.into()
}

fn pack(pass: &Pass) -> Option<Vec<u8>> {
    if !Pass::has_room_for(&pass.hostname, &pass.action, &pass.data) {
        return None;
    }
    let passed_at = u32::try_from(pass.passed_at.checked_sub(EPOCH)?).ok()?;
    let mut packed = passed_at.to_be_bytes().to_vec();
    packed.extend([pass.means as u8, pass.audience]);
    for text in [&pass.hostname, &pass.action, &pass.data] {
        packed.push(u8::try_from(text.len()).ok()?);
        packed.extend_from_slice(text.as_bytes());
    }
    Some(packed)
}

fn unpack(packed: &[u8]) -> Option<Pass> {
    let (passed_at, rest) = packed.split_first_chunk()?;
    let (&[means, audience], mut rest) = rest.split_first_chunk()?;
    let mut text = || {
        let (&length, behind) = rest.split_first()?;
        let (text, behind) = behind.split_at_checked(length.into())?;
        rest = behind;
        String::from_utf8(text.to_vec()).ok()
    };
    let (hostname, action, data) = (text()?, text()?, text()?);
    let means = *Means::ALL.get(usize::from(means))?;
    let passed_at = EPOCH + u64::from(u32::from_be_bytes(*passed_at));
    rest.is_empty().then_some(Pass { passed_at, means, audience, hostname, action, data })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Challenge, Claims, Keyring, Secret};

    fn keyring(byte: u8) -> Keyring {
        Keyring::new(&Secret::from_bytes([byte; 32]))
    }

    fn challenge(keyring: &Keyring, number: u32) -> Challenge {
        let nonce = crate::Nonce { node: 1, counter: number };
        keyring.open(&keyring.issue(&Claims { app: 3, nonce, ..Claims::default() })).unwrap()
    }

    fn pass() -> Pass {
        let [hostname, action, data] = ["shop.example", "sign-in", "order-17"].map(str::to_owned);
        Pass { passed_at: EPOCH + 9, means: Means::Sound, audience: 2, hostname, action, data }
    }

    #[test]
    fn a_token_says_what_was_passed() {
        let keyring = keyring(1);
        let challenge = challenge(&keyring, 1);
        let token = challenge.token(&pass()).unwrap();
        let text = token.to_string();
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{text}");
        let (opened, found) = keyring.open_token(&text.parse().unwrap()).unwrap();
        assert_eq!((opened.key(), found), (challenge.key(), pass()));
        assert!(!format!("{token:?}").contains("shop"));
    }

    #[test]
    fn the_longest_action_and_data_fit_into_512_characters() {
        let keyring = keyring(1);
        let longest = |hostname: usize| Pass {
            hostname: "h".repeat(hostname),
            action: "a".repeat(32),
            data: "d".repeat(255),
            ..pass()
        };
        let token = challenge(&keyring, 1).token(&longest(56)).unwrap();
        assert_eq!(token.to_string().len(), Token::MAX_LENGTH);
        assert_eq!(keyring.open_token(&token.to_string().parse().unwrap()).unwrap().1, longest(56));
        assert_eq!(challenge(&keyring, 1).token(&longest(57)), Err(Error::PassTooLong));
        let too_long = Pass { data: "d".repeat(256), ..pass() };
        assert_eq!(challenge(&keyring, 1).token(&too_long), Err(Error::PassTooLong));
    }

    #[test]
    fn a_token_opens_under_the_previous_secret_and_under_no_other() {
        let old = keyring(1);
        let token = challenge(&old, 1).token(&pass()).unwrap();
        let rotated = keyring(2).with_previous(&Secret::from_bytes([1; 32]));
        assert!(rotated.open_token(&token).is_some());
        assert!(keyring(2).open_token(&token).is_none());
    }

    #[test]
    fn all_tokens_of_a_challenge_are_redeemed_under_one_name() {
        let keyring = keyring(1);
        let [first, second] = [1, 2].map(|number| challenge(&keyring, number));
        let later = Pass { passed_at: EPOCH + 20, ..pass() };
        let redemption = |pass: &Pass| {
            let token = first.token(pass).unwrap();
            keyring.open_token(&token).unwrap().0.redemption()
        };
        assert_eq!(redemption(&pass()), redemption(&later));
        assert_eq!(redemption(&pass()), first.redemption());
        assert_ne!(first.redemption(), second.redemption());
        assert_ne!(first.redemption(), first.key());
    }

    #[test]
    fn one_challenges_pass_proves_no_other() {
        let keyring = keyring(1);
        let [first, second] = [1, 2].map(|number| challenge(&keyring, number).token(&pass()).unwrap());
        let mut mixed = first.0[..KEY_BYTES].to_vec();
        mixed.extend_from_slice(&second.0[KEY_BYTES..]);
        assert!(keyring.open_token(&Token(mixed)).is_none());
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for wrong in ["", "null", "a b", "é", "====", &"a".repeat(513), &"A".repeat(60), &"+".repeat(60)] {
            assert_eq!(wrong.parse::<Token>(), Err(Error::MalformedToken), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_sealed_is_opened_and_no_bit_can_be_changed(
            seconds: u32, means in prop::sample::select(&Means::ALL[..]), audience: u8,
            hostname in "[a-z0-9.-]{0,40}", action in "\\PC{0,8}", data in "\\PC{0,40}", bit: prop::sample::Index,
        ) {
            let passed_at = EPOCH + u64::from(seconds);
            let pass = Pass { passed_at, means, audience, hostname, action, data };
            let keyring = keyring(1);
            let token = challenge(&keyring, 1).token(&pass).unwrap();
            prop_assert_eq!(token.to_string().parse::<Token>(), Ok(token.clone()));
            prop_assert_eq!(keyring.open_token(&token).map(|(_, pass)| pass), Some(pass));
            let mut changed = token.0.clone();
            let bit = bit.index(changed.len() * 8);
            changed[bit / 8] ^= 1 << (bit % 8);
            let text = Token(changed).to_string();
            prop_assert!(text.parse::<Token>().map_or(true, |token| keyring.open_token(&token).is_none()));
        }

        #[test]
        fn no_text_breaks_the_parser(text in "[A-Za-z0-9_=+/-]{0,600}") {
            if let Ok(token) = text.parse::<Token>() {
                prop_assert!(keyring(1).open_token(&token).is_none());
            }
        }
    }
}
