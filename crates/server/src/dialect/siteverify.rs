//! siteverify, as reCAPTCHA, hCaptcha and Turnstile have it: a site redeems the token of its page.
//!
//! Every verdict has status 200 and a JSON body with a boolean `success`, and so has "could not decide". Sites' libraries
//! take other replies for a fault of their own.

pub(crate) mod test_keys;
mod verdict;

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Response,
};
use haechi_captcha::Means;
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use self::verdict::{Fault, Success, Verdict, VerdictReply};
pub(crate) use self::verdict::{Vendor, refusal};
use crate::{
    clock::unix_now,
    domain::{
        apps::LiveApp,
        metrics::Call,
        refusal::Refusal,
        service::Service,
        token::{Audience, Proof, Redemption},
    },
    http::{
        fields::Fields,
        routes::{Dialect, Routes},
    },
};

/// All calls of these dialects.
pub(crate) fn routes() -> [Routes<Arc<Service>>; 3] {
    [
        Routes::of(Dialect::Recaptcha).call(Call::Redeem, by_get_too(Vendor::Recaptcha, routes!(recaptcha))),
        Routes::of(Dialect::Hcaptcha).call(Call::Redeem, by_get_too(Vendor::Hcaptcha, routes!(hcaptcha))),
        Routes::of(Dialect::Turnstile).call(Call::Redeem, by_get_too(Vendor::Turnstile, routes!(turnstile))),
    ]
}

/// Some clients send everything in the query, and a few of them with GET.
fn by_get_too(
    vendor: Vendor,
    (schemas, paths, handlers): UtoipaMethodRouter<Arc<Service>>,
) -> UtoipaMethodRouter<Arc<Service>> {
    let by_get = move |State(service): State<Arc<Service>>, request: Request| async move {
        answer(&service, vendor, request).await
    };
    // It is advertised to nobody.
    (schemas, paths, handlers.get(by_get))
}

/// Redeem a token, as reCAPTCHA does it.
///
/// Fields come as a form, as JSON, as multipart, or in the query.
#[utoipa::path(
    post, path = "/recaptcha/api/siteverify", tag = "siteverify",
    operation_id = "recaptcha_siteverify",
    request_body(content = Wanted, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = VerdictReply, description = "The verdict. `error-codes` only on failure; `score` and `action` only for tokens of reCAPTCHA v3's script"))
)]
async fn recaptcha(State(service): State<Arc<Service>>, request: Request) -> Result<Response, Refusal> {
    answer(&service, Vendor::Recaptcha, request).await
}

/// Redeem a token, as hCaptcha does it.
///
/// Also the call for sites that begin with haechi. Fields come as a form, as JSON, as multipart, or in the query.
#[utoipa::path(
    post, path = "/siteverify", tag = "siteverify",
    operation_id = "siteverify",
    request_body(content = Wanted, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = VerdictReply, description = "The verdict. `error-codes` only on failure"))
)]
async fn hcaptcha(State(service): State<Arc<Service>>, request: Request) -> Result<Response, Refusal> {
    answer(&service, Vendor::Hcaptcha, request).await
}

/// Redeem a token, as Turnstile does it.
///
/// Fields come as a form, as JSON, as multipart, or in the query.
#[utoipa::path(
    post, path = "/turnstile/v0/siteverify", tag = "siteverify",
    operation_id = "turnstile_siteverify",
    request_body(content = Wanted, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = VerdictReply, description = "The verdict, with `error-codes` always, and `action` and `cdata`"))
)]
async fn turnstile(State(service): State<Arc<Service>>, request: Request) -> Result<Response, Refusal> {
    answer(&service, Vendor::Turnstile, request).await
}

/// What a site sends. Other fields are ignored.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "it is read by name; this describes it")]
struct Wanted {
    /// The app's secret: `0x` and 40 hexadecimal digits. Its appkey does as well.
    secret: String,
    /// The token.
    response: String,
    /// The person's address. It is taken for advice, and not looked at.
    remoteip: Option<String>,
    /// The app's site key: if it is given to hCaptcha's call, it must be the one of the secret.
    sitekey: Option<String>,
    /// A UUID of the site's making: the same request again gets the same verdict.
    idempotency_key: Option<String>,
}

async fn answer(service: &Service, vendor: Vendor, request: Request) -> Result<Response, Refusal> {
    let fields = Fields::read(request).await?;
    Ok(verdict::reply(vendor, judge(service, vendor, &fields, unix_now()).await?))
}

/// The checks, in the order of the originals: what is missing, the secret, the token.
async fn judge(service: &Service, vendor: Vendor, fields: &Fields, now: u64) -> Result<Verdict, Refusal> {
    // White space comes with what people paste, and with secrets that stand in files.
    let given = |name| {
        let value = fields.single(&[name])?.map(str::trim_ascii);
        Ok::<_, Refusal>(value.filter(|value| !value.is_empty()))
    };
    let (secret, response) = (given("secret")?, given("response")?);
    let (Some(secret), Some(response)) = (&secret, &response) else {
        let missing = [(secret.is_none(), Fault::NoSecret), (response.is_none(), Fault::NoResponse)];
        return Ok(Err(missing.into_iter().filter(|(is_missing, _)| *is_missing).map(|(_, fault)| fault).collect()));
    };
    if service.knows_vendors_test_keys()
        && let Some(verdict) = test_keys::judge(vendor, secret, response, now)
    {
        return Ok(verdict);
    }
    let live = match service.app_of_secret(secret, now) {
        Ok(live) => live,
        Err(Refusal::AppKey) => return Ok(Err(vec![Fault::Secret])),
        Err(other) => return Err(other),
    };
    let site_key = given("sitekey")?;
    if vendor == Vendor::Hcaptcha && site_key.is_some_and(|site_key| !live.app.site_key().is_written(site_key)) {
        return Ok(Err(vec![Fault::SiteKey]));
    }
    let request = given("idempotency_key")?;
    Ok(verdict_on(service.redeem(&live, response, request, now).await?))
}

/// Redeems a token of this app, in the words of `/siteverify`.
pub(crate) async fn redeem(service: &Service, live: &LiveApp, token: &str, now: u64) -> Result<Response, Refusal> {
    Ok(verdict::reply(Vendor::Hcaptcha, verdict_on(service.redeem(live, token, None, now).await?)))
}

fn verdict_on(redemption: Redemption) -> Verdict {
    match redemption {
        Redemption::Redeemed(proof) => Ok(Box::new(Success::from(*proof))),
        Redemption::Unknown => Err(vec![Fault::Response]),
        Redemption::Late => Err(vec![Fault::Late]),
        Redemption::Spent => Err(vec![Fault::Spent]),
    }
}

/// What reCAPTCHA v3 calls the likelihood that it was a person, 0 to 1, by a rule of ours that anybody can check:
/// 0.9 for who read or heard a word, 0.3 for who did so in less than two seconds, 0.7 for who computed.
fn score(proof: &Proof) -> f64 {
    let secs = proof.pass.passed_at.saturating_sub(proof.issued_at);
    match proof.pass.means {
        Means::Work => 0.7,
        Means::Picture | Means::Sound if secs < FASTEST_PERSON_SECS => 0.3,
        Means::Picture | Means::Sound => 0.9,
    }
}

/// Below this, whoever typed five characters had probably not read them.
const FASTEST_PERSON_SECS: u64 = 2;

impl From<Proof> for Success {
    fn from(proof: Proof) -> Self {
        let score = (proof.audience == Audience::RecaptchaV3).then(|| score(&proof));
        Self {
            passed_at: proof.pass.passed_at,
            hostname: proof.pass.hostname,
            action: proof.pass.action,
            data: proof.pass.data,
            score,
        }
    }
}
