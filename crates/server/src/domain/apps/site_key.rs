//! The public name of an app.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::AppKeyHash;
use crate::hex::{bytes_of, hex};

/// What is hashed before the appkey's hash, so that no other use of that hash gives the same.
const LABEL: &str = "haechi site key";

/// The public name under which pages and widgets know an app: a UUID in lower case.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SiteKey([u8; 16]);

/// A text that is no site key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a site key is a UUID, such as 0f8fad5b-d9cb-469f-a165-70867728950e")]
pub struct SiteKeyError;

impl SiteKey {
    /// The site key of an app that has this appkey and has been given no other: the same on every node.
    ///
    /// It says nothing of the appkey, which nobody can guess.
    #[must_use]
    pub fn of(appkey: &AppKeyHash) -> Self {
        let digest = Sha256::new().chain_update(LABEL).chain_update(appkey.as_bytes()).finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        // Version 4 and the usual variant: the others are random.
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Self(bytes)
    }

    /// Whether a text is this site key, its digits in either case.
    #[must_use]
    pub fn is_written(&self, text: &str) -> bool {
        text.parse() == Ok(*self)
    }
}

impl FromStr for SiteKey {
    type Err = SiteKeyError;

    fn from_str(text: &str) -> Result<Self, SiteKeyError> {
        // Four hyphens after the right digits, and no others, since those are none.
        let mut digits = [0; 32];
        let (mut given, mut taken) = (text.bytes(), 0);
        for group in [8, 4, 4, 4, 12] {
            if taken > 0 && given.next() != Some(b'-') {
                return Err(SiteKeyError);
            }
            for digit in &mut digits[taken..taken + group] {
                *digit = given.next().ok_or(SiteKeyError)?;
            }
            taken += group;
        }
        let digits = str::from_utf8(&digits).map_err(|_| SiteKeyError)?;
        if given.next().is_some() { Err(SiteKeyError) } else { bytes_of(digits).map(Self).ok_or(SiteKeyError) }
    }
}

impl TryFrom<String> for SiteKey {
    type Error = SiteKeyError;

    fn try_from(text: String) -> Result<Self, SiteKeyError> {
        text.parse()
    }
}

impl From<SiteKey> for String {
    fn from(site_key: SiteKey) -> Self {
        site_key.to_string()
    }
}

impl fmt::Display for SiteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = hex(&self.0);
        let groups = [0..8, 8..12, 12..16, 16..20, 20..32].map(|group| &digits[group]);
        f.write_str(&groups.join("-"))
    }
}

impl fmt::Debug for SiteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SiteKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::apps::AppKey;

    #[test]
    fn a_site_key_is_a_uuid_in_either_case() {
        let example = "0f8fad5b-d9cb-469f-a165-70867728950e";
        let read: SiteKey = example.to_uppercase().parse().unwrap();
        assert_eq!(read.to_string(), example);
        for wrong in ["", "0f8fad5bd9cb469fa16570867728950e", "0f8fad5b-d9cb-469f-a165-70867728950g", "{}", "----"] {
            assert_eq!(wrong.parse::<SiteKey>(), Err(SiteKeyError), "{wrong}");
        }
    }

    /// Apps of earlier versions have theirs from this, so it can never be another.
    #[test]
    fn an_appkey_gives_the_same_site_key_for_ever() {
        let site_key = SiteKey::of(&AppKey::from_bytes([0; 32]).hash());
        assert_eq!(site_key.to_string(), "664db944-a3d8-4920-9fcd-cd1e79078b0d");
    }
}
