//! Browsers in which a user has signed in before.
//!
//! With each sign-in the browser gets a proof that this name signed in there, which it keeps in a cookie for long. Tries
//! for that name from there are counted apart from all others, so that whoever knows a name cannot use up the tries of
//! whoever it belongs to. (It is the "device cookie" of OWASP's "Slow down online guessing attacks with device cookies".)
//!
//! A proof opens nothing: the password is asked for all the same. It says when it was made, under which password, and a
//! MAC over both and the name. So it needs no record, and is good for nothing once the password is another one.

use std::sync::OnceLock;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::{
    AdminError, Administration, random_secret,
    records::{Kind, Records},
    users::StoredUser,
};
use crate::{
    hex::{bytes_of, hex},
    keep::store::StoreError,
};

/// How long a browser is known after a sign-in, in seconds: 180 days.
pub(crate) const KNOWN_SECS: u64 = 180 * 86_400;
/// Digits by which a proof tells one password from another.
const PASSWORD_DIGITS: usize = 16;
/// The name of the key among the records.
const KEY_NAME: &str = "browsers";

/// What a browser in which somebody signed in keeps in a cookie.
pub struct BrowserProof(pub(crate) String);

/// A browser whose proof is good for a name.
pub(super) struct KnownBrowser {
    /// Which one it is.
    pub(super) id: String,
}

/// The key of all proofs, as it is kept. All nodes that share records have one.
#[derive(Serialize, Deserialize)]
struct StoredKey {
    key: String,
}

/// The key of all proofs, once it was read.
#[derive(Default)]
pub(super) struct BrowserKey(OnceLock<Hmac<Sha256>>);

impl BrowserKey {
    fn get(&self, records: &Records) -> Result<&Hmac<Sha256>, AdminError> {
        if let Some(key) = self.0.get() {
            return Ok(key);
        }
        let stored = match records.get::<StoredKey>(Kind::Keys, KEY_NAME)? {
            Some(stored) => stored,
            None => {
                // Another node may be adding one now: whichever is first counts for all.
                records.add(Kind::Keys, KEY_NAME, &StoredKey { key: random_secret()? }, 1)?;
                let stored = records.get::<StoredKey>(Kind::Keys, KEY_NAME)?;
                stored
                    .ok_or_else(|| StoreError::Format { cause: "the key of known browsers is gone again".to_owned() })?
            }
        };
        let key = Hmac::new_from_slice(stored.key.as_bytes()).expect("HMAC takes keys of any length");
        Ok(self.0.get_or_init(|| key))
    }
}

impl Administration {
    /// A proof that somebody gave this user's password just now, and nothing more.
    pub(super) fn prove_password(&self, user: &StoredUser, now: u64) -> Result<String, AdminError> {
        let (made_at, password) = (now.to_string(), self.password_mark(user)?);
        let mac = self.mac_of_password(&made_at, &password, &user.view.name)?.finalize().into_bytes();
        Ok(format!("{made_at}.{password}.{}", hex(&mac)))
    }

    /// What such a proof is good by.
    pub(super) fn mac_of_password(
        &self,
        made_at: &str,
        password: &str,
        name: &str,
    ) -> Result<Hmac<Sha256>, AdminError> {
        Ok(mac_of(self.browser_key.get(&self.records)?, "password", made_at, password, name))
    }

    /// What tells this user's password from their earlier ones.
    pub(super) fn password_mark(&self, user: &StoredUser) -> Result<String, AdminError> {
        Ok(password_of(self.browser_key.get(&self.records)?, user))
    }

    /// A proof for the browser in which this user signs in.
    pub(super) fn prove_browser(&self, user: &StoredUser, now: u64) -> Result<BrowserProof, AdminError> {
        let key = self.browser_key.get(&self.records)?;
        let (made_at, password) = (now.to_string(), password_of(key, user));
        let mac = hex(&mac_of(key, "browser", &made_at, &password, &user.view.name).finalize().into_bytes());
        Ok(BrowserProof(format!("{made_at}.{password}.{mac}")))
    }

    /// The browser that has this proof, if it is good for this name.
    ///
    /// The user is looked up for a proof that was made here only, whose holder knows that there is, or was, such a user.
    pub(super) fn known_browser(
        &self,
        proof: Option<&str>,
        name: &str,
        now: u64,
    ) -> Result<Option<KnownBrowser>, AdminError> {
        let Some([made_at, password, mac]) = proof.and_then(parts) else { return Ok(None) };
        let key = self.browser_key.get(&self.records)?;
        let is_recent = made_at.parse().is_ok_and(|made_at: u64| now < made_at.saturating_add(KNOWN_SECS));
        let mac =
            bytes_of::<32>(mac).filter(|mac| mac_of(key, "browser", made_at, password, name).verify_slice(mac).is_ok());
        let Some(mac) = mac.filter(|_| is_recent) else { return Ok(None) };
        let user: Option<StoredUser> = self.records.get(Kind::Users, name)?;
        let is_current = user.is_some_and(|user| password_of(key, &user) == password);
        // Not as it was sent: digits of either case would make many browsers of one.
        Ok(is_current.then(|| KnownBrowser { id: hex(&mac) }))
    }
}

fn parts(proof: &str) -> Option<[&str; 3]> {
    let parts: Vec<_> = proof.split('.').collect();
    parts.try_into().ok()
}

/// What tells the user's password from their earlier ones, and nothing about it.
fn password_of(key: &Hmac<Sha256>, user: &StoredUser) -> String {
    let digest = key.clone().chain_update(b"password\n").chain_update(user.password_hash.as_bytes()).finalize();
    hex(&digest.into_bytes())[..PASSWORD_DIGITS].to_owned()
}

/// No part but the name, which is the last, may have a line break in it.
fn mac_of(key: &Hmac<Sha256>, purpose: &str, made_at: &str, password: &str, name: &str) -> Hmac<Sha256> {
    key.clone().chain_update(format!("{purpose}\n{made_at}\n{password}\n{name}"))
}
