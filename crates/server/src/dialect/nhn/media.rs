//! The two calls that show a challenge: its picture and its sound.
//!
//! They look at the key's seal and age only, so that they go on when the ledger is gone.

use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::{FromRequestParts, State},
    http::{HeaderMap, StatusCode, Uri, request::Parts},
    response::Response,
};
use haechi_captcha::{Format, Language, Look, Pace, PictureFormat, Scale, Speech, Theme, Word};

use super::reply::Envelope;
use crate::{
    clock::unix_now,
    domain::{
        apps::LiveApp,
        client::{Client, Peer},
        metrics::Call,
        outcome::Outcome,
        refusal::Refusal,
        service::Service,
    },
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
        (status = 429, body = Envelope, description = "`HTTP_STATUS_ERROR` (-3): the client's limit is reached; likewise. `Retry-After` says when to come back"),
        (status = 503, body = Envelope, description = "`FAIL` (-1): too much waits to be drawn; likewise. `Retry-After` says when to come back"),
    )
)]
pub(super) async fn image(State(service): State<Arc<Service>>, request: MediaRequest) -> Result<Response, Refusal> {
    request.image(&service, request.key(), PictureFormat::Gif).await
}

/// Speak a challenge.
#[utoipa::path(
    get, path = "/captcha/v1.0/keys/{key}/sound", tag = "CAPTCHA API v1.0",
    params(
        ("key" = String, Path, description = "The key of the challenge"),
        ("lang" = Option<String>, Query, description = "ko, en, ja or zh; else by `Accept-Language`, else the app's language. A challenge that was issued in a language speaks that one whatever is asked. In another language than the challenge's own, the sound says another word than the picture"),
        ("pace" = Option<String>, Query, description = "normal (the default) or slow"),
        ("format" = Option<String>, Query, description = "pcm (the default) or mulaw: the same samples in half the bytes, which browsers play too"),
        ("repeat" = Option<bool>, Query, description = "true: all of it again, after a second. false is the default"),
        ("Range" = Option<String>, Header, description = "A part of the sound, in bytes"),
    ),
    responses(
        (status = 200, content_type = "audio/wav", description = "The sound: mono at 16 kHz, in 16-bit PCM or as `format` says. To a browser's player (`Sec-Fetch-Dest: audio`), which plays nothing of another status, also a spoken notice instead of each refusal below but 416"),
        (status = 206, content_type = "audio/wav", description = "The part that `Range` asked for"),
        (status = 404, body = Envelope, description = "`INVALID_KEY_ERROR` (-7); to a client whose `Accept` names a type of sounds, a sound that says so"),
        (status = 410, body = Envelope, description = "`EXPIRED_KEY_ERROR` (-5); likewise"),
        (status = 416, body = Envelope, description = "`HTTP_STATUS_ERROR` (-3): the range is outside the sound"),
        (status = 429, body = Envelope, description = "`HTTP_STATUS_ERROR` (-3): the client's limit is reached; likewise. `Retry-After` says when to come back"),
        (status = 503, body = Envelope, description = "`FAIL` (-1): too much waits to be spoken; likewise. `Retry-After` says when to come back"),
    )
)]
pub(super) async fn sound(State(service): State<Arc<Service>>, request: MediaRequest) -> Result<Response, Refusal> {
    request.sound(&service, request.key()).await
}

/// What calls that show a challenge look at of a request.
pub(crate) struct MediaRequest {
    uri: Uri,
    headers: HeaderMap,
    peer: Option<Peer>,
    wanted: Wanted,
}

impl<State: Sync> FromRequestParts<State> for MediaRequest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Infallible> {
        let wanted = Wanted::read(parts.uri.query().unwrap_or_default(), &parts.headers);
        let peer = parts.extensions.get().copied();
        Ok(Self { uri: parts.uri.clone(), headers: parts.headers.clone(), peer, wanted })
    }
}

impl MediaRequest {
    /// The key in the path.
    fn key(&self) -> &str {
        segment_after(&self.uri, "keys")
    }

    /// What is asked for, and where.
    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The picture of a key, if it may be shown.
    ///
    /// # Errors
    /// [`Refusal::Key`], [`Refusal::Expired`], and as [`Service::draw`].
    pub(crate) async fn image(&self, service: &Service, key: &str, format: PictureFormat) -> Result<Response, Refusal> {
        self.drawn(service, key, format).await.inspect_err(|refusal| count_shed(service, Call::Image, refusal))
    }

    /// The sound of a key, if it may be heard.
    ///
    /// # Errors
    /// [`Refusal::Key`], [`Refusal::Expired`], and as [`Service::speak`].
    pub(crate) async fn sound(&self, service: &Service, key: &str) -> Result<Response, Refusal> {
        self.spoken(service, key).await.inspect_err(|refusal| count_shed(service, Call::Sound, refusal))
    }

    async fn drawn(&self, service: &Service, key: &str, format: PictureFormat) -> Result<Response, Refusal> {
        let (challenge, live) = challenge(service, key)?;
        let look = self.wanted.adapt(live.look.clone()).with_format(format);
        let picture = service.draw(challenge, look, self.client(service)).await?;
        live.counters.count_image();
        Ok(counted(media(StatusCode::OK, format.media_type(), picture), Outcome::Success))
    }

    async fn spoken(&self, service: &Service, key: &str) -> Result<Response, Refusal> {
        let (challenge, live) = challenge(service, key)?;
        let wav = service.speak(challenge, self.wanted.speech(live.language), self.client(service)).await?;
        let part = wanted_part(&self.headers, wav.len());
        if part.is_first() {
            live.counters.count_sound();
        }
        let response = in_part(wav, part);
        Ok(if response.status().is_success() { counted(response, Outcome::Success) } else { response })
    }

    /// Who asks. Requests without a peer are tests'.
    fn client(&self, service: &Service) -> Option<Client> {
        self.peer.map(|Peer(peer)| service.limits().proxies().client(peer.ip(), &self.headers))
    }
}

/// The challenge of a key, if it may be shown.
fn challenge(service: &Service, key: &str) -> Result<(Word, Arc<LiveApp>), Refusal> {
    let (challenge, live) = service.word(key)?;
    service.check_time(&live, &challenge, unix_now())?;
    Ok((challenge, live))
}

fn count_shed(service: &Service, call: Call, refusal: &Refusal) {
    if matches!(refusal, Refusal::Busy | Refusal::Internal) {
        service.metrics().count_shed(call);
    }
}

/// What a request says of how it wants a challenge shown. What it says wrongly it has not said.
pub(super) struct Wanted {
    pub(super) scale: Scale,
    pub(super) theme: Option<Theme>,
    pub(super) language: Option<Language>,
    pace: Pace,
    format: Format,
    is_repeated: bool,
}

impl Wanted {
    pub(super) fn read(query: &str, headers: &HeaderMap) -> Self {
        let parameters = Parameters::wishes(query);
        let text = |name| parameters.wish(&[name]);
        let scale = text("scale").and_then(|text| text.parse::<u8>().ok()).and_then(|number| number.try_into().ok());
        Self {
            scale: scale.unwrap_or_default(),
            theme: text("theme").and_then(|text| text.parse().ok()),
            // ALTCHA's widgets call it so.
            language: parameters
                .wish(&["lang", "language"])
                .and_then(|text| text.parse().ok())
                .or_else(|| language::preferred(headers)),
            pace: text("pace").and_then(|text| text.parse().ok()).unwrap_or_default(),
            format: text("format").and_then(|text| text.parse().ok()).unwrap_or_default(),
            is_repeated: text("repeat").and_then(|text| text.parse().ok()).unwrap_or_default(),
        }
    }

    /// How a sound is wanted, in this language if none is asked for.
    pub(super) fn speech(&self, language: Language) -> Speech {
        let speech = Speech::new(self.language.unwrap_or(language)).with_pace(self.pace);
        speech.with_format(self.format).with_repeat(self.is_repeated)
    }

    fn adapt(&self, look: Look) -> Look {
        let look = look.with_scale(self.scale);
        match self.theme {
            Some(theme) => look.with_theme(theme),
            None => look,
        }
    }
}

pub(super) fn counted(mut response: Response, outcome: Outcome) -> Response {
    response.extensions_mut().insert(outcome);
    response
}
