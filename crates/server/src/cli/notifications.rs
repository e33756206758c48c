//! How webhooks and their deliveries read on a terminal.

use haechi::domain::admin::{DeliveryState, DeliveryView, IssuedWebhook, WebhookView};

use super::output::rfc3339;

fn describe(webhook: &WebhookView) -> String {
    format!(
        "id             {}\nurl            {}\nmade           {}\n",
        webhook.id,
        webhook.url,
        rfc3339(webhook.created_at)
    )
}

pub(super) fn describe_issued(issued: &IssuedWebhook) -> String {
    format!("{}secret         {}\n               (shown only this once)\n", describe(&issued.view), issued.secret)
}

pub(super) fn describe_all(webhooks: &[WebhookView]) -> String {
    if webhooks.is_empty() {
        return "there are no webhooks\n".to_owned();
    }
    webhooks.iter().map(describe).collect::<Vec<_>>().join("\n")
}

pub(super) fn describe_deliveries(deliveries: &[DeliveryView]) -> String {
    if deliveries.is_empty() {
        return "nothing was sent yet\n".to_owned();
    }
    deliveries.iter().map(describe_delivery).collect()
}

fn describe_delivery(delivery: &DeliveryView) -> String {
    let state = match delivery.state {
        DeliveryState::Waiting => "waiting",
        DeliveryState::Delivered => "delivered",
        DeliveryState::Failed => "failed",
    };
    let status = delivery.status.map(|status| format!(" HTTP {status}")).unwrap_or_default();
    let problem = delivery.problem.as_ref().map(|problem| format!(" {problem}")).unwrap_or_default();
    format!(
        "{}  {}  {}  {}{status}{problem}, attempts: {}\n",
        rfc3339(delivery.created_at),
        delivery.webhook,
        delivery.event,
        state,
        delivery.attempts
    )
}
