//! What is done once, whichever server of several is first.

use serde::{Deserialize, Serialize};

use super::{
    AdminError, Administration, random_secret,
    records::{Added, Kind},
};

/// Most claims at once. Each is for a code that was used, a moment at which marks are looked for or a delivery.
const MAX_CLAIMS: u64 = 10_000;

/// That somebody does something, as it is kept under what it is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredClaim {
    /// Tells two that are made in one second from each other.
    claimant: String,
    until: u64,
}

impl StoredClaim {
    pub(super) fn is_over(&self, now: u64) -> bool {
        self.until <= now
    }
}

impl Administration {
    /// Whether this is the first to claim that for so many seconds.
    pub(super) fn claim(&self, what: &str, secs: u64, now: u64) -> Result<bool, AdminError> {
        let all = self.records.all::<StoredClaim>(Kind::Claims)?;
        let over: Vec<_> = all.into_iter().filter(|(_, claim)| claim.is_over(now)).map(|(what, _)| what).collect();
        self.records.remove(Kind::Claims, &over)?;
        let claim = StoredClaim { claimant: random_secret()?, until: now.saturating_add(secs) };
        match self.records.add(Kind::Claims, what, &claim, MAX_CLAIMS)? {
            Added::Done => Ok(true),
            Added::Taken => Ok(false),
            Added::Full => Err(AdminError::Full { kind: "claim" }),
        }
    }

    /// Gives a claim up, so that somebody else may have it.
    pub(super) fn give_up_claim(&self, what: &str) -> Result<(), AdminError> {
        Ok(self.records.remove(Kind::Claims, &[what.to_owned()])?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn what_is_claimed_is_somebody_elses_until_it_is_over() {
        check(|admin| {
            assert!(admin.claim("a", 10, 1_000).unwrap() && admin.claim("b", 10, 1_000).unwrap());
            assert!(!admin.claim("a", 10, 1_000).unwrap() && !admin.claim("a", 10, 1_009).unwrap());
            assert!(admin.claim("a", 10, 1_010).unwrap());
            admin.give_up_claim("a").unwrap();
            assert!(admin.claim("a", 10, 1_010).unwrap());
        });
    }
}
