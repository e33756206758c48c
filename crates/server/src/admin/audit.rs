//! What was done, by whom, when.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// What it is called by; a later entry's is greater.
    pub id: String,
    /// Unix time, in seconds.
    pub at: u64,
    /// Who did it: `user NAME`, `token NAME` or `command`.
    pub actor: String,
    /// What was done: `app.created`, `app.changed`, `app.enabled`, `app.disabled`, `app.rotated`, `app.removed`,
    /// `token.created`, `token.removed`, `user.created`, `user.removed`, `user.password_changed`, `signed_in`,
    /// `signed_out`.
    pub action: String,
    /// What it was done to: the name of an app, a token or a user.
    pub subject: String,
    /// What else there is to say, such as the settings that changed; no secret.
    pub detail: String,
}

/// Some entries, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditEntry>,
    /// What to ask for entries before, if there are any.
    pub before: Option<String>,
}
