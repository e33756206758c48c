//! What must hold for records of users, tokens, sessions and the audit log, whatever they are read from.

use serde::{Serialize, de::DeserializeOwned};

use super::{
    AuditEntry, DeliveryView,
    claims::StoredClaim,
    invitations::StoredInvitation,
    second_factor::StoredFactor,
    sessions::Session,
    submissions::StoredForm,
    tokens::StoredToken,
    users::StoredUser,
    webhooks::{StoredDelivery, StoredMarks, StoredWebhook},
};

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

/// The records that came with second factors, invitations, forms and webhooks, by their number.
pub(crate) fn later(kind: u8, json: &[u8]) {
    match kind % 8 {
        0 => drop(check::<StoredFactor>(json).and_then(|factor| factor.totp()).map(|totp| totp.check("123456", 0))),
        1 => drop(check::<StoredInvitation>(json).map(|invitation| invitation.is_over(u64::MAX))),
        2 => drop(check::<StoredForm>(json).map(|form| assert!(form.is_past(u64::MAX)))),
        3 => drop(check::<StoredClaim>(json).map(|claim| assert!(claim.is_over(u64::MAX)))),
        4 => drop(check::<StoredWebhook>(json).and_then(|webhook| webhook.key())),
        5 => drop(check::<StoredDelivery>(json).map(|delivery| delivery.is_due(u64::MAX))),
        6 => drop(check::<DeliveryView>(json)),
        _ => drop(check::<StoredMarks>(json)),
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
