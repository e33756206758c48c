//! How long a key can be answered, when the app's time to live has changed since it was issued.
//!
//! The ledger forgets that a key is spent once the key's time is over. Were a key's time to grow afterwards, or were
//! it longer than the record of its spending says, it could pass a second time. So a longer time to live holds only
//! for keys that are issued from then on; a shorter one holds for all keys at once.

use serde::{Deserialize, Serialize};

use super::{App, AppSettings};
use crate::service::CLOCK_SKEW_SECS;

/// The time to live of older keys, from before it grew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierTtl {
    /// The keys issued before this Unix time.
    pub issued_before: u64,
    /// Their time to live, in seconds.
    pub ttl_secs: u32,
}

impl App {
    /// The Unix time from which a key issued at this one counts as expired.
    #[must_use]
    pub fn expires_at(&self, issued_at: u64) -> u64 {
        let ttl_secs = match self.earlier_ttl {
            Some(earlier) if issued_at < earlier.issued_before => earlier.ttl_secs.min(self.settings.ttl_secs),
            _ => self.settings.ttl_secs,
        };
        issued_at + u64::from(ttl_secs)
    }

    /// Takes on other settings at this Unix time.
    pub fn change_settings(&mut self, settings: AppSettings, now: u64) {
        if settings.ttl_secs > self.settings.ttl_secs {
            self.earlier_ttl = Some(self.earlier_ttl_from(now));
        }
        self.settings = settings;
    }

    /// What holds for older keys if the time to live grows now.
    ///
    /// Requests that began before the change still judge by the old time to live, and the clocks of other nodes may be
    /// ahead, so the keys of the next minute count as older ones too.
    fn earlier_ttl_from(&self, now: u64) -> EarlierTtl {
        let longest_life = u64::from(*AppSettings::TTLS_SECS.end());
        let still_alive = self.earlier_ttl.filter(|earlier| now <= earlier.issued_before + longest_life);
        let ttl_secs = self.settings.ttl_secs;
        EarlierTtl {
            issued_before: now + CLOCK_SKEW_SECS,
            ttl_secs: still_alive.map_or(ttl_secs, |earlier| earlier.ttl_secs.min(ttl_secs)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apps::AppKey;

    /// An app whose time to live became each of these at its Unix time.
    fn app(changes: &[(u64, u32)]) -> App {
        let mut app = App {
            number: 1,
            name: "shop".to_owned(),
            appkey_sha256: AppKey::from_bytes([0; 32]).hash(),
            enabled: true,
            declared: false,
            created_at: 0,
            earlier_ttl: None,
            settings: AppSettings { ttl_secs: 100, ..AppSettings::default() },
        };
        for (now, ttl_secs) in changes {
            app.change_settings(AppSettings { ttl_secs: *ttl_secs, ..app.settings.clone() }, *now);
        }
        app
    }

    #[test]
    fn a_longer_time_to_live_is_for_later_keys() {
        let grown = app(&[(10_000, 3600)]);
        assert_eq!(grown.expires_at(9_000), 9_100);
        assert_eq!(grown.expires_at(10_000), 10_100);
        assert_eq!(grown.expires_at(10_000 + CLOCK_SKEW_SECS), 13_600 + CLOCK_SKEW_SECS);
    }

    #[test]
    fn a_shorter_time_to_live_is_for_all_keys() {
        assert_eq!(app(&[(10_000, 30)]).expires_at(9_990), 10_020);
        assert_eq!(app(&[(10_000, 3600), (10_010, 30)]).expires_at(10_005), 10_035);
    }

    #[test]
    fn going_back_to_a_longer_one_revives_no_key() {
        // A key of 9 990 may have been spent under 30 seconds, which the ledger forgot at 10 020.
        assert_eq!(app(&[(10_000, 30), (10_100, 3600)]).expires_at(9_990), 10_020);
        // It grew twice within the life of a key from before the first time.
        assert_eq!(app(&[(10_000, 200), (10_100, 3600)]).expires_at(9_990), 10_090);
        // Long after the first time only the second counts.
        assert_eq!(app(&[(10_000, 200), (90_000, 3600)]).expires_at(89_990), 90_190);
    }

    #[test]
    fn other_settings_change_no_lifetime() {
        let mut app = app(&[]);
        app.change_settings(AppSettings { attempts: 3, ..app.settings.clone() }, 10_000);
        assert_eq!((app.expires_at(9_990), app.settings.attempts), (10_090, 3));
    }
}
