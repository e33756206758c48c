//! What administrators do, apart from HTTP: apps, statistics, the audit log, tokens and users.
//!
//! The admin API and the console are two ways to call [`Administration`], which checks what each [`Actor`] may do and
//! writes down what was done. All of it waits for the disk or for the network, and so is not for async code.

mod access;
mod audit;
mod error;

use std::sync::Arc;

pub use self::{
    access::{Actor, IssuedToken, Role, Scope, TokenView, UserView},
    audit::{AuditEntry, AuditPage},
    error::AdminError,
};
use crate::{
    apps::{AppView, SettingChanges},
    client::Client,
    statistics::{Counts, Report, Span, Statistics},
};

/// Everything that administrators may do.
pub struct Administration {
    pub(crate) statistics: Arc<Statistics>,
}

/// What a person carries in a cookie after signing in: 64 hexadecimal digits.
pub struct SessionSecret(pub String);

#[expect(clippy::missing_errors_doc, unused_variables, reason = "a sketch")]
impl Administration {
    // ---- signing in

    /// Whether there is no user yet, so that the first one can be made by whoever has the one-time code.
    pub fn awaits_first_user(&self) -> Result<bool, AdminError> {
        todo!()
    }

    /// Makes the first administrator and signs him in. [`AdminError::BadCode`] if the code is not the one printed.
    pub fn make_first_user(
        &self,
        code: &str,
        name: &str,
        password: &str,
        now: u64,
    ) -> Result<(Actor, SessionSecret), AdminError> {
        todo!()
    }

    /// [`AdminError::SignInFailed`] or [`AdminError::TooManyAttempts`].
    pub fn sign_in(
        &self,
        client: Client,
        name: &str,
        password: &str,
        now: u64,
    ) -> Result<(Actor, SessionSecret), AdminError> {
        todo!()
    }

    /// Who is signed in by this session, if it is one and has not ended.
    pub fn session(&self, secret: &str, now: u64) -> Result<Option<Actor>, AdminError> {
        todo!()
    }

    /// Ends a session.
    pub fn sign_out(&self, secret: &str, now: u64) -> Result<(), AdminError> {
        todo!()
    }

    /// Who holds this bearer token, if it is one and has not expired.
    pub fn bearer(&self, token: &str, now: u64) -> Result<Option<Actor>, AdminError> {
        todo!()
    }

    // ---- apps, by number

    pub fn apps(&self, actor: &Actor) -> Result<Vec<AppView>, AdminError> {
        todo!()
    }

    pub fn app(&self, actor: &Actor, number: u32) -> Result<AppView, AdminError> {
        todo!()
    }

    /// The view holds the appkey, here and after a rotation only.
    pub fn create_app(
        &self,
        actor: &Actor,
        name: &str,
        settings: &SettingChanges,
        now: u64,
    ) -> Result<AppView, AdminError> {
        todo!()
    }

    pub fn change_app(
        &self,
        actor: &Actor,
        number: u32,
        settings: &SettingChanges,
        now: u64,
    ) -> Result<AppView, AdminError> {
        todo!()
    }

    pub fn enable_app(&self, actor: &Actor, number: u32, enabled: bool, now: u64) -> Result<AppView, AdminError> {
        todo!()
    }

    /// Gives an app another appkey; the old one goes on for so many seconds, 0 to 30 days.
    pub fn rotate_appkey(&self, actor: &Actor, number: u32, grace_secs: u64, now: u64) -> Result<AppView, AdminError> {
        todo!()
    }

    pub fn remove_app(&self, actor: &Actor, number: u32, now: u64) -> Result<AppView, AdminError> {
        todo!()
    }

    // ---- statistics

    pub fn report(&self, actor: &Actor, number: u32, span: Span, now: u64) -> Result<Report, AdminError> {
        todo!()
    }

    /// Each of these apps' totals.
    pub fn totals(&self, actor: &Actor, numbers: &[u32], span: Span, now: u64) -> Result<Vec<Counts>, AdminError> {
        todo!()
    }

    // ---- audit log

    /// Up to so many entries, the newest first, from before this one if one is given.
    pub fn audit_log(&self, actor: &Actor, before: Option<&str>, limit: usize) -> Result<AuditPage, AdminError> {
        todo!()
    }

    // ---- tokens and users

    pub fn tokens(&self, actor: &Actor) -> Result<Vec<TokenView>, AdminError> {
        todo!()
    }

    /// A lifetime of at most 366 days.
    pub fn create_token(
        &self,
        actor: &Actor,
        name: &str,
        scopes: &[Scope],
        lifetime_secs: u64,
        now: u64,
    ) -> Result<IssuedToken, AdminError> {
        todo!()
    }

    pub fn remove_token(&self, actor: &Actor, id: &str, now: u64) -> Result<(), AdminError> {
        todo!()
    }

    pub fn users(&self, actor: &Actor) -> Result<Vec<UserView>, AdminError> {
        todo!()
    }

    pub fn create_user(
        &self,
        actor: &Actor,
        name: &str,
        role: Role,
        password: &str,
        now: u64,
    ) -> Result<UserView, AdminError> {
        todo!()
    }

    /// Ends the user's sessions as well. The last administrator cannot be removed.
    pub fn remove_user(&self, actor: &Actor, name: &str, now: u64) -> Result<(), AdminError> {
        todo!()
    }

    /// Changes the actor's own password, and ends his other sessions.
    pub fn change_password(&self, actor: &Actor, old: &str, new: &str, now: u64) -> Result<(), AdminError> {
        todo!()
    }
}
