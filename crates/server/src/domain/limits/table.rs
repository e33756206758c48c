//! The budgets of networks, in a fixed amount of memory.
//!
//! A network's budget can lie in sixteen slots, which its hash names: so a call looks at as many, whatever others have
//! done, and nothing is ever gone through or freed. A slot whose budget is whole again is free, since a budget that is
//! whole need not be remembered; none else is taken away from its network. A network for which no slot is free is a
//! stranger: it is counted by the widest network that it is in alone, and if that has no slot either, in a budget that
//! several such share.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{Mutex, PoisonError},
};

use super::{
    gcra::Quota,
    levels::{Level, MAX_LEVELS},
};

/// Slots that lie side by side, in two lines of a processor's cache.
const WAYS: usize = 8;
/// Parts of which each has a lock of its own.
const MAX_SHARDS: usize = 64;
/// The fewest slots of a part where there are several: few networks would fill a smaller one while others are empty.
const MIN_SHARD_SLOTS: usize = 512;
/// Slots for each budget that strangers share.
const SLOTS_PER_STRANGERS: usize = 64;

/// Of a slot: the hash of the network, by which it is known, and when its budget is whole. Two networks of the same hash
/// would share a budget: of the 64 bits, so few networks as have slots here do not have the same.
type Set = [(u64, u64); WAYS];

/// Budgets by network.
pub(super) struct Table {
    shards: Box<[Mutex<Shard>]>,
    hasher: RandomState,
}

struct Shard {
    /// As many as a power of two.
    sets: Box<[Set]>,
    /// When the budgets that strangers share are whole.
    strangers: Box<[u64]>,
    #[cfg(test)]
    looked_at: usize,
}

/// Where a budget is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Slot { set: usize, way: usize },
    Strangers(usize),
}

/// What a call would make of a budget.
#[derive(Debug, Clone, Copy)]
struct Taken {
    place: Place,
    tag: u64,
    whole_at: u64,
}

impl Table {
    /// A table of so many slots, or up to twice as many.
    pub(super) fn new(slots: usize) -> Self {
        let slots = slots.next_power_of_two().max(2 * WAYS);
        let shards = (slots / MIN_SHARD_SLOTS).clamp(1, MAX_SHARDS);
        let shard = || Mutex::new(Shard::new(slots / shards));
        Self { shards: std::iter::repeat_with(shard).take(shards).collect(), hasher: RandomState::new() }
    }

    /// Counts a call in all of a client's networks, the widest of which comes first, or in none of them.
    ///
    /// # Errors
    /// The time until all of them will admit one.
    pub(super) fn admit(&self, levels: impl Iterator<Item = Level>, now: u64) -> Result<(), u64> {
        let mut levels = levels.map(|level| (self.hasher.hash_one(level.network), level.quota)).peekable();
        let Some((widest, _)) = levels.peek() else { return Ok(()) };
        let shard = self.shard_of(*widest);
        self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner).admit(levels, now)
    }

    /// Gives a call back to all of a client's networks that have a slot. A stranger's is not: nobody knows any more which
    /// of those who share its budget took it.
    pub(super) fn give_back(&self, levels: impl Iterator<Item = Level>, now: u64) {
        let mut levels = levels.map(|level| (self.hasher.hash_one(level.network), level.quota)).peekable();
        let Some((widest, _)) = levels.peek() else { return };
        let shard = self.shard_of(*widest);
        let mut shard = self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        levels.for_each(|(tag, quota)| shard.give_back(tag, quota, now));
    }

    /// The part in which a client is, by the hash of its widest network.
    ///
    /// All networks of a client are in one part, so that one lock is enough. Nobody outside knows which. Since the widest
    /// network admits so many and no more, it cannot fill its part for longer than one call takes to come back to a client.
    fn shard_of(&self, widest: u64) -> usize {
        (widest >> 58) as usize % self.shards.len()
    }

    /// How many slots have been looked at.
    #[cfg(test)]
    pub(super) fn looked_at(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().unwrap().looked_at).sum()
    }

    /// How many budgets are not whole.
    #[cfg(test)]
    pub(super) fn len(&self, now: u64) -> usize {
        let used = |shard: &Mutex<Shard>| {
            shard.lock().unwrap().sets.as_flattened().iter().filter(|(_, whole_at)| *whole_at > now).count()
        };
        self.shards.iter().map(used).sum()
    }
}

impl Shard {
    fn new(slots: usize) -> Self {
        Self {
            // Of zeros, so that the system gives memory as slots are first used.
            sets: vec![[(0, 0); WAYS]; slots / WAYS].into(),
            strangers: vec![0; slots.div_ceil(SLOTS_PER_STRANGERS)].into(),
            #[cfg(test)]
            looked_at: 0,
        }
    }

    fn admit(&mut self, levels: impl Iterator<Item = (u64, Quota)>, now: u64) -> Result<(), u64> {
        let mut all_taken = [None; MAX_LEVELS];
        let mut wait = 0;
        for (number, (tag, quota)) in levels.enumerate() {
            let place = match self.slot(tag, now, &all_taken) {
                Some(slot) => slot,
                None if number == 0 => Place::Strangers((tag >> 32) as usize % self.strangers.len()),
                None => continue,
            };
            match quota.take(*self.whole_at(place), now) {
                Ok(whole_at) => all_taken[number] = Some(Taken { place, tag, whole_at }),
                Err(longer) => wait = longer.max(wait),
            }
        }
        if wait > 0 {
            return Err(wait);
        }
        for Taken { place, tag, whole_at } in all_taken.into_iter().flatten() {
            *self.whole_at(place) = whole_at;
            if let Place::Slot { set, way } = place {
                self.sets[set][way].0 = tag;
            }
        }
        Ok(())
    }

    fn give_back(&mut self, tag: u64, quota: Quota, now: u64) {
        for set in self.sets_of(tag) {
            let of_network = self.sets[set].iter_mut().find(|(other, whole_at)| *other == tag && *whole_at > now);
            if let Some((_, whole_at)) = of_network {
                *whole_at = quota.give_back(*whole_at, now);
                return;
            }
        }
    }

    /// The slot of this network, or one that is free and is not about to be another's.
    fn slot(&mut self, tag: u64, now: u64, all_taken: &[Option<Taken>]) -> Option<Place> {
        let is_taken = |place| all_taken.iter().flatten().any(|taken| taken.place == place);
        let mut freest = (0, None);
        for set in self.sets_of(tag) {
            let (mut free, mut last) = (0, None);
            for (way, (other, whole_at)) in self.sets[set].iter().enumerate() {
                #[cfg(test)]
                {
                    self.looked_at += 1;
                }
                let place = Place::Slot { set, way };
                // A free slot may be of this network or of any other: its budget is whole either way.
                if *other == tag && *whole_at > now {
                    return Some(place);
                }
                if *whole_at <= now && !is_taken(place) {
                    (free, last) = (free + 1, Some(place));
                }
            }
            // Of two sets the emptier one: so nearly all slots are used before a network finds none.
            if free > freest.0 {
                freest = (free, last);
            }
        }
        freest.1
    }

    fn sets_of(&self, tag: u64) -> [usize; 2] {
        let mask = self.sets.len() - 1;
        let first = tag as usize & mask;
        [first, first ^ ((tag >> 20) as usize & mask).max(1)]
    }

    fn whole_at(&mut self, place: Place) -> &mut u64 {
        match place {
            Place::Slot { set, way } => &mut self.sets[set][way].1,
            Place::Strangers(number) => &mut self.strangers[number],
        }
    }
}
