//! Forms that are acted on once, however often they are sent.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use encoding_rs::UTF_8;
use maud::{Markup, html};
use serde::{Deserialize, Serialize};
use tracing::Instrument;

use super::{Console, fault::Fault, visitor::Reader};
use crate::{
    clock::unix_now,
    domain::admin::{FORM_DIGITS, Submission},
    hex::hex,
    http::{parameters::Parameters, request::read_body},
};

/// The field that names a form.
const FIELD: &str = "form";
/// How long the second of two waits for the reply of the first, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(8);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// What a reply is given again with.
const HEADERS: [HeaderName; 3] = [header::CONTENT_TYPE, header::LOCATION, header::SET_COOKIE];
/// More than any page has.
const MAX_PAGE_BYTES: usize = 1 << 20;

/// A field for a form that changes something. Each form that is shown has another name.
pub(super) fn once() -> Markup {
    let mut bytes = [0; FORM_DIGITS / 2];
    // Without a name the form works all the same, as often as it is sent.
    let name = getrandom::fill(&mut bytes).map(|()| hex(&bytes)).unwrap_or_default();
    html! { input type="hidden" name=(FIELD) value=(name); }
}

/// A reply as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// Has each named form of a session acted on once, and gives its reply again to whoever sends it again.
pub(super) async fn act_once(State(console): State<Arc<Console>>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let Some(session) = Reader::new(&parts, console.service.limits().proxies()).session() else {
        return next.run(Request::from_parts(parts, body)).await;
    };
    let body = match read_body(Request::from_parts(parts.clone(), body)).await {
        Ok(body) => body,
        Err(refusal) => return Fault::from(refusal).into_response(),
    };
    let form = name_in(&body);
    let request = Request::from_parts(parts, Body::from(body));
    let Some(form) = form else { return next.run(request).await };
    // Who clicks twice leaves the first request, and what is dropped half done would never be done.
    let acting = tokio::spawn(act_on(console, session, form, request, next).in_current_span());
    match acting.await {
        Ok(response) => response,
        // A panic: it goes on to the layer that answers and counts it.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

async fn act_on(console: Arc<Console>, session: String, form: String, request: Request, next: Next) -> Response {
    match console.take_on(&session, &form).await {
        Ok(Some(Submission::First)) => act(console, session, form, request, next).await,
        Ok(Some(Submission::Replied(reply))) => replied(&reply),
        Ok(Some(Submission::Running)) => Fault::Sent { is_done: false }.into_response(),
        Ok(Some(Submission::Over)) => Fault::Sent { is_done: true }.into_response(),
        Ok(None) => next.run(request).await,
        Err(fault) => fault.into_response(),
    }
}

/// The name of the form, if it has one.
fn name_in(body: &[u8]) -> Option<String> {
    let parameters = Parameters::of_form(body, UTF_8).ok()?;
    let name = parameters.single_of_any_length(&[FIELD]).ok()??;
    let is_name = name.len() == FORM_DIGITS && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_name.then(|| name.to_owned())
}

/// Acts on the form, and remembers what came of it.
async fn act(console: Arc<Console>, session: String, form: String, request: Request, next: Next) -> Response {
    let (response, kept) = keep(next.run(request).await).await;
    let remembered = console.ask(move |administration| match kept {
        Some(kept) => administration.finish_form(&session, &form, &kept, unix_now()),
        None => administration.give_up_form(&session, &form),
    });
    if let Err(fault) = remembered.await {
        tracing::error!(?fault, "whether a form was sent could not be written down");
    }
    response
}

/// The reply with what is kept of it, if something was done.
async fn keep(response: Response) -> (Response, Option<Vec<u8>>) {
    let is_done = matches!(response.status(), StatusCode::OK | StatusCode::SEE_OTHER);
    if !is_done || response.extensions().get::<Arc<Fault>>().is_some() {
        return (response, None);
    }
    let (parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, MAX_PAGE_BYTES).await else {
        return (Fault::Internal.into_response(), None);
    };
    let named = |name: &HeaderName| {
        let values = parts.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.map(|value| (name.to_string(), value.to_owned())).collect::<Vec<_>>()
    };
    let headers = HEADERS.iter().flat_map(named).collect();
    let kept = Kept { status: parts.status.as_u16(), headers, body: String::from_utf8_lossy(&body).into_owned() };
    let kept = serde_json::to_vec(&kept).ok();
    (Response::from_parts(parts, Body::from(body)), kept)
}

/// The reply that was kept.
fn replied(kept: &[u8]) -> Response {
    let Ok(kept) = serde_json::from_slice::<Kept>(kept) else { return Fault::Sent { is_done: true }.into_response() };
    let mut response = Response::new(Body::from(kept.body));
    *response.status_mut() = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
    for (name, value) in kept.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

impl Console {
    /// What is to be done with this form, once the first one of its name is done or it is no use to wait for it.
    async fn take_on(&self, session: &str, form: &str) -> Result<Option<Submission>, Fault> {
        let began = tokio::time::Instant::now();
        loop {
            let (session, form) = (session.to_owned(), form.to_owned());
            let begun = self.ask(move |administration| administration.begin_form(&session, &form, unix_now())).await?;
            if begun != Some(Submission::Running) || began.elapsed() > PATIENCE {
                return Ok(begun);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
