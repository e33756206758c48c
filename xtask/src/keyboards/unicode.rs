//! What Unicode says of characters.

use std::fs;

use anyhow::{Context, ensure};

pub(super) const PACKAGE: &str = "unicode-data";
pub(super) const DATA: &str = "/usr/share/unicode/UnicodeData.txt";
const PROPERTIES: &str = "/usr/share/unicode/DerivedCoreProperties.txt";

/// The zeros of all decimal digits, in order.
pub(super) fn zeros() -> anyhow::Result<Vec<char>> {
    let data = fs::read_to_string(DATA).context(DATA)?;
    let digits: Vec<(char, u32)> = data.lines().filter_map(decimal_digit).collect();
    ensure!(digits.len().is_multiple_of(10), "decimal digits come in tens");
    let tens = digits.chunks_exact(10).map(|ten| {
        let zero = ten[0].0;
        let follows = |(value, digit): (u32, &(char, u32))| {
            *digit == (zero, 0) || (digit.1 == value && digit.0 as u32 == zero as u32 + value)
        };
        ensure!((0..).zip(ten).all(follows), "the digits behind {zero:?} are not in order");
        Ok(zero)
    });
    tens.collect()
}

/// Character and value, if the line is of a decimal digit.
fn decimal_digit(line: &str) -> Option<(char, u32)> {
    let fields: Vec<&str> = line.split(';').collect();
    Some((character(fields.first()?)?, fields.get(6)?.parse().ok()?))
}

/// The ranges of what is not shown by itself, in order, joined where they touch.
pub(super) fn invisible() -> anyhow::Result<Vec<(char, char)>> {
    let properties = fs::read_to_string(PROPERTIES).context(PROPERTIES)?;
    let mut ranges: Vec<(char, char)> = properties.lines().filter_map(default_ignorable).collect();
    ranges.sort_unstable();
    ranges.dedup_by(|next, before| {
        let touches = next.0 as u32 == before.1 as u32 + 1;
        if touches {
            before.1 = next.1;
        }
        touches
    });
    ensure!(!ranges.is_empty(), "{PROPERTIES} names no invisible character");
    Ok(ranges)
}

fn default_ignorable(line: &str) -> Option<(char, char)> {
    let (range, property) = line.split('#').next()?.split_once(';')?;
    if property.trim() != "Default_Ignorable_Code_Point" {
        return None;
    }
    let (first, last) = range.trim().split_once("..").unwrap_or((range.trim(), range.trim()));
    Some((character(first)?, character(last)?))
}

fn character(hexadecimal: &str) -> Option<char> {
    char::from_u32(u32::from_str_radix(hexadecimal, 16).ok()?)
}
