//! The apps as requests see them: an immutable snapshot, swapped whole.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use arc_swap::{ArcSwap, Guard};
use haechi_captcha::{Language, Look};

use super::{App, AppKey, AppKeyHash, AppSecret, AppSecretHash, SiteKey};
use crate::domain::{counters::Counters, limits::gcra::Budget};

/// The current [`Registry`], shared by all requests.
#[derive(Default)]
pub struct Apps {
    current: ArcSwap<Registry>,
    /// How many stored apps nobody removed and are not there any more.
    gone: AtomicUsize,
}

impl Apps {
    /// The apps as they are now. The snapshot stays as it is while it is held.
    pub fn current(&self) -> Guard<Arc<Registry>> {
        self.current.load()
    }

    /// How many stored apps are gone although nobody removed them: what holds them was emptied, and holds no others
    /// since.
    #[must_use]
    pub fn gone(&self) -> usize {
        self.gone.load(Ordering::Relaxed)
    }

    /// Returns what the number was before.
    pub(super) fn set_gone(&self, gone: usize) -> usize {
        self.gone.swap(gone, Ordering::Relaxed)
    }

    /// Replaces all apps at once. An app goes on with its counters, and if its rate limit is as before, with its count.
    pub fn replace(&self, apps: Vec<App>) {
        let registry = Registry::new(apps, &self.current());
        self.current.store(Arc::new(registry));
    }
}

/// All apps, found by any of their names or by the number in a key.
#[derive(Default)]
pub struct Registry {
    by_appkey: HashMap<AppKeyHash, Arc<LiveApp>>,
    by_previous_appkey: HashMap<AppKeyHash, Arc<LiveApp>>,
    by_site_key: HashMap<SiteKey, Arc<LiveApp>>,
    by_secret: HashMap<AppSecretHash, Arc<LiveApp>>,
    by_previous_secret: HashMap<AppSecretHash, Arc<LiveApp>>,
    by_number: HashMap<u32, Arc<LiveApp>>,
}

/// An app, with what its settings come down to for each request.
pub struct LiveApp {
    /// The app itself.
    pub app: App,
    /// The picture that it shows, at scale 1.
    pub look: Look,
    /// The language that it speaks when nobody asks for another.
    pub language: Language,
    /// What happens to its challenges.
    pub counters: Arc<Counters>,
    /// Of its rate limit, if it has one.
    budget: Option<Arc<Budget>>,
}

impl Registry {
    fn new(apps: Vec<App>, before: &Self) -> Self {
        let mut registry = Self::default();
        for app in apps {
            registry.add(&Arc::new(LiveApp::new(app, before)));
        }
        registry
    }

    fn add(&mut self, live: &Arc<LiveApp>) {
        let app = &live.app;
        let named = || Arc::clone(live);
        self.by_appkey.insert(app.appkey_sha256, named());
        self.by_previous_appkey.extend(app.previous_appkey.map(|previous| (previous.sha256, named())));
        self.by_site_key.insert(app.site_key(), named());
        self.by_secret.extend(app.secret_sha256.map(|secret| (secret, named())));
        self.by_previous_secret.extend(app.previous_secret.map(|previous| (previous.sha256, named())));
        self.by_number.insert(app.number, named());
    }

    /// The app that an appkey names.
    #[must_use]
    pub fn by_appkey(&self, appkey: &AppKey) -> Option<&Arc<LiveApp>> {
        self.by_appkey.get(&appkey.hash())
    }

    /// The app whose appkey was this one, if it is still good at this Unix time.
    #[must_use]
    pub fn by_previous_appkey(&self, appkey: &AppKey, now: u64) -> Option<&Arc<LiveApp>> {
        let live = self.by_previous_appkey.get(&appkey.hash())?;
        live.app.previous_appkey.is_some_and(|previous| previous.is_good(now)).then_some(live)
    }

    /// The app that a site key names.
    #[must_use]
    pub fn by_site_key(&self, site_key: &SiteKey) -> Option<&Arc<LiveApp>> {
        self.by_site_key.get(site_key)
    }

    /// The app that a secret names.
    #[must_use]
    pub fn by_secret(&self, secret: &AppSecret) -> Option<&Arc<LiveApp>> {
        self.by_secret.get(&secret.hash())
    }

    /// The app whose secret was this one, if it is still good at this Unix time.
    #[must_use]
    pub fn by_previous_secret(&self, secret: &AppSecret, now: u64) -> Option<&Arc<LiveApp>> {
        let live = self.by_previous_secret.get(&secret.hash())?;
        live.app.previous_secret.is_some_and(|previous| previous.is_good(now)).then_some(live)
    }

    /// The app that a key names.
    #[must_use]
    pub fn by_number(&self, number: u32) -> Option<&Arc<LiveApp>> {
        self.by_number.get(&number)
    }

    /// The app of this name.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&Arc<LiveApp>> {
        self.by_number.values().find(|live| live.app.name == name)
    }

    /// How many apps there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.by_number.len()
    }

    /// All apps, by number.
    #[must_use]
    pub fn all(&self) -> Vec<&Arc<LiveApp>> {
        let mut apps: Vec<_> = self.by_number.values().collect();
        apps.sort_by_key(|live| live.app.number);
        apps
    }
}

impl LiveApp {
    fn new(app: App, before: &Registry) -> Self {
        let rate = app.settings.rate_per_sec;
        let before = before.by_number(app.number);
        let counters = before.map(|live| Arc::clone(&live.counters)).unwrap_or_default();
        let budget = match before {
            Some(live) if live.app.settings.rate_per_sec == rate => live.budget.clone(),
            _ => NonZeroU32::new(rate).map(|rate| Arc::new(Budget::per_second(rate))),
        };
        Self { look: app.settings.look(), language: app.settings.lang, app, counters, budget }
    }

    /// Counts one challenge, or says that the app's rate limit is reached.
    #[must_use]
    pub fn may_issue(&self) -> bool {
        self.budget.as_ref().is_none_or(|budget| budget.take())
    }

    /// Whether a key issued at this Unix time can still be answered.
    #[must_use]
    pub fn is_within_time(&self, issued_at: u64, now: u64) -> bool {
        now < self.expires_at(issued_at)
    }

    /// The Unix time from which a key issued at this one counts as expired.
    #[must_use]
    pub fn expires_at(&self, issued_at: u64) -> u64 {
        self.app.expires_at(issued_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::apps::{AppSettings, Previous};

    fn app(number: u32, settings: AppSettings) -> App {
        let appkey = AppKey::from_bytes([number as u8; 32]);
        App { settings, ..App::new(number, format!("app {number}"), appkey.hash()) }
    }

    fn counters(apps: &Apps, number: u32) -> Arc<Counters> {
        Arc::clone(&apps.current().by_number(number).unwrap().counters)
    }

    #[test]
    fn an_app_keeps_its_counters_when_apps_are_replaced() {
        let apps = Apps::default();
        apps.replace(vec![app(1, AppSettings::default())]);
        let first = counters(&apps, 1);
        let changed = AppSettings { rate_per_sec: 5, ttl_secs: 60, ..AppSettings::default() };
        apps.replace(vec![app(1, changed), app(2, AppSettings::default())]);
        assert!(Arc::ptr_eq(&first, &counters(&apps, 1)));
        assert!(!Arc::ptr_eq(&first, &counters(&apps, 2)));
    }

    #[test]
    fn an_app_is_found_by_each_of_its_names() {
        let [secret, before] = [1, 2].map(|byte| AppSecret::from_bytes([byte; 20]));
        let previous_secret = Some(Previous { sha256: before.hash(), until: 1_000 });
        let app = App { secret_sha256: Some(secret.hash()), previous_secret, ..app(1, AppSettings::default()) };
        let site_key = app.site_key();
        let apps = Apps::default();
        apps.replace(vec![app]);
        let registry = apps.current();
        assert!(registry.by_site_key(&site_key).is_some() && registry.by_secret(&secret).is_some());
        assert!(registry.by_secret(&before).is_none() && registry.by_previous_secret(&secret, 0).is_none());
        assert!(registry.by_previous_secret(&before, 999).is_some());
        assert!(registry.by_previous_secret(&before, 1_000).is_none());
    }
}
