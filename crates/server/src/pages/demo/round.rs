//! One challenge of the demo page, from its issue to its judgement.

use std::sync::Arc;

use haechi_captcha::{Alphabet, Language};

use crate::{
    domain::{
        apps::LiveApp,
        refusal::{ParameterFault, Refusal},
        service::{Service, Verdict},
    },
    http::parameters::MAX_VALUE_BYTES,
};

/// The app of the demo page: the one that a first start makes. The page takes no other, since whoever opens it has
/// challenges issued, judged and counted in its name.
const APP: &str = "default";

/// A challenge that can be answered, as the page shows it.
pub(super) struct Round {
    /// Of the app in whose name it was issued.
    pub(super) site_key: String,
    pub(super) key: String,
    /// Characters in its answer.
    pub(super) answer_length: usize,
    /// What its answer is made of.
    pub(super) alphabet: Alphabet,
    /// Size of the picture in CSS pixels.
    pub(super) width: u16,
    /// Size of the picture in CSS pixels.
    pub(super) height: u16,
    pub(super) expires_in_secs: u64,
    /// Whether the app's widget asks everybody for a word.
    pub(super) is_word_always_asked: bool,
}

impl Round {
    /// Issues a challenge in the page's language, so that the sound says what the picture shows.
    ///
    /// # Errors
    /// [`Refusal::AppKey`] if the app is not there or disabled, [`Refusal::RateLimit`] above its rate.
    pub(super) async fn start(service: &Service, language: Language, now: u64) -> Result<Self, Refusal> {
        let live = app(service)?;
        let key = service.issue(&live, Some(language), now).await?;
        Self::of(service, &live, key.to_string(), now)
    }

    /// A challenge that was issued before and may still be answered.
    ///
    /// # Errors
    /// [`Refusal::Key`] or [`Refusal::Expired`] if there is no such challenge.
    pub(super) fn resume(service: &Service, key: &str, now: u64) -> Result<Self, Refusal> {
        Self::of(service, &*app(service)?, key.to_owned(), now)
    }

    fn of(service: &Service, live: &LiveApp, key: String, now: u64) -> Result<Self, Refusal> {
        let challenge = service.word_of(live, &key)?;
        service.check_time(live, &challenge, now)?;
        let claims = challenge.claims();
        Ok(Self {
            site_key: live.app.site_key().to_string(),
            key,
            answer_length: challenge.answer_length().into(),
            alphabet: challenge.alphabet(),
            width: live.app.settings.width,
            height: live.app.settings.height,
            expires_in_secs: live.expires_at(claims.issued_at).saturating_sub(now),
            is_word_always_asked: live.app.settings.policy.always_asks_words(),
        })
    }

    /// A challenge of the usual shape, which nobody issued.
    #[cfg(test)]
    pub(super) fn sample() -> Self {
        let key = "a9859757-5b5a-42d1-bc85-c560b0141ec1".to_owned();
        let site_key = "8c1d0c3e-7f3b-4a57-9c40-2c1b7d5e6f70".to_owned();
        Self {
            site_key,
            key,
            answer_length: 5,
            alphabet: Alphabet::Standard,
            width: 240,
            height: 80,
            expires_in_secs: 180,
            is_word_always_asked: true,
        }
    }
}

/// Judges an answer, by the checks of the wire contract in their order.
///
/// # Errors
/// As for verification, without an appkey: [`Refusal::AppKey`] then means that the app is not there or disabled.
pub(super) async fn judge(service: &Service, key: &str, answer: &str, now: u64) -> Result<Verdict, Refusal> {
    let live = app(service)?;
    let challenge = service.word_of(&live, key)?;
    if answer.len() > MAX_VALUE_BYTES {
        return Err(ParameterFault::TooLong.into());
    }
    Ok(service.judge(&live, &challenge, answer, now).await?.verdict)
}

/// The app in whose name the page issues challenges.
///
/// # Errors
/// [`Refusal::AppKey`] if it is not there or disabled.
pub(super) fn app(service: &Service) -> Result<Arc<LiveApp>, Refusal> {
    let apps = service.apps().current();
    let app = apps.by_name(APP).filter(|live| live.app.enabled);
    app.map(Arc::clone).ok_or(Refusal::AppKey)
}
