//! Parameters of a query or a form, read strictly, and once.
//!
//! `serde` and `form_urlencoded` both repair what is broken (`%zz` stays as it is, bad UTF-8 becomes U+FFFD) and take
//! the last of two values. For an answer either would decide what was meant, so broken and ambiguous parameters are
//! refused here instead. Parameters that nobody asks for may be anything, but there may not be very many.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};
use percent_encoding::percent_decode;

use crate::domain::refusal::ParameterFault;

/// The longest value of a parameter, decoded, in bytes.
pub(crate) const MAX_VALUE_BYTES: usize = 256;
/// The most parameters of a query or a body. No call has half as many.
pub(crate) const MAX_PARAMETERS: usize = 64;

/// The parameters of a query or a body: of each its name, and its value or why that cannot be read.
#[derive(Debug, Default)]
pub(crate) struct Parameters<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

type Value<'a> = Result<Cow<'a, str>, ParameterFault>;

impl<'a> Parameters<'a> {
    /// Those of a query, which is in UTF-8. Nothing between two `&` is no parameter.
    ///
    /// # Errors
    /// [`ParameterFault::TooMany`] above [`MAX_PARAMETERS`].
    pub(crate) fn of_query(encoded: &'a str) -> Result<Self, ParameterFault> {
        Self::of_form(encoded.as_bytes(), UTF_8)
    }

    /// Those of an urlencoded form in this charset.
    ///
    /// # Errors
    /// As [`Parameters::of_query`].
    pub(crate) fn of_form(encoded: &'a [u8], charset: &'static Encoding) -> Result<Self, ParameterFault> {
        let mut parameters = Self::default();
        // No character of the charsets of forms has the byte of `&` or `=` in it.
        let pairs = encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
        for (number, pair) in pairs.enumerate() {
            if number == MAX_PARAMETERS {
                return Err(ParameterFault::TooMany);
            }
            let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
                Some(at) => (&pair[..at], &pair[at + 1..]),
                None => (pair, &[][..]),
            };
            // One whose name cannot be read is none that anybody asks for.
            if let Ok(name) = decode(name, charset) {
                parameters.0.push((name, decode(value, charset)));
            }
        }
        Ok(parameters)
    }

    /// With one more, from another form of body.
    ///
    /// # Errors
    /// As [`Parameters::of_query`].
    pub(crate) fn push(&mut self, name: String, value: Result<String, ParameterFault>) -> Result<(), ParameterFault> {
        if self.0.len() == MAX_PARAMETERS {
            return Err(ParameterFault::TooMany);
        }
        self.0.push((Cow::Owned(name), value.map(Cow::Owned)));
        Ok(())
    }

    /// The same, for as long as one likes.
    pub(crate) fn into_owned(self) -> Parameters<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Parameters(self.0.into_iter().map(|(name, value)| (owned(name), value.map(owned))).collect())
    }

    /// The one value that all parameters of these names have, or `None` if there are none.
    ///
    /// # Errors
    /// If two values differ, or one cannot be read or is longer than [`MAX_VALUE_BYTES`].
    pub(crate) fn single(&self, names: &[&str]) -> Result<Option<&str>, ParameterFault> {
        match self.single_of_any_length(names)? {
            Some(value) if value.len() > MAX_VALUE_BYTES => Err(ParameterFault::TooLong),
            value => Ok(value),
        }
    }

    /// The same, of a value that may be as long as a body.
    ///
    /// # Errors
    /// If two values differ, or one cannot be read.
    pub(crate) fn single_of_any_length(&self, names: &[&str]) -> Result<Option<&str>, ParameterFault> {
        let mut single = None;
        for (_, value) in self.0.iter().filter(|(name, _)| names.contains(&&**name)) {
            let value = value.as_deref().map_err(|fault| *fault)?;
            if single.is_some_and(|before| before != value) {
                return Err(ParameterFault::Ambiguous);
            }
            single = Some(value);
        }
        Ok(single)
    }

    /// What a call wants of these names, where what is said wrongly counts as not said.
    pub(crate) fn wish(&self, names: &[&str]) -> Option<&str> {
        self.single(names).ok().flatten()
    }

    /// Those of a query of which what is said wrongly counts as not said; of one that says too much, nothing is.
    pub(crate) fn wishes(query: &'a str) -> Self {
        Self::of_query(query).unwrap_or_default()
    }
}

fn decode<'a>(encoded: &'a [u8], charset: &'static Encoding) -> Value<'a> {
    if !is_well_encoded(encoded) {
        return Err(ParameterFault::Encoding);
    }
    if encoded.contains(&b'+') {
        let spaced: Vec<u8> = encoded.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        return Ok(Cow::Owned(text(percent_decode(&spaced).into(), charset)?.into_owned()));
    }
    text(percent_decode(encoded).into(), charset)
}

/// Bytes as the text that they are in a charset, strictly.
///
/// # Errors
/// [`ParameterFault::Encoding`] if they are none.
pub(crate) fn text<'a>(bytes: Cow<'a, [u8]>, charset: &'static Encoding) -> Value<'a> {
    let text = match bytes {
        Cow::Borrowed(bytes) => charset.decode_without_bom_handling_and_without_replacement(bytes),
        Cow::Owned(bytes) => {
            let text = charset.decode_without_bom_handling_and_without_replacement(&bytes);
            text.map(|text| Cow::Owned(text.into_owned()))
        }
    };
    text.ok_or(ParameterFault::Encoding)
}

/// Whether two hexadecimal digits follow every `%`.
fn is_well_encoded(encoded: &[u8]) -> bool {
    encoded
        .split(|byte| *byte == b'%')
        .skip(1)
        .all(|after| after.len() >= 2 && after[..2].iter().all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use encoding_rs::{EUC_KR, SHIFT_JIS};

    use super::*;

    #[track_caller]
    fn check_form(form: &[u8], charset: &'static Encoding, expected: Result<Option<&str>, ParameterFault>) {
        let single = Parameters::of_form(form, charset)
            .and_then(|parameters| parameters.single(&["key", "keys"]).map(|value| value.map(str::to_owned)));
        assert_eq!(single.as_ref().map(Option::as_deref).map_err(|fault| *fault), expected, "{form:?}");
    }

    #[track_caller]
    fn check(query: &str, expected: Result<Option<&str>, ParameterFault>) {
        check_form(query.as_bytes(), UTF_8, expected);
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
        check("key=a&key=b", Err(ParameterFault::Ambiguous));
        check("key=a&keys=", Err(ParameterFault::Ambiguous));
    }

    #[test]
    fn broken_values_are_refused() {
        for broken in ["key=%", "key=%4", "key=%zz", "key=%ff", "key=%C3", "key=a%00%"] {
            check(broken, Err(ParameterFault::Encoding));
        }
        check(&format!("key={}", "a".repeat(256)), Ok(Some(&"a".repeat(256))));
        check(&format!("key={}", "a".repeat(257)), Err(ParameterFault::TooLong));
    }

    #[test]
    fn more_than_64_are_refused_and_empty_ones_are_none() {
        let others = |count: usize| "a=%zz&".repeat(count);
        check(&format!("{}key=b", others(63)), Ok(Some("b")));
        check(&format!("{}key=b", others(64)), Err(ParameterFault::TooMany));
        check(&"=&".repeat(65), Err(ParameterFault::TooMany));
        check(&"%zz&".repeat(65), Err(ParameterFault::TooMany));
        check(&format!("{0}key=b{0}", "&".repeat(3_000)), Ok(Some("b")));
    }

    #[test]
    fn what_is_said_wrongly_is_not_said() {
        assert_eq!(Parameters::wishes("lang=ko&pace=%zz").wish(&["lang"]), Some("ko"));
        assert_eq!(Parameters::wishes("lang=ko&pace=%zz").wish(&["pace"]), None);
        assert_eq!(Parameters::wishes("lang=ko&lang=en").wish(&["lang"]), None);
        assert_eq!(Parameters::wishes(&"lang=ko&".repeat(65)).wish(&["lang"]), None);
    }

    #[test]
    fn a_form_is_read_in_its_charset() {
        check_form(b"key=%A4%B5a", EUC_KR, Ok(Some("ㅅa")));
        check_form(b"key=\xA4\xB5+%61", EUC_KR, Ok(Some("ㅅ a")));
        // Full-width letters, whose second bytes are those of plain ones.
        check_form(b"key=%82i%82a&other=1", SHIFT_JIS, Ok(Some("ＪＢ")));
        check_form(b"key=%A4%B5", UTF_8, Err(ParameterFault::Encoding));
        check_form(b"key=%A4", EUC_KR, Err(ParameterFault::Encoding));
    }
}
