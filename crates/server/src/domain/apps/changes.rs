//! Some settings of an app, as a command line or a request names them; the others stay as they are.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::AppSettings;

/// The settings that are to change. Their ranges are [checked](AppSettings::check) once they are applied.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SettingChanges {
    /// Characters in an answer, 4 to 8
    #[arg(long, value_name = "CHARACTERS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 4, maximum = 8)]
    pub answer_length: Option<u8>,
    /// Seconds for which a key can be answered, 30 to 3600
    #[arg(long, value_name = "SECONDS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 30, maximum = 3600)]
    pub ttl_secs: Option<u32>,
    /// Answers that one key takes, 1 to 10
    #[arg(long, value_name = "COUNT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 10)]
    pub attempts: Option<u8>,
    /// Width of the picture in CSS pixels, 120 to 480
    #[arg(long, value_name = "PIXELS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 120, maximum = 480)]
    pub width: Option<u16>,
    /// Height of the picture in CSS pixels, 40 to 160
    #[arg(long, value_name = "PIXELS")]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 40, maximum = 160)]
    pub height: Option<u16>,
    /// Colours of the picture: light or dark
    #[arg(long, value_name = "THEME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^(light|dark)$")]
    pub theme: Option<String>,
    /// How hard the picture is, for machines and for people: 1 (calm) to 5 (hard)
    #[arg(long, value_name = "LEVEL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 5)]
    pub difficulty: Option<u8>,
    /// Language of the sound when the request asks for none: ko, en, ja or zh
    #[arg(long, value_name = "LANGUAGE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^(ko|en|ja|zh)$")]
    pub lang: Option<String>,
    /// Whether every answer is TEST5, for a customer's own tests
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<bool>,
    /// Challenges issued a second at the most, on each node; 0 for no limit
    #[arg(long, value_name = "CHALLENGES")]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 1_000_000)]
    pub rate_per_sec: Option<u32>,
}

impl SettingChanges {
    /// The settings with these changes made.
    #[must_use]
    pub fn applied_to(&self, settings: &AppSettings) -> AppSettings {
        AppSettings {
            answer_length: self.answer_length.unwrap_or(settings.answer_length),
            ttl_secs: self.ttl_secs.unwrap_or(settings.ttl_secs),
            attempts: self.attempts.unwrap_or(settings.attempts),
            width: self.width.unwrap_or(settings.width),
            height: self.height.unwrap_or(settings.height),
            theme: self.theme.as_ref().unwrap_or(&settings.theme).clone(),
            difficulty: self.difficulty.unwrap_or(settings.difficulty),
            lang: self.lang.as_ref().unwrap_or(&settings.lang).clone(),
            test: self.test.unwrap_or(settings.test),
            rate_per_sec: self.rate_per_sec.unwrap_or(settings.rate_per_sec),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_can_be_changed_and_the_others_stay() {
        let other = AppSettings {
            answer_length: 6,
            ttl_secs: 60,
            attempts: 3,
            width: 300,
            height: 100,
            theme: "dark".to_owned(),
            difficulty: 5,
            lang: "ja".to_owned(),
            test: true,
            rate_per_sec: 9,
        };
        // Every setting stands in the changes under its own name, and nothing else does.
        let all: SettingChanges = serde_json::from_value(serde_json::to_value(&other).unwrap()).unwrap();
        assert_eq!(all.applied_to(&AppSettings::default()), other);
        assert_eq!(SettingChanges::default().applied_to(&other), other);
        let lengths: SettingChanges = serde_json::from_str(r#"{"answer_length":7}"#).unwrap();
        assert_eq!(lengths.applied_to(&other), AppSettings { answer_length: 7, ..other });
    }
}
