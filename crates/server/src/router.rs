//! Every route, and what every request passes.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, HttpBody},
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderName, HeaderValue, Method, header, request::Parts},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use haechi_captcha::Language;
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    dialect::{
        admin::{self, problem::Problem},
        altcha, cap, docs, health, naver,
        naver::Generation,
        nhn,
        siteverify::{self, Vendor},
        widget,
    },
    domain::{
        admin::Administration, client::Proxies, metrics::Call, outcome::Outcome, refusal::Refusal, service::Service,
    },
    http::{
        public_path::{PublicPath, mounted},
        public_url::PublicUrl,
        refused::{Foreseen, Refused},
        request::{self, Observer},
        routes::{Classes, Dialect, Routes},
    },
    logging::Seldom,
    pages::{
        console::{self, Console},
        demo, fallback,
    },
};

/// Says what is wrong with the parameters, to the developer who looks: no wire form has room for it.
const X_HAECHI_REASON: HeaderName = HeaderName::from_static("x-haechi-reason");

/// What a router serves beside the API.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Whether the demo page is at `/`.
    pub demo: bool,
    /// Whether operators' routes are on another listener, which [`operators`] serves.
    pub operators_elsewhere: bool,
    /// The path below which a proxy shows all of it.
    pub public_path: Option<PublicPath>,
    /// The address at which browsers reach it, for examples.
    pub public_url: Option<PublicUrl>,
}

/// All that the public may call.
pub fn router(service: Arc<Service>, administration: Option<&Arc<Administration>>, options: Options) -> Router {
    let mut classes = Classes::default();
    let mut router = nhn::routes()
        .router(&service, &mut classes)
        .merge(widget::routes().router(&service, &mut classes))
        .merge(altcha::routes().router(&service, &mut classes))
        .merge(cap::routes().router(&service, &mut classes))
        .merge(health_routes().router(&service, &mut classes))
        .merge(document_routes(!options.operators_elsewhere).router(&service, &mut classes));
    let others = siteverify::routes().into_iter().chain(naver::routes()).chain(widget::scripts());
    for routes in others.chain([fallback::routes(&service)]) {
        router = router.merge(routes.router(&service, &mut classes));
    }
    if !options.operators_elsewhere {
        router = router.merge(operators_router(&service, administration, options.public_url, &mut classes));
    }
    if options.demo {
        router = router.merge(demo::router(&service, &mut classes));
    }
    mounted(finish(router, service, classes), options.public_path)
}

/// All that operators may call, on a listener of their own.
pub fn operators(service: Arc<Service>, administration: Option<&Arc<Administration>>, options: Options) -> Router {
    let mut classes = Classes::default();
    let router = health_routes()
        .router(&service, &mut classes)
        .merge(document_routes(true).router(&service, &mut classes))
        .merge(operators_router(&service, administration, options.public_url, &mut classes));
    mounted(finish(router, service, classes), options.public_path)
}

/// What is answered while the installation cannot be opened: that the server lives, and that it cannot judge yet. Each
/// dialect refuses all else in its own words.
pub fn waiting(proxies: Proxies, public_path: Option<PublicPath>) -> Router {
    let refuse = || async { Refusal::Undecided("Redis is not there yet".to_owned()) };
    let router = Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::cannot_decide))
        .fallback(refuse)
        .layer(from_fn(request::limit_head))
        .layer(from_fn_with_state(Arc::new(proxies), say_refusals));
    mounted(router, public_path)
}

fn health_routes() -> Routes<Arc<Service>> {
    Routes::of(Dialect::Nhn).page(Call::Liveness, "/healthz", get(health::healthz)).page(
        Call::Readiness,
        "/readyz",
        get(health::readyz),
    )
}

/// The OpenAPI document. Who may not call the admin API need not read of it.
fn document_routes(for_operators: bool) -> Routes<Arc<Service>> {
    let document = if for_operators { get(docs::openapi_json) } else { get(docs::public_openapi_json) };
    Routes::of(Dialect::Nhn).page(Call::Other, "/openapi.json", document)
}

fn operators_router(
    service: &Arc<Service>,
    administration: Option<&Arc<Administration>>,
    public_url: Option<PublicUrl>,
    classes: &mut Classes,
) -> Router<Arc<Service>> {
    let router = Routes::of(Dialect::Nhn)
        .page(Call::Metrics, "/metrics", get(health::metrics))
        .page(Call::Other, "/docs", get(docs::page))
        .page(Call::Other, "/docs/", get(docs::page))
        .page(Call::Other, "/docs/{*file}", get(docs::file))
        .router(service, classes);
    let Some(administration) = administration else { return router };
    let console = Console { administration: Arc::clone(administration), service: Arc::clone(service), public_url };
    router
        .merge(admin::router(Arc::clone(administration), service, classes))
        .merge(console::router(Arc::new(console), classes))
}

/// What every request passes, from the last line to the first.
fn finish(router: Router<Arc<Service>>, service: Arc<Service>, classes: Classes) -> Router {
    let proxies = Arc::new(service.limits().proxies().clone());
    let observer = Arc::new(Observer { service: Arc::clone(&service), classes });
    router
        .fallback(request::no_such_route)
        .layer(DefaultBodyLimit::max(request::MAX_BODY_BYTES))
        .layer(from_fn(request::limit_head))
        .layer(from_fn(request::limit_time))
        .layer(CatchPanicLayer::custom(request::panicked))
        .layer(from_fn_with_state(proxies, say_refusals))
        .layer(from_fn_with_state(observer, request::observe))
        .with_state(service)
}

/// Has the dialect of its path say why a request was refused, wherever in its way that was.
async fn say_refusals(State(proxies): State<Arc<Proxies>>, request: Request, next: Next) -> Response {
    let dialect = Dialect::of(request.uri().path());
    let is_head = *request.method() == Method::HEAD;
    let (parts, body) = request.into_parts();
    let listener = Listener::of(dialect, &parts, &proxies);
    let response = next.run(Request::from_parts(parts, body)).await;
    let Some(Refused(refusal)) = response.extensions().get().cloned() else { return response };
    log(&refusal);
    let mut said = dialect.say(&refusal, &listener);
    if let Some(secs) = refusal.retry_after_secs() {
        said.headers_mut().insert(header::RETRY_AFTER, secs.into());
    }
    if !matches!(*refusal, Refusal::Internal) {
        said.extensions_mut().insert(Foreseen);
    }
    if let Refusal::Parameter(fault) = *refusal {
        said.headers_mut().insert(X_HAECHI_REASON, HeaderValue::from_static(fault.code()));
    }
    if dialect.is_called_from_anywhere() {
        // So far only what its routes refused has them, and not what was refused before: too long, too large, too late.
        let headers = said.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
    }
    // What was said beside the status goes with it, such as what part of a file there is.
    for (name, value) in response.headers() {
        if *name != header::CONTENT_LENGTH {
            said.headers_mut().entry(name).or_insert_with(|| value.clone());
        }
    }
    if is_head { without_body(said) } else { said }
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
