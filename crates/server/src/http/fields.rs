//! Named values of a request, however a client sends them: as a form, as JSON, as multipart, or in the query.

use std::borrow::Cow;

use axum::{
    extract::{FromRequest, Multipart, Request},
    http::{HeaderMap, StatusCode, header},
};
use serde_json::{Map, Value};

use super::{parameters::Parameters, request::read_body};
use crate::domain::refusal::Refusal;

/// The values of a request's body, and behind them those of its query.
pub(crate) struct Fields {
    body: Body,
    query: String,
}

enum Body {
    /// As in a query: encoded, and not yet looked at.
    Form(String),
    Named(Vec<(String, String)>),
    Json(Map<String, Value>),
}

impl Fields {
    /// Reads them. What the body is follows from its type, or from its first character where no type is told.
    ///
    /// # Errors
    /// [`Refusal::Parameter`] for a body that is not what it says it is; [`Refusal::Http`] as [`read_body`].
    pub(crate) async fn read(request: Request) -> Result<Self, Refusal> {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let body = match media_type(request.headers()).as_str() {
            "multipart/form-data" => Body::Named(parts(request).await?),
            media_type => {
                let body = read_body(request).await?;
                let text =
                    std::str::from_utf8(&body).map_err(|_| Refusal::Parameter)?.trim_start_matches('\u{feff}').trim();
                if media_type == "application/json" || text.starts_with('{') {
                    Body::Json(if text.is_empty() { Map::new() } else { object(text)? })
                } else {
                    Body::Form(text.to_owned())
                }
            }
        };
        Ok(Self { body, query })
    }

    /// The value of any of these names, from the body if it is there. JSON's `null` is no value.
    ///
    /// # Errors
    /// [`Refusal::Parameter`] if there are two that differ, or one that cannot be read.
    pub(crate) fn single(&self, names: &[&str]) -> Result<Option<Cow<'_, str>>, Refusal> {
        let found = match &self.body {
            Body::Form(form) => Parameters::new(form).single_of_any_length(names)?,
            Body::Named(parts) => {
                the_one(parts.iter().filter(|(name, _)| names.contains(&&**name)).map(|(_, v)| &**v))?
            }
            Body::Json(object) => {
                let values = names.iter().filter_map(|name| object.get(*name)).filter(|value| !value.is_null());
                let texts: Vec<Cow<'_, str>> = values.map(text_of).collect::<Option<_>>().ok_or(Refusal::Parameter)?;
                the_one(texts.iter().map(|text| &**text))?.map(|text| Cow::Owned(text.into_owned()))
            }
        };
        match found {
            Some(found) => Ok(Some(found)),
            None => Parameters::new(&self.query).single_of_any_length(names),
        }
    }
}

/// A text, or a number as it is written in a form.
fn text_of(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

fn the_one<'a>(mut values: impl Iterator<Item = &'a str>) -> Result<Option<Cow<'a, str>>, Refusal> {
    let first = values.next();
    if values.all(|value| Some(value) == first) { Ok(first.map(Cow::Borrowed)) } else { Err(Refusal::Parameter) }
}

fn media_type(headers: &HeaderMap) -> String {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn object(text: &str) -> Result<Map<String, Value>, Refusal> {
    serde_json::from_str(text).map_err(|_| Refusal::Parameter)
}

async fn parts(request: Request) -> Result<Vec<(String, String)>, Refusal> {
    let mut multipart = Multipart::from_request(request, &()).await.map_err(|_| Refusal::Parameter)?;
    let mut parts = Vec::new();
    while let Some(part) = multipart.next_field().await.map_err(|error| too_large_or_broken(error.status()))? {
        let name = part.name().unwrap_or_default().to_owned();
        let text = part.text().await.map_err(|error| too_large_or_broken(error.status()))?;
        parts.push((name, text));
    }
    Ok(parts)
}

fn too_large_or_broken(status: StatusCode) -> Refusal {
    if status == StatusCode::PAYLOAD_TOO_LARGE { Refusal::Http(status) } else { Refusal::Parameter }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(content_type: &str, query: &str, body: &str) -> Result<Fields, Refusal> {
        let request = Request::post(format!("/siteverify?{query}"));
        let request = if content_type.is_empty() { request } else { request.header("content-type", content_type) };
        Fields::read(request.body(axum::body::Body::from(body.to_owned())).unwrap()).await
    }

    #[track_caller]
    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    #[track_caller]
    fn check(content_type: &str, query: &str, body: &str, expected: Result<Option<&str>, ()>) {
        let found = block_on(read(content_type, query, body))
            .and_then(|fields| fields.single(&["ip", "remote_ip"]).map(|value| value.map(Cow::into_owned)));
        assert_eq!(
            found.map_err(|_| ()),
            expected.map(|value| value.map(str::to_owned)),
            "{content_type} {query} {body}"
        );
    }

    const FORM: &str = "application/x-www-form-urlencoded";
    const JSON: &str = "application/json; charset=utf-8";
    const MULTIPART: &str = "multipart/form-data; boundary=x";

    #[test]
    fn a_value_is_found_wherever_it_is() {
        check(FORM, "", "a=1&ip=b%20c", Ok(Some("b c")));
        check("", "", "ip=b", Ok(Some("b")));
        check("text/plain", "", "ip=b", Ok(Some("b")));
        check("", "ip=b", "", Ok(Some("b")));
        check(FORM, "ip=b", "", Ok(Some("b")));
        check(FORM, "ip=c", "ip=b", Ok(Some("b")));
        check(JSON, "", r#"{"remote_ip":"b","n":3}"#, Ok(Some("b")));
        check("", "", r#" {"ip":"b"}"#, Ok(Some("b")));
        check(JSON, "ip=c", r#"{"ip":null}"#, Ok(Some("c")));
        check(JSON, "ip=c", "", Ok(Some("c")));
        check(JSON, "", "\u{feff}{\"ip\":7}", Ok(Some("7")));
        check(MULTIPART, "", "--x\r\nContent-Disposition: form-data; name=\"ip\"\r\n\r\nb\r\n--x--\r\n", Ok(Some("b")));
        check(FORM, "", "a=1", Ok(None));
        let long = "b".repeat(2_000);
        check(FORM, "", &format!("ip={long}"), Ok(Some(&long)));
    }

    #[test]
    fn what_cannot_be_read_is_refused_only_if_it_is_asked_for() {
        check(FORM, "", "ip=%zz", Err(()));
        check(FORM, "", "a=%zz&ip=b", Ok(Some("b")));
        check(FORM, "", "ip=b&remote_ip=c", Err(()));
        check(JSON, "", r#"{"ip":[7]}"#, Err(()));
        check(JSON, "", r#"{"ip":"b","a":[1]}"#, Ok(Some("b")));
        check(JSON, "", "[]", Err(()));
        check(JSON, "", "{", Err(()));
        check(MULTIPART, "", "nonsense", Err(()));
    }
}
