//! Invitations: links by which people become users, each once and within three days.
//!
//! Kept as hashes. Whoever follows one chooses their password themselves, and their name unless it was given.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Action, Actor, AdminError, Administration, Role, Scope, SignedIn, digest, random_secret,
    records::{Added, Kind},
    users::{MAX_USERS, StoredUser},
};
use crate::domain::apps::AppName;

/// How long an invitation is good, in seconds.
pub(crate) const INVITATION_SECS: u64 = 3 * 86_400;
/// Most invitations at once.
const MAX_INVITATIONS: u64 = 100;

/// An invitation as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvitationView {
    /// What it is called by: 16 hexadecimal digits.
    pub id: String,
    /// What the person who follows it may do.
    pub role: Role,
    /// Their name, if they do not choose it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who made it: `user NAME`, `token NAME (ID)` or `command`.
    pub invited_by: String,
    /// Unix time at which it was made, in seconds.
    pub created_at: u64,
    /// Unix time at which it ends, in seconds.
    pub expires_at: u64,
}

/// An invitation that was made just now.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct IssuedInvitation {
    /// What is known of it from now on.
    #[serde(flatten)]
    pub view: InvitationView,
    /// What the link has: `/console/invitation?code=…`. Shown only this once.
    pub code: String,
}

/// An invitation as it is kept, under its id.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredInvitation {
    #[serde(flatten)]
    view: InvitationView,
    sha256: String,
}

impl StoredInvitation {
    pub(super) fn is_over(&self, now: u64) -> bool {
        self.view.expires_at <= now
    }
}

impl Administration {
    /// All invitations that can be followed, the newest first.
    ///
    /// # Errors
    /// [`AdminError::Forbidden`] or [`AdminError::Store`].
    pub fn invitations(&self, actor: &Actor, now: u64) -> Result<Vec<InvitationView>, AdminError> {
        actor.check(Scope::AccessWrite)?;
        let stored = self.records.all::<StoredInvitation>(Kind::Invitations)?;
        let good = stored.into_iter().map(|(_, stored)| stored).filter(|stored| !stored.is_over(now));
        let mut views: Vec<_> = good.map(|stored| stored.view).collect();
        views.sort_by(|one, other| (other.created_at, &other.id).cmp(&(one.created_at, &one.id)));
        Ok(views)
    }

    /// Makes an invitation. What is returned holds its code, which nobody can find out later.
    ///
    /// # Errors
    /// [`AdminError::Forbidden`], also if who follows it could do what its maker cannot; [`AdminError::Invalid`],
    /// [`AdminError::Taken`], [`AdminError::Full`] or [`AdminError::Store`].
    pub fn invite(
        &self,
        actor: &Actor,
        role: Role,
        name: Option<&str>,
        now: u64,
    ) -> Result<IssuedInvitation, AdminError> {
        actor.check(Scope::AccessWrite)?;
        actor.check_all(role.scopes())?;
        if let Some(name) = name {
            self.check_new_name(name)?;
        }
        self.forget_invitations(|stored| stored.is_over(now))?;
        let code = random_secret()?;
        let sha256 = digest(&code);
        let view = InvitationView {
            id: sha256[..16].to_owned(),
            role,
            name: name.map(str::to_owned),
            invited_by: actor.to_string(),
            created_at: now,
            expires_at: now + INVITATION_SECS,
        };
        let stored = StoredInvitation { view: view.clone(), sha256 };
        match self.records.add(Kind::Invitations, &view.id, &stored, MAX_INVITATIONS)? {
            Added::Done => {}
            Added::Taken => return Err(AdminError::Taken { kind: "invitation", name: view.id }),
            Added::Full => return Err(AdminError::Full { kind: "invitation" }),
        }
        let detail = format!("id={}, role={}", view.id, role.name());
        self.note(actor, Action::InvitationCreated, name.unwrap_or_default(), &detail, now);
        Ok(IssuedInvitation { view, code })
    }

    fn check_new_name(&self, name: &str) -> Result<(), AdminError> {
        let name = AppName::chosen(name)
            .map_err(|error| AdminError::Invalid { name: "name", reason: error.reason().to_owned() })?;
        if self.records.get::<StoredUser>(Kind::Users, name.as_str())?.is_some() {
            return Err(AdminError::Taken { kind: "user", name: name.to_string() });
        }
        self.check_look_alike(&name)
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    /// [`AdminError::Forbidden`], [`AdminError::NotFound`] or [`AdminError::Store`].
    pub fn revoke_invitation(&self, actor: &Actor, id: &str, now: u64) -> Result<(), AdminError> {
        actor.check(Scope::AccessWrite)?;
        let stored: Option<StoredInvitation> = self.records.get(Kind::Invitations, id)?;
        let stored = stored.ok_or_else(|| AdminError::NotFound { kind: "invitation", name: id.to_owned() })?;
        actor.check_all(stored.view.role.scopes())?;
        self.records.remove(Kind::Invitations, &[id.to_owned()])?;
        let name = stored.view.name.unwrap_or_default();
        self.note(actor, Action::InvitationRevoked, &name, &format!("id={id}"), now);
        Ok(())
    }

    /// The invitation with this code.
    ///
    /// # Errors
    /// [`AdminError::BadInvitation`] or [`AdminError::Store`].
    pub fn invitation(&self, code: &str, now: u64) -> Result<InvitationView, AdminError> {
        let sha256 = digest(code);
        let stored: Option<StoredInvitation> = self.records.get(Kind::Invitations, &sha256[..16])?;
        let stored = stored.filter(|stored| stored.sha256 == sha256 && !stored.is_over(now));
        Ok(stored.ok_or(AdminError::BadInvitation)?.view)
    }

    /// Makes the user who follows an invitation, and signs them in. The name counts if the invitation has none.
    ///
    /// # Errors
    /// [`AdminError::BadInvitation`], [`AdminError::Invalid`], [`AdminError::Taken`] or [`AdminError::Store`].
    pub fn accept_invitation(&self, code: &str, name: &str, password: &str, now: u64) -> Result<SignedIn, AdminError> {
        let invitation = self.invitation(code, now)?;
        let claimed = format!("invitation {}", invitation.id);
        // Two may follow it at the same time, on two servers.
        if !self.claim(&claimed, INVITATION_SECS, now)? {
            return Err(AdminError::BadInvitation);
        }
        let name = invitation.name.as_deref().unwrap_or(name);
        let actor = Actor::User { name: name.to_owned(), role: invitation.role };
        match self.add_user(&actor, name, invitation.role, password, MAX_USERS, now) {
            Ok(user) => {
                self.records.remove(Kind::Invitations, std::slice::from_ref(&invitation.id))?;
                self.note(&actor, Action::InvitationAccepted, name, &format!("id={}", invitation.id), now);
                self.signed_in(&user, now)
            }
            Err(error) => {
                self.give_up_claim(&claimed)?;
                Err(error)
            }
        }
    }

    /// Those whom a user who is gone has invited are no longer.
    pub(super) fn forget_invitations_of(&self, user: &str) -> Result<(), AdminError> {
        let by = format!("user {user}");
        self.forget_invitations(|stored| stored.view.invited_by == by)
    }

    fn forget_invitations(&self, is_forgotten: impl Fn(&StoredInvitation) -> bool) -> Result<(), AdminError> {
        let all = self.records.all::<StoredInvitation>(Kind::Invitations)?;
        let names: Vec<_> = all.into_iter().filter(|(_, stored)| is_forgotten(stored)).map(|(name, _)| name).collect();
        Ok(self.records.remove(Kind::Invitations, &names)?)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::check, *};

    const PASSWORD: &str = "correct horse battery";

    #[test]
    fn an_invitation_makes_one_user_within_three_days() {
        check(|admin| {
            let issued = admin.invite(&Actor::Command, Role::Viewer, None, 1_000).unwrap();
            assert_eq!(admin.invitation(&issued.code, 1_000).unwrap(), issued.view);
            assert!(matches!(admin.invitation("wrong", 1_000), Err(AdminError::BadInvitation)));
            let late = 1_000 + INVITATION_SECS;
            assert!(matches!(admin.invitation(&issued.code, late), Err(AdminError::BadInvitation)));
            let accept = |name: &str, password: &str| {
                admin.accept_invitation(&issued.code, name, password, late - 1).map(|new| new.actor)
            };
            assert!(matches!(accept("vic", "short"), Err(AdminError::Invalid { name: "password", .. })));
            assert!(matches!(accept("v/c", PASSWORD), Err(AdminError::Invalid { name: "name", .. })));
            assert_eq!(accept("vic", PASSWORD).unwrap(), Actor::User { name: "vic".to_owned(), role: Role::Viewer });
            assert!(matches!(accept("eve", PASSWORD), Err(AdminError::BadInvitation)));
            assert!(admin.invitations(&Actor::Command, 1_000).unwrap().is_empty());
        });
    }

    #[test]
    fn a_name_that_was_given_is_the_one_that_counts() {
        check(|admin| {
            let issued = admin.invite(&Actor::Command, Role::Administrator, Some("ann"), 1_000).unwrap();
            let made = admin.accept_invitation(&issued.code, "eve", PASSWORD, 1_000).unwrap();
            assert_eq!(made.actor.name(), "ann");
            let again = admin.invite(&Actor::Command, Role::Viewer, Some("ann"), 1_000);
            assert!(matches!(again.map(drop), Err(AdminError::Taken { .. })));
        });
    }

    #[test]
    fn nobody_invites_who_can_do_more_and_an_invitation_ends_with_its_maker() {
        check(|admin| {
            let keeper = Actor::Token { id: String::new(), name: "k".to_owned(), scopes: vec![Scope::AccessWrite] };
            assert!(matches!(
                admin.invite(&keeper, Role::Viewer, None, 1_000).map(drop),
                Err(AdminError::Forbidden(_))
            ));
            for name in ["ann", "ben"] {
                admin.create_user(&Actor::Command, name, Role::Administrator, PASSWORD, 1_000).unwrap();
            }
            let ben = Actor::User { name: "ben".to_owned(), role: Role::Administrator };
            let bens = admin.invite(&ben, Role::Administrator, None, 1_000).unwrap();
            let mine = admin.invite(&Actor::Command, Role::Viewer, None, 1_000).unwrap();
            assert_eq!(admin.invitations(&Actor::Command, 1_000).unwrap().len(), 2);
            admin.remove_user(&Actor::Command, "ben", 1_000).unwrap();
            assert!(matches!(admin.invitation(&bens.code, 1_000), Err(AdminError::BadInvitation)));
            admin.revoke_invitation(&Actor::Command, &mine.view.id, 1_000).unwrap();
            assert!(matches!(admin.invitation(&mine.code, 1_000), Err(AdminError::BadInvitation)));
        });
    }

    #[test]
    fn a_code_is_kept_as_its_hash() {
        check(|admin| {
            let issued = admin.invite(&Actor::Command, Role::Viewer, None, 1_000).unwrap();
            let stored: StoredInvitation = admin.records.get(Kind::Invitations, &issued.view.id).unwrap().unwrap();
            assert!(!serde_json::to_string(&stored).unwrap().contains(&issued.code));
        });
    }
}
