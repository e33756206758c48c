//! Words that no answer contains.
//!
//! A short list, since the alphabet has hardly a vowel: English, Korean as typed on a two-set keyboard or romanised,
//! Japanese and Chinese as romanised or abbreviated. Digits count as the letters that they resemble.

/// Each at least three characters, upper-case letters only.
const WORDS: &[&str] = &[
    // English
    "ANAL", "ANUS", "ARSE", "ASS", "BOOB", "BUTT", "CLIT", "COCK", "COON", "CUM", "CUNT", "DAGO", "DICK", "DIE", "DYKE",
    "FAG", "FAP", "FCK", "FKU", "FUC", "FUK", "FUQ", "FVCK", "GAY", "GOOK", "HELL", "HOE", "HOMO", "JAP", "JEW", "JIZ",
    "KIKE", "KILL", "KKK", "KYS", "LMFAO", "MILF", "NAZI", "NGR", "NIG", "PAKI", "PENIS", "PISS", "PORN", "PUSSY",
    "RAPE", "SEX", "SHIT", "SHT", "SLUT", "SPIC", "STFU", "SUK", "TARD", "TIT", "TWAT", "WANK", "WHORE", "WTF", "XXX",
    // Korean: 씨발, 시발, 병신, 좆, 개새(끼), 지랄, 썅, 년놈, 창녀, 자지, 보지 as keys, then romanised
    "TLQKF", "TLQJF", "QUDTLS", "WHW", "ROTO", "WLFKF", "TIDS", "SUSSHA", "CKDSU", "WKWL", "QHWL", "SIBAL", "SSIBAL",
    "BYUNG", "JOT", "GAESAE", // Japanese
    "SHINE", "KUSO", "BAKA", "MANKO", "CHINKO", "ERO", // Chinese
    "CNM", "NMSL", "TMD", "WCNM", "CAONI", "SHABI", "JIBA",
];

/// Whether the characters contain a word that offends in one of the four languages.
pub(crate) fn is_offensive(characters: &[u8]) -> bool {
    let letters: Vec<u8> = characters.iter().map(|&character| letter_like(character)).collect();
    WORDS.iter().any(|word| letters.windows(word.len()).any(|window| window == word.as_bytes()))
}

fn letter_like(character: u8) -> u8 {
    match character {
        b'0' => b'O',
        b'1' => b'I',
        b'3' => b'E',
        b'4' => b'A',
        b'5' => b'S',
        b'6' | b'9' => b'G',
        b'7' => b'T',
        b'8' => b'B',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_wherever_they_stand_and_however_they_are_spelt() {
        for offensive in ["XFUCK", "A55HH", "TLQKF", "7LQKF", "KKKRH"] {
            assert!(is_offensive(offensive.as_bytes()), "{offensive}");
        }
        for harmless in ["EAKJH", "TEST5", "W", "RK3HM"] {
            assert!(!is_offensive(harmless.as_bytes()), "{harmless}");
        }
    }

    #[test]
    fn no_word_is_so_short_or_so_written_that_it_never_matches_or_bars_too_much() {
        assert!(WORDS.iter().all(|word| word.len() >= 3 && word.bytes().all(|letter| letter.is_ascii_uppercase())));
    }
}
