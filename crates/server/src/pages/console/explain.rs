//! The page that says why another cannot be shown.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use maud::html;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Console, REFERRER_POLICY, fault::Fault, page::Page, visitor::Reader};
use crate::{
    clock::unix_now,
    domain::{
        admin::{Actor, AdminError},
        refusal::Refusal,
    },
    logging::Seldom,
    pages::with_headers,
};

/// Makes a page of a fault, or sends those who are not signed in to where they can be.
pub(super) async fn explain(State(console): State<Arc<Console>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let reader = Reader::new(&parts, console.service.limits().proxies());
    let response = next.run(Request::from_parts(parts, body)).await;
    let Some(fault) = response.extensions().get::<Arc<Fault>>() else { return response };
    let actor = match (&**fault, reader.session()) {
        (Fault::SignedOut, _) | (_, None) => None,
        // Whoever is signed in keeps the way to other pages. If it cannot be found out, the page says why all the same.
        (_, Some(session)) => {
            let asked = console.ask(move |administration| administration.session_of_page(&session, unix_now()));
            asked.await.ok().flatten()
        }
    };
    page(&reader, actor.as_ref(), fault)
}

/// A page that says why a request below `/console` was refused, wherever that was.
pub(crate) fn refusal(reader: &Reader, refusal: &Refusal) -> Response {
    with_headers(page(reader, None, &Fault::Refusal(refusal.clone())), REFERRER_POLICY)
}

fn page(reader: &Reader, actor: Option<&Actor>, fault: &Fault) -> Response {
    if matches!(fault, Fault::SignedOut) {
        let next = utf8_percent_encode(&reader.address, NON_ALPHANUMERIC);
        return see_other(&format!("/console/sign-in?next={next}"));
    }
    log(fault);
    let texts = reader.texts();
    let content = html! {
        h1 { (texts.not_possible) }
        p { (fault.sentence(texts)) }
        @if matches!(fault, Fault::Sent { .. }) { p { a.button.main href=(reader.address) { (texts.back_to_page) } } }
        p { a href="/console" { (texts.back_to_overview) } }
    };
    let page = Page::new(reader, texts.not_possible, &content).seen_by(actor).reply(fault.status());
    match fault {
        Fault::Admin(AdminError::TooManyAttempts { retry_after_secs }) => {
            ([(header::RETRY_AFTER, retry_after_secs.to_string())], page).into_response()
        }
        _ => page,
    }
}

/// The client sees a sentence; the log has the cause of what is our side's fault.
fn log(fault: &Fault) {
    static FAILURES: Seldom = Seldom::new();
    if fault.status().is_server_error() && FAILURES.is_due() {
        match fault {
            Fault::Admin(error) => tracing::error!(%error, "the console failed; further failures may not be logged"),
            _ => tracing::error!(?fault, "the console failed; further failures may not be logged"),
        }
    }
}

/// Has the browser ask for another page.
pub(super) fn see_other(address: &str) -> Response {
    let location = HeaderValue::from_str(address).unwrap_or(HeaderValue::from_static("/console"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}
