//! What must hold for whatever comes from outside: a function for each fuzz target of `fuzz/`.
//!
//! The tests below run each of them on every file that lies in `fuzz/seeds` and `fuzz/found`.

use crate::{
    Alphabet, Answer, Claims, EPOCH, Error, Judgement, Key, Keyring, Language, Means, Nonce, Pass, Secret, Shape,
    Token, normalise,
    sound::bank::{Bank, Clip, MAX_VOICES, Word, write},
};

/// Longest text of these targets: no more than this comes out of a query, by far.
const MAX_TEXT_BYTES: usize = 1024;

fn keyring() -> Keyring {
    Keyring::new(&Secret::from_bytes([7; 32])).with_previous(&Secret::from_bytes([8; 32]))
}

/// Text is a key if it reads as a version-4 UUID and is shown as it was; what opens is what was sealed.
pub fn key(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match text.parse::<Key>() {
        Ok(key) => {
            assert!(reads_as_uuid_v4(&text), "{text:?} is no key");
            assert_eq!(key.to_string(), text.to_ascii_lowercase());
            check_opening(key);
        }
        Err(error) => {
            assert_eq!(error, Error::MalformedKey);
            assert!(!reads_as_uuid_v4(&text), "{text:?} is a key");
        }
    }
    if let Some((bits, _)) = bytes.split_first_chunk() {
        check_opening(Key::from_random_bytes(*bits));
        check_sealing(u128::from_be_bytes(*bits));
    }
}

/// The form by RFC 9562, in other words than the parser's.
fn reads_as_uuid_v4(text: &str) -> bool {
    let form = b"hhhhhhhh-hhhh-4hhh-vhhh-hhhhhhhhhhhh";
    let fits = |(byte, wanted): (u8, &u8)| match wanted {
        b'h' => byte.is_ascii_hexdigit(),
        b'v' => b"89abAB".contains(&byte),
        other => byte == *other,
    };
    text.len() == form.len() && text.bytes().zip(form).all(fits)
}

/// Whatever opens a key, its claims are in their ranges and seal into the same key again.
fn check_opening(key: Key) {
    assert_eq!(Key::from_random_bytes(*key.as_bytes()), key);
    assert_eq!(key.to_string().parse(), Ok(key));
    let keyring = keyring();
    let Some(challenge) = keyring.open(&key) else { return };
    let claims = challenge.claims();
    assert!(claims.app < Claims::APPS && claims.nonce.node < Claims::NODES);
    match claims.shape {
        Shape::Word { length, language: None, .. } => assert!((1..=8).contains(&length)),
        Shape::Word { length, language: Some(_), .. } => assert!(Shape::FIXED_LENGTHS.contains(&length)),
        Shape::Work { level } => assert!(Shape::LEVELS.contains(&level)),
    }
    assert!((EPOCH..EPOCH + (1 << 31)).contains(&claims.issued_at));
    let previous = Keyring::new(&Secret::from_bytes([8; 32]));
    assert!(keyring.issue(claims) == key || previous.issue(claims) == key);
}

fn check_sealing(bits: u128) {
    let length = (bits >> 51) as u8 % 8 + 1;
    let language = Language::ALL.get((bits >> 92) as usize % 8).copied();
    let language = language.filter(|_| Shape::FIXED_LENGTHS.contains(&length));
    let alphabet = Alphabet::ALL[(bits >> 95) as usize % Alphabet::ALL.len()];
    let claims = Claims {
        issued_at: EPOCH + (bits as u64 & ((1 << 31) - 1)),
        app: (bits >> 31) as u32 % Claims::APPS,
        shape: Shape::Word { length, alphabet, language },
        nonce: Nonce { node: (bits >> 54) as u16 % Claims::NODES, counter: (bits >> 68) as u32 % (1 << 24) },
    };
    let key = keyring().issue(&claims);
    let opened = keyring().open(&key).expect("what is sealed can be opened");
    assert_eq!((opened.claims(), opened.key()), (&claims, key));
    assert_eq!(key.to_string().to_uppercase().parse(), Ok(key));
}

/// Text is a token if it is base64 of a key and more, and is shown as it was; what opens says what was sealed into it.
pub fn token(bytes: &[u8]) {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_TEXT_BYTES)]);
    match text.parse::<Token>() {
        Ok(token) => {
            assert_eq!(token.to_string(), text);
            if let Some((challenge, pass)) = keyring().open_token(&token) {
                assert_eq!(challenge.token(&pass).as_ref(), Ok(&token));
            }
        }
        Err(error) => assert_eq!(error, Error::MalformedToken),
    }
    let third = text.len() / 3;
    let mut parts = text.chars();
    let [hostname, action, data] = [0; 3].map(|_| parts.by_ref().take(third).collect::<String>());
    let fits = Pass::has_room_for(&hostname, &action, &data);
    let pass = Pass { passed_at: EPOCH + third as u64, means: Means::Sound, audience: 3, hostname, action, data };
    let challenge = keyring().open(&keyring().issue(&Claims::default())).expect("what is sealed can be opened");
    let token = challenge.token(&pass);
    assert_eq!(token.is_ok(), fits);
    if let Ok(token) = token {
        assert!(token.to_string().len() <= Token::MAX_LENGTH);
        assert_eq!(keyring().open_token(&token).map(|(_, pass)| pass), Some(pass));
    }
}

/// Normalising twice is normalising once, does not blow up, and decides what passes: nothing but an answer does.
pub fn answer(bytes: &[u8]) {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_TEXT_BYTES)]);
    let plain = normalise(&text);
    assert_eq!(normalise(&plain), plain, "{text:?}");
    // U+FDFA, of three bytes, stands for four words of Arabic.
    assert!(plain.len() <= 11 * text.len(), "{text:?} comes down to {} bytes", plain.len());
    assert!(!plain.contains(char::is_whitespace) && !plain.contains('-'), "{text:?} comes down to {plain:?}");
    if let Ok(answer) = text.parse::<Answer>() {
        assert!(answer.matches(&plain) && answer.as_str() == plain, "{text:?}");
    }
    let keyring = keyring();
    let open = || {
        let key = keyring.issue(&Claims::default());
        keyring.open_word(&key).expect("this keyring sealed it")
    };
    for challenge in [open(), open().as_test()] {
        let expected = match plain.as_str() {
            "" => Judgement::Empty,
            plain if challenge.answers().any(|(_, answer)| plain == answer.as_str()) => Judgement::Right,
            _ => Judgement::Wrong,
        };
        assert_eq!(challenge.judge(&text), expected, "{text:?}");
        assert_eq!(challenge.judge(&format!(" {text}-\u{200b}")), expected, "{text:?}");
    }
}

/// A bank is whole or refused, the same way each time; of a whole one nothing is missing later.
pub fn bank(bytes: &[u8]) {
    match Bank::parse_notices(bytes) {
        Ok(notices) => {
            for language in Language::ALL {
                assert!(Word::notices().all(|word| notices.clip(language, word).is_some_and(|clip| !clip.is_empty())));
            }
        }
        Err(error) => assert_eq!(Bank::parse_notices(bytes).err(), Some(error)),
    }
    let bank = match Bank::parse(bytes) {
        Ok(bank) => bank,
        Err(error) => {
            assert_eq!(Bank::parse(bytes).err(), Some(error));
            return;
        }
    };
    let clips: Vec<Clip> = bank.clips().collect();
    assert!(clips.iter().all(|clip| (1..=64_000).contains(&clip.samples.len())));
    for language in Language::ALL {
        let count = usize::from(bank.voice_count(language));
        assert!((1..=MAX_VOICES).contains(&count));
        let voices = bank.voices(language);
        assert_eq!(voices.len(), count);
        assert!(voices.iter().any(|voice| voice.can_open()));
        let says_all = |voice: &crate::sound::bank::Voice| Word::characters().all(|word| voice.word(word).is_some());
        assert!(voices.iter().all(says_all));
    }
    // Encoding again changes samples, but neither what is listed nor how long it is.
    let written = write(&clips);
    assert_eq!(written.len(), bytes.len());
    let named = |clip: &Clip| (clip.language, clip.voice, clip.word, clip.samples.len());
    let again = Bank::parse(&written).expect("what is written can be read");
    assert!(again.clips().map(|clip| named(&clip)).eq(clips.iter().map(named)));
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    /// Runs a target on what lies in its folders.
    fn check(target: &str, run: fn(&[u8])) {
        let mut count = 0;
        for folder in ["seeds", "found"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz").join(folder).join(target);
            let Ok(files) = fs::read_dir(&folder) else { continue };
            for file in files {
                let file = file.unwrap().path();
                println!("{}", file.display()); // shown if it fails
                run(&fs::read(&file).unwrap());
                count += 1;
            }
        }
        assert!(count > 0, "{target} has no seeds");
    }

    #[test]
    fn keys_that_fuzzing_starts_from_and_found_are_sound() {
        check("key", key);
    }

    #[test]
    fn tokens_that_fuzzing_starts_from_and_found_are_sound() {
        check("token", token);
    }

    #[test]
    fn answers_that_fuzzing_starts_from_and_found_are_sound() {
        check("answer", answer);
    }

    #[test]
    fn banks_that_fuzzing_starts_from_and_found_are_sound() {
        check("bank", bank);
    }
}
