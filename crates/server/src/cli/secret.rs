//! `haechi secret rotate`.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use haechi::installation::secrets;
use serde_json::json;

use super::{Common, output};

#[derive(Args)]
pub(super) struct SecretArgs {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Put a new secret in the place of the one in the data directory; keys of both are good until the last old one has
    /// ended, and a running server takes the new one within two seconds
    Rotate {
        /// Even if keys of the secret before this one may live, which are then refused
        #[arg(long)]
        force: bool,
    },
}

impl SecretArgs {
    pub(super) fn run(self) -> Result<ExitCode> {
        let Action::Rotate { force } = self.action;
        secrets::rotate(&self.common.config()?, force)?;
        if self.common.json {
            output::print_json(&json!({"rotated": true}))?;
        } else {
            output::print("there is a new secret; keys of the old one are good for an hour\n")?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
