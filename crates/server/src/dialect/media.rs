//! The two calls that show a challenge: its picture and its sound.
//!
//! They look at the key's seal and age only, so that they go on when the ledger is gone.

use std::{convert::Infallible, ops::RangeInclusive, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::{FromRequestParts, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Response},
};
use haechi_captcha::{Challenge, Language, Look, Pace, Scale, Speech, Theme, image::render_expired};
use http_range_header::{RangeUnsatisfiableError, parse_range_header};
use tower_http::{
    cors::{Any, CorsLayer},
    set_header::SetResponseHeaderLayer,
};

use super::reply::{self, Envelope};
use crate::domain::{
    apps::LiveApp,
    metrics::Call,
    refusal::{Refusal, ResultCode},
    service::Service,
};
use crate::http::{language, parameters::Parameters, request::segment_after};

/// Any origin may show a challenge, and read the headers that a player needs.
pub(crate) fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::HEAD])
        .allow_headers([header::RANGE])
        .expose_headers([header::ACCEPT_RANGES, header::CONTENT_LENGTH, header::CONTENT_RANGE])
}

/// A sound's language, and whether a refusal is an envelope or a picture in some language, depend on the reader.
pub(crate) fn vary() -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::appending(header::VARY, HeaderValue::from_static("accept, accept-language"))
}

/// Draw a challenge.
#[utoipa::path(
    get, path = "/captcha/v1.0/keys/{key}/img", tag = "CAPTCHA API v1.0",
    params(
        ("key" = String, Path, description = "The key of the challenge"),
        ("scale" = Option<u8>, Query, description = "Image pixels for each CSS pixel: 1, 2 or 3"),
        ("theme" = Option<String>, Query, description = "light or dark, instead of the app's theme"),
    ),
    responses(
        (status = 200, content_type = "image/gif", description = "The picture"),
        (status = 404, body = Envelope, description = "`INVALID_KEY_ERROR` (-7); to a client that accepts images, a small GIF that says so"),
        (status = 410, body = Envelope, description = "`EXPIRED_KEY_ERROR` (-5); likewise"),
        (status = 503, body = Envelope, description = "`FAIL` (-1): too much waits to be drawn; `Retry-After` says when to come back"),
    )
)]
pub(crate) async fn image(State(service): State<Arc<Service>>, request: MediaRequest) -> Response {
    request.image(&service).await.unwrap_or_else(|refusal| request.refuse(&service, Call::Image, &refusal))
}

/// Speak a challenge.
#[utoipa::path(
    get, path = "/captcha/v1.0/keys/{key}/sound", tag = "CAPTCHA API v1.0",
    params(
        ("key" = String, Path, description = "The key of the challenge"),
        ("lang" = Option<String>, Query, description = "ko, en, ja or zh; else by `Accept-Language`, else the app's language. A challenge that was issued in a language speaks that one whatever is asked. In another language than the challenge's own, the sound says another word than the picture"),
        ("pace" = Option<String>, Query, description = "normal (the default) or slow"),
        ("Range" = Option<String>, Header, description = "A part of the sound, in bytes"),
    ),
    responses(
        (status = 200, content_type = "audio/wav", description = "The sound: 16-bit mono PCM at 16 kHz"),
        (status = 206, content_type = "audio/wav", description = "The part that `Range` asked for"),
        (status = 404, body = Envelope, description = "`INVALID_KEY_ERROR` (-7)"),
        (status = 410, body = Envelope, description = "`EXPIRED_KEY_ERROR` (-5)"),
        (status = 416, body = Envelope, description = "`HTTP_STATUS_ERROR` (-3): the range is outside the sound"),
        (status = 503, body = Envelope, description = "`FAIL` (-1): too much waits to be spoken; `Retry-After` says when to come back"),
    )
)]
pub(crate) async fn sound(State(service): State<Arc<Service>>, request: MediaRequest) -> Response {
    request.sound(&service).await.unwrap_or_else(|refusal| request.refuse(&service, Call::Sound, &refusal))
}

/// What both calls look at of a request.
pub(crate) struct MediaRequest {
    uri: Uri,
    headers: HeaderMap,
    wanted: Wanted,
}

impl<State: Sync> FromRequestParts<State> for MediaRequest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Infallible> {
        let wanted = Wanted::read(parts.uri.query().unwrap_or_default(), &parts.headers);
        Ok(Self { uri: parts.uri.clone(), headers: parts.headers.clone(), wanted })
    }
}

impl MediaRequest {
    async fn image(&self, service: &Service) -> Result<Response, Refusal> {
        let (challenge, live) = self.challenge(service)?;
        let gif = service.draw(challenge, self.wanted.adapt(live.look.clone())).await?;
        live.counters.count_image();
        Ok(media(StatusCode::OK, "image/gif", gif, ResultCode::Success))
    }

    async fn sound(&self, service: &Service) -> Result<Response, Refusal> {
        let (challenge, live) = self.challenge(service)?;
        let language = self.wanted.language.unwrap_or(live.language);
        let wav = service.speak(challenge, Speech::new(language).with_pace(self.wanted.pace)).await?;
        let part = wanted_part(&self.headers, wav.len());
        if part.is_first() {
            live.counters.count_sound();
        }
        Ok(in_part(wav, part))
    }

    /// The challenge of the key in the path, if it may be shown.
    fn challenge(&self, service: &Service) -> Result<(Challenge, Arc<LiveApp>), Refusal> {
        let (challenge, live) = service.challenge(segment_after(&self.uri, "keys"))?;
        service.check_time(&live, &challenge)?;
        Ok((challenge, live))
    }

    /// What a request gets instead of a challenge.
    fn refuse(&self, service: &Service, call: Call, refusal: &Refusal) -> Response {
        match refusal {
            // Whatever the client accepts: a notice would be one more picture to draw.
            Refusal::Busy | Refusal::Internal => {
                service.metrics().count_shed(call);
                let (code, status) = refusal.code_and_status();
                reply::refusal(refusal, code, status)
            }
            _ => not_shown(refusal, &self.wanted, &self.headers),
        }
    }
}

/// What a request says of how it wants a challenge shown. What it says wrongly it has not said.
struct Wanted {
    scale: Scale,
    theme: Option<Theme>,
    language: Option<Language>,
    pace: Pace,
}

impl Wanted {
    fn read(query: &str, headers: &HeaderMap) -> Self {
        let text = |name| Parameters::new(query).single(&[name]).ok().flatten();
        let scale = text("scale").and_then(|text| text.parse::<u8>().ok()).and_then(|number| number.try_into().ok());
        Self {
            scale: scale.unwrap_or_default(),
            theme: text("theme").and_then(|text| text.parse().ok()),
            language: text("lang").and_then(|text| text.parse().ok()).or_else(|| language::preferred(headers)),
            pace: text("pace").and_then(|text| text.parse().ok()).unwrap_or_default(),
        }
    }

    fn adapt(&self, look: Look) -> Look {
        let look = look.with_scale(self.scale);
        match self.theme {
            Some(theme) => look.with_theme(theme),
            None => look,
        }
    }
}

/// What a request gets whose challenge is not shown: the envelope, or a picture of the notice in an `<img>`.
fn not_shown(refusal: &Refusal, wanted: &Wanted, headers: &HeaderMap) -> Response {
    let (code, status) = match refusal {
        Refusal::Expired => (ResultCode::ExpiredKeyError, StatusCode::GONE),
        _ => (ResultCode::InvalidKeyError, StatusCode::NOT_FOUND),
    };
    if !accepts_images(headers) {
        return reply::refusal(refusal, code, status);
    }
    let notice = render_expired(wanted.language.unwrap_or_default(), &wanted.adapt(Look::default()));
    media(status, "image/gif", notice.into(), code)
}

/// Whether `Accept` names `image/…`, as a browser's does for an `<img>`; `*/*` alone names nothing.
fn accepts_images(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|range| range.trim_start().to_ascii_lowercase().starts_with("image/"))
}

/// The whole sound, or the part that `Range` asks for (RFC 9110, section 14). Several parts at once are not served:
/// the whole is a right answer to that.
pub(crate) fn in_range(wav: Bytes, headers: &HeaderMap) -> Response {
    let part = wanted_part(headers, wav.len());
    in_part(wav, part)
}

fn wanted_part(headers: &HeaderMap, size: usize) -> Part {
    let range = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    range.map_or(Part::Whole, |range| part(range, size))
}

fn in_part(wav: Bytes, part: Part) -> Response {
    let size = wav.len();
    let mut response = match part {
        Part::Whole => media(StatusCode::OK, "audio/wav", wav, ResultCode::Success),
        Part::Some(range) => {
            let content_range = format!("bytes {}-{}/{size}", range.start(), range.end());
            let part = wav.slice(range);
            let mut response = media(StatusCode::PARTIAL_CONTENT, "audio/wav", part, ResultCode::Success);
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

#[derive(Debug, PartialEq)]
enum Part {
    Whole,
    Some(RangeInclusive<usize>),
    Outside,
}

impl Part {
    /// Whether a player that fetches a sound asks for this once. Some ask for the first two bytes before they begin, to
    /// learn whether parts are served.
    fn is_first(&self) -> bool {
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

fn media(status: StatusCode, content_type: &'static str, bytes: Bytes, code: ResultCode) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(code);
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
