//! `haechi admin …` and `haechi token …`.

use std::{
    io::{self, BufRead, IsTerminal},
    process::ExitCode,
};

use anyhow::{Result, anyhow, bail};
use clap::{Args, Subcommand};
use haechi::{
    clock::unix_now,
    domain::admin::{AccessCommand, AccessReply, Role, Scope, TokenView, UserView},
    installation::{config::Config, control, open_administration},
    keep::store::Store,
    logging,
};
use tracing::Level;

use super::{
    Common,
    apps::by_server_or_directly,
    notifications,
    output::{self, rfc3339},
};

#[derive(Args)]
pub(super) struct AdminArgs {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    action: UserAction,
}

/// A password is asked for on the terminal or, where there is none, read as a line from standard input.
#[derive(Subcommand)]
enum UserAction {
    /// Make a user of the console; the password is asked for, or read as a line from standard input
    Create {
        /// Their name
        name: String,
        /// What they may do
        #[arg(long, value_enum, default_value = "administrator")]
        role: Role,
    },
    /// List all users
    List,
    /// Remove a user, and end their sessions
    Remove {
        /// Their name
        name: String,
    },
    /// Give a user another password, which is asked for or read, and end their sessions
    Password {
        /// Their name
        name: String,
    },
    /// Take a user's second factor away, who has lost it: their password alone signs them in then
    ResetSecondFactor {
        /// Their name
        name: String,
    },
}

#[derive(Args)]
pub(super) struct TokenArgs {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    action: TokenAction,
}

#[derive(Subcommand)]
enum TokenAction {
    /// Make a token for the admin API and print it; it is shown only this once
    Create {
        /// Its name
        name: String,
        /// What it lets its holder do; may be given several times
        #[arg(long = "scope", value_enum, required = true)]
        scopes: Vec<Scope>,
        /// Days for which it is good, up to 366
        #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u64).range(1..=366))]
        days: u64,
    },
    /// List all tokens
    List,
    /// Remove a token, which is good for nothing from then on
    Remove {
        /// Its id
        id: String,
    },
}

impl AdminArgs {
    pub(super) fn run(self) -> Result<ExitCode> {
        let command = match self.action {
            UserAction::Create { name, role } => AccessCommand::CreateUser { name, role, password: read_password()? },
            UserAction::List => AccessCommand::ListUsers,
            UserAction::Remove { name } => AccessCommand::RemoveUser(name),
            UserAction::Password { name } => AccessCommand::ResetPassword { name, password: read_password()? },
            UserAction::ResetSecondFactor { name } => AccessCommand::ResetSecondFactor(name),
        };
        carry_out(&self.common, &command)
    }
}

impl TokenArgs {
    pub(super) fn run(self) -> Result<ExitCode> {
        let command = match self.action {
            TokenAction::Create { name, scopes, days } => {
                AccessCommand::CreateToken { name, scopes, lifetime_secs: days * 86_400 }
            }
            TokenAction::List => AccessCommand::ListTokens,
            TokenAction::Remove { id } => AccessCommand::RemoveToken(id),
        };
        carry_out(&self.common, &command)
    }
}

pub(super) fn carry_out(common: &Common, command: &AccessCommand) -> Result<ExitCode> {
    let config = common.config()?;
    let reply = perform(&config, command)?;
    let printed = if common.json { print_json(&reply) } else { output::print(&describe(&reply)) };
    printed.map_err(|error| match &reply {
        AccessReply::Webhook(issued) => anyhow!(
            "the webhook was made, but could not be printed: {error}; run haechi webhook remove {} and make another one",
            issued.view.id
        ),
        AccessReply::Token(issued) => anyhow!(
            "the token was made, but could not be printed: {error}; run haechi token remove {} and make another one",
            issued.view.id
        ),
        _ => error,
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Has the running server do it, or does it in the database.
fn perform(config: &Config, command: &AccessCommand) -> Result<AccessReply> {
    let directly = |store: Store| Ok(open_administration(config, store)?.perform_access(command, unix_now())?);
    let may_make = matches!(
        command,
        AccessCommand::CreateUser { .. } | AccessCommand::CreateToken { .. } | AccessCommand::CreateWebhook(_)
    );
    by_server_or_directly(config, control::ACCESS, command, may_make, directly)
}

fn print_json(reply: &AccessReply) -> Result<()> {
    match reply {
        AccessReply::Token(token) => output::print_json(token),
        AccessReply::Tokens(tokens) => output::print_json(tokens),
        AccessReply::User(user) => output::print_json(user),
        AccessReply::Users(users) => output::print_json(users),
        AccessReply::Webhook(webhook) => output::print_json(webhook),
        AccessReply::Webhooks(webhooks) => output::print_json(webhooks),
        AccessReply::Deliveries(deliveries) => output::print_json(deliveries),
        AccessReply::Done => output::print_json(&serde_json::json!({ "done": true })),
    }
}

fn describe(reply: &AccessReply) -> String {
    match reply {
        AccessReply::Token(issued) => {
            format!(
                "{}token          {}\n               (shown only this once)\n",
                describe_token(&issued.view),
                issued.token
            )
        }
        AccessReply::Tokens(tokens) if tokens.is_empty() => "there are no tokens\n".to_owned(),
        AccessReply::Tokens(tokens) => tokens.iter().map(describe_token).collect::<Vec<_>>().join("\n"),
        AccessReply::User(user) => describe_user(user),
        AccessReply::Users(users) if users.is_empty() => "there are no users\n".to_owned(),
        AccessReply::Users(users) => users.iter().map(describe_user).collect::<Vec<_>>().join("\n"),
        AccessReply::Webhook(issued) => notifications::describe_issued(issued),
        AccessReply::Webhooks(webhooks) => notifications::describe_all(webhooks),
        AccessReply::Deliveries(deliveries) => notifications::describe_deliveries(deliveries),
        AccessReply::Done => "done\n".to_owned(),
    }
}

fn describe_token(token: &TokenView) -> String {
    let scopes: Vec<_> = token.scopes.iter().map(|scope| scope.name()).collect();
    format!(
        "id             {}\nname           {}\nscopes         {}\nmade           {}\nends           {}\n",
        token.id,
        token.name,
        scopes.join(" "),
        rfc3339(token.created_at),
        rfc3339(token.expires_at)
    )
}

fn describe_user(user: &UserView) -> String {
    format!(
        "name           {}\nrole           {}\nmade           {}\nsecond factor  {}\n",
        user.name,
        user.role.name(),
        rfc3339(user.created_at),
        if user.second_factor { "yes" } else { "no" }
    )
}

/// A password, typed twice where a person types it.
fn read_password() -> Result<String> {
    if !io::stdin().is_terminal() {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    logging::say(Level::INFO, "10 to 64 characters");
    let password = rpassword::prompt_password("password: ")?;
    if rpassword::prompt_password("again: ")? != password {
        bail!("the two are not the same");
    }
    Ok(password)
}
