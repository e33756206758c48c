//! `haechi app …`.

use std::{process::ExitCode, time::Duration};

use anyhow::{Result, anyhow, bail};
use clap::{Args, Subcommand};
use haechi::{
    clock::unix_now,
    domain::{
        admin::Actor,
        apps::{AppCommand, AppView, LONGEST_GRACE_SECS, SettingChanges},
    },
    installation::{
        config::Config,
        control::{self, ShownKey, call},
        open_administration, open_to_inspect,
    },
    keep::store::{self, Store, StoreError},
    logging,
};
use serde::{Serialize, de::DeserializeOwned};
use tracing::Level;

use super::{
    Common,
    output::{self, rfc3339},
};

#[derive(Args)]
pub(super) struct AppArgs {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Make an app and print its appkey and its secret, which are shown only this once, and its site key
    Create {
        /// Its name: 1 to 64 letters, digits, spaces, '-', '_' or '.'
        name: String,
        #[command(flatten)]
        settings: SettingChanges,
    },
    /// List all apps
    List,
    /// Show an app
    Show(Named),
    /// Change settings of an app
    Set {
        /// Its name
        name: String,
        #[command(flatten)]
        settings: SettingChanges,
    },
    /// Give an app another appkey and print it
    Rotate(Rotation),
    /// End the time for which the appkey before the current one is good
    EndGrace(Named),
    /// Replace the secret of an app
    Secret {
        #[command(subcommand)]
        action: SecretAction,
    },
    /// Print the key by which an app's site verifies ALTCHA's payloads by itself: its HMAC key
    AltchaKey(Named),
    /// Switch an app off: it issues and judges nothing
    Disable(Named),
    /// Switch an app on again
    Enable(Named),
    /// Remove an app for good
    Remove(Named),
}

#[derive(Subcommand)]
enum SecretAction {
    /// Give an app another secret, or its first one, and print it
    Rotate(Rotation),
    /// End the time for which the secret before the current one is good
    EndGrace(Named),
}

#[derive(Args)]
struct Rotation {
    /// Its name
    name: String,
    /// Seconds for which the old one is still good, up to 30 days
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=LONGEST_GRACE_SECS))]
    grace_secs: u64,
}

#[derive(Args)]
struct Named {
    /// Its name
    name: String,
}

impl Action {
    /// What is to be done with the app; or the app, if nothing is but to show its key.
    fn command(self) -> Result<AppCommand, Named> {
        Ok(match self {
            Self::Create { name, settings } => AppCommand::Create { name, settings },
            Self::List => AppCommand::List,
            Self::Show(app) => AppCommand::Show(app.name),
            Self::Set { name, settings } => AppCommand::Set { name, settings },
            Self::Rotate(Rotation { name, grace_secs }) => AppCommand::Rotate { name, grace_secs },
            Self::EndGrace(app) => AppCommand::EndGrace(app.name),
            Self::Secret { action: SecretAction::Rotate(Rotation { name, grace_secs }) } => {
                AppCommand::RotateSecret { name, grace_secs }
            }
            Self::Secret { action: SecretAction::EndGrace(app) } => AppCommand::EndSecretGrace(app.name),
            Self::AltchaKey(app) => return Err(app),
            Self::Disable(app) => AppCommand::Disable(app.name),
            Self::Enable(app) => AppCommand::Enable(app.name),
            Self::Remove(app) => AppCommand::Remove(app.name),
        })
    }
}

impl AppArgs {
    pub(super) fn run(self) -> Result<ExitCode> {
        let config = self.common.config()?;
        let command = match self.action.command() {
            Ok(command) => command,
            Err(app) => return print_altcha_key(&config, &app.name, self.common.json),
        };
        let apps = perform(&config, &command)?;
        let may_be_new = matches!(command, AppCommand::Create { .. } | AppCommand::Set { .. });
        for app in apps.iter().filter(|app| may_be_new && app.enabled) {
            app.settings.warnings().iter().for_each(|warning| logging::say(Level::WARN, warning));
        }
        let printed = match (&command, self.common.json) {
            (AppCommand::List, true) => output::print_json(&apps),
            (AppCommand::List, false) => output::print(&table(&apps)),
            (_, true) => apps.iter().try_for_each(output::print_json),
            (_, false) => describe(&command, &apps).and_then(|text| output::print(&text)),
        };
        printed.map_err(|error| unseen(&command, error))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What it means that a command's outcome could not be printed. A change that nobody saw is no success, not even if
/// nobody wanted to see it, so the cause is only told and not passed on.
fn unseen(command: &AppCommand, error: anyhow::Error) -> anyhow::Error {
    let done = match command {
        AppCommand::List | AppCommand::Show(_) => return error,
        AppCommand::Create { name, .. } => {
            return anyhow!(
                "the app was made, but its appkey could not be printed: run haechi app rotate {name:?}, and haechi app \
                 secret rotate {name:?} for its secret"
            );
        }
        AppCommand::Rotate { name, .. } => {
            return anyhow!("the app was rotated, but its appkey could not be printed: run haechi app rotate {name:?}");
        }
        AppCommand::RotateSecret { name, .. } => {
            return anyhow!(
                "the app's secret was rotated, but could not be printed: run haechi app secret rotate {name:?}"
            );
        }
        AppCommand::Set { .. } | AppCommand::EndGrace(_) | AppCommand::EndSecretGrace(_) => "changed",
        AppCommand::Disable(_) => "disabled",
        AppCommand::Enable(_) => "enabled",
        AppCommand::Remove(_) => "removed",
    };
    anyhow!("the app was {done}, but that could not be shown: {error}")
}

/// Prints what a site's own verification of ALTCHA's payloads takes.
fn print_altcha_key(config: &Config, name: &str, as_json: bool) -> Result<ExitCode> {
    let shown = by_server_or_directly(config, control::ALTCHA_KEY, &name, false, |store| {
        let administration = open_administration(config, store.clone())?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let service = runtime.block_on(open_to_inspect(config, store, unix_now()))?;
        Ok(ShownKey::of(&administration, &service, name)?)
    })?;
    if as_json {
        output::print_json(&shown)?;
    } else {
        output::print(&format!("name           {}\naltcha key     {}\n", shown.name, shown.altcha_key))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Has the running server do it, or does it in the database.
fn perform(config: &Config, command: &AppCommand) -> Result<Vec<AppView>> {
    let directly =
        |store: Store| Ok(open_administration(config, store)?.perform(&Actor::Command, command, unix_now())?);
    let may_make = matches!(command, AppCommand::Create { .. });
    by_server_or_directly(config, control::APP, command, may_make, directly)
}

/// Sends a request to the running server. If there is none, opens the database and goes on from there.
pub(super) fn by_server_or_directly<Reply: DeserializeOwned>(
    config: &Config,
    path: &str,
    request: &impl Serialize,
    may_make: bool,
    directly: impl FnOnce(Store) -> Result<Reply>,
) -> Result<Reply> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for _ in 0..LOCKED_TRIES {
        if let Some(reply) = runtime.block_on(call(&config.data, path, request))? {
            return Ok(reply);
        }
        if !may_make && !config.data.join(store::FILE_NAME).exists() {
            bail!("there is no haechi data in {}: name its directory with --data", config.data.display());
        }
        match Store::open(&config.data) {
            // A server is starting or ending, or another command is running.
            Err(StoreError::Locked { .. }) => std::thread::sleep(LOCKED_PAUSE),
            opened => return directly(opened?),
        }
    }
    bail!("{} is in use by another process, which does not answer its control socket", config.data.display())
}

/// Together they are longer than a start or an orderly end takes.
const LOCKED_TRIES: u32 = 100;
const LOCKED_PAUSE: Duration = Duration::from_millis(50);

fn table(apps: &[AppView]) -> String {
    let width = apps.iter().map(|app| app.name.chars().count()).max().unwrap_or(0).max(4);
    let mut text = format!("{:<width$}  {:>6}  STATE\n", "NAME", "NUMBER");
    for app in apps {
        text += &format!("{:<width$}  {:>6}  {}\n", app.name, app.number, state(app));
    }
    text
}

fn state(app: &AppView) -> String {
    let mut state = if app.enabled { "enabled" } else { "disabled" }.to_owned();
    for (is_so, note) in [(app.declared, ", declared"), (app.settings.test, ", test")] {
        if is_so {
            state += note;
        }
    }
    state
}

fn describe(command: &AppCommand, apps: &[AppView]) -> Result<String> {
    const ONCE: &str = "(shown only this once)";
    let mut lines = Vec::new();
    let mut say = |name: &str, value: &str| lines.push(format!("{name:<16} {value}").trim_end().to_owned() + "\n");
    for app in apps {
        say("name", &app.name);
        say("number", &app.number.to_string());
        let is_removed = matches!(command, AppCommand::Remove(_));
        say("state", &if is_removed { "removed".to_owned() } else { state(app) });
        if let Some(created_at) = app.created_at {
            say("made", &rfc3339(created_at));
        }
        if let Some(appkey) = &app.appkey {
            say("appkey", appkey);
            say("", ONCE);
        }
        if let Some(until) = app.previous_appkey_until {
            say("old appkey", &format!("good until {}", rfc3339(until)));
        }
        say("site key", &app.site_key.to_string());
        match &app.secret {
            Some(secret) => {
                say("secret", secret);
                say("", ONCE);
            }
            None if app.has_secret => {}
            None => say("secret", "none yet"),
        }
        if let Some(until) = app.previous_secret_until {
            say("old secret", &format!("good until {}", rfc3339(until)));
        }
        let settings = serde_json::to_value(&app.settings)?;
        for (name, value) in settings.as_object().into_iter().flatten() {
            say(name, &value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
    }
    Ok(lines.concat())
}
