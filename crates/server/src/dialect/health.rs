//! Whether the server lives, whether it can judge, and what it counts.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::domain::{metrics::Elsewhere, readiness::Unready, refusal::Refusal, service::Service};

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// The process answers.
pub(crate) async fn healthz() -> Response {
    axum::Json(Health { status: "ok" }).into_response()
}

/// The ledger can decide, and durably; nothing is known that would make it refuse what it should pass.
pub(crate) async fn readyz(State(service): State<Arc<Service>>) -> Response {
    match service.readiness().await {
        Ok(()) => axum::Json(Health { status: "ready" }).into_response(),
        Err(unready) => not_ready(unready),
    }
}

/// The ledger is not there yet.
pub(crate) async fn cannot_decide() -> Response {
    not_ready(Unready::Undecided)
}

fn not_ready(why: Unready) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, axum::Json(Health { status: why.status() })).into_response()
}

/// The metrics in OpenMetrics' text format, which Prometheus reads.
pub(crate) async fn metrics(State(service): State<Arc<Service>>) -> Result<Response, Refusal> {
    let encoded = service.metrics().encode(&Elsewhere {
        ledger_records: service.ledger().records(),
        ledger_losses: service.ledger().losses(),
        apps: service.apps().current().count(),
        connections: service.connections(),
    });
    let text = encoded.map_err(|_| Refusal::Internal)?;
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, content_type)], text).into_response())
}
