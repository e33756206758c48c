//! Errors of the admin API: problem details by RFC 9457.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{admin::AdminError, apps::AppError, refusal::Refusal};

/// Why a call was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Which problem it is; the same for the same cause, whatever the text says.
    #[serde(rename = "type")]
    #[schema(example = "urn:haechi:problem:not-found")]
    kind: String,
    /// The problem in a few words.
    #[schema(example = "Not found")]
    title: &'static str,
    /// The HTTP status.
    #[schema(example = 404)]
    status: u16,
    /// What was wrong this time.
    #[schema(example = "there is no app \"7\"")]
    detail: String,
    /// What in the request was wrong, if one field was.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    #[serde(skip)]
    retry_after_secs: Option<u64>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, name: &str, title: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:haechi:problem:{name}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            field: None,
            retry_after_secs: None,
        }
    }

    pub(crate) fn unauthenticated() -> Self {
        let detail = "send a token made by haechi token create, as Authorization: Bearer TOKEN";
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "Not signed in", detail)
    }

    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", "The request cannot be read", detail)
    }

    fn about(self, field: &'static str) -> Self {
        Self { field: Some(field), ..self }
    }
}

impl From<AdminError> for Problem {
    fn from(error: AdminError) -> Self {
        let detail = error.to_string();
        let new = |status, name, title| Self::new(status, name, title, detail.clone());
        let taken = || new(StatusCode::CONFLICT, "taken", "The name is taken");
        let invalid = || new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "A value cannot be");
        let full = || new(StatusCode::CONFLICT, "full", "There is no room for more");
        let forbidden = || new(StatusCode::FORBIDDEN, "forbidden", "Not allowed");
        let not_found = || new(StatusCode::NOT_FOUND, "not-found", "Not found");
        let unavailable = || Self {
            retry_after_secs: Some(1),
            ..new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The store cannot be used")
        };
        match &error {
            AdminError::Forbidden(_)
            | AdminError::SignInFailed
            | AdminError::BadCode
            | AdminError::WrongCode
            | AdminError::BadInvitation => forbidden(),
            AdminError::TooManyAttempts { retry_after_secs } => Self {
                retry_after_secs: Some(*retry_after_secs),
                ..new(StatusCode::TOO_MANY_REQUESTS, "too-many", "Too many attempts")
            },
            AdminError::NotFound { .. } | AdminError::App(AppError::NoSuchApp(_)) => not_found(),
            AdminError::Taken { .. } => taken().about("name"),
            AdminError::App(AppError::NameTaken(_)) => taken().about("name"),
            AdminError::Invalid { name, .. } => invalid().about(name),
            AdminError::App(AppError::Name(_)) => invalid().about("name"),
            AdminError::App(AppError::Setting(setting)) => invalid().about(setting.setting.name()),
            AdminError::LastAdministrator => new(StatusCode::CONFLICT, "last-administrator", "The last administrator"),
            AdminError::App(AppError::Declared(_)) => new(StatusCode::CONFLICT, "declared", "The app is declared"),
            AdminError::Full { .. } | AdminError::App(AppError::Full | AppError::NoNumberLeft) => full(),
            AdminError::App(AppError::Conflict | AppError::Random(_) | AppError::Storage(_))
            | AdminError::Random(_)
            | AdminError::Store(_) => unavailable(),
        }
    }
}

impl From<&Refusal> for Problem {
    fn from(refusal: &Refusal) -> Self {
        let status = refusal.status();
        let (name, title, detail) = match (refusal, status) {
            (Refusal::Busy, _) => {
                ("busy", "Too much at once", "too much is to be drawn and spoken just now".to_owned())
            }
            (Refusal::Internal, _) => ("internal", "A fault of the server", "its log says more".to_owned()),
            (_, StatusCode::NOT_FOUND) => ("not-found", "Not found", "there is nothing at this address".to_owned()),
            (_, StatusCode::METHOD_NOT_ALLOWED) => {
                ("method-not-allowed", "No such method", "the address is right, but not the method".to_owned())
            }
            _ => ("refused", status.canonical_reason().unwrap_or("Refused"), refusal.to_string()),
        };
        Self { retry_after_secs: refusal.retry_after_secs(), ..Self::new(status, name, title, detail) }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::from(&refusal)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after_secs = self.retry_after_secs;
        if status.is_server_error() {
            tracing::error!(error = self.detail, "a call of an administrator failed");
        }
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"haechi\""));
        }
        if let Some(secs) = retry_after_secs {
            headers.insert(header::RETRY_AFTER, secs.into());
        }
        response
    }
}
