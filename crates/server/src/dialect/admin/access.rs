//! The audit log, tokens and users.

use axum::{
    extract::{Path, RawQuery, Request, State, rejection::PathRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Administered, Caller, blocking, body, ok, parameter};
use crate::{
    clock::unix_now,
    dialect::admin::problem::Problem,
    domain::admin::{
        AdminError, AuditPage, InvitationView, IssuedInvitation, IssuedToken, Role, Scope, TokenView, UserView,
    },
};

/// Entries of the audit log on one page, if nobody asks for fewer.
const ENTRIES: usize = 50;

/// All tokens.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenList {
    tokens: Vec<TokenView>,
}

/// A token to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    /// Its name.
    #[schema(example = "deployment")]
    name: String,
    /// What it lets its holder do; no more than its maker may.
    #[schema(min_items = 1)]
    scopes: Vec<Scope>,
    /// For how many seconds it is good, up to 31622400 (366 days).
    #[schema(minimum = 1, maximum = 31_622_400, example = 7_776_000)]
    lifetime_secs: u64,
}

/// All users.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserList {
    users: Vec<UserView>,
}

/// A user to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUser {
    /// Their name.
    #[schema(example = "ann")]
    name: String,
    /// What they may do.
    role: Role,
    /// Their password, 10 to 64 characters.
    #[schema(format = "password", min_length = 10, max_length = 64)]
    password: String,
}

/// All invitations that can be followed.
#[derive(Serialize, ToSchema)]
pub(crate) struct InvitationList {
    invitations: Vec<InvitationView>,
}

/// An invitation to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewInvitation {
    /// What the person who follows it may do.
    role: Role,
    /// Their name; without one they choose it.
    #[serde(default)]
    #[schema(example = "ben")]
    name: Option<String>,
}

/// Show the audit log, the newest entry first. Scope: `audit:read`.
#[utoipa::path(
    get, path = "/admin/v1/audit", tag = "Admin API", security(("token" = [])),
    params(
        ("about" = Option<String>, Query, description = "What is to be in the name of who did it, of what was done or of what it was done to, in either case"),
        ("before" = Option<String>, Query, description = "The `before` of the page before this one"),
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "Entries, 1 to 200; 50 if not given"),
    ),
    responses((status = 200, body = AuditPage), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn audit(
    State(admin): Administered,
    Caller(actor): Caller,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let limit = parameter(query.as_deref(), "limit", "1 to 200", |text| {
        text.parse::<usize>().ok().filter(|limit| (1..=200).contains(limit))
    })?;
    let before = parameter(query.as_deref(), "before", "what the page before said", |text| Some(text.to_owned()))?;
    let about = parameter(query.as_deref(), "about", "a text", |text| Some(text.to_owned()))?.unwrap_or_default();
    let page =
        blocking(&admin, move |admin| admin.audit_log(&actor, &about, before.as_deref(), limit.unwrap_or(ENTRIES)))
            .await?;
    Ok(ok(&page))
}

/// List all tokens. Scope: `access:write`.
#[utoipa::path(
    get, path = "/admin/v1/tokens", tag = "Admin API", security(("token" = [])),
    responses((status = 200, body = TokenList), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn tokens(State(admin): Administered, Caller(actor): Caller) -> Result<Response, Problem> {
    let tokens = blocking(&admin, move |admin| admin.tokens(&actor)).await?;
    Ok(ok(&TokenList { tokens }))
}

/// Make a token. The reply holds it, and it is shown only this once. Scope: `access:write`.
#[utoipa::path(
    post, path = "/admin/v1/tokens", tag = "Admin API", security(("token" = [])), request_body = NewToken,
    responses((status = 201, body = IssuedToken), (status = 403, body = Problem, content_type = "application/problem+json", description = "also if it would let its holder do more than its maker"), (status = 422, body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn create_token(
    State(admin): Administered,
    Caller(actor): Caller,
    request: Request,
) -> Result<Response, Problem> {
    let NewToken { name, scopes, lifetime_secs } = body(request).await?;
    let issued =
        blocking(&admin, move |admin| admin.create_token(&actor, &name, &scopes, lifetime_secs, unix_now())).await?;
    Ok((StatusCode::CREATED, ok(&issued)).into_response())
}

/// Remove a token, which is good for nothing from then on. Scope: `access:write`.
#[utoipa::path(
    delete, path = "/admin/v1/tokens/{id}", tag = "Admin API", security(("token" = [])),
    params(("id" = String, Path, description = "The token's id")),
    responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn remove_token(
    State(admin): Administered,
    Caller(actor): Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let id = named("token", id)?;
    blocking(&admin, move |admin| admin.remove_token(&actor, &id, unix_now())).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// List all users of the console. Scope: `access:write`.
#[utoipa::path(
    get, path = "/admin/v1/users", tag = "Admin API", security(("token" = [])),
    responses((status = 200, body = UserList), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn users(State(admin): Administered, Caller(actor): Caller) -> Result<Response, Problem> {
    let users = blocking(&admin, move |admin| admin.users(&actor)).await?;
    Ok(ok(&UserList { users }))
}

/// Make a user of the console. Scope: `access:write`.
#[utoipa::path(
    post, path = "/admin/v1/users", tag = "Admin API", security(("token" = [])), request_body = NewUser,
    responses((status = 201, body = UserView), (status = 409, body = Problem, content_type = "application/problem+json"), (status = 422, body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn create_user(
    State(admin): Administered,
    Caller(actor): Caller,
    request: Request,
) -> Result<Response, Problem> {
    let NewUser { name, role, password } = body(request).await?;
    let user = blocking(&admin, move |admin| admin.create_user(&actor, &name, role, &password, unix_now())).await?;
    Ok((StatusCode::CREATED, ok(&user)).into_response())
}

/// Remove a user, and end their sessions. The last administrator stays. Scope: `access:write`.
#[utoipa::path(
    delete, path = "/admin/v1/users/{name}", tag = "Admin API", security(("token" = [])),
    params(("name" = String, Path, description = "The user's name")),
    responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json"), (status = 409, body = Problem, content_type = "application/problem+json", description = "`last-administrator`"))
)]
pub(crate) async fn remove_user(
    State(admin): Administered,
    Caller(actor): Caller,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let name = named("user", name)?;
    blocking(&admin, move |admin| admin.remove_user(&actor, &name, unix_now())).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Take a user's second factor away, who has lost it. Scope: `access:write`.
#[utoipa::path(
    delete, path = "/admin/v1/users/{name}/second-factor", tag = "Admin API", security(("token" = [])),
    params(("name" = String, Path, description = "The user's name")),
    responses((status = 204), (status = "4XX", body = Problem, content_type = "application/problem+json", description = "Why it cannot be. Where there is none, nothing changes"))
)]
pub(crate) async fn reset_second_factor(
    State(admin): Administered,
    Caller(actor): Caller,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let name = named("user", name)?;
    blocking(&admin, move |admin| admin.reset_second_factor(&actor, &name, unix_now())).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// List all invitations that can be followed. Scope: `access:write`.
#[utoipa::path(
    get, path = "/admin/v1/invitations", tag = "Admin API", security(("token" = [])),
    responses((status = 200, body = InvitationList), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn invitations(State(admin): Administered, Caller(actor): Caller) -> Result<Response, Problem> {
    let invitations = blocking(&admin, move |admin| admin.invitations(&actor, unix_now())).await?;
    Ok(ok(&InvitationList { invitations }))
}

/// Make an invitation. The reply holds its code, which is shown only this once: whoever opens
/// `/console/invitation?code=…` within 3 days becomes a user. Scope: `access:write`.
#[utoipa::path(
    post, path = "/admin/v1/invitations", tag = "Admin API", security(("token" = [])), request_body = NewInvitation,
    responses((status = 201, body = IssuedInvitation), (status = 409, body = Problem, content_type = "application/problem+json"), (status = 422, body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn invite(
    State(admin): Administered,
    Caller(actor): Caller,
    request: Request,
) -> Result<Response, Problem> {
    let NewInvitation { role, name } = body(request).await?;
    let issued = blocking(&admin, move |admin| admin.invite(&actor, role, name.as_deref(), unix_now())).await?;
    Ok((StatusCode::CREATED, ok(&issued)).into_response())
}

/// Take an invitation back. Scope: `access:write`.
#[utoipa::path(
    delete, path = "/admin/v1/invitations/{id}", tag = "Admin API", security(("token" = [])),
    params(("id" = String, Path, description = "The invitation's id")),
    responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn revoke_invitation(
    State(admin): Administered,
    Caller(actor): Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let id = named("invitation", id)?;
    blocking(&admin, move |admin| admin.revoke_invitation(&actor, &id, unix_now())).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A path that is not UTF-8 names nothing.
pub(super) fn named(kind: &'static str, path: Result<Path<String>, PathRejection>) -> Result<String, Problem> {
    path.map(|Path(name)| name).map_err(|_| AdminError::NotFound { kind, name: String::new() }.into())
}
