//! What an operator may ask for, in a form that a running server can be sent.

use serde::{Deserialize, Serialize};

use super::{
    Actor, AdminError, Administration, DeliveryView, IssuedToken, IssuedWebhook, Role, Scope, TokenView, UserView,
    WebhookView,
};

/// Something to be done with tokens and users.
///
/// It does without `Debug`, since it may hold a password.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessCommand {
    /// Makes a token.
    CreateToken {
        /// Its name.
        name: String,
        /// What it lets its holder do.
        scopes: Vec<Scope>,
        /// For how many seconds it is good.
        lifetime_secs: u64,
    },
    /// Shows all tokens.
    ListTokens,
    /// Removes the token of this id.
    RemoveToken(String),
    /// Makes a user.
    CreateUser {
        /// Their name.
        name: String,
        /// What they may do.
        role: Role,
        /// Their password.
        password: String,
    },
    /// Shows all users.
    ListUsers,
    /// Removes the user of this name.
    RemoveUser(String),
    /// Gives a user another password.
    ResetPassword {
        /// Their name.
        name: String,
        /// The password.
        password: String,
    },
    /// Takes away the second factor of the user of this name.
    ResetSecondFactor(String),
    /// Makes a webhook with this address.
    CreateWebhook(String),
    /// Shows all webhooks.
    ListWebhooks,
    /// Removes the webhook of this id.
    RemoveWebhook(String),
    /// Sends the webhook of this id something that means nothing.
    TestWebhook(String),
    /// Shows the newest deliveries.
    ListDeliveries,
}

/// What became of it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessReply {
    /// A token was made.
    Token(IssuedToken),
    /// All tokens.
    Tokens(Vec<TokenView>),
    /// A user was made.
    User(UserView),
    /// All users.
    Users(Vec<UserView>),
    /// A webhook was made.
    Webhook(IssuedWebhook),
    /// All webhooks.
    Webhooks(Vec<WebhookView>),
    /// The newest deliveries.
    Deliveries(Vec<DeliveryView>),
    /// It was done.
    Done,
}

impl Administration {
    /// Does what is asked, as whoever runs commands on the machine.
    ///
    /// # Errors
    /// Any [`AdminError`].
    pub fn perform_access(&self, command: &AccessCommand, now: u64) -> Result<AccessReply, AdminError> {
        let actor = &Actor::Command;
        Ok(match command {
            AccessCommand::CreateToken { name, scopes, lifetime_secs } => {
                AccessReply::Token(self.create_token(actor, name, scopes, *lifetime_secs, now)?)
            }
            AccessCommand::ListTokens => AccessReply::Tokens(self.tokens(actor)?),
            AccessCommand::RemoveToken(id) => done(self.remove_token(actor, id, now))?,
            AccessCommand::CreateUser { name, role, password } => {
                AccessReply::User(self.create_user(actor, name, *role, password, now)?)
            }
            AccessCommand::ListUsers => AccessReply::Users(self.users(actor)?),
            AccessCommand::RemoveUser(name) => done(self.remove_user(actor, name, now))?,
            AccessCommand::ResetPassword { name, password } => done(self.reset_password(actor, name, password, now))?,
            AccessCommand::ResetSecondFactor(name) => done(self.reset_second_factor(actor, name, now))?,
            AccessCommand::CreateWebhook(url) => AccessReply::Webhook(self.create_webhook(actor, url, now)?),
            AccessCommand::ListWebhooks => AccessReply::Webhooks(self.webhooks(actor)?),
            AccessCommand::RemoveWebhook(id) => done(self.remove_webhook(actor, id, now))?,
            AccessCommand::TestWebhook(id) => done(self.test_webhook(actor, id, now))?,
            AccessCommand::ListDeliveries => AccessReply::Deliveries(self.deliveries(actor)?),
        })
    }
}

fn done(outcome: Result<(), AdminError>) -> Result<AccessReply, AdminError> {
    outcome.map(|()| AccessReply::Done)
}
