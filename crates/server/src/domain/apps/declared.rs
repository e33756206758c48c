//! Apps that stand in the configuration file.

use std::collections::{HashMap, HashSet};

use super::{App, AppKeyHash, AppName, AppSecretHash, AppSettings, MAX_APPS, SiteKey};

/// An app as the configuration file declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredApp {
    /// Its name.
    pub name: AppName,
    /// Its appkey, hashed.
    pub appkey_sha256: AppKeyHash,
    /// Its site key, unless it is the one that follows from the appkey.
    pub site_key: Option<SiteKey>,
    /// Its secret, hashed, if it has one.
    pub secret_sha256: Option<AppSecretHash>,
    /// Whether it issues and judges.
    pub enabled: bool,
    /// Its settings, checked.
    pub settings: AppSettings,
}

impl From<&DeclaredApp> for App {
    fn from(declared: &DeclaredApp) -> Self {
        Self {
            site_key: Some(declared.site_key()),
            secret_sha256: declared.secret_sha256,
            enabled: declared.enabled,
            declared: true,
            settings: declared.settings.clone(),
            ..Self::new(declared.appkey_sha256.declared_number(), declared.name.as_str(), declared.appkey_sha256)
        }
    }
}

impl DeclaredApp {
    /// As [`App::site_key`].
    #[must_use]
    pub fn site_key(&self) -> SiteKey {
        self.site_key.unwrap_or_else(|| SiteKey::of(&self.appkey_sha256))
    }
}

/// Why apps cannot be declared together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeclaredError {
    /// Two have one name.
    #[error("two apps are called {0:?}")]
    SameName(String),
    /// Two have one appkey.
    #[error("the apps {0:?} and {1:?} have the same appkey")]
    SameAppKey(String, String),
    /// Two have one site key.
    #[error("the apps {0:?} and {1:?} have the same site_key")]
    SameSiteKey(String, String),
    /// Two have one secret.
    #[error("the apps {0:?} and {1:?} have the same secret")]
    SameSecret(String, String),
    /// The appkeys of two give one number, which keys carry to say which app issued them.
    #[error("the appkeys of the apps {0:?} and {1:?} give the same app number: give one of them another appkey")]
    SameNumber(String, String),
    /// There are more than [`MAX_APPS`].
    #[error("{0} apps are declared, and {MAX_APPS} is the most that one installation holds")]
    TooMany(usize),
}

/// Finds every app that cannot stand beside an earlier one, with its place in the list.
#[must_use]
pub fn check_declared(apps: &[DeclaredApp]) -> Vec<(usize, DeclaredError)> {
    let mut earlier = Earlier::default();
    let mut errors = Vec::new();
    for (index, app) in apps.iter().enumerate() {
        match earlier.clash(app) {
            Some(error) => errors.push((index, error)),
            None => earlier.add(app),
        }
    }
    if apps.len() > MAX_APPS {
        errors.push((MAX_APPS, DeclaredError::TooMany(apps.len())));
    }
    errors
}

/// The apps before one, by whatever must be unique.
#[derive(Default)]
struct Earlier<'a> {
    names: HashSet<&'a str>,
    by_appkey: HashMap<AppKeyHash, &'a str>,
    by_site_key: HashMap<SiteKey, &'a str>,
    by_secret: HashMap<AppSecretHash, &'a str>,
    by_number: HashMap<u32, &'a str>,
}

impl<'a> Earlier<'a> {
    fn clash(&self, app: &DeclaredApp) -> Option<DeclaredError> {
        let (name, appkey) = (app.name.to_string(), app.appkey_sha256);
        if self.names.contains(app.name.as_str()) {
            Some(DeclaredError::SameName(name))
        } else if let Some(&other) = self.by_appkey.get(&appkey) {
            Some(DeclaredError::SameAppKey(other.to_owned(), name))
        } else if let Some(&other) = self.by_site_key.get(&app.site_key()) {
            Some(DeclaredError::SameSiteKey(other.to_owned(), name))
        } else if let Some(&other) = app.secret_sha256.and_then(|secret| self.by_secret.get(&secret)) {
            Some(DeclaredError::SameSecret(other.to_owned(), name))
        } else {
            let &other = self.by_number.get(&appkey.declared_number())?;
            Some(DeclaredError::SameNumber(other.to_owned(), name))
        }
    }

    fn add(&mut self, app: &'a DeclaredApp) {
        let (name, appkey) = (app.name.as_str(), app.appkey_sha256);
        self.names.insert(name);
        self.by_appkey.insert(appkey, name);
        self.by_site_key.insert(app.site_key(), name);
        self.by_secret.extend(app.secret_sha256.map(|secret| (secret, name)));
        self.by_number.insert(appkey.declared_number(), name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(name: &str, hash_start: &str) -> DeclaredApp {
        let hash = format!("{hash_start}{}", "0".repeat(64 - hash_start.len()));
        DeclaredApp {
            name: name.parse().unwrap(),
            appkey_sha256: hash.try_into().unwrap(),
            site_key: None,
            secret_sha256: None,
            enabled: true,
            settings: AppSettings::default(),
        }
    }

    fn check(apps: &[DeclaredApp], expected: &[(usize, DeclaredError)]) {
        assert_eq!(check_declared(apps), expected);
    }

    #[test]
    fn apps_differ_in_name_appkey_and_number() {
        check(&[], &[]);
        check(&[app("a", "00000001"), app("b", "00000002")], &[]);
        check(&[app("a", "00000001"), app("a", "00000002")], &[(1, DeclaredError::SameName("a".to_owned()))]);
        let same = DeclaredError::SameAppKey("a".to_owned(), "b".to_owned());
        check(&[app("a", "00000001"), app("b", "00000001")], &[(1, same)]);
        // The number is in the last 19 of the first 32 bits.
        let same = DeclaredError::SameNumber("a".to_owned(), "c".to_owned());
        check(&[app("a", "00000001"), app("b", "00000002"), app("c", "00080001")], &[(2, same)]);
    }

    #[test]
    fn apps_differ_in_site_key_and_secret() {
        let secret = Some(crate::domain::apps::AppSecret::from_bytes([1; 20]).hash());
        let (one, other) = (app("a", "00000001"), app("b", "00000002"));
        let site_key = Some(one.site_key());
        let same = DeclaredError::SameSiteKey("a".to_owned(), "b".to_owned());
        check(&[one.clone(), DeclaredApp { site_key, ..other.clone() }], &[(1, same)]);
        let same = DeclaredError::SameSecret("a".to_owned(), "b".to_owned());
        let [one, other] = [one, other].map(|app| DeclaredApp { secret_sha256: secret, ..app });
        check(&[one, other], &[(1, same)]);
    }
}
