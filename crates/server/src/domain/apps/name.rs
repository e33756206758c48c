//! Names of apps, of users and of tokens.
//!
//! A name that is chosen here can be told from others by eye, since the audit log names people and apps: it has no
//! letter that cannot be seen, mixes no scripts whose letters look alike, and looks like no other. Names that were chosen
//! before, or that stand in the configuration file, go on as they are. (Unicode Technical Standard 39.)

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use unicode_security::{GeneralSecurityProfile, RestrictionLevel, RestrictionLevelDetection, confusable_detection};

/// What an app is called: 1 to 64 letters of any script, digits, spaces, hyphens, underscores and full stops, without a
/// space at either end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AppName(String);

/// A text that is no name, or none to be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It is none.
    #[error("an app's name is 1 to 64 letters, digits, spaces, '-', '_' or '.', with no space at either end")]
    Form,
    /// It may look like another, or like nothing.
    #[error(
        "an app's name has letters of one script, or of Latin and one that is not Cyrillic or Greek, and none that \
         cannot be seen"
    )]
    Letters,
}

impl NameError {
    /// What is wrong, whatever was to be named.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Form => "it takes 1 to 64 letters, digits, spaces, '-', '_' or '.'",
            Self::Letters => {
                "its letters are of one script, or of Latin and one that is not Cyrillic or Greek, and can all be seen"
            }
        }
    }
}

impl AppName {
    /// Most characters in a name.
    pub const MAX_LENGTH: usize = 64;

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A name that somebody chooses now.
    ///
    /// # Errors
    /// [`NameError`] if it is none, or could be taken for another.
    pub fn chosen(text: &str) -> Result<Self, NameError> {
        let name: Self = text.parse()?;
        let letters: String = text.chars().filter(|character| !SIGNS.contains(*character)).collect();
        let is_plain = letters.chars().all(|letter| is_jamo(letter) || letter.identifier_allowed());
        // What no script is told of, the level calls unrestricted.
        let told: String = letters.chars().map(|letter| if is_jamo(letter) { '가' } else { letter }).collect();
        let is_clear = is_plain && told.check_restriction_level(RestrictionLevel::ModeratelyRestrictive);
        if is_clear { Ok(name) } else { Err(NameError::Letters) }
    }

    /// The first of these names that is this one, or looks like it.
    ///
    /// Names in ASCII are all known to everybody: that `l` and `1` look alike keeps nobody from having `shop-1`.
    pub fn look_alike<'a>(name: &str, mut others: impl Iterator<Item = &'a str>) -> Option<&'a str> {
        let skeleton = |text: &str| confusable_detection::skeleton(text).collect::<String>();
        let own = skeleton(name);
        let are_ascii = |other: &str| name.is_ascii() && other.is_ascii();
        others.find(|other| *other == name || (!are_ascii(other) && skeleton(other) == own))
    }
}

/// What a name may have beside letters and digits.
const SIGNS: &str = " -_.";

/// Letters of which Korean syllables are made, as they are typed alone. The standard leaves them out of identifiers,
/// since another form of each is the usual one there; to people they are letters like any other.
const fn is_jamo(character: char) -> bool {
    matches!(character, '\u{3131}'..='\u{3163}')
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
        let is_allowed = |character: char| character.is_alphanumeric() || SIGNS.contains(character);
        let is_name = (1..=Self::MAX_LENGTH).contains(&text.chars().count())
            && text.chars().all(is_allowed)
            && !text.starts_with(' ')
            && !text.ends_with(' ');
        if is_name { Ok(Self(text)) } else { Err(NameError::Form) }
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
            assert_eq!(wrong.parse::<AppName>(), Err(NameError::Form), "{wrong:?}");
            assert_eq!(AppName::chosen(wrong), Err(NameError::Form), "{wrong:?}");
        }
    }

    #[test]
    fn names_in_every_script_are_chosen_alone_or_with_latin() {
        for name in [
            "shop",
            "My shop-2_b.kr",
            "가게",
            "김 admin",
            "쇼핑몰 Test 1",
            "ㅋㅋ 가게",
            "韓國 가게 2",
            "店舗",
            "カタカナ ひらがな 店 shop",
            "магазин",
            "κατάστημα",
            "shop متجر",
            "ไทย",
            "Ärger",
            "2024",
            "-_.",
        ] {
            assert_eq!(AppName::chosen(name).map(String::from), Ok(name.to_owned()));
        }
    }

    /// Attack W22: names that could not be seen, and names that looked like another.
    #[test]
    fn a_name_that_could_be_taken_for_another_is_not_chosen() {
        for wrong in [
            "\u{3164}",
            "admin\u{3164}",
            "\u{115f}",
            "\u{ffa0}",
            "adm\u{456}n",
            "\u{430}dmin",
            "p\u{3b1}y",
            "가게 \u{430}",
            "ａｄｍｉｎ",
            "\u{1d41a}dmin",
        ] {
            assert_eq!(AppName::chosen(wrong), Err(NameError::Letters), "{wrong:?}");
            assert!(wrong.parse::<AppName>().is_ok(), "{wrong:?} may have been chosen before");
        }
    }

    #[test]
    fn a_name_of_one_script_may_look_like_one_of_another() {
        let found = |name: &str, other| AppName::look_alike(name, [other].into_iter()).is_some();
        assert!(found("\u{441}\u{43e}\u{440}\u{443}", "copy"));
        assert!(found("copy", "\u{441}\u{43e}\u{440}\u{443}"));
        assert!(found("admin", "adm\u{456}n"), "one that was chosen before");
        assert!(found("가게", "가\u{3164}게"));
        assert!(found("가게", "가게"));
        assert!(!found("shop-1", "shop-l") && !found("가게", "가계") && !found("магазин", "shop"));
    }
}
