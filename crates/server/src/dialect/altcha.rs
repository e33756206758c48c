//! ALTCHA, in both versions of its protocol, and the addresses of its server Sentinel: work, and beside it a word where
//! the app asks for one, which its widgets call a code challenge.
//!
//! A site looks at what its form got by itself, with the app's key and ALTCHA's library, or by asking here, which alone
//! knows what was shown before. Work beside a word is signed by another key than sites have: the widget leaves it in the
//! form after a wrong code, and it must be worth nothing there.

mod challenge;
mod payload;
mod verdict;

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::HeaderMap,
    response::Response,
};
use haechi_captcha::{Challenge, Means, Puzzle, Terms, Word, Work};
use utoipa_axum::routes;

pub(crate) use self::verdict::{refusal, refused_verification};
use self::{
    challenge::{ChallengeV1, ChallengeV2, Place},
    payload::{Payload, Redeeming, Shown, Signed, Solution, Solved, Verifying},
    verdict::{Fault, Passed, Reason, Redemption, Verification},
};
use super::widget;
use crate::{
    clock::unix_now,
    domain::{
        apps::{Asking, LiveApp},
        client::Client,
        metrics::Call,
        refusal::{ParameterFault, Refusal},
        service::{Judged, Sealed, Service, Signature, Verdict},
        token::{self, Audience, Wish},
    },
    http::{
        fields::Fields,
        request::host_of_page,
        routes::{Caller, Dialect, Routes, Sought},
    },
};

/// All calls of this dialect. Sentinel's own addresses are of the first version, which every widget reads.
pub(crate) fn routes() -> Routes<Arc<Service>> {
    Routes::of(Dialect::Altcha)
        .call(Call::Begin, routes!(challenge_v1))
        .also_at("/v1/challenge")
        .call(Call::Begin, routes!(challenge_v2))
        .call(Call::Answer, routes!(verify_v1))
        .also_at("/v1/verify")
        .call(Call::Answer, routes!(verify_v2))
        .call(Call::Redeem, routes!(redeem_v1))
        .also_at("/v1/verify/signature")
        .call(Call::Redeem, routes!(redeem_v2))
}

/// Whether it is the address at which a widget has an answer verified.
pub(crate) fn is_verification(path: &str) -> bool {
    path.ends_with("/verify")
}

/// Begin a challenge, in the form of ALTCHA's first version.
///
/// Also at `/v1/challenge`, where Sentinel has it.
#[utoipa::path(
    get, path = "/altcha/v1/challenge", tag = "ALTCHA", operation_id = "altcha_v1_challenge",
    params(("sitekey" = String, Query, min_length = 1, description = "The app's site key; also as `apiKey`")),
    responses(
        (status = 200, body = ChallengeV1, description = "Work, and a code challenge beside it where the app asks for a word. `X-Altcha-Config` says where it is verified", headers(("X-Altcha-Config" = String))),
        (status = 400, body = Fault, description = "`BAD_REQUEST` or `INVALID_API_KEY`"),
        (status = 403, body = Fault, description = "`HOSTNAME_NOT_ALLOWED`"),
        (status = 429, body = Fault, description = "`RATE_LIMITED`"),
        (status = 503, body = Fault, description = "`TRY_AGAIN`: no new challenge could pass just now"),
    )
)]
async fn challenge_v1(State(service): State<Arc<Service>>, request: Request) -> Result<Response, Refusal> {
    let Begun { live, asked: Asked { word, work, .. }, place } = begin(&service, request, Form::V1).await?;
    Ok(challenge::v1(&service, &live, word.as_ref(), &work, &place))
}

/// Begin a challenge, in the form of ALTCHA's second version.
#[utoipa::path(
    get, path = "/altcha/v2/challenge", tag = "ALTCHA", operation_id = "altcha_v2_challenge",
    params(("sitekey" = String, Query, min_length = 1, description = "The app's site key; also as `apiKey`")),
    responses(
        (status = 200, body = ChallengeV2, description = "Work, and a code challenge beside it where the app asks for a word. `configuration` and `X-Altcha-Config` say where it is verified", headers(("X-Altcha-Config" = String))),
        (status = 400, body = Fault, description = "`BAD_REQUEST` or `INVALID_API_KEY`"),
        (status = 403, body = Fault, description = "`HOSTNAME_NOT_ALLOWED`"),
        (status = 429, body = Fault, description = "`RATE_LIMITED`"),
        (status = 503, body = Fault, description = "`TRY_AGAIN`: no new challenge could pass just now"),
    )
)]
async fn challenge_v2(State(service): State<Arc<Service>>, request: Request) -> Result<Response, Refusal> {
    let Begun { live, asked: Asked { word, work, puzzle }, place } = begin(&service, request, Form::V2).await?;
    let puzzle = puzzle.ok_or(Refusal::Internal)?;
    Ok(challenge::v2(&service, &live, word.as_ref(), &work, &puzzle, &place))
}

/// Have a solution verified, and the code with it, by the widget.
///
/// Always answered with 200. Also at `/v1/verify`, where Sentinel has it.
#[utoipa::path(
    post, path = "/altcha/v1/verify", tag = "ALTCHA", operation_id = "altcha_v1_verify", request_body = Verifying,
    responses((status = 200, body = Verification, description = "The payload for the site, or the reason why there is none"))
)]
async fn verify_v1(service: State<Arc<Service>>, headers: HeaderMap, request: Request) -> Result<Response, Refusal> {
    verify(&service, &headers, request).await
}

/// Have a solution verified, and the code with it, by the widget.
///
/// Always answered with 200. Payloads of both versions are taken.
#[utoipa::path(
    post, path = "/altcha/v2/verify", tag = "ALTCHA", operation_id = "altcha_v2_verify", request_body = Verifying,
    responses((status = 200, body = Verification, description = "The payload for the site, or the reason why there is none"))
)]
async fn verify_v2(service: State<Arc<Service>>, headers: HeaderMap, request: Request) -> Result<Response, Refusal> {
    verify(&service, &headers, request).await
}

/// Redeem what a form got, once, by the site.
///
/// Also at `/v1/verify/signature`, where Sentinel has it.
#[utoipa::path(
    post, path = "/altcha/v1/verify/signature", tag = "ALTCHA", operation_id = "altcha_v1_redeem", request_body = Redeeming,
    responses(
        (status = 200, body = Redemption, description = "Whether it is good, and had not been redeemed"),
        (status = 400, body = Fault, description = "`BAD_REQUEST`, `INVALID_PAYLOAD` or `INVALID_SECRET`"),
        (status = 503, body = Fault, description = "`TRY_AGAIN`: nobody knows whether it is good"),
    )
)]
async fn redeem_v1(service: State<Arc<Service>>, headers: HeaderMap, request: Request) -> Result<Response, Refusal> {
    redeem(&service, &headers, request).await
}

/// Redeem what a form got, once, by the site.
///
/// Payloads of both versions are taken. The secret may come as Basic authentication too.
#[utoipa::path(
    post, path = "/altcha/v2/verify/signature", tag = "ALTCHA", operation_id = "altcha_v2_redeem", request_body = Redeeming,
    responses(
        (status = 200, body = Redemption, description = "Whether it is good, and had not been redeemed"),
        (status = 400, body = Fault, description = "`BAD_REQUEST`, `INVALID_PAYLOAD` or `INVALID_SECRET`"),
        (status = 503, body = Fault, description = "`TRY_AGAIN`: nobody knows whether it is good"),
    )
)]
async fn redeem_v2(service: State<Arc<Service>>, headers: HeaderMap, request: Request) -> Result<Response, Refusal> {
    redeem(&service, &headers, request).await
}

/// In which version's form work is written.
#[derive(Clone, Copy)]
enum Form {
    V1,
    V2,
}

/// A challenge that is to be written down.
struct Begun {
    live: Arc<LiveApp>,
    asked: Asked,
    place: Place,
}

/// Work, and the word beside it if there is one.
struct Asked {
    word: Option<Word>,
    work: Work,
    /// What the second version's form is made of.
    puzzle: Option<Puzzle>,
}

async fn begin(service: &Service, request: Request, form: Form) -> Result<Begun, Refusal> {
    let caller = Caller::of(service, &request);
    let place = Place::of(service, &request);
    let host = host_of_page(request.headers());
    let fields = Fields::of_query(&request)?;
    let site_key = fields.single(&["sitekey", "apiKey"])?.filter(|key| !key.is_empty());
    let live = service.app_of_site(site_key.ok_or(ParameterFault::Missing)?)?;
    service.check_host(&live, &host)?;
    let (client, now) = (caller.client(), unix_now());
    let Sought { mut asking, demand } = caller.sought(service, &live, true, now).await?;
    // The widget always computes something first.
    asking.work.get_or_insert(0);
    let issuing = issue(service, &live, asking, form, client, now);
    let asked = if asking.word {
        widget::issue(service, &caller, &live, issuing).await?
    } else {
        // Whether it is solved, the site may see by itself, so that here it would seem to be left unanswered.
        let asked = issuing.await?;
        live.counters.count_widget();
        caller.take_for_solved(service, &live, now).await;
        asked
    };
    service.count_asked(&live, asking, demand.as_ref());
    Ok(Begun { live, asked, place })
}

async fn issue(
    service: &Service,
    live: &LiveApp,
    asking: Asking,
    form: Form,
    client: Option<Client>,
    now: u64,
) -> Result<Asked, Refusal> {
    // Fixed to no language: the widget says only with the sound in which it is.
    let Sealed { word, work } = service.seal_asked(live, asking, None, now).await?;
    let work = work.ok_or(Refusal::Internal)?;
    let puzzle = match form {
        Form::V1 => None,
        Form::V2 => {
            let terms = Terms { algorithm: live.app.settings.work_algorithm, beside: word.as_ref().map(Word::key) };
            Some(service.puzzle(&work, terms, client).await?)
        }
    };
    service.count_sealed(live, word.as_ref().map_or_else(|| (&work).into(), Into::into));
    Ok(Asked { word, work, puzzle })
}

/// Work that was solved, or says so, and the word beside it if there is one.
struct Opened {
    live: Arc<LiveApp>,
    work: Work,
    word: Option<Word>,
    solution: Solution,
}

impl Opened {
    fn of(service: &Service, Solved { work, word, solution }: &Solved) -> Result<Self, Refusal> {
        let (Challenge::Work(work), live) = service.challenge(work)? else { return Err(Refusal::Key) };
        let word = word.as_ref().map(|word| service.word_of(&live, word)).transpose()?;
        Ok(Self { live, work, word, solution: *solution })
    }

    async fn is_solved(&self, service: &Service, client: Option<Client>) -> Result<bool, Refusal> {
        let beside = self.word.as_ref().map(Word::key);
        match self.solution {
            Solution::Counter(solution) => service.is_solved(&self.live, &self.work, beside, solution, client).await,
            Solution::Number(number) => Ok(self.work.number(beside) == number),
        }
    }
}

async fn verify(service: &Service, headers: &HeaderMap, request: Request) -> Result<Response, Refusal> {
    let now = unix_now();
    let caller = Caller::of(service, &request);
    let Verifying { payload, code } = payload::read(request).await?;
    let Payload::Solved(solved) = Shown::Text(payload).payload()? else { return Err(Refusal::Key) };
    let opened = Opened::of(service, &solved)?;
    let live = Arc::clone(&opened.live);
    let hostname = host_of_page(headers);
    service.check_host(&live, &hostname)?;
    let means = if opened.word.is_some() { Means::Picture } else { Means::Work };
    let wish = Wish { audience: Audience::Altcha, means, hostname, action: String::new(), data: String::new() };
    if !wish.fits() {
        return Err(ParameterFault::TooLong.into());
    }
    if !opened.is_solved(service, caller.client()).await? {
        let Opened { work, word, .. } = opened;
        let challenge = word.map_or(Challenge::Work(work), Challenge::Word);
        let undone = Judged::new(Verdict::Undone, &challenge, now);
        caller.settle(service, &live, &challenge, &undone, now).await;
        return Ok(Verification::refused(Reason::Solution));
    }
    let (challenge, judged) = match opened.word {
        Some(word) => {
            let judged = service.judge(&live, &word, code.as_deref().unwrap_or_default(), now).await?;
            let challenge = Challenge::Word(word);
            caller.settle(service, &live, &challenge, &judged, now).await;
            (challenge, judged)
        }
        None => {
            let judged = service.spend_work(&live, &opened.work, None, now).await?;
            (Challenge::Work(opened.work), judged)
        }
    };
    if let Some(reason) = Reason::of(judged.verdict) {
        return Ok(Verification::refused(reason));
    }
    let token = service.token(&live, &challenge, &judged, wish)?;
    let key = service.signing_key(&live.app, Signature::Passing);
    let signed = Signed::of(&key, &Passed::at(now, challenge.key()), &token);
    Ok(Verification::passed(signed.encoded()))
}

async fn redeem(service: &Service, headers: &HeaderMap, request: Request) -> Result<Response, Refusal> {
    let now = unix_now();
    let Redeeming { payload, secret } = payload::read(request).await?;
    let Some(holder) = Holder::of(service, secret.or_else(|| payload::basic_secret(headers)), now)? else {
        return Ok(verdict::unknown_secret());
    };
    match payload.payload()? {
        Payload::Signed(signed) => redeem_signed(service, &holder, &signed, now).await,
        Payload::Solved(solved) => redeem_solved(service, &holder, &solved, now).await,
    }
}

/// Who redeems.
enum Holder {
    /// The site of this app, which has shown its secret.
    Site(u32),
    /// Whoever has the payload.
    Anybody,
}

impl Holder {
    /// Whose secret it is, if it is anybody's.
    fn of(service: &Service, secret: Option<String>, now: u64) -> Result<Option<Self>, Refusal> {
        let Some(secret) = secret else { return Ok(Some(Self::Anybody)) };
        match service.app_of_secret(secret.trim_ascii(), now) {
            Ok(live) => Ok(Some(Self::Site(live.app.number))),
            Err(Refusal::AppKey) => Ok(None),
            Err(other) => Err(other),
        }
    }

    fn may_redeem_of(&self, live: &LiveApp) -> bool {
        match self {
            Self::Site(number) => *number == live.app.number,
            Self::Anybody => true,
        }
    }
}

/// Redeems what was verified here before.
async fn redeem_signed(service: &Service, holder: &Holder, signed: &Signed, now: u64) -> Result<Response, Refusal> {
    let (id, token) = signed.id_and_token()?;
    let (challenge, live) = service.challenge(&id)?;
    if !holder.may_redeem_of(&live) {
        return Ok(verdict::unknown_secret());
    }
    if !signed.is_signed_by_any(&service.signing_keys(&live.app, Signature::Passing, now)) {
        return Ok(Redemption::refused(Reason::Signature));
    }
    Ok(match service.redeem(&live, &token, None, now).await? {
        token::Redemption::Redeemed(proof) => Redemption::redeemed(&Passed::at(proof.pass.passed_at, challenge.key())),
        token::Redemption::Unknown => Redemption::refused(Reason::Payload),
        token::Redemption::Late => Redemption::refused(Reason::Expired),
        token::Redemption::Spent => Redemption::refused(Reason::Used),
    })
}

/// Redeems work that was asked for alone. Beside a word it is worth nothing: with the code it would have become something
/// that was verified.
async fn redeem_solved(service: &Service, holder: &Holder, solved: &Solved, now: u64) -> Result<Response, Refusal> {
    let opened = Opened::of(service, solved)?;
    if !holder.may_redeem_of(&opened.live) {
        return Ok(verdict::unknown_secret());
    }
    if opened.word.is_some() {
        return Ok(Redemption::refused(Reason::NoCode));
    }
    if !opened.is_solved(service, None).await? {
        return Ok(Redemption::refused(Reason::Solution));
    }
    let judged = service.spend_work(&opened.live, &opened.work, None, now).await?;
    if let Some(reason) = Reason::of(judged.verdict) {
        return Ok(Redemption::refused(reason));
    }
    opened.live.counters.count_token(now, Means::Work);
    opened.live.counters.count_redeemed(now, Means::Work);
    Ok(Redemption::redeemed(&Passed::at(now, opened.work.key())))
}
