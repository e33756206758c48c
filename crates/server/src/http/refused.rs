//! How a refusal leaves a handler: as a bare status with the refusal beside it, for the dialect of its path to word.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};

use crate::domain::refusal::Refusal;

/// Why a request was refused, kept beside a reply that does not say it yet.
#[derive(Clone)]
pub(crate) struct Refused(pub(crate) Arc<Refusal>);

/// Stands in a reply that is no bug of ours, whatever status its dialect has for it.
#[derive(Clone, Copy)]
pub(crate) struct Foreseen;

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Refused(Arc::new(self)));
        response
    }
}
