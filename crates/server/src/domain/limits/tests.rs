use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use testbed::{Cluster, Redis, RedisOptions};

use super::*;
use crate::keep::remote::{RemoteAddress, Script};

const SECOND: u64 = 1_000_000;

fn client(number: u32) -> Client {
    Client::new(IpAddr::V4(Ipv4Addr::from_bits(number)))
}

/// A client in a /24 of its own.
fn far_client(number: u32) -> Client {
    client(number << 8)
}

fn at(address: &str) -> Client {
    Client::new(address.parse().unwrap())
}

fn limit(per_minute: u32, slots: usize) -> ClientLimit {
    ClientLimit::new("media", NonZeroU32::new(per_minute).unwrap(), slots)
}

fn retry_after(admitted: Result<(), TooOften>) -> Option<u64> {
    match admitted {
        Ok(()) => None,
        Err(TooOften { retry_after_secs }) => Some(retry_after_secs),
    }
}

/// How many of these calls, all at the same time, are admitted.
fn admitted(limit: &ClientLimit, clients: impl Iterator<Item = Client>, now: u64) -> usize {
    clients.filter(|client| limit.admit_at(*client, now).is_ok()).count()
}

#[test]
fn a_client_has_so_many_a_minute_and_others_have_theirs() {
    let limit = limit(3, 100);
    for _ in 0..3 {
        assert_eq!(retry_after(limit.admit_at(client(1), 0)), None);
    }
    assert_eq!(retry_after(limit.admit_at(client(1), 0)), Some(20), "one more comes every 20 s");
    assert_eq!(retry_after(limit.admit_at(client(1), 1)), Some(20), "and not before");
    assert_eq!(retry_after(limit.admit_at(client(2), 0)), None);
    assert_eq!(retry_after(limit.admit_at(client(1), 20 * SECOND)), None);
    assert!(retry_after(limit.admit_at(client(1), 20 * SECOND)).is_some());
}

#[test]
fn who_comes_from_very_many_addresses_shuts_nobody_out_and_takes_no_memory() {
    let limit = limit(1, 64);
    let passed = admitted(&limit, (0..1000).map(client), 0);
    assert!((32..=4 * 32).contains(&passed), "{passed} of four networks of 256 addresses");
    assert!(limit.budgets.len(0) <= 64);
    let now = 120 * SECOND;
    assert_eq!(retry_after(limit.admit_at(far_client(5000), now)), None);
    assert!(retry_after(limit.admit_at(far_client(5000), now)).is_some(), "room is made for those who call now");
}

#[test]
fn a_full_table_keeps_the_counts_of_those_who_are_known() {
    let limit = limit(2, 4096);
    for _ in 0..2 {
        assert_eq!(retry_after(limit.admit_at(far_client(1), 0)), None);
    }
    let others = admitted(&limit, (2..100_000).map(far_client), 1);
    assert!(others > 2000, "{others}");
    assert!(limit.budgets.len(1) > 4000, "it is not full: {}", limit.budgets.len(1));
    assert_eq!(retry_after(limit.admit_at(far_client(1), 1)), Some(30), "its two calls are not forgotten");
    assert_eq!(retry_after(limit.admit_at(far_client(1), 30 * SECOND)), None);
}

#[test]
fn in_a_full_table_strangers_share_the_budgets_of_their_networks() {
    let limit = limit(2, 4096);
    admitted(&limit, (2..100_000).map(far_client), 0);
    // With 64 budgets that strangers share, all of which are taken, and what came free in a part of a second.
    let strangers = admitted(&limit, (200_000..300_000).map(far_client), SECOND / 4);
    assert!(strangers < 100, "{strangers} passed");
    let of_one_network = admitted(&limit, (0..256).map(|number| client((300_000 << 8) + number)), 2 * SECOND);
    assert!((1..=64).contains(&of_one_network), "{of_one_network}");
}

#[test]
fn nearly_all_slots_are_used_before_a_network_finds_none() {
    let limit = limit(1, 1 << 16);
    let remembered = |count: u32| (0..count).filter(|number| limit.admit_at(far_client(*number), 0).is_ok()).count();
    assert_eq!(remembered(25_000), 25_000);
    assert!(limit.budgets.len(0) >= 49_900, "{} of 50,000", limit.budgets.len(0));
}

#[test]
fn the_subnets_of_a_household_share_a_larger_budget() {
    let limit = limit(2, 4096);
    let subnets = (0..=255).map(|subnet| at(&format!("2001:db8:1:23{subnet:02x}::1")));
    assert_eq!(admitted(&limit, subnets.clone(), 0), 8 * 2);
    assert_eq!(admitted(&limit, subnets, 60 * SECOND), 8 * 2);
    assert_eq!(admitted(&limit, [at("2001:db8:1:2401::1")].into_iter(), 60 * SECOND), 1, "another household");
}

#[test]
fn the_households_of_a_network_share_a_larger_budget() {
    let limit = limit(2, 4096);
    let households = (0..=255).map(|household| at(&format!("2001:db8:1:{household:02x}00::1")));
    assert_eq!(admitted(&limit, households, 0), 32 * 2);
    assert_eq!(retry_after(limit.admit_at(at("2001:db8:1:5555::1"), 0)), Some(1), "32 of them have two in a minute");
    assert_eq!(admitted(&limit, [at("2001:db8:2::1")].into_iter(), 0), 1, "another network");
}

#[test]
fn a_call_that_is_refused_takes_nothing_from_wider_networks() {
    let limit = limit(1, 4096);
    assert_eq!(admitted(&limit, std::iter::repeat_n(client(1), 1000), 0), 1);
    assert_eq!(admitted(&limit, (2..200).map(client), 0), 31, "the rest of the network's budget");
    let other = at("2001:db8::1");
    assert_eq!(admitted(&limit, std::iter::repeat_n(other, 1000), 0), 1);
    assert_eq!(admitted(&limit, (1..200).map(|subnet| at(&format!("2001:db8:0:{subnet:x}::1"))), 0), 7);
}

/// Fault H1: once many clients were known, each call went through all of them.
#[test]
fn a_call_looks_at_as_much_whatever_others_have_done() {
    const AT_MOST: usize = 2 * 16;
    let limit = limit(1, 1 << 12);
    let mut most = 0;
    for number in 0..100_000 {
        let before = limit.budgets.looked_at();
        let _ = limit.admit_at(far_client(number), u64::from(number));
        most = most.max(limit.budgets.looked_at() - before);
    }
    assert_eq!(most, AT_MOST);
}

async fn remote(url: &str) -> Arc<Remote> {
    Arc::new(Remote::connect(&RemoteAddress::parse(url).unwrap()).await.unwrap())
}

async fn shared(redis: &Redis, per_minute: PerMinute) -> Limits {
    Limits::new(per_minute, Proxies::default(), Some(remote(&redis.url()).await))
}

#[tokio::test]
async fn nodes_that_count_together_admit_together() {
    let mut redis = Redis::start();
    let per_minute = PerMinute { verify: 4, ..PerMinute::default() };
    let nodes = [shared(&redis, per_minute).await, shared(&redis, per_minute).await];
    let mut admitted = 0;
    for number in 0..10 {
        let node = &nodes[number % 2];
        match retry_after(node.admit(Limited::Verify, client(1)).await) {
            None => admitted += 1,
            Some(secs) => assert!((1..=15).contains(&secs), "{secs} s"),
        }
    }
    assert_eq!(admitted, 4);
    assert_eq!(retry_after(nodes[0].admit(Limited::Media, client(1)).await), None, "what has no limit is not counted");

    redis.kill();
    let start = Instant::now();
    let alone: Vec<_> = [nodes[0].admit(Limited::Verify, client(1)).await].into_iter().map(retry_after).collect();
    assert_eq!(alone, [None], "each counts by itself");
    for _ in 0..100 {
        let _ = nodes[0].admit(Limited::Verify, client(2)).await;
    }
    assert!(start.elapsed() < Duration::from_secs(10), "one call waits, and no more: {:?}", start.elapsed());
}

#[tokio::test]
async fn nodes_that_count_together_hold_an_apps_rate_together() {
    let redis = Redis::start();
    let nodes = [shared(&redis, PerMinute::default()).await, shared(&redis, PerMinute::default()).await];
    let (mut admitted, start) = (0, Instant::now());
    for number in 0..40 {
        match retry_after(nodes[number % 2].admit_app(7, 2).await) {
            None => admitted += 1,
            wait => assert_eq!(wait, Some(1)),
        }
    }
    let came_back = start.elapsed().as_secs() as u32 * 2 + 2;
    assert!((2..=2 + came_back).contains(&admitted), "{admitted}");
    assert_eq!(retry_after(nodes[0].admit_app(8, 2).await), None);
    assert_eq!(retry_after(nodes[0].admit_app(7, 0).await), None, "it has no limit");
}

/// The script, by the clock that stands under a key.
fn count_at_a_time_of_ours() -> Script {
    let source = include_str!("count.lua");
    let timed = source.replace("redis.call('TIME')", "redis.call('HMGET', 'clock', 'seconds', 'micros')");
    assert_ne!(source, timed);
    Script::new(timed.leak())
}

#[tokio::test]
async fn a_node_and_redis_decide_alike() {
    let redis = Redis::start();
    let remote = remote(&redis.url()).await;
    let shared = Shared::new(Arc::clone(&remote));
    let (script, limit) = (count_at_a_time_of_ours(), limit(7, 1 << 14));
    let clients: Vec<_> = (0..40)
        .map(|number: u32| match number % 4 {
            0 => at(&format!("2001:db8:1:23{number:02x}::1")),
            1 => at(&format!("2001:db8:1:{number:02x}00::1")),
            2 => client(number),
            _ => at("198.51.100.7"),
        })
        .collect();
    // A linear congruential generator, so that a failure comes again.
    let mut random = 1_u64;
    let mut below = |bound: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % bound
    };
    let mut now = 1_800_000_000 * SECOND + 123_456;
    let mut refused = 0;
    for call in 0..2000 {
        // The clock goes faster than that by which keys expire.
        now += below(400_000) + 20_000;
        let mut set_clock = ::redis::cmd("HSET");
        set_clock.arg("clock").arg("seconds").arg(now / SECOND).arg("micros").arg(now % SECOND);
        remote.command(&set_clock).await.unwrap();
        let client = clients[below(40) as usize];
        let here = limit.budgets.admit(limit.levels(client), now).err().unwrap_or(0);
        let there = shared.count(&script, &limit.budgets_of(client), call).await.unwrap();
        assert_eq!(here, there, "call {call}, {client:?}");
        refused += u64::from(here > 0);
    }
    assert!((200..1800).contains(&refused), "{refused}");
}

#[tokio::test]
async fn a_call_that_is_sent_again_is_counted_once() {
    let redis = Redis::start();
    let shared = Shared::new(remote(&redis.url()).await);
    let (script, limit) = (Script::new(include_str!("count.lua")), limit(2, 64));
    let budgets = limit.budgets_of(client(1));
    for name in [1, 1, 1, 2, 1, 2] {
        assert_eq!(shared.count(&script, &budgets, name).await, Ok(0), "{name}");
    }
    let wait = shared.count(&script, &budgets, 3).await.unwrap();
    assert!((25 * SECOND..=30 * SECOND).contains(&wait), "{wait}");
    assert_eq!(shared.count(&script, &budgets, 3).await.map(|wait| wait > 0), Ok(true), "what was refused stays so");
}

#[tokio::test]
async fn counts_in_redis_expire_by_themselves() {
    let redis = Redis::start();
    let shared = shared(&redis, PerMinute { verify: 600, ..PerMinute::default() }).await;
    shared.admit(Limited::Verify, at("2001:db8::1")).await.unwrap();
    shared.admit_app(7, 1000).await.unwrap();
    let start = Instant::now();
    while redis.command_line(&["DBSIZE"]) != "0" {
        assert!(start.elapsed() < Duration::from_secs(10), "{}", redis.command_line(&["KEYS", "*"]));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Attack W16: whoever answers what is easy and leaves the rest was limited by nothing.
#[tokio::test]
async fn challenges_that_are_answered_are_not_counted_for_long() {
    let redis = Redis::start();
    let here = Limits::new(PerMinute::default(), Proxies::default(), None).with_unanswered_per_hour(3);
    let together = shared(&redis, PerMinute::default()).await.with_unanswered_per_hour(3);
    for limits in [here, together] {
        let show = |number| limits.admit(Limited::Unanswered, client(number));
        for _ in 0..20 {
            assert_eq!(retry_after(show(1).await), None);
            limits.give_back_unanswered(client(1)).await;
        }
        for _ in 0..3 {
            assert_eq!(retry_after(show(1).await), None);
        }
        let wait = retry_after(show(1).await).unwrap();
        assert!((1_190..=1_200).contains(&wait), "one comes back every twenty minutes: {wait} s");
        limits.give_back_unanswered(client(1)).await;
        limits.give_back_unanswered(client(1 << 24)).await;
        assert_eq!([retry_after(show(1).await), retry_after(show(1 << 24).await)], [None, None]);
        assert!(retry_after(show(1).await).is_some(), "one was given back, and no more");
    }
    let unlimited = Limits::new(PerMinute::default(), Proxies::default(), None).with_unanswered_per_hour(0);
    for _ in 0..1_000 {
        unlimited.admit(Limited::Unanswered, client(1)).await.unwrap();
    }
}

#[tokio::test]
async fn a_user_who_may_what_is_said_may_count() {
    let redis = Redis::start();
    redis.command_line(&["ACL", "SETUSER", "haechi", "on", ">pw", "~haechi:*", "+info", "+ping"]);
    redis.command_line(&["ACL", "SETUSER", "haechi", "+eval", "+evalsha", "+mget", "+set", "+time"]);
    let remote = remote(&redis.url().replace("redis://", "redis://haechi:pw@")).await;
    let limit = limit(2, 64);
    let script = Script::new(include_str!("count.lua"));
    let (shared, budgets) = (Shared::new(remote), limit.budgets_of(client(1)));
    assert_eq!(shared.count(&script, &budgets, 1).await, Ok(0));
    assert_eq!(shared.count(&Script::new(include_str!("give_back.lua")), &budgets, 2).await, Ok(0));
}

#[tokio::test]
async fn a_cluster_has_all_counts_of_a_client_in_one_place() {
    let cluster = Cluster::start(3, &RedisOptions::default());
    let shared = Shared::new(remote(&cluster.url()).await);
    let script = Script::new(include_str!("count.lua"));
    let limit = limit(1, 64);
    for (name, address) in (0..).zip(["192.0.2.1", "198.51.100.1", "2001:db8::1", "2001:db8:1::1", "::1"]) {
        let budgets = limit.budgets_of(at(address));
        assert_eq!(shared.count(&script, &budgets, name).await, Ok(0), "{address}");
        assert!(shared.count(&script, &budgets, name + 100).await.unwrap() > 0, "{address}");
    }
}
