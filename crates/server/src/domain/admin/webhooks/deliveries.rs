//! What is to be delivered, what was, and when it is tried again.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{StoredWebhook, random_message_id};
use crate::{
    calendar::rfc3339,
    domain::admin::{
        Actor, AdminError, Administration, Scope,
        records::{Added, Kind},
    },
};

/// After how many seconds a delivery that failed is tried again: in all for some five and a half hours.
const PAUSES_SECS: [u64; 6] = [10, 60, 300, 1_800, 3_600, 14_400];
/// Most deliveries that wait. What comes then is not delivered, which the log says.
const MAX_WAITING: u64 = 200;
/// How many deliveries that are over are remembered.
const LOG_LENGTH: usize = 50;
/// For how many seconds a delivery that is being made is nobody else's. It is longer than one can take.
const LEASE_SECS: u64 = 60;

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It is yet to be made, or made again.
    Waiting,
    /// The receiver took it.
    Delivered,
    /// It is no longer tried.
    Failed,
}

/// A delivery as administrators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryView {
    /// The `webhook-id` that it is sent under.
    pub id: String,
    /// The id of the webhook.
    pub webhook: String,
    /// `mark.began`, `mark.ended` or `test`.
    pub event: String,
    /// The name of the app that it is about, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// Unix time at which it was due first, in seconds.
    pub created_at: u64,
    /// How it stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// Unix time of the last try, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_at: Option<u64>,
    /// Unix time of the next try, in seconds, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<u64>,
    /// The HTTP status of the last reply, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why there was no reply: `timeout`, `host_not_found`, `address_refused`, `unreachable`, `tls` or `failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A delivery as it is kept, under its webhook and id.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::domain::admin) struct StoredDelivery {
    #[serde(flatten)]
    pub(super) view: DeliveryView,
    pub(super) body: String,
}

impl StoredDelivery {
    fn new(webhook: &str, id: String, event: &str, app: Option<&str>, body: &serde_json::Value, now: u64) -> Self {
        let view = DeliveryView {
            id,
            webhook: webhook.to_owned(),
            event: event.to_owned(),
            app: app.map(str::to_owned),
            created_at: now,
            state: DeliveryState::Waiting,
            attempts: 0,
            last_at: None,
            next_at: Some(now),
            status: None,
            problem: None,
        };
        Self { view, body: body.to_string() }
    }

    fn name(&self) -> String {
        format!("{} {}", self.view.webhook, self.view.id)
    }

    pub(in crate::domain::admin) fn is_due(&self, now: u64) -> bool {
        self.view.next_at.is_some_and(|next| next <= now)
    }
}

/// What became of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Attempt {
    /// The receiver replied with this status.
    Replied(u16),
    /// It did not, for this reason.
    Failed(&'static str),
}

impl Attempt {
    const fn is_success(&self) -> bool {
        matches!(self, Self::Replied(200..=299))
    }

    /// Whether the receiver says that it is never to be called again.
    const fn is_final(&self) -> bool {
        matches!(self, Self::Replied(410))
    }
}

impl Administration {
    /// The newest deliveries: those that wait, and the last of those that are over.
    ///
    /// # Errors
    /// [`AdminError::Forbidden`] or [`AdminError::Store`].
    pub fn deliveries(&self, actor: &Actor) -> Result<Vec<DeliveryView>, AdminError> {
        actor.check(Scope::AccessWrite)?;
        let waiting = self.records.all::<StoredDelivery>(Kind::Deliveries)?;
        let over = self.records.all::<DeliveryView>(Kind::Delivered)?;
        let waiting = waiting.into_iter().map(|(_, stored)| stored.view);
        let mut views: Vec<_> = waiting.chain(over.into_iter().map(|(_, view)| view)).collect();
        views.sort_by(|one, other| (other.created_at, &other.id).cmp(&(one.created_at, &one.id)));
        views.truncate(LOG_LENGTH);
        Ok(views)
    }

    pub(super) fn queue_test(&self, webhook: &str, now: u64) -> Result<(), AdminError> {
        let body = json!({ "type": "test", "timestamp": rfc3339(now), "data": {} });
        self.queue(&StoredDelivery::new(webhook, random_message_id()?, "test", None, &body, now))
    }

    pub(super) fn queue_event(
        &self,
        webhook: &StoredWebhook,
        id: String,
        event: &str,
        app: &str,
        body: &serde_json::Value,
        now: u64,
    ) -> Result<(), AdminError> {
        self.queue(&StoredDelivery::new(&webhook.view.id, id, event, Some(app), body, now))
    }

    fn queue(&self, delivery: &StoredDelivery) -> Result<(), AdminError> {
        match self.records.add(Kind::Deliveries, &delivery.name(), delivery, MAX_WAITING)? {
            // A thing that is to be delivered already is so once.
            Added::Done | Added::Taken => Ok(()),
            Added::Full => Err(AdminError::Full { kind: "delivery" }),
        }
    }

    pub(super) fn forget_deliveries_to(&self, webhook: &str) -> Result<(), AdminError> {
        let waiting = self.records.all::<StoredDelivery>(Kind::Deliveries)?;
        let of_it = waiting.into_iter().filter(|(_, stored)| stored.view.webhook == webhook);
        let names: Vec<_> = of_it.map(|(name, _)| name).collect();
        Ok(self.records.remove(Kind::Deliveries, &names)?)
    }

    /// What this server is to deliver now: the oldest that is due of each webhook, unless it `is_busy`.
    pub(super) fn take_due(
        &self,
        is_busy: impl Fn(&str) -> bool,
        now: u64,
    ) -> Result<Vec<(StoredWebhook, StoredDelivery)>, AdminError> {
        let waiting = self.records.all::<StoredDelivery>(Kind::Deliveries)?;
        let mut due: Vec<_> =
            waiting.into_iter().map(|(_, stored)| stored).filter(|stored| stored.is_due(now)).collect();
        due.sort_by(|one, other| (one.view.created_at, &one.view.id).cmp(&(other.view.created_at, &other.view.id)));
        let mut taken: Vec<(StoredWebhook, StoredDelivery)> = Vec::new();
        for delivery in due {
            let webhook = &delivery.view.webhook;
            if is_busy(webhook) || taken.iter().any(|(other, _)| other.view.id == *webhook) {
                continue;
            }
            let Some(webhook) = self.records.get::<StoredWebhook>(Kind::Webhooks, webhook)? else {
                self.records.remove(Kind::Deliveries, &[delivery.name()])?;
                continue;
            };
            let claimed = format!("delivery {} {}", delivery.name(), delivery.view.attempts);
            if self.claim(&claimed, LEASE_SECS, now)? {
                taken.push((webhook, delivery));
            }
        }
        Ok(taken)
    }

    /// Writes down what became of a delivery, and when it is tried again.
    pub(super) fn settle(&self, delivery: StoredDelivery, attempt: &Attempt, now: u64) -> Result<(), AdminError> {
        let name = delivery.name();
        let StoredDelivery { mut view, body } = delivery;
        let pause_secs = PAUSES_SECS.get(view.attempts as usize).filter(|_| !attempt.is_final());
        view.attempts += 1;
        view.last_at = Some(now);
        (view.status, view.problem) = match attempt {
            Attempt::Replied(status) => (Some(*status), None),
            Attempt::Failed(problem) => (None, Some((*problem).to_owned())),
        };
        view.next_at = pause_secs.filter(|_| !attempt.is_success()).map(|pause| now + pause);
        view.state = match (attempt.is_success(), view.next_at) {
            (true, _) => DeliveryState::Delivered,
            (false, Some(_)) => DeliveryState::Waiting,
            (false, None) => DeliveryState::Failed,
        };
        if view.state == DeliveryState::Waiting {
            return Ok(self.records.replace(Kind::Deliveries, &name, &StoredDelivery { view, body })?);
        }
        if view.state == DeliveryState::Failed {
            tracing::warn!(webhook = view.webhook, event = view.event, "a webhook was not delivered, and is given up");
        }
        self.log_delivery(&name, &view)?;
        Ok(self.records.remove(Kind::Deliveries, &[name])?)
    }

    fn log_delivery(&self, name: &str, view: &DeliveryView) -> Result<(), AdminError> {
        let mut all = self.records.all::<DeliveryView>(Kind::Delivered)?;
        all.sort_by_key(|(_, view)| view.created_at);
        let surplus = (all.len() + 1).saturating_sub(LOG_LENGTH);
        let oldest: Vec<_> = all.into_iter().take(surplus).map(|(name, _)| name).collect();
        self.records.remove(Kind::Delivered, &oldest)?;
        // Others may be adding theirs; the next one makes room again.
        self.records.add(Kind::Delivered, name, view, 2 * LOG_LENGTH as u64)?;
        Ok(())
    }
}
