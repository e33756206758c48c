//! How often passwords may be tried: by each client and, since many clients may try together, for each name. In a browser
//! in which the name has signed in before neither counts, but how often that browser tries.

use std::{
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use sha2::{Digest, Sha256};

use super::{AdminError, browsers::KnownBrowser};
use crate::domain::{
    client::Client,
    limits::{ClientLimit, TooOften, gcra::Quota},
};

/// Attempts of a client in a minute.
const PER_CLIENT: NonZeroU32 = NonZeroU32::new(10).expect("it is not zero");
/// Attempts for a name in an hour.
const PER_NAME: u64 = 60;
/// Attempts in a browser that is known, in an hour.
const PER_BROWSER: u64 = 20;
const HOUR_MICROS: u64 = 3_600_000_000;
/// Slots for the networks of clients that are remembered.
const CLIENT_SLOTS: usize = 1 << 15;

/// What has been tried of late, on this node.
pub(super) struct Attempts {
    clients: ClientLimit,
    names: Budgets,
    browsers: Budgets,
    /// Signed-in users who change their password have a limit of their own, so that other people's failed sign-ins cannot
    /// lock them out.
    changes: Budgets,
    began: Instant,
}

/// Budgets by name.
struct Budgets {
    per_hour: u64,
    /// When each is whole, in microseconds from the beginning: by two bytes of the name's hash, so that names that nobody
    /// has take no more room than those of users.
    whole_at: Mutex<Box<[u64]>>,
}

impl Attempts {
    pub(super) fn new() -> Self {
        Self {
            clients: ClientLimit::new("sign-in", PER_CLIENT, CLIENT_SLOTS),
            names: Budgets::new(PER_NAME),
            browsers: Budgets::new(PER_BROWSER),
            changes: Budgets::new(PER_NAME),
            began: Instant::now(),
        }
    }

    /// Counts an attempt, by the browser alone if it is known.
    ///
    /// # Errors
    /// [`AdminError::TooManyAttempts`].
    pub(super) fn count(&self, client: Client, name: &str, browser: Option<&KnownBrowser>) -> Result<(), AdminError> {
        let counted = match browser {
            Some(browser) => self.browsers.count(&browser.id, self.now()),
            None => self.clients.admit(client).and_then(|()| self.names.count(name, self.now())),
        };
        counted.map_err(AdminError::from)
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

impl Budgets {
    fn new(per_hour: u64) -> Self {
        Self { per_hour, whole_at: Mutex::new(vec![0; 1 << 16].into()) }
    }

    fn count(&self, name: &str, now: u64) -> Result<(), TooOften> {
        let digest = Sha256::digest(name.as_bytes());
        let mut all = self.whole_at.lock().unwrap_or_else(PoisonError::into_inner);
        let whole_at = &mut all[usize::from(u16::from_be_bytes([digest[0], digest[1]]))];
        *whole_at = Quota::new(self.per_hour, HOUR_MICROS).take(*whole_at, now).map_err(TooOften::until_micros)?;
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
        let admitted =
            (0..1_000).filter(|number| attempts.count(client(1), &format!("user {number}"), None).is_ok()).count();
        assert_eq!(admitted, 10);
        assert!(attempts.count(client(2), "ann", None).is_ok());
    }

    #[test]
    fn many_clients_together_try_a_name_sixty_times_an_hour() {
        let attempts = Attempts::new();
        let admitted = (0..200).filter(|number| attempts.count(client(*number), "ann", None).is_ok()).count();
        assert_eq!(admitted, 60);
        assert!(attempts.count(client(201), "ben", None).is_ok());
        assert!(attempts.count_change("ann").is_ok(), "others keep somebody from changing their password");
    }

    /// Attack W9: sixty wrong passwords from anywhere locked a user out.
    #[test]
    fn a_known_browser_has_tries_of_its_own() {
        let attempts = Attempts::new();
        (0..200).for_each(|number| drop(attempts.count(client(number), "ann", None)));
        let browser = |id: &str| KnownBrowser { id: id.to_owned() };
        assert!(attempts.count(client(1), "ann", None).is_err());
        let mine = browser("mine");
        let admitted = (0..100).filter(|_| attempts.count(client(1), "ann", Some(&mine)).is_ok()).count();
        assert_eq!(admitted, 20, "nor may that one try without end");
        assert!(attempts.count(client(1), "ann", Some(&browser("another"))).is_ok());
        let others =
            (0..100).filter(|_| attempts.count(client(250), &format!("user {number}", number = 1), None).is_ok());
        assert_eq!(others.count(), 10, "what known browsers try counts for nobody else");
    }
}
