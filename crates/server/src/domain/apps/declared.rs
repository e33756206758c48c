//! Apps that stand in the configuration file.

use std::collections::{HashMap, HashSet};

use super::{App, AppKeyHash, AppName, AppSettings, MAX_APPS};

/// An app as the configuration file declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredApp {
    /// Its name.
    pub name: AppName,
    /// Its appkey, hashed.
    pub appkey_sha256: AppKeyHash,
    /// Whether it issues and judges.
    pub enabled: bool,
    /// Its settings, checked.
    pub settings: AppSettings,
}

impl From<&DeclaredApp> for App {
    fn from(declared: &DeclaredApp) -> Self {
        Self {
            number: declared.appkey_sha256.declared_number(),
            name: declared.name.to_string(),
            appkey_sha256: declared.appkey_sha256,
            previous_appkey: None,
            enabled: declared.enabled,
            declared: true,
            created_at: None,
            settings: declared.settings.clone(),
        }
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
    by_number: HashMap<u32, &'a str>,
}

impl<'a> Earlier<'a> {
    fn clash(&self, app: &DeclaredApp) -> Option<DeclaredError> {
        let (name, appkey) = (app.name.to_string(), app.appkey_sha256);
        if self.names.contains(app.name.as_str()) {
            Some(DeclaredError::SameName(name))
        } else if let Some(&other) = self.by_appkey.get(&appkey) {
            Some(DeclaredError::SameAppKey(other.to_owned(), name))
        } else {
            let &other = self.by_number.get(&appkey.declared_number())?;
            Some(DeclaredError::SameNumber(other.to_owned(), name))
        }
    }

    fn add(&mut self, app: &'a DeclaredApp) {
        let (name, appkey) = (app.name.as_str(), app.appkey_sha256);
        self.names.insert(name);
        self.by_appkey.insert(appkey, name);
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
}
