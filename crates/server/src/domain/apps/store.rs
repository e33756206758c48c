//! Apps, as they are made and changed: kept in the embedded database or, where nodes share a ledger in Redis, there.
//!
//! A change is one durable transaction, and then the snapshot that requests read is replaced. When a transaction fails,
//! nobody knows whether it was stored, so the next change reads everything again before it begins. So it does where
//! another node may have made a change since.

mod database;
pub(crate) mod record;
mod remote;
mod tables;

use std::{
    collections::HashSet,
    ops::ControlFlow,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub(crate) use self::database::back_up;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use self::remote::apps_of;
use self::{
    remote::RemoteTables,
    tables::{Change, Tables},
};
use super::{
    APPS_GONE, App, AppKey, AppName, AppSecret, AppSettings, Apps, Credential, DeclaredApp, MAX_APPS, NameError,
    Previous, STORED_NUMBERS, SettingChanges, SettingError, SiteKey, credential::Form,
};
use crate::{
    domain::lifetime::LONGEST_LIFE_SECS,
    keep::{
        remote::{RemoteAddress, RemoteError},
        store::{Store, StoreError},
    },
};

/// How often a change is tried that other nodes forestall.
const MAX_TRIES: usize = 20;

/// The apps of one installation, stored and declared.
pub struct AppStore {
    tables: Tables,
    apps: Arc<Apps>,
    /// Held from reading the apps until the changed ones are shown, so that no change undoes another.
    changing: Mutex<Snapshot>,
}

/// How the snapshot stands to the database.
#[derive(Default)]
struct Snapshot {
    /// Whether something was written, or may have been in spite of an error, that is not shown.
    is_stale: bool,
}

/// An app that was made just now, with what nobody can find out later.
#[derive(Debug)]
pub struct MadeApp {
    /// The app.
    pub app: App,
    /// Its appkey.
    pub appkey: AppKey,
    /// Its secret.
    pub secret: AppSecret,
}

/// Why an app was not made, found or changed.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The name is not one.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The name is another app's, or looks like it.
    #[error("there already is an app called {0:?}")]
    NameTaken(String),
    /// No app has this name.
    #[error("there is no app called {0:?}")]
    NoSuchApp(String),
    /// It can be changed in the configuration file only.
    #[error("the app {0:?} is declared in the configuration file, and can only be changed there")]
    Declared(String),
    /// A setting is out of its range.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// There are [`MAX_APPS`].
    #[error("there are {MAX_APPS} apps, and no installation holds more: remove one first")]
    Full,
    /// All numbers were given away within the lifetime of a key.
    #[error("too many apps were made and removed within an hour: wait a little")]
    NoNumberLeft,
    /// The system gave no random bytes.
    #[error("the system gives no random bytes for an appkey or a secret: {0}")]
    Random(String),
    /// Others changed the apps at the same moment, again and again.
    #[error("other nodes keep changing the apps: try again")]
    Conflict,
    /// The database failed.
    #[error("the apps could not be stored: {0}")]
    Storage(#[from] StoreError),
}

/// Why the apps could not be read, or cannot stand together.
#[derive(Debug, thiserror::Error)]
pub enum OpenAppsError {
    /// The database failed.
    #[error("the apps could not be read: {0}")]
    Storage(#[from] StoreError),
    /// Redis.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// A declared app has a stored one's name.
    #[error("the app {0:?} is declared in the configuration file, but a stored app has that name: remove one of them")]
    SameName(String),
    /// A declared app has a stored one's appkey.
    #[error("the app {0:?}, which is declared in the configuration file, has the appkey of the stored app {1:?}")]
    SameAppKey(String, String),
    /// A declared app has a stored one's site key.
    #[error("the app {0:?}, which is declared in the configuration file, has the site_key of the stored app {1:?}")]
    SameSiteKey(String, String),
    /// A declared app has a stored one's secret.
    #[error("the app {0:?}, which is declared in the configuration file, has the secret of the stored app {1:?}")]
    SameSecret(String, String),
    /// Together they are more than [`MAX_APPS`].
    #[error("there are {0} apps, and {MAX_APPS} is the most that one installation holds")]
    TooMany(usize),
}

impl AppStore {
    /// Reads the stored apps and joins the declared ones to them.
    ///
    /// # Errors
    /// If the database fails or contradicts itself, or a declared app clashes with a stored one.
    pub fn open(store: Store, declared: &[DeclaredApp]) -> Result<Self, OpenAppsError> {
        Self::new(Tables::Database(store), declared)
    }

    /// As [`AppStore::open`], with the apps that all nodes share in Redis.
    ///
    /// # Errors
    /// As [`AppStore::open`], or if Redis cannot be used.
    pub fn open_shared(address: &RemoteAddress, declared: &[DeclaredApp]) -> Result<Self, OpenAppsError> {
        Self::new(Tables::Remote(RemoteTables::open(address)?), declared)
    }

    fn new(tables: Tables, declared: &[DeclaredApp]) -> Result<Self, OpenAppsError> {
        let stored = checked(tables.read()?)?;
        check_together(&stored, declared)?;
        let apps = Arc::new(Apps::default());
        apps.replace(stored.into_iter().chain(declared.iter().map(App::from)).collect());
        Ok(Self { tables, apps, changing: Mutex::default() })
    }

    /// From now on shows what other nodes change, if they share the apps.
    pub fn follow(self: &Arc<Self>) {
        let Tables::Remote(tables) = &self.tables else { return };
        let store = Arc::downgrade(self);
        let mut is_cut_off = false;
        tables.watch(move || {
            let Some(store) = store.upgrade() else { return ControlFlow::Break(()) };
            let looked = store.begin().map(drop);
            match &looked {
                Ok(()) if is_cut_off => tracing::info!("changes of apps can be seen again"),
                Err(error) if !is_cut_off => {
                    tracing::warn!(%error, "changes of apps cannot be seen, so they stay as they are");
                }
                _ => {}
            }
            is_cut_off = looked.is_err();
            ControlFlow::Continue(())
        });
    }

    /// The snapshot that requests read.
    #[must_use]
    pub fn apps(&self) -> &Arc<Apps> {
        &self.apps
    }

    /// How many apps there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.apps.current().count()
    }

    /// All apps, by number.
    #[must_use]
    pub fn list(&self) -> Vec<App> {
        self.apps.current().all().into_iter().map(|live| live.app.clone()).collect()
    }

    /// The app of this name.
    ///
    /// # Errors
    /// [`AppError::NoSuchApp`].
    pub fn show(&self, name: &str) -> Result<App, AppError> {
        let live = self.apps.current().by_name(name).map(Arc::clone);
        live.map(|live| live.app.clone()).ok_or_else(|| AppError::NoSuchApp(name.to_owned()))
    }

    /// Makes an app, and returns it with its appkey and its secret, which nobody can find out later.
    ///
    /// # Errors
    /// Any [`AppError`] but [`AppError::NoSuchApp`] and [`AppError::Declared`].
    pub fn create(&self, name: &str, changes: &SettingChanges, now: u64) -> Result<MadeApp, AppError> {
        let name = AppName::chosen(name)?;
        let settings = changes.applied_to(&AppSettings::default())?;
        let (appkey, secret): (AppKey, AppSecret) = (random()?, random()?);
        let app = App {
            site_key: Some(SiteKey::of(&appkey.hash())),
            secret_sha256: Some(secret.hash()),
            created_at: Some(now),
            settings,
            ..App::new(0, name, appkey.hash())
        };
        let app = persistently(|| self.add(&app, now))?;
        Ok(MadeApp { app, appkey, secret })
    }

    /// Stores an app under a number that nobody has.
    fn add(&self, app: &App, now: u64) -> Result<App, AppError> {
        let mut snapshot = self.begin()?;
        self.check_room_for(&app.name)?;
        let app = self.write(&mut snapshot, |change| {
            let app = App { number: free_number(change, now)?, ..app.clone() };
            change.put_app(&app)?;
            Ok(app)
        })?;
        self.publish(&mut snapshot, app.number, Some(app.clone()));
        Ok(app)
    }

    /// Changes settings of an app, and returns it as it is then.
    ///
    /// # Errors
    /// [`AppError::NoSuchApp`], [`AppError::Declared`], [`AppError::Setting`] or [`AppError::Storage`].
    pub fn set(&self, name: &str, changes: &SettingChanges) -> Result<App, AppError> {
        self.change(name, |app| {
            app.settings = changes.applied_to(&app.settings)?;
            Ok(())
        })
    }

    /// Switches an app on or off.
    ///
    /// # Errors
    /// [`AppError::NoSuchApp`], [`AppError::Declared`] or [`AppError::Storage`].
    pub fn set_enabled(&self, name: &str, enabled: bool) -> Result<App, AppError> {
        self.change(name, |app| {
            app.enabled = enabled;
            Ok(())
        })
    }

    /// Gives an app another appkey. The old one is good until this Unix time, if one is given, and one before it no
    /// longer; keys that they issued live on.
    ///
    /// # Errors
    /// [`AppError::NoSuchApp`], [`AppError::Declared`], [`AppError::Random`] or [`AppError::Storage`].
    pub fn rotate(&self, name: &str, old_until: Option<u64>) -> Result<(App, AppKey), AppError> {
        let appkey: AppKey = random()?;
        let app = self.change(name, |app| {
            app.previous_appkey = old_until.map(|until| Previous { sha256: app.appkey_sha256, until });
            app.appkey_sha256 = appkey.hash();
            Ok(())
        })?;
        Ok((app, appkey))
    }

    /// Gives an app another secret, or its first one; the old one is treated as [`AppStore::rotate`] treats an appkey.
    ///
    /// # Errors
    /// As [`AppStore::rotate`].
    pub fn rotate_secret(&self, name: &str, old_until: Option<u64>) -> Result<(App, AppSecret), AppError> {
        let secret: AppSecret = random()?;
        let app = self.change(name, |app| {
            let old = app.secret_sha256.replace(secret.hash());
            app.previous_secret = old.zip(old_until).map(|(sha256, until)| Previous { sha256, until });
            Ok(())
        })?;
        Ok((app, secret))
    }

    /// Ends the time for which an app's appkey before the current one is good.
    ///
    /// # Errors
    /// [`AppError::NoSuchApp`], [`AppError::Declared`] or [`AppError::Storage`].
    pub fn end_grace(&self, name: &str) -> Result<App, AppError> {
        self.change(name, |app| {
            app.previous_appkey = None;
            Ok(())
        })
    }

    /// Ends the time for which an app's secret before the current one is good.
    ///
    /// # Errors
    /// As [`AppStore::end_grace`].
    pub fn end_secret_grace(&self, name: &str) -> Result<App, AppError> {
        self.change(name, |app| {
            app.previous_secret = None;
            Ok(())
        })
    }

    /// Removes an app, and returns what it was. Its keys are worth nothing from then on.
    ///
    /// # Errors
    /// [`AppError::NoSuchApp`], [`AppError::Declared`] or [`AppError::Storage`].
    pub fn remove(&self, name: &str, now: u64) -> Result<App, AppError> {
        persistently(|| {
            let mut snapshot = self.begin()?;
            let app = self.changeable(name)?;
            self.write(&mut snapshot, |change| Ok(change.remove_app(app.number, now)?))?;
            self.publish(&mut snapshot, app.number, None);
            Ok(app)
        })
    }

    fn change(&self, name: &str, change: impl Fn(&mut App) -> Result<(), AppError>) -> Result<App, AppError> {
        persistently(|| {
            let mut snapshot = self.begin()?;
            let mut app = self.changeable(name)?;
            // Before the change, since it may be the appkey that changes.
            app.site_key = Some(app.site_key());
            change(&mut app)?;
            self.write(&mut snapshot, |change| Ok(change.put_app(&app)?))?;
            self.publish(&mut snapshot, app.number, Some(app.clone()));
            Ok(app)
        })
    }

    fn changeable(&self, name: &str) -> Result<App, AppError> {
        let app = self.show(name)?;
        if app.declared { Err(AppError::Declared(app.name)) } else { Ok(app) }
    }

    fn check_room_for(&self, name: &str) -> Result<(), AppError> {
        let registry = self.apps.current();
        let all = registry.all();
        if let Some(other) = AppName::look_alike(name, all.iter().map(|live| live.app.name.as_str())) {
            return Err(AppError::NameTaken(other.to_owned()));
        }
        if registry.count() < MAX_APPS { Ok(()) } else { Err(AppError::Full) }
    }

    /// Stores a change, which is then to be [published](Self::publish).
    fn write<Outcome>(
        &self,
        snapshot: &mut Snapshot,
        change: impl FnOnce(&mut Change<'_>) -> Result<Outcome, AppError>,
    ) -> Result<Outcome, AppError> {
        snapshot.is_stale = true;
        self.tables.write(change)
    }

    /// Shows requests the apps with this one added, replaced or, without it, taken away.
    fn publish(&self, snapshot: &mut Snapshot, number: u32, app: Option<App>) {
        let others = self.list().into_iter().filter(|other| other.number != number);
        self.apps.replace(others.chain(app).collect());
        snapshot.is_stale = false;
        self.show_gone();
    }

    /// Begins a change. If the last one failed, or another node made one, it shows first what is really stored.
    fn begin(&self) -> Result<MutexGuard<'_, Snapshot>, StoreError> {
        let mut snapshot = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        if snapshot.is_stale || self.tables.have_changed()? {
            let declared = self.list().into_iter().filter(|app| app.declared);
            let stored = checked(self.tables.read_after_failure()?)?;
            self.apps.replace(stored.into_iter().chain(declared).collect());
            snapshot.is_stale = false;
            self.show_gone();
        }
        Ok(snapshot)
    }

    /// Says so if the stored apps are gone, or are there again.
    fn show_gone(&self) {
        let gone = self.tables.gone();
        match (self.apps.set_gone(gone), gone) {
            (0, 1..) => tracing::error!(apps = gone, "{APPS_GONE}"),
            (1.., 0) => tracing::warn!(apps = self.count(), "there are apps in Redis again"),
            _ => {}
        }
    }
}

/// The stored apps, if commands can tell them apart.
fn checked(stored: Vec<App>) -> Result<Vec<App>, StoreError> {
    let mut names = HashSet::new();
    match stored.iter().find(|app| !names.insert(app.name.as_str())) {
        Some(twin) => Err(StoreError::Format { cause: format!("it holds two apps called {:?}", twin.name) }),
        None => Ok(stored),
    }
}

/// Tries again what other nodes forestalled.
fn persistently<Outcome>(attempt: impl Fn() -> Result<Outcome, AppError>) -> Result<Outcome, AppError> {
    for _ in 1..MAX_TRIES {
        match attempt() {
            Err(AppError::Conflict) => {}
            other => return other,
        }
    }
    attempt()
}

fn random<F: Form>() -> Result<Credential<F>, AppError> {
    Credential::random().map_err(|error| AppError::Random(error.to_string()))
}

fn free_number(change: &mut Change<'_>, now: u64) -> Result<u32, AppError> {
    change.forget_removed_before(now.saturating_sub(LONGEST_LIFE_SECS))?;
    change.take_number(STORED_NUMBERS)?.ok_or(AppError::NoNumberLeft)
}

fn check_together(stored: &[App], declared: &[DeclaredApp]) -> Result<(), OpenAppsError> {
    for app in declared {
        let name = app.name.as_str();
        if stored.iter().any(|other| other.name == name) {
            return Err(OpenAppsError::SameName(name.to_owned()));
        }
        if let Some(other) = stored.iter().find(|other| other.appkey_sha256 == app.appkey_sha256) {
            return Err(OpenAppsError::SameAppKey(name.to_owned(), other.name.clone()));
        }
        if let Some(other) = stored.iter().find(|other| other.site_key() == app.site_key()) {
            return Err(OpenAppsError::SameSiteKey(name.to_owned(), other.name.clone()));
        }
        let has_secret_of = |other: &&App| app.secret_sha256.is_some() && other.secret_sha256 == app.secret_sha256;
        if let Some(other) = stored.iter().find(has_secret_of) {
            return Err(OpenAppsError::SameSecret(name.to_owned(), other.name.clone()));
        }
    }
    let count = stored.len() + declared.len();
    if count > MAX_APPS { Err(OpenAppsError::TooMany(count)) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
