//! Cap: its widget fetches small puzzles, solves them and gets a token, which its site redeems.
//!
//! It knows no words. An app that asks for one has the longer work instead, where it allows that, and else refuses.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use haechi_captcha::{Challenge, Judgement, Means, SmallPuzzles, Work};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::widget;
use crate::{
    clock::unix_now,
    domain::{
        apps::LiveApp,
        metrics::Call,
        outcome::Outcome,
        refusal::{ParameterFault, Refusal},
        service::{Judged, Service, Verdict},
        token::{Audience, Redemption, Wish},
    },
    http::{
        request::{host_of_page, read_body, segment_after},
        routes::{Caller, Dialect, Routes, Sought},
    },
};

/// All calls of this dialect.
pub(crate) fn routes() -> Routes<Arc<Service>> {
    Routes::of(Dialect::Cap)
        .call(Call::Begin, routes!(challenge))
        .call(Call::Answer, routes!(redeem))
        .call(Call::Redeem, routes!(siteverify))
}

/// Small puzzles to be solved.
#[derive(Serialize, ToSchema)]
#[schema(as = CapChallenge)]
struct Puzzles {
    challenge: Numbers,
    /// The text from which they follow by Cap's generator.
    token: String,
    /// Until when they can be solved, in Unix milliseconds.
    expires: u64,
}

/// How many puzzles there are, and how large they are.
#[derive(Serialize, ToSchema)]
#[schema(as = CapNumbers)]
struct Numbers {
    /// How many.
    c: u32,
    /// Digits of a salt.
    s: usize,
    /// Digits of a target.
    d: usize,
}

/// What a widget has solved. Other members are ignored.
#[derive(Deserialize, ToSchema)]
#[schema(as = CapSolved)]
struct Solved {
    /// The text that the puzzles follow from.
    token: String,
    /// A number for each.
    solutions: Vec<u64>,
}

/// A token for the site.
#[derive(Serialize, ToSchema)]
#[schema(as = CapToken)]
struct Passed {
    success: bool,
    token: String,
    /// Until when it can be redeemed, in Unix milliseconds.
    expires: u64,
}

/// What a widget is told of its solutions.
#[derive(Serialize, ToSchema)]
#[schema(as = CapRedeemed)]
#[serde(untagged)]
enum Redeemed {
    Passed(Passed),
    Refused(Fault),
}

/// What a site sends. Other members are ignored.
#[derive(Deserialize, ToSchema)]
#[schema(as = CapRedemption)]
struct Wanted {
    /// The app's secret. Its appkey does as well.
    secret: String,
    /// The token.
    response: String,
}

/// What a site is told.
#[derive(Serialize, ToSchema)]
#[schema(as = CapVerdict)]
struct Told {
    /// Whether the token is good, and had not been redeemed.
    success: bool,
    /// Why it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

/// Why a call was refused.
#[derive(Serialize, ToSchema)]
#[schema(as = CapFault)]
struct Fault {
    success: bool,
    /// A stable code.
    #[schema(example = "hostname-not-allowed")]
    error: &'static str,
}

/// Begin a challenge. The body is ignored.
#[utoipa::path(
    post, path = "/cap/{sitekey}/challenge", tag = "Cap", operation_id = "cap_challenge",
    params(("sitekey" = String, Path, description = "The app's site key")),
    responses(
        (status = 200, body = Puzzles),
        (status = 400, body = Fault, description = "`unknown-sitekey`"),
        (status = 403, body = Fault, description = "`hostname-not-allowed`; or `alternative-not-allowed`: the app asks for a word, which Cap does not know, and allows nothing instead"),
        (status = 429, body = Fault, description = "`rate-limited`"),
        (status = 503, body = Fault, description = "`busy`: no new challenge could pass just now"),
    )
)]
async fn challenge(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    uri: Uri,
    request: Request,
) -> Result<Response, Refusal> {
    let caller = Caller::of(&service, &request);
    let live = app(&service, &uri)?;
    service.check_host(&live, &host_of_page(&headers))?;
    let (settings, now) = (&live.app.settings, unix_now());
    let Sought { asking, demand } = caller.sought(&service, &live, false, now).await?;
    let asking = if asking.word { settings.asks_instead().ok_or(Refusal::Alternative)? } else { asking };
    let work = service.seal_asked(&live, asking, None, now).await?.work.ok_or(Refusal::Internal)?;
    service.count_sealed(&live, (&work).into());
    live.counters.count_widget();
    service.count_asked(&live, asking, demand.as_ref());
    let puzzles = work.small_puzzles();
    let expires = live.expires_at(work.claims().issued_at) * 1_000;
    let (s, d) = (SmallPuzzles::SALT_DIGITS, SmallPuzzles::TARGET_DIGITS);
    let challenge = Numbers { c: puzzles.count(), s, d };
    Ok(say(StatusCode::OK, Outcome::Success, &Puzzles { challenge, token: puzzles.text().to_owned(), expires }))
}

/// Have the puzzles judged, once.
#[utoipa::path(
    post, path = "/cap/{sitekey}/redeem", tag = "Cap", operation_id = "cap_redeem", request_body = Solved,
    params(("sitekey" = String, Path, description = "The app's site key")),
    responses(
        (status = 200, body = Redeemed, description = "The token; or `success: false` and the `error`: `invalid-solution`, `expired`"),
        (status = 400, body = Fault, description = "`bad-request` or `unknown-sitekey`"),
        (status = 403, body = Fault, description = "`hostname-not-allowed`"),
        (status = 404, body = Fault, description = "`key-not-known`"),
        (status = 503, body = Fault, description = "`busy`"),
    )
)]
async fn redeem(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    uri: Uri,
    request: Request,
) -> Result<Response, Refusal> {
    let now = unix_now();
    let caller = Caller::of(&service, &request);
    let live = app(&service, &uri)?;
    let hostname = host_of_page(&headers);
    service.check_host(&live, &hostname)?;
    let Solved { token, solutions } = read(request).await?;
    let work = work_of(&service, &live, &token)?;
    let wish =
        Wish { audience: Audience::Cap, means: Means::Work, hostname, action: String::new(), data: String::new() };
    if !wish.fits() {
        return Err(ParameterFault::TooLong.into());
    }
    // So few hashes take less time than to hand them to another thread.
    let is_solved = work.small_puzzles().judge(&solutions) == Judgement::Right;
    let judged = match is_solved {
        true => service.spend_work(&live, &work, None, now).await?,
        false => Judged::new(Verdict::Undone, &work, now),
    };
    let challenge = Challenge::Work(work);
    caller.settle(&service, &live, &challenge, &judged, now).await;
    if !is_solved {
        return Ok(unsolved("invalid-solution", Outcome::WrongAnswerError));
    }
    if judged.verdict != Verdict::Passed {
        return Ok(unsolved("expired", Outcome::ExpiredKeyError));
    }
    let expires = (now + wish.audience.life_secs()) * 1_000;
    let token = service.token(&live, &challenge, &judged, wish)?.to_string();
    Ok(say(StatusCode::OK, Outcome::Success, &Redeemed::Passed(Passed { success: true, token, expires })))
}

/// Redeem a token, once, by the site.
#[utoipa::path(
    post, path = "/cap/{sitekey}/siteverify", tag = "Cap", operation_id = "cap_siteverify", request_body = Wanted,
    params(("sitekey" = String, Path, description = "The app's site key")),
    responses(
        (status = 200, body = Told, description = "Whether it is good; else `invalid-input-secret`, `invalid-input-response`, `expired-input-response` or `already-seen-response`"),
        (status = 503, body = Fault, description = "`busy`: nobody knows whether it is good"),
    )
)]
async fn siteverify(State(service): State<Arc<Service>>, uri: Uri, request: Request) -> Result<Response, Refusal> {
    let now = unix_now();
    let live = app(&service, &uri)?;
    let Wanted { secret, response } = read(request).await?;
    let holder = match service.app_of_secret(secret.trim_ascii(), now) {
        Err(Refusal::AppKey) => None,
        found => Some(found?.app.number),
    };
    if holder != Some(live.app.number) {
        return Ok(refused("invalid-input-secret", Outcome::AppkeyError));
    }
    Ok(match service.redeem(&live, response.trim_ascii(), None, now).await? {
        Redemption::Redeemed(_) => say(StatusCode::OK, Outcome::Success, &Told { success: true, error: None }),
        Redemption::Unknown => refused("invalid-input-response", Outcome::InvalidKeyError),
        Redemption::Late => refused("expired-input-response", Outcome::ExpiredKeyError),
        Redemption::Spent => refused("already-seen-response", Outcome::ExpiredKeyError),
    })
}

/// The app in the path.
fn app(service: &Service, uri: &Uri) -> Result<Arc<LiveApp>, Refusal> {
    service.app_of_site(segment_after(uri, "cap"))
}

/// The work of this app whose puzzles follow from this text.
fn work_of(service: &Service, live: &LiveApp, text: &str) -> Result<Work, Refusal> {
    let key = text.get(..KEY_LENGTH).ok_or(Refusal::Key)?;
    let (Challenge::Work(work), issuer) = service.challenge(key)? else { return Err(Refusal::Key) };
    let is_it = issuer.app.number == live.app.number && work.small_puzzles().follow_from(text);
    if is_it { Ok(work) } else { Err(Refusal::Key) }
}

/// Characters of a key.
const KEY_LENGTH: usize = 36;

async fn read<T: DeserializeOwned>(request: Request) -> Result<T, Refusal> {
    let body = read_body(request).await?;
    Ok(serde_json::from_slice(&body).map_err(|_| ParameterFault::Json)?)
}

/// A refusal in this dialect's words.
pub(crate) fn refusal(refusal: &Refusal) -> Response {
    let (status, error) = widget::code(refusal);
    say(status, refusal.outcome(), &Fault { success: false, error })
}

fn unsolved(error: &'static str, outcome: Outcome) -> Response {
    say(StatusCode::OK, outcome, &Redeemed::Refused(Fault { success: false, error }))
}

fn refused(error: &'static str, outcome: Outcome) -> Response {
    say(StatusCode::OK, outcome, &Told { success: false, error: Some(error) })
}

fn say(status: StatusCode, outcome: Outcome, said: &impl Serialize) -> Response {
    let mut response = (status, Json(said)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(outcome);
    response
}
