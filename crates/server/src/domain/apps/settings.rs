//! What can be set for an app.

use haechi_captcha::{Answer, Difficulty, Language, Look, Theme};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::lifetime::TTLS_SECS;

/// How an app's challenges are made and judged. Everything left out has its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AppSettings {
    /// Characters in an answer, 4 to 8.
    pub answer_length: u8,
    /// Seconds for which a key can be answered, 30 to 3600.
    pub ttl_secs: u32,
    /// Answers that one key takes, 1 to 10.
    pub attempts: u8,
    /// Width of the picture in CSS pixels, 120 to 480.
    pub width: u16,
    /// Height of the picture in CSS pixels, 40 to 160.
    pub height: u16,
    /// Colours of the picture: light or dark.
    pub theme: String,
    /// How hard the picture is, for machines and for people: 1 (calm) to 5 (hard).
    pub difficulty: u8,
    /// Language of the sound when the request asks for none: ko, en, ja or zh.
    pub lang: String,
    /// Whether every answer is TEST5, for a customer's own tests.
    pub test: bool,
    /// Challenges issued a second at the most, on each node; 0 for no limit.
    pub rate_per_sec: u32,
}

impl Default for AppSettings {
    fn default() -> Self {
        Self {
            answer_length: 5,
            ttl_secs: 180,
            attempts: 1,
            width: 240,
            height: 80,
            theme: "light".to_owned(),
            difficulty: Difficulty::default().level(),
            lang: "ko".to_owned(),
            test: false,
            rate_per_sec: 0,
        }
    }
}

/// A setting outside its range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} is {range}, not {value}")]
pub struct SettingError {
    /// The setting, as it stands in the configuration file.
    pub name: &'static str,
    /// What it may be.
    pub range: &'static str,
    /// What it was.
    pub value: String,
}

impl AppSettings {
    /// Says which setting is out of range, if one is.
    ///
    /// # Errors
    /// The first such setting.
    pub fn check(&self) -> Result<(), SettingError> {
        let within = |is_within: bool, name, value: String| {
            if is_within { Ok(()) } else { Err(SettingError { name, range: Self::range(name).unwrap_or(""), value }) }
        };
        let lengths = 4..=Answer::MAX_LENGTH as u8;
        let is_language = Language::ALL.iter().any(|language| language.tag() == self.lang);
        within(lengths.contains(&self.answer_length), "answer_length", self.answer_length.to_string())?;
        within(TTLS_SECS.contains(&self.ttl_secs), "ttl_secs", self.ttl_secs.to_string())?;
        within((1..=10).contains(&self.attempts), "attempts", self.attempts.to_string())?;
        within(Look::WIDTHS.contains(&self.width), "width", self.width.to_string())?;
        within(Look::HEIGHTS.contains(&self.height), "height", self.height.to_string())?;
        within(self.theme.parse::<Theme>().is_ok(), "theme", format!("{:?}", self.theme))?;
        within(Difficulty::LEVELS.contains(&self.difficulty), "difficulty", self.difficulty.to_string())?;
        within(is_language, "lang", format!("{:?}", self.lang))?;
        within(self.rate_per_sec <= 1_000_000, "rate_per_sec", self.rate_per_sec.to_string())
    }

    /// What the setting of this name may be, unless it may be anything of its type.
    pub(crate) fn range(name: &str) -> Option<&'static str> {
        Some(match name {
            "answer_length" => "4 to 8",
            "ttl_secs" => "30 to 3600",
            "attempts" => "1 to 10",
            "width" => "120 to 480",
            "height" => "40 to 160",
            "theme" => "light or dark",
            "difficulty" => "1 to 5",
            "lang" => "ko, en, ja or zh",
            "rate_per_sec" => "0 to 1000000",
            _ => return None,
        })
    }

    /// The picture that these settings ask for, at scale 1.
    ///
    /// # Panics
    /// If the settings were not [checked](Self::check).
    #[must_use]
    pub fn look(&self) -> Look {
        let theme = self.theme.parse().expect("settings are checked before use");
        let difficulty = Difficulty::try_from(self.difficulty).expect("settings are checked before use");
        let look = Look::new(self.width, self.height).expect("settings are checked before use");
        look.with_theme(theme).with_difficulty(difficulty)
    }

    /// The language that these settings ask for.
    ///
    /// # Panics
    /// If the settings were not [checked](Self::check).
    #[must_use]
    pub fn language(&self) -> Language {
        self.lang.parse().expect("settings are checked before use")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(toml: &str, expected: Result<(), &str>) {
        let settings: AppSettings = toml::from_str(toml).unwrap();
        assert_eq!(settings.check().map_err(|error| error.to_string()), expected.map_err(str::to_owned), "{toml}");
    }

    #[test]
    fn each_setting_has_its_range() {
        check("", Ok(()));
        check("answer_length = 8\nttl_secs = 3600\nattempts = 10\nwidth = 480\nheight = 160\ntheme = 'dark'", Ok(()));
        check("difficulty = 1", Ok(()));
        check("difficulty = 5", Ok(()));
        check("answer_length = 3", Err("answer_length is 4 to 8, not 3"));
        check("answer_length = 9", Err("answer_length is 4 to 8, not 9"));
        check("ttl_secs = 29", Err("ttl_secs is 30 to 3600, not 29"));
        check("attempts = 0", Err("attempts is 1 to 10, not 0"));
        check("width = 481", Err("width is 120 to 480, not 481"));
        check("height = 39", Err("height is 40 to 160, not 39"));
        check("theme = 'pink'", Err("theme is light or dark, not \"pink\""));
        check("difficulty = 0", Err("difficulty is 1 to 5, not 0"));
        check("difficulty = 6", Err("difficulty is 1 to 5, not 6"));
        check("lang = 'fr'", Err("lang is ko, en, ja or zh, not \"fr\""));
        check("rate_per_sec = 1000001", Err("rate_per_sec is 0 to 1000000, not 1000001"));
    }

    #[test]
    fn a_look_is_as_hard_as_its_setting() {
        let level = |toml: &str| toml::from_str::<AppSettings>(toml).unwrap().look().difficulty().level();
        assert_eq!([level(""), level("difficulty = 1"), level("difficulty = 5")], [3, 1, 5]);
    }

    #[test]
    fn unknown_settings_are_refused_with_their_name() {
        let error = toml::from_str::<AppSettings>("attempt = 3").unwrap_err().to_string();
        assert!(error.contains("attempt") && error.contains("line 1"), "{error}");
    }
}
