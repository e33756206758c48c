//! Whether the server lives, whether it can judge, and what it counts.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::domain::{refusal::Refusal, service::Service};

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// The process answers.
pub(crate) async fn healthz() -> Response {
    axum::Json(Health { status: "ok" }).into_response()
}

/// The ledger can decide, and durably.
pub(crate) async fn readyz(State(service): State<Arc<Service>>) -> Response {
    if service.is_ready().await {
        axum::Json(Health { status: "ready" }).into_response()
    } else {
        cannot_decide().await
    }
}

/// The ledger cannot decide, or is not there yet.
pub(crate) async fn cannot_decide() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, axum::Json(Health { status: "the ledger cannot decide" })).into_response()
}

/// The metrics in OpenMetrics' text format, which Prometheus reads.
pub(crate) async fn metrics(State(service): State<Arc<Service>>) -> Result<Response, Refusal> {
    let apps = service.apps().current().count();
    let text = service.metrics().encode(service.ledger().records(), apps).map_err(|_| Refusal::Internal)?;
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, content_type)], text).into_response())
}
