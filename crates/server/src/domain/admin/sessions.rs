//! Who is signed in.
//!
//! A session is a secret in a cookie, kept as its hash. It ends when the person signs out, does nothing for a while, or
//! has been signed in for long. What its user may do is looked up each time, so that who is removed is out at once.

use serde::{Deserialize, Serialize};

use super::{
    Action, Actor, AdminError, Administration, BrowserProof, digest, passwords, random_secret,
    records::{Added, Kind},
    turns::Asker,
    users::StoredUser,
};
use crate::domain::client::Client;

/// How long a session lasts in which nothing is done, in seconds.
pub(crate) const IDLE_SECS: u64 = 30 * 60;
/// How long a session lasts at the most, in seconds.
pub(crate) const LONGEST_SECS: u64 = 12 * 3_600;
/// How seldom it is written down that a session is in use, in seconds.
const SEEN_STEP_SECS: u64 = 60;
/// Most sessions of one user; one more ends the oldest.
const MAX_OF_USER: usize = 10;
/// Most sessions.
const MAX_SESSIONS: u64 = 10_000;

/// What a person carries in a cookie after signing in: 64 hexadecimal digits.
pub struct SessionSecret(pub(crate) String);

/// A name and a password, and whence they come.
pub(crate) struct SignIn<'a> {
    /// Who sends them, as limits go by.
    pub(crate) client: Client,
    /// The proof in the browser's cookie, if it has one.
    pub(crate) browser: Option<&'a str>,
    pub(crate) name: &'a str,
    pub(crate) password: &'a str,
}

/// Somebody who signed in just now.
pub struct SignedIn {
    /// Who it is.
    pub actor: Actor,
    /// The session that began.
    pub session: SessionSecret,
    /// By which the browser is known the next time.
    pub browser: BrowserProof,
}

/// What the right name and password lead to.
pub(crate) enum Entry {
    /// They were all it takes.
    SignedIn(SignedIn),
    /// The user has a second factor.
    CodeNeeded(HalfSignedIn),
}

/// A proof that somebody gave the right password just now. It is good for some minutes, and nothing without a code.
pub(crate) struct HalfSignedIn(pub(crate) String);

/// A session as it is kept, under its secret's hash.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Session {
    user: String,
    began_at: u64,
    seen_at: u64,
    /// The hash of the stored password that it began with. It counts for as long as that is the user's, so that one
    /// that begins while the password is changed is out too.
    #[serde(default)]
    password: String,
}

impl Session {
    pub(super) fn has_ended(&self, now: u64) -> bool {
        // A time so late that there is none after it was never written down here.
        let is_over = |from: u64, lasts: u64| from.checked_add(lasts).is_none_or(|end| now >= end);
        is_over(self.seen_at, IDLE_SECS) || is_over(self.began_at, LONGEST_SECS)
    }
}

impl Administration {
    /// Signs a person in, or says that it takes a code, too.
    ///
    /// # Errors
    /// [`AdminError::SignInFailed`], [`AdminError::TooManyAttempts`] or [`AdminError::Store`].
    pub(crate) fn sign_in(&self, sign_in: &SignIn<'_>, now: u64) -> Result<Entry, AdminError> {
        let SignIn { client, name, password, .. } = *sign_in;
        let browser = self.known_browser(sign_in.browser, name, now)?;
        self.attempts.count(client, name, browser.as_ref())?;
        // It is not hashed, so what else is done would show in the time whether the name has a user: nothing is.
        if passwords::is_too_long(password) {
            return Err(AdminError::SignInFailed);
        }
        let stored: Option<StoredUser> = self.records.get(Kind::Users, name)?;
        let hash = stored.as_ref().map(|stored| stored.password_hash.as_str());
        let asker = if browser.is_some() { Asker::Known } else { Asker::stranger(client) };
        if !self.passwords.is_right(asker, password, hash)? {
            // What was typed for a name may be a password, so only names of users are written down.
            if let Some(StoredUser { view, .. }) = stored {
                let actor = Actor::User { name: view.name.clone(), role: view.role };
                // A name that nobody has takes no time to be written down.
                self.note_later(&actor, Action::UserRefused, &view.name, "wrong password", now);
            }
            return Err(AdminError::SignInFailed);
        }
        let stored = stored.ok_or(AdminError::SignInFailed)?;
        if let Some(half) = self.halfway(&stored, now)? {
            return Ok(Entry::CodeNeeded(half));
        }
        let signed_in = self.signed_in(&stored, now)?;
        self.note(&signed_in.actor, Action::UserSignedIn, &stored.view.name, "", now);
        Ok(Entry::SignedIn(signed_in))
    }

    /// Begins a session, in a browser that is known from then on.
    pub(super) fn signed_in(&self, user: &StoredUser, now: u64) -> Result<SignedIn, AdminError> {
        Ok(SignedIn {
            actor: Actor::User { name: user.view.name.clone(), role: user.view.role },
            session: self.begin_session(user, now)?,
            browser: self.prove_browser(user, now)?,
        })
    }

    /// Who is signed in by this session, if it is one and has not ended. It lasts longer for being used.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub fn session(&self, secret: &str, now: u64) -> Result<Option<Actor>, AdminError> {
        let Some((session, actor)) = self.running_session(secret, now)? else { return Ok(None) };
        if now >= session.seen_at + SEEN_STEP_SECS {
            self.records.replace(Kind::Sessions, &digest(secret), &Session { seen_at: now, ..session })?;
        }
        Ok(Some(actor))
    }

    /// As [`Administration::session`], for what a page does by itself: the session lasts no longer for that, so that a
    /// page that is left open does not keep somebody signed in.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub fn session_of_page(&self, secret: &str, now: u64) -> Result<Option<Actor>, AdminError> {
        Ok(self.running_session(secret, now)?.map(|(_, actor)| actor))
    }

    fn running_session(&self, secret: &str, now: u64) -> Result<Option<(Session, Actor)>, AdminError> {
        let session: Option<Session> = self.records.get(Kind::Sessions, &digest(secret))?;
        let Some(session) = session.filter(|session| !session.has_ended(now)) else { return Ok(None) };
        let user: Option<StoredUser> = self.records.get(Kind::Users, &session.user)?;
        let user = user.filter(|user| digest(&user.password_hash) == session.password);
        Ok(user.map(|StoredUser { view, .. }| (session, Actor::User { name: view.name, role: view.role })))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub fn sign_out(&self, secret: &str, now: u64) -> Result<(), AdminError> {
        let Some(actor) = self.session(secret, now)? else { return Ok(()) };
        self.records.remove(Kind::Sessions, &[digest(secret)])?;
        if let Actor::User { name, .. } = &actor {
            self.note(&actor, Action::UserSignedOut, name, "", now);
        }
        Ok(())
    }

    pub(super) fn begin_session(&self, user: &StoredUser, now: u64) -> Result<SessionSecret, AdminError> {
        let name = &user.view.name;
        self.make_room_for(name, now)?;
        let secret = random_secret()?;
        let password = digest(&user.password_hash);
        let session = Session { user: name.clone(), began_at: now, seen_at: now, password };
        match self.records.add(Kind::Sessions, &digest(&secret), &session, MAX_SESSIONS)? {
            Added::Done => Ok(SessionSecret(secret)),
            Added::Taken | Added::Full => Err(AdminError::Full { kind: "session" }),
        }
    }

    /// Has a session go on under its user's new password.
    pub(super) fn continue_session(&self, secret: &str, user: &StoredUser) -> Result<(), AdminError> {
        let name = digest(secret);
        let Some(session) = self.records.get::<Session>(Kind::Sessions, &name)? else { return Ok(()) };
        let session = Session { password: digest(&user.password_hash), ..session };
        Ok(self.records.replace(Kind::Sessions, &name, &session)?)
    }

    /// Forgets sessions that have ended, and the oldest of a user who has as many as there may be.
    fn make_room_for(&self, user: &str, now: u64) -> Result<(), AdminError> {
        let all = self.records.all::<Session>(Kind::Sessions)?;
        let (ended, mut others): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, session)| session.has_ended(now));
        others.retain(|(_, session)| session.user == user);
        others.sort_by_key(|(_, session)| session.seen_at);
        let surplus = (others.len() + 1).saturating_sub(MAX_OF_USER);
        let forgotten: Vec<_> =
            ended.into_iter().chain(others.into_iter().take(surplus)).map(|(name, _)| name).collect();
        Ok(self.records.remove(Kind::Sessions, &forgotten)?)
    }

    /// Ends all sessions of a user but this one.
    pub(super) fn end_sessions_of(&self, user: &str, but: Option<&str>) -> Result<(), AdminError> {
        let kept = but.map(digest);
        let all = self.records.all::<Session>(Kind::Sessions)?;
        let of_user = all.into_iter().filter(|(_, session)| session.user == user).map(|(name, _)| name);
        let ended: Vec<_> = of_user.filter(|name| Some(name) != kept.as_ref()).collect();
        Ok(self.records.remove(Kind::Sessions, &ended)?)
    }
}
