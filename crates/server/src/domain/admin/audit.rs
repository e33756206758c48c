//! What was done, by whom, when.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Action, Actor, AdminError, Administration, Scope, records::Records};

/// Most entries that are shown at once.
const MOST_AT_ONCE: usize = 200;
/// Entries that a search reads at once.
const READ_AT_ONCE: usize = 1_000;

/// Most entries that a search looks at before it asks whether to go on.
pub const SEARCHED: usize = 5_000;

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// What it is called by; a later entry's is greater.
    pub id: String,
    /// Unix time, in seconds.
    pub at: u64,
    /// Who did it: `user NAME`, `token NAME (ID)` or `command`.
    pub actor: String,
    /// What was done: `app.created`, `app.changed`, `app.enabled`, `app.disabled`, `app.rotated`, `app.grace_ended`,
    /// `app.secret_rotated`, `app.secret_grace_ended`, `app.altcha_key_shown`, `app.removed`,
    /// `token.created`, `token.removed`, `user.created`, `user.removed`, `user.password_changed`, `user.signed_in`,
    /// `user.signed_out`, `user.refused` (a wrong password or code), `user.second_factor_enabled`,
    /// `user.second_factor_disabled`, `user.second_factor_reset`, `user.recovery_code_used`, `invitation.created`,
    /// `invitation.revoked`, `invitation.accepted`, `webhook.created`, `webhook.removed`, `webhook.tested`.
    pub action: String,
    /// What it was done to: the name of an app, a token or a user, or the host of a webhook.
    pub subject: String,
    /// What else there is to say, such as the settings that changed; no secret.
    pub detail: String,
}

impl AuditEntry {
    /// Whether this text, in lower case, is somewhere in it.
    fn has(&self, text: &str) -> bool {
        let parts = [&self.actor, &self.action, &self.subject, &self.detail];
        parts.iter().any(|part| part.to_lowercase().contains(text))
    }
}

/// Some entries, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditEntry>,
    /// What to ask for entries before, if there are any.
    pub before: Option<String>,
}

impl Administration {
    /// Up to so many entries, the newest first, from before this one if one is named.
    ///
    /// # Errors
    /// [`AdminError::Forbidden`] or [`AdminError::Store`].
    pub fn audit_log(&self, actor: &Actor, before: Option<&str>, limit: usize) -> Result<AuditPage, AdminError> {
        actor.check(Scope::AuditRead)?;
        let limit = limit.clamp(1, MOST_AT_ONCE);
        let mut entries = self.records.audit(before, limit + 1)?;
        let are_more = entries.len() > limit;
        entries.truncate(limit);
        let before = entries.last().filter(|_| are_more).map(|entry| entry.id.clone());
        Ok(AuditPage { entries, before })
    }

    /// Up to so many entries that have this text in them, whatever its case, the newest first, from before this one if one
    /// is named. It looks at 5,000 entries; where there are more, the page says from where on.
    ///
    /// # Errors
    /// As [`Administration::audit_log`].
    pub fn search_audit_log(
        &self,
        actor: &Actor,
        text: &str,
        before: Option<&str>,
        limit: usize,
    ) -> Result<AuditPage, AdminError> {
        if text.is_empty() {
            return self.audit_log(actor, before, limit);
        }
        actor.check(Scope::AuditRead)?;
        let (text, mut before) = (text.to_lowercase(), before.map(str::to_owned));
        let mut found = Vec::new();
        for _ in 0..SEARCHED / READ_AT_ONCE {
            let entries = self.records.audit(before.as_deref(), READ_AT_ONCE)?;
            let is_last = entries.len() < READ_AT_ONCE;
            for entry in entries {
                before = Some(entry.id.clone());
                if entry.has(&text) {
                    found.push(entry);
                }
                if found.len() == limit {
                    return Ok(AuditPage { entries: found, before });
                }
            }
            if is_last {
                return Ok(AuditPage { entries: found, before: None });
            }
        }
        Ok(AuditPage { entries: found, before })
    }

    /// The newest entries, up to so many.
    ///
    /// # Errors
    /// As [`Administration::audit_log`].
    pub fn newest_of_audit_log(&self, actor: &Actor, limit: usize) -> Result<Vec<AuditEntry>, AdminError> {
        actor.check(Scope::AuditRead)?;
        Ok(self.records.audit(None, limit)?)
    }

    /// Writes down what was done. That cannot be undone any more, so if it cannot be written down the log says it.
    pub(super) fn note(&self, actor: &Actor, action: Action, subject: &str, detail: &str, now: u64) {
        write_down(&self.records, entry(actor, action, subject, detail, now));
    }

    /// As [`Administration::note`], but without waiting, so that nobody can tell by the time whether it is done.
    pub(super) fn note_later(&self, actor: &Actor, action: Action, subject: &str, detail: &str, now: u64) {
        let entry = entry(actor, action, subject, detail, now);
        let records = Arc::clone(&self.records);
        let late = thread::Builder::new().name("audit".to_owned());
        if let Err(error) = late.spawn(move || write_down(&records, entry)) {
            tracing::error!(%error, "a wrong password is missing from the audit log");
        }
    }
}

fn entry(actor: &Actor, action: Action, subject: &str, detail: &str, now: u64) -> AuditEntry {
    AuditEntry {
        id: entry_id(now),
        at: now,
        actor: actor.to_string(),
        action: action.code().to_owned(),
        subject: subject.to_owned(),
        detail: detail.to_owned(),
    }
}

/// In the program's log too, which is kept elsewhere and has room for more.
fn write_down(records: &Records, entry: AuditEntry) {
    let noted = records.note(&entry);
    let AuditEntry { actor, action, subject, detail, .. } = entry;
    match noted {
        Ok(()) => tracing::info!(actor, action, subject, detail, "administration"),
        Err(error) => tracing::error!(%error, actor, action, subject, detail, "this is missing from the audit log"),
    }
}

/// By the second, then in the order in which this process made them, then by chance, so that no two nodes make the same.
fn entry_id(now: u64) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed) & 0x00ff_ffff;
    let chance = getrandom::u32().unwrap_or(0) & 0x00ff_ffff;
    format!("{now:012x}{count:06x}{chance:06x}")
}
