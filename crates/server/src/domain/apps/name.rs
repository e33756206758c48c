//! Names of apps.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What an app is called: 1 to 64 letters of any script, digits, spaces, hyphens, underscores and full stops, without a
/// space at either end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AppName(String);

/// A text that is no app's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an app's name is 1 to 64 letters, digits, spaces, '-', '_' or '.', with no space at either end")]
pub struct NameError;

impl AppName {
    /// Most characters in a name.
    pub const MAX_LENGTH: usize = 64;

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AppName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for AppName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        let is_allowed = |character: char| character.is_alphanumeric() || " -_.".contains(character);
        let is_name = (1..=Self::MAX_LENGTH).contains(&text.chars().count())
            && text.chars().all(is_allowed)
            && !text.starts_with(' ')
            && !text.ends_with(' ');
        if is_name { Ok(Self(text)) } else { Err(NameError) }
    }
}

impl From<AppName> for String {
    fn from(name: AppName) -> Self {
        name.0
    }
}

impl fmt::Display for AppName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_plain() {
        for name in ["a", "My shop-2_b.kr", "가게", "店舗", &"é".repeat(64)] {
            assert!(name.parse::<AppName>().is_ok(), "{name:?}");
        }
        for wrong in ["", " ", " a", "a ", "a\n", "a/b", "a\u{200b}b", "<b>", &"a".repeat(65)] {
            assert_eq!(wrong.parse::<AppName>(), Err(NameError), "{wrong:?}");
        }
    }
}
