//! Parameters of a query or a form, read strictly.
//!
//! `serde` and `form_urlencoded` both repair what is broken (`%zz` stays as it is, bad UTF-8 becomes U+FFFD) and take
//! the last of two values. For an answer either would decide what was meant, so broken and ambiguous parameters are
//! refused here instead. Parameters that nobody asks for may be anything.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::domain::refusal::Refusal;

/// The longest value of a parameter, decoded, in bytes.
pub(crate) const MAX_VALUE_BYTES: usize = 256;

/// The parameters of a query string or an urlencoded form, not yet decoded.
#[derive(Clone, Copy)]
pub(crate) struct Parameters<'a>(&'a str);

impl<'a> Parameters<'a> {
    pub(crate) fn new(encoded: &'a str) -> Self {
        Self(encoded)
    }

    /// The one value that all parameters of these names have, or `None` if there are none.
    ///
    /// # Errors
    /// [`Refusal::Parameter`] if two values differ, or one is too long, badly percent-encoded or not UTF-8.
    pub(crate) fn single(self, names: &[&str]) -> Result<Option<Cow<'a, str>>, Refusal> {
        let single = self.single_of_any_length(names)?;
        if single.as_ref().is_some_and(|value| value.len() > MAX_VALUE_BYTES) {
            return Err(Refusal::Parameter);
        }
        Ok(single)
    }

    /// The same, of a value that may be as long as a body.
    ///
    /// # Errors
    /// [`Refusal::Parameter`] if two values differ, or one is badly percent-encoded or not UTF-8.
    pub(crate) fn single_of_any_length(self, names: &[&str]) -> Result<Option<Cow<'a, str>>, Refusal> {
        let mut single: Option<Cow<'a, str>> = None;
        for (name, value) in self.0.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, ""))) {
            if !decode(name).is_ok_and(|name| names.contains(&&*name)) {
                continue;
            }
            let value = decode(value)?;
            if single.as_ref().is_some_and(|before| *before != value) {
                return Err(Refusal::Parameter);
            }
            single = Some(value);
        }
        Ok(single)
    }
}

fn decode(encoded: &str) -> Result<Cow<'_, str>, Refusal> {
    if !is_well_encoded(encoded) {
        return Err(Refusal::Parameter);
    }
    if encoded.contains('+') {
        let spaced = encoded.replace('+', " ");
        let decoded = percent_decode_str(&spaced).decode_utf8().map_err(|_| Refusal::Parameter)?;
        return Ok(Cow::Owned(decoded.into_owned()));
    }
    percent_decode_str(encoded).decode_utf8().map_err(|_| Refusal::Parameter)
}

/// Whether two hexadecimal digits follow every `%`.
fn is_well_encoded(encoded: &str) -> bool {
    encoded.split('%').skip(1).all(|after| {
        let digits = after.as_bytes();
        digits.len() >= 2 && digits[..2].iter().all(u8::is_ascii_hexdigit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, expected: Result<Option<&str>, ()>) {
        let single = Parameters::new(query).single(&["key", "keys"]);
        assert_eq!(single.as_ref().map(Option::as_deref).map_err(|_| ()), expected, "{query}");
    }

    #[test]
    fn one_value_is_found_under_either_name() {
        check("", Ok(None));
        check("other=%zz&&=", Ok(None));
        check("key=a", Ok(Some("a")));
        check("timestamp=1&keys=a%20b+c", Ok(Some("a b c")));
        check("%6bey=a", Ok(Some("a")));
        check("key", Ok(Some("")));
        check("key=a=b", Ok(Some("a=b")));
        check("key=%EA%B0%80", Ok(Some("가")));
    }

    #[test]
    fn the_same_value_twice_is_one_and_two_values_are_none() {
        check("key=a&keys=a&key=%61", Ok(Some("a")));
        check("key=a&key=b", Err(()));
        check("key=a&keys=", Err(()));
    }

    #[test]
    fn broken_values_are_refused() {
        for broken in ["key=%", "key=%4", "key=%zz", "key=%ff", "key=%C3", "key=a%00%"] {
            check(broken, Err(()));
        }
        check(&format!("key={}", "a".repeat(256)), Ok(Some(&"a".repeat(256))));
        check(&format!("key={}", "a".repeat(257)), Err(()));
    }
}
