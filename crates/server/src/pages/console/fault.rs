//! Why a page cannot be shown.

use std::sync::Arc;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::texts::Texts;
use crate::domain::{admin::AdminError, apps::AppError, refusal::Refusal};

/// Why a request does not get its page.
#[derive(Debug)]
pub(super) enum Fault {
    /// Nobody is signed in.
    SignedOut,
    /// The administration refused.
    Admin(AdminError),
    /// The request itself is wrong.
    Refusal(Refusal),
    /// The form was sent before, and its reply is not at hand.
    Sent {
        /// Whether it was acted on, and not still is.
        is_done: bool,
    },
    /// A bug.
    Internal,
}

impl From<AdminError> for Fault {
    fn from(error: AdminError) -> Self {
        Self::Admin(error)
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl Fault {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::SignedOut => StatusCode::SEE_OTHER,
            Self::Admin(error) => status(error),
            Self::Refusal(refusal) => refusal.status(),
            Self::Sent { .. } => StatusCode::CONFLICT,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    pub(super) fn sentence(&self, texts: &Texts) -> String {
        match self {
            Self::SignedOut => texts.sign_in.to_owned(),
            Self::Admin(error) => texts.error(error),
            Self::Refusal(Refusal::Http(StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED)) => {
                texts.no_such_page.to_owned()
            }
            Self::Refusal(_) => texts.bad_form.to_owned(),
            Self::Sent { is_done: true } => texts.sent_already.to_owned(),
            Self::Sent { is_done: false } => texts.sent_running.to_owned(),
            Self::Internal => texts.internal.to_owned(),
        }
    }
}

fn status(error: &AdminError) -> StatusCode {
    match error {
        AdminError::Forbidden(_) => StatusCode::FORBIDDEN,
        AdminError::TooManyAttempts { .. } => StatusCode::TOO_MANY_REQUESTS,
        AdminError::NotFound { .. } | AdminError::App(AppError::NoSuchApp(_)) => StatusCode::NOT_FOUND,
        AdminError::Store(_)
        | AdminError::Random(_)
        | AdminError::App(AppError::Storage(_) | AppError::Random(_) | AppError::Conflict) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        AdminError::App(AppError::Declared(_) | AppError::Full | AppError::NoNumberLeft)
        | AdminError::Full { .. }
        | AdminError::LastAdministrator => StatusCode::CONFLICT,
        AdminError::App(AppError::Name(_) | AppError::NameTaken(_) | AppError::Setting(_))
        | AdminError::SignInFailed
        | AdminError::BadCode
        | AdminError::WrongCode
        | AdminError::BadInvitation
        | AdminError::Taken { .. }
        | AdminError::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

impl IntoResponse for Fault {
    /// The status alone; [`explain`](super::explain::explain) makes a page of it, in the reader's language.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
