//! The admin API, `/admin/v1/…`: apps, statistics, the audit log, tokens, users and previews.
//!
//! Whoever calls says who they are by a bearer token. The console's own pages are known by their cookie instead, which
//! is enough to look but not to change anything, so that a page of another site cannot.

mod access;
mod apps;
mod preview;
mod statistics;

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderValue, Method, header, request::Parts},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use serde::{Serialize, de::DeserializeOwned};
use utoipa::OpenApi;

use super::problem::Problem;
use crate::http::{cookies::session, parameters::Parameters, request::read_body};
use crate::{
    clock::unix_now,
    domain::{
        admin::{Actor, AdminError, Administration},
        service::Service,
    },
};

#[derive(OpenApi)]
#[openapi(
    paths(
        apps::list, apps::create, apps::show, apps::change, apps::remove, apps::enable, apps::disable, apps::rotate,
        apps::end_grace, apps::rotate_secret, apps::end_secret_grace, statistics::report, statistics::totals,
        access::audit, access::tokens, access::create_token, access::remove_token, access::users, access::create_user, access::remove_user, preview::image, preview::sound
    ),
    tags((name = "Admin API", description = "Apps, statistics, the audit log, tokens, users and previews. Every call takes a bearer token with the scope that it names; errors are problem details (RFC 9457).")),
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

pub(crate) fn routes<S: Clone + Send + Sync + 'static>(
    administration: Arc<Administration>,
    service: Arc<Service>,
) -> Router<S> {
    let previews = Router::new()
        .route("/admin/v1/preview/image", get(preview::image))
        .route("/admin/v1/preview/sound", get(preview::sound))
        .layer(Extension(service));
    Router::new()
        .route("/admin/v1/apps", get(apps::list).post(apps::create))
        .route("/admin/v1/apps/{app}", get(apps::show).patch(apps::change).delete(apps::remove))
        .route("/admin/v1/apps/{app}/enable", post(apps::enable))
        .route("/admin/v1/apps/{app}/disable", post(apps::disable))
        .route("/admin/v1/apps/{app}/rotate", post(apps::rotate))
        .route("/admin/v1/apps/{app}/previous-appkey", delete(apps::end_grace))
        .route("/admin/v1/apps/{app}/secret/rotate", post(apps::rotate_secret))
        .route("/admin/v1/apps/{app}/previous-secret", delete(apps::end_secret_grace))
        .route("/admin/v1/apps/{app}/statistics", get(statistics::report))
        .route("/admin/v1/statistics", get(statistics::totals))
        .route("/admin/v1/audit", get(access::audit))
        .route("/admin/v1/tokens", get(access::tokens).post(access::create_token))
        .route("/admin/v1/tokens/{id}", delete(access::remove_token))
        .route("/admin/v1/users", get(access::users).post(access::create_user))
        .route("/admin/v1/users/{name}", delete(access::remove_user))
        .merge(previews)
        .method_not_allowed_fallback(no_such_method)
        .route_layer(from_fn(refuse_secrets_in_addresses))
        .route_layer(from_fn(keep_from_caches))
        .with_state(administration)
}

async fn no_such_method() -> Problem {
    Problem::new(
        axum::http::StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "No such method",
        "the address is right, but not the method",
    )
}

/// A token in an address ends up in logs and histories, so one is refused even if it would be good.
async fn refuse_secrets_in_addresses(request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let holds_token = ["token", "access_token"].iter().any(|name| has_parameter(query, name))
        || query.contains(crate::domain::admin::TOKEN_PREFIX);
    if holds_token {
        return Problem::malformed(
            "a token belongs in the Authorization header, never in an address: replace this one",
        )
        .into_response();
    }
    next.run(request).await
}

fn has_parameter(query: &str, name: &str) -> bool {
    !matches!(Parameters::new(query).single(&[name]), Ok(None))
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
        let status = refusal.code_and_status().1;
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
    let text = Parameters::new(query.unwrap_or_default()).single(&[name]).map_err(|_| malformed())?;
    text.map(|text| read(&text).ok_or_else(malformed)).transpose()
}

fn ok(body: &impl Serialize) -> Response {
    Json(body).into_response()
}

type Administered = State<Arc<Administration>>;
