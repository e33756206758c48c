//! What an operator may ask for, in a form that a running server can be sent.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{App, AppError, AppKey, AppSecret, AppSettings, AppStore, MadeApp, SettingChanges};

/// The longest that a replaced appkey or secret may go on, in seconds: 30 days.
pub const LONGEST_GRACE_SECS: u64 = 30 * 86_400;

/// Something to be done with apps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppCommand {
    /// Makes an app.
    Create {
        /// Its name.
        name: String,
        /// Its settings, where they are not the usual ones.
        settings: SettingChanges,
    },
    /// Shows all apps.
    List,
    /// Shows the app of this name.
    Show(String),
    /// Changes settings of an app.
    Set {
        /// Its name.
        name: String,
        /// The settings that change.
        settings: SettingChanges,
    },
    /// Gives an app another appkey.
    Rotate {
        /// Its name.
        name: String,
        /// For how many seconds the old one is still good.
        grace_secs: u64,
    },
    /// Ends the time for which the appkey before the current one is good.
    EndGrace(String),
    /// Gives an app another secret, or its first one.
    RotateSecret {
        /// Its name.
        name: String,
        /// For how many seconds the old one is still good.
        grace_secs: u64,
    },
    /// Ends the time for which the secret before the current one is good.
    EndSecretGrace(String),
    /// Switches the app of this name off.
    Disable(String),
    /// Switches the app of this name on.
    Enable(String),
    /// Removes the app of this name.
    Remove(String),
}

/// An app as operators see it.
///
/// It does without `Debug`, since it may hold an appkey and a secret.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct AppView {
    /// Its name.
    pub name: String,
    /// Its number.
    pub number: u32,
    /// Its appkey, if it was made just now.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub appkey: Option<String>,
    /// Unix time until which the appkey before it is good, in seconds, if one is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub previous_appkey_until: Option<u64>,
    /// Its public name, a UUID, which stays when its appkey and secret are replaced.
    pub site_key: String,
    /// Its secret, if it was made just now.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub secret: Option<String>,
    /// Whether it has a secret. Apps that were made before there were any have none until one is made.
    pub has_secret: bool,
    /// Unix time until which the secret before it is good, in seconds, if one is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub previous_secret_until: Option<u64>,
    /// Whether it issues and judges.
    pub enabled: bool,
    /// Whether it stands in the configuration file.
    pub declared: bool,
    /// Unix time at which it was made, in seconds; of a declared app nobody knows it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub created_at: Option<u64>,
    /// Its settings.
    pub settings: AppSettings,
}

/// What is shown of an app this once.
#[derive(Default)]
struct Fresh {
    appkey: Option<AppKey>,
    secret: Option<AppSecret>,
}

impl AppView {
    fn new(app: App, fresh: &Fresh, now: u64) -> Self {
        let previous_appkey = app.previous_appkey.filter(|previous| previous.is_good(now));
        let previous_secret = app.previous_secret.filter(|previous| previous.is_good(now));
        Self {
            site_key: app.site_key().to_string(),
            name: app.name,
            number: app.number,
            appkey: fresh.appkey.as_ref().map(|appkey| appkey.as_str().to_owned()),
            previous_appkey_until: previous_appkey.map(|previous| previous.until),
            secret: fresh.secret.as_ref().map(|secret| secret.as_str().to_owned()),
            has_secret: app.secret_sha256.is_some(),
            previous_secret_until: previous_secret.map(|previous| previous.until),
            enabled: app.enabled,
            declared: app.declared,
            created_at: app.created_at,
            settings: app.settings,
        }
    }
}

impl AppStore {
    /// Does what is asked, at this Unix time, and shows the apps that it concerned, as they are (or were) then.
    ///
    /// Waits for the disk: not for async code.
    ///
    /// # Errors
    /// Any [`AppError`].
    pub fn perform(&self, command: &AppCommand, now: u64) -> Result<Vec<AppView>, AppError> {
        let mut fresh = Fresh::default();
        let app = match command {
            AppCommand::List => {
                return Ok(self.list().into_iter().map(|app| AppView::new(app, &fresh, now)).collect());
            }
            AppCommand::Show(name) => self.show(name)?,
            AppCommand::Create { name, settings } => {
                let MadeApp { app, appkey, secret } = self.create(name, settings, now)?;
                fresh = Fresh { appkey: Some(appkey), secret: Some(secret) };
                app
            }
            AppCommand::Set { name, settings } => self.set(name, settings)?,
            AppCommand::Rotate { name, grace_secs } => {
                let (app, appkey) = self.rotate(name, grace_end(*grace_secs, now))?;
                fresh.appkey = Some(appkey);
                app
            }
            AppCommand::EndGrace(name) => self.end_grace(name)?,
            AppCommand::RotateSecret { name, grace_secs } => {
                let (app, secret) = self.rotate_secret(name, grace_end(*grace_secs, now))?;
                fresh.secret = Some(secret);
                app
            }
            AppCommand::EndSecretGrace(name) => self.end_secret_grace(name)?,
            AppCommand::Disable(name) => self.set_enabled(name, false)?,
            AppCommand::Enable(name) => self.set_enabled(name, true)?,
            AppCommand::Remove(name) => self.remove(name, now)?,
        };
        Ok(vec![AppView::new(app, &fresh, now)])
    }
}

/// The Unix time until which what is replaced now is good, if it is good at all.
fn grace_end(grace_secs: u64, now: u64) -> Option<u64> {
    (grace_secs > 0).then(|| now + grace_secs.min(LONGEST_GRACE_SECS))
}
