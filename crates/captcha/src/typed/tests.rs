use std::collections::HashMap;

use proptest::prelude::*;

use super::{
    keyboard::Layout,
    layouts::{KEYS, LAYOUTS},
    *,
};
use crate::{Answer, Seed};

fn check(typed: &str, expected: &str) {
    assert_eq!(normalise(typed), expected, "{typed:?}");
}

#[test]
fn case_spaces_hyphens_and_width_do_not_count() {
    check("eakjh", "EAKJH");
    check(" E a-K\tj\u{2011}H \n", "EAKJH");
    check("ｅＡｋＪｈ", "EAKJH");
    check("E－A　K\u{200b}JH", "EAKJH");
    check("①２³", "123");
    check("\u{212a}", "K"); // the Kelvin sign
}

#[test]
fn dots_and_commas_do_not_count() {
    check("R.3.H.K.T", "R3HKT");
    check("R, 3, H, K, T.", "R3HKT");
    check("Ｒ。３、Ｈ・Ｋ．Ｔ，", "R3HKT");
    check("ｆｈーｋ｡", "FHK");
    check("７－３ー４", "734");
}

#[test]
fn invisible_characters_do_not_count() {
    for invisible in
        ["\u{202a}", "\u{202b}", "\u{202c}", "\u{202d}", "\u{202e}", "\u{2066}", "\u{2067}", "\u{2068}", "\u{2069}"]
    {
        check(&format!("{invisible}R3{invisible}HKT{invisible}"), "R3HKT");
    }
    for invisible in ["\u{fe0f}", "\u{fe00}", "\u{61c}", "\u{200d}", "\u{2060}", "\u{feff}", "\u{3164}", "\u{e0101}"] {
        check(&format!("R3{invisible}HKT"), "R3HKT");
    }
    check("\u{202a}ке\u{202c}3", "RT3");
}

#[test]
fn digits_of_any_script_count_by_their_value() {
    for digits in ["٣٤٦٧٩", "۳۴۶۷۹", "३४६७९", "৩৪৬৭৯", "๓๔๖๗๙", "໓໔໖໗໙", "၃၄၆၇၉", "៣៤៦៧៩", "༣༤༦༧༩", "𝟑𝟒𝟔𝟳𝟿"]
    {
        check(digits, "34679");
        check(&format!("rk{digits}"), "RK34679");
    }
    check("四", "四"); // no decimal digit
}

#[test]
fn nothing_else_disappears() {
    check("É", "E\u{301}");
    check("EA;KJH", "EA;KJH");
    check("FH/K", "FH/K");
    check("ß", "ß");
}

#[test]
fn blank_comes_down_to_nothing() {
    for blank in ["", " ", "\t\n", "- -", "\u{3000}", "...", "\u{2066}\u{2069}"] {
        check(blank, "");
    }
}

#[test]
fn the_korean_layout_left_on_counts() {
    check("ㄷ마ㅓㅗ", "EAKJH");
    check("ㄷㅁㅏㅓㅗ", "EAKJH"); // not composed
    check("ㄷ마ㅓㅗ".nfd().collect::<String>().as_str(), "EAKJH"); // as macOS sends it
    check("쏘ㅡ3", "THM3");
    check("값", "RKQT");
    check("뷁", "QNPFR");
    check("꽤ㄲㅖ", "RHORP");
    check("ㄳㄵㄶㄺㄻㄼㄽㄾㄿㅀㅄ", "RTSWSGFRFAFQFTFXFVFGQT");
    check("ㅘㅢㅝ", "HKMLNJ");
}

#[test]
fn the_japanese_input_method_left_on_counts() {
    check("っｆ３ｋ", "FF3K");
    check("っっｔ", "TTT");
    check("ｯｋ９", "KK9");
    check("←↓↑→", "ZHZJZKZL");
    check("っ←", "ZZH");
    check("７っｘ→", "7XXZL");
    check("ｒ々〃", "RZRZF");
    check("↑ｒｒ４", "ZKRR4");
}

/// What the letters of answers, in the order of the alphabet, are on the keys of other layouts.
#[test]
fn other_layouts_left_on_count() {
    let letters = "FHJKLRTWXYZ";
    for typed in [
        "арол дкецчня", // Russian, Ukrainian, Belarusian
        "АРОЛДКЕЦЧНЯ",
        "φηξκλρτςχυζ", // Greek
        "ΦΗΞΚΛΡΤΣΧΥΖ",
        "باتنمقفصءغئ", // Arabic
        "باتنمقفصطغظ", // Persian
        "כיחלךרא'סטז", // Hebrew
        "ด้่าสพะไปัผ",    // Thai
        "โ็๋ษศฑธ\")ํ(",
        "िपरकतीूैंबॆ", // Devanagari
        "इफऱखथईऊऐँभऎ",
    ] {
        check(typed, letters);
    }
    // Arabic with Shift, whose T is two letters on Windows and one on Linux.
    check("[أـ،/ٌلإًْإ~", letters);
    check("[أـ،/ٌ\u{fef9}ًْإ~", letters);
    check("ハクマノリスカテサンツ", letters);
    check("はくまのりすかてさんつ", letters);
    check("ﾊｸﾏﾉﾘｽｶﾃｻﾝﾂ", letters);
    check("ㄑㄘㄨㄜㄠㄐㄔㄊㄌㄗㄈ", letters);
    // Mixed with digits, some of which are keys too.
    check("696ЕК", "696TR");
    check("ด-ภุึต", "F34679");
    check("はあうおやよっ", "F34679Z");
    check("fšč\u{17e}ýí", "F34679");
    check("f\"'§èç", "F34679");
    check("ưk", "WK");
    check("FHภ", "FH4");
}

#[test]
fn a_sign_is_a_key_only_where_a_layout_typed_all() {
    check("FH-K", "FHK");
    check("3-4", "34");
    check("FH'K3", "FH'K3");
    check("'34", "W34");
}

#[test]
fn what_only_a_test_app_asks_for_is_read_too() {
    check("еуые5", "TEST5");
    check("ЕУЫЕ5", "TEST5");
    check("ㅅㄷㄴㅅ5", "TEST5");
    check("ＴＥＳＴ５", "TEST5");
}

/// What somebody types who means this character.
fn typed_on(layout: &Layout, meant: char, is_shifted: bool) -> char {
    let Some(index) = KEYS.iter().position(|&key| char::from(key) == meant) else { return meant };
    let [plain, shifted] = [layout.plain[index], layout.shifted[index]];
    let typed = match is_shifted {
        true if shifted != '\0' || layout.is_latin => shifted,
        _ => plain,
    };
    if typed == '\0' { meant } else { typed }
}

/// A word as it is typed on a layout, which is its letters where the keys type those.
fn word_on(layout: &Layout, word: &str, is_shifted: bool) -> String {
    word.chars().map(|meant| typed_on(layout, meant, is_shifted)).collect()
}

/// Layouts whose words another one could have typed, and how many of a thousand are read as that one's at most, without
/// and with Shift. `cargo xtask keyboards --shares` measures them closely.
const AMBIGUOUS: [(&str, [usize; 2]); 16] = [
    ("Kazakh", [260, 0]),
    ("Bulgarian", [50, 50]),
    ("Serbian", [90, 90]),
    ("Macedonian", [90, 90]),
    ("Bulgarian, phonetic", [130, 130]),
    ("Russian, phonetic", [130, 130]),
    ("Mongolian", [280, 280]),
    ("Persian", [0, 80]),
    ("Urdu", [50, 0]),
    ("Thai", [0, 2]),
    ("Lao", [0, 20]),
    ("Nepali", [80, 80]),
    ("Bengali, Bangladesh", [160, 130]),
    ("Malayalam, InScript", [0, 20]),
    ("Armenian", [10, 5]),
    ("French, AZERTY", [130, 0]),
];

fn words(length: u8, count: u64) -> impl Iterator<Item = String> {
    let answer = move |number| Answer::derive(&Seed::from_number(number), Alphabet::Standard, length);
    (0..count).map(move |number| answer(number).as_str().to_owned())
}

#[test]
fn numbers_are_read_in_any_script_and_however_they_are_grouped() {
    for typed in ["1234567", "１２３４５６７", "123-4567", "12 34 56 7", "1,234,567", "١٢٣٤٥٦٧", "१२३४५६७", "๑๒๓๔๕๖๗"]
    {
        check(typed, "1234567");
    }
}

#[test]
fn words_typed_on_each_layout_are_read_back() {
    for layout in &LAYOUTS {
        let allowed = AMBIGUOUS.iter().find(|(name, _)| *name == layout.name).map_or([0; 2], |(_, refused)| *refused);
        for (is_shifted, allowed) in [(false, allowed[0]), (true, allowed[1])] {
            for length in 4..=8 {
                let is_refused = |word: &String| normalise(&word_on(layout, word, is_shifted)) != *word;
                let refused: Vec<String> = words(length, 1000).filter(is_refused).collect();
                let name = layout.name;
                assert!(
                    refused.len() <= allowed,
                    "{name}, shifted {is_shifted}: {} of {length}: {refused:?}",
                    refused.len()
                );
            }
        }
    }
}

#[test]
fn no_two_answers_are_typed_alike_on_a_layout() {
    for layout in &LAYOUTS {
        let mut keys = HashMap::new();
        for is_shifted in [false, true] {
            for meant in Alphabet::Standard.characters().iter().map(|&byte| char::from(byte)) {
                let other = *keys.entry(typed_on(layout, meant, is_shifted)).or_insert(meant);
                assert_eq!(other, meant, "{}", layout.name);
            }
        }
    }
}

#[test]
fn what_makes_eight_characters_fits_into_a_parameter() {
    // As the server takes them: 256 bytes.
    let longest =
        LAYOUTS.iter().flat_map(|layout| layout.plain.iter().chain(&layout.shifted)).map(|typed| typed.len_utf8());
    let aliases = LAYOUTS.iter().flat_map(|layout| layout.also).map(|(typed, _)| typed.len());
    let longest = longest.chain(aliases).max().unwrap();
    assert!(longest * Answer::MAX_LENGTH <= 256, "{longest}");
}

/// The letter keys of the Korean layout, without shift, as compatibility jamo.
#[rustfmt::skip]
const KOREAN: [(char, char); 26] = [
    ('Q', 'ㅂ'), ('W', 'ㅈ'), ('E', 'ㄷ'), ('R', 'ㄱ'), ('T', 'ㅅ'), ('Y', 'ㅛ'), ('U', 'ㅕ'), ('I', 'ㅑ'),
    ('O', 'ㅐ'), ('P', 'ㅔ'), ('A', 'ㅁ'), ('S', 'ㄴ'), ('D', 'ㅇ'), ('F', 'ㄹ'), ('G', 'ㅎ'), ('H', 'ㅗ'),
    ('J', 'ㅓ'), ('K', 'ㅏ'), ('L', 'ㅣ'), ('Z', 'ㅋ'), ('X', 'ㅌ'), ('C', 'ㅊ'), ('V', 'ㅍ'), ('B', 'ㅠ'),
    ('N', 'ㅜ'), ('M', 'ㅡ'),
];

/// What a Japanese input method makes of letters without a vowel.
fn in_romaji(word: &str) -> String {
    let mut typed = String::new();
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let signs = [("ZH", '←'), ("ZJ", '↓'), ("ZK", '↑'), ("ZL", '→')];
        let doubled = rest[1..].starts_with(first) && first.is_ascii_alphabetic();
        if let Some((keys, sign)) = signs.iter().find(|(keys, _)| rest.starts_with(keys)) {
            typed.push(*sign);
            rest = &rest[keys.len()..];
        } else {
            typed.push(if doubled { 'っ' } else { first.to_ascii_lowercase() });
            rest = &rest[1..];
        }
    }
    typed
}

#[test]
fn words_typed_in_romaji_are_read_back() {
    let letters = [b'F', b'H', b'J', b'K', b'L', b'Z', b'3'].map(char::from);
    // All words of up to five of what romaji changes, and two things that it does not.
    let mut words = vec![String::new()];
    for _ in 0..5 {
        words = words.iter().flat_map(|word| letters.map(|letter| format!("{word}{letter}"))).collect();
        for word in &words {
            check(&in_romaji(word), word);
        }
    }
}

proptest! {
    #[test]
    fn every_answer_typed_in_korean_is_read_back(word in "[A-Z0-9]{1,8}") {
        let typed: String = word
            .chars()
            .map(|letter| KOREAN.iter().find(|(key, _)| *key == letter).map_or(letter, |(_, jamo)| *jamo))
            .collect();
        prop_assert_eq!(normalise(&typed), word.clone());
        let composed: String = typed.nfkc().collect();
        prop_assert_eq!(normalise(&composed), word);
    }

    #[test]
    fn every_answer_is_read_as_itself(word in "[A-Z0-9]{1,12}") {
        prop_assert_eq!(normalise(&word), word.clone());
        prop_assert_eq!(normalise(&word.to_lowercase()), word);
    }

    #[test]
    fn normalising_twice_changes_nothing(text in "\\PC{0,60}") {
        let once = normalise(&text);
        prop_assert_eq!(normalise(&once), once);
    }

    #[test]
    fn normalising_what_keys_type_twice_changes_nothing(
        keys in prop::collection::vec((0..LAYOUTS.len(), 0..KEYS.len(), any::<bool>()), 0..12),
        sign in "[-.,っ\u{306}\u{200d}'A-Z3]{0,2}",
    ) {
        let typed = keys.iter().map(|&(layout, key, is_shifted)| {
            typed_on(&LAYOUTS[layout], char::from(KEYS[key]), is_shifted)
        });
        let text = sign.chars().chain(typed).collect::<String>();
        let once = normalise(&text);
        prop_assert_eq!(normalise(&once), once);
    }
}
