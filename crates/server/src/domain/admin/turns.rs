//! Whose password is hashed next.
//!
//! One hash takes 19 MiB and some 20 ms. So only one is computed at a time, and whoever comes when too many wait is
//! sent away: else a flood of sign-ins would take all memory. Those whom we know go first, and have places that
//! strangers do not get; of strangers, those of one network have a few places only. So whoever has few networks keeps
//! nobody out, and whoever has many keeps out strangers alone.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::AdminError;
use crate::domain::{
    client::{Client, Network},
    limits::widest_network,
};

/// Most callers that have a place, of which one's password is being hashed.
const MOST: usize = 16;
/// Most strangers among them.
const MOST_STRANGERS: usize = 12;
/// Most strangers of one /24 or, with IPv6, one /48.
const MOST_OF_NETWORK: usize = 3;

/// Who wants a password hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    /// Somebody who is signed in, or whose browser has been, or who runs a command.
    Known,
    /// Anybody.
    Stranger(Network),
}

impl Asker {
    /// A client of whom nothing is known.
    pub(super) fn stranger(client: Client) -> Self {
        Self::Stranger(widest_network(client))
    }
}

/// Those who wait.
#[derive(Default)]
pub(super) struct Turns {
    places: Mutex<Places>,
    changed: Condvar,
}

#[derive(Default)]
struct Places {
    known: usize,
    strangers: Vec<Network>,
    is_busy: bool,
}

impl Places {
    fn take(&mut self, asker: Asker) -> bool {
        let has_room = self.known + self.strangers.len() < MOST;
        match asker {
            Asker::Known if has_room => self.known += 1,
            Asker::Stranger(network) if has_room && self.has_room_for(network) => self.strangers.push(network),
            _ => return false,
        }
        true
    }

    fn has_room_for(&self, network: Network) -> bool {
        let of_network = self.strangers.iter().filter(|other| **other == network).count();
        self.strangers.len() < MOST_STRANGERS && of_network < MOST_OF_NETWORK
    }

    fn give_back(&mut self, asker: Asker) {
        match asker {
            Asker::Known => self.known -= 1,
            Asker::Stranger(network) => {
                let place = self.strangers.iter().position(|other| *other == network);
                self.strangers.swap_remove(place.expect("it was taken"));
            }
        }
    }

    fn is_turn_of(&self, asker: Asker) -> bool {
        !self.is_busy && (asker == Asker::Known || self.known == 0)
    }
}

/// A place among those who wait, until it is dropped.
struct Place<'a> {
    turns: &'a Turns,
    asker: Asker,
    is_in_turn: bool,
}

impl Turns {
    /// Computes something when it is this caller's turn.
    ///
    /// # Errors
    /// [`AdminError::TooManyAttempts`] when too many wait.
    pub(super) fn in_turn<Outcome>(
        &self,
        asker: Asker,
        compute: impl FnOnce() -> Outcome,
    ) -> Result<Outcome, AdminError> {
        let mut place = self.place(asker)?;
        place.wait();
        Ok(compute())
    }

    fn place(&self, asker: Asker) -> Result<Place<'_>, AdminError> {
        if self.places().take(asker) {
            Ok(Place { turns: self, asker, is_in_turn: false })
        } else {
            Err(AdminError::TooManyAttempts { retry_after_secs: 1 })
        }
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place<'_> {
    fn wait(&mut self) {
        let is_others_turn = |places: &mut Places| !places.is_turn_of(self.asker);
        let waited = self.turns.changed.wait_while(self.turns.places(), is_others_turn);
        waited.unwrap_or_else(PoisonError::into_inner).is_busy = true;
        self.is_in_turn = true;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut places = self.turns.places();
        places.give_back(self.asker);
        if self.is_in_turn {
            places.is_busy = false;
        }
        drop(places);
        self.turns.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        thread,
    };

    use super::*;

    /// A client in the network of this number.
    fn stranger(network: u8) -> Asker {
        Asker::stranger(Client::new([192, 0, network, 1].into()))
    }

    /// How many of these get a place, while nobody leaves.
    fn admitted<'a>(turns: &'a Turns, askers: impl Iterator<Item = Asker>) -> Vec<Place<'a>> {
        askers.filter_map(|asker| turns.place(asker).ok()).collect()
    }

    /// Attack W10: parallel sign-ins from anywhere filled all places, and nobody could sign in.
    #[test]
    fn strangers_never_take_all_places() {
        let turns = Turns::default();
        let strangers = admitted(&turns, (0..100).map(stranger));
        assert_eq!(strangers.len(), 12);
        let known = admitted(&turns, (0..100).map(|_| Asker::Known));
        assert_eq!(known.len(), 4);
        drop(strangers);
        assert_eq!(admitted(&turns, (0..100).map(|_| Asker::Known)).len(), 12);
    }

    #[test]
    fn a_network_takes_three_places_however_many_addresses_it_has() {
        let turns = Turns::default();
        let of_one = (0..100).map(|host| Asker::stranger(Client::new([192, 0, 2, host].into())));
        let places = admitted(&turns, of_one);
        assert_eq!(places.len(), 3);
        assert!(turns.place(stranger(3)).is_ok(), "others are not kept out");
        let subnet = |number: u16| Asker::stranger(Client::new([0x2001, 0xdb8, 1, number, 0, 0, 0, 1].into()));
        assert_eq!(admitted(&turns, (0..100).map(subnet)).len(), 3);
        drop(places);
        assert!(turns.place(stranger(2)).is_ok());
    }

    #[test]
    fn who_is_known_goes_first() {
        let mut places = Places::default();
        assert!(places.is_turn_of(stranger(1)));
        assert!(places.take(Asker::Known));
        assert!(!places.is_turn_of(stranger(1)) && places.is_turn_of(Asker::Known));
        places.is_busy = true;
        assert!(!places.is_turn_of(Asker::Known), "one at a time");
        places.is_busy = false;
        places.give_back(Asker::Known);
        assert!(places.is_turn_of(stranger(1)));
    }

    #[test]
    fn everybody_with_a_place_has_a_turn_alone() {
        let turns = Turns::default();
        let (running, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let act = || {
            assert_eq!(running.fetch_add(1, Ordering::SeqCst), 0);
            thread::yield_now();
            running.fetch_sub(1, Ordering::SeqCst);
            done.fetch_add(1, Ordering::SeqCst);
        };
        let askers = (0..4).flat_map(|network| [stranger(network), Asker::Known]);
        thread::scope(|scope| {
            for asker in askers {
                let (turns, act) = (&turns, &act);
                scope.spawn(move || turns.in_turn(asker, act).unwrap());
            }
        });
        assert_eq!(done.into_inner(), 8);
        assert_eq!(admitted(&turns, (0..100).map(|_| Asker::Known)).len(), 16, "all places are free again");
    }
}
