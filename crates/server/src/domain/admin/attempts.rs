//! How often passwords may be tried: by each client and, since many clients may try together, for each name.

use std::num::NonZeroU32;

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};
use sha2::{Digest, Sha256};

use super::AdminError;
use crate::domain::{
    client::Client,
    limits::{ClientLimit, TooOften},
};

/// Attempts of a client in a minute.
const PER_CLIENT: NonZeroU32 = NonZeroU32::new(10).expect("it is not zero");
/// Attempts for a name in an hour.
const PER_NAME: NonZeroU32 = NonZeroU32::new(60).expect("it is not zero");
/// Most clients that are remembered.
const MAX_CLIENTS: usize = 10_000;

/// What has been tried of late, on this node.
pub(super) struct Attempts {
    clients: ClientLimit,
    /// By two bytes of the name's hash, so that names that nobody has take no more room than those of users.
    names: DefaultKeyedRateLimiter<[u8; 2]>,
    /// Signed-in users who change their password have a limit of their own, so that other people's failed sign-ins cannot
    /// lock them out.
    changes: DefaultKeyedRateLimiter<[u8; 2]>,
    clock: DefaultClock,
}

impl Attempts {
    pub(super) fn new() -> Self {
        let clock = DefaultClock::default();
        Self {
            clients: ClientLimit::new("sign-in", PER_CLIENT, clock.clone(), MAX_CLIENTS),
            names: RateLimiter::keyed(Quota::per_hour(PER_NAME)),
            changes: RateLimiter::keyed(Quota::per_hour(PER_NAME)),
            clock,
        }
    }

    /// Counts an attempt.
    ///
    /// # Errors
    /// [`AdminError::TooManyAttempts`].
    pub(super) fn count(&self, client: Client, name: &str) -> Result<(), AdminError> {
        if let Err(TooOften { retry_after_secs }) = self.clients.admit(client) {
            return Err(AdminError::TooManyAttempts { retry_after_secs });
        }
        self.count_in(&self.names, name)
    }

    /// Counts an attempt of somebody who is signed in, and changes their password.
    ///
    /// # Errors
    /// [`AdminError::TooManyAttempts`].
    pub(super) fn count_change(&self, name: &str) -> Result<(), AdminError> {
        self.count_in(&self.changes, name)
    }

    fn count_in(&self, limiter: &DefaultKeyedRateLimiter<[u8; 2]>, name: &str) -> Result<(), AdminError> {
        let digest = Sha256::digest(name.as_bytes());
        limiter.check_key(&[digest[0], digest[1]]).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            AdminError::TooManyAttempts { retry_after_secs: wait.as_secs() + 1 }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(last: u8) -> Client {
        Client::new([192, 0, 2, last].into())
    }

    #[test]
    fn a_client_tries_ten_times_a_minute() {
        let attempts = Attempts::new();
        let admitted = (0..1_000).filter(|number| attempts.count(client(1), &format!("user {number}")).is_ok()).count();
        assert_eq!(admitted, 10);
        assert!(attempts.count(client(2), "ann").is_ok());
    }

    #[test]
    fn many_clients_together_try_a_name_sixty_times_an_hour() {
        let attempts = Attempts::new();
        let admitted = (0..200).filter(|number| attempts.count(client(*number), "ann").is_ok()).count();
        assert_eq!(admitted, 60);
        assert!(attempts.count(client(201), "ben").is_ok());
        assert!(attempts.count_change("ann").is_ok(), "others keep somebody from changing their password");
    }
}
