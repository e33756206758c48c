//! Every route, and what every request passes.

mod wording;

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    middleware::{Next, from_fn_with_state},
    response::Response,
    routing::get,
};

use self::wording::Wording;
use crate::{
    dialect::{admin, altcha, cap, docs, health, naver, nhn, siteverify, widget},
    domain::{admin::Administration, client::Proxies, metrics::Call, refusal::Refusal, service::Service},
    http::{
        public_path::{PublicPath, mounted},
        public_url::PublicUrl,
        request::{self, Observer},
        routes::{Classes, Dialect, Routes},
    },
    pages::{
        console::{self, Console},
        demo, fallback,
    },
};

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
        .layer(from_fn_with_state(Arc::new(proxies), pass_waiting));
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

/// With what every request passes around it.
fn finish(router: Router<Arc<Service>>, service: Arc<Service>, classes: Classes) -> Router {
    let observer = Arc::new(Observer { service: Arc::clone(&service), classes });
    // Of layers, each copies for every request all that is below it, so that there is but one.
    router.fallback(request::no_such_route).layer(from_fn_with_state(observer, pass)).with_state(service)
}

/// The way of every request to its route and back.
async fn pass(State(observer): State<Arc<Observer>>, request: Request, next: Next) -> Response {
    let observed = observer.see(&request);
    let (wording, mut request) = Wording::of(request, observer.service.limits().proxies());
    DefaultBodyLimit::max(request::MAX_BODY_BYTES).apply(&mut request);
    let response = observed.follow(async { wording.word(request::handle(request, next).await) }).await;
    observer.note(observed, response)
}

/// The same as long as there is nothing to observe.
async fn pass_waiting(State(proxies): State<Arc<Proxies>>, request: Request, next: Next) -> Response {
    let (wording, request) = Wording::of(request, &proxies);
    wording.word(request::handle(request, next).await)
}
