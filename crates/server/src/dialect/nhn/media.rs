//! The two calls that show a challenge: its picture and its sound.
//!
//! They look at the key's seal and age only, so that they go on when the ledger is gone.

use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::{FromRequestParts, State},
    http::{HeaderMap, StatusCode, Uri, header, request::Parts},
    response::Response,
};
use haechi_captcha::{Language, Look, Notice, Pace, Scale, Speech, Theme, Word, image::render_notice};

use super::reply::{self, Envelope};
use crate::{
    clock::unix_now,
    domain::{apps::LiveApp, metrics::Call, outcome::Outcome, refusal::Refusal, service::Service},
    http::{
        language,
        media::{in_part, media, wanted_part},
        parameters::Parameters,
        request::segment_after,
    },
};

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
pub(super) async fn image(State(service): State<Arc<Service>>, request: MediaRequest) -> Response {
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
pub(super) async fn sound(State(service): State<Arc<Service>>, request: MediaRequest) -> Response {
    request.sound(&service).await.unwrap_or_else(|refusal| request.refuse(&service, Call::Sound, &refusal))
}

/// What both calls look at of a request.
pub(super) struct MediaRequest {
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
        Ok(counted(media(StatusCode::OK, "image/gif", gif), Outcome::Success))
    }

    async fn sound(&self, service: &Service) -> Result<Response, Refusal> {
        let (challenge, live) = self.challenge(service)?;
        let language = self.wanted.language.unwrap_or(live.language);
        let wav = service.speak(challenge, Speech::new(language).with_pace(self.wanted.pace)).await?;
        let part = wanted_part(&self.headers, wav.len());
        if part.is_first() {
            live.counters.count_sound();
        }
        let response = in_part(wav, part);
        Ok(if response.status().is_success() { counted(response, Outcome::Success) } else { response })
    }

    /// The challenge of the key in the path, if it may be shown.
    fn challenge(&self, service: &Service) -> Result<(Word, Arc<LiveApp>), Refusal> {
        let (challenge, live) = service.word(segment_after(&self.uri, "keys"))?;
        service.check_time(&live, &challenge, unix_now())?;
        Ok((challenge, live))
    }

    /// What a request gets instead of a challenge.
    fn refuse(&self, service: &Service, call: Call, refusal: &Refusal) -> Response {
        match refusal {
            // Whatever the client accepts: a notice would be one more picture to draw.
            Refusal::Busy | Refusal::Internal => {
                service.metrics().count_shed(call);
                reply::refusal(refusal)
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
    let status = refusal.status();
    if !accepts_images(headers) {
        return reply::refusal_with_status(refusal, status);
    }
    let language = wanted.language.unwrap_or_default();
    let notice = render_notice(Notice::Expired, language, &wanted.adapt(Look::default()));
    counted(media(status, "image/gif", notice.into()), refusal.outcome())
}

fn counted(mut response: Response, outcome: Outcome) -> Response {
    response.extensions_mut().insert(outcome);
    response
}

/// Whether `Accept` names `image/…`, as a browser's does for an `<img>`; `*/*` alone names nothing.
fn accepts_images(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|range| range.trim_start().to_ascii_lowercase().starts_with("image/"))
}
