//! What a typed text comes down to.

mod keyboard;
mod layouts;
mod romaji;

use unicode_normalization::UnicodeNormalization;

use self::keyboard::Typed;
use crate::{Alphabet, hangul::keys_of_jamo};

/// What a typed text comes down to: compatibility forms made plain (full-width letters), letters in upper case, decimal
/// digits of any script by their value, and white space, hyphens, dots, commas and invisible characters left out.
///
/// What another keyboard made of it is read as the keys that typed it: Hangul, kana and arrows of a Japanese input
/// method, and the layouts of `typed/layouts.rs`. Where more than one of them could have typed it, the one counts that
/// makes it of the characters of answers, of letters and digits before digits alone, and of those the first.
///
/// Anything else is kept, so that it matches no answer. An empty result means that nothing was answered.
#[must_use]
pub fn normalise(typed: &str) -> String {
    let mut text = typed.to_owned();
    // What is left after one step may be read as keys in the next: an accent that an invisible character held apart from
    // its letter. Letters and digits stay what they are, and so does what was taken apart once, so the third is the last.
    loop {
        let plain = reduce(&text);
        if plain == text {
            return plain;
        }
        text = plain;
    }
}

fn reduce(text: &str) -> String {
    let plain = take_apart(text);
    // Where nothing but signs was typed, nothing was answered: a hyphen alone is not the 3 that it is on a Thai keyboard.
    if plain.is_empty() || is_of(Alphabet::Standard, &plain) || text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return plain;
    }
    let composed: String = text.nfkc().collect();
    let forms = [Typed::new(text), Typed::new(&composed)];
    let readings = || romaji::read(&composed).into_iter().chain(forms.iter().flat_map(Typed::readings));
    let is_word = |reading: &String| reading.bytes().all(|byte| byte.is_ascii_alphanumeric());
    readings()
        .find(|reading| is_of(Alphabet::Standard, reading))
        .or_else(|| readings().find(|reading| is_of(Alphabet::Digits, reading)))
        .or_else(|| if is_word(&plain) { None } else { readings().find(is_word) })
        .unwrap_or(plain)
}

fn is_of(alphabet: Alphabet, text: &str) -> bool {
    text.bytes().all(|byte| alphabet.characters().contains(&byte))
}

/// The text without what does not count, with Hangul as its keys.
fn take_apart(text: &str) -> String {
    // Decomposition rather than NFKC's composition: the two agree on every text that can match an answer, and this one
    // takes Hangul syllables apart.
    let mut plain = String::with_capacity(text.len());
    // The second pass puts accents in order that a left-out character held apart.
    for character in text.nfkd().filter(|&character| !is_left_out(character)).nfd() {
        match keys_of_jamo(character) {
            Some(keys) => plain.push_str(keys),
            None => plain.push(digit(character).unwrap_or(character).to_ascii_uppercase()),
        }
    }
    plain
}

/// The letter, in upper case, or the digit that a character is in any width, form or script.
fn letter_or_digit(character: char) -> Option<char> {
    if character.is_ascii() {
        return character.is_ascii_alphanumeric().then(|| character.to_ascii_uppercase());
    }
    let mut forms = std::iter::once(character).nfkc();
    match (forms.next(), forms.next()) {
        (Some(form), None) if form.is_ascii_alphanumeric() => Some(form.to_ascii_uppercase()),
        (Some(form), None) => digit(form),
        _ => None,
    }
}

/// A decimal digit of any script, by its value.
fn digit(character: char) -> Option<char> {
    let index = layouts::ZEROS.partition_point(|&zero| zero <= character).checked_sub(1)?;
    char::from_digit((character as u32) - (layouts::ZEROS[index] as u32), 10)
}

fn is_left_out(character: char) -> bool {
    // The prolonged sound mark is what a Japanese input method makes of a hyphen.
    let hyphen = matches!(character, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | 'ー');
    let dot_or_comma = matches!(character, '.' | ',' | '。' | '、' | '・' | '·');
    hyphen || dot_or_comma || is_invisible(character) || character.is_whitespace()
}

fn is_invisible(character: char) -> bool {
    let index = layouts::INVISIBLE.partition_point(|range| *range.start() <= character);
    index > 0 && layouts::INVISIBLE[index - 1].contains(&character)
}

#[cfg(test)]
mod tests;
