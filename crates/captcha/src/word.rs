//! A word: drawn, spoken and judged.

use subtle::Choice;

use crate::{
    Alphabet, Answer, Claims, Judgement, Key, Language, Look, Speech, challenge::Opened, image, normalise,
    secret::Purpose, sound,
};

/// The answer of every challenge for a customer's own tests.
const TEST_ANSWER: &str = "TEST5";

/// A word to read or to hear. All that it shows follows from the secret and the key.
///
/// Its picture and its sound in its own language say one word. A sound in another language says another, so that
/// whoever asks for several of them never has two renderings of one word to compare; any of the words is right. The
/// language that its key fixes is its own, and then it speaks no other; else [`Word::in_language`] says which is.
pub struct Word {
    opened: Opened,
    length: u8,
    alphabet: Alphabet,
    /// The language that the key fixes, if it does.
    fixed: Option<Language>,
    language: Language,
    is_test: bool,
}

impl Word {
    pub(crate) fn new(opened: Opened, length: u8, alphabet: Alphabet, fixed: Option<Language>) -> Self {
        Self { opened, length, alphabet, fixed, language: fixed.unwrap_or_default(), is_test: false }
    }

    /// The same challenge in this language, unless its key fixes one. It is Korean if nobody says.
    #[must_use]
    pub fn in_language(self, language: Language) -> Self {
        Self { language: self.fixed.unwrap_or(language), ..self }
    }

    /// The same challenge for a customer's own tests: the answer is `TEST5`, and its media are plain and marked so.
    #[must_use]
    pub fn as_test(self) -> Self {
        Self { is_test: true, ..self }
    }

    /// The key that was opened.
    #[must_use]
    pub fn key(&self) -> Key {
        self.opened.key
    }

    /// What the key says.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.opened.claims
    }

    pub(crate) fn opened(&self) -> &Opened {
        &self.opened
    }

    /// Characters in its answer.
    #[must_use]
    pub fn answer_length(&self) -> u8 {
        if self.is_test { TEST_ANSWER.len() as u8 } else { self.length }
    }

    /// The characters that its answer is made of.
    #[must_use]
    pub fn alphabet(&self) -> Alphabet {
        if self.is_test { Alphabet::Standard } else { self.alphabet }
    }

    /// The language that its key fixes, if it does.
    #[must_use]
    pub fn fixed_language(&self) -> Option<Language> {
        self.fixed
    }

    /// The language in which the sound says the same word as the picture.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// The language in which a sound is spoken when this one is asked for.
    #[must_use]
    pub fn spoken_language(&self, asked: Language) -> Language {
        self.fixed.unwrap_or(asked)
    }

    /// The word of the picture and of the sound in the challenge's own language. Nobody but the operator may be told.
    #[must_use]
    pub fn answer(&self) -> Answer {
        self.answer_in(self.language)
    }

    /// The word of the sound when this language is asked for.
    #[must_use]
    pub fn answer_in(&self, language: Language) -> Answer {
        if self.is_test {
            return TEST_ANSWER.parse().expect("it is five letters and digits");
        }
        let language = self.spoken_language(language);
        let purpose = if language == self.language { Purpose::Answer } else { Purpose::AnswerIn(language) };
        Answer::derive(&self.opened.seed(purpose), self.alphabet, self.length)
    }

    /// Every word that is right, with the language whose sound says it, the challenge's own among them.
    pub fn answers(&self) -> impl Iterator<Item = (Language, Answer)> {
        let spoken = Language::ALL.into_iter().filter(|&language| self.spoken_language(language) == language);
        spoken.map(|language| (language, self.answer_in(language)))
    }

    /// The answer as a picture: a file in the look's format.
    #[must_use]
    pub fn draw(&self, look: &Look) -> Vec<u8> {
        if self.is_test {
            return image::render_test(&self.answer(), look);
        }
        image::render(&self.answer(), &self.opened.seed(Purpose::Image), look)
    }

    /// The word of a language as a sound: a WAV file. It is in the language that the key fixes, whatever is asked.
    #[must_use]
    pub fn speak(&self, speech: &Speech) -> Vec<u8> {
        let language = self.spoken_language(speech.language());
        let speech = speech.clone().in_language(language).of_alphabet(self.alphabet());
        let answer = self.answer_in(speech.language());
        if self.is_test {
            return sound::speak_test(&answer, &speech);
        }
        sound::speak(&answer, &self.opened.seed(Purpose::Sound), &speech)
    }

    /// Whether what a person typed is one of the words that are right. It takes as long whichever it is.
    #[must_use]
    pub fn judge(&self, typed: &str) -> Judgement {
        let normalised = normalise(typed);
        if normalised.is_empty() {
            Judgement::Empty
        } else if self.is_any_answer(&normalised) {
            Judgement::Right
        } else {
            Judgement::Wrong
        }
    }

    fn is_any_answer(&self, normalised: &str) -> bool {
        self.answers().fold(Choice::from(0), |any, (_, answer)| any | answer.is(normalised)).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EPOCH, Keyring, Nonce, Secret, Shape};

    fn keyring(byte: u8) -> Keyring {
        Keyring::new(&Secret::from_bytes([byte; 32]))
    }

    fn claims() -> Claims {
        Claims { issued_at: EPOCH + 1, app: 3, shape: Shape::word(6), ..Claims::default() }
    }

    #[test]
    fn the_answer_is_right_once_typed_in_any_way_and_others_are_wrong() {
        let keyring = keyring(1);
        let challenge = keyring.open_word(&keyring.issue(&claims())).unwrap();
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
        let challenge = ours.open_word(&key).unwrap();
        assert_eq!(challenge.draw(&look), keyring(1).open_word(&key).unwrap().draw(&look));
        assert_eq!(challenge.speak(&speech), keyring(1).open_word(&key).unwrap().speak(&speech));
        assert!(theirs.open_word(&key).is_none());
        assert_ne!(challenge.draw(&look), theirs.sample(key, 6, Alphabet::Standard).draw(&look));
        assert_ne!(challenge.answer(), theirs.sample(key, 6, Alphabet::Standard).answer());
    }

    #[test]
    fn a_previous_secret_opens_what_it_sealed() {
        let old = keyring(1);
        let key = old.issue(&claims());
        let rotated = keyring(2).with_previous(&Secret::from_bytes([1; 32]));
        assert_eq!(rotated.open_word(&key).unwrap().answer(), old.open_word(&key).unwrap().answer());
        assert!(old.open_word(&rotated.issue(&claims())).is_none());
    }

    #[test]
    fn each_language_says_a_word_of_its_own_and_any_of_them_is_right() {
        let keyring = keyring(1);
        let key = keyring.issue(&claims());
        for own in Language::ALL {
            let challenge = keyring.open_word(&key).unwrap().in_language(own);
            let answers: Vec<(Language, Answer)> = challenge.answers().collect();
            assert!(answers.iter().map(|(language, _)| *language).eq(Language::ALL));
            for (language, answer) in &answers {
                assert_eq!(challenge.judge(answer.as_str()), Judgement::Right, "{language:?} of {own:?}");
                assert_eq!(*answer, challenge.answer_in(*language));
                let same = answers.iter().filter(|(_, other)| other == answer).count();
                assert_eq!(same, 1, "{language:?} of {own:?} says what another says");
            }
            // The picture says the same whatever the language is.
            assert_eq!(challenge.answer(), keyring.open_word(&key).unwrap().answer());
            assert_eq!(challenge.answer(), challenge.answer_in(own));
            assert_eq!(challenge.judge("AAAAAA"), Judgement::Wrong);
        }
    }

    #[test]
    fn a_challenge_says_the_word_of_the_language_that_it_is_asked_in() {
        let keyring = keyring(1);
        let challenge = keyring.open_word(&keyring.issue(&claims())).unwrap().in_language(Language::En);
        let seed = challenge.opened.seed(Purpose::Sound);
        for language in Language::ALL {
            let speech = Speech::new(language).clean();
            assert_eq!(challenge.speak(&speech), sound::speak(&challenge.answer_in(language), &seed, &speech));
        }
    }

    #[test]
    fn a_fixed_language_is_spoken_whatever_is_asked_and_no_other_word_is_right() {
        let keyring = keyring(1);
        let fixed = keyring.issue(&Claims { shape: Shape::word_in(6, Some(Language::Ja)), ..claims() });
        let challenge = keyring.open_word(&fixed).unwrap().in_language(Language::En);
        assert_eq!(challenge.language(), Language::Ja);
        assert!(challenge.answers().map(|(language, _)| language).eq([Language::Ja]));
        let japanese = challenge.speak(&Speech::new(Language::Ja));
        for language in Language::ALL {
            assert_eq!(challenge.answer_in(language), challenge.answer());
            assert_eq!(challenge.speak(&Speech::new(language)), japanese);
        }
        let other = challenge.opened.seed(Purpose::AnswerIn(Language::En));
        let other = Answer::derive(&other, challenge.alphabet, challenge.length);
        assert_eq!(challenge.judge(other.as_str()), Judgement::Wrong);
        assert_eq!(challenge.judge(challenge.answer().as_str()), Judgement::Right);
    }

    /// Keys, and what they say, that were sealed before a language could be fixed.
    #[test]
    fn keys_that_were_sealed_earlier_stay_good() {
        let keyring = keyring(7);
        for (key, issued_at, app, (node, counter), answer) in [
            ("f4a1910f-d750-4fba-9619-68626e98bca7", 1_704_067_200, 0, (0, 0), "6"),
            ("532661ad-1b34-48c5-82b4-bcb7e8188acf", 1_800_000_000, 1, (3, 77), "47RZ"),
            ("fe925342-387c-4d61-913e-4dbe2791a444", 1_800_000_000, 1, (16_383, 16_777_215), "R3LRW"),
            ("390495d5-0ed2-44b8-bd53-77b761fb51f9", 1_764_000_000, 1_048_575, (9, 5), "JL96HZ"),
            ("0a6f69a5-26fc-4145-8452-500c1bdd60e3", 1_764_000_001, 70_000, (9, 6), "LX76HTR"),
            ("35d22711-50f1-43cc-8d00-26b8a397d279", 3_851_550_847, 12, (1, 1), "WYTKYJXH"),
        ] {
            let challenge = keyring.open_word(&key.parse().unwrap()).unwrap();
            let (shape, nonce) = (Shape::word(answer.len() as u8), Nonce { node, counter });
            assert_eq!(*challenge.claims(), Claims { issued_at, app, shape, nonce }, "{key}");
            assert_eq!(challenge.answer().as_str(), answer, "{key}");
            assert_eq!(keyring.issue(challenge.claims()).to_string(), key);
        }
    }

    fn digits(length: u8, language: Option<Language>) -> Shape {
        Shape::Word { length, alphabet: Alphabet::Digits, language }
    }

    #[test]
    fn a_word_of_digits_is_drawn_spoken_and_judged_in_each_language() {
        let keyring = keyring(1);
        let key = keyring.issue(&Claims { shape: digits(7, None), ..claims() });
        for own in Language::ALL {
            let challenge = keyring.open_word(&key).unwrap().in_language(own);
            assert_eq!((challenge.alphabet(), challenge.answer_length()), (Alphabet::Digits, 7));
            for (language, answer) in challenge.answers() {
                assert!(answer.as_str().bytes().all(|digit| b"2345679".contains(&digit)));
                let in_arabic: String = answer
                    .as_str()
                    .bytes()
                    .map(|digit| char::from_u32(0x660 + u32::from(digit - b'0')).unwrap())
                    .collect();
                assert_eq!(challenge.judge(&in_arabic), Judgement::Right);
                let seed = challenge.opened.seed(Purpose::Sound);
                let speech = Speech::new(language).of_alphabet(Alphabet::Digits);
                let sound = challenge.speak(&Speech::new(language));
                assert_eq!(sound, sound::speak(&answer, &seed, &speech));
                assert_ne!(sound, sound::speak(&answer, &seed, &Speech::new(language)), "another lead-in");
            }
            assert_eq!(challenge.judge("0000000"), Judgement::Wrong);
            let picture = image::render(&challenge.answer(), &challenge.opened.seed(Purpose::Image), &Look::default());
            assert_eq!(challenge.draw(&Look::default()), picture);
        }
        let fixed = keyring.issue(&Claims { shape: digits(6, Some(Language::Zh)), ..claims() });
        let fixed = keyring.open_word(&fixed).unwrap();
        assert!(fixed.answers().map(|(language, _)| language).eq([Language::Zh]));
        assert_eq!(fixed.as_test().alphabet(), Alphabet::Standard);
    }

    /// Keys of digits, and what they say, that were sealed when they were first made of seven.
    #[test]
    fn keys_of_digits_stay_good() {
        let keyring = keyring(7);
        for (key, issued_at, app, (node, counter), language, answer) in [
            ("2a93e180-8755-40ba-9c9c-697acf4067da", 1_800_000_000, 1, (3, 77), None, "553649"),
            ("c23ef0d1-5253-4df2-bfd9-286020aff3fd", 1_764_000_000, 1_048_575, (9, 5), None, "9654473"),
            ("e4e8c1cf-f981-4494-8fb7-dfae16247aaf", 3_851_550_847, 12, (1, 1), Some(Language::Ja), "49352647"),
        ] {
            let claims =
                Claims { issued_at, app, shape: digits(answer.len() as u8, language), nonce: Nonce { node, counter } };
            assert_eq!(keyring.issue(&claims).to_string(), key);
            let challenge = keyring.open_word(&key.parse().unwrap()).unwrap();
            assert_eq!((challenge.claims(), challenge.answer().as_str()), (&claims, answer), "{key}");
        }
    }

    #[test]
    fn a_test_challenge_has_the_documented_answer() {
        let keyring = keyring(1);
        let challenge = keyring.open_word(&keyring.issue(&claims())).unwrap().as_test();
        assert_eq!(challenge.judge("test5"), Judgement::Right);
        assert!(challenge.answers().all(|(_, answer)| answer.as_str() == "TEST5"));
        assert_eq!(
            challenge.draw(&Look::default()),
            keyring.open_word(&challenge.key()).unwrap().as_test().draw(&Look::default())
        );
    }
}
