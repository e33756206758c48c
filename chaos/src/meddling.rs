//! Somebody changes what the nodes' Redis is to do, while clients answer.

use std::{
    thread,
    time::{Duration, Instant},
};

use testbed::{Redis, RedisOptions};

use crate::{
    checker::{Report, Rules},
    dice::Dice,
    load::{Mix, Scale},
    nodes::Nodes,
    scenarios::{sharing, under_load},
};

/// Wrong answers that spend a key where wrong answers are given.
const ATTEMPTS: usize = 3;
/// How long a setting stays as it should not be, and how long all is well after it, in milliseconds.
const MEDDLING_MILLIS: (u64, u64) = (20, 400);
const CALM_MILLIS: (u64, u64) = (500, 2_000);
/// The longest wait for a server to evict something.
const EVICTION_DEADLINE: Duration = Duration::from_secs(30);
/// Those by which it forgets keys, of which the first three take the records and leave the marks.
const POLICIES: [&str; 6] =
    ["volatile-ttl", "volatile-lru", "volatile-random", "allkeys-lru", "allkeys-lfu", "allkeys-random"];

/// Answers of all kinds on three nodes, while somebody has their Redis evict, fills its memory, empties it, deletes some
/// of it, and resets the figures that would tell.
#[must_use]
pub fn meddled_redis(scale: Scale, seed: u64) -> Report {
    let redis = Redis::with(RedisOptions::default());
    let nodes = Nodes::start(sharing(redis.url(), ATTEMPTS));
    let rules = Rules { attempts: ATTEMPTS, spends_have_cause: false };
    let mut dice = Dice::of(seed);
    under_load(nodes.addresses(), scale, Mix::Everything, rules, |goes_on| {
        while goes_on() {
            for meddling in dice.shuffled(Meddling::ALL).into_iter().take_while(|_| goes_on()) {
                thread::sleep(dice.millis(CALM_MILLIS));
                meddling.happens_to(&redis, &mut dice);
            }
        }
    })
}

/// What somebody does.
#[derive(Debug, Clone, Copy)]
enum Meddling {
    /// A limit so low that all goes that may.
    EvictsAll,
    /// A limit a little below what is used.
    EvictsSome,
    /// A limit, and no eviction.
    Fills,
    FlushesAll,
    FlushesDatabase,
    /// One name, whatever it is of.
    Deletes,
}

impl Meddling {
    const ALL: [Self; 6] =
        [Self::EvictsAll, Self::EvictsSome, Self::Fills, Self::FlushesAll, Self::FlushesDatabase, Self::Deletes];

    fn happens_to(self, redis: &Redis, dice: &mut Dice) {
        match self {
            Self::EvictsAll => evict(redis, 1, dice),
            Self::EvictsSome => evict(redis, figure(redis, "memory", "used_memory") * 99 / 100, dice),
            Self::Fills => {
                set(redis, "maxmemory", "1");
                thread::sleep(dice.millis(MEDDLING_MILLIS));
            }
            Self::FlushesAll => drop(redis.command_line(&["FLUSHALL"])),
            Self::FlushesDatabase => drop(redis.command_line(&["FLUSHDB"])),
            Self::Deletes => {
                let name = redis.command_line(&["RANDOMKEY"]);
                redis.command_line(&["UNLINK", &name]);
            }
        }
        set(redis, "maxmemory", "0");
        set(redis, "maxmemory-policy", "noeviction");
        redis.command_line(&["CONFIG", "RESETSTAT"]);
    }
}

/// Has it evict until something is gone, with this much memory.
fn evict(redis: &Redis, memory: u64, dice: &mut Dice) {
    set(redis, "maxmemory-policy", POLICIES[dice.below(POLICIES.len())]);
    set(redis, "maxmemory", &memory.to_string());
    let deadline = Instant::now() + EVICTION_DEADLINE;
    while figure(redis, "stats", "evicted_keys") == 0 {
        assert!(Instant::now() < deadline, "nothing is evicted");
    }
    thread::sleep(dice.millis(MEDDLING_MILLIS));
}

fn set(redis: &Redis, name: &str, value: &str) {
    assert_eq!(redis.command_line(&["CONFIG", "SET", name, value]), "OK");
}

fn figure(redis: &Redis, section: &str, name: &str) -> u64 {
    redis.figure(section, name).unwrap_or_else(|| panic!("Redis has no {name}"))
}
