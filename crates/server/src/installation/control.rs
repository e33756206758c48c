//! The control socket, by which commands reach a running server: HTTP with JSON over a Unix socket in the data
//! directory, which nobody but the server's own user may open.
//!
//! Whoever cannot connect to it opens the database instead; that only one process can decides who serves.

mod client;
mod socket;

use std::{path::PathBuf, sync::Arc};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use serde::{Deserialize, Serialize};

pub use self::{
    client::{CallError, call},
    socket::ControlSocket,
};
use crate::{
    clock::unix_now,
    domain::{
        admin::{AccessCommand, Actor, AdminError, Administration},
        apps::AppCommand,
        service::{Service, Signature},
    },
    installation::{backup, inspect::Question},
    keep::store::Store,
};

/// The path of an [`AppCommand`]; the reply is a list of [`AppView`](crate::domain::apps::AppView).
pub const APP: &str = "/app";
/// The path of an [`AccessCommand`]; the reply is an [`AccessReply`](crate::domain::admin::AccessReply).
pub const ACCESS: &str = "/access";
/// The path of a [`Question`] about a key; the reply is an [`Inspection`](crate::installation::inspect::Inspection).
pub const INSPECT: &str = "/inspect";

/// The path of an app's name; the reply is its [`ShownKey`].
pub const ALTCHA_KEY: &str = "/altcha-key";
/// The path of a [`BackupRequest`]; the reply is a [`Summary`](crate::installation::backup::Summary).
pub const BACKUP: &str = "/backup";

/// Asks for a backup in the data directory, where the server may write; the command takes it from there.
#[derive(Serialize, Deserialize)]
pub struct BackupRequest {
    /// The name of the file.
    pub name: String,
}

/// The key by which an app's site verifies ALTCHA's payloads by itself.
#[derive(Serialize, Deserialize)]
pub struct ShownKey {
    /// The app's name.
    pub name: String,
    /// The key.
    pub altcha_key: String,
}

impl ShownKey {
    /// An app's, for the operator.
    ///
    /// # Errors
    /// [`AdminError`] if there is no such app.
    pub fn of(administration: &Administration, service: &Service, name: &str) -> Result<Self, AdminError> {
        let app = administration.app_to_show_key_of(&Actor::Command, name, unix_now())?;
        let altcha_key = service.signing_key(&app, Signature::Passing).as_str().to_owned();
        Ok(Self { name: app.name, altcha_key })
    }
}

/// What commands are carried out with.
pub struct Controls {
    /// Apps, users and tokens.
    pub administration: Arc<Administration>,
    /// The service.
    pub service: Arc<Service>,
    /// The database.
    pub store: Store,
    /// Its directory.
    pub data: PathBuf,
}

/// Why a command was not carried out, for people.
#[derive(Serialize, Deserialize)]
struct Failure {
    error: String,
}

/// All that can be called.
pub fn router(controls: Controls) -> Router {
    Router::new()
        .route(APP, post(app))
        .route(ACCESS, post(access))
        .route(INSPECT, post(inspect_key))
        .route(ALTCHA_KEY, post(altcha_key))
        .route(BACKUP, post(back_up))
        .with_state(Arc::new(controls))
}

async fn app(State(controls): State<Arc<Controls>>, Json(command): Json<AppCommand>) -> Response {
    let performing = tokio::task::spawn_blocking(move || {
        let performed = controls.administration.perform(&Actor::Command, &command, unix_now());
        let may_be_new = matches!(command, AppCommand::Create { .. } | AppCommand::Set { .. });
        for app in performed.iter().flatten().filter(|app| may_be_new && app.enabled) {
            app.settings.warnings().iter().for_each(|warning| tracing::warn!(app = app.name, "{warning}"));
        }
        performed
    });
    match performing.await {
        Ok(performed) => reply(performed),
        Err(error) => reply::<()>(Err(error)),
    }
}

async fn access(State(controls): State<Arc<Controls>>, Json(command): Json<AccessCommand>) -> Response {
    let performing = tokio::task::spawn_blocking(move || controls.administration.perform_access(&command, unix_now()));
    match performing.await {
        Ok(performed) => reply(performed),
        Err(error) => reply::<()>(Err(error)),
    }
}

async fn back_up(State(controls): State<Arc<Controls>>, Json(request): Json<BackupRequest>) -> Response {
    let path = controls.data.join(request.name);
    match tokio::task::spawn_blocking(move || backup::take(&controls.store, &path, unix_now())).await {
        Ok(taken) => reply(taken),
        Err(error) => reply::<()>(Err(error)),
    }
}

async fn altcha_key(State(controls): State<Arc<Controls>>, Json(name): Json<String>) -> Response {
    let showing = move || ShownKey::of(&controls.administration, &controls.service, &name);
    match tokio::task::spawn_blocking(showing).await {
        Ok(shown) => reply(shown),
        Err(error) => reply::<()>(Err(error)),
    }
}

async fn inspect_key(State(controls): State<Arc<Controls>>, Json(question): Json<Question>) -> Response {
    reply(controls.service.inspect(&question).await)
}

fn reply<Outcome: Serialize>(outcome: Result<Outcome, impl std::fmt::Display>) -> Response {
    match outcome {
        Ok(outcome) => Json(outcome).into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, Json(Failure { error: error.to_string() })).into_response(),
    }
}
