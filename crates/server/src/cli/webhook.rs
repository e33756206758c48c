//! `haechi webhook …`.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use haechi::domain::admin::{AccessCommand, DeliveryState, DeliveryView, IssuedWebhook, WebhookView};

use super::{Common, access::carry_out, output::rfc3339};

#[derive(Args)]
pub(super) struct WebhookArgs {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    action: WebhookAction,
}

#[derive(Subcommand)]
enum WebhookAction {
    /// Add an address and print the secret of its signatures; it is shown only this once
    Create {
        /// The address, which begins with https:// or http://
        url: String,
    },
    /// List all addresses
    List,
    /// Remove an address, with what was still to be sent to it
    Remove {
        /// Its id
        id: String,
    },
    /// Have the server send a test within seconds
    Test {
        /// Its id
        id: String,
    },
    /// List the newest deliveries, and what became of them
    Deliveries,
}

impl WebhookArgs {
    pub(super) fn run(self) -> Result<ExitCode> {
        let command = match self.action {
            WebhookAction::Create { url } => AccessCommand::CreateWebhook(url),
            WebhookAction::List => AccessCommand::ListWebhooks,
            WebhookAction::Remove { id } => AccessCommand::RemoveWebhook(id),
            WebhookAction::Test { id } => AccessCommand::TestWebhook(id),
            WebhookAction::Deliveries => AccessCommand::ListDeliveries,
        };
        carry_out(&self.common, &command)
    }
}

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
