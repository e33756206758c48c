//! Tokens, by which programs call the admin API. Kept as hashes.

use serde::{Deserialize, Serialize};

use super::{
    Action, Actor, AdminError, Administration, IssuedToken, Scope, TokenView, digest, random_secret,
    records::{Added, Kind},
};
use crate::domain::apps::AppName;

/// What every token begins with, so that those who look for secrets in the wrong places know it.
pub const TOKEN_PREFIX: &str = "haechi_";
/// The longest that a token may live, in seconds: 366 days.
pub const LONGEST_LIFETIME_SECS: u64 = 366 * 86_400;
/// Most tokens.
const MAX_TOKENS: u64 = 1_000;
/// Digits of a token's hash that it is called by.
const ID_DIGITS: usize = 16;

/// A token as it is kept, under its id.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredToken {
    #[serde(flatten)]
    view: TokenView,
    sha256: String,
}

impl StoredToken {
    /// Whether it ended a month ago.
    pub(super) fn is_old(&self, now: u64) -> bool {
        self.view.expires_at.saturating_add(30 * 86_400) < now
    }
}

impl Administration {
    /// Who holds this bearer token, if it is one and has not expired.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub fn bearer(&self, token: &str, now: u64) -> Result<Option<Actor>, AdminError> {
        if !token.starts_with(TOKEN_PREFIX) {
            return Ok(None);
        }
        let sha256 = digest(token);
        let stored: Option<StoredToken> = self.records.get(Kind::Tokens, &sha256[..ID_DIGITS])?;
        let stored = stored.filter(|stored| stored.sha256 == sha256 && now < stored.view.expires_at);
        Ok(stored.map(|StoredToken { view, .. }| Actor::Token { id: view.id, name: view.name, scopes: view.scopes }))
    }

    /// All tokens, the newest first.
    ///
    /// # Errors
    /// [`AdminError::Forbidden`] or [`AdminError::Store`].
    pub fn tokens(&self, actor: &Actor) -> Result<Vec<TokenView>, AdminError> {
        actor.check(Scope::AccessWrite)?;
        let stored = self.records.all::<StoredToken>(Kind::Tokens)?;
        let mut tokens: Vec<_> = stored.into_iter().map(|(_, stored)| stored.view).collect();
        tokens.sort_by(|one, other| (other.created_at, &other.id).cmp(&(one.created_at, &one.id)));
        Ok(tokens)
    }

    /// Makes a token that lives for so many seconds. What is returned holds it; nobody can find it out later.
    ///
    /// # Errors
    /// [`AdminError::Forbidden`], also if a token would give scopes that its maker has not;
    /// [`AdminError::Invalid`], [`AdminError::Full`] or [`AdminError::Store`].
    pub fn create_token(
        &self,
        actor: &Actor,
        name: &str,
        scopes: &[Scope],
        lifetime_secs: u64,
        now: u64,
    ) -> Result<IssuedToken, AdminError> {
        actor.check(Scope::AccessWrite)?;
        actor.check_all(scopes)?;
        check_token(name, scopes, lifetime_secs)?;
        let token = format!("{TOKEN_PREFIX}{}", random_secret()?);
        let sha256 = digest(&token);
        let mut scopes = scopes.to_vec();
        scopes.sort_unstable();
        scopes.dedup();
        let view = TokenView {
            id: sha256[..ID_DIGITS].to_owned(),
            name: name.to_owned(),
            scopes,
            created_at: now,
            expires_at: now + lifetime_secs,
        };
        self.forget_expired_tokens(now)?;
        let stored = StoredToken { view: view.clone(), sha256 };
        match self.records.add(Kind::Tokens, &view.id, &stored, MAX_TOKENS)? {
            Added::Done => {}
            Added::Taken => return Err(AdminError::Taken { kind: "token", name: view.id }),
            Added::Full => return Err(AdminError::Full { kind: "token" }),
        }
        let scopes: Vec<_> = view.scopes.iter().map(|scope| scope.name()).collect();
        self.note(actor, Action::TokenCreated, name, &format!("id={}, scopes={}", view.id, scopes.join(" ")), now);
        Ok(IssuedToken { view, token })
    }

    /// Removes a token, which is good for nothing from then on.
    ///
    /// # Errors
    /// [`AdminError::Forbidden`], also if the token lets its holder do what the actor cannot; [`AdminError::NotFound`] or
    /// [`AdminError::Store`].
    pub fn remove_token(&self, actor: &Actor, id: &str, now: u64) -> Result<(), AdminError> {
        actor.check(Scope::AccessWrite)?;
        let stored: Option<StoredToken> = self.records.get(Kind::Tokens, id)?;
        let stored = stored.ok_or_else(|| AdminError::NotFound { kind: "token", name: id.to_owned() })?;
        actor.check_all(&stored.view.scopes)?;
        self.records.remove(Kind::Tokens, &[id.to_owned()])?;
        self.note(actor, Action::TokenRemoved, &stored.view.name, &format!("id={id}"), now);
        Ok(())
    }

    /// Tokens that ended a month ago are no longer listed.
    fn forget_expired_tokens(&self, now: u64) -> Result<(), AdminError> {
        let stored = self.records.all::<StoredToken>(Kind::Tokens)?;
        let old: Vec<_> = stored.into_iter().filter(|(_, stored)| stored.is_old(now)).map(|(id, _)| id).collect();
        Ok(self.records.remove(Kind::Tokens, &old)?)
    }
}

fn check_token(name: &str, scopes: &[Scope], lifetime_secs: u64) -> Result<(), AdminError> {
    let invalid = |name, reason: String| Err(AdminError::Invalid { name, reason });
    if let Err(error) = AppName::chosen(name) {
        return invalid("name", error.reason().to_owned());
    }
    if scopes.is_empty() {
        return invalid("scopes", "it takes one at least".to_owned());
    }
    if !(1..=LONGEST_LIFETIME_SECS).contains(&lifetime_secs) {
        return invalid("lifetime_secs", format!("it is 1 to {LONGEST_LIFETIME_SECS}, not {lifetime_secs}"));
    }
    Ok(())
}
