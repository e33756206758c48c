//! The keys that the vendors publish for tests, so that a site's tests run against haechi as they are.
//!
//! They protect nothing: whoever has them passes. So they are known only to a server that is told to know them.
//! Sources: the vendors' pages on testing, 2026.

use super::verdict::{Fault, Success, Vendor, Verdict};
use crate::domain::token::Audience;

/// What a site gets with a vendor's test secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Any token passes.
    Passes,
    /// A test token passes, and no other.
    PassesTests,
    Fails,
    /// The token counts as redeemed before.
    Spent,
}

/// A vendor's site keys for tests, with the token that each gives, or none if it is to fail.
const SITE_KEYS: [(Audience, &str, Option<&str>); 9] = [
    (Audience::Recaptcha, "6LeIxAcTAAAAAJcZVRqyHh71UMIEGNQ_MXjiZKhI", Some("test-token")),
    (Audience::Hcaptcha, "10000000-ffff-ffff-ffff-000000000001", Some(HCAPTCHA_TOKENS[0])),
    (Audience::Hcaptcha, "20000000-ffff-ffff-ffff-000000000002", Some(HCAPTCHA_TOKENS[1])),
    (Audience::Hcaptcha, "30000000-ffff-ffff-ffff-000000000003", Some(HCAPTCHA_TOKENS[2])),
    (Audience::Turnstile, "1x00000000000000000000AA", Some(TURNSTILE_TOKEN)),
    (Audience::Turnstile, "1x00000000000000000000BB", Some(TURNSTILE_TOKEN)),
    (Audience::Turnstile, "3x00000000000000000000FF", Some(TURNSTILE_TOKEN)),
    (Audience::Turnstile, "2x00000000000000000000AB", None),
    (Audience::Turnstile, "2x00000000000000000000BB", None),
];
const HCAPTCHA_TOKENS: [&str; 3] = [
    "10000000-aaaa-bbbb-cccc-000000000001",
    "20000000-aaaa-bbbb-cccc-000000000002",
    "30000000-aaaa-bbbb-cccc-000000000003",
];
const TURNSTILE_TOKEN: &str = "XXXX.DUMMY.TOKEN.XXXX";

/// Their secrets for tests.
const SECRETS: [(Vendor, &str, Fate); 5] = [
    (Vendor::Recaptcha, "6LeIxAcTAAAAAGG-vFI1TnRWxMZNFuojJ4WifJWe", Fate::Passes),
    (Vendor::Hcaptcha, "0x0000000000000000000000000000000000000000", Fate::PassesTests),
    (Vendor::Turnstile, "1x0000000000000000000000000000000AA", Fate::PassesTests),
    (Vendor::Turnstile, "2x0000000000000000000000000000000AA", Fate::Fails),
    (Vendor::Turnstile, "3x0000000000000000000000000000000AA", Fate::Spent),
];

impl Vendor {
    /// The host that a passed test names.
    const fn test_host(self) -> &'static str {
        match self {
            Self::Recaptcha => "testkey.google.com",
            Self::Hcaptcha => "dummy-key-pass",
            Self::Turnstile => "example.com",
        }
    }

    fn is_test_token(self, response: &str) -> bool {
        match self {
            Self::Recaptcha => true,
            Self::Hcaptcha => HCAPTCHA_TOKENS.contains(&response),
            Self::Turnstile => response == TURNSTILE_TOKEN,
        }
    }
}

/// The verdict on a test secret, if it is one.
pub(super) fn judge(vendor: Vendor, secret: &str, response: &str, now: u64) -> Option<Verdict> {
    let (_, _, fate) = SECRETS.into_iter().find(|(whose, text, _)| *whose == vendor && *text == secret)?;
    let [hostname, action, data] = [vendor.test_host(), "test", ""].map(str::to_owned);
    let success = Success { passed_at: now, hostname, action, data, score: None };
    Some(match fate {
        Fate::Passes => Ok(Box::new(success)),
        Fate::PassesTests if vendor.is_test_token(response) => Ok(Box::new(success)),
        Fate::PassesTests => Err(vec![Fault::NoTestToken]),
        Fate::Fails => Err(vec![Fault::Response]),
        Fate::Spent => Err(vec![Fault::Spent]),
    })
}

/// What the widget gets for a test site key: the test token and how long it lives, or that it is to fail; nothing for any
/// other site key.
pub(crate) fn token_of(site_key: &str) -> Option<Option<(&'static str, u64)>> {
    let (audience, _, token) = SITE_KEYS.into_iter().find(|(_, text, _)| *text == site_key)?;
    Some(token.map(|token| (token, audience.life_secs())))
}
