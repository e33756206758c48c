//! Why a page cannot be shown, and the page that says so.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use maud::html;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Console, page::Page, texts::Texts, visitor::Reader};
use crate::{admin::AdminError, apps::AppError, error::Refusal, logging::Seldom};

/// Why a request does not get its page.
#[derive(Debug)]
pub(super) enum Fault {
    /// Nobody is signed in.
    SignedOut,
    /// The administration refused.
    Admin(AdminError),
    /// The request itself is wrong.
    Refusal(Refusal),
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
    fn status(&self) -> StatusCode {
        match self {
            Self::SignedOut => StatusCode::SEE_OTHER,
            Self::Admin(error) => status(error),
            Self::Refusal(Refusal::Parameter) => StatusCode::BAD_REQUEST,
            Self::Refusal(refusal) => refusal.code_and_status().1,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn sentence(&self, texts: &Texts) -> String {
        match self {
            Self::SignedOut => texts.sign_in.to_owned(),
            Self::Admin(error) => texts.error(error),
            Self::Refusal(Refusal::Http(StatusCode::NOT_FOUND)) => texts.no_such_page.to_owned(),
            Self::Refusal(_) => texts.bad_form.to_owned(),
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
        | AdminError::Taken { .. }
        | AdminError::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

impl IntoResponse for Fault {
    /// The status alone; [`explain`] makes a page of it, in the reader's language.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// Makes a page of a fault, or sends those who are not signed in to where they can be.
pub(super) async fn explain(State(console): State<Arc<Console>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let reader = Reader::new(&parts, console.service.limits().proxies());
    let response = next.run(Request::from_parts(parts, body)).await;
    match response.extensions().get::<Arc<Fault>>() {
        Some(fault) => page(&reader, fault),
        None => response,
    }
}

fn page(reader: &Reader, fault: &Fault) -> Response {
    if matches!(fault, Fault::SignedOut) {
        let next = utf8_percent_encode(&reader.address, NON_ALPHANUMERIC);
        return see_other(&format!("/console/sign-in?next={next}"));
    }
    log(fault);
    let texts = reader.texts();
    let content = html! {
        h1 { (texts.not_possible) }
        p { (fault.sentence(texts)) }
        p { a href="/console" { (texts.back_to_overview) } }
    };
    let page = Page::new(reader, texts.not_possible, &content).reply(fault.status());
    match fault {
        Fault::Admin(AdminError::TooManyAttempts { retry_after_secs }) => {
            ([(header::RETRY_AFTER, retry_after_secs.to_string())], page).into_response()
        }
        _ => page,
    }
}

/// The client sees a sentence; the log has the cause of what is our side's fault.
fn log(fault: &Fault) {
    static FAILURES: Seldom = Seldom::new();
    if fault.status().is_server_error() && FAILURES.is_due() {
        match fault {
            Fault::Admin(error) => tracing::error!(%error, "the console failed; it may have again, uncounted"),
            _ => tracing::error!(?fault, "the console failed; it may have again, uncounted"),
        }
    }
}

/// Has the browser ask for another page.
pub(super) fn see_other(address: &str) -> Response {
    let location = HeaderValue::from_str(address).unwrap_or(HeaderValue::from_static("/console"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}
