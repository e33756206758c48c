//! Users of the console.

use std::sync::{Mutex, PoisonError, atomic::Ordering};

use serde::{Deserialize, Serialize};

use super::{
    Action, Actor, AdminError, Administration, BrowserProof, Role, Scope, SignedIn, UserView, digest, random_secret,
    records::{Added, Kind},
    turns::Asker,
};
use crate::domain::apps::AppName;

/// Most users.
pub(super) const MAX_USERS: u64 = 1_000;
/// How long the code for the first user is good, in seconds.
const CODE_LIFE_SECS: u64 = 3_600;

/// A user as they are kept, under their name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredUser {
    #[serde(flatten)]
    pub(super) view: UserView,
    pub(super) password_hash: String,
}

/// The code by which whoever sees the server's output makes the first user.
#[derive(Default)]
pub(super) struct FirstCode(Mutex<Option<Code>>);

struct Code {
    sha256: String,
    until: u64,
}

impl Administration {
    /// Whether there is no user yet.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub fn awaits_first_user(&self) -> Result<bool, AdminError> {
        if self.has_user.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let awaits = self.records.all::<StoredUser>(Kind::Users)?.is_empty();
        self.has_user.store(!awaits, Ordering::Relaxed);
        Ok(awaits)
    }

    /// A code by which the first administrator can be made, once and within an hour, if there is no user yet. A code
    /// before it is good for nothing from then on.
    ///
    /// # Errors
    /// [`AdminError::Store`] or [`AdminError::Random`].
    pub fn code_for_first_user(&self, now: u64) -> Result<Option<String>, AdminError> {
        if !self.awaits_first_user()? {
            return Ok(None);
        }
        let secret = random_secret()?;
        let code = Code { sha256: digest(&secret), until: now + CODE_LIFE_SECS };
        *self.first_code.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(code);
        Ok(Some(secret))
    }

    /// Makes the first administrator, and signs them in.
    ///
    /// # Errors
    /// [`AdminError::BadCode`], [`AdminError::Invalid`] or [`AdminError::Store`].
    pub fn make_first_user(&self, code: &str, name: &str, password: &str, now: u64) -> Result<SignedIn, AdminError> {
        let mut first = self.first_code.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_right = first.as_ref().is_some_and(|first| first.sha256 == digest(code) && now < first.until);
        if !is_right {
            return Err(AdminError::BadCode);
        }
        let actor = Actor::User { name: name.to_owned(), role: Role::Administrator };
        // One at the most: another node may have a code of its own.
        let user = match self.add_user(&actor, name, Role::Administrator, password, 1, now) {
            Err(AdminError::Full { .. } | AdminError::Taken { .. }) => return Err(AdminError::BadCode),
            added => added?,
        };
        *first = None;
        self.signed_in(&user, now)
    }

    /// All users, by name.
    ///
    /// # Errors
    /// [`AdminError::Forbidden`] or [`AdminError::Store`].
    pub fn users(&self, actor: &Actor) -> Result<Vec<UserView>, AdminError> {
        actor.check(Scope::AccessWrite)?;
        let stored = self.records.all::<StoredUser>(Kind::Users)?;
        let with_factor = self.with_second_factor()?;
        let view = |(name, stored): (String, StoredUser)| UserView {
            second_factor: with_factor.contains(&name),
            ..stored.view
        };
        Ok(stored.into_iter().map(view).collect())
    }

    /// Makes a user.
    ///
    /// # Errors
    /// [`AdminError::Forbidden`], also if the user could do what their maker cannot; [`AdminError::Invalid`], [`AdminError::Taken`], [`AdminError::Full`] or
    /// [`AdminError::Store`].
    pub fn create_user(
        &self,
        actor: &Actor,
        name: &str,
        role: Role,
        password: &str,
        now: u64,
    ) -> Result<UserView, AdminError> {
        actor.check(Scope::AccessWrite)?;
        actor.check_all(role.scopes())?;
        Ok(self.add_user(actor, name, role, password, MAX_USERS, now)?.view)
    }

    pub(super) fn add_user(
        &self,
        actor: &Actor,
        name: &str,
        role: Role,
        password: &str,
        most: u64,
        now: u64,
    ) -> Result<StoredUser, AdminError> {
        let name = AppName::chosen(name)
            .map_err(|error| AdminError::Invalid { name: "name", reason: error.reason().to_owned() })?;
        self.check_look_alike(&name)?;
        let view = UserView { name: name.to_string(), role, created_at: now, second_factor: false };
        let stored = StoredUser { view, password_hash: self.passwords.hash(password)? };
        // One of an earlier user of this name may have stayed, if the process ended just then.
        if self.records.get::<StoredUser>(Kind::Users, name.as_str())?.is_none() {
            self.forget_second_factor(name.as_str())?;
        }
        match self.records.add(Kind::Users, name.as_str(), &stored, most)? {
            Added::Done => {}
            Added::Taken => return Err(AdminError::Taken { kind: "user", name: name.to_string() }),
            Added::Full => return Err(AdminError::Full { kind: "user" }),
        }
        self.note(actor, Action::UserCreated, name.as_str(), &format!("role={}", role.name()), now);
        Ok(stored)
    }

    /// The audit log tells users by their names, so none may look like another.
    pub(super) fn check_look_alike(&self, name: &AppName) -> Result<(), AdminError> {
        let users = self.records.all::<StoredUser>(Kind::Users)?;
        match AppName::look_alike(name.as_str(), users.iter().map(|(other, _)| other.as_str())) {
            Some(other) => Err(AdminError::Taken { kind: "user", name: other.to_owned() }),
            None => Ok(()),
        }
    }

    /// Removes a user, and ends their sessions.
    ///
    /// # Errors
    /// [`AdminError::Forbidden`], also if the user can do what the actor cannot; [`AdminError::NotFound`], [`AdminError::LastAdministrator`] or
    /// [`AdminError::Store`].
    pub fn remove_user(&self, actor: &Actor, name: &str, now: u64) -> Result<(), AdminError> {
        actor.check(Scope::AccessWrite)?;
        let users = self.records.all::<StoredUser>(Kind::Users)?;
        let is_administrator = |user: &StoredUser| user.view.role == Role::Administrator;
        let found = users.iter().find(|(_, user)| user.view.name == name).map(|(_, user)| user);
        let found = found.ok_or_else(|| AdminError::NotFound { kind: "user", name: name.to_owned() })?;
        actor.check_all(found.view.role.scopes())?;
        let administrators = users.iter().filter(|(_, user)| is_administrator(user)).count();
        // Whoever runs commands on the machine can make another one.
        if is_administrator(found) && administrators == 1 && *actor != Actor::Command {
            return Err(AdminError::LastAdministrator);
        }
        self.records.remove(Kind::Users, &[name.to_owned()])?;
        self.has_user.store(false, Ordering::Relaxed);
        // Two may have removed each other at the same time, here or on two nodes.
        let is_any_left = || {
            let users = self.records.all::<StoredUser>(Kind::Users)?;
            Ok::<_, AdminError>(users.iter().any(|(_, user)| is_administrator(user)))
        };
        if is_administrator(found) && *actor != Actor::Command && !is_any_left()? {
            self.records.add(Kind::Users, name, found, MAX_USERS)?;
            return Err(AdminError::LastAdministrator);
        }
        self.note(actor, Action::UserRemoved, name, "", now);
        self.forget_second_factor(name)?;
        self.forget_invitations_of(name)?;
        self.end_sessions_of(name, None)
    }

    /// Changes the actor's own password, and ends their sessions but this one, whose browser stays known by what is
    /// returned.
    ///
    /// # Errors
    /// [`AdminError::SignInFailed`] if the old password is wrong; [`AdminError::Invalid`] if the new one cannot be;
    /// [`AdminError::Forbidden`] if the actor has none; [`AdminError::TooManyAttempts`] or [`AdminError::Store`].
    pub fn change_password(
        &self,
        actor: &Actor,
        session: &str,
        old: &str,
        new: &str,
        now: u64,
    ) -> Result<BrowserProof, AdminError> {
        let Actor::User { name, .. } = actor else { return Err(AdminError::Forbidden(Scope::AccessWrite)) };
        self.attempts.count_change(name)?;
        let stored: Option<StoredUser> = self.records.get(Kind::Users, name)?;
        let hash = stored.as_ref().map(|stored| stored.password_hash.as_str());
        if !self.passwords.is_right(Asker::Known, old, hash)? {
            self.note(actor, Action::UserRefused, name, "wrong password for a change", now);
            return Err(AdminError::SignInFailed);
        }
        let changed = self.set_password(actor, name, new, Some(session), now)?;
        self.prove_browser(&changed, now)
    }

    /// Gives a user another password, and ends their sessions.
    ///
    /// # Errors
    /// [`AdminError::Forbidden`], also if the user can do what the actor cannot; [`AdminError::NotFound`], [`AdminError::Invalid`] or [`AdminError::Store`].
    pub fn reset_password(&self, actor: &Actor, name: &str, new: &str, now: u64) -> Result<(), AdminError> {
        actor.check(Scope::AccessWrite)?;
        // Whoever gives somebody a password can be them.
        let stored: Option<StoredUser> = self.records.get(Kind::Users, name)?;
        stored.map_or(Ok(()), |stored| actor.check_all(stored.view.role.scopes()))?;
        self.set_password(actor, name, new, None, now).map(drop)
    }

    fn set_password(
        &self,
        actor: &Actor,
        name: &str,
        new: &str,
        session: Option<&str>,
        now: u64,
    ) -> Result<StoredUser, AdminError> {
        let stored: Option<StoredUser> = self.records.get(Kind::Users, name)?;
        let stored = stored.ok_or_else(|| AdminError::NotFound { kind: "user", name: name.to_owned() })?;
        let changed = StoredUser { password_hash: self.passwords.hash(new)?, ..stored };
        self.records.replace(Kind::Users, name, &changed)?;
        // From here on, sessions of the old password count for nothing.
        self.note(actor, Action::UserPasswordChanged, name, "", now);
        if let Some(session) = session {
            self.continue_session(session, &changed)?;
        }
        self.end_sessions_of(name, session)?;
        Ok(changed)
    }
}
