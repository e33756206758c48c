//! `haechi webhook …`.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use haechi::domain::admin::AccessCommand;

use super::{Common, access::carry_out};

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
