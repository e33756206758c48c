//! What a Japanese input method makes of our letters when it takes them for romaji.
//!
//! No answer has a vowel, so no syllable comes of it, but two things do, in every such method: っ for the first of a
//! doubled letter, which it takes for the beginning of a syllable, and arrows for Z with H, J, K or L.

use super::{is_left_out, keyboard::katakana, letter_or_digit};

/// The signs that two keys type.
const SIGNS: [(char, [char; 2]); 16] = [
    ('←', ['Z', 'H']),
    ('↓', ['Z', 'J']),
    ('↑', ['Z', 'K']),
    ('→', ['Z', 'L']),
    // SKK, with an upper-case L.
    ('⇒', ['Z', 'L']),
    // Anthy.
    ('〃', ['Z', 'F']),
    ('々', ['Z', 'R']),
    ('仝', ['Z', 'R']),
    ('〆', ['Z', 'T']),
    ('》', ['Z', 'W']),
    ('〉', ['Z', 'W']),
    ('△', ['Z', '3']),
    ('□', ['Z', '4']),
    ('☆', ['Z', '6']),
    ('◎', ['Z', '7']),
    ('♂', ['Z', '9']),
];

/// The keys that typed a composed text, or `None` if no romaji did.
pub(super) fn read(composed: &str) -> Option<String> {
    // From the end, since a っ is the letter that follows it.
    let mut keys = Vec::new();
    for character in composed.chars().rev() {
        if let Some((_, [first, second])) = SIGNS.iter().find(|(sign, _)| *sign == character) {
            keys.extend([*second, *first]);
        } else if katakana(character) == 'ッ' {
            keys.push(*keys.last().filter(|key| key.is_ascii_alphabetic())?);
        } else if let Some(key) = letter_or_digit(character) {
            keys.push(key);
        } else if !is_left_out(character) {
            return None;
        }
    }
    Some(keys.into_iter().rev().collect())
}
