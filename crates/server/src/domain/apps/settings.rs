//! What can be set for an app, each thing written once.
//!
//! From the table follow the settings themselves, what changes them (as flags, as JSON and as TOML), their ranges, the
//! API's description, the preview's parameters and the console's form. docs/configuration.md has the same table, by a test.

mod schema;

use std::{
    fmt::{Debug, Display},
    str::FromStr,
};

use haechi_captcha::{Algorithm, Alphabet, Answer, Colour, Difficulty, Language, Look, Shape, Theme};
use serde::{Deserialize, Serialize};

use super::{Asking, Hostnames, Networks, Policy, TEST_APP_WARNING, policy};

/// Makes of the table what is told of all settings, so that none can be left out anywhere.
macro_rules! settings {
    ($(
        #[doc = $help:tt]
        #[arg($($flag:tt)*)]
        $Setting:ident $name:ident: $Type:ty = $default:expr, $allowed:expr, $shows:expr;
    )+) => {
        /// Something that can be set, in the order in which forms ask for it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Setting { $(#[doc = $help] $Setting,)+ }

        /// How an app's challenges are made and judged. Everything left out has its default.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(into = "SettingChanges", try_from = "SettingChanges")]
        pub struct AppSettings { $(#[doc = $help] pub $name: $Type,)+ }

        /// The settings that are to change, as a command line or a request names them; the others stay as they are.
        #[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct SettingChanges {
            $(
                #[doc = $help]
                #[arg($($flag)*)]
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $name: Option<<$Type as Value>::Plain>,
            )+
        }

        impl Setting {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$Setting),+];

            /// Its name in files, flags and the API.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$Setting => stringify!($name),)+ }
            }

            /// What it is, in a line.
            const fn help(self) -> &'static str {
                match self { $(Self::$Setting => ($help).trim_ascii(),)+ }
            }

            /// What it may be.
            pub(crate) const fn allowed(self) -> Allowed {
                match self { $(Self::$Setting => $allowed,)+ }
            }

            const fn shows(self) -> Shows {
                match self { $(Self::$Setting => $shows,)+ }
            }
        }

        impl Default for AppSettings {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        impl AppSettings {
            /// A setting's value as it is typed.
            pub(crate) fn text(&self, setting: Setting) -> String {
                match setting { $(Setting::$Setting => self.$name.plain().to_string(),)+ }
            }
        }

        impl SettingChanges {
            /// The settings with these changes made.
            ///
            /// # Errors
            /// The first setting that is out of its range.
            pub fn applied_to(&self, before: &AppSettings) -> Result<AppSettings, SettingError> {
                Ok(AppSettings { $($name: changed(Setting::$Setting, self.$name.as_ref(), &before.$name)?,)+ })
            }

            /// Has a setting change to what was typed, unless that is not even of its type.
            pub(crate) fn read(&mut self, setting: Setting, text: &str) -> Option<()> {
                match setting { $(Setting::$Setting => self.$name = Some(text.parse().ok()?),)+ }
                Some(())
            }
        }

        impl From<AppSettings> for SettingChanges {
            fn from(settings: AppSettings) -> Self {
                Self { $($name: Some(settings.$name.plain()),)+ }
            }
        }
    };
}

settings! {
    /// Characters in an answer, 4 to 8
    #[arg(long, value_name = "CHARACTERS")]
    AnswerLength answer_length: u8 = 5, Allowed::Number(4, 8), Shows::Both;

    /// Characters that answers are made of: standard (letters and digits) or digits
    #[arg(long, value_name = "ALPHABET")]
    Alphabet alphabet: Alphabet = Alphabet::Standard, Allowed::Word(&["standard", "digits"]), Shows::Both;

    /// How hard the picture is, for machines and for people: 1 (calm) to 5 (hard)
    #[arg(long, value_name = "LEVEL")]
    Difficulty difficulty: u8 = 3, Allowed::Number(1, 5), Shows::Picture;

    /// Width of the picture in CSS pixels, 120 to 480
    #[arg(long, value_name = "PIXELS")]
    Width width: u16 = 240, Allowed::Number(120, 480), Shows::Picture;

    /// Height of the picture in CSS pixels, 40 to 160
    #[arg(long, value_name = "PIXELS")]
    Height height: u16 = 80, Allowed::Number(40, 160), Shows::Picture;

    /// Theme of the picture: light or dark
    #[arg(long, value_name = "THEME")]
    Theme theme: Theme = Theme::Light, Allowed::Word(&["light", "dark"]), Shows::Picture;

    /// Main colour of the picture, such as #0b6e4f; empty for four that take turns
    #[arg(long, value_name = "COLOUR")]
    Colour colour: Option<Colour> = None, Allowed::Colour, Shows::Picture;

    /// Ground of the picture in the light theme, #dcdcdc or lighter; empty for the usual
    #[arg(long, value_name = "COLOUR")]
    LightGround light_ground: Option<Colour> = None, Allowed::Ground(Theme::Light), Shows::Picture;

    /// Ground of the picture in the dark theme, #252525 or darker; empty for the usual
    #[arg(long, value_name = "COLOUR")]
    DarkGround dark_ground: Option<Colour> = None, Allowed::Ground(Theme::Dark), Shows::Picture;

    /// Language of the sound when the request asks for none: ko, en, ja or zh
    #[arg(long, value_name = "LANGUAGE")]
    Lang lang: Language = Language::Ko, Allowed::Word(&["ko", "en", "ja", "zh"]), Shows::Sound;

    /// Seconds for which a key can be answered, 30 to 3600
    #[arg(long, value_name = "SECONDS")]
    TtlSecs ttl_secs: u32 = 180, Allowed::Number(30, 3_600), Shows::Nothing;

    /// Answers that one key takes, 1 to 10
    #[arg(long, value_name = "COUNT")]
    Attempts attempts: u8 = 1, Allowed::Number(1, 10), Shows::Nothing;

    /// Challenges issued a second at the most, on each node; 0 for no limit
    #[arg(long, value_name = "CHALLENGES")]
    RatePerSec rate_per_sec: u32 = 0, Allowed::Number(0, 1_000_000), Shows::Nothing;

    /// What is asked of people: word, work, both, or adaptive: work, and a word of those who look unlike people
    #[arg(long, value_name = "POLICY")]
    Policy policy: Policy = Policy::Adaptive, Allowed::Word(&["word", "work", "both", "adaptive"]), Shows::Nothing;

    /// By what work is computed: pbkdf2, sha256 or scrypt
    #[arg(long, value_name = "ALGORITHM")]
    WorkAlgorithm work_algorithm: Algorithm = Algorithm::Pbkdf2, Allowed::Word(&["pbkdf2", "sha256", "scrypt"]), Shows::Nothing;

    /// Whether people may choose longer work instead of a word that they can neither read nor hear
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    Alternative alternative: bool = true, Allowed::YesOrNo, Shows::Nothing;

    /// Networks of whose clients the least is asked, with spaces between them
    #[arg(long, value_name = "NETWORKS")]
    AllowedNetworks allowed_networks: Networks = Networks::default(), Allowed::Networks, Shows::Nothing;

    /// Networks whose clients get no challenge in a widget, with spaces between them
    #[arg(long, value_name = "NETWORKS")]
    DeniedNetworks denied_networks: Networks = Networks::default(), Allowed::Networks, Shows::Nothing;

    /// Host names whose pages may show challenges in a widget, with spaces between them; empty for any
    #[arg(long, value_name = "NAMES")]
    Hostnames hostnames: Hostnames = Hostnames::default(), Allowed::Hostnames, Shows::Nothing;

    /// Whether every answer is TEST5, for a customer's own tests
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    Test test: bool = false, Allowed::YesOrNo, Shows::Nothing;
}

/// The pixels of width that each character should have: half of what it has usually.
const READABLE_PIXELS: u16 = 24;

/// The fewest digits that are harder to guess than the shortest answer of letters and digits.
const SAFE_DIGITS: u8 = 6;

/// What a setting may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allowed {
    /// A whole number from the one to the other.
    Number(u32, u32),
    /// One of these.
    Word(&'static [&'static str]),
    /// `true` or `false`.
    YesOrNo,
    /// A colour, or nothing.
    Colour,
    /// A colour from which letters stand out in this theme, or nothing.
    Ground(Theme),
    /// Names of hosts, or nothing.
    Hostnames,
    /// Networks, or nothing.
    Networks,
}

/// What of a challenge shows how a setting is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shows {
    Nothing,
    Picture,
    Sound,
    Both,
}

/// A setting outside its range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} is {}, not {value}", .setting.name(), .setting.range().unwrap_or_default())]
pub struct SettingError {
    /// The setting.
    pub setting: Setting,
    /// What it was.
    pub value: String,
}

impl Setting {
    /// The setting of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|setting| setting.name() == name)
    }

    /// What it may be, in words, unless that is all that its type has.
    pub(crate) fn range(self) -> Option<String> {
        match self.allowed() {
            Allowed::Number(min, max) => Some(format!("{min} to {max}")),
            Allowed::Word(words) => {
                let (last, others) = words.split_last()?;
                Some(format!("{} or {last}", others.join(", ")))
            }
            Allowed::Colour => Some("a colour such as #0b6e4f, or empty".to_owned()),
            Allowed::Ground(Theme::Light) => Some("a colour such as #f6f7fb, #dcdcdc or lighter, or empty".to_owned()),
            Allowed::Ground(Theme::Dark) => Some("a colour such as #12172a, #252525 or darker, or empty".to_owned()),
            Allowed::Hostnames => Some("at most 100 names such as shop.example".to_owned()),
            Allowed::Networks => Some("at most 100 networks such as 192.0.2.0/24".to_owned()),
            Allowed::YesOrNo => None,
        }
    }

    /// Whether pictures look otherwise when it is set otherwise.
    pub(crate) fn is_seen(self) -> bool {
        matches!(self.shows(), Shows::Picture | Shows::Both)
    }

    /// Whether sounds are others when it is set otherwise.
    pub(crate) fn is_heard(self) -> bool {
        matches!(self.shows(), Shows::Sound | Shows::Both)
    }
}

impl Allowed {
    pub(crate) fn admits(self, text: &str) -> bool {
        match self {
            Self::Number(min, max) => text.parse().is_ok_and(|number| (min..=max).contains(&number)),
            Self::Word(words) => words.contains(&text),
            Self::YesOrNo => text.parse::<bool>().is_ok(),
            Self::Colour => text.is_empty() || text.parse::<Colour>().is_ok(),
            Self::Ground(theme) => text.is_empty() || text.parse().is_ok_and(|colour: Colour| colour.is_ground(theme)),
            Self::Hostnames => text.parse::<Hostnames>().is_ok(),
            Self::Networks => text.parse::<Networks>().is_ok(),
        }
    }
}

impl AppSettings {
    /// What an operator may not have meant.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let test = self.test.then(|| TEST_APP_WARNING.to_owned());
        test.into_iter().chain(self.room()).chain(self.few_digits()).collect()
    }

    /// A word as these settings have it.
    #[must_use]
    pub const fn word(&self, language: Option<Language>) -> Shape {
        Shape::Word { length: self.answer_length, alphabet: self.alphabet, language }
    }

    /// A word of digits, whatever the alphabet is: of one of letters and digits, so many that they are about as hard to guess,
    /// as far as an answer may be as long.
    #[must_use]
    pub const fn number(&self, language: Option<Language>) -> Shape {
        let length = match self.alphabet {
            Alphabet::Standard => (self.answer_length * 4).div_ceil(3),
            Alphabet::Digits => self.answer_length,
        };
        let length = if length < Answer::MAX_LENGTH as u8 { length } else { Answer::MAX_LENGTH as u8 };
        Shape::Word { length, alphabet: Alphabet::Digits, language }
    }

    /// What is asked of people who choose work instead of a word, if they may.
    #[must_use]
    pub fn asks_instead(&self) -> Option<Asking> {
        let asking = Asking { word: false, work: Some(*Shape::LEVELS.end()) };
        self.alternative.then_some(asking)
    }

    /// What to change so that people can read the picture, if each character has hardly any room in it.
    fn room(&self) -> Option<String> {
        let needed = u16::from(self.answer_length) * READABLE_PIXELS;
        (self.width < needed).then(|| {
            format!(
                "{} characters in {} pixels of width are hard for people to read: set width to {needed} or more, or \
                 answer_length to less",
                self.answer_length, self.width
            )
        })
    }

    /// What to change so that guessing is as hard as it is with letters and digits, if there are too few digits.
    fn few_digits(&self) -> Option<String> {
        (self.alphabet == Alphabet::Digits && self.answer_length < SAFE_DIGITS).then(|| {
            format!("{} digits are easily guessed: set answer_length to {SAFE_DIGITS} or more", self.answer_length)
        })
    }

    /// The picture that these settings ask for, at scale 1.
    #[must_use]
    pub fn look(&self) -> Look {
        // Settings that were read are in range; with others, which only a program can make up, the usual has to do.
        let difficulty = Difficulty::try_from(self.difficulty).unwrap_or_default();
        let look = Look::new(self.width, self.height).unwrap_or_default();
        let look = look.with_theme(self.theme).with_difficulty(difficulty).with_colour(self.colour);
        let grounds = [(Theme::Light, self.light_ground), (Theme::Dark, self.dark_ground)];
        grounds.into_iter().fold(look, |look, (theme, ground)| look.clone().with_ground(theme, ground).unwrap_or(look))
    }
}

impl TryFrom<SettingChanges> for AppSettings {
    type Error = SettingError;

    fn try_from(changes: SettingChanges) -> Result<Self, SettingError> {
        changes.applied_to(&Self::default())
    }
}

fn changed<V: Value>(setting: Setting, plain: Option<&V::Plain>, before: &V) -> Result<V, SettingError> {
    let Some(plain) = plain else { return Ok(before.clone()) };
    let read = setting.allowed().admits(&plain.to_string()).then(|| V::read(plain)).flatten();
    read.ok_or_else(|| SettingError { setting, value: format!("{plain:?}") })
}

/// The value of a setting.
pub trait Value: Clone {
    /// What stands for it in files and requests, where it may be out of its range.
    type Plain: Debug + Display + FromStr;

    /// Reads what is within its range.
    fn read(plain: &Self::Plain) -> Option<Self>;

    /// As [`Value::read`] reads it.
    fn plain(&self) -> Self::Plain;
}

macro_rules! plain_values {
    ($($Type:ty),+) => {
        $(impl Value for $Type {
            type Plain = Self;

            fn read(plain: &Self) -> Option<Self> {
                Some(*plain)
            }

            fn plain(&self) -> Self {
                *self
            }
        })+
    };
}

plain_values!(u8, u16, u32, bool);

impl Value for Theme {
    type Plain = String;

    fn read(plain: &String) -> Option<Self> {
        plain.parse().ok()
    }

    fn plain(&self) -> String {
        match self {
            Self::Light => "light".to_owned(),
            Self::Dark => "dark".to_owned(),
        }
    }
}

impl Value for Alphabet {
    type Plain = String;

    fn read(plain: &String) -> Option<Self> {
        plain.parse().ok()
    }

    fn plain(&self) -> String {
        self.name().to_owned()
    }
}

impl Value for Option<Colour> {
    type Plain = String;

    fn read(plain: &String) -> Option<Self> {
        if plain.is_empty() { Some(None) } else { plain.parse().ok().map(Some) }
    }

    fn plain(&self) -> String {
        self.map(|colour| colour.to_string()).unwrap_or_default()
    }
}

impl Value for Hostnames {
    type Plain = String;

    fn read(plain: &String) -> Option<Self> {
        plain.parse().ok()
    }

    fn plain(&self) -> String {
        self.to_string()
    }
}

impl Value for Networks {
    type Plain = String;

    fn read(plain: &String) -> Option<Self> {
        plain.parse().ok()
    }

    fn plain(&self) -> String {
        self.to_string()
    }
}

impl Value for Language {
    type Plain = String;

    fn read(plain: &String) -> Option<Self> {
        plain.parse().ok()
    }

    fn plain(&self) -> String {
        self.tag().to_owned()
    }
}

impl Value for Policy {
    type Plain = String;

    fn read(plain: &String) -> Option<Self> {
        plain.parse().ok()
    }

    fn plain(&self) -> String {
        self.name().to_owned()
    }
}

impl Value for Algorithm {
    type Plain = String;

    fn read(plain: &String) -> Option<Self> {
        policy::algorithm_named(plain)
    }

    fn plain(&self) -> String {
        policy::name_of(*self).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::lifetime::TTLS_SECS;

    #[test]
    fn a_picture_that_is_too_narrow_for_its_characters_is_advised_against() {
        let advice = |answer_length, width| AppSettings { answer_length, width, ..AppSettings::default() }.room();
        assert_eq!((advice(5, 240), advice(5, 120), advice(8, 192), advice(4, 120)), (None, None, None, None));
        let said = advice(8, 120).unwrap();
        assert!(said.contains("8 characters in 120 pixels") && said.contains("width to 192"), "{said}");
    }

    #[test]
    fn few_digits_are_advised_against() {
        let warnings = |alphabet, answer_length| {
            let settings = AppSettings { alphabet, answer_length, ..AppSettings::default() };
            settings.warnings().join(" ")
        };
        assert_eq!(warnings(Alphabet::Standard, 4), "");
        assert_eq!(warnings(Alphabet::Digits, 6), "");
        assert_eq!(warnings(Alphabet::Digits, 5), "5 digits are easily guessed: set answer_length to 6 or more");
    }

    #[test]
    fn a_number_is_about_as_hard_to_guess_as_the_word_that_it_stands_for() {
        for (alphabet, answer_length, digits) in [
            (Alphabet::Standard, 4, 6),
            (Alphabet::Standard, 5, 7),
            (Alphabet::Standard, 6, 8),
            (Alphabet::Standard, 8, 8),
            (Alphabet::Digits, 4, 4),
            (Alphabet::Digits, 8, 8),
        ] {
            let settings = AppSettings { alphabet, answer_length, ..AppSettings::default() };
            let expected = Shape::Word { length: digits, alphabet: Alphabet::Digits, language: None };
            assert_eq!(settings.number(None), expected, "{alphabet:?} {answer_length}");
        }
    }

    fn check(toml: &str, expected: Result<(), &str>) {
        let changes: SettingChanges = toml::from_str(toml).unwrap();
        let applied = changes.applied_to(&AppSettings::default());
        assert_eq!(applied.map(drop).map_err(|error| error.to_string()), expected.map_err(str::to_owned), "{toml}");
        assert_eq!(toml::from_str::<AppSettings>(toml).is_ok(), expected.is_ok(), "{toml}");
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
        check("alphabet = 'digits'", Ok(()));
        check("alphabet = 'hangul'", Err("alphabet is standard or digits, not \"hangul\""));
        check("difficulty = 0", Err("difficulty is 1 to 5, not 0"));
        check("difficulty = 6", Err("difficulty is 1 to 5, not 6"));
        check("lang = 'fr'", Err("lang is ko, en, ja or zh, not \"fr\""));
        check("lang = 'ko-KR'", Err("lang is ko, en, ja or zh, not \"ko-KR\""));
        check("hostnames = 'shop.example, [::1]'", Ok(()));
        check("hostnames = 'a b:1'", Err("hostnames is at most 100 names such as shop.example, not \"a b:1\""));
        check("denied_networks = '192.0.2.0/24'", Ok(()));
        check(
            "denied_networks = 'home'",
            Err("denied_networks is at most 100 networks such as 192.0.2.0/24, not \"home\""),
        );
        check("policy = 'none'", Err("policy is word, work, both or adaptive, not \"none\""));
        check("work_algorithm = 'md5'", Err("work_algorithm is pbkdf2, sha256 or scrypt, not \"md5\""));
        check("rate_per_sec = 1000001", Err("rate_per_sec is 0 to 1000000, not 1000001"));
    }

    #[test]
    fn the_ranges_are_those_of_what_is_set() {
        let number = |setting: Setting| match setting.allowed() {
            Allowed::Number(min, max) => min..=max,
            other => panic!("{other:?}"),
        };
        let wide = |range: std::ops::RangeInclusive<u16>| u32::from(*range.start())..=u32::from(*range.end());
        assert_eq!(number(Setting::AnswerLength).end(), &(Answer::MAX_LENGTH as u32));
        assert_eq!(number(Setting::TtlSecs), TTLS_SECS);
        assert_eq!(number(Setting::Width), wide(Look::WIDTHS));
        assert_eq!(number(Setting::Height), wide(Look::HEIGHTS));
        assert_eq!(number(Setting::Difficulty), 1..=u32::from(*Difficulty::LEVELS.end()));
        assert_eq!(Setting::Lang.allowed(), Allowed::Word(&["ko", "en", "ja", "zh"]));
        assert!(Language::ALL.iter().all(|language| Setting::Lang.allowed().admits(language.tag())));
        assert!(Alphabet::ALL.iter().all(|alphabet| Setting::Alphabet.allowed().admits(alphabet.name())));
        assert!(Policy::ALL.iter().all(|policy| Setting::Policy.allowed().admits(policy.name())));
        assert!(
            Algorithm::ALL.iter().all(|algorithm| Setting::WorkAlgorithm.allowed().admits(policy::name_of(*algorithm)))
        );
        let usual = AppSettings::default();
        assert_eq!(usual.look(), Look::default());
        assert!(Setting::ALL.iter().all(|setting| setting.allowed().admits(&usual.text(*setting))));
    }

    #[test]
    fn every_setting_can_be_changed_and_the_others_stay() {
        let other = AppSettings {
            answer_length: 6,
            alphabet: Alphabet::Digits,
            ttl_secs: 60,
            attempts: 3,
            width: 300,
            height: 100,
            theme: Theme::Dark,
            colour: "#0b6e4f".parse().ok(),
            light_ground: "#fff8e8".parse().ok(),
            dark_ground: "#0d1117".parse().ok(),
            difficulty: 5,
            lang: Language::Ja,
            test: true,
            rate_per_sec: 9,
            policy: Policy::Both,
            work_algorithm: Algorithm::Scrypt,
            alternative: false,
            allowed_networks: "192.0.2.0/24".parse().unwrap(),
            denied_networks: "198.51.100.0/24".parse().unwrap(),
            hostnames: "shop.example".parse().unwrap(),
        };
        let json = r##"{"allowed_networks":"192.0.2.0/24","alphabet":"digits","alternative":false,"answer_length":6,"attempts":3,"colour":"#0b6e4f","dark_ground":"#0d1117","denied_networks":"198.51.100.0/24","difficulty":5,"height":100,"hostnames":"shop.example","lang":"ja","light_ground":"#fff8e8","policy":"both","rate_per_sec":9,"test":true,"theme":"dark","ttl_secs":60,"width":300,"work_algorithm":"scrypt"}"##;
        let value = serde_json::to_value(&other).unwrap();
        assert_eq!(value.to_string(), json);
        let all: SettingChanges = serde_json::from_value(value).unwrap();
        assert_eq!(all.applied_to(&AppSettings::default()).unwrap(), other);
        let mut typed = SettingChanges::default();
        Setting::ALL.iter().for_each(|setting| typed.read(*setting, &other.text(*setting)).unwrap());
        assert_eq!(typed, all);
        assert_eq!(SettingChanges::default().applied_to(&other).unwrap(), other);
        let lengths: SettingChanges = serde_json::from_str(r#"{"answer_length":7}"#).unwrap();
        assert_eq!(lengths.applied_to(&other).unwrap(), AppSettings { answer_length: 7, ..other });
    }

    #[test]
    fn a_look_is_as_hard_as_its_setting() {
        let level = |toml: &str| toml::from_str::<AppSettings>(toml).unwrap().look().difficulty().level();
        assert_eq!([level(""), level("difficulty = 1"), level("difficulty = 5")], [3, 1, 5]);
    }

    #[test]
    fn a_look_has_the_colours_that_are_set_and_no_ground_from_which_letters_do_not_stand_out() {
        let settings = r##"{"colour":"#0B6E4F","light_ground":"#fff8e8","dark_ground":"#0d1117"}"##;
        let mut settings: AppSettings = serde_json::from_str(settings).unwrap();
        let [green, cream, night] = ["#0b6e4f", "#fff8e8", "#0d1117"].map(|text| text.parse::<Colour>().unwrap());
        let look = settings.look();
        assert_eq!((look.colour(), look.ground()), (Some(green), Some(cream)));
        assert_eq!(look.with_theme(Theme::Dark).ground(), Some(night));
        assert_eq!(settings.text(Setting::Colour), "#0b6e4f");

        for (setting, value, expected) in [
            ("colour", "green", "colour is a colour such as #0b6e4f, or empty, not \"green\""),
            (
                "light_ground",
                "#808080",
                "light_ground is a colour such as #f6f7fb, #dcdcdc or lighter, or empty, not \"#808080\"",
            ),
            (
                "light_ground",
                "#0d1117",
                "light_ground is a colour such as #f6f7fb, #dcdcdc or lighter, or empty, not \"#0d1117\"",
            ),
            (
                "dark_ground",
                "#fff8e8",
                "dark_ground is a colour such as #12172a, #252525 or darker, or empty, not \"#fff8e8\"",
            ),
        ] {
            let changes = json!({setting: value});
            let changes: SettingChanges = serde_json::from_value(changes).unwrap();
            assert_eq!(changes.applied_to(&settings).unwrap_err().to_string(), expected);
        }
        // Which only a program can make up.
        settings.light_ground = Some(night);
        assert_eq!(settings.look().ground(), None);
        let none: SettingChanges = serde_json::from_value(json!({"colour": "", "light_ground": ""})).unwrap();
        let plain = none.applied_to(&settings).unwrap();
        assert_eq!((plain.colour, plain.light_ground, plain.dark_ground), (None, None, Some(night)));
    }

    #[test]
    fn unknown_settings_are_refused_with_their_name() {
        let error = toml::from_str::<SettingChanges>("attempt = 3").unwrap_err().to_string();
        assert!(error.contains("attempt") && error.contains("line 1"), "{error}");
        assert!(toml::from_str::<AppSettings>("attempt = 3").is_err());
    }

    /// The table of settings in the manual: names, what they may be, and what they are if not set.
    #[test]
    fn the_manual_has_the_same_table() {
        let manual = include_str!("../../../../../docs/configuration.md");
        let table =
            manual.split("| setting | may be | if not set |").nth(1).expect("the manual has a table of settings");
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        let found: Vec<String> = rows.map(|row| row.split(" | ").take(3).collect::<Vec<_>>().join(" | ")).collect();
        let usual = AppSettings::default();
        let expected = Setting::ALL.iter().map(|setting| {
            let code = |word: &str| format!("`{word}`");
            let (allowed, default) = match setting.allowed() {
                Allowed::Number(..) => (setting.range().unwrap(), usual.text(*setting)),
                Allowed::Word(words) => {
                    (words.iter().copied().map(code).collect::<Vec<_>>().join(", "), code(&usual.text(*setting)))
                }
                Allowed::YesOrNo => ("`true`, `false`".to_owned(), code(&usual.text(*setting))),
                Allowed::Colour | Allowed::Ground(_) | Allowed::Hostnames | Allowed::Networks => {
                    (setting.range().unwrap(), "empty".to_owned())
                }
            };
            format!("| {} | {allowed} | {default}", code(setting.name()))
        });
        assert_eq!(found, expected.collect::<Vec<_>>());
    }
}
