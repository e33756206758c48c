//! The demo page at `/`: one challenge, for people to try.
//!
//! With scripts it is the widget, and the page redeems the token as a site does. Without, it is a form, for which the
//! page calls the service itself. Either is in the name of the app `default`; no appkey reaches the browser.

mod page;
mod round;
#[cfg(test)]
mod tests;
pub(super) mod texts;

use std::sync::{Arc, LazyLock};

use axum::{
    Router,
    extract::{RawQuery, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use haechi_captcha::Language;

use self::{page::Page, round::Round, texts::Notice};
use super::{MARK, POLICY, header_layer, with_headers};
use crate::{
    clock::unix_now,
    dialect::siteverify,
    domain::{
        metrics::Call,
        refusal::{ParameterFault, Refusal},
        service::Service,
    },
    http::{
        fields::Fields,
        file::{self, File, JAVASCRIPT, STYLE_SHEET},
        guard, language,
        parameters::Parameters,
        request::read_body,
        routes::{Caller, Classes, Dialect, Routes},
    },
};

static STYLE: LazyLock<File> = LazyLock::new(|| File::of(STYLE_SHEET, include_bytes!("demo/page.css")));
static SCRIPT: LazyLock<File> = LazyLock::new(|| File::of(JAVASCRIPT, include_bytes!("demo/page.js")));

const REFERRER_POLICY: &str = "no-referrer";

/// The demo as a router, with what all of it passes.
pub(crate) fn router(service: &Arc<Service>, classes: &mut Classes) -> Router<Arc<Service>> {
    let page = Routes::of(Dialect::Demo).page(Call::Issue, "/", get(show).post(judge_form));
    let beside = Routes::of(Dialect::Nhn)
        .page(Call::Redeem, "/demo/redemption", post(redeem))
        .page(Call::Other, "/demo/page.css", file::serve(&STYLE))
        .page(Call::Other, "/demo/page.js", file::serve(&SCRIPT))
        .page(Call::Other, "/demo/haechi.svg", file::serve(&MARK));
    page.router(service, classes)
        .merge(beside.router(service, classes))
        .route_layer(from_fn_with_state(Arc::clone(service), guard::refuse_other_sites))
        .route_layer(header_layer(header::CONTENT_SECURITY_POLICY, POLICY))
        .route_layer(header_layer(header::REFERRER_POLICY, REFERRER_POLICY))
        .route_layer(header_layer(header::CACHE_CONTROL, "no-store"))
}

/// The page that says why a request for it was refused, wherever that was.
pub(crate) fn refusal(language: Language, refusal: &Refusal) -> Response {
    let page = page(refusal.status(), &Page { language, notice: Notice::from(refusal), round: None });
    with_headers(page, REFERRER_POLICY)
}

/// The page with a new challenge.
async fn show(State(service): State<Arc<Service>>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let language = language_of(query.as_deref(), &headers);
    page_with_new_challenge(&service, language, Notice::New).await
}

/// The page after its form was sent, as a browser without our script does it.
async fn judge_form(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Refusal> {
    let language = language_of(query.as_deref(), request.headers());
    let client = Caller::of(&service, &request);
    let body = read_body(request).await?;
    let form = Parameters::wishes(std::str::from_utf8(&body).unwrap_or_default());
    let field = |name| form.wish(&[name]).unwrap_or_default();
    let key = field("key");
    let now = unix_now();
    // The route counts as issuing, which follows.
    let judged = match client.count(&service, Call::Verify).await {
        Ok(()) => round::judge(&service, key, field("answer"), now).await,
        Err(refusal) => Err(refusal),
    };
    let (status, notice) = match judged {
        Ok(verdict) => (StatusCode::OK, Notice::from(verdict)),
        Err(refusal) => (refusal.status(), Notice::from(&refusal)),
    };
    // As far as is known none of these took an attempt, so the person goes on with the same challenge.
    if matches!(notice, Notice::Empty | Notice::Undecided | Notice::Busy)
        && let Ok(round) = Round::resume(&service, key, now)
    {
        return Ok(page(status, &Page { language, notice, round: Some(round) }));
    }
    Ok(page_with_new_challenge(&service, language, notice).await)
}

/// The page with a new challenge below a notice, or with the reason why there is no new challenge.
async fn page_with_new_challenge(service: &Service, language: Language, notice: Notice) -> Response {
    let refusal = match Round::start(service, language, unix_now()).await {
        Ok(round) => return page(StatusCode::OK, &Page { language, notice, round: Some(round) }),
        Err(refusal) => refusal,
    };
    let status = match refusal {
        Refusal::AppKey => StatusCode::SERVICE_UNAVAILABLE,
        _ => refusal.status(),
    };
    // That an answer was right must be said even when no challenge follows it.
    let notice = if notice == Notice::Right { notice } else { Notice::from(&refusal) };
    page(status, &Page { language, notice, round: None })
}

fn page(status: StatusCode, page: &Page) -> Response {
    (status, [(header::VARY, "accept-language")], page.render()).into_response()
}

/// The language that `?lang=` names, else the one that the browser prefers, else English.
pub(crate) fn language_of(query: Option<&str>, headers: &HeaderMap) -> Language {
    let parameters = Parameters::wishes(query.unwrap_or_default());
    let asked = parameters.wish(&["lang"]).and_then(|tag| tag.parse().ok());
    asked.or_else(|| language::preferred(headers)).unwrap_or(Language::En)
}

/// What a site learns of a token: the verdict of `/siteverify`. Unlike a site's server the visitor's browser asks, so it
/// counts as having an answer judged.
async fn redeem(State(service): State<Arc<Service>>, request: Request) -> Result<Response, Refusal> {
    Caller::of(&service, &request).count(&service, Call::Verify).await?;
    let fields = Fields::read(request).await?;
    let token = fields.single(&["response"])?.ok_or(ParameterFault::Missing)?;
    siteverify::redeem(&service, &*round::app(&service)?, token, unix_now()).await
}
