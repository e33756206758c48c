//! Apps.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Administered, Caller, app_number, blocking, body, ok};
use crate::{
    clock::unix_now,
    dialect::admin::problem::Problem,
    domain::{
        admin::{Actor, AdminError, Administration, Scope},
        apps::{AppView, LONGEST_GRACE_SECS, SettingChanges},
        service::{Service, Signature},
    },
};

/// All apps.
#[derive(Serialize, ToSchema)]
pub(crate) struct AppList {
    apps: Vec<AppView>,
}

/// An app to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewApp {
    /// Its name: 1 to 64 letters, digits, spaces, '-', '_' or '.'.
    #[schema(example = "shop")]
    name: String,
    /// Its settings, where they are not the usual ones.
    #[serde(default)]
    settings: SettingChanges,
}

/// An app after a change: whole for those who may see apps too.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum ChangedApp {
    Seen(AppView),
    Unseen(UnseenApp),
}

/// An app for those who may change it and not see it (without `apps:read`): what is public, and what was made just now.
#[derive(Serialize, ToSchema)]
// So that the document tells it from a whole app, which has all of its fields too.
#[serde(deny_unknown_fields)]
pub(crate) struct UnseenApp {
    /// Its number.
    number: u32,
    /// Its public name, a UUID, which stays when its appkey and secret are replaced.
    site_key: String,
    /// Its appkey, if it was made just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    appkey: Option<String>,
    /// Its secret, if it was made just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl ChangedApp {
    fn shown_to(actor: &Actor, app: AppView) -> Self {
        if actor.may(Scope::AppsRead) {
            return Self::Seen(app);
        }
        let AppView { number, site_key, appkey, secret, .. } = app;
        Self::Unseen(UnseenApp { number, site_key, appkey, secret })
    }
}

/// A key of an app, for its site.
#[derive(Serialize, ToSchema)]
pub(crate) struct AltchaKey {
    /// 256 bits, in hexadecimal digits: what a site gives to ALTCHA's library as its HMAC key.
    altcha_key: String,
}

/// How an appkey or a secret is rotated.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rotation {
    /// For how many seconds the old one is still good, up to 2592000 (30 days).
    #[serde(default)]
    #[schema(maximum = 2_592_000, example = 86_400)]
    grace_secs: u64,
}

/// List all apps. Scope: `apps:read`.
#[utoipa::path(
    get, path = "/admin/v1/apps", tag = "Admin API", security(("token" = [])),
    responses((status = 200, body = AppList), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn list(State(admin): Administered, Caller(actor): Caller) -> Result<Response, Problem> {
    let apps = blocking(&admin, move |admin| admin.apps(&actor)).await?;
    Ok(ok(&AppList { apps }))
}

/// Make an app. The reply holds its appkey and its secret, which are shown only this once, and its site key. Scope: `apps:write`.
#[utoipa::path(
    post, path = "/admin/v1/apps", tag = "Admin API", security(("token" = [])), request_body = NewApp,
    responses(
        (status = 201, body = ChangedApp, headers(("Location" = String))),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "`taken` or `full`"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "`invalid`: a setting is out of its range"),
    )
)]
pub(crate) async fn create(
    State(admin): Administered,
    Caller(actor): Caller,
    request: Request,
) -> Result<Response, Problem> {
    let NewApp { name, settings } = body(request).await?;
    let maker = actor.clone();
    let app = blocking(&admin, move |admin| admin.create_app(&maker, &name, &settings, unix_now())).await?;
    let location = format!("/admin/v1/apps/{}", app.number);
    let app = ChangedApp::shown_to(&actor, app);
    let mut response = (StatusCode::CREATED, ok(&app)).into_response();
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_str(&location).expect("a number is a value"));
    Ok(response)
}

/// Show an app. Scope: `apps:read`.
#[utoipa::path(
    get, path = "/admin/v1/apps/{app}", tag = "Admin API", security(("token" = [])),
    params(("app" = u32, Path, description = "The app's number")),
    responses((status = 200, body = AppView), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn show(State(admin): Administered, Caller(actor): Caller, uri: Uri) -> Result<Response, Problem> {
    on_app(&admin, actor, &uri, |admin, actor, number, now| admin.app(actor, number, now)).await
}

/// Change settings of an app; those that are not named stay. Scope: `apps:write`.
#[utoipa::path(
    patch, path = "/admin/v1/apps/{app}", tag = "Admin API", security(("token" = [])),
    params(("app" = u32, Path, description = "The app's number")), request_body = SettingChanges,
    responses(
        (status = 200, body = ChangedApp),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "`declared`: it stands in the configuration file"),
        (status = 422, body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn change(
    State(admin): Administered,
    Caller(actor): Caller,
    uri: Uri,
    request: Request,
) -> Result<Response, Problem> {
    let settings: SettingChanges = body(request).await?;
    on_app(&admin, actor, &uri, move |admin, actor, number, now| admin.change_app(actor, number, &settings, now)).await
}

/// Remove an app for good. Its keys are worth nothing from then on. Scope: `apps:write`.
#[utoipa::path(
    delete, path = "/admin/v1/apps/{app}", tag = "Admin API", security(("token" = [])),
    params(("app" = u32, Path, description = "The app's number")),
    responses((status = 200, body = ChangedApp, description = "What it was"), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn remove(State(admin): Administered, Caller(actor): Caller, uri: Uri) -> Result<Response, Problem> {
    on_app(&admin, actor, &uri, |admin, actor, number, now| admin.remove_app(actor, number, now)).await
}

/// Switch an app on. Scope: `apps:write`.
#[utoipa::path(
    post, path = "/admin/v1/apps/{app}/enable", tag = "Admin API", security(("token" = [])),
    params(("app" = u32, Path, description = "The app's number")),
    responses((status = 200, body = ChangedApp), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn enable(State(admin): Administered, Caller(actor): Caller, uri: Uri) -> Result<Response, Problem> {
    on_app(&admin, actor, &uri, |admin, actor, number, now| admin.enable_app(actor, number, true, now)).await
}

/// Switch an app off: it issues and judges nothing. Scope: `apps:write`.
#[utoipa::path(
    post, path = "/admin/v1/apps/{app}/disable", tag = "Admin API", security(("token" = [])),
    params(("app" = u32, Path, description = "The app's number")),
    responses((status = 200, body = ChangedApp), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn disable(State(admin): Administered, Caller(actor): Caller, uri: Uri) -> Result<Response, Problem> {
    on_app(&admin, actor, &uri, |admin, actor, number, now| admin.enable_app(actor, number, false, now)).await
}

/// Give an app another appkey, which the reply holds. The old one goes on for a while, if wanted, so that a site can
/// change over without a failed call; one before it ends at once. Scope: `apps:write`.
#[utoipa::path(
    post, path = "/admin/v1/apps/{app}/rotate", tag = "Admin API", security(("token" = [])),
    params(("app" = u32, Path, description = "The app's number")), request_body = Rotation,
    responses((status = 200, body = ChangedApp), (status = 422, body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn rotate(
    State(admin): Administered,
    Caller(actor): Caller,
    uri: Uri,
    request: Request,
) -> Result<Response, Problem> {
    let grace_secs = grace_secs(request).await?;
    on_app(&admin, actor, &uri, move |admin, actor, number, now| admin.rotate_appkey(actor, number, grace_secs, now))
        .await
}

/// End the time for which the appkey before the current one is good. Scope: `apps:write`.
#[utoipa::path(
    delete, path = "/admin/v1/apps/{app}/previous-appkey", tag = "Admin API", security(("token" = [])),
    params(("app" = u32, Path, description = "The app's number")),
    responses((status = 200, body = ChangedApp), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn end_grace(
    State(admin): Administered,
    Caller(actor): Caller,
    uri: Uri,
) -> Result<Response, Problem> {
    on_app(&admin, actor, &uri, |admin, actor, number, now| admin.end_grace(actor, number, now)).await
}

/// Give an app another secret, or its first one, which the reply holds. The old one goes on for a while, if wanted; one
/// before it ends at once. Scope: `apps:write`.
#[utoipa::path(
    post, path = "/admin/v1/apps/{app}/secret/rotate", tag = "Admin API", security(("token" = [])),
    params(("app" = u32, Path, description = "The app's number")), request_body = Rotation,
    responses((status = 200, body = ChangedApp), (status = 422, body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn rotate_secret(
    State(admin): Administered,
    Caller(actor): Caller,
    uri: Uri,
    request: Request,
) -> Result<Response, Problem> {
    let grace_secs = grace_secs(request).await?;
    on_app(&admin, actor, &uri, move |admin, actor, number, now| admin.rotate_secret(actor, number, grace_secs, now))
        .await
}

/// End the time for which the secret before the current one is good. Scope: `apps:write`.
#[utoipa::path(
    delete, path = "/admin/v1/apps/{app}/previous-secret", tag = "Admin API", security(("token" = [])),
    params(("app" = u32, Path, description = "The app's number")),
    responses((status = 200, body = ChangedApp), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn end_secret_grace(
    State(admin): Administered,
    Caller(actor): Caller,
    uri: Uri,
) -> Result<Response, Problem> {
    on_app(&admin, actor, &uri, |admin, actor, number, now| admin.end_secret_grace(actor, number, now)).await
}

/// Show the key by which an app's site verifies ALTCHA's payloads by itself. The audit log says who saw it. Scope: `apps:write`.
#[utoipa::path(
    post, path = "/admin/v1/apps/{app}/altcha-key", tag = "Admin API", security(("token" = [])),
    params(("app" = u32, Path, description = "The app's number")),
    responses((status = 200, body = AltchaKey), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn show_altcha_key(
    State(admin): Administered,
    Extension(service): Extension<Arc<Service>>,
    Caller(actor): Caller,
    uri: Uri,
) -> Result<Response, Problem> {
    let number = app_number(&uri)?;
    let app = blocking(&admin, move |admin| admin.numbered_app_to_show_key_of(&actor, number, unix_now())).await?;
    let key = service.signing_key(&app, Signature::Passing);
    Ok(ok(&AltchaKey { altcha_key: key.as_str().to_owned() }))
}

/// For how long what is replaced goes on, as a rotation's body says.
async fn grace_secs(request: Request) -> Result<u64, Problem> {
    let Rotation { grace_secs } = body(request).await?;
    if grace_secs > LONGEST_GRACE_SECS {
        let reason = format!("it is 0 to {LONGEST_GRACE_SECS}, not {grace_secs}");
        return Err(AdminError::Invalid { name: "grace_secs", reason }.into());
    }
    Ok(grace_secs)
}

async fn on_app(
    admin: &Arc<Administration>,
    actor: Actor,
    uri: &Uri,
    act: impl FnOnce(&Administration, &Actor, u32, u64) -> Result<AppView, AdminError> + Send + 'static,
) -> Result<Response, Problem> {
    let (number, maker) = (app_number(uri)?, actor.clone());
    let app = blocking(admin, move |admin| act(admin, &maker, number, unix_now())).await?;
    Ok(ok(&ChangedApp::shown_to(&actor, app)))
}
