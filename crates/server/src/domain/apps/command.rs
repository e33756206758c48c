//! What an operator may ask for, in a form that a running server can be sent.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{App, AppError, AppKey, AppSettings, AppStore, SettingChanges};

/// The longest that a replaced appkey may go on, in seconds: 30 days.
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
    /// Switches the app of this name off.
    Disable(String),
    /// Switches the app of this name on.
    Enable(String),
    /// Removes the app of this name.
    Remove(String),
}

/// An app as operators see it.
///
/// It does without `Debug`, since it may hold an appkey.
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

impl AppView {
    fn new(app: App, appkey: Option<&AppKey>, now: u64) -> Self {
        let previous = app.previous_appkey.filter(|previous| now < previous.until);
        Self {
            name: app.name,
            number: app.number,
            appkey: appkey.map(|appkey| appkey.as_str().to_owned()),
            previous_appkey_until: previous.map(|previous| previous.until),
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
        let (app, appkey) = match command {
            AppCommand::List => return Ok(self.list().into_iter().map(|app| AppView::new(app, None, now)).collect()),
            AppCommand::Show(name) => (self.show(name)?, None),
            AppCommand::Create { name, settings } => with_appkey(self.create(name, settings, now)?),
            AppCommand::Set { name, settings } => (self.set(name, settings)?, None),
            AppCommand::Rotate { name, grace_secs } => {
                let grace_secs = (*grace_secs).min(LONGEST_GRACE_SECS);
                with_appkey(self.rotate(name, (grace_secs > 0).then(|| now + grace_secs))?)
            }
            AppCommand::EndGrace(name) => (self.end_grace(name)?, None),
            AppCommand::Disable(name) => (self.set_enabled(name, false)?, None),
            AppCommand::Enable(name) => (self.set_enabled(name, true)?, None),
            AppCommand::Remove(name) => (self.remove(name, now)?, None),
        };
        Ok(vec![AppView::new(app, appkey.as_ref(), now)])
    }
}

fn with_appkey((app, appkey): (App, AppKey)) -> (App, Option<AppKey>) {
    (app, Some(appkey))
}
