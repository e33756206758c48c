//! Who is told when something looks unlike people, and when it no longer does.
//!
//! A webhook is an address to which the server posts. What it posts is signed as "Standard Webhooks" 1.0 has it, so that
//! libraries of many languages can check it. All servers that share records share webhooks, and each delivery is made by
//! one of them; if that one dies meanwhile another makes it again, under the same `webhook-id`.
//!
//! Secrets stand in the records as they are, because what signs must be known: as the key of known browsers does.

mod courier;
mod deliveries;
mod marks;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

pub use self::{
    courier::keep_delivering,
    deliveries::{DeliveryState, DeliveryView},
};
#[cfg(any(test, feature = "fuzzing"))]
pub(super) use self::{deliveries::StoredDelivery, marks::StoredMarks};
use super::{
    Action, Actor, AdminError, Administration, Scope, digest, random_secret,
    records::{Added, Kind},
};
use crate::hex::hex;

/// Most webhooks.
const MAX_WEBHOOKS: u64 = 8;
/// The longest address.
const MAX_URL_BYTES: usize = 2_000;
/// What every secret begins with, as Standard Webhooks has it.
const SECRET_PREFIX: &str = "whsec_";
const SECRET_BYTES: usize = 32;

/// A webhook as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookView {
    /// What it is called by: 16 hexadecimal digits.
    #[schema(example = "0123456789abcdef")]
    pub id: String,
    /// The address that is posted to.
    #[schema(example = "https://ops.example.org/haechi")]
    pub url: String,
    /// Unix time at which it was made, in seconds.
    pub created_at: u64,
}

/// A webhook that was made just now.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct IssuedWebhook {
    /// What is known of it from now on.
    #[serde(flatten)]
    pub view: WebhookView,
    /// By which its receiver checks signatures; shown only this once.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    pub secret: String,
}

/// A webhook as it is kept, under its id.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::domain::admin) struct StoredWebhook {
    #[serde(flatten)]
    view: WebhookView,
    secret: String,
}

impl StoredWebhook {
    /// The key of its signatures; none if its record was not written by this program.
    pub(super) fn key(&self) -> Option<Vec<u8>> {
        STANDARD.decode(self.secret.strip_prefix(SECRET_PREFIX)?).ok().filter(|key| !key.is_empty())
    }

    /// Where it leads to, without what may be a secret in its path.
    fn host(&self) -> String {
        Url::parse(&self.view.url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    }
}

impl Administration {
    /// All webhooks, the oldest first.
    ///
    /// # Errors
    /// [`AdminError::Forbidden`] or [`AdminError::Store`].
    pub fn webhooks(&self, actor: &Actor) -> Result<Vec<WebhookView>, AdminError> {
        actor.check(Scope::AccessWrite)?;
        Ok(self.stored_webhooks()?.into_iter().map(|stored| stored.view).collect())
    }

    fn stored_webhooks(&self) -> Result<Vec<StoredWebhook>, AdminError> {
        let all = self.records.all::<StoredWebhook>(Kind::Webhooks)?;
        let mut webhooks: Vec<_> = all.into_iter().map(|(_, stored)| stored).collect();
        webhooks
            .sort_by(|one, other| (one.view.created_at, &one.view.id).cmp(&(other.view.created_at, &other.view.id)));
        Ok(webhooks)
    }

    fn stored_webhook(&self, id: &str) -> Result<StoredWebhook, AdminError> {
        let stored: Option<StoredWebhook> = self.records.get(Kind::Webhooks, id)?;
        stored.ok_or_else(|| AdminError::NotFound { kind: "webhook", name: id.to_owned() })
    }

    /// Makes a webhook. What is returned holds its secret, which nobody is shown later.
    ///
    /// # Errors
    /// [`AdminError::Forbidden`], [`AdminError::Invalid`], [`AdminError::Full`] or [`AdminError::Store`].
    pub fn create_webhook(&self, actor: &Actor, url: &str, now: u64) -> Result<IssuedWebhook, AdminError> {
        actor.check(Scope::AccessWrite)?;
        let url = checked(url)?;
        let secret = new_secret()?;
        let id = digest(&random_secret()?)[..16].to_owned();
        let view = WebhookView { id, url, created_at: now };
        let stored = StoredWebhook { view: view.clone(), secret: secret.clone() };
        match self.records.add(Kind::Webhooks, &view.id, &stored, MAX_WEBHOOKS)? {
            Added::Done => {}
            Added::Taken => return Err(AdminError::Taken { kind: "webhook", name: view.id }),
            Added::Full => return Err(AdminError::Full { kind: "webhook" }),
        }
        self.note(actor, Action::WebhookCreated, &stored.host(), &format!("id={}", view.id), now);
        Ok(IssuedWebhook { view, secret })
    }

    /// Removes a webhook, with what was still to be delivered to it.
    ///
    /// # Errors
    /// [`AdminError::Forbidden`], [`AdminError::NotFound`] or [`AdminError::Store`].
    pub fn remove_webhook(&self, actor: &Actor, id: &str, now: u64) -> Result<(), AdminError> {
        actor.check(Scope::AccessWrite)?;
        let stored = self.stored_webhook(id)?;
        self.records.remove(Kind::Webhooks, &[id.to_owned()])?;
        self.note(actor, Action::WebhookRemoved, &stored.host(), &format!("id={id}"), now);
        self.forget_deliveries_to(id)
    }

    /// Sends a webhook something that means nothing, soon.
    ///
    /// # Errors
    /// As [`Administration::remove_webhook`], or [`AdminError::Full`] if too much is still to be delivered.
    pub fn test_webhook(&self, actor: &Actor, id: &str, now: u64) -> Result<(), AdminError> {
        actor.check(Scope::AccessWrite)?;
        let stored = self.stored_webhook(id)?;
        self.queue_test(id, now)?;
        self.note(actor, Action::WebhookTested, &stored.host(), &format!("id={id}"), now);
        Ok(())
    }
}

fn new_secret() -> Result<String, AdminError> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| AdminError::Random(error.to_string()))?;
    Ok(format!("{SECRET_PREFIX}{}", STANDARD.encode(bytes)))
}

/// An address that can be posted to.
fn checked(url: &str) -> Result<String, AdminError> {
    let invalid = |reason: &str| AdminError::Invalid { name: "url", reason: reason.to_owned() };
    if url.len() > MAX_URL_BYTES {
        return Err(invalid("it takes 2,000 characters at the most"));
    }
    let parsed =
        Url::parse(url.trim()).map_err(|_| invalid("it is an address such as https://ops.example.org/haechi"))?;
    if !matches!(parsed.scheme(), "https" | "http") || parsed.host_str().is_none() {
        return Err(invalid("it begins with https:// or http://"));
    }
    if !parsed.username().is_empty() || parsed.password().is_some() || parsed.fragment().is_some() {
        return Err(invalid("it has no name, password or fragment in it"));
    }
    Ok(parsed.into())
}

/// A name of what is delivered, which is the same for the same thing.
fn message_id(parts: &[&str]) -> String {
    format!("msg_{}", &digest(&parts.join("\n"))[..32])
}

/// A name of what is delivered only once.
fn random_message_id() -> Result<String, AdminError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| AdminError::Random(error.to_string()))?;
    Ok(format!("msg_{}", hex(&bytes)))
}

#[cfg(test)]
mod tests;
