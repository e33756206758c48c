//! The members of an object in JSON, as parameters: texts, and whole numbers as they are written.
//!
//! Maps of `serde_json` keep the last of two members of one name, and its numbers forget how they were written. For an
//! answer either would decide what was meant.

use std::fmt;

use serde::{
    Deserializer as _,
    de::{Error, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{domain::refusal::ParameterFault, http::parameters::Parameters};

/// The members of the object that this text is. Those that are `null` are not there.
///
/// # Errors
/// [`ParameterFault::Json`] if it is none, or has too many members.
pub(super) fn members(text: &str) -> Result<Parameters<'static>, ParameterFault> {
    let mut json = serde_json::Deserializer::from_str(text);
    let members = json.deserialize_map(Members).and_then(|members| json.end().map(|()| members));
    members.map_err(|_| ParameterFault::Json)
}

struct Members;

impl<'json> Visitor<'json> for Members {
    type Value = Parameters<'static>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<Map: MapAccess<'json>>(self, mut map: Map) -> Result<Self::Value, Map::Error> {
        let mut members = Parameters::default();
        while let Some(name) = map.next_key::<String>()? {
            let value: &RawValue = map.next_value()?;
            if value.get() != "null" {
                members.push(name, text_of(value.get())).map_err(Map::Error::custom)?;
            }
        }
        Ok(members)
    }
}

/// A text, or the digits of a number without sign, point and exponent.
fn text_of(value: &str) -> Result<String, ParameterFault> {
    match value.as_bytes()[0] {
        b'"' => serde_json::from_str(value).map_err(|_| ParameterFault::Encoding),
        _ if value.bytes().all(|byte| byte.is_ascii_digit()) => Ok(value.to_owned()),
        _ => Err(ParameterFault::Value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<Option<&str>, ParameterFault>) {
        let found = members(text).and_then(|members| members.single(&["answer"]).map(|value| value.map(str::to_owned)));
        assert_eq!(found.as_ref().map(Option::as_deref).map_err(|fault| *fault), expected, "{text}");
    }

    #[test]
    fn a_text_is_read_and_a_whole_number_as_it_is_written() {
        check(r#"{"answer":"EAKJH"}"#, Ok(Some("EAKJH")));
        check(r#"{"answer":66976}"#, Ok(Some("66976")));
        check(r#"{"\u0061nswer":"\u3145"}"#, Ok(Some("ㅅ")));
        let long = "3".repeat(40);
        check(&format!(r#"{{"answer":{long}}}"#), Ok(Some(&long)));
        check(r#" { "other" : [{"answer": 1}], "answer" : 7 } "#, Ok(Some("7")));
        check(r#"{"answer":null}"#, Ok(None));
        check("{}", Ok(None));
    }

    #[test]
    fn what_is_no_text_and_no_whole_number_is_refused_if_it_is_asked_for() {
        for value in ["66976.0", "1e5", "-7", "true", "[7]", r#"{"a":7}"#] {
            check(&format!(r#"{{"answer":{value}}}"#), Err(ParameterFault::Value));
            check(&format!(r#"{{"other":{value},"answer":"a"}}"#), Ok(Some("a")));
        }
        check(r#"{"answer":"\ud800"}"#, Err(ParameterFault::Encoding));
    }

    #[test]
    fn two_members_of_one_name_must_say_the_same() {
        check(r#"{"answer":"a","answer":"b"}"#, Err(ParameterFault::Ambiguous));
        check(r#"{"answer":"a","\u0061nswer":"a"}"#, Ok(Some("a")));
        check(r#"{"other":1,"other":2,"answer":"a"}"#, Ok(Some("a")));
    }

    #[test]
    fn what_is_no_object_of_at_most_64_members_is_refused() {
        for text in ["[]", "7", "{", r#"{"answer":007}"#, r#"{"answer":"a"}x"#, r#"{"answer":"a",}"#, "{answer:1}"] {
            check(text, Err(ParameterFault::Json));
        }
        let others = |count: usize| r#""a":1,"#.repeat(count);
        check(&format!(r#"{{{}"answer":"b"}}"#, others(63)), Ok(Some("b")));
        check(&format!(r#"{{{}"answer":"b"}}"#, others(64)), Err(ParameterFault::Json));
    }
}
