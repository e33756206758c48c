//! Apps and their statistics, by the number that addresses name them by.

use super::{Action, Actor, AdminError, Administration, Scope};
use crate::domain::{
    apps::{App, AppCommand, AppView, SettingChanges},
    counters::Counts,
    statistics::{Report, Span},
};

impl Administration {
    /// Does what is asked, if the actor may, and writes it down.
    ///
    /// # Errors
    /// [`AdminError::Forbidden`], or any [`AppError`](crate::domain::apps::AppError).
    pub fn perform(&self, actor: &Actor, command: &AppCommand, now: u64) -> Result<Vec<AppView>, AdminError> {
        let scope = match command {
            AppCommand::List | AppCommand::Show(_) => Scope::AppsRead,
            _ => Scope::AppsWrite,
        };
        actor.check(scope)?;
        let command = &match command {
            // What changes nothing is not written down either: it would push other entries out of the audit log.
            AppCommand::Set { name, settings } if *settings == SettingChanges::default() => {
                AppCommand::Show(name.clone())
            }
            other => other.clone(),
        };
        let apps = self.apps.perform(command, now)?;
        if let Some((action, detail)) = described(command) {
            for app in &apps {
                self.note(actor, action, &app.name, &detail, now);
            }
        }
        Ok(apps)
    }

    /// All apps, by number.
    ///
    /// # Errors
    /// [`AdminError::Forbidden`].
    pub fn apps(&self, actor: &Actor) -> Result<Vec<AppView>, AdminError> {
        self.perform(actor, &AppCommand::List, 0)
    }

    /// One app.
    ///
    /// # Errors
    /// [`AdminError::Forbidden`] or [`AdminError::NotFound`].
    pub fn app(&self, actor: &Actor, number: u32, now: u64) -> Result<AppView, AdminError> {
        self.perform_on(actor, number, AppCommand::Show, now)
    }

    /// Makes an app. What is returned holds its appkey and its secret, which nobody can find out later.
    ///
    /// # Errors
    /// As [`Administration::perform`].
    pub fn create_app(
        &self,
        actor: &Actor,
        name: &str,
        settings: &SettingChanges,
        now: u64,
    ) -> Result<AppView, AdminError> {
        let command = AppCommand::Create { name: name.to_owned(), settings: settings.clone() };
        only(self.perform(actor, &command, now)?, name)
    }

    /// Changes settings of an app.
    ///
    /// # Errors
    /// As [`Administration::perform`], or [`AdminError::NotFound`].
    pub fn change_app(
        &self,
        actor: &Actor,
        number: u32,
        settings: &SettingChanges,
        now: u64,
    ) -> Result<AppView, AdminError> {
        self.perform_on(actor, number, |name| AppCommand::Set { name, settings: settings.clone() }, now)
    }

    /// Switches an app on or off.
    ///
    /// # Errors
    /// As [`Administration::change_app`].
    pub fn enable_app(&self, actor: &Actor, number: u32, enabled: bool, now: u64) -> Result<AppView, AdminError> {
        let command = if enabled { AppCommand::Enable } else { AppCommand::Disable };
        self.perform_on(actor, number, command, now)
    }

    /// Gives an app another appkey, which what is returned holds. The old one goes on for so many seconds.
    ///
    /// # Errors
    /// As [`Administration::change_app`].
    pub fn rotate_appkey(&self, actor: &Actor, number: u32, grace_secs: u64, now: u64) -> Result<AppView, AdminError> {
        self.perform_on(actor, number, |name| AppCommand::Rotate { name, grace_secs }, now)
    }

    /// Ends the time for which an app's appkey before the current one is good.
    ///
    /// # Errors
    /// As [`Administration::change_app`].
    pub fn end_grace(&self, actor: &Actor, number: u32, now: u64) -> Result<AppView, AdminError> {
        self.perform_on(actor, number, AppCommand::EndGrace, now)
    }

    /// Gives an app another secret, or its first one, which what is returned holds. The old one goes on for so many
    /// seconds.
    ///
    /// # Errors
    /// As [`Administration::change_app`].
    pub fn rotate_secret(&self, actor: &Actor, number: u32, grace_secs: u64, now: u64) -> Result<AppView, AdminError> {
        self.perform_on(actor, number, |name| AppCommand::RotateSecret { name, grace_secs }, now)
    }

    /// Ends the time for which an app's secret before the current one is good.
    ///
    /// # Errors
    /// As [`Administration::change_app`].
    pub fn end_secret_grace(&self, actor: &Actor, number: u32, now: u64) -> Result<AppView, AdminError> {
        self.perform_on(actor, number, AppCommand::EndSecretGrace, now)
    }

    /// The app of this name, whose key for ALTCHA the actor is about to see, which is written down.
    ///
    /// # Errors
    /// [`AdminError::Forbidden`] or [`AdminError::NotFound`].
    pub fn app_to_show_key_of(&self, actor: &Actor, name: &str, now: u64) -> Result<App, AdminError> {
        actor.check(Scope::AppsWrite)?;
        let app = self.apps.apps().current().by_name(name).map(|live| live.app.clone());
        let app = app.ok_or_else(|| AdminError::NotFound { kind: "app", name: name.to_owned() })?;
        self.note(actor, Action::AppAltchaKeyShown, &app.name, "", now);
        Ok(app)
    }

    /// The same, of the app of this number.
    ///
    /// # Errors
    /// As [`Administration::app_to_show_key_of`].
    pub fn numbered_app_to_show_key_of(&self, actor: &Actor, number: u32, now: u64) -> Result<App, AdminError> {
        actor.check(Scope::AppsWrite)?;
        self.app_to_show_key_of(actor, &self.name_of(number)?, now)
    }

    /// Removes an app for good.
    ///
    /// # Errors
    /// As [`Administration::change_app`].
    pub fn remove_app(&self, actor: &Actor, number: u32, now: u64) -> Result<AppView, AdminError> {
        self.perform_on(actor, number, AppCommand::Remove, now)
    }

    /// Checks that this actor may see what is counted of an app.
    ///
    /// # Errors
    /// [`AdminError::Forbidden`] or [`AdminError::NotFound`].
    pub fn check_may_see_figures(&self, actor: &Actor, number: u32) -> Result<(), AdminError> {
        actor.check(Scope::StatisticsRead)?;
        self.name_of(number).map(drop)
    }

    /// What happened to an app's challenges in the span that ends now.
    ///
    /// # Errors
    /// [`AdminError::Forbidden`], [`AdminError::NotFound`] or [`AdminError::Store`].
    pub fn report(&self, actor: &Actor, number: u32, span: Span, now: u64) -> Result<Report, AdminError> {
        actor.check(Scope::StatisticsRead)?;
        self.name_of(number)?;
        Ok(self.statistics.report(number, span, now)?)
    }

    /// The totals of each of these apps in the span that ends now.
    ///
    /// # Errors
    /// [`AdminError::Forbidden`] or [`AdminError::Store`].
    pub fn totals(&self, actor: &Actor, numbers: &[u32], span: Span, now: u64) -> Result<Vec<Counts>, AdminError> {
        actor.check(Scope::StatisticsRead)?;
        Ok(self.statistics.totals(numbers, span, now)?)
    }

    /// Whether anything of each of these apps looks unlike people just now.
    ///
    /// # Errors
    /// [`AdminError::Forbidden`] or [`AdminError::Store`].
    pub fn are_marked(&self, actor: &Actor, numbers: &[u32], now: u64) -> Result<Vec<bool>, AdminError> {
        actor.check(Scope::StatisticsRead)?;
        let marks = self.statistics.marks(numbers, now)?;
        Ok(marks.iter().map(|marks| !marks.is_empty()).collect())
    }

    fn perform_on(
        &self,
        actor: &Actor,
        number: u32,
        command: impl FnOnce(String) -> AppCommand,
        now: u64,
    ) -> Result<AppView, AdminError> {
        // Who may not even see apps is not told which there are.
        actor.check(Scope::AppsRead).or_else(|_| actor.check(Scope::AppsWrite))?;
        let name = self.name_of(number)?;
        only(self.perform(actor, &command(name.clone()), now)?, &name)
    }

    fn name_of(&self, number: u32) -> Result<String, AdminError> {
        let live = self.apps.apps().current().by_number(number).map(|live| live.app.name.clone());
        live.ok_or_else(|| AdminError::NotFound { kind: "app", name: number.to_string() })
    }
}

fn only(apps: Vec<AppView>, name: &str) -> Result<AppView, AdminError> {
    apps.into_iter().next().ok_or_else(|| AdminError::NotFound { kind: "app", name: name.to_owned() })
}

/// What the audit log says of a command, if it changes anything.
fn described(command: &AppCommand) -> Option<(Action, String)> {
    Some(match command {
        AppCommand::List | AppCommand::Show(_) => return None,
        AppCommand::Create { settings, .. } => (Action::AppCreated, listed(settings)),
        AppCommand::Set { settings, .. } => (Action::AppChanged, listed(settings)),
        AppCommand::Rotate { grace_secs, .. } => (Action::AppRotated, grace(*grace_secs)),
        AppCommand::EndGrace(_) => (Action::AppGraceEnded, String::new()),
        AppCommand::RotateSecret { grace_secs, .. } => (Action::AppSecretRotated, grace(*grace_secs)),
        AppCommand::EndSecretGrace(_) => (Action::AppSecretGraceEnded, String::new()),
        AppCommand::Disable(_) => (Action::AppDisabled, String::new()),
        AppCommand::Enable(_) => (Action::AppEnabled, String::new()),
        AppCommand::Remove(_) => (Action::AppRemoved, String::new()),
    })
}

fn grace(secs: u64) -> String {
    if secs == 0 { String::new() } else { format!("grace_secs={secs}") }
}

/// Settings as `name=value`, with commas between them.
fn listed(settings: &SettingChanges) -> String {
    let settings = serde_json::to_value(settings).unwrap_or_default();
    let settings = settings.as_object().into_iter().flatten();
    let text = |(name, value): (&String, &serde_json::Value)| match value.as_str() {
        Some(value) => format!("{name}={value}"),
        None => format!("{name}={value}"),
    };
    settings.map(text).collect::<Vec<_>>().join(", ")
}
