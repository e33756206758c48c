//! Words that no answer contains.
//!
//! The alphabet has hardly a vowel, but people read digits and some letters as others that they resemble or sound like, and
//! see what the keys of their own keyboard would make of it. So the roots below are words of the four languages as they
//! are spelt, romanised or abbreviated, and what such words are on the keys of a Korean, Japanese, Russian, Arabic, Hebrew
//! or Thai keyboard. docs/typing.md says how many answers they take.

use crate::Alphabet;

/// Roots in letters, each at least three, as [`letters_like`] reads an answer.
const WORDS: [&[&str]; 5] = [ENGLISH, KOREAN_KEYS, KOREAN, JAPANESE, CHINESE];

/// Roots of characters that are read as they are.
const AS_THEY_ARE: [&[&str]; 2] = [NUMBERS, OTHER_KEYS];

const ENGLISH: &[&str] = &[
    "ALLAH", "ANAL", "ANUS", "ARSE", "ASS", "AYAK", "BITCH", "BOOB", "BUTT", "CLIT", "COCK", "COON", "CRAP", "CUM",
    "CUNT", "DAGO", "DICK", "DIE", "DYKE", "FAG", "FAK", "FAP", "FART", "FCK", "FGGT", "FGT", "FKR", "FKT", "FKU",
    "FKY", "FUC", "FUK", "FUQ", "FVCK", "GAY", "GHEY", "GOOK", "HAG", "HATE", "HEEB", "HEIL", "HELL", "HFFH", "HOE",
    "HOMO", "HTLER", "HTLR", "JAHWE", "JAP", "JERK", "JEW", "JIZ", "KAFFER", "KAFFIR", "KAFIR", "KIKE", "KILL", "KKK",
    "KYS", "LEZ", "LMFAO", "MILF", "NAZI", "NGR", "NIG", "PAKI", "PENIS", "PISS", "PORN", "PUSSY", "RAPE", "RTRD",
    "SEX", "SHIT", "SHT", "SLAG", "SLT", "SLUT", "SPIC", "STFU", "SUK", "TARD", "TERF", "TIT", "TWAT", "WANK", "WHORE",
    "WHRE", "WTF", "XXX", "YHWH",
];

/// 씨발, 시발, 병신, 좆, 좃, 젖, 질, 개새(끼), 지랄, 썅, 년놈, 창녀, 자지, 보지, 자살, 고자, 로리, 조까, 졸라, 꼴리, ㅈ같, 사까시, 거지.
const KOREAN_KEYS: &[&str] = &[
    "TLQKF", "TLQJF", "QUDTLS", "WHW", "WHT", "WJW", "WLF", "ROTO", "WLFKF", "TIDS", "SUSSHA", "CKDSU", "WKWL", "QHWL",
    "WKTKF", "RHWK", "FHFL", "WHRK", "WHFFK", "RHFFL", "WRKX", "TKRKTL", "RJWL",
];

/// Romanised.
const KOREAN: &[&str] = &["BYUNG", "GAESAE", "JIRAL", "JOT", "JRAL", "SIBAL", "SSIBAL"];

/// Romanised.
const JAPANESE: &[&str] =
    &["AHEGA", "BAKA", "CHINKO", "ERO", "ETA", "HAGE", "KASU", "KATAWA", "KUSO", "MANKO", "SHINE", "TAWAKE"];

/// Romanised or abbreviated.
const CHINESE: &[&str] = &["CAONI", "CNM", "JIBA", "NMSL", "SHABI", "TMD", "WCNM"];

/// 4 sounds like death in Chinese, Japanese and Korean, 74 like 去死 and 974 like 就去死; 666 is the devil's; 7734 says
/// "hell" upside down.
const NUMBERS: &[&str] = &["444", "666", "7474", "974", "7734"];

/// Where there is nothing but digits, people look for more in them: 564 sounds like killing in Japanese, 4545 like a
/// sexual act, and 6969 stands for one. What Koreans and Chinese swear by (18, 28, 38, 250), what sounds like dying in
/// Chinese (514) and what stands for Hitler (88) has a 0, 1 or 8, which no answer has.
const IN_DIGITS: &[&str] = &["564", "4545", "6969"];

/// On Russian keys член, дроч, елда, конч, онан, целка, анал; on Arabic ones بغاء, اغتصاب, غباء; on Hebrew ones חרא, טיז,
/// חזיר; on Thai ones สัด, สัส, สาด; on Japanese ones of kana おかま, おまん, やりまん, りんかん.
const OTHER_KEYS: &[&str] = &[
    "XKTY", "LHJX", "TKLF", "RJYX", "JYFY", "WTKRF", "FYFK", "FYHX", "HYJWHF", "YFHX", "JRT", "YHZ", "JZHR", "LYF",
    "LYL", "LKF", "6TJ", "6JY", "7LJY", "LYTY",
];

/// Whether characters of this alphabet contain a word that offends.
pub(crate) fn is_offensive(characters: &[u8], alphabet: Alphabet) -> bool {
    let of_alphabet = match alphabet {
        // A root more would give keys that are out other words.
        Alphabet::Standard => &[],
        Alphabet::Digits => IN_DIGITS,
    };
    let letters: Vec<u32> = characters.iter().map(|&character| letters_like(character)).collect();
    let spells =
        |word: &str, letters: &[u32]| letters.iter().zip(word.bytes()).all(|(like, letter)| like & bit(letter) != 0);
    let is_spelt = |word: &str| letters.windows(word.len()).any(|window| spells(word, window));
    let stands_there = |word: &str| characters.windows(word.len()).any(|window| window == word.as_bytes());
    WORDS.iter().copied().flatten().any(|word| is_spelt(word))
        || AS_THEY_ARE.iter().copied().chain([of_alphabet]).flatten().any(|word| stands_there(word))
}

/// The letters as which a character is read, each a [`bit`]. S, C and I are in no answer, so Z, K and Y stand for them.
const fn letters_like(character: u8) -> u32 {
    match character {
        b'0' => bit(b'O'),
        b'1' => bit(b'I') | bit(b'L'),
        b'2' => bit(b'Z'),
        b'3' => bit(b'E'),
        b'4' => bit(b'A'),
        b'5' => bit(b'S'),
        b'6' => bit(b'G') | bit(b'B'),
        b'7' => bit(b'T') | bit(b'L'),
        b'8' => bit(b'B'),
        b'9' => bit(b'G') | bit(b'Q'),
        b'K' => bit(b'K') | bit(b'C'),
        b'Y' => bit(b'Y') | bit(b'I'),
        b'Z' => bit(b'Z') | bit(b'S'),
        letter => bit(letter),
    }
}

/// A letter as one of 26 bits.
const fn bit(letter: u8) -> u32 {
    1 << (letter - b'A')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(offensive: &[&str]) {
        for word in offensive {
            assert!(is_offensive(word.as_bytes(), Alphabet::Standard), "{word}");
        }
    }

    #[test]
    fn in_digits_alone_more_is_found() {
        for number in ["564279", "445452", "2696935", "3444", "455236"] {
            assert!(is_offensive(number.as_bytes(), Alphabet::Digits), "{number}");
        }
        for harmless in ["723456", "696753", "4545"] {
            assert_eq!(is_offensive(harmless.as_bytes(), Alphabet::Digits), harmless == "4545");
            assert!(!is_offensive(harmless.as_bytes(), Alphabet::Standard), "{harmless}");
        }
        let digits = Alphabet::Digits.characters();
        assert!(IN_DIGITS.iter().all(|number| number.bytes().all(|digit| digits.contains(&digit))));
    }

    #[test]
    fn words_are_found_wherever_they_stand_and_however_they_are_spelt() {
        check(&["XFUCK", "A55HH", "TLQKF", "7LQKF", "KKKRH"]);
        check(&["F9TJL", "RF6T", "4ZZHL", "ML3Z", "FKRXX", "XH46", "H493", "JWHTR"]);
        check(&["J3RK", "F4RT", "XF4R7", "H4T3", "RH473", "YHWH", "HTLR", "H7LRX"]);
        check(&["ZHYT", "ZH7", "KLYT", "KY77X", "H3YL", "64Y", "K4ZU", "J1B4", "TL9KF"]);
        check(&["WKTKF", "RHWK", "3XKTY", "JRT4", "LYF99", "6TJ", "4447", "3666R", "97474"]);
        for harmless in ["EAKJH", "TEST5", "W", "RK3HM", "RJ44X", "96696", "TJ6", "KFX"] {
            assert!(!is_offensive(harmless.as_bytes(), Alphabet::Standard), "{harmless}");
        }
    }

    #[test]
    fn no_root_is_so_short_or_so_written_that_it_never_matches_or_bars_too_much() {
        let alphabet = Alphabet::Standard.characters();
        let (words, as_they_are) = (WORDS.concat(), AS_THEY_ARE.concat());
        assert!(words.iter().all(|word| word.bytes().all(|letter| letter.is_ascii_uppercase())));
        assert!(as_they_are.iter().all(|word| word.bytes().all(|character| alphabet.contains(&character))));
        let mut all = [words, as_they_are].concat();
        assert!(all.iter().all(|word| word.len() >= 3));
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count, "a root stands there twice");
    }

    /// Of all answers of three, four and five characters. docs/typing.md has the figures.
    #[test]
    fn one_answer_of_twenty_four_is_taken() {
        for (length, expected) in [(3, 54), (4, 1_797), (5, 43_452)] {
            assert_eq!(taken(Alphabet::Standard, length), expected, "of {length}");
        }
    }

    /// Of all numbers of five, six and seven digits.
    #[test]
    fn so_many_numbers_are_taken() {
        for (length, expected) in [(5, 1_218), (6, 11_291), (7, 97_907)] {
            assert_eq!(taken(Alphabet::Digits, length), expected, "of {length}");
        }
    }

    fn taken(alphabet: Alphabet, length: u32) -> usize {
        let characters = alphabet.characters();
        let count = characters.len();
        let answer = |number: usize| (0..length).map(move |place| characters[number / count.pow(place) % count]);
        let is_taken = |&number: &usize| is_offensive(&answer(number).collect::<Vec<u8>>(), alphabet);
        (0..count.pow(length)).filter(is_taken).count()
    }
}
