//! What administrators do, apart from HTTP: apps, statistics, the audit log, tokens and users.
//!
//! The admin API, the console and commands are three ways to call [`Administration`], which checks what each [`Actor`]
//! may do and writes down what was done. All of it waits for the disk or for the network, and so is not for async code.

mod access;
mod action;
mod apps;
mod attempts;
mod audit;
mod browsers;
mod claims;
mod command;
mod error;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod invitations;
mod passwords;
mod records;
mod second_factor;
mod sessions;
mod submissions;
#[cfg(test)]
mod tests;
mod tokens;
mod turns;
mod users;
mod webhooks;

use std::sync::{Arc, atomic::AtomicBool};

use sha2::{Digest, Sha256};

pub use self::{
    access::{Actor, IssuedToken, Role, Scope, TokenView, UserView},
    audit::{AuditEntry, AuditPage, SEARCHED},
    browsers::BrowserProof,
    command::{AccessCommand, AccessReply},
    error::AdminError,
    invitations::{InvitationView, IssuedInvitation},
    sessions::{SessionSecret, SignedIn},
    tokens::{LONGEST_LIFETIME_SECS, TOKEN_PREFIX},
    webhooks::{DeliveryState, DeliveryView, IssuedWebhook, WebhookView, keep_delivering},
};
pub(crate) use self::{
    action::Action,
    browsers::KNOWN_SECS,
    records::back_up,
    second_factor::{CodeSignIn, factor_address, new_factor_secret},
    sessions::{Entry, SignIn},
    submissions::{FORM_DIGITS, Submission},
};
use self::{attempts::Attempts, browsers::BrowserKey, passwords::Passwords, records::Records, users::FirstCode};
use crate::{
    domain::{apps::AppStore, statistics::Statistics},
    hex::hex,
    keep::{
        remote::{RemoteAddress, RemoteError},
        store::Store,
    },
};

/// Everything that administrators may do.
pub struct Administration {
    apps: Arc<AppStore>,
    statistics: Arc<Statistics>,
    records: Arc<Records>,
    attempts: Attempts,
    passwords: Passwords,
    browser_key: BrowserKey,
    first_code: FirstCode,
    /// Whether there is known to be a user. Remembered, since whoever is not signed in can ask for it.
    has_user: AtomicBool,
}

impl Administration {
    /// With users, tokens, sessions and the audit log in this database.
    #[must_use]
    pub fn open(store: Store, apps: Arc<AppStore>, statistics: Arc<Statistics>) -> Self {
        Self::new(Records::in_database(store), apps, statistics)
    }

    /// With users, tokens, sessions and the audit log where all nodes share them.
    ///
    /// # Errors
    /// If Redis cannot be used.
    pub fn open_shared(
        address: &RemoteAddress,
        apps: Arc<AppStore>,
        statistics: Arc<Statistics>,
    ) -> Result<Self, RemoteError> {
        Ok(Self::new(Records::in_redis(crate::keep::remote::BlockingRemote::open(address)?), apps, statistics))
    }

    fn new(records: Records, apps: Arc<AppStore>, statistics: Arc<Statistics>) -> Self {
        Self {
            apps,
            statistics,
            records: Arc::new(records),
            attempts: Attempts::new(),
            passwords: Passwords::default(),
            browser_key: BrowserKey::default(),
            first_code: FirstCode::default(),
            has_user: AtomicBool::new(false),
        }
    }
}

/// 64 hexadecimal digits that nobody can guess.
fn random_secret() -> Result<String, AdminError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| AdminError::Random(error.to_string()))?;
    Ok(hex(&bytes))
}

/// What is kept in the stead of a secret that nobody can guess.
fn digest(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}
