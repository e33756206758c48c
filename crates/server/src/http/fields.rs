//! Named values of a request, however a client sends them: as a form, as JSON, as multipart, or in the query.

mod json;

use std::borrow::Cow;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Multipart, Request},
    http::{HeaderMap, HeaderValue, header},
};
use encoding_rs::{Encoding, UTF_8};

use super::{
    parameters::{self, Parameters},
    request::read_body,
};
use crate::domain::refusal::{ParameterFault, Refusal};

/// The values of a request's body, and behind them those of its query.
pub(crate) struct Fields {
    body: Parameters<'static>,
    query: Parameters<'static>,
}

impl Fields {
    /// Reads them. What the body is follows from its type, or from its first character where no other type that has
    /// fields is told.
    ///
    /// # Errors
    /// [`Refusal::Parameter`] for a body that is not what it says it is, or for too many fields; [`Refusal::Http`] as
    /// [`read_body`].
    pub(crate) async fn read(request: Request) -> Result<Self, Refusal> {
        let query = Self::of_query(&request)?;
        let content_type = ContentType::of(request.headers());
        let body = read_body(request).await?;
        Ok(Self { body: read(&body, &content_type).await?, ..query })
    }

    /// The same, where a body of a type that has no fields is refused, unless it is empty.
    ///
    /// # Errors
    /// As [`Fields::read`].
    pub(crate) async fn read_if_told(request: Request) -> Result<Self, Refusal> {
        let query = Self::of_query(&request)?;
        let content_type = ContentType::of(request.headers());
        let body = read_body(request).await?;
        if body.is_empty() {
            return Ok(query);
        }
        if content_type.form == Form::Other {
            return Err(ParameterFault::ContentType.into());
        }
        Ok(Self { body: read(&body, &content_type).await?, ..query })
    }

    /// Those of the query alone, whatever the body.
    ///
    /// # Errors
    /// [`Refusal::Parameter`] for too many.
    pub(crate) fn of_query(request: &Request) -> Result<Self, Refusal> {
        let query = Parameters::of_query(request.uri().query().unwrap_or_default())?.into_owned();
        Ok(Self { body: Parameters::default(), query })
    }

    /// The value of any of these names, from the body if it is there. JSON's `null` is no value.
    ///
    /// # Errors
    /// If there are two that differ, or one that cannot be read.
    pub(crate) fn single(&self, names: &[&str]) -> Result<Option<&str>, ParameterFault> {
        match self.body.single_of_any_length(names)? {
            Some(value) => Ok(Some(value)),
            None => self.query.single_of_any_length(names),
        }
    }

    /// The one value of this name that body and query have, if either has one.
    ///
    /// # Errors
    /// If there are two that differ, or one that cannot be read or is longer than a parameter may be.
    pub(crate) fn agreed(&self, name: &str) -> Result<Option<&str>, ParameterFault> {
        match (self.body.single(&[name])?, self.query.single(&[name])?) {
            (Some(in_body), Some(in_query)) if in_body != in_query => Err(ParameterFault::Ambiguous),
            (in_body, in_query) => Ok(in_body.or(in_query)),
        }
    }
}

/// The form in which a body has its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Urlencoded,
    Json,
    Multipart,
    /// No type is told.
    Untold,
    Other,
}

/// What a request, or a part of one, says of its body.
struct ContentType {
    form: Form,
    /// As it stands in the header.
    value: Option<HeaderValue>,
    /// Of its text, which is UTF-8 unless something else is told.
    charset: Result<&'static Encoding, ParameterFault>,
}

impl ContentType {
    fn of(headers: &HeaderMap) -> Self {
        let value = headers.get(header::CONTENT_TYPE).cloned();
        let text = value.as_ref().and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (media_type, parameters) = text.split_once(';').unwrap_or((text, ""));
        let form = match media_type.trim().to_ascii_lowercase().as_str() {
            "application/x-www-form-urlencoded" => Form::Urlencoded,
            "application/json" => Form::Json,
            "multipart/form-data" => Form::Multipart,
            "" => Form::Untold,
            _ => Form::Other,
        };
        let charset = charset(parameters);
        Self { form, value, charset }
    }
}

/// The charset among the parameters of a type.
fn charset(parameters: &str) -> Result<&'static Encoding, ParameterFault> {
    let mut pairs = parameters.split(';').filter_map(|pair| pair.split_once('='));
    let told = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    let Some((_, label)) = told else { return Ok(UTF_8) };
    Encoding::for_label_no_replacement(label.trim().trim_matches('"').as_bytes()).ok_or(ParameterFault::Charset)
}

async fn read(body: &Bytes, content_type: &ContentType) -> Result<Parameters<'static>, ParameterFault> {
    if content_type.form == Form::Multipart {
        return parts(body, content_type).await;
    }
    let charset = content_type.charset?;
    let is_json = match content_type.form {
        Form::Json => true,
        _ => without_mark(body).trim_ascii_start().starts_with(b"{"),
    };
    if !is_json {
        return Ok(Parameters::of_form(without_mark(body).trim_ascii(), charset)?.into_owned());
    }
    let text = parameters::text(Cow::Borrowed(body), charset)?;
    match text.trim_start_matches('\u{feff}').trim() {
        "" => Ok(Parameters::default()),
        text => json::members(text),
    }
}

/// A body without the mark of UTF-8 that some programs write before all text.
fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body)
}

async fn parts(body: &Bytes, content_type: &ContentType) -> Result<Parameters<'static>, ParameterFault> {
    let broken = |_| ParameterFault::Multipart;
    let mut request = Request::new(Body::from(body.clone()));
    request.headers_mut().extend(content_type.value.clone().map(|value| (header::CONTENT_TYPE, value)));
    let mut multipart = Multipart::from_request(request, &()).await.map_err(|_| ParameterFault::Multipart)?;
    let mut parts = Parameters::default();
    while let Some(part) = multipart.next_field().await.map_err(broken)? {
        let name = part.name().unwrap_or_default().to_owned();
        let charset = ContentType::of(part.headers()).charset;
        let bytes = part.bytes().await.map_err(broken)?;
        let text = |charset| parameters::text(Cow::Borrowed(&bytes), charset).map(Cow::into_owned);
        parts.push(name, charset.and_then(text))?;
    }
    Ok(parts)
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
            .and_then(|fields| Ok(fields.single(&["ip", "remote_ip"])?.map(str::to_owned)));
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
