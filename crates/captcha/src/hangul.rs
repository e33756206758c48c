//! What a person typed whose keyboard was still set to Korean.
//!
//! On the two-set layout (두벌식, KS X 5002) each key that carries a Latin letter gives a consonant or a vowel, which
//! the input method joins into syllables as it goes. Taking the syllables apart again (Unicode's canonical
//! decomposition) and reading each part as its keys gives back the letters that were meant.

/// Keys of the leading consonants U+1100 to U+1112, as Latin letters.
const LEADING: [&str; 19] =
    ["R", "R", "S", "E", "E", "F", "A", "Q", "Q", "T", "T", "D", "W", "W", "C", "Z", "X", "V", "G"];

/// Keys of the vowels U+1161 to U+1175.
const VOWELS: [&str; 21] =
    ["K", "O", "I", "O", "J", "P", "U", "P", "H", "HK", "HO", "HL", "Y", "N", "NJ", "NP", "NL", "B", "M", "ML", "L"];

/// Keys of the trailing consonants U+11A8 to U+11C2.
const TRAILING: [&str; 27] = [
    "R", "R", "RT", "S", "SW", "SG", "E", "F", "FR", "FA", "FQ", "FT", "FX", "FV", "FG", "A", "Q", "QT", "T", "T", "D",
    "W", "C", "Z", "X", "V", "G",
];

/// The keys that type a conjoining jamo, or `None` for any other character.
///
/// Shift is left out: a doubled consonant (ㄲ) is the same key as the plain one, in upper case.
pub(crate) fn keys_of_jamo(jamo: char) -> Option<&'static str> {
    let from = |first: u32, keys: &'static [&'static str]| {
        (jamo as u32).checked_sub(first).and_then(|index| keys.get(index as usize)).copied()
    };
    match jamo {
        // The compatibility letters ㅀ and ㅄ decompose to archaic leading consonants.
        '\u{111a}' => Some("FG"),
        '\u{1121}' => Some("QT"),
        _ => from(0x1100, &LEADING).or_else(|| from(0x1161, &VOWELS)).or_else(|| from(0x11a8, &TRAILING)),
    }
}
