//! Why something is not done.

use super::Scope;
use crate::{domain::apps::AppError, keep::store::StoreError};

/// Why an administrator's request is refused.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The actor may not do that.
    #[error("this takes the scope {}", .0.name())]
    Forbidden(Scope),
    /// The name and the password do not belong together.
    #[error("the name or the password is wrong")]
    SignInFailed,
    /// The code of the second factor is wrong, or was used.
    #[error("the code is wrong or was used")]
    WrongCode,
    /// The invitation was followed or taken back, or has ended.
    #[error("the invitation was used or taken back, or is too old: ask for another one")]
    BadInvitation,
    /// The one-time code is not the one that was printed, or was used, or is too old.
    #[error("the code is wrong, was used or is too old: start haechi again, or run haechi admin create")]
    BadCode,
    /// Too many wrong passwords.
    #[error("too many attempts: try again in {retry_after_secs} s")]
    TooManyAttempts {
        /// When it is worth trying again, in seconds.
        retry_after_secs: u64,
    },
    /// There is no such thing.
    #[error("there is no {kind} {name:?}")]
    NotFound {
        /// An app, a token, a user or another thing.
        kind: &'static str,
        /// What was asked for.
        name: String,
    },
    /// There is one already.
    #[error("there already is a {kind} called {name:?}")]
    Taken {
        /// A token, a user or another thing.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// Something that was said cannot be.
    #[error("{name}: {reason}")]
    Invalid {
        /// The field.
        name: &'static str,
        /// What it may be.
        reason: String,
    },
    /// The last administrator is to stay.
    #[error("the last administrator cannot be removed")]
    LastAdministrator,
    /// There are as many as there may be.
    #[error("there are as many {kind}s as there may be: remove one first")]
    Full {
        /// A token or a user.
        kind: &'static str,
    },
    /// The system gave no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(String),
    /// An app.
    #[error(transparent)]
    App(#[from] AppError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}
