//! The main path: a challenge is issued, drawn or spoken, and judged.

use std::sync::Arc;

use crate::{
    Answer, Claims, Key, Look, Secret, Speech, image, normalise,
    secret::{Purpose, Subkeys},
    sound,
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

    /// The challenge that a key stands for, or `None` if neither secret sealed it.
    #[must_use]
    pub fn open(&self, key: &Key) -> Option<Challenge> {
        [Some(&self.current), self.previous.as_ref()].into_iter().flatten().find_map(|subkeys| {
            let claims = subkeys.sealer.open(key)?;
            Some(Challenge { subkeys: Arc::clone(subkeys), key: *key, claims, is_test: false })
        })
    }

    /// A challenge for a key that nobody issued, for tools that make labelled samples.
    #[must_use]
    pub fn sample(&self, key: Key, length: u8) -> Challenge {
        Challenge {
            subkeys: Arc::clone(&self.current),
            key,
            claims: Claims { length, ..Claims::default() },
            is_test: false,
        }
    }
}

/// A key that has been opened. All that it shows follows from the secret and the key.
pub struct Challenge {
    subkeys: Arc<Subkeys>,
    key: Key,
    claims: Claims,
    is_test: bool,
}

/// What becomes of a typed answer. Whether it may still count is the caller's ledger's to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// It is the answer.
    Right,
    /// It is not.
    Wrong,
    /// Nothing but spaces was typed.
    Empty,
}

impl Challenge {
    /// The same challenge for a customer's own tests: the answer is `TEST5`, and its media are plain and marked so.
    #[must_use]
    pub fn as_test(self) -> Self {
        Self { is_test: true, ..self }
    }

    /// The key that was opened.
    #[must_use]
    pub fn key(&self) -> Key {
        self.key
    }

    /// What the key says.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The answer. Nobody but the operator may be told.
    #[must_use]
    pub fn answer(&self) -> Answer {
        if self.is_test {
            return "TEST5".parse().expect("TEST5 is five letters and digits");
        }
        let seed = self.subkeys.seed(Purpose::Answer, &self.key);
        Answer::derive(&seed, self.claims.alphabet, self.claims.length)
    }

    /// The answer as a picture: a GIF file.
    #[must_use]
    pub fn draw(&self, look: &Look) -> Vec<u8> {
        if self.is_test {
            return image::render_test(&self.answer(), look);
        }
        image::render(&self.answer(), &self.subkeys.seed(Purpose::Image, &self.key), look)
    }

    /// The answer as a sound: a WAV file.
    #[must_use]
    pub fn speak(&self, speech: &Speech) -> Vec<u8> {
        if self.is_test {
            return sound::speak_test(&self.answer(), speech);
        }
        sound::speak(&self.answer(), &self.subkeys.seed(Purpose::Sound, &self.key), speech)
    }

    /// Whether what a person typed is the answer.
    #[must_use]
    pub fn judge(&self, typed: &str) -> Judgement {
        let normalised = normalise(typed);
        if normalised.is_empty() {
            Judgement::Empty
        } else if self.answer().matches(&normalised) {
            Judgement::Right
        } else {
            Judgement::Wrong
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EPOCH, Language};

    fn keyring(byte: u8) -> Keyring {
        Keyring::new(&Secret::from_bytes([byte; 32]))
    }

    fn claims() -> Claims {
        Claims { issued_at: EPOCH + 1, app: 3, length: 6, ..Claims::default() }
    }

    #[test]
    fn the_answer_is_right_once_typed_in_any_way_and_others_are_wrong() {
        let keyring = keyring(1);
        let challenge = keyring.open(&keyring.issue(&claims())).unwrap();
        let answer = challenge.answer();
        assert_eq!(challenge.judge(&format!(" {}", answer.as_str().to_lowercase())), Judgement::Right);
        assert_eq!(challenge.judge("AAAAAA"), Judgement::Wrong);
        assert_eq!(challenge.judge(" - "), Judgement::Empty);
    }

    #[test]
    fn the_same_key_gives_the_same_bytes_and_another_secret_others() {
        let (ours, theirs) = (keyring(1), keyring(2));
        let key = ours.issue(&claims());
        let (look, speech) = (Look::default(), Speech::new(Language::En));
        let challenge = ours.open(&key).unwrap();
        assert_eq!(challenge.draw(&look), keyring(1).open(&key).unwrap().draw(&look));
        assert_eq!(challenge.speak(&speech), keyring(1).open(&key).unwrap().speak(&speech));
        assert!(theirs.open(&key).is_none());
        assert_ne!(challenge.draw(&look), theirs.sample(key, 6).draw(&look));
        assert_ne!(challenge.answer(), theirs.sample(key, 6).answer());
    }

    #[test]
    fn a_previous_secret_opens_what_it_sealed() {
        let old = keyring(1);
        let key = old.issue(&claims());
        let rotated = keyring(2).with_previous(&Secret::from_bytes([1; 32]));
        assert_eq!(rotated.open(&key).unwrap().answer(), old.open(&key).unwrap().answer());
        assert!(old.open(&rotated.issue(&claims())).is_none());
    }

    #[test]
    fn a_test_challenge_has_the_documented_answer() {
        let keyring = keyring(1);
        let challenge = keyring.open(&keyring.issue(&claims())).unwrap().as_test();
        assert_eq!(challenge.judge("test5"), Judgement::Right);
        assert_eq!(
            challenge.draw(&Look::default()),
            keyring.open(&challenge.key()).unwrap().as_test().draw(&Look::default())
        );
    }
}
