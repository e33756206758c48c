//! How often passwords may be tried: by each client and, since many clients may try together, for each name.

use std::{
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use sha2::{Digest, Sha256};

use super::AdminError;
use crate::domain::{
    client::Client,
    limits::{ClientLimit, TooOften, gcra::Quota},
};

/// Attempts of a client in a minute.
const PER_CLIENT: NonZeroU32 = NonZeroU32::new(10).expect("it is not zero");
/// Attempts for a name in an hour.
const PER_NAME: u64 = 60;
const HOUR_MICROS: u64 = 3_600_000_000;
/// Slots for the networks of clients that are remembered.
const CLIENT_SLOTS: usize = 1 << 15;

/// What has been tried of late, on this node.
pub(super) struct Attempts {
    clients: ClientLimit,
    names: Names,
    /// Signed-in users who change their password have a limit of their own, so that other people's failed sign-ins cannot
    /// lock them out.
    changes: Names,
    began: Instant,
}

/// When the budget of each name is whole, in microseconds from the beginning: by two bytes of the name's hash, so that
/// names that nobody has take no more room than those of users.
struct Names(Mutex<Box<[u64]>>);

impl Attempts {
    pub(super) fn new() -> Self {
        Self {
            clients: ClientLimit::new("sign-in", PER_CLIENT, CLIENT_SLOTS),
            names: Names::new(),
            changes: Names::new(),
            began: Instant::now(),
        }
    }

    /// Counts an attempt.
    ///
    /// # Errors
    /// [`AdminError::TooManyAttempts`].
    pub(super) fn count(&self, client: Client, name: &str) -> Result<(), AdminError> {
        self.clients.admit(client).and_then(|()| self.names.count(name, self.now())).map_err(AdminError::from)
    }

    /// Counts an attempt of somebody who is signed in, and changes their password.
    ///
    /// # Errors
    /// [`AdminError::TooManyAttempts`].
    pub(super) fn count_change(&self, name: &str) -> Result<(), AdminError> {
        self.changes.count(name, self.now()).map_err(AdminError::from)
    }

    fn now(&self) -> u64 {
        self.began.elapsed().as_micros() as u64
    }
}

impl Names {
    fn new() -> Self {
        Self(Mutex::new(vec![0; 1 << 16].into()))
    }

    fn count(&self, name: &str, now: u64) -> Result<(), TooOften> {
        let digest = Sha256::digest(name.as_bytes());
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let whole_at = &mut all[usize::from(u16::from_be_bytes([digest[0], digest[1]]))];
        *whole_at = Quota::new(PER_NAME, HOUR_MICROS).take(*whole_at, now).map_err(TooOften::until_micros)?;
        Ok(())
    }
}

impl From<TooOften> for AdminError {
    fn from(TooOften { retry_after_secs }: TooOften) -> Self {
        Self::TooManyAttempts { retry_after_secs }
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
