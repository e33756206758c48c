//! What a person sees or hears instead of a challenge: that it has expired, or to wait.
//!
//! There are few notices, so each is drawn and spoken once and handed out from then on: whoever asks for one needs
//! neither an appkey nor a key, and must not cost more than the bytes.

use std::sync::OnceLock;

use axum::{
    body::Bytes,
    http::{HeaderMap, StatusCode, Uri, header, request::Parts},
    response::Response,
};
use haechi_captcha::{
    Format, Language, Look, Notice, Pace, PictureFormat, Scale, Speech, Theme, image::render_notice,
    sound::speak_notice,
};

use super::{
    media::{Wanted, counted},
    reply,
};
use crate::{
    domain::refusal::Refusal,
    http::{
        lists::elements,
        media::{in_part, media, wanted_part},
    },
};

/// Somebody who asked for a picture or a sound.
pub(crate) struct Onlooker {
    wanted: Wanted,
    sense: Sense,
    headers: HeaderMap,
    /// In which format there are pictures.
    format: PictureFormat,
}

/// What there is to tell somebody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sense {
    /// In a picture: an `<img>` shows one whatever its status is.
    Sight,
    /// In a sound, which a program plays whatever its status is.
    Hearing,
    /// In a sound, in a browser, which plays none whose status is not 200 or 206.
    HearingInBrowser,
    /// In the dialect's own words.
    Neither,
}

impl Onlooker {
    /// The one who asks for this, if it is a challenge's picture or sound.
    pub(crate) fn of(parts: &Parts) -> Option<Self> {
        let sense = match kind(&parts.uri)? {
            Kind::Image if accepts(&parts.headers, "image/") => Sense::Sight,
            Kind::Sound if is_player(&parts.headers) => Sense::HearingInBrowser,
            Kind::Sound if accepts(&parts.headers, "audio/") => Sense::Hearing,
            Kind::Image | Kind::Sound => Sense::Neither,
        };
        Some(Self::sensing(sense, PictureFormat::Gif, parts))
    }

    /// In what this one is told.
    #[cfg(test)]
    pub(crate) fn sense(&self) -> Sense {
        self.sense
    }

    /// The one who asks for this, and is told in this way.
    pub(crate) fn sensing(sense: Sense, format: PictureFormat, parts: &Parts) -> Self {
        let wanted = Wanted::read(parts.uri.query().unwrap_or_default(), &parts.headers);
        Self { wanted, sense, headers: parts.headers.clone(), format }
    }
}

enum Kind {
    Image,
    Sound,
}

fn kind(uri: &Uri) -> Option<Kind> {
    let (_, last) = uri.path().strip_prefix("/captcha/v1.0/keys/")?.split_once('/')?;
    match last {
        "img" => Some(Kind::Image),
        "sound" => Some(Kind::Sound),
        _ => None,
    }
}

/// Whether `Accept` names a type that begins so; `*/*` alone names nothing.
fn accepts(headers: &HeaderMap, prefix: &str) -> bool {
    let is_one = |range: &str| range.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    elements(headers, header::ACCEPT).any(is_one)
}

/// Whether a browser's player asks, which says so (Fetch Metadata) where the page's address is a secure one.
pub(crate) fn is_player(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-dest").is_some_and(|dest| dest == "audio" || dest == "video")
}

/// A refusal to this onlooker.
pub(crate) fn refusal(refusal: &Refusal, onlooker: &Onlooker) -> Response {
    let status = refusal.status();
    said(refusal, onlooker, status).unwrap_or_else(|| reply::refusal_with_status(refusal, status))
}

/// A refusal as this onlooker sees or hears it, unless it has to be read.
pub(crate) fn said(refusal: &Refusal, onlooker: &Onlooker, status: StatusCode) -> Option<Response> {
    let Onlooker { wanted, sense, headers, format } = onlooker;
    let (notice, language) = (notice_of(refusal)?, wanted.language.unwrap_or_default());
    let said = match sense {
        Sense::Sight => {
            media(status, format.media_type(), picture(notice, language, wanted.scale, wanted.theme, *format))
        }
        Sense::Hearing => media(status, "audio/wav", sound(notice, &wanted.speech(language))),
        Sense::HearingInBrowser => {
            let wav = sound(notice, &wanted.speech(language));
            let part = wanted_part(headers, wav.len());
            in_part(wav, part)
        }
        Sense::Neither => return None,
    };
    Some(counted(said, refusal.outcome()))
}

/// What a person is told of a refusal, if it is one that concerns people.
fn notice_of(refusal: &Refusal) -> Option<Notice> {
    match refusal {
        Refusal::Key => Some(Notice::Unknown),
        Refusal::Expired => Some(Notice::Expired),
        Refusal::RateLimit { .. } => Some(Notice::TooMany),
        _ if matches!(refusal.status(), StatusCode::SERVICE_UNAVAILABLE | StatusCode::INTERNAL_SERVER_ERROR) => {
            Some(Notice::Busy)
        }
        _ => None,
    }
}

const NOTICES: usize = Notice::ALL.len();
const LANGUAGES: usize = Language::ALL.len();
const SCALES: usize = 3;
const THEMES: usize = 2;
const PICTURE_FORMATS: usize = PictureFormat::ALL.len();
const PACES: usize = 2;
const FORMATS: usize = Format::ALL.len();
/// Once and twice.
const TIMES: usize = 2;

fn picture(notice: Notice, language: Language, scale: Scale, theme: Option<Theme>, format: PictureFormat) -> Bytes {
    static PICTURES: [OnceLock<Bytes>; NOTICES * LANGUAGES * SCALES * THEMES * PICTURE_FORMATS] =
        [const { OnceLock::new() }; NOTICES * LANGUAGES * SCALES * THEMES * PICTURE_FORMATS];
    let look = Look::default().with_scale(scale).with_format(format);
    let look = theme.map_or(look.clone(), |theme| look.with_theme(theme));
    let is_dark = look.theme() == Theme::Dark;
    let number = (notice as usize * LANGUAGES + language as usize) * SCALES + usize::from(scale.factor()) - 1;
    let number = number * THEMES + usize::from(is_dark);
    let place = &PICTURES[number * PICTURE_FORMATS + format as usize];
    place.get_or_init(|| render_notice(notice, language, &look).into()).clone()
}

fn sound(notice: Notice, speech: &Speech) -> Bytes {
    static SOUNDS: [OnceLock<Bytes>; NOTICES * LANGUAGES * PACES * FORMATS * TIMES] =
        [const { OnceLock::new() }; NOTICES * LANGUAGES * PACES * FORMATS * TIMES];
    let number = notice as usize * LANGUAGES + speech.language() as usize;
    let number = number * PACES + usize::from(speech.pace() == Pace::Slow);
    let number = number * FORMATS + speech.format() as usize;
    let place = &SOUNDS[number * TIMES + usize::from(speech.is_repeated())];
    place.get_or_init(|| speak_notice(notice, speech).into()).clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_speech(language: Language) -> impl Iterator<Item = Speech> {
        let paces = [Pace::Normal, Pace::Slow].map(|pace| Speech::new(language).with_pace(pace));
        let formats = |speech: Speech| Format::ALL.map(|format| speech.clone().with_format(format));
        let times = |speech: Speech| [false, true].map(|is_repeated| speech.clone().with_repeat(is_repeated));
        paces.into_iter().flat_map(formats).flat_map(times)
    }

    #[test]
    fn each_notice_is_what_was_asked_for_and_is_made_once() {
        for notice in Notice::ALL {
            for language in Language::ALL {
                for theme in [Theme::Light, Theme::Dark] {
                    for scale in [Scale::One, Scale::Two, Scale::Three] {
                        for format in PictureFormat::ALL {
                            let look = Look::default().with_scale(scale).with_theme(theme).with_format(format);
                            let made = || picture(notice, language, scale, Some(theme), format);
                            let first = made();
                            let expected = render_notice(notice, language, &look);
                            assert_eq!(first, expected, "{notice:?} {language:?} {scale:?} {theme:?} {format:?}");
                            assert_eq!(first.as_ptr(), made().as_ptr());
                        }
                    }
                }
                for speech in every_speech(language) {
                    let first = sound(notice, &speech);
                    assert!(first == speak_notice(notice, &speech), "{notice:?} {speech:?}");
                    assert_eq!(first.as_ptr(), sound(notice, &speech).as_ptr());
                }
            }
        }
    }
}
