//! A second factor beside the password: codes of an authenticator app (TOTP, RFC 6238), and codes to recover with.
//!
//! A code is good for half a minute before and after its time, and once. The secret that codes follow from stands in the
//! records as it is, since what checks codes must know it; recovery codes are kept as hashes. Tries are counted and limited
//! as those of passwords, and nobody gets to try a code who does not know the password.
//!
//! Tokens of the admin API have nothing to do with it.

use hmac::Mac;
use serde::{Deserialize, Serialize};
use totp_rs::{Builder, Secret, Totp};

use super::{
    Action, Actor, AdminError, Administration, Scope, SignedIn, digest,
    records::{Added, Kind},
    sessions::HalfSignedIn,
    turns::Asker,
    users::{MAX_USERS, StoredUser},
};
use crate::{domain::client::Client, hex::bytes_of, keep::store::StoreError};

/// How long whoever knows the password has for the code, in seconds.
const HALFWAY_SECS: u64 = 300;
/// How long it is remembered that a code was used, in seconds. It is good for less.
const USED_SECS: u64 = 600;
const SECRET_BYTES: usize = 20;
const RECOVERY_CODES: usize = 10;
const RECOVERY_BYTES: usize = 10;
/// Letters and digits of a recovery code without the hyphens between them.
const RECOVERY_LENGTH: usize = 16;
/// More than any code that is typed with spaces between its parts.
const MOST_TYPED: usize = 64;

/// A second factor as it is kept, under its user's name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredFactor {
    /// In Base32.
    secret: String,
    made_at: u64,
    /// The hashes of those codes that were not used.
    recovery: Vec<String>,
}

/// A code, and whence it comes.
pub(crate) struct CodeSignIn<'a> {
    /// Who sends it, as limits go by.
    pub(crate) client: Client,
    /// The proof in the browser's cookie, if it has one.
    pub(crate) browser: Option<&'a str>,
    pub(crate) name: &'a str,
    /// What the password led to.
    pub(crate) half: &'a str,
    pub(crate) code: &'a str,
}

impl StoredFactor {
    /// What checks codes; nothing if the record was not written by this program.
    pub(super) fn totp(&self) -> Option<Totp> {
        totp_of(&self.secret)
    }
}

fn totp_of(secret: &str) -> Option<Totp> {
    let secret = Secret::try_from_base32(secret).ok()?;
    // Six digits of SHA-1 each half minute, and one step to either side, as every authenticator app has it.
    Builder::new().with_secret(secret).build().ok()
}

fn random_base32<const BYTES: usize>() -> Result<String, AdminError> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|error| AdminError::Random(error.to_string()))?;
    Ok(Secret::from(&bytes[..]).to_base32())
}

/// A secret for an authenticator app, in Base32.
///
/// # Errors
/// [`AdminError::Random`].
pub(crate) fn new_factor_secret() -> Result<String, AdminError> {
    random_base32::<SECRET_BYTES>()
}

/// The address by which authenticator apps take a secret, as a QR code has it.
pub(crate) fn factor_address(user: &str, secret: &str) -> String {
    let user = percent_encoding::utf8_percent_encode(user, percent_encoding::NON_ALPHANUMERIC);
    format!("otpauth://totp/haechi:{user}?secret={secret}&issuer=haechi")
}

/// Four letters and digits, a hyphen, and so on.
fn new_recovery_code() -> Result<String, AdminError> {
    let code = random_base32::<RECOVERY_BYTES>()?.to_lowercase();
    let parts = [&code[..4], &code[4..8], &code[8..12], &code[12..]];
    Ok(parts.join("-"))
}

fn recovery_hash(user: &str, code: &str) -> String {
    digest(&format!("recovery\n{user}\n{code}"))
}

/// A code without what people type between its parts.
fn plain(code: &str) -> String {
    let signs = code.chars().take(MOST_TYPED).filter(|sign| !sign.is_whitespace() && *sign != '-');
    signs.collect::<String>().to_lowercase()
}

impl Administration {
    fn factor_of(&self, name: &str) -> Result<Option<StoredFactor>, AdminError> {
        Ok(self.records.get(Kind::Factors, name)?)
    }

    /// The names of the users who have a second factor.
    pub(super) fn with_second_factor(&self) -> Result<Vec<String>, AdminError> {
        let all = self.records.all::<StoredFactor>(Kind::Factors)?;
        Ok(all.into_iter().map(|(name, _)| name).collect())
    }

    /// How many recovery codes the actor has left, if they have a second factor.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub fn recovery_codes_left(&self, actor: &Actor) -> Result<Option<usize>, AdminError> {
        Ok(self.factor_of(actor.name())?.map(|factor| factor.recovery.len()))
    }

    /// What the right password leads to if that is not all it takes.
    pub(super) fn halfway(&self, user: &StoredUser, now: u64) -> Result<Option<HalfSignedIn>, AdminError> {
        if self.factor_of(&user.view.name)?.is_none() {
            return Ok(None);
        }
        self.prove_password(user, now).map(|proof| Some(HalfSignedIn(proof)))
    }

    /// Signs a person in who has given the right password within the last minutes.
    ///
    /// # Errors
    /// [`AdminError::WrongCode`], [`AdminError::SignInFailed`] if the password has to be given again,
    /// [`AdminError::TooManyAttempts`] or [`AdminError::Store`].
    pub(crate) fn sign_in_with_code(&self, sign_in: &CodeSignIn<'_>, now: u64) -> Result<SignedIn, AdminError> {
        let CodeSignIn { client, name, code, .. } = *sign_in;
        let browser = self.known_browser(sign_in.browser, name, now)?;
        self.attempts.count(client, name, browser.as_ref())?;
        let user = self.who_gave_password(sign_in.half, name, now)?.ok_or(AdminError::SignInFailed)?;
        let actor = Actor::User { name: name.to_owned(), role: user.view.role };
        // Where it was reset meanwhile, the password is all.
        if let Some(factor) = self.factor_of(name)?
            && !self.is_right_code(&actor, &factor, code, now)?
        {
            self.note(&actor, Action::UserRefused, name, "wrong code", now);
            return Err(AdminError::WrongCode);
        }
        let signed_in = self.signed_in(&user, now)?;
        self.note(&signed_in.actor, Action::UserSignedIn, name, "", now);
        Ok(signed_in)
    }

    fn who_gave_password(&self, half: &str, name: &str, now: u64) -> Result<Option<StoredUser>, AdminError> {
        let parts: Vec<_> = half.split('.').collect();
        let [made_at, password, mac] = parts[..] else { return Ok(None) };
        let is_recent = made_at.parse().is_ok_and(|made_at: u64| now < made_at.saturating_add(HALFWAY_SECS));
        let expected = self.mac_of_password(made_at, password, name)?;
        if !is_recent || bytes_of::<32>(mac).is_none_or(|mac| expected.verify_slice(&mac).is_err()) {
            return Ok(None);
        }
        let user: Option<StoredUser> = self.records.get(Kind::Users, name)?;
        match user {
            Some(user) if self.password_mark(&user)? == password => Ok(Some(user)),
            _ => Ok(None),
        }
    }

    /// Whether this is a code of the app that is good now and was not used, or a recovery code that was not used.
    fn is_right_code(&self, actor: &Actor, factor: &StoredFactor, code: &str, now: u64) -> Result<bool, AdminError> {
        let (name, code) = (actor.name(), plain(code));
        if code.len() == RECOVERY_LENGTH {
            return self.use_recovery_code(actor, factor, &code, now);
        }
        let totp = factor.totp().ok_or_else(|| StoreError::Format { cause: format!("the second factor of {name}") })?;
        self.use_code(name, &totp, &code, now)
    }

    fn use_code(&self, name: &str, totp: &Totp, code: &str, now: u64) -> Result<bool, AdminError> {
        match totp.check(code, now) {
            Some(step) => self.claim(&format!("code {} {step}", digest(name)), USED_SECS, now),
            None => Ok(false),
        }
    }

    fn use_recovery_code(
        &self,
        actor: &Actor,
        factor: &StoredFactor,
        code: &str,
        now: u64,
    ) -> Result<bool, AdminError> {
        let (name, hash) = (actor.name(), recovery_hash(actor.name(), code));
        if !factor.recovery.contains(&hash) || !self.claim(&format!("recovery {hash}"), USED_SECS, now)? {
            return Ok(false);
        }
        // Another code may be taken out at the same time; so it is looked whether this one is.
        while let Some(factor) = self.factor_of(name)?.filter(|factor| factor.recovery.contains(&hash)) {
            let left = factor.recovery.iter().filter(|other| **other != hash).cloned().collect();
            self.records.replace(Kind::Factors, name, &StoredFactor { recovery: left, ..factor })?;
        }
        self.note(actor, Action::UserRecoveryCodeUsed, name, "", now);
        Ok(true)
    }

    /// Gives the actor a second factor with this secret, of which they prove by a code that their app has it. Other
    /// sessions of theirs end. What is returned are their recovery codes, which nobody is shown later.
    ///
    /// # Errors
    /// [`AdminError::SignInFailed`] if the password is wrong, [`AdminError::WrongCode`], [`AdminError::Taken`] if they have
    /// one, [`AdminError::Forbidden`] if the actor is no user, [`AdminError::TooManyAttempts`] or [`AdminError::Store`].
    pub(crate) fn enable_second_factor(
        &self,
        actor: &Actor,
        session: &str,
        password: &str,
        (secret, code): (&str, &str),
        now: u64,
    ) -> Result<Vec<String>, AdminError> {
        let name = self.check_own_password(actor, password, "wrong password for a second factor", now)?;
        let invalid = || AdminError::Invalid { name: "secret", reason: "it is not one that was made here".to_owned() };
        let totp = totp_of(secret).ok_or_else(invalid)?;
        if !self.use_code(name, &totp, &plain(code), now)? {
            return Err(AdminError::WrongCode);
        }
        let codes = (0..RECOVERY_CODES).map(|_| new_recovery_code()).collect::<Result<Vec<_>, _>>()?;
        let recovery = codes.iter().map(|code| recovery_hash(name, &plain(code))).collect();
        let factor = StoredFactor { secret: secret.to_owned(), made_at: now, recovery };
        match self.records.add(Kind::Factors, name, &factor, MAX_USERS)? {
            Added::Done => {}
            Added::Taken => return Err(AdminError::Taken { kind: "second factor", name: name.to_owned() }),
            Added::Full => return Err(AdminError::Full { kind: "second factor" }),
        }
        self.note(actor, Action::UserFactorEnabled, name, "", now);
        self.end_sessions_of(name, Some(session))?;
        Ok(codes)
    }

    /// Takes the actor's second factor away.
    ///
    /// # Errors
    /// As [`Administration::enable_second_factor`].
    pub(crate) fn disable_second_factor(&self, actor: &Actor, password: &str, now: u64) -> Result<(), AdminError> {
        let name = self.check_own_password(actor, password, "wrong password for a second factor", now)?;
        self.forget_second_factor(name)?;
        self.note(actor, Action::UserFactorDisabled, name, "", now);
        Ok(())
    }

    /// Takes a user's second factor away, who has lost it. Where there is none, nothing changes.
    ///
    /// # Errors
    /// [`AdminError::Forbidden`], also if the user can do what the actor cannot; [`AdminError::NotFound`] or
    /// [`AdminError::Store`].
    pub fn reset_second_factor(&self, actor: &Actor, name: &str, now: u64) -> Result<(), AdminError> {
        actor.check(Scope::AccessWrite)?;
        let user: Option<StoredUser> = self.records.get(Kind::Users, name)?;
        let user = user.ok_or_else(|| AdminError::NotFound { kind: "user", name: name.to_owned() })?;
        actor.check_all(user.view.role.scopes())?;
        if self.factor_of(name)?.is_some() {
            self.forget_second_factor(name)?;
            self.note(actor, Action::UserFactorReset, name, "", now);
        }
        Ok(())
    }

    pub(super) fn forget_second_factor(&self, name: &str) -> Result<(), AdminError> {
        Ok(self.records.remove(Kind::Factors, &[name.to_owned()])?)
    }

    /// The name of the actor, who has given their password again.
    fn check_own_password<'a>(
        &self,
        actor: &'a Actor,
        password: &str,
        otherwise: &str,
        now: u64,
    ) -> Result<&'a str, AdminError> {
        let Actor::User { name, .. } = actor else { return Err(AdminError::Forbidden(Scope::AccessWrite)) };
        self.attempts.count_change(name)?;
        let stored: Option<StoredUser> = self.records.get(Kind::Users, name)?;
        let hash = stored.as_ref().map(|stored| stored.password_hash.as_str());
        if self.passwords.is_right(Asker::Known, password, hash)? {
            return Ok(name);
        }
        self.note(actor, Action::UserRefused, name, otherwise, now);
        Err(AdminError::SignInFailed)
    }
}

#[cfg(test)]
mod tests;
