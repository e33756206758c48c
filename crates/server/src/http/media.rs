//! Pictures and sounds as replies, whole or in part.

use std::ops::RangeInclusive;

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use http_range_header::{RangeUnsatisfiableError, parse_range_header};

use crate::domain::refusal::Refusal;

/// What a picture or a sound may do in a page of its own: be shown, and played.
const POLICY: &str = "default-src 'none'; media-src 'self'; frame-ancestors 'none'";

/// The whole sound, or the part that `Range` asks for (RFC 9110, section 14). Several parts at once are not served:
/// the whole is a right answer to that.
pub(crate) fn in_range(wav: Bytes, headers: &HeaderMap) -> Response {
    let part = wanted_part(headers, wav.len());
    in_part(wav, part)
}

/// What `Range` asks for of a file of this size.
pub(crate) fn wanted_part(headers: &HeaderMap, size: usize) -> Part {
    // Nothing that a client can say of what it has is known here (RFC 9110, section 13.1.5): no file has a name or a date.
    let range = headers.get(header::RANGE).filter(|_| !headers.contains_key(header::IF_RANGE));
    range.and_then(|value| value.to_str().ok()).map_or(Part::Whole, |range| part(range, size))
}

/// A sound as a reply, or the part of it that was asked for.
pub(crate) fn in_part(wav: Bytes, part: Part) -> Response {
    let size = wav.len();
    let mut response = match part {
        Part::Whole => media(StatusCode::OK, "audio/wav", wav),
        Part::Some(range) => {
            let content_range = format!("bytes {}-{}/{size}", range.start(), range.end());
            let part = wav.slice(range);
            let mut response = media(StatusCode::PARTIAL_CONTENT, "audio/wav", part);
            insert(&mut response, header::CONTENT_RANGE, &content_range);
            response
        }
        Part::Outside => {
            let mut response = Refusal::Http(StatusCode::RANGE_NOT_SATISFIABLE).into_response();
            insert(&mut response, header::CONTENT_RANGE, &format!("bytes */{size}"));
            response
        }
    };
    response.headers_mut().insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    response
}

/// What is wanted of a file.
#[derive(Debug, PartialEq)]
pub(crate) enum Part {
    Whole,
    Some(RangeInclusive<usize>),
    Outside,
}

impl Part {
    /// Whether a player that fetches a sound asks for this once. Some ask for the first two bytes before they begin, to
    /// learn whether parts are served.
    pub(crate) fn is_first(&self) -> bool {
        match self {
            Self::Whole => true,
            Self::Some(range) => *range.start() == 0 && *range.end() > 1,
            Self::Outside => false,
        }
    }
}

fn part(range: &str, size: usize) -> Part {
    // A unit that is not known, or a range that cannot be read, is to be ignored.
    let Ok(ranges) = parse_range_header(range) else { return Part::Whole };
    match ranges.validate(size as u64).as_deref() {
        Ok([range]) => Part::Some(*range.start() as usize..=*range.end() as usize),
        Err(RangeUnsatisfiableError::Unsatisfiable) => Part::Outside,
        Ok(_) | Err(_) => Part::Whole,
    }
}

/// A picture or a sound as a reply. Nobody is to keep it.
pub(crate) fn media(status: StatusCode, content_type: &'static str, bytes: Bytes) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // In a tab of its own a sound is a page of the browser's making that plays it.
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

fn insert(response: &mut Response, name: HeaderName, value: &str) {
    let value = HeaderValue::from_str(value).expect("digits and ASCII signs make a header value");
    response.headers_mut().insert(name, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(range: &str, expected: &Part) {
        assert_eq!(part(range, 1000), *expected, "{range}");
    }

    #[test]
    fn ranges_are_read_as_rfc_9110_says() {
        check("bytes=0-1", &Part::Some(0..=1));
        check("bytes=0-", &Part::Some(0..=999));
        check("bytes=990-5000", &Part::Some(990..=999));
        check("bytes=-10", &Part::Some(990..=999));
        check("bytes=1000-", &Part::Outside);
        check("bytes=0-1,5-6", &Part::Whole);
        check("lines=0-1", &Part::Whole);
        check("bytes=x", &Part::Whole);
    }

    #[test]
    fn a_sound_that_is_fetched_in_parts_is_counted_once() {
        let is_first = |range| part(range, 1000).is_first();
        assert!(is_first("bytes=0-") && is_first("bytes=0-499") && is_first("bytes=x"));
        assert!(!is_first("bytes=0-1") && !is_first("bytes=500-") && !is_first("bytes=1000-"));
    }
}
