//! Apps: the customer projects that may issue challenges, and the settings of each.
//!
//! Requests read a [`Registry`]: an immutable snapshot, swapped whole when an app changes.

mod changes;
mod command;
mod declared;
mod name;
mod registry;
mod settings;
mod store;

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use changes::SettingChanges;
pub use command::{AppCommand, AppView, LONGEST_GRACE_SECS};
pub use declared::{DeclaredApp, DeclaredError, check_declared};
pub use name::{AppName, NameError};
pub use registry::{Apps, LiveApp, Registry};
pub use settings::{AppSettings, SettingError};
pub(crate) use store::back_up;
pub use store::{AppError, AppStore, OpenAppsError};
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use store::{apps_of, record};

/// One more than the largest number of an app that the store made; a declared app's number is this or more.
pub const STORED_NUMBERS: u32 = 1 << 19;

/// Most apps that one installation holds, declared ones included.
pub const MAX_APPS: usize = 10_000;

/// What an operator is told of a test app.
pub const TEST_APP_WARNING: &str = "this is a test app: everybody knows that its answer is TEST5";

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
    pub previous_appkey: Option<PreviousAppKey>,
    /// A disabled app issues and judges nothing.
    pub enabled: bool,
    /// Whether it stands in the configuration file, and so cannot be changed by command.
    pub declared: bool,
    /// Unix time at which it was made, in seconds; of a declared app nobody knows it.
    pub created_at: Option<u64>,
    /// How its challenges are made and judged.
    pub settings: AppSettings,
}

/// An appkey that was replaced and is good until a time, so that a site can change over without a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousAppKey {
    /// The appkey, hashed.
    pub sha256: AppKeyHash,
    /// Unix time from which on it is unknown, in seconds.
    pub until: u64,
}

impl App {
    /// The Unix time from which a key issued at this one counts as expired.
    ///
    /// A change of the time to live holds for all keys at once. That no spent key passes again when it grows is for the
    /// ledger to see to.
    #[must_use]
    pub fn expires_at(&self, issued_at: u64) -> u64 {
        issued_at + u64::from(self.settings.ttl_secs)
    }
}

/// The secret name under which a customer calls the API: 64 hexadecimal digits.
#[derive(Clone, PartialEq, Eq)]
pub struct AppKey(String);

impl AppKey {
    /// An appkey of these random bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(hex(&bytes))
    }

    /// Reads 64 hexadecimal digits in either case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_appkey = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_appkey.then(|| Self(text.to_ascii_lowercase()))
    }

    /// The digits, to be shown once to whoever made the app.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is stored and looked up in its stead.
    #[must_use]
    pub fn hash(&self) -> AppKeyHash {
        AppKeyHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for AppKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppKey(…)")
    }
}

/// SHA-256 of an appkey, shown and stored as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AppKeyHash([u8; 32]);

impl AppKeyHash {
    /// The number of the app that is declared with this appkey: 19 bits of the hash, above the stored apps' numbers.
    #[must_use]
    pub fn declared_number(&self) -> u32 {
        let bits = u32::from_be_bytes([self.0[0], self.0[1], self.0[2], self.0[3]]);
        STORED_NUMBERS | bits & (STORED_NUMBERS - 1)
    }
}

impl TryFrom<String> for AppKeyHash {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let malformed = || "an appkey's SHA-256 is 64 hexadecimal digits".to_owned();
        if text.len() != 64 {
            return Err(malformed());
        }
        let value = |digit: u8| char::from(digit).to_digit(16).map(|value| value as u8);
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digits = value(pair[0]).zip(value(pair[1])).ok_or_else(malformed)?;
            *byte = digits.0 << 4 | digits.1;
        }
        Ok(Self(bytes))
    }
}

impl From<AppKeyHash> for String {
    fn from(hash: AppKeyHash) -> Self {
        hex(&hash.0)
    }
}

impl fmt::Debug for AppKeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AppKeyHash({}…)", &hex(&self.0[..4]))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_appkey_is_64_hexadecimal_digits_in_either_case() {
        let example = "2b847e2a0afd82e8ff45434f32e8e6e62bf56bcf83ca1befb3739ed9460eb685";
        let upper = AppKey::parse(&example.to_uppercase()).unwrap();
        assert_eq!(upper.hash(), AppKey::parse(example).unwrap().hash());
        for wrong in ["", "2b", &"g".repeat(64), &"é".repeat(32), &"0".repeat(65)] {
            assert_eq!(AppKey::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_hash_is_what_sha256sum_prints() {
        let hash: String = AppKey::from_bytes([0; 32]).hash().into();
        assert_eq!(hash, "60e05bd1b195af2f94112fa7197a5c88289058840ce7c6df9693756bc6250f55");
        assert!(AppKeyHash::try_from(hash).is_ok_and(|hash| hash.declared_number() >= STORED_NUMBERS));
        assert!(AppKeyHash::try_from("é".repeat(32)).is_err());
    }

    #[test]
    fn debug_does_not_show_an_appkey() {
        assert_eq!(format!("{:?}", AppKey::from_bytes([0; 32])), "AppKey(…)");
    }
}
