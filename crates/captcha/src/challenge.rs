//! The main path: a challenge is issued and opened. What it is then, a word or work, is shown and judged by itself.

use std::sync::Arc;

use crate::{
    Alphabet, Claims, Error, Key, Pass, Secret, Seed, Shape, Token, Word, Work,
    secret::{Purpose, Subkeys},
};

/// The secrets under which keys are sealed: the current one, and while rotating the previous one too.
pub struct Keyring {
    current: Arc<Subkeys>,
    previous: Option<Arc<Subkeys>>,
}

impl Keyring {
    /// A keyring that seals and opens under one secret.
    #[must_use]
    pub fn new(current: &Secret) -> Self {
        Self { current: Arc::new(Subkeys::derive(current)), previous: None }
    }

    /// The same keyring, which also opens keys that were sealed under an earlier secret.
    #[must_use]
    pub fn with_previous(self, previous: &Secret) -> Self {
        Self { previous: Some(Arc::new(Subkeys::derive(previous))), ..self }
    }

    /// Seals the claims into a key. Equal claims give equal keys, so the caller sees to the nonce.
    ///
    /// # Panics
    /// If a claim is outside its documented range.
    #[must_use]
    pub fn issue(&self, claims: &Claims) -> Key {
        self.current.sealer.seal(claims)
    }

    /// Seals the claims into a key, as [`Keyring::issue`] does, and gives the challenge that it stands for: opening it
    /// again would take as long as sealing it.
    ///
    /// # Panics
    /// If a claim is outside its documented range.
    #[must_use]
    pub fn issue_challenge(&self, claims: Claims) -> Challenge {
        Challenge::new(Opened { subkeys: Arc::clone(&self.current), key: self.issue(&claims), claims })
    }

    /// The challenge that a key stands for, or `None` if neither secret sealed it.
    #[must_use]
    pub fn open(&self, key: &Key) -> Option<Challenge> {
        [Some(&self.current), self.previous.as_ref()].into_iter().flatten().find_map(|subkeys| {
            let claims = subkeys.sealer.open(key)?;
            Some(Challenge::new(Opened { subkeys: Arc::clone(subkeys), key: *key, claims }))
        })
    }

    /// The word that a key stands for, or `None` if neither secret sealed it, or it stands for work.
    #[must_use]
    pub fn open_word(&self, key: &Key) -> Option<Word> {
        match self.open(key)? {
            Challenge::Word(word) => Some(word),
            Challenge::Work(_) => None,
        }
    }

    /// The work that a key stands for, or `None` if neither secret sealed it, or it stands for a word.
    #[must_use]
    pub fn open_work(&self, key: &Key) -> Option<Work> {
        match self.open(key)? {
            Challenge::Word(_) => None,
            Challenge::Work(work) => Some(work),
        }
    }

    /// What a token says, and the challenge whose passing it proves; or `None` if neither secret sealed it.
    #[must_use]
    pub fn open_token(&self, token: &Token) -> Option<(Challenge, Pass)> {
        let challenge = self.open(&token.key())?;
        let pass = challenge.opened().subkeys.token_sealer.open(token)?;
        Some((challenge, pass))
    }

    /// Keys of 256 bits for somebody else to sign and verify by, who is named so: the one that follows from the current
    /// secret, and behind it that of the previous one. No name may begin with another.
    pub fn signing_keys(&self, name: &[u8]) -> impl Iterator<Item = [u8; 32]> {
        [Some(&self.current), self.previous.as_ref()].into_iter().flatten().map(|subkeys| subkeys.signing_key(name))
    }

    /// A word for a key that nobody issued, for tools that make labelled samples. No language is fixed.
    #[must_use]
    pub fn sample(&self, key: Key, length: u8, alphabet: Alphabet) -> Word {
        let claims = Claims { shape: Shape::Word { length, alphabet, language: None }, ..Claims::default() };
        let opened = Opened { subkeys: Arc::clone(&self.current), key, claims };
        Word::new(opened, length, alphabet, None)
    }
}

/// A key that has been opened: what is to be done to pass.
pub enum Challenge {
    /// Reading or hearing a word.
    Word(Word),
    /// Computing.
    Work(Work),
}

impl Challenge {
    fn new(opened: Opened) -> Self {
        match opened.claims.shape {
            Shape::Word { length, alphabet, language } => Self::Word(Word::new(opened, length, alphabet, language)),
            Shape::Work { level } => Self::Work(Work::new(opened, level)),
        }
    }

    /// The key that was opened.
    #[must_use]
    pub fn key(&self) -> Key {
        match self {
            Self::Word(word) => word.key(),
            Self::Work(work) => work.key(),
        }
    }

    /// What the key says.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        match self {
            Self::Word(word) => word.claims(),
            Self::Work(work) => work.claims(),
        }
    }

    /// The token that proves that this challenge was passed. Whether it was is the caller's ledger's to say.
    ///
    /// # Errors
    /// [`Error::PassTooLong`] if the texts of the pass do not fit into [`Token::MAX_LENGTH`].
    pub fn token(&self, pass: &Pass) -> Result<Token, Error> {
        self.opened().subkeys.token_sealer.seal(&self.key(), pass)
    }

    /// The name under which the caller's ledger remembers that a token of this challenge was redeemed. All of them have
    /// the one name, so that a challenge is redeemed at most once.
    #[must_use]
    pub fn redemption(&self) -> Key {
        let mut name = [0; 16];
        self.opened().seed(Purpose::Redemption).stream().fill(&mut name);
        Key::from_random_bytes(name)
    }

    fn opened(&self) -> &Opened {
        match self {
            Self::Word(word) => word.opened(),
            Self::Work(work) => work.opened(),
        }
    }
}

/// What a key was opened to.
#[derive(Clone)]
pub(crate) struct Opened {
    subkeys: Arc<Subkeys>,
    pub(crate) key: Key,
    pub(crate) claims: Claims,
}

impl Opened {
    /// What all randomness for one purpose follows from.
    pub(crate) fn seed(&self, purpose: Purpose) -> Seed {
        self.subkeys.seed(purpose, &self.key)
    }
}

/// What becomes of a typed answer, or of a solution. Whether it may still count is the caller's ledger's to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// It is one of the words that the challenge says, or was computed.
    Right,
    /// It is not.
    Wrong,
    /// Nothing but spaces was typed.
    Empty,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signing_key_is_of_one_name_and_one_secret() {
        let [old, new] = [1, 2].map(|byte| Secret::from_bytes([byte; 32]));
        let keys = |keyring: &Keyring, name: &[u8]| keyring.signing_keys(name).collect::<Vec<_>>();
        let (alone, rotated) = (Keyring::new(&old), Keyring::new(&new).with_previous(&old));
        assert_eq!(keys(&alone, b"a"), keys(&alone, b"a"));
        assert_ne!(keys(&alone, b"a"), keys(&alone, b"b"));
        assert_eq!(keys(&rotated, b"a"), [keys(&Keyring::new(&new), b"a"), keys(&alone, b"a")].concat());
    }

    #[test]
    fn a_key_says_which_kind_of_challenge_it_stands_for() {
        let keyring = Keyring::new(&Secret::from_bytes([1; 32]));
        for shape in [Shape::word(5), Shape::Work { level: 2 }] {
            let claims = Claims { app: 3, shape, ..Claims::default() };
            let key = keyring.issue(&claims);
            for challenge in [keyring.open(&key).unwrap(), keyring.issue_challenge(claims)] {
                assert_eq!((challenge.key(), challenge.claims()), (key, &claims));
                assert_eq!(challenge.redemption(), keyring.open(&key).unwrap().redemption());
            }
            let challenge = keyring.open(&key).unwrap();
            assert_eq!(keyring.open_word(&key).is_some(), matches!(challenge, Challenge::Word(_)));
            assert_eq!(keyring.open_work(&key).is_some(), matches!(challenge, Challenge::Work(_)));
        }
        let work = keyring.issue(&Claims { shape: Shape::Work { level: 2 }, ..Claims::default() });
        assert_eq!(keyring.open_work(&work).unwrap().level(), 2);
    }
}
