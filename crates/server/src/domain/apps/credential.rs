//! The secret names of an app: its appkey and its secret. Whoever knows one acts for the app, so each is shown once, and
//! only its hash is kept.

use std::{fmt, marker::PhantomData};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::STORED_NUMBERS;
use crate::hex::{bytes_of, hex};

/// How one kind of secret name is written.
pub trait Form: Copy + Eq + std::hash::Hash {
    /// The random bytes in it.
    type Bytes: Copy + Default + AsRef<[u8]> + AsMut<[u8]>;
    /// What stands before its digits.
    const PREFIX: &'static str;
    /// What the type is called.
    const NAME: &'static str;
}

/// 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AppKeyForm;

/// `0x` and 40 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretForm;

impl Form for AppKeyForm {
    type Bytes = [u8; 32];
    const PREFIX: &'static str = "";
    const NAME: &'static str = "AppKey";
}

impl Form for SecretForm {
    type Bytes = [u8; 20];
    const PREFIX: &'static str = "0x";
    const NAME: &'static str = "AppSecret";
}

/// The secret name under which a customer calls NHN's API: 64 hexadecimal digits.
pub type AppKey = Credential<AppKeyForm>;
/// SHA-256 of an appkey.
pub type AppKeyHash = CredentialHash<AppKeyForm>;
/// The secret name under which a customer calls siteverify: `0x` and 40 hexadecimal digits.
pub type AppSecret = Credential<SecretForm>;
/// SHA-256 of a secret.
pub type AppSecretHash = CredentialHash<SecretForm>;

/// A secret name of an app. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential<F>(String, PhantomData<F>);

/// SHA-256 of a secret name, shown and stored as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String", bound = "F: Form")]
pub struct CredentialHash<F>([u8; 32], PhantomData<F>);

/// A secret name that was replaced and is good until a time, so that a site can change over without a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "F: Form")]
pub struct Previous<F: Form> {
    /// The name, hashed.
    pub sha256: CredentialHash<F>,
    /// Unix time from which on it is unknown, in seconds.
    pub until: u64,
}

impl<F: Form> Credential<F> {
    /// One of these random bytes.
    #[must_use]
    pub fn from_bytes(bytes: F::Bytes) -> Self {
        Self(format!("{}{}", F::PREFIX, hex(bytes.as_ref())), PhantomData)
    }

    /// One that nobody can guess.
    pub(super) fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = F::Bytes::default();
        getrandom::fill(bytes.as_mut())?;
        Ok(Self::from_bytes(bytes))
    }

    /// Reads one, its digits in either case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(F::PREFIX)?;
        let is_whole = digits.len() == 2 * size_of::<F::Bytes>() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_whole.then(|| Self(text.to_ascii_lowercase(), PhantomData))
    }

    /// The text, to be shown once to whoever asked for it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is stored and looked up in its stead.
    #[must_use]
    pub fn hash(&self) -> CredentialHash<F> {
        CredentialHash(Sha256::digest(self.0.as_bytes()).into(), PhantomData)
    }
}

impl<F: Form> Previous<F> {
    /// Whether it is still good at this Unix time.
    #[must_use]
    pub fn is_good(&self, now: u64) -> bool {
        now < self.until
    }
}

impl<F: Form> fmt::Debug for Credential<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(…)", F::NAME)
    }
}

impl<F> CredentialHash<F> {
    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl AppKeyHash {
    /// The number of the app that is declared with this appkey: 19 bits of the hash, above the stored apps' numbers.
    #[must_use]
    pub fn declared_number(&self) -> u32 {
        let bits = u32::from_be_bytes([self.0[0], self.0[1], self.0[2], self.0[3]]);
        STORED_NUMBERS | bits & (STORED_NUMBERS - 1)
    }
}

impl<F: Form> TryFrom<String> for CredentialHash<F> {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let bytes = bytes_of(&text).ok_or("a SHA-256 is 64 hexadecimal digits")?;
        Ok(Self(bytes, PhantomData))
    }
}

impl<F: Form> From<CredentialHash<F>> for String {
    fn from(hash: CredentialHash<F>) -> Self {
        hex(&hash.0)
    }
}

impl<F: Form> fmt::Debug for CredentialHash<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}Hash({}…)", F::NAME, hex(&self.0[..4]))
    }
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
    fn a_secret_is_0x_and_40_hexadecimal_digits_in_either_case() {
        let secret = AppSecret::from_bytes([0xab; 20]);
        assert_eq!(secret.as_str(), format!("0x{}", "ab".repeat(20)));
        assert_eq!(AppSecret::parse(&format!("0x{}", "AB".repeat(20))), Some(secret));
        for wrong in [String::new(), "0x".to_owned(), "ab".repeat(21), "ab".repeat(20), format!("0x{}", "é".repeat(20))]
        {
            assert_eq!(AppSecret::parse(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_hash_is_what_sha256sum_prints() {
        let hash: String = AppKey::from_bytes([0; 32]).hash().into();
        assert_eq!(hash, "60e05bd1b195af2f94112fa7197a5c88289058840ce7c6df9693756bc6250f55");
        assert!(AppKeyHash::try_from(hash).is_ok_and(|hash| hash.declared_number() >= STORED_NUMBERS));
        assert!(AppKeyHash::try_from("é".repeat(32)).is_err());
        let hash: String = AppSecret::from_bytes([0; 20]).hash().into();
        assert_eq!(hash, "0fff9ee671b05ea25f58ed9584635fad2558e23c031003fd52d393bff5973fb0");
    }

    #[test]
    fn debug_shows_no_secret_name() {
        assert_eq!(format!("{:?}", AppKey::from_bytes([0; 32])), "AppKey(…)");
        assert_eq!(format!("{:?}", AppSecret::from_bytes([0; 20])), "AppSecret(…)");
    }
}
