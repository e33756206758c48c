use std::net::{IpAddr, Ipv4Addr};

use governor::clock::FakeRelativeClock;
use testbed::Redis;

use super::*;
use crate::keep::remote::RemoteAddress;

fn client(number: u32) -> Client {
    Client::new(IpAddr::V4(Ipv4Addr::from_bits(number)))
}

fn limit(per_minute: u32, max_clients: usize) -> (ClientLimit<FakeRelativeClock>, FakeRelativeClock) {
    let clock = FakeRelativeClock::default();
    (ClientLimit::new("media", NonZeroU32::new(per_minute).unwrap(), clock.clone(), max_clients), clock)
}

fn retry_after(admitted: Result<(), TooOften>) -> Option<u64> {
    match admitted {
        Ok(()) => None,
        Err(TooOften { retry_after_secs }) => Some(retry_after_secs),
    }
}

#[test]
fn a_client_has_so_many_a_minute_and_others_have_theirs() {
    let (limit, clock) = limit(3, 10);
    for _ in 0..3 {
        assert_eq!(retry_after(limit.admit(client(1))), None);
    }
    assert_eq!(retry_after(limit.admit(client(1))), Some(21), "one more comes every 20 s");
    assert_eq!(retry_after(limit.admit(client(2))), None);
    clock.advance(Duration::from_secs(20));
    assert_eq!(retry_after(limit.admit(client(1))), None);
    assert!(retry_after(limit.admit(client(1))).is_some());
}

#[test]
fn who_comes_from_very_many_addresses_shuts_nobody_out_and_takes_no_memory() {
    let (limit, clock) = limit(1, 10);
    for number in 0..1000 {
        assert_eq!(retry_after(limit.admit(client(number))), None);
    }
    assert_eq!(limit.clients.len(), 10);
    clock.advance(Duration::from_secs(120));
    assert_eq!(retry_after(limit.admit(client(5000))), None);
    assert!(retry_after(limit.admit(client(5000))).is_some(), "room is made for those who call now");
}

async fn shared(redis: &Redis, per_minute: PerMinute) -> Limits {
    let address = RemoteAddress::parse(&redis.url()).unwrap();
    let remote = Arc::new(Remote::connect(&address).await.unwrap());
    Limits::new(per_minute, Proxies::default(), Some(remote))
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
            Some(secs) => assert!((1..=60).contains(&secs), "{secs} s"),
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
