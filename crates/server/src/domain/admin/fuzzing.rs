//! What must hold for records of users, tokens, sessions and the audit log, whatever they are read from.

use serde::{Serialize, de::DeserializeOwned};

use super::{AuditEntry, sessions::Session, tokens::StoredToken, users::StoredUser};

pub(crate) fn user(json: &[u8]) {
    check::<StoredUser>(json);
}

pub(crate) fn token(json: &[u8]) {
    if let Some(token) = check::<StoredToken>(json) {
        token.is_old(0);
        token.is_old(u64::MAX);
    }
}

pub(crate) fn session(json: &[u8]) {
    if let Some(session) = check::<Session>(json) {
        assert!(session.has_ended(u64::MAX), "a session ends some time");
        session.has_ended(0);
    }
}

pub(crate) fn audit_entry(json: &[u8]) {
    if let Some(entry) = check::<AuditEntry>(json) {
        assert!(crate::calendar::rfc3339(entry.at).ends_with('Z'));
    }
}

/// The record, if it is one. It is written as it was read.
fn check<Record: Serialize + DeserializeOwned + PartialEq>(json: &[u8]) -> Option<Record> {
    let record: Record = serde_json::from_slice(json).ok()?;
    let written = serde_json::to_vec(&record).expect("what was read can be written");
    let again: Record = serde_json::from_slice(&written).expect("what was written can be read");
    assert!(again == record, "what is read again is the same");
    Some(record)
}
