//! Forms that were sent, of which each is acted on once.
//!
//! Each form of the console has a name that no other has. Whoever sends one twice, by a second click or by loading its
//! reply again, gets the reply of the first time. Replies may hold an appkey, so they are kept for a minute only, and
//! sealed by a key that follows from the session's secret and the form's name, neither of which is kept. That a form was
//! sent is remembered for as long as its session can last.
//!
//! All servers that share records share these, too.

use aes_gcm_siv::{
    Aes256GcmSiv, Nonce,
    aead::{Aead, KeyInit as _},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::{
    AdminError, Administration, digest, random_secret,
    records::{Added, Kind},
    sessions::LONGEST_SECS,
};

/// For how long a reply is given again, in seconds.
pub(crate) const REPLIES_KEPT_SECS: u64 = 60;
/// Most forms that are remembered. Where there are more, the oldest are forgotten, an hour's worth of many people.
const MAX_FORMS: usize = 2_000;
/// The largest reply that is kept.
const MAX_REPLY_BYTES: usize = 128 << 10;
/// Digits of a form's name.
pub(crate) const FORM_DIGITS: usize = 32;

/// What is to be done with a form that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Submission {
    /// It is to be acted on: it is the first of its name.
    First,
    /// It is being acted on.
    Running,
    /// It was acted on, with this reply.
    Replied(Vec<u8>),
    /// It was acted on, and the reply is no longer known.
    Over,
}

/// A form that was sent, as it is kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredForm {
    at: u64,
    /// Tells two that were sent in one second from each other.
    claimant: String,
    is_done: bool,
    /// The reply, sealed, in Base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply: Option<String>,
}

impl StoredForm {
    /// Whether its session has ended whatever was done in it.
    pub(super) fn is_past(&self, now: u64) -> bool {
        self.at.checked_add(LONGEST_SECS).is_none_or(|end| now >= end)
    }

    fn has_stale_reply(&self, now: u64) -> bool {
        self.reply.is_some() && self.at.checked_add(REPLIES_KEPT_SECS).is_none_or(|end| now >= end)
    }
}

impl Administration {
    /// Takes on a form of this session, unless it was sent before. There is none to take on if the session is none.
    ///
    /// # Errors
    /// [`AdminError::Store`] or [`AdminError::Random`].
    pub(crate) fn begin_form(&self, session: &str, form: &str, now: u64) -> Result<Option<Submission>, AdminError> {
        if self.session_of_page(session, now)?.is_none() {
            return Ok(None);
        }
        self.forget_forms(now)?;
        let claim = StoredForm { at: now, claimant: random_secret()?, is_done: false, reply: None };
        let name = name_of(session, form);
        // One more than is usual: others may be adding theirs.
        match self.records.add(Kind::Forms, &name, &claim, 2 * MAX_FORMS as u64)? {
            Added::Done => return Ok(Some(Submission::First)),
            Added::Full => return Err(AdminError::Full { kind: "form" }),
            Added::Taken => {}
        }
        let stored: Option<StoredForm> = self.records.get(Kind::Forms, &name)?;
        Ok(Some(match stored {
            // It failed just now, and may be sent again.
            None => Submission::Running,
            Some(stored) if !stored.is_done => Submission::Running,
            Some(stored) if stored.has_stale_reply(now) => Submission::Over,
            Some(stored) => match stored.reply.and_then(|reply| opened(session, form, &reply)) {
                Some(reply) => Submission::Replied(reply),
                None => Submission::Over,
            },
        }))
    }

    /// Remembers that a form was acted on, and for a minute with which reply.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub(crate) fn finish_form(&self, session: &str, form: &str, reply: &[u8], now: u64) -> Result<(), AdminError> {
        let reply = (reply.len() <= MAX_REPLY_BYTES).then(|| sealed(session, form, reply)).flatten();
        let stored = StoredForm { at: now, claimant: String::new(), is_done: true, reply };
        Ok(self.records.replace(Kind::Forms, &name_of(session, form), &stored)?)
    }

    /// Lets a form that led to nothing be sent again.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub(crate) fn give_up_form(&self, session: &str, form: &str) -> Result<(), AdminError> {
        Ok(self.records.remove(Kind::Forms, &[name_of(session, form)])?)
    }

    fn forget_forms(&self, now: u64) -> Result<(), AdminError> {
        let mut all = self.records.all::<StoredForm>(Kind::Forms)?;
        all.sort_by_key(|(_, stored)| stored.at);
        let surplus = (all.len() + 1).saturating_sub(MAX_FORMS);
        let (mut old, mut stale) = (Vec::new(), Vec::new());
        for (place, (name, stored)) in all.into_iter().enumerate() {
            if place < surplus || stored.is_past(now) {
                old.push(name);
            } else if stored.has_stale_reply(now) {
                stale.push((name, StoredForm { reply: None, ..stored }));
            }
        }
        for (name, stored) in stale {
            self.records.replace(Kind::Forms, &name, &stored)?;
        }
        Ok(self.records.remove(Kind::Forms, &old)?)
    }
}

fn name_of(session: &str, form: &str) -> String {
    digest(&format!("form\n{session}\n{form}"))
}

/// The cipher of this form's reply. No other has its key, so that it needs no nonce.
fn cipher(session: &str, form: &str) -> Aes256GcmSiv {
    let mut mac = Hmac::<Sha256>::new_from_slice(session.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(b"reply\n");
    mac.update(form.as_bytes());
    Aes256GcmSiv::new_from_slice(&mac.finalize().into_bytes()).expect("the key has 32 bytes")
}

fn sealed(session: &str, form: &str, reply: &[u8]) -> Option<String> {
    let sealed = cipher(session, form).encrypt(&Nonce::default(), reply).ok()?;
    Some(STANDARD.encode(sealed))
}

fn opened(session: &str, form: &str, sealed: &str) -> Option<Vec<u8>> {
    let sealed = STANDARD.decode(sealed).ok()?;
    cipher(session, form).decrypt(&Nonce::default(), sealed.as_slice()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::admin::{Actor, Role, tests::check};

    const FORM: &str = "00112233445566778899aabbccddeeff";

    #[test]
    fn a_form_is_taken_on_once_and_its_reply_is_given_for_a_minute() {
        check(|admin| {
            admin.create_user(&Actor::Command, "ann", Role::Viewer, "correct horse battery", 1_000).unwrap();
            let session = crate::domain::admin::tests::session_of(admin, "ann", 1_000);
            let begin = |now| admin.begin_form(&session, FORM, now).unwrap();
            assert_eq!(begin(1_000), Some(Submission::First));
            assert_eq!(begin(1_000), Some(Submission::Running));
            admin.finish_form(&session, FORM, b"an appkey", 1_001).unwrap();
            assert_eq!(begin(1_060), Some(Submission::Replied(b"an appkey".to_vec())));
            let stored: Vec<(String, StoredForm)> = admin.records.all(Kind::Forms).unwrap();
            assert!(stored[0].1.reply.as_ref().is_some_and(|reply| !reply.contains("appkey")));
            assert_eq!(opened("another session", FORM, stored[0].1.reply.as_ref().unwrap()), None);
            assert_eq!(begin(1_061), Some(Submission::Over));
            let stored: Vec<(String, StoredForm)> = admin.records.all(Kind::Forms).unwrap();
            assert_eq!(stored[0].1.reply, None, "what is no longer given is no longer kept");
            assert_eq!(admin.begin_form("no session", FORM, 1_000).unwrap(), None);
        });
    }

    #[test]
    fn a_form_that_was_given_up_is_taken_on_again() {
        check(|admin| {
            admin.create_user(&Actor::Command, "ann", Role::Viewer, "correct horse battery", 1_000).unwrap();
            let session = crate::domain::admin::tests::session_of(admin, "ann", 1_000);
            for _ in 0..2 {
                assert_eq!(admin.begin_form(&session, FORM, 1_000).unwrap(), Some(Submission::First));
                admin.give_up_form(&session, FORM).unwrap();
            }
        });
    }

    #[test]
    fn no_more_forms_are_remembered_than_there_is_room_for() {
        let form = |at| StoredForm { at, claimant: String::new(), is_done: true, reply: None };
        check(|admin| {
            for at in 0..MAX_FORMS as u64 / 100 {
                admin.records.add(Kind::Forms, &at.to_string(), &form(at), u64::MAX).unwrap();
            }
            admin.forget_forms(LONGEST_SECS + 9).unwrap();
            let left: Vec<(String, StoredForm)> = admin.records.all(Kind::Forms).unwrap();
            assert_eq!(left.iter().map(|(_, form)| form.at).min(), Some(10));
        });
    }
}
