//! What the widget calls: it begins a challenge, sends an answer, asks for another challenge. And its script, at the
//! addresses at which the vendors have theirs.
//!
//! The calls have a version in their address, since pages may hold an older script than the server does.

mod alternative;
mod digits;
mod script;

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::Compression;
use haechi_captcha::{Alphabet, Challenge, Language, Means, Scale, Solution, Theme, Word, Work};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa_axum::routes;

pub(crate) use self::script::scripts;
use super::{puzzle::PuzzleParameters, siteverify::test_keys};
use crate::{
    clock::unix_now,
    domain::{
        apps::{AppSettings, Asking, LiveApp},
        ledger::{RequestName, request_name},
        limits::Limited,
        metrics::Call,
        outcome::Outcome,
        refusal::{ParameterFault, Refusal},
        service::{Given, Judged, Service, Verdict, Wanted},
        token::{Audience, Wish},
    },
    hex::bytes_of,
    http::{
        fields::Fields,
        file,
        parameters::MAX_VALUE_BYTES,
        request::{host_of_page, is_of_insecure_page},
        routes::{Caller, Dialect, Routes, Sought},
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
    /// Anything, if the browser has no WebCrypto for the page. Its work is then what plain code computes soonest.
    plain: Option<String>,
    /// Anything, if nobody has come near the widget yet. A word is then left for later.
    early: Option<String>,
}

/// An answer, and the challenge that is wanted if it is wrong.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is read by name; this describes it")]
struct AnswerFields {
    /// The key of the challenge.
    key: String,
    /// What the person typed, if a word was asked for.
    answer: Option<String>,
    /// The key of the work, if it was asked for.
    work: Option<String>,
    /// The counter that solves it.
    counter: Option<u32>,
    /// What is derived for that counter, in 64 hexadecimal digits.
    derived_key: Option<String>,
    /// By what the person went: picture or sound.
    how: Option<String>,
    /// What the person is about to do, for the site to read from the token.
    action: Option<String>,
    /// What else the site is to read from the token.
    cdata: Option<String>,
    /// A random name of this sending, the same if it is sent again because no reply came: it then gets the same verdict.
    request: Option<String>,
    /// As when a challenge is begun, as are the next four.
    api: Option<String>,
    lang: Option<String>,
    scale: Option<u8>,
    theme: Option<String>,
    plain: Option<String>,
}

/// A key that is given up, and the challenge that is wanted instead.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is read by name; this describes it")]
struct RenewFields {
    /// The key of the challenge that is given up.
    key: String,
    /// `work` for longer work instead of a word, where the app allows it.
    how: Option<String>,
    /// As when a challenge is begun, as are the next four.
    api: Option<String>,
    lang: Option<String>,
    scale: Option<u8>,
    theme: Option<String>,
    plain: Option<String>,
}

/// A challenge, or, where nothing need be asked, a token; or nothing yet.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum Begun {
    Asks(Box<Asked>),
    Passed(Passed),
    Later(Later),
}

/// Nothing yet: a word is to be asked, and nobody has come near the widget.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Later {}

/// A challenge to be answered: a word, work, or both.
#[derive(Serialize, ToSchema)]
struct Asked {
    /// Its key.
    #[schema(format = "uuid")]
    key: String,
    /// Seconds for which it can be answered.
    expires_in_secs: u64,
    /// The word; absent where nothing need be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    word: Option<AskedWord>,
    /// The work; absent where nothing need be computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    work: Option<AskedWork>,
    /// What a button says that has longer work asked for instead of the word, and how long that takes; absent where the
    /// person may not choose it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        value_type = Option<String>,
        example = "I cannot read or hear this: wait about 2 seconds instead, 15 on an old phone"
    )]
    alternative: Option<&'static RawValue>,
}

/// A word to read or to hear.
#[derive(Serialize, ToSchema)]
struct AskedWord {
    /// Characters in it.
    length: u8,
    /// Size of the picture in CSS pixels.
    width: u16,
    /// Size of the picture in CSS pixels.
    height: u16,
    /// What is said instead of the usual; absent but for an app that asks for digits alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    says: Option<digits::Texts>,
    /// The picture, a GIF in base64, if a scale was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<String>,
}

/// Work to be done: the counter, from 0 to `counters` - 1, for which a key is derived that begins with the prefix.
#[derive(Serialize, ToSchema)]
struct AskedWork {
    /// Its key: that of the challenge, unless there is a word beside it.
    #[schema(format = "uuid")]
    key: String,
    /// How much there is to compute, 0 to 3.
    level: u8,
    /// One more than the largest counter.
    counters: u32,
    parameters: PuzzleParameters,
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
        (status = 200, body = Begun, description = "A challenge; a token where nothing need be asked; or, early, nothing where a word is to be asked"),
        (status = 400, body = Fault, description = "`bad-request` or `unknown-sitekey`"),
        (status = 403, body = Fault, description = "`hostname-not-allowed`: the app names hosts, and the page's is not among them; or `network-denied`: it refuses the client's network"),
        (status = 429, body = Fault, description = "`rate-limited`"),
        (status = 503, body = Fault, description = "`busy`: no new challenge could pass just now"),
    )
)]
async fn begin(State(service): State<Arc<Service>>, request: Request) -> Result<Response, Refusal> {
    let (client, page) = (Caller::of(&service, &request), Page::of(request.headers()));
    let fields = Fields::read(request).await?;
    let site_key = fields.single(&["sitekey"])?.filter(|key| !key.is_empty()).ok_or(ParameterFault::Missing)?;
    if service.knows_vendors_test_keys()
        && let Some(token) = test_keys::token_of(site_key)
    {
        let (token, expires_in_secs) = token.ok_or(Refusal::AppKey)?;
        let passed = Passed { token: token.to_owned(), expires_in_secs };
        return Ok(said(Outcome::Success, &Begun::Passed(passed), &page));
    }
    let live = service.app_of_site(site_key)?;
    service.check_host(&live, &page.host)?;
    let is_early = fields.single(&["early"])?.is_some_and(|early| !early.is_empty());
    // A page that is only looked at is to cost no challenge, and to count as none where a word is asked anyway.
    let later = || Ok(said(Outcome::Success, &Begun::Later(Later {}), &page));
    if is_early && live.app.settings.policy.always_asks_words() {
        client.check_standing(&live)?;
        return later();
    }
    let sought = client.sought(&service, &live, !is_early, unix_now()).await?;
    if is_early && sought.asking.word {
        return later();
    }
    let asked = ask(&service, &client, &live, sought, &Look::wanted(&fields, &page)?).await?;
    Ok(said(Outcome::Success, &Begun::Asks(asked.into()), &page))
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
async fn answer(State(service): State<Arc<Service>>, request: Request) -> Result<Response, Refusal> {
    let now = unix_now();
    let (client, page) = (Caller::of(&service, &request), Page::of(request.headers()));
    let fields = Fields::read(request).await?;
    let (challenge, live) = challenge_of(&service, &fields)?;
    service.check_host(&live, &page.host)?;
    let text = |name| Ok::<_, Refusal>(fields.single(&[name])?.unwrap_or_default().to_owned());
    let (action, data) = (text("action")?, text("cdata")?);
    let means = means(&challenge, &fields)?;
    let hostname = page.host.clone();
    let wish = Wish { audience: audience(&fields)?, means, hostname, action, data };
    // What it is to say is checked before the answer is spent.
    if !wish.fits() {
        return Err(ParameterFault::TooLong.into());
    }
    let given = Answer::of(&fields)?;
    let look = Look::wanted(&fields, &page)?;
    // The same name with another text or another wish is another request.
    let name = fields.single(&["request"])?.filter(|name| !name.is_empty());
    let request = name.map(|name| request_name(&[name, given.typed, wish.audience.name(), &wish.action, &wish.data]));
    let judged = judge(&service, &client, &live, &challenge, &given, request, now).await?;
    client.settle(&service, &live, &challenge, &judged, now).await;
    let reply = match judged.verdict {
        Verdict::Passed => {
            let expires_in_secs = wish.audience.life_secs();
            let token = service.token(&live, &challenge, &judged, wish)?.to_string();
            Answered::Passed(Passed { token, expires_in_secs })
        }
        Verdict::Wrong { .. } => Answered::Wrong { next: next(&service, &client, &live, &look).await },
        Verdict::Spent | Verdict::Late | Verdict::Undone => {
            Answered::Expired { next: next(&service, &client, &live, &look).await }
        }
        Verdict::Empty => Answered::Empty,
    };
    Ok(said(judged.verdict.outcome(), &reply, &page))
}

/// What a widget sends for an answer.
struct Answer<'a> {
    typed: &'a str,
    /// The key of the work, and the solution, if there is one.
    solved: Option<(&'a str, Solution)>,
}

impl<'a> Answer<'a> {
    fn of(fields: &'a Fields) -> Result<Self, Refusal> {
        let typed = fields.single(&["answer"])?.unwrap_or_default();
        if typed.len() > MAX_VALUE_BYTES {
            return Err(ParameterFault::TooLong.into());
        }
        let solved = match fields.single(&["work"])? {
            None => None,
            Some(key) => {
                let needed = |name| Ok::<_, Refusal>(fields.single(&[name])?.ok_or(ParameterFault::Missing)?);
                let counter = needed("counter")?.parse().map_err(|_| ParameterFault::Value)?;
                let derived = bytes_of(needed("derived_key")?).ok_or(ParameterFault::Value)?;
                Some((key, Solution { counter, derived }))
            }
        };
        Ok(Self { typed, solved })
    }
}

async fn judge(
    service: &Service,
    client: &Caller,
    live: &LiveApp,
    challenge: &Challenge,
    given: &Answer<'_>,
    request: Option<RequestName>,
    now: u64,
) -> Result<Judged, Refusal> {
    let client = client.client();
    match challenge {
        Challenge::Work(work) => {
            let (_, solution) = given.solved.ok_or(ParameterFault::Missing)?;
            service.judge_work(live, work, solution, request, client, now).await
        }
        Challenge::Word(word) => {
            let is_done = !live.app.settings.policy.has_work_beside_words()
                || match given.solved {
                    Some((key, solution)) => {
                        let (work, _) = work_of(service, key)?;
                        service.is_solved(live, &work, Some(word.key()), solution, client).await?
                    }
                    None => false,
                };
            // So it is after a change of the app's settings too, and then another challenge helps.
            if !is_done {
                return Ok(Judged::new(Verdict::Undone, word, now));
            }
            service.judge(live, word, Given { typed: given.typed, request }, now).await
        }
    }
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
        (status = 403, body = Fault, description = "`hostname-not-allowed`; or `alternative-not-allowed`: the app allows no work instead of a word"),
        (status = 404, body = Fault, description = "`key-not-known`"),
        (status = 429, body = Fault, description = "`rate-limited`"),
        (status = 503, body = Fault, description = "`busy`"),
    )
)]
async fn renew(State(service): State<Arc<Service>>, request: Request) -> Result<Response, Refusal> {
    let (client, page) = (Caller::of(&service, &request), Page::of(request.headers()));
    let fields = Fields::read(request).await?;
    let (challenge, live) = challenge_of(&service, &fields)?;
    service.check_host(&live, &page.host)?;
    let look = Look::wanted(&fields, &page)?;
    let instead = match fields.single(&["how"])? {
        Some("work") => Some(live.app.settings.asks_instead().ok_or(Refusal::Alternative)?),
        _ => {
            client.give_up(&service, &live, unix_now()).await;
            None
        }
    };
    let sought = client.sought(&service, &live, instead.is_none(), unix_now()).await?;
    let sought = instead.map_or(sought, |asking| Sought { asking, demand: None });
    // First, so that whoever may not have another one keeps this one.
    let asked = ask(&service, &client, &live, sought, &look).await?;
    service.expire(&live, &challenge, unix_now()).await?;
    Ok(said(Outcome::Success, &Begun::Asks(asked.into()), &page))
}

/// The challenge that the key among the fields stands for.
fn challenge_of(service: &Service, fields: &Fields) -> Result<(Challenge, Arc<LiveApp>), Refusal> {
    service.challenge(fields.single(&["key"])?.ok_or(ParameterFault::Missing)?)
}

fn work_of(service: &Service, key: &str) -> Result<(Work, Arc<LiveApp>), Refusal> {
    match service.challenge(key)? {
        (Challenge::Work(work), live) => Ok((work, live)),
        (Challenge::Word(_), _) => Err(Refusal::Key),
    }
}

fn audience(fields: &Fields) -> Result<Audience, Refusal> {
    let name = fields.single(&["api"])?;
    Ok(name.and_then(Audience::named).unwrap_or(Audience::Haechi))
}

fn means(challenge: &Challenge, fields: &Fields) -> Result<Means, Refusal> {
    Ok(match challenge {
        Challenge::Work(_) => Means::Work,
        Challenge::Word(_) if fields.single(&["how"])? == Some("sound") => Means::Sound,
        Challenge::Word(_) => Means::Picture,
    })
}

/// What a reply without a picture takes at most.
const USUAL_BYTES: usize = 512;
/// A reply of so many bytes has a picture in it, which is a quarter smaller without base64.
const LEAST_COMPRESSED_BYTES: usize = 1_024;

/// At the lowest level zlib-rs leaves base64 as large as it is; above this one it gains nothing more.
const QUICKLY: Compression = Compression::new(2);

/// The page that calls, as far as its browser says.
struct Page {
    host: String,
    is_insecure: bool,
    takes_gzip: bool,
}

impl Page {
    fn of(headers: &HeaderMap) -> Self {
        Self {
            host: host_of_page(headers),
            is_insecure: is_of_insecure_page(headers),
            takes_gzip: file::accepts_gzip(headers),
        }
    }
}

/// How a challenge is wanted.
struct Look {
    language: Option<Language>,
    scale: Option<Scale>,
    theme: Option<Theme>,
    /// As of [`Wanted`].
    in_scripts: bool,
}

impl Look {
    fn wanted(fields: &Fields, page: &Page) -> Result<Self, Refusal> {
        let scale = fields.single(&["scale"])?.and_then(|text| text.parse::<u8>().ok()?.try_into().ok());
        let language = fields.single(&["lang"])?.and_then(|tag| tag.parse().ok());
        let theme = fields.single(&["theme"])?.and_then(|name| name.parse().ok());
        let is_plain = fields.single(&["plain"])?.is_some_and(|plain| !plain.is_empty());
        // A script of before does not say so, but a page over plain HTTP has none anyway.
        Ok(Self { language, scale, theme, in_scripts: is_plain || page.is_insecure })
    }
}

/// Issues a challenge, its word in one language, so that what is heard is what is seen, and drawn if it is to come along.
async fn ask(
    service: &Service,
    client: &Caller,
    live: &LiveApp,
    Sought { asking, demand }: Sought,
    wanted: &Look,
) -> Result<Asked, Refusal> {
    let now = unix_now();
    let how = Wanted { language: wanted.language.unwrap_or(live.language), in_scripts: wanted.in_scripts };
    let asked = issue(service, client, live, service.ask(live, asking, how, client.client(), now)).await?;
    service.count_asked(live, asking, demand.as_ref());
    let issued = asked.issued;
    let expires_in_secs = live.expires_at(issued.issued_at()).saturating_sub(now);
    let may_choose = asked.word.is_some() && live.app.settings.asks_instead().is_some();
    let alternative = may_choose.then(|| alternative::offer(how.language, how.algorithm(live)));
    let word = match asked.word {
        Some(word) => Some(show(service, client, live, word, wanted).await),
        None => None,
    };
    let work = asked.work.map(|asked| AskedWork {
        key: asked.work.key().to_string(),
        level: asked.work.level(),
        counters: asked.puzzle.counters,
        parameters: PuzzleParameters::from(&asked.puzzle),
    });
    Ok(Asked { key: issued.key().to_string(), expires_in_secs, word, work, alternative })
}

async fn show(service: &Service, client: &Caller, live: &LiveApp, word: Word, wanted: &Look) -> AskedWord {
    let length = word.answer_length();
    let asks_for_digits = word.alphabet() == Alphabet::Digits;
    let says = asks_for_digits.then(|| digits::texts(wanted.language.unwrap_or(live.language)));
    // Where too much waits to be drawn, or the client has had its pictures, the widget asks for it by itself.
    let picture = match wanted.scale {
        Some(scale) if client.may(service, Limited::Media).await => {
            draw(service, client, live, word, scale, wanted.theme).await.ok()
        }
        _ => None,
    };
    let AppSettings { width, height, .. } = live.app.settings;
    AskedWord { length, width, height, says, picture }
}

/// Issues a word that the client is shown on the page for browsers without scripts.
pub(crate) async fn issue_word(
    service: &Service,
    client: &Caller,
    live: &LiveApp,
    language: Language,
    now: u64,
) -> Result<Word, Refusal> {
    // Whatever is sought, it is a word: nothing can be computed there.
    let Sought { demand, .. } = client.sought(service, live, true, now).await?;
    let word = issue(service, client, live, service.issue_word(live, language, now)).await?;
    service.count_asked(live, Asking { word: true, work: None }, demand.as_ref());
    Ok(word)
}

/// Issues what the client is shown, and counts it until it is answered.
pub(crate) async fn issue<T>(
    service: &Service,
    client: &Caller,
    live: &LiveApp,
    issuing: impl Future<Output = Result<T, Refusal>>,
) -> Result<T, Refusal> {
    client.show(service, live).await?;
    match issuing.await {
        Ok(issued) => {
            live.counters.count_widget();
            Ok(issued)
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
    let sought = client.sought(service, live, true, unix_now()).await.ok()?;
    ask(service, client, live, sought, look).await.ok().map(|asked| Begun::Asks(asked.into()))
}

fn said(outcome: Outcome, reply: &impl Serialize, page: &Page) -> Response {
    let mut body = Vec::with_capacity(USUAL_BYTES);
    serde_json::to_writer(&mut body, reply).expect("a reply can be written down");
    let mut headers = HeaderMap::with_capacity(16);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let mut response = if page.takes_gzip && body.len() >= LEAST_COMPRESSED_BYTES {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        file::compressed(&body, QUICKLY).into_response()
    } else {
        body.into_response()
    };
    *response.headers_mut() = headers;
    response.extensions_mut().insert(outcome);
    response
}

/// The status of a refusal, and its stable code. Cap's dialect has the same.
pub(super) fn code(refusal: &Refusal) -> (StatusCode, &'static str) {
    match refusal {
        Refusal::AppKey => (StatusCode::BAD_REQUEST, "unknown-sitekey"),
        Refusal::Host => (StatusCode::FORBIDDEN, "hostname-not-allowed"),
        Refusal::Denied => (StatusCode::FORBIDDEN, "network-denied"),
        Refusal::Alternative => (StatusCode::FORBIDDEN, "alternative-not-allowed"),
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
    }
}

/// A refusal in this dialect's words.
pub(crate) fn refusal(refusal: &Refusal) -> Response {
    let (status, error) = code(refusal);
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
