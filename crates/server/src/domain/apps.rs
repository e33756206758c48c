//! Apps: the customer projects that may issue challenges, and the settings of each.
//!
//! Requests read a [`Registry`]: an immutable snapshot, swapped whole when an app changes.

mod command;
mod credential;
mod declared;
mod hostnames;
mod name;
mod networks;
mod policy;
mod registry;
mod settings;
mod site_key;
mod store;

use serde::{Deserialize, Serialize};

pub use command::{AppCommand, AppView, LONGEST_GRACE_SECS};
pub use credential::{
    AppKey, AppKeyForm, AppKeyHash, AppSecret, AppSecretHash, Credential, CredentialHash, Previous, SecretForm,
};
pub use declared::{DeclaredApp, DeclaredError, check_declared};
pub(crate) use hostnames::is_hostname;
pub use hostnames::{Hostnames, HostnamesError};
pub use name::{AppName, NameError};
pub use networks::{Networks, NetworksError};
pub(crate) use policy::algorithm_named;
pub use policy::{Asking, Policy};
pub use registry::{Apps, LiveApp, Registry};
pub(crate) use settings::Allowed;
pub use settings::{AppSettings, Setting, SettingChanges, SettingError};
pub use site_key::{SiteKey, SiteKeyError};
pub(crate) use store::back_up;
pub use store::{AppError, AppStore, MadeApp, OpenAppsError};
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use store::{apps_of, record};

/// One more than the largest number of an app that the store made; a declared app's number is this or more.
pub const STORED_NUMBERS: u32 = 1 << 19;

/// Most apps that one installation holds, declared ones included.
pub const MAX_APPS: usize = 10_000;

/// What an operator is told when the apps that nodes share are gone.
pub(crate) const APPS_GONE: &str = "the apps that were stored in Redis are gone, and with them users and statistics, \
    though nobody removed them: it was emptied. Put back a backup of Redis, or make an app";

/// What an operator is told of a test app.
const TEST_APP_WARNING: &str = "this is a test app: everybody knows that its answer is TEST5";

/// A customer project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// What keys carry: below [`STORED_NUMBERS`] for a stored app, else derived from a declared app's appkey.
    pub number: u32,
    /// Its unique name, 1 to 64 characters.
    pub name: String,
    /// SHA-256 of the appkey's 64 lower-case hexadecimal digits. The appkey itself is stored nowhere.
    pub appkey_sha256: AppKeyHash,
    /// The appkey before it, if that is still good for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_appkey: Option<Previous<AppKeyForm>>,
    /// Its public name, once it is written down: see [`App::site_key`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site_key: Option<SiteKey>,
    /// SHA-256 of its secret, if it has one. The secret itself is stored nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_sha256: Option<AppSecretHash>,
    /// The secret before it, if that is still good for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_secret: Option<Previous<SecretForm>>,
    /// A disabled app issues and judges nothing.
    pub enabled: bool,
    /// Whether it stands in the configuration file, and so cannot be changed by command.
    pub declared: bool,
    /// Unix time at which it was made, in seconds; of a declared app nobody knows it.
    pub created_at: Option<u64>,
    /// How its challenges are made and judged.
    pub settings: AppSettings,
}

impl App {
    /// An app that is on, with the usual settings.
    #[must_use]
    pub fn new(number: u32, name: impl Into<String>, appkey_sha256: AppKeyHash) -> Self {
        Self {
            number,
            name: name.into(),
            appkey_sha256,
            previous_appkey: None,
            site_key: None,
            secret_sha256: None,
            previous_secret: None,
            enabled: true,
            declared: false,
            created_at: None,
            settings: AppSettings::default(),
        }
    }

    /// The public name under which pages know it. It stays when the appkey and the secret are replaced.
    ///
    /// An app that was stored before there were site keys, and that nobody has changed since, has the one that follows
    /// from its appkey. Every node finds the same, and the next change writes it down.
    #[must_use]
    pub fn site_key(&self) -> SiteKey {
        self.site_key.unwrap_or_else(|| SiteKey::of(&self.appkey_sha256))
    }

    /// The Unix time from which a key issued at this one counts as expired.
    ///
    /// A change of the time to live holds for all keys at once. That no spent key passes again when it grows is for the
    /// ledger to see to.
    #[must_use]
    pub fn expires_at(&self, issued_at: u64) -> u64 {
        issued_at + u64::from(self.settings.ttl_secs)
    }
}
