//! What a token says here: for whom it is, and how long it lives.

use haechi_captcha::{Means, Pass};

/// The api.js for whose page a token was made, and so the siteverify that it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audience {
    /// haechi's own.
    Haechi,
    /// reCAPTCHA v2 and Enterprise.
    Recaptcha,
    /// reCAPTCHA v3, whose replies have a score.
    RecaptchaV3,
    /// hCaptcha.
    Hcaptcha,
    /// Turnstile.
    Turnstile,
    /// ALTCHA, in whose payloads tokens are.
    Altcha,
    /// Cap.
    Cap,
}

impl Audience {
    /// All of them, by their number in a token. Tokens that are out have these numbers.
    pub const ALL: [Self; 7] =
        [Self::Haechi, Self::Recaptcha, Self::RecaptchaV3, Self::Hcaptcha, Self::Turnstile, Self::Altcha, Self::Cap];

    /// The longest time for which a token of any of them can be redeemed, in seconds.
    pub const LONGEST_LIFE_SECS: u64 = 300;

    /// Its name in the widget's calls.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Haechi => "haechi",
            Self::Recaptcha => "recaptcha",
            Self::RecaptchaV3 => "recaptcha-v3",
            Self::Hcaptcha => "hcaptcha",
            Self::Turnstile => "turnstile",
            Self::Altcha => "altcha",
            Self::Cap => "cap",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|audience| audience.name() == name)
    }

    /// For how many seconds after the pass a token can be redeemed: as long as the original's.
    #[must_use]
    pub const fn life_secs(self) -> u64 {
        match self {
            Self::Recaptcha | Self::RecaptchaV3 | Self::Hcaptcha => 120,
            Self::Haechi | Self::Turnstile | Self::Altcha | Self::Cap => Self::LONGEST_LIFE_SECS,
        }
    }
}

/// What a page says that a token is to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// For whom it is.
    pub audience: Audience,
    /// What the person went by.
    pub means: Means,
    /// The host of the page; empty if it is not known.
    pub hostname: String,
    /// What the person is about to do; may be empty.
    pub action: String,
    /// What else there is to say; may be empty.
    pub data: String,
}

impl Wish {
    /// Whether a token has room for it.
    #[must_use]
    pub fn fits(&self) -> bool {
        Pass::has_room_for(&self.hostname, &self.action, &self.data)
    }
}

/// What a token said when it was redeemed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// When the challenge was issued, in Unix seconds.
    pub issued_at: u64,
    /// For whom it is.
    pub audience: Audience,
    /// What was passed, when and how.
    pub pass: Pass,
}

/// What becomes of a token that somebody wants to redeem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redemption {
    /// It is good, and no other request redeems it any more.
    Redeemed(Box<Proof>),
    /// It is none, or was not made for this app.
    Unknown,
    /// It is past its time.
    Late,
    /// It was redeemed before, or the ledger cannot know that it was not.
    Spent,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_audience_is_found_by_its_name_and_lives_as_long_as_the_original() {
        for audience in Audience::ALL {
            assert_eq!(Audience::named(audience.name()), Some(audience));
            assert!(audience.life_secs() <= Audience::LONGEST_LIFE_SECS);
        }
        assert_eq!(Audience::named("captcha"), None);
        let lives = [Audience::Recaptcha, Audience::Hcaptcha, Audience::Turnstile].map(Audience::life_secs);
        assert_eq!(lives, [120, 120, 300]);
    }
}
