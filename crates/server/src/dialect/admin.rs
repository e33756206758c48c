//! The admin API, `/admin/v1/…`: apps, statistics, the audit log, tokens, users and previews.
//!
//! Whoever calls says who they are by a bearer token. The console's own pages are known by their cookie instead, which
//! is enough to look but not to change anything, so that a page of another site cannot.

mod access;
mod apps;
mod demand;
mod preview;
pub(crate) mod problem;
mod statistics;
mod webhooks;

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderValue, Method, header, request::Parts},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};
use utoipa::OpenApi;
use utoipa_axum::routes;

use self::problem::Problem;
use crate::{
    clock::unix_now,
    domain::{
        admin::{Actor, AdminError, Administration},
        metrics::Call,
        service::Service,
    },
    http::{
        cookies::session,
        parameters::Parameters,
        request::read_body,
        routes::{Classes, Dialect, Routes},
    },
};

/// What is said of the admin API beside its calls.
#[derive(OpenApi)]
#[openapi(
    tags((name = "Admin API", description = "Apps, statistics, the audit log, tokens, users, invitations, webhooks and previews. Every call takes a bearer token with the scope that it names; errors are problem details (RFC 9457).")),
    modifiers(&BearerToken),
)]
pub(crate) struct Document;

/// Adds how callers say who they are.
struct BearerToken;

impl utoipa::Modify for BearerToken {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A token made by `haechi token create`."))
            .build();
        document
            .components
            .get_or_insert_with(Default::default)
            .add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// All calls of this dialect.
pub(crate) fn routes() -> Routes<Arc<Administration>> {
    Routes::of(Dialect::Admin)
        .call(Call::Other, routes!(apps::list, apps::create))
        .call(Call::Other, routes!(apps::show, apps::change, apps::remove))
        .call(Call::Other, routes!(apps::enable))
        .call(Call::Other, routes!(apps::disable))
        .call(Call::Other, routes!(apps::rotate))
        .call(Call::Other, routes!(apps::end_grace))
        .call(Call::Other, routes!(apps::rotate_secret))
        .call(Call::Other, routes!(apps::end_secret_grace))
        .call(Call::Other, routes!(apps::show_altcha_key))
        .call(Call::Other, routes!(statistics::report))
        .call(Call::Other, routes!(statistics::totals))
        .call(Call::Other, routes!(demand::state))
        .call(Call::Other, routes!(access::audit))
        .call(Call::Other, routes!(access::tokens, access::create_token))
        .call(Call::Other, routes!(access::remove_token))
        .call(Call::Other, routes!(access::users, access::create_user))
        .call(Call::Other, routes!(access::remove_user))
        .call(Call::Other, routes!(access::reset_second_factor))
        .call(Call::Other, routes!(access::invitations, access::invite))
        .call(Call::Other, routes!(access::revoke_invitation))
        .call(Call::Other, routes!(webhooks::list, webhooks::create))
        .call(Call::Other, routes!(webhooks::remove))
        .call(Call::Other, routes!(webhooks::test))
        .call(Call::Other, routes!(webhooks::deliveries))
        .call(Call::Other, routes!(preview::image))
        .call(Call::Other, routes!(preview::sound))
}

/// The calls as a router, with what all of them pass.
pub(crate) fn router<S>(
    administration: Arc<Administration>,
    service: &Arc<Service>,
    classes: &mut Classes,
) -> Router<S> {
    routes()
        .router(service, classes)
        .route_layer(Extension(Arc::clone(service)))
        .route_layer(from_fn(refuse_secrets_in_addresses))
        .route_layer(from_fn(keep_from_caches))
        .with_state(administration)
}

/// A token in an address ends up in logs and histories, so one is refused even if it would be good.
async fn refuse_secrets_in_addresses(request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let Ok(parameters) = Parameters::of_query(query) else {
        return Problem::malformed("there are too many parameters").into_response();
    };
    let holds_token = !matches!(parameters.single(&["token", "access_token"]), Ok(None))
        || query.contains(crate::domain::admin::TOKEN_PREFIX);
    if holds_token {
        return Problem::malformed(
            "a token belongs in the Authorization header, never in an address: replace this one",
        )
        .into_response();
    }
    next.run(request).await
}

async fn keep_from_caches(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Who calls: the holder of the bearer token or, for calls that change nothing, of the console's cookie.
pub(crate) struct Caller(pub(crate) Actor);

impl FromRequestParts<Arc<Administration>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<Administration>) -> Result<Self, Problem> {
        let is_safe = matches!(parts.method, Method::GET | Method::HEAD);
        let found = match (bearer(&parts.headers), session(&parts.headers)) {
            (Some(token), _) => {
                blocking(state, move |administration| administration.bearer(&token, unix_now())).await?
            }
            (None, Some(secret)) if is_safe => {
                blocking(state, move |administration| administration.session_of_page(&secret, unix_now())).await?
            }
            _ => None,
        };
        found.map(Self).ok_or_else(Problem::unauthenticated)
    }
}

/// The token in `Authorization`, if there is one.
fn bearer(headers: &HeaderMap) -> Option<String> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// Does what waits for the disk or the network where waiting holds up nobody.
pub(crate) async fn blocking<Outcome: Send + 'static>(
    administration: &Arc<Administration>,
    act: impl FnOnce(&Administration) -> Result<Outcome, AdminError> + Send + 'static,
) -> Result<Outcome, Problem> {
    let administration = Arc::clone(administration);
    match tokio::task::spawn_blocking(move || act(&administration)).await {
        Ok(outcome) => Ok(outcome?),
        // A panic: it goes on to the layer that answers and counts it.
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// A body in JSON.
///
/// # Errors
/// A problem if it is none, or has fields that are not known.
async fn body<Body: DeserializeOwned>(request: Request) -> Result<Body, Problem> {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_json =
        content_type.is_some_and(|text| text.split(';').next().unwrap_or_default().trim() == "application/json");
    let bytes = read_body(request).await.map_err(|refusal| {
        let status = refusal.status();
        Problem::new(status, "body", "The body cannot be read", "it is too large, or broke off")
    })?;
    if !is_json {
        let status = axum::http::StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Problem::new(status, "media-type", "The body is not JSON", "say Content-Type: application/json"));
    }
    // A list would be read as fields in their order.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::malformed("the body is an object"));
    }
    serde_json::from_slice(&bytes).map_err(|error| Problem::malformed(error.to_string()))
}

/// A path's number of an app.
fn app_number(uri: &axum::http::Uri) -> Result<u32, Problem> {
    let segment = crate::http::request::segment_after(uri, "apps");
    segment.parse().map_err(|_| AdminError::NotFound { kind: "app", name: segment.to_owned() }.into())
}

/// A parameter of the query, read by this, if it is there.
fn parameter<Value>(
    query: Option<&str>,
    name: &'static str,
    expected: &str,
    read: impl FnOnce(&str) -> Option<Value>,
) -> Result<Option<Value>, Problem> {
    let malformed = || Problem::malformed(format!("{name} is {expected}"));
    let parameters = Parameters::of_query(query.unwrap_or_default()).map_err(|_| malformed())?;
    let text = parameters.single(&[name]).map_err(|_| malformed())?;
    text.map(|text| read(text).ok_or_else(malformed)).transpose()
}

fn ok(body: &impl Serialize) -> Response {
    Json(body).into_response()
}

type Administered = State<Arc<Administration>>;
