//! What an app asks of people.

use std::str::FromStr;

use haechi_captcha::Algorithm;

use crate::domain::demand::Demand;

/// What an app asks of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// A word, as a picture and as a sound.
    Word,
    /// Work alone, with nothing to read.
    Work,
    /// A word and work.
    Both,
    /// Work, and a word as well of those who look unlike people just now.
    #[default]
    Adaptive,
}

/// What is asked of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asking {
    /// Whether it is a word.
    pub word: bool,
    /// The level of the work, if it is work.
    pub work: Option<u8>,
}

impl Policy {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Word, Self::Work, Self::Both, Self::Adaptive];

    /// Its name in settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Word => "word",
            Self::Work => "work",
            Self::Both => "both",
            Self::Adaptive => "adaptive",
        }
    }

    /// What is asked of somebody of whom the rule demands so much.
    #[must_use]
    pub const fn asks(self, demand: &Demand) -> Asking {
        match self {
            Self::Word => Asking { word: true, work: None },
            Self::Work => Asking { word: false, work: Some(demand.level) },
            Self::Both => Asking { word: true, work: Some(demand.level) },
            Self::Adaptive => Asking { word: demand.word, work: Some(demand.level) },
        }
    }

    /// Whether everybody is asked for a word, whatever the rule demands.
    #[must_use]
    pub const fn always_asks_words(self) -> bool {
        matches!(self, Self::Word | Self::Both)
    }

    /// Whether anybody may be asked for a word.
    #[must_use]
    pub const fn may_ask_words(self) -> bool {
        !matches!(self, Self::Work)
    }

    /// Whether a word that a widget shows is to be answered with work done beside it.
    #[must_use]
    pub const fn has_work_beside_words(self) -> bool {
        matches!(self, Self::Both | Self::Adaptive)
    }

    /// Whether a word alone is enough where nothing can be computed, for want of scripts.
    #[must_use]
    pub const fn takes_words_alone(self) -> bool {
        matches!(self, Self::Word | Self::Adaptive)
    }
}

impl FromStr for Policy {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|policy| policy.name() == name).ok_or(())
    }
}

/// An algorithm's name in settings.
pub(super) const fn name_of(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Pbkdf2 => "pbkdf2",
        Algorithm::Sha256 => "sha256",
        Algorithm::Scrypt => "scrypt",
    }
}

/// The algorithm of this name in settings.
pub(crate) fn algorithm_named(name: &str) -> Option<Algorithm> {
    Algorithm::ALL.into_iter().find(|algorithm| name_of(*algorithm) == name)
}
