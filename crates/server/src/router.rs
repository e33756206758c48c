//! Every route on one screen.

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::{from_fn, from_fn_with_state},
    routing::{delete, get, post},
};
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    dialect::{admin, docs, health, media, nhn},
    domain::{admin::Administration, service::Service},
    http::request,
    pages::{
        console::{self, Console},
        demo,
    },
};

/// What a router serves beside the API.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Whether the demo page is at `/`.
    pub demo: bool,
    /// Whether operators' routes are on another listener, which [`operators`] serves.
    pub operators_elsewhere: bool,
}

/// All that the public may call.
pub fn router(service: Arc<Service>, administration: Option<&Arc<Administration>>, options: Options) -> Router {
    let calls = Router::new()
        .route("/captcha/v1.0/appkeys/{appkey}/keys", post(nhn::issue))
        .route("/captcha/v1.0/appkeys/{appkey}/keys/{key}/verification", get(nhn::verify).post(nhn::verify))
        .route("/captcha/v1.0/appkeys/{appkey}", delete(nhn::expire));
    let media = Router::new()
        .route("/captcha/v1.0/keys/{key}/img", get(media::image))
        .route("/captcha/v1.0/keys/{key}/sound", get(media::sound))
        // Before the layer, so that the layer sees a browser's OPTIONS first.
        .method_not_allowed_fallback(request::no_such_method)
        .layer(media::cors())
        .layer(media::vary());
    let limited = from_fn_with_state(Arc::clone(&service), request::limit_clients);
    let mut router =
        calls.merge(media).route_layer(limited).merge(health_routes()).route("/openapi.json", get(docs::openapi_json));
    if !options.operators_elsewhere {
        router = router.merge(operators_routes(&service, administration));
    }
    if options.demo {
        router = router.merge(demo::routes());
    }
    finish(router, service)
}

/// All that operators may call, on a listener of their own.
pub fn operators(service: Arc<Service>, administration: Option<&Arc<Administration>>) -> Router {
    let router = health_routes()
        .merge(operators_routes(&service, administration))
        .route("/openapi.json", get(docs::openapi_json));
    finish(router, service)
}

fn health_routes() -> Router<Arc<Service>> {
    Router::new().route("/healthz", get(health::healthz)).route("/readyz", get(health::readyz))
}

fn operators_routes(service: &Arc<Service>, administration: Option<&Arc<Administration>>) -> Router<Arc<Service>> {
    let administered = administration.map(|administration| {
        let (administration, service) = (Arc::clone(administration), Arc::clone(service));
        let console = Console { administration: Arc::clone(&administration), service: Arc::clone(&service) };
        admin::routes(administration, service).merge(console::routes(Arc::new(console)))
    });
    Router::new()
        .route("/metrics", get(health::metrics))
        .route("/docs", get(docs::page))
        .route("/docs/", get(docs::page))
        .route("/docs/{*file}", get(docs::file))
        .merge(administered.unwrap_or_default())
}

/// What every request passes, from the last line to the first.
fn finish(router: Router<Arc<Service>>, service: Arc<Service>) -> Router {
    router
        .method_not_allowed_fallback(request::no_such_method)
        .fallback(request::no_such_route)
        .layer(DefaultBodyLimit::max(request::MAX_BODY_BYTES))
        .layer(from_fn(request::limit_head))
        .layer(from_fn(request::limit_time))
        .layer(CatchPanicLayer::custom(request::panicked))
        .layer(from_fn_with_state(Arc::clone(&service), request::observe))
        .with_state(service)
}
