//! Webhooks, which are told of marks.

use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Administered, Caller, access::named, blocking, body, ok};
use crate::{
    clock::unix_now,
    dialect::admin::problem::Problem,
    domain::admin::{DeliveryView, IssuedWebhook, WebhookView},
};

/// All webhooks.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookList {
    webhooks: Vec<WebhookView>,
}

/// A webhook to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewWebhook {
    /// The address, which begins with `https://` or `http://` and has no name or password in it.
    #[schema(example = "https://ops.example.org/haechi", max_length = 2000)]
    url: String,
}

/// The newest deliveries.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryList {
    deliveries: Vec<DeliveryView>,
}

/// List all webhooks. Scope: `access:write`.
#[utoipa::path(
    get, path = "/admin/v1/webhooks", tag = "Admin API", operation_id = "webhooks", security(("token" = [])),
    responses((status = 200, body = WebhookList), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn list(State(admin): Administered, Caller(actor): Caller) -> Result<Response, Problem> {
    let webhooks = blocking(&admin, move |admin| admin.webhooks(&actor)).await?;
    Ok(ok(&WebhookList { webhooks }))
}

/// Make a webhook: an address that is posted to when a mark begins and ends. The reply holds the secret of its signatures,
/// and it is shown only this once. Scope: `access:write`.
#[utoipa::path(
    post, path = "/admin/v1/webhooks", tag = "Admin API", operation_id = "create_webhook", security(("token" = [])), request_body = NewWebhook,
    responses((status = 201, body = IssuedWebhook), (status = 409, body = Problem, content_type = "application/problem+json"), (status = 422, body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn create(
    State(admin): Administered,
    Caller(actor): Caller,
    request: Request,
) -> Result<Response, Problem> {
    let NewWebhook { url } = body(request).await?;
    let issued = blocking(&admin, move |admin| admin.create_webhook(&actor, &url, unix_now())).await?;
    Ok((StatusCode::CREATED, ok(&issued)).into_response())
}

/// Remove a webhook, with what was still to be delivered to it. Scope: `access:write`.
#[utoipa::path(
    delete, path = "/admin/v1/webhooks/{id}", tag = "Admin API", operation_id = "remove_webhook", security(("token" = [])),
    params(("id" = String, Path, description = "The webhook's id")),
    responses((status = 204), (status = 404, body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn remove(
    State(admin): Administered,
    Caller(actor): Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let id = named("webhook", id)?;
    blocking(&admin, move |admin| admin.remove_webhook(&actor, &id, unix_now())).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Send a webhook a test within seconds; the list of deliveries has what becomes of it. Scope: `access:write`.
#[utoipa::path(
    post, path = "/admin/v1/webhooks/{id}/test", tag = "Admin API", operation_id = "test_webhook", security(("token" = [])),
    params(("id" = String, Path, description = "The webhook's id")),
    responses((status = 202), (status = 404, body = Problem, content_type = "application/problem+json"), (status = 409, body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn test(
    State(admin): Administered,
    Caller(actor): Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let id = named("webhook", id)?;
    blocking(&admin, move |admin| admin.test_webhook(&actor, &id, unix_now())).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// List the newest deliveries to webhooks, and what became of them. Scope: `access:write`.
#[utoipa::path(
    get, path = "/admin/v1/deliveries", tag = "Admin API", operation_id = "deliveries", security(("token" = [])),
    responses((status = 200, body = DeliveryList), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
pub(crate) async fn deliveries(State(admin): Administered, Caller(actor): Caller) -> Result<Response, Problem> {
    let deliveries = blocking(&admin, move |admin| admin.deliveries(&actor)).await?;
    Ok(ok(&DeliveryList { deliveries }))
}
