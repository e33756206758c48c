//! Why a request was refused, in the words of the dialect of its path, wherever in its way that was.

use axum::{
    body::{Body, HttpBody},
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, header, request::Parts},
    response::{IntoResponse, Response},
};
use haechi_captcha::Language;

use crate::{
    dialect::{
        admin::problem::Problem,
        altcha, cap, naver,
        naver::Generation,
        nhn,
        siteverify::{self, Vendor},
        widget,
    },
    domain::{client::Proxies, outcome::Outcome, refusal::Refusal},
    http::{
        refused::{Foreseen, Refused},
        routes::Dialect,
    },
    logging::Seldom,
    pages::{console, demo, fallback},
};

/// Says what is wrong with the parameters, to the developer who looks: no wire form has room for it.
const X_HAECHI_REASON: HeaderName = HeaderName::from_static("x-haechi-reason");

/// How a refusal of one request would be said.
pub(super) struct Wording {
    dialect: Dialect,
    listener: Listener,
    is_head: bool,
}

impl Wording {
    pub(super) fn of(request: Request, proxies: &Proxies) -> (Self, Request) {
        let dialect = Dialect::of(request.uri().path());
        let is_head = *request.method() == Method::HEAD;
        let (parts, body) = request.into_parts();
        let listener = Listener::of(dialect, &parts, proxies);
        (Self { dialect, listener, is_head }, Request::from_parts(parts, body))
    }

    /// The reply, worded if it is a refusal, as the pages may read it that call this dialect.
    pub(super) fn word(&self, response: Response) -> Response {
        let refused = response.extensions().get().cloned();
        let mut said = match refused {
            Some(Refused(refusal)) => self.refuse(&refusal, response.headers()),
            None => response,
        };
        self.dialect.let_pages_read(said.headers_mut());
        said
    }

    fn refuse(&self, refusal: &Refusal, headers: &HeaderMap) -> Response {
        log(refusal);
        let mut said = self.dialect.say(refusal, &self.listener);
        if let Some(secs) = refusal.retry_after_secs() {
            said.headers_mut().insert(header::RETRY_AFTER, secs.into());
        }
        if !matches!(refusal, Refusal::Internal) {
            said.extensions_mut().insert(Foreseen);
        }
        if let Refusal::Parameter(fault) = refusal {
            said.headers_mut().insert(X_HAECHI_REASON, HeaderValue::from_static(fault.code()));
        }
        // What was said beside the status goes with it, such as what part of a file there is.
        for (name, value) in headers {
            if *name != header::CONTENT_LENGTH {
                said.headers_mut().entry(name).or_insert_with(|| value.clone());
            }
        }
        if self.is_head { without_body(said) } else { said }
    }
}

/// Who hears a refusal, as far as its dialect must know.
enum Listener {
    Program,
    Reader(Box<console::Reader>),
    Visitor(Language),
    /// Somebody before a challenge, who sees or hears it.
    Onlooker(Box<nhn::notices::Onlooker>),
    /// A widget of ALTCHA that has an answer verified.
    Verifying,
    /// Somebody on the page for browsers without scripts, or on the reply to its form.
    Pasting(bool, Language),
}

impl Listener {
    fn of(dialect: Dialect, parts: &Parts, proxies: &Proxies) -> Self {
        match dialect {
            Dialect::Console => Self::Reader(Box::new(console::Reader::new(parts, proxies))),
            Dialect::Demo => Self::Visitor(demo::language_of(parts.uri.query(), &parts.headers)),
            Dialect::Fallback => {
                let is_reply = parts.uri.path().ends_with("/answer");
                Self::Pasting(is_reply, fallback::language_of(parts.uri.query(), &parts.headers))
            }
            Dialect::Altcha if altcha::is_verification(parts.uri.path()) => Self::Verifying,
            Dialect::Nhn => {
                nhn::notices::Onlooker::of(parts).map_or(Self::Program, |found| Self::Onlooker(found.into()))
            }
            Dialect::NaverCloud | Dialect::NaverDevelopers => {
                naver::onlooker(parts).map_or(Self::Program, |found| Self::Onlooker(found.into()))
            }
            _ => Self::Program,
        }
    }

    fn onlooker(&self) -> Option<&nhn::notices::Onlooker> {
        match self {
            Self::Onlooker(onlooker) => Some(onlooker),
            _ => None,
        }
    }
}

impl Dialect {
    /// A refusal in this dialect's own words.
    fn say(self, refusal: &Refusal, listener: &Listener) -> Response {
        match (self, listener) {
            (Self::Admin, _) => Problem::from(refusal).into_response(),
            (Self::Console, Listener::Reader(reader)) => console::refusal(reader, refusal),
            (Self::Demo, Listener::Visitor(language)) => demo::refusal(*language, refusal),
            (Self::Fallback, Listener::Pasting(is_reply, language)) => fallback::refusal(*is_reply, *language, refusal),
            (Self::Recaptcha, _) => siteverify::refusal(Vendor::Recaptcha, refusal),
            (Self::Hcaptcha, _) => siteverify::refusal(Vendor::Hcaptcha, refusal),
            (Self::Turnstile, _) => siteverify::refusal(Vendor::Turnstile, refusal),
            (Self::Widget, _) => widget::refusal(refusal),
            (Self::Altcha, Listener::Verifying) => altcha::refused_verification(refusal),
            (Self::Altcha, _) => altcha::refusal(refusal),
            (Self::Cap, _) => cap::refusal(refusal),
            (Self::NaverCloud, _) => naver::refusal(Generation::Cloud, refusal, listener.onlooker()),
            (Self::NaverDevelopers, _) => naver::refusal(Generation::Developers, refusal, listener.onlooker()),
            (Self::Nhn, Listener::Onlooker(onlooker)) => nhn::notices::refusal(refusal, onlooker),
            (Self::Nhn | Self::Console | Self::Demo | Self::Fallback, _) => nhn::reply::refusal(refusal),
        }
    }
}

/// The client hears that it failed; the log has the cause, once in a while.
fn log(refusal: &Refusal) {
    static FAILURES: Seldom = Seldom::new();
    if refusal.outcome() == Outcome::Fail && FAILURES.is_due() {
        tracing::error!(error = %refusal, "a call failed; further failures of the next seconds are counted and not logged");
    }
}

/// The head of a reply, which says how long the body would have been.
fn without_body(mut response: Response) -> Response {
    if let Some(size) = response.body().size_hint().exact() {
        response.headers_mut().insert(header::CONTENT_LENGTH, size.into());
    }
    *response.body_mut() = Body::empty();
    response
}
