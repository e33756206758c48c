//! Who may do what.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::AdminError;

/// Who does something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A person, signed in to the console.
    User {
        /// Their name.
        name: String,
        /// What they may do.
        role: Role,
    },
    /// A program with a token.
    Token {
        /// What the token is called by, since several may have one name.
        id: String,
        /// The token's name.
        name: String,
        /// What it may do.
        scopes: Vec<Scope>,
    },
    /// Whoever runs commands on the machine. May do everything.
    Command,
}

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Administrator,
    /// Look at everything but users and tokens, and change nothing.
    Viewer,
}

/// What a token lets its holder do.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema, clap::ValueEnum,
)]
pub enum Scope {
    /// See apps, and what their challenges look and sound like.
    #[serde(rename = "apps:read")]
    #[value(name = "apps:read")]
    AppsRead,
    /// Make, change and remove apps.
    #[serde(rename = "apps:write")]
    #[value(name = "apps:write")]
    AppsWrite,
    /// See statistics.
    #[serde(rename = "statistics:read")]
    #[value(name = "statistics:read")]
    StatisticsRead,
    /// See the audit log.
    #[serde(rename = "audit:read")]
    #[value(name = "audit:read")]
    AuditRead,
    /// See, make and remove tokens and users.
    #[serde(rename = "access:write")]
    #[value(name = "access:write")]
    AccessWrite,
}

/// A token as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenView {
    /// What it is called by: 16 hexadecimal digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it lets its holder do.
    pub scopes: Vec<Scope>,
    /// Unix time at which it was made, in seconds.
    pub created_at: u64,
    /// Unix time at which it ends, in seconds.
    pub expires_at: u64,
}

/// A token that was made just now.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct IssuedToken {
    /// What is known of it from now on.
    #[serde(flatten)]
    pub view: TokenView,
    /// The token itself, which is shown only this once.
    pub token: String,
}

/// A user as administrators see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserView {
    /// Their name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Unix time at which they were made, in seconds.
    pub created_at: u64,
    /// Whether signing in takes a code of an app beside the password.
    #[serde(default)]
    pub second_factor: bool,
}

impl Role {
    /// What it lets its users do.
    #[must_use]
    pub const fn scopes(self) -> &'static [Scope] {
        match self {
            Self::Administrator => &Scope::ALL,
            Self::Viewer => &[Scope::AppsRead, Scope::StatisticsRead, Scope::AuditRead],
        }
    }

    /// Its name in the API and in the audit log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Viewer => "viewer",
        }
    }
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 5] =
        [Self::AppsRead, Self::AppsWrite, Self::StatisticsRead, Self::AuditRead, Self::AccessWrite];

    /// Its name in the API and in the audit log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AppsRead => "apps:read",
            Self::AppsWrite => "apps:write",
            Self::StatisticsRead => "statistics:read",
            Self::AuditRead => "audit:read",
            Self::AccessWrite => "access:write",
        }
    }
}

impl Actor {
    /// Whether the actor may do what needs this scope.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        match self {
            Self::Command => true,
            Self::Token { scopes, .. } => scopes.contains(&scope),
            Self::User { role, .. } => role.scopes().contains(&scope),
        }
    }

    /// What the actor is called.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::User { name, .. } | Self::Token { name, .. } => name,
            Self::Command => "command",
        }
    }

    /// # Errors
    /// [`AdminError::Forbidden`] unless the actor may do what needs this scope.
    pub(super) fn check(&self, scope: Scope) -> Result<(), AdminError> {
        if self.may(scope) { Ok(()) } else { Err(AdminError::Forbidden(scope)) }
    }

    /// # Errors
    /// [`AdminError::Forbidden`] unless the actor may do all that needs these scopes. Nobody makes or removes what can do
    /// more than they can.
    pub(super) fn check_all(&self, scopes: &[Scope]) -> Result<(), AdminError> {
        scopes.iter().try_for_each(|scope| self.check(*scope))
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User { name, .. } => write!(f, "user {name}"),
            Self::Token { id, name, .. } => write!(f, "token {name} ({id})"),
            Self::Command => f.write_str("command"),
        }
    }
}
