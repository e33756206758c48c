//! What the widget calls: it begins a challenge, sends an answer, asks for another challenge. And its script, at the
//! addresses at which the vendors have theirs.
//!
//! The calls have a version in their address, since pages may hold an older script than the server does.

mod script;

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use haechi_captcha::{Language, Means, Scale, Theme, Word};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(crate) use self::script::scripts;
use super::siteverify::test_keys;
use crate::{
    clock::unix_now,
    domain::{
        apps::{AppSettings, LiveApp},
        ledger::request_name,
        limits::Limited,
        metrics::Call,
        outcome::Outcome,
        refusal::{ParameterFault, Refusal},
        service::{Given, Service, Verdict},
        token::{Audience, Wish},
    },
    http::{
        fields::Fields,
        parameters::MAX_VALUE_BYTES,
        request::host_of,
        routes::{Caller, Dialect, Routes},
    },
};

/// All calls of this dialect.
pub(crate) fn routes() -> Routes<Arc<Service>> {
    Routes::of(Dialect::Widget)
        .call(Call::Begin, routes!(begin))
        .call(Call::Answer, routes!(answer))
        .call(Call::Begin, routes!(renew))
}

/// What every call says of the challenge that it wants. Other fields are ignored, and of a field that is not given in
/// one of its forms the usual is taken.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is read by name; this describes it")]
struct BeginFields {
    /// The app's site key.
    sitekey: String,
    /// For whose siteverify the token is: `haechi`, `recaptcha`, `recaptcha-v3`, `hcaptcha` or `turnstile`.
    api: Option<String>,
    /// The language of the challenge: ko, en, ja or zh.
    lang: Option<String>,
    /// Picture pixels for each CSS pixel, 1, 2 or 3. Without it the reply has no picture.
    scale: Option<u8>,
    /// light or dark, instead of the app's theme.
    theme: Option<String>,
}

/// An answer, and the challenge that is wanted if it is wrong.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is read by name; this describes it")]
struct AnswerFields {
    /// The key of the challenge.
    key: String,
    /// What the person typed.
    answer: String,
    /// By what the person went: picture or sound.
    how: Option<String>,
    /// What the person is about to do, for the site to read from the token.
    action: Option<String>,
    /// What else the site is to read from the token.
    cdata: Option<String>,
    /// A random name of this sending, the same if it is sent again because no reply came: it then gets the same verdict.
    request: Option<String>,
    /// As when a challenge is begun, as are the next three.
    api: Option<String>,
    lang: Option<String>,
    scale: Option<u8>,
    theme: Option<String>,
}

/// A key that is given up, and the challenge that is wanted instead.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is read by name; this describes it")]
struct RenewFields {
    /// The key of the challenge that is given up.
    key: String,
    /// As when a challenge is begun, as are the next three.
    api: Option<String>,
    lang: Option<String>,
    scale: Option<u8>,
    theme: Option<String>,
}

/// A challenge, or, where nothing need be asked, a token.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum Begun {
    Asks(Asked),
    Passed(Passed),
}

/// A challenge to be answered.
#[derive(Serialize, ToSchema)]
struct Asked {
    /// Its key.
    #[schema(format = "uuid")]
    key: String,
    /// Characters in its answer.
    length: u8,
    /// Seconds for which it can be answered.
    expires_in_secs: u64,
    /// Size of the picture in CSS pixels.
    width: u16,
    /// Size of the picture in CSS pixels.
    height: u16,
    /// The picture, a GIF in base64, if a scale was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<String>,
}

/// A token for the site.
#[derive(Serialize, ToSchema)]
struct Passed {
    token: String,
    /// Seconds for which it can be redeemed.
    expires_in_secs: u64,
}

/// What became of an answer.
#[derive(Serialize, ToSchema)]
#[serde(tag = "verdict", rename_all = "lowercase")]
enum Answered {
    /// It is right.
    Passed(Passed),
    /// It is wrong. The next challenge is absent where there can be none just now.
    Wrong {
        #[serde(skip_serializing_if = "Option::is_none")]
        next: Option<Begun>,
    },
    /// It came too late, or the challenge was answered before.
    Expired {
        #[serde(skip_serializing_if = "Option::is_none")]
        next: Option<Begun>,
    },
    /// Nothing but spaces was typed, which took no attempt.
    Empty,
}

/// Why a call was refused.
#[derive(Serialize, ToSchema)]
pub(crate) struct Fault {
    /// A stable code.
    #[schema(example = "hostname-not-allowed")]
    error: &'static str,
    /// What it means, for the page's developer.
    message: String,
    /// Seconds after which it is worth trying again, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_secs: Option<u64>,
}

/// Begin a challenge.
///
/// Fields come as a form, which needs no preflight, as JSON, or in the query.
#[utoipa::path(
    post, path = "/widget/v1/begin", tag = "Widget",
    request_body(content = BeginFields, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, body = Begun, description = "A challenge; or a token where nothing need be asked"),
        (status = 400, body = Fault, description = "`bad-request` or `unknown-sitekey`"),
        (status = 403, body = Fault, description = "`hostname-not-allowed`: the app names hosts, and the page's is not among them"),
        (status = 429, body = Fault, description = "`rate-limited`"),
        (status = 503, body = Fault, description = "`busy`: no new challenge could pass just now"),
    )
)]
async fn begin(State(service): State<Arc<Service>>, headers: HeaderMap, request: Request) -> Result<Response, Refusal> {
    let client = Caller::of(&service, &request);
    let fields = Fields::read(request).await?;
    let site_key = fields.single(&["sitekey"])?.filter(|key| !key.is_empty()).ok_or(ParameterFault::Missing)?;
    if service.knows_vendors_test_keys()
        && let Some(token) = test_keys::token_of(site_key)
    {
        let (token, expires_in_secs) = token.ok_or(Refusal::AppKey)?;
        let passed = Passed { token: token.to_owned(), expires_in_secs };
        return Ok(said(Outcome::Success, &Begun::Passed(passed)));
    }
    let live = service.app_of_site(site_key)?;
    service.check_host(&live, &host_of_page(&headers))?;
    Ok(said(Outcome::Success, &Begun::Asks(ask(&service, &client, &live, &Look::wanted(&fields)?).await?)))
}

/// Judge an answer.
#[utoipa::path(
    post, path = "/widget/v1/answer", tag = "Widget", operation_id = "widget_answer",
    request_body(content = AnswerFields, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, body = Answered, description = "The verdict, with the token or the next challenge"),
        (status = 400, body = Fault, description = "`bad-request`"),
        (status = 403, body = Fault, description = "`hostname-not-allowed`"),
        (status = 404, body = Fault, description = "`key-not-known`"),
        (status = 429, body = Fault, description = "`rate-limited`"),
        (status = 503, body = Fault, description = "`busy`: nobody knows the verdict; the same request may be sent again"),
    )
)]
async fn answer(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Refusal> {
    let now = unix_now();
    let client = Caller::of(&service, &request);
    let fields = Fields::read(request).await?;
    let (word, live) = word_of(&service, &fields)?;
    let hostname = host_of_page(&headers);
    service.check_host(&live, &hostname)?;
    let text = |name| Ok::<_, Refusal>(fields.single(&[name])?.unwrap_or_default().to_owned());
    let (action, data) = (text("action")?, text("cdata")?);
    let wish = Wish { audience: audience(&fields)?, means: means(&fields)?, hostname, action, data };
    // What it is to say is checked before the answer is spent.
    if !wish.fits() {
        return Err(ParameterFault::TooLong.into());
    }
    let typed = fields.single(&["answer"])?.unwrap_or_default();
    if typed.len() > MAX_VALUE_BYTES {
        return Err(ParameterFault::TooLong.into());
    }
    let look = Look::wanted(&fields)?;
    // The same name with another text or another wish is another request.
    let name = fields.single(&["request"])?.filter(|name| !name.is_empty());
    let request = name.map(|name| request_name(&[name, typed, wish.audience.name(), &wish.action, &wish.data]));
    let judged = service.judge(&live, &word, Given { typed, request }, now).await?;
    client.forgive_answered(&service, &live, &judged).await;
    let reply = match judged.verdict {
        Verdict::Passed => {
            let expires_in_secs = wish.audience.life_secs();
            Answered::Passed(Passed { token: service.token(&live, word, &judged, wish)?.to_string(), expires_in_secs })
        }
        Verdict::Wrong { .. } => Answered::Wrong { next: next(&service, &client, &live, &look).await },
        Verdict::Spent | Verdict::Late => Answered::Expired { next: next(&service, &client, &live, &look).await },
        Verdict::Empty => Answered::Empty,
    };
    Ok(said(judged.verdict.outcome(), &reply))
}

/// Begin another challenge.
///
/// The one that the person gives up is expired.
#[utoipa::path(
    post, path = "/widget/v1/renew", tag = "Widget",
    request_body(content = RenewFields, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, body = Begun, description = "A challenge"),
        (status = 400, body = Fault, description = "`bad-request`"),
        (status = 403, body = Fault, description = "`hostname-not-allowed`"),
        (status = 404, body = Fault, description = "`key-not-known`"),
        (status = 429, body = Fault, description = "`rate-limited`"),
        (status = 503, body = Fault, description = "`busy`"),
    )
)]
async fn renew(State(service): State<Arc<Service>>, headers: HeaderMap, request: Request) -> Result<Response, Refusal> {
    let client = Caller::of(&service, &request);
    let fields = Fields::read(request).await?;
    let (word, live) = word_of(&service, &fields)?;
    service.check_host(&live, &host_of_page(&headers))?;
    let look = Look::wanted(&fields)?;
    // First, so that whoever may not have another one keeps this one.
    let asked = ask(&service, &client, &live, &look).await?;
    service.expire(&live, &word, unix_now()).await?;
    Ok(said(Outcome::Success, &Begun::Asks(asked)))
}

/// The word that the key among the fields stands for.
fn word_of(service: &Service, fields: &Fields) -> Result<(Word, Arc<LiveApp>), Refusal> {
    service.word(fields.single(&["key"])?.ok_or(ParameterFault::Missing)?)
}

fn audience(fields: &Fields) -> Result<Audience, Refusal> {
    let name = fields.single(&["api"])?;
    Ok(name.and_then(Audience::named).unwrap_or(Audience::Haechi))
}

fn means(fields: &Fields) -> Result<Means, Refusal> {
    Ok(if fields.single(&["how"])? == Some("sound") { Means::Sound } else { Means::Picture })
}

/// The host of the page that calls, in lower case and without its port; empty if the browser does not say.
///
/// A page cannot set `Origin`. A program can: of it the host proves nothing, and neither does it of the vendors' tokens.
fn host_of_page(headers: &HeaderMap) -> String {
    let host = |name| headers.get(name).map(host_of);
    host(header::ORIGIN).or_else(|| host(header::REFERER)).unwrap_or_default()
}

/// How a challenge is wanted.
struct Look {
    language: Option<Language>,
    scale: Option<Scale>,
    theme: Option<Theme>,
}

impl Look {
    fn wanted(fields: &Fields) -> Result<Self, Refusal> {
        let scale = fields.single(&["scale"])?.and_then(|text| text.parse::<u8>().ok()?.try_into().ok());
        let language = fields.single(&["lang"])?.and_then(|tag| tag.parse().ok());
        let theme = fields.single(&["theme"])?.and_then(|name| name.parse().ok());
        Ok(Self { language, scale, theme })
    }
}

/// Issues a challenge in one language, so that what is heard is what is seen, and draws it if it is to come along.
async fn ask(service: &Service, client: &Caller, live: &LiveApp, wanted: &Look) -> Result<Asked, Refusal> {
    let now = unix_now();
    let word = issue(service, client, live, wanted.language.unwrap_or(live.language), now).await?;
    let (key, length) = (word.key().to_string(), word.answer_length());
    let expires_in_secs = live.expires_at(word.claims().issued_at).saturating_sub(now);
    // Where too much waits to be drawn, or the client has had its pictures, the widget asks for it by itself.
    let picture = match wanted.scale {
        Some(scale) if client.may(service, Limited::Media).await => {
            draw(service, client, live, word, scale, wanted.theme).await.ok()
        }
        _ => None,
    };
    let AppSettings { width, height, .. } = live.app.settings;
    Ok(Asked { key, length, expires_in_secs, width, height, picture })
}

/// Issues a challenge that the client is shown, here or on the page for browsers without scripts.
pub(crate) async fn issue(
    service: &Service,
    client: &Caller,
    live: &LiveApp,
    language: Language,
    now: u64,
) -> Result<Word, Refusal> {
    client.show(service, live).await?;
    match service.issue_word(live, language, now).await {
        Ok(word) => {
            live.counters.count_widget();
            Ok(word)
        }
        Err(refusal) => {
            client.forgive(service).await;
            Err(refusal)
        }
    }
}

async fn draw(
    service: &Service,
    client: &Caller,
    live: &LiveApp,
    word: Word,
    scale: Scale,
    theme: Option<Theme>,
) -> Result<String, Refusal> {
    let look = live.look.clone().with_scale(scale);
    let look = theme.map_or(look.clone(), |theme| look.with_theme(theme));
    let gif = service.draw(word, look, client.client()).await?;
    live.counters.count_image();
    Ok(STANDARD.encode(gif))
}

/// The challenge that follows one that was not passed, unless there can be none just now, which must not hide the verdict.
/// It takes one of the client's, as if it had been asked for.
async fn next(service: &Service, client: &Caller, live: &LiveApp, look: &Look) -> Option<Begun> {
    if !client.may(service, Limited::Issue).await {
        return None;
    }
    ask(service, client, live, look).await.ok().map(Begun::Asks)
}

fn said(outcome: Outcome, reply: &impl Serialize) -> Response {
    let mut response = Json(reply).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(outcome);
    response
}

/// A refusal in this dialect's words.
pub(crate) fn refusal(refusal: &Refusal) -> Response {
    let (status, error) = match refusal {
        Refusal::AppKey => (StatusCode::BAD_REQUEST, "unknown-sitekey"),
        Refusal::Host => (StatusCode::FORBIDDEN, "hostname-not-allowed"),
        Refusal::Key => (StatusCode::NOT_FOUND, "key-not-known"),
        Refusal::Parameter(_) => (StatusCode::BAD_REQUEST, "bad-request"),
        Refusal::Expired => (StatusCode::GONE, "expired"),
        Refusal::RateLimit { .. } => (StatusCode::TOO_MANY_REQUESTS, "rate-limited"),
        Refusal::Http(StatusCode::NOT_FOUND) => (StatusCode::NOT_FOUND, "not-found"),
        Refusal::Http(StatusCode::METHOD_NOT_ALLOWED) => (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed"),
        Refusal::Http(status) => (*status, "bad-request"),
        Refusal::Undecided(_) | Refusal::Overloaded | Refusal::Busy | Refusal::LedgerAhead => {
            (StatusCode::SERVICE_UNAVAILABLE, "busy")
        }
        Refusal::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
    };
    // What the operator must know of a store that fails is in the log, and no page's business.
    let message = match refusal {
        Refusal::AppKey => "no app has this site key, or it is disabled".to_owned(),
        Refusal::Undecided(_) => "the server could not decide".to_owned(),
        other => other.to_string(),
    };
    let mut response =
        (status, Json(Fault { error, message, retry_after_secs: refusal.retry_after_secs() })).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(refusal.outcome());
    response
}
