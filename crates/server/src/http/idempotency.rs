//! `Idempotency-Key`, by which a client names a request that it may send again (draft-ietf-httpapi-idempotency-key-header).

use std::borrow::Cow;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::domain::refusal::ParameterFault;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The longest name, in bytes.
const MAX_BYTES: usize = 255;

/// The name of a request, if it has one. The draft has it in quotes; one without is read as well.
///
/// # Errors
/// [`ParameterFault::IdempotencyKey`] if it is empty, longer than 255 characters, or not of printable ASCII characters
/// alone; [`ParameterFault::Ambiguous`] for two that differ.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<Cow<'_, str>>, ParameterFault> {
    let mut single = None;
    for value in headers.get_all(IDEMPOTENCY_KEY) {
        let name = name(value).ok_or(ParameterFault::IdempotencyKey)?;
        if single.as_ref().is_some_and(|before| *before != name) {
            return Err(ParameterFault::Ambiguous);
        }
        single = Some(name);
    }
    Ok(single)
}

fn name(value: &HeaderValue) -> Option<Cow<'_, str>> {
    let text = value.to_str().ok()?.trim_ascii();
    let name = match text.strip_prefix('"') {
        Some(quoted) => unquoted(quoted)?,
        None => Cow::Borrowed(text),
    };
    let is_printable = name.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    ((1..=MAX_BYTES).contains(&name.len()) && is_printable).then_some(name)
}

/// A string after its first quote, up to its last (RFC 9651, section 3.3.3).
fn unquoted(quoted: &str) -> Option<Cow<'_, str>> {
    if !quoted.contains('\\') {
        return quoted.strip_suffix('"').filter(|text| !text.contains('"')).map(Cow::Borrowed);
    }
    let mut text = String::new();
    let mut characters = quoted.chars();
    loop {
        match characters.next()? {
            '"' => return characters.next().is_none().then_some(Cow::Owned(text)),
            '\\' => text.push(characters.next().filter(|escaped| matches!(escaped, '"' | '\\'))?),
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[&str], expected: Result<Option<&str>, ParameterFault>) {
        let values = values.iter().map(|value| (IDEMPOTENCY_KEY, HeaderValue::from_str(value).unwrap()));
        let headers: HeaderMap = values.collect();
        assert_eq!(idempotency_key(&headers).as_ref().map(Option::as_deref).map_err(|fault| *fault), expected);
    }

    #[test]
    fn a_name_stands_in_quotes_or_by_itself() {
        check(&[], Ok(None));
        check(&[r#""8e03978e-40d5-43dd-bc93-6894a57f9324""#], Ok(Some("8e03978e-40d5-43dd-bc93-6894a57f9324")));
        check(&["8e03978e-40d5-43dd-bc93-6894a57f9324"], Ok(Some("8e03978e-40d5-43dd-bc93-6894a57f9324")));
        check(&[r#""say \"a\\b\"""#], Ok(Some(r#"say "a\b""#)));
        check(&["order 17"], Ok(Some("order 17")));
        check(&[&"a".repeat(255)], Ok(Some(&"a".repeat(255))));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = "a".repeat(256);
        for broken in ["", " ", r#""""#, r#"""#, r#""a"#, r#""a"b"#, r#""a\"#, r#""a\b""#, r#""a"b""#, "a\tb", &long] {
            check(&[broken], Err(ParameterFault::IdempotencyKey));
        }
        let latin = HeaderValue::from_bytes(b"caf\xe9").unwrap();
        let headers = HeaderMap::from_iter([(IDEMPOTENCY_KEY, latin)]);
        assert_eq!(idempotency_key(&headers), Err(ParameterFault::IdempotencyKey));
    }

    #[test]
    fn two_names_must_be_one() {
        check(&["a", r#""a""#], Ok(Some("a")));
        check(&["a", "b"], Err(ParameterFault::Ambiguous));
    }
}
