//! How many answers are refused for the way in which they were typed.

use haechi_captcha::{Alphabet, Answer, Seed, normalise};
use unicode_normalization::UnicodeNormalization;

use super::layouts::Layout;

/// How many answers of five characters are typed in each way.
const ANSWERS: u64 = 100_000;

const LENGTH: u8 = 5;

/// Prints a row of docs/typing.md for each way of typing.
pub(super) fn print(layouts: &[Layout]) {
    println!("| typed | refused | with Shift |\n|---|---|---|");
    let answers: Vec<String> = (0..ANSWERS)
        .map(|number| Answer::derive(&Seed::from_number(number), Alphabet::Standard, LENGTH).as_str().to_owned())
        .collect();
    for (name, typed) in WAYS {
        println!("| {name} | {} | |", share(&answers, typed));
    }
    for layout in layouts {
        let [plain, shifted] = [false, true].map(|is_shifted| {
            share(&answers, |answer| {
                let typed = answer.chars().map(|meant| layout.typed(meant, is_shifted).unwrap_or(meant));
                typed.collect()
            })
        });
        println!("| {} ({}) | {plain} | {shifted} |", layout.name, layout.source);
    }
}

/// The share of answers that do not come down to themselves.
fn share(answers: &[String], typed: impl Fn(&str) -> String) -> String {
    let refused = answers.iter().filter(|answer| normalise(&typed(answer)) != **answer).count();
    match refused {
        0 => "0".to_owned(),
        _ => format!("{:.3} %", refused as f64 * 100.0 / answers.len() as f64),
    }
}

/// What somebody types who means an answer.
type Way = fn(&str) -> String;

/// Ways of typing that are no layout.
const WAYS: [(&str, Way); 10] = [
    ("as it is shown", str::to_owned),
    ("lower case", str::to_lowercase),
    ("full width", |answer| answer.chars().map(wide).collect()),
    ("with spaces", |answer| between(answer, " ")),
    ("with dots, commas or hyphens", |answer| between(answer, if answer < "K" { "." } else { ", - " })),
    ("with marks of direction", |answer| format!("\u{2066}{}\u{2069}", between(answer, "\u{202c}"))),
    ("digits of Arabic", |answer| with_digits(answer, '٠')),
    ("digits of Bengali", |answer| with_digits(answer, '০')),
    ("Korean, two-set", korean),
    ("Japanese, romaji", romaji),
];

fn between(answer: &str, sign: &str) -> String {
    answer.chars().map(String::from).collect::<Vec<_>>().join(sign)
}

fn wide(meant: char) -> char {
    char::from_u32(meant as u32 + 0xfee0).expect("every sign of ASCII has a wide form")
}

fn with_digits(answer: &str, zero: char) -> String {
    let digit = |meant: char| meant.to_digit(10).and_then(|value| char::from_u32(zero as u32 + value));
    answer.chars().map(|meant| digit(meant).unwrap_or(meant)).collect()
}

/// Hangul as an input method joins it.
fn korean(answer: &str) -> String {
    let keys = "QWERTYUIOPASDFGHJKLZXCVBNM".chars().zip("ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡ".chars());
    let typed = |meant: char| keys.clone().find(|(key, _)| *key == meant).map_or(meant, |(_, typed)| typed);
    answer.chars().map(typed).nfkc().collect()
}

/// By the table of Mozc and others: of two equal letters the first becomes っ, and Z with H, J, K or L an arrow.
fn romaji(answer: &str) -> String {
    let mut typed = String::new();
    let mut waiting = None;
    for meant in answer.chars() {
        let arrow = "HJKL".find(meant).and_then(|index| "←↓↑→".chars().nth(index)).filter(|_| waiting == Some('Z'));
        waiting = match (arrow, waiting) {
            (Some(arrow), _) => {
                typed.push(arrow);
                None
            }
            (None, Some(before)) if before == meant && meant.is_ascii_alphabetic() => {
                typed.push('っ');
                Some(meant)
            }
            (None, before) => {
                typed.extend(before.map(wide));
                Some(meant)
            }
        };
    }
    typed.extend(waiting.map(wide));
    typed
}
