//! What the database has of a record, as bytes.

use super::super::{
    Decision,
    rules::{Record, Reply},
};

/// Until when, wrong answers, spent or not.
pub(super) type RecordValue = [u8; 10];
/// The request's name, and the attempts that were left or that it passed.
pub(super) type ReplyValue = [u8; 9];

/// The last byte of a reply that says that the attempt passed. No key has so many attempts.
const PASSED: u8 = u8::MAX;

pub(super) fn encode(record: &Record) -> RecordValue {
    let mut value = [0; 10];
    value[..8].copy_from_slice(&record.until.to_be_bytes());
    value[8] = record.wrong;
    value[9] = record.is_spent.into();
    value
}

pub(super) fn decode(value: &RecordValue) -> Record {
    Record {
        until: value[..8].iter().fold(0, |seconds, byte| seconds << 8 | u64::from(*byte)),
        wrong: value[8],
        // Nothing but 0 and 1 is ever written. Whatever else it were, it must not read as fresh.
        is_spent: value[9] != 0,
    }
}

pub(super) fn encode_reply(reply: &Reply) -> Option<ReplyValue> {
    let mut value = [0; 9];
    value[..8].copy_from_slice(&reply.request);
    value[8] = match reply.decision {
        Decision::Passed => PASSED,
        Decision::Wrong { left } => left,
        Decision::Spent => return None,
    };
    Some(value)
}

pub(super) fn decode_reply(value: &ReplyValue) -> Reply {
    let [request @ .., outcome] = *value;
    let decision = if outcome == PASSED { Decision::Passed } else { Decision::Wrong { left: outcome } };
    Reply { request, decision }
}
