//! What is known of networks, in a fixed amount of memory.
//!
//! As in [`crate::domain::limits`], a network can lie in sixteen slots, which its hash names, so that nothing is ever gone
//! through or freed; a slot of which nothing would be seen any more is free, and none else is taken away from its
//! network. A network for which no slot is free is judged by a wider one, or forgiven. The hash is keyed by the process
//! and the day, so no address can be told from a slot, and no network from one day to the next.

use std::{
    hash::BuildHasher,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{
    counts::{Kind, Windows},
    rule::{Evidence, LONG_SECS, SHORT_SECS, Standing},
};
use crate::domain::client::{Client, Network};

/// The networks of which something is known at once, in 16 MiB.
pub(super) const SLOTS: usize = 1 << 17;

/// Which slots networks share, nobody outside can know.
#[cfg(not(test))]
type Keyed = std::hash::RandomState;
/// With the same key each time, so that a simulation has the same figures: a few networks in many thousands share slots.
#[cfg(test)]
type Keyed = std::hash::BuildHasherDefault<std::hash::DefaultHasher>;
pub(super) const DAY_SECS: u64 = 86_400;

/// The bits that the addresses of a client's networks have in common, narrowest first, and how many times the limits of
/// an address each has: few of its addresses call in the same five minutes, unless they are one's.
pub(super) const IPV4: [(u8, u64); 2] = [(96 + 32, 1), (96 + 24, 8)];
pub(super) const IPV6: [(u8, u64); 3] = [(64, 1), (56, 4), (48, 16)];

/// Slots that lie side by side.
const WAYS: usize = 8;
/// Parts of which each has a lock of its own.
const MAX_SHARDS: usize = 64;
/// The fewest slots of a part where there are several.
const MIN_SHARD_SLOTS: usize = 512;

/// The widest network of a client that is counted.
pub(super) fn widest(client: Client) -> Network {
    client.network(if client.is_ipv4() { IPV4[1].0 } else { IPV6[2].0 })
}

/// Networks by their hash.
pub(super) struct Networks {
    shards: Box<[Mutex<Shard>]>,
    hasher: Keyed,
}

struct Shard {
    /// Sets of [`WAYS`], as many as a power of two, or none before the first network.
    slots: Box<[Slot]>,
    /// How many there are then.
    size: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    tag: u64,
    known: Known,
}

/// What is known of a network.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Known {
    pub(super) short: Windows,
    /// Of the hour, only words are counted.
    pub(super) long: Windows,
    pub(super) standing: Standing,
    /// Words asked since one was last read.
    pub(super) unread: u8,
}

/// A network in which something was counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) network: Network,
    pub(super) width: u64,
    /// None if it has no slot.
    pub(super) known: Option<Known>,
    tag: u64,
    shard: usize,
    /// Where its slot was.
    place: Option<usize>,
}

/// How many networks are suspect, and how many are known for people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) suspect: usize,
    pub(super) people: usize,
}

impl Networks {
    #[cfg(test)]
    pub(super) const SLOT_BYTES: usize = size_of::<Slot>();

    /// A table of so many slots, or up to twice as many.
    pub(super) fn new(slots: usize) -> Self {
        let slots = slots.next_power_of_two().max(2 * WAYS);
        let shards = (slots / MIN_SHARD_SLOTS).clamp(1, MAX_SHARDS);
        let shard = || Mutex::new(Shard { slots: Box::default(), size: slots / shards });
        Self { shards: std::iter::repeat_with(shard).take(shards).collect(), hasher: Keyed::default() }
    }

    /// Counts one in the client's networks, from the narrowest outwards, as far as the first that is not one of many,
    /// and says what is known of these. Only a challenge that is begun makes a network known.
    pub(super) fn count(&self, client: Client, kind: Kind, now: u64) -> Vec<Seen> {
        let mut all = self.networks(client, now);
        let Some(widest) = all.last() else { return all };
        let mut shard = self.lock(widest.shard);
        // The widest first, so that it has a slot if there is one. One who fills his network with others fills no more
        // slots once it is suspect.
        let mut makes = kind == Kind::Begun;
        for seen in all.iter_mut().rev() {
            seen.place = shard.place(seen.tag, now, makes);
            seen.known = seen.place.map(|place| shard.slots[place].known);
            makes &= seen.known.is_none_or(|known| known.standing != Standing::Suspect);
        }
        let last = all.iter().position(|seen| seen.known.is_some_and(|known| known.standing != Standing::Plain));
        all.truncate(last.map_or(all.len(), |last| last + 1));
        for seen in &mut all {
            let Some(place) = seen.place else { continue };
            let slot = &mut shard.slots[place];
            slot.known.add(kind, now);
            seen.known = Some(slot.known);
        }
        all
    }

    /// Notes what is known of these networks by now, as far as they have slots.
    pub(super) fn note(&self, all: &[Seen]) {
        let Some(first) = all.first() else { return };
        let mut shard = self.lock(first.shard);
        for seen in all {
            let (Some(known), Some(place)) = (seen.known, seen.place) else { continue };
            // Meanwhile another network may have got the slot.
            if let Some(slot) = shard.slots.get_mut(place).filter(|slot| slot.tag == seen.tag) {
                slot.known = known;
            }
        }
    }

    /// Goes through all slots, for an operator who looks.
    pub(super) fn tally(&self, now: u64) -> Tally {
        let mut tally = Tally::default();
        for shard in 0..self.shards.len() {
            for Slot { known, .. } in self.lock(shard).slots.iter().filter(|slot| !slot.is_free(now)) {
                tally.suspect += usize::from(known.standing == Standing::Suspect);
                tally.people += usize::from(known.standing == Standing::People);
            }
        }
        tally
    }

    /// The client's networks, narrowest first. All are in one part, that of the widest.
    fn networks(&self, client: Client, now: u64) -> Vec<Seen> {
        let all: &[_] = if client.is_ipv4() { &IPV4 } else { &IPV6 };
        let seen = |(bits, width): &(u8, u64)| {
            let network = client.network(*bits);
            let tag = self.hasher.hash_one((network, now / DAY_SECS));
            Seen { network, width: *width, known: None, tag, shard: 0, place: None }
        };
        let mut all: Vec<_> = all.iter().map(seen).collect();
        let shard = all.last().map_or(0, |widest| (widest.tag >> 58) as usize % self.shards.len());
        all.iter_mut().for_each(|seen| seen.shard = shard);
        all
    }

    fn lock(&self, shard: usize) -> MutexGuard<'_, Shard> {
        self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    /// Where the slot of this network is, or, if one is to be made, a free one, which is its from now on.
    fn place(&mut self, tag: u64, now: u64, makes: bool) -> Option<usize> {
        if self.slots.is_empty() {
            if !makes {
                return None;
            }
            self.slots = vec![Slot::default(); self.size].into();
        }
        let sets = self.sets_of(tag);
        let mut places = sets.into_iter().flat_map(|first| first..first + WAYS);
        let is_its = |slot: &Slot| slot.tag == tag && slot.known.short.number > 0;
        if let Some(place) = places.find(|place| is_its(&self.slots[*place])) {
            return Some(place);
        }
        if !makes {
            return None;
        }
        // Of two sets the emptier one: so nearly all slots are used before a network finds none.
        let free = sets.map(|first| {
            let places = (first..first + WAYS).filter(|place| self.slots[*place].is_free(now));
            places.fold((0, None), |(count, _), place| (count + 1, Some(place)))
        });
        let (_, place) = if free[1].0 > free[0].0 { free[1] } else { free[0] };
        let place = place?;
        self.slots[place] = Slot { tag, known: Known::new(now) };
        Some(place)
    }

    /// Where the two sets begin in which this network may lie.
    fn sets_of(&self, tag: u64) -> [usize; 2] {
        let mask = self.slots.len() / WAYS - 1;
        let first = tag as usize & mask;
        [first, first ^ ((tag >> 20) as usize & mask).max(1)].map(|set| set * WAYS)
    }
}

impl Slot {
    fn is_free(&self, now: u64) -> bool {
        self.known.short.are_over(now, SHORT_SECS) && self.known.long.are_over(now, LONG_SECS)
    }
}

impl Known {
    fn new(now: u64) -> Self {
        let short = Windows { number: now / SHORT_SECS, ..Windows::default() };
        Self { short, ..Self::default() }
    }

    /// Counts one here.
    fn add(&mut self, kind: Kind, now: u64) {
        self.short.add(kind, now, SHORT_SECS);
        if is_word(kind) {
            self.long.add(kind, now, LONG_SECS);
        }
        if kind == Kind::Read {
            self.unread = 0;
        }
    }

    pub(super) fn evidence(&self, width: u64, now: u64) -> Evidence {
        let short = self.short.recent(now, SHORT_SECS);
        Evidence { short, long: self.long.recent(now, LONG_SECS), width, unread: self.unread }
    }
}

/// Whether it is about words, of which an hour is looked at.
pub(super) fn is_word(kind: Kind) -> bool {
    matches!(kind, Kind::Read | Kind::Hasty | Kind::Wrong)
}
