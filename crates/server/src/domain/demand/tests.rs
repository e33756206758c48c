use std::{
    net::{IpAddr, Ipv4Addr},
    time::{Duration, Instant},
};

use futures_util::FutureExt;
use testbed::{Cluster, Redis, RedisOptions};

use super::*;
use crate::keep::remote::RemoteAddress;

mod simulation;

/// A noon.
const NOON: u64 = 20_000 * 86_400 + 43_200;
const APP: u32 = 7;

fn client(number: u32) -> Client {
    Client::new(IpAddr::V4(Ipv4Addr::from_bits(number)))
}

fn at(address: &str) -> Caller {
    Caller { client: Some(Client::new(address.parse().unwrap())), app: APP }
}

/// What nothing is waited for.
fn demand(demands: &Demands, caller: Caller, now: u64) -> Demand {
    demands.demand(caller, true, now).now_or_never().unwrap()
}

fn settle(demands: &Demands, caller: Caller, became: Became, now: u64) {
    demands.settle(caller, became, now).now_or_never().unwrap();
}

/// Begins so many challenges and solves them all. Returns what the last one asked.
fn solve(demands: &Demands, caller: Caller, count: usize, now: u64) -> Demand {
    let mut last = Demand::default();
    for _ in 0..count {
        last = demand(demands, caller, now);
        settle(demands, caller, Became::Solved, now);
    }
    last
}

fn answer(demands: &Demands, caller: Caller, became: Became, count: usize, now: u64) {
    for _ in 0..count {
        demand(demands, caller, now);
        settle(demands, caller, became, now);
    }
}

const READ: Became = Became::Read { after_secs: 9 };

#[track_caller]
fn check(demand: Demand, expected: (bool, u8, &[Reason])) {
    assert_eq!((demand.word, demand.level, &demand.reasons.iter().collect::<Vec<_>>()[..]), expected);
}

#[test]
fn a_stranger_is_asked_for_a_little_work() {
    let demands = Demands::default();
    check(demand(&demands, at("192.0.2.7"), NOON), (false, 0, &[]));
    check(demand(&demands, at("2001:db8::7"), NOON), (false, 0, &[]));
    check(demand(&demands, Caller { client: None, app: APP }, NOON), (false, 0, &[]));
}

#[test]
fn who_comes_often_is_asked_for_more_and_for_less_again_some_minutes_later() {
    let demands = Demands::default();
    check(solve(&demands, at("192.0.2.7"), 46, NOON), (true, 3, &[Reason::NetworkBusy]));
    check(demand(&demands, at("192.0.2.8"), NOON), (false, 0, &[]));
    check(demand(&demands, at("192.0.2.7"), NOON + 599), (false, 0, &[]));
}

#[test]
fn what_words_became_is_known_for_an_hour_or_two() {
    let demands = Demands::default();
    answer(&demands, at("192.0.2.7"), Became::Wrong, 6, NOON);
    answer(&demands, at("192.0.2.8"), Became::Read { after_secs: 1 }, 3, NOON);
    answer(&demands, at("192.0.2.9"), READ, 10, NOON);
    let later = NOON + 3_000;
    check(demand(&demands, at("192.0.2.7"), later), (true, 3, &[Reason::NetworkWrong]));
    check(demand(&demands, at("192.0.2.8"), later), (true, 3, &[Reason::NetworkHasty]));
    check(solve(&demands, at("192.0.2.9"), 46, later), (false, 0, &[]));
    assert_eq!(demands.view(APP, later).suspect_networks, 2);
    assert_eq!(demands.view(APP, later).peoples_networks, 1);
    check(demand(&demands, at("192.0.2.7"), NOON + 7_200), (false, 0, &[]));
}

#[test]
fn people_are_not_taken_for_others_because_few_read_the_words_of_spot_checks() {
    let demands = Demands::default();
    let office = at("192.0.2.9");
    answer(&demands, office, READ, 12, NOON);
    let mut words = 0;
    for number in 0..300 {
        let demand = demand(&demands, office, NOON);
        words += usize::from(demand.word);
        // Every other one of them leaves.
        if !demand.word || number % 2 == 0 {
            settle(&demands, office, if demand.word { READ } else { Became::Solved }, NOON);
        }
    }
    assert!((5..=10).contains(&words), "{words}");
    // Whoever leaves all of them is not known any more.
    let mut last = Demand::default();
    for _ in 0..8 * 32 {
        last = demand(&demands, office, NOON + 900);
        if !last.word {
            settle(&demands, office, Became::Solved, NOON + 900);
        }
    }
    assert!(last.word && last.level == 3, "{last:?}");
}

/// `docs/policy.md` has the rule in prose, with these numbers.
#[test]
fn the_rule_is_written_down_as_it_is() {
    use self::{networks::*, rule::*, usual::*};
    let document = include_str!("../../../../../docs/policy.md").split_whitespace().collect::<Vec<_>>().join(" ");
    let [one, two, three] = MANY;
    let surge = MANY.map(|many| many / SURGE_DIVISOR);
    let people = MANY.map(|many| many * PEOPLE_FACTOR);
    let [_, (slash_24, wide_24)] = IPV4;
    let [(slash_64, _), (slash_56, wide_56), (slash_48, wide_48)] = IPV6;
    let hours = |minutes: f64| minutes / 60.0;
    for sentence in [
        format!(
            "more than {one} challenges in five minutes: level 1; more than {two}: level 2; more than {three}: level 3 and a word"
        ),
        format!("the limits are a fifth: {}, {} and {}", surge[0], surge[1], surge[2]),
        format!("{PEOPLE_FACTOR} times the limits: {}, {} and {}", people[0], people[1], people[2]),
        format!("from {three} on ({} in a surge) one challenge in {SPOT_CHECK}", surge[2]),
        format!(
            "at least {PEOPLE_ANSWERS} words answered in the last hour, at least {PEOPLE_RIGHT_PERCENT} % of them right and none in less than {HASTY_SECS} s"
        ),
        format!("more than {MAX_UNREAD} words were asked since one was last read"),
        format!("at least {WRONG_ANSWERS} wrong answers in the last hour, more than {WRONG_PERCENT} % of its answers"),
        format!(
            "at least {HASTY_ANSWERS} words in the last hour read in less than {HASTY_SECS} s, at least {HASTY_PERCENT} % of those read"
        ),
        format!(
            "at least {UNANSWERED_BEGUN} challenges in five minutes, more than {UNANSWERED_PERCENT} % of which nobody answered within {IN_FLIGHT_SECS} s"
        ),
        format!("at least {RENEWED} challenges in five minutes given up for others, more than {RENEWED_PERCENT} %"),
        format!("the /{} (times {wide_24})", slash_24 - 96),
        format!("the /{slash_64}, the /{slash_56} (times {wide_56}) and the /{slash_48} (times {wide_48})"),
        format!("{} times its usual rate: level 1; {} times: level 2; {} times: level 3", LOAD[0], LOAD[1], LOAD[2]),
        format!("at least {FLOOR_PER_MINUTE} a minute"),
        format!(
            "at least {APP_WRONG_ANSWERS} words were answered in five minutes, more than {APP_WRONG_PERCENT} % of them wrong"
        ),
        format!(
            "at least {APP_UNANSWERED_BEGUN} challenges were begun, more than {APP_UNANSWERED_PERCENT} % of which nobody answered"
        ),
        format!(
            "rises within {} hours and falls within {} days",
            hours(RISES_IN_MINUTES),
            hours(FALLS_IN_MINUTES) / 24.0
        ),
        format!(
            "first {} hours after a start it rises within {YOUNG_RISES_IN_MINUTES} minutes and falls within {YOUNG_FALLS_IN_MINUTES}",
            YOUNG_MINUTES / 60
        ),
        format!("first {SILENT_MINUTES} minutes"),
        format!("{} networks, in {} MiB", 131_072, (SLOTS * 128) >> 20),
    ] {
        assert!(document.contains(&sentence), "docs/policy.md does not say: {sentence}");
    }
    assert_eq!((SLOTS, Networks::SLOT_BYTES), (131_072, 128));
}

#[test]
fn where_no_word_can_be_asked_nobody_waits_for_one() {
    let demands = Demands::default();
    answer(&demands, at("192.0.2.9"), READ, 10, NOON);
    for _ in 0..300 {
        let asked = demands.demand(at("192.0.2.9"), false, NOON).now_or_never().unwrap();
        settle(&demands, at("192.0.2.9"), Became::Solved, NOON);
        assert!(asked.level < 3, "{asked:?}");
    }
}

/// A hostile client has its own network suspected, and no other one, however much it does.
#[test]
fn nobody_can_cast_a_shadow_on_a_neighbour() {
    for became in [Became::Solved, Became::Wrong, Became::Renewed, Became::Read { after_secs: 0 }] {
        let demands = Demands::default();
        for address in ["192.0.2.7", "2001:db8:1:2300::7"] {
            answer(&demands, at(address), became, 5_000, NOON);
            // Nor does what it says of challenges that it has not begun.
            (0..5_000).for_each(|_| settle(&demands, at(address), became, NOON));
            assert!(demand(&demands, at(address), NOON).word, "{became:?}");
        }
        for neighbour in ["192.0.2.8", "2001:db8:1:2301::7", "2001:db8:1::7", "192.0.3.7"] {
            let asked = demand(&demands, at(neighbour), NOON);
            assert!(!asked.word && asked.level == 0, "{neighbour} {asked:?}");
        }
    }
}

#[test]
fn many_addresses_of_one_network_are_seen_in_the_wider_one_but_for_people_in_it() {
    let demands = Demands::default();
    answer(&demands, at("192.0.2.200"), READ, 10, NOON);
    for number in 0..41 {
        solve(&demands, at(&format!("192.0.2.{number}")), 9, NOON);
    }
    check(demand(&demands, at("192.0.2.201"), NOON), (true, 3, &[Reason::NetworkBusy]));
    check(demand(&demands, at("192.0.2.200"), NOON), (false, 0, &[]));
    check(demand(&demands, at("192.0.3.1"), NOON), (false, 0, &[]));
}

#[test]
fn a_restart_forgives() {
    let demands = Demands::default();
    assert!(solve(&demands, at("192.0.2.7"), 1_000, NOON).word);
    check(demand(&Demands::default(), at("192.0.2.7"), NOON), (false, 0, &[]));
}

#[test]
fn midnight_forgives() {
    let demands = Demands::default();
    let midnight = NOON + 43_200;
    assert!(solve(&demands, at("192.0.2.7"), 1_000, midnight - 1).word);
    check(demand(&demands, at("192.0.2.7"), midnight), (false, 0, &[]));
}

#[test]
fn a_clock_that_goes_back_does_not_panic_and_forgives_at_last() {
    let demands = Demands::default();
    assert!(solve(&demands, at("192.0.2.7"), 1_000, NOON).word);
    assert!(demand(&demands, at("192.0.2.7"), NOON - 1).word, "not for a second");
    for now in [NOON - 3_000, NOON - 40_000, 1, 0, u64::MAX, NOON] {
        let asked = demand(&demands, at("192.0.2.7"), now);
        assert!(!asked.word, "{asked:?} at {now}");
        let _ = demands.view(APP, now);
    }
}

#[test]
fn a_network_without_a_slot_is_judged_by_the_wider_one_or_forgiven() {
    let demands = Demands { networks: Networks::new(64), ..Demands::default() };
    for number in 0..1_000_u32 {
        demand(&demands, Caller { client: Some(client(0x4000_0000 + (number << 8))), app: APP }, NOON);
    }
    let stranger = at("198.51.100.7");
    // It would be suspect if it were known. The load is none, since the app is new.
    check(solve(&demands, stranger, 1_000, NOON), (false, 0, &[]));
    assert!(solve(&demands, stranger, 46, NOON + 600).word, "there is room again");
}

/// A /32 of IPv6 has as many networks as it likes. Once one of them is suspect, it takes no more room.
#[test]
fn one_network_does_not_fill_all_slots() {
    let demands = Demands::default();
    for number in 0..50_000 {
        demand(&demands, at(&format!("2001:db8:1:{number:x}::1")), NOON);
    }
    let strangers = (0..1_000_u32).map(|number| Caller { client: Some(client(number << 8 | 0x4000_0000)), app: APP });
    let known = strangers.filter(|stranger| solve(&demands, *stranger, 46, NOON).word).count();
    assert_eq!(known, 1_000);
}

#[test]
fn an_operator_sees_the_state_of_an_app() {
    let demands = Demands::default();
    assert_eq!(demands.view(APP, NOON), View::default());
    let household = |number: u32| Caller { client: Some(client(0x4000_0000 + (number << 8))), app: APP };
    let begin = |numbers: std::ops::Range<u32>, now| {
        numbers.map(household).for_each(|caller| {
            let asked = solve(&demands, caller, 1, now);
            assert!(!asked.word, "{asked:?}");
        });
    };
    for minute in 0..20 {
        begin(60 * minute..60 * minute + 60, NOON + 60 * u64::from(minute));
    }
    let now = NOON + 20 * 60;
    let view = demands.view(APP, now);
    assert_eq!((view.per_minute, view.usual_per_minute, view.level), (60, Some(60), 0), "{view:?}");
    assert_eq!((view.unanswered_percent, view.wrong_percent, view.suspect_networks), (Some(0), None, 0), "{view:?}");

    begin(5_000..5_300, now + 59);
    solve(&demands, at("192.0.2.7"), 500, now + 59);
    let view = demands.view(APP, now + 59);
    assert_eq!((view.per_minute, view.level), (801, 3), "{view:?}");
    assert!((300..=320).contains(&view.unsuspected_per_minute), "{view:?}");
    assert_eq!(view.reasons.iter().collect::<Vec<_>>(), [Reason::AppBusy]);
    assert_eq!(view.suspect_networks, 1);
    assert_eq!(demands.view(APP + 1, now + 59).per_minute, 0);
}

async fn node(url: &str, key: u8) -> Demands {
    // However busy this machine is, a node is not to count by itself where it need not.
    let address = RemoteAddress::parse(&format!("{url}?timeout_ms=4000")).unwrap();
    let remote = Remote::connect(&address).await.unwrap();
    Demands::default().shared_in(Arc::new(remote), &[key; 32])
}

#[tokio::test]
async fn nodes_that_count_together_judge_together() {
    let mut redis = Redis::start();
    let nodes = [node(&redis.url(), 1).await, node(&redis.url(), 1).await];
    let caller = at("2001:db8::7");
    let mut asked = Vec::new();
    for number in 0..46 {
        asked.push(nodes[number % 2].demand(caller, true, NOON).await.level);
        nodes[(number + 1) % 2].settle(caller, Became::Solved, NOON).await;
    }
    assert_eq!([asked[14], asked[15], asked[29], asked[30], asked[44], asked[45]], [0, 1, 1, 2, 2, 3]);
    assert_eq!(nodes.each_ref().map(|node| node.view(APP, NOON).per_minute), [46, 46]);
    let other_secret = node(&redis.url(), 2).await;
    assert_eq!(other_secret.demand(caller, true, NOON).await.level, 0);

    redis.kill();
    let start = Instant::now();
    let alone = nodes[0].demand(caller, true, NOON).await;
    assert!(alone.word, "it goes on from what it knows: {alone:?}");
    for _ in 0..100 {
        let demand = nodes[1].demand(at("198.51.100.7"), true, NOON).await;
        nodes[1].settle(at("198.51.100.7"), Became::Solved, NOON).await;
        assert!(demand.level <= 3);
    }
    assert!(nodes[1].demand(at("198.51.100.7"), true, NOON).await.word, "and counts by itself");
    assert!(start.elapsed() < Duration::from_secs(60), "one call waits, and no more: {:?}", start.elapsed());
}

#[tokio::test]
async fn a_node_and_redis_judge_alike() {
    let redis = Redis::start();
    let (together, here) = (node(&redis.url(), 1).await, Demands::default());
    let addresses = ["192.0.2.7", "192.0.2.8", "2001:db8::7", "2001:db8:0:1::7", "2001:db8:0:100::7"];
    // A linear congruential generator, so that a failure comes again.
    let mut random = 1_u64;
    let mut below = |bound: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % bound
    };
    // What became of challenges that it has not seen begin, a node does not keep.
    for address in addresses {
        assert_eq!(together.demand(at(address), true, NOON).await, demand(&here, at(address), NOON));
    }
    let (mut now, mut words) = (NOON, 0);
    for call in 0..1_500 {
        now += below(3);
        let caller = at(addresses[below(5) as usize]);
        let became = [Became::Solved, READ, Became::Wrong, Became::Renewed][below(4) as usize];
        if below(2) == 0 {
            together.settle(caller, became, now).await;
            settle(&here, caller, became, now);
        } else {
            let found = demand(&here, caller, now);
            assert_eq!(together.demand(caller, true, now).await, found, "call {call}, {caller:?}");
            words += usize::from(found.word);
        }
    }
    assert_eq!(together.view(APP, now), here.view(APP, now));
    assert!((50..700).contains(&words), "{words}");
}

#[tokio::test]
async fn no_address_is_in_redis_and_all_of_it_expires() {
    let redis = Redis::start();
    let node = node(&redis.url(), 1).await;
    for address in ["192.0.2.7", "2001:db8:7:8::7"] {
        node.demand(at(address), true, NOON).await;
        node.settle(at(address), READ, NOON).await;
        node.settle(at(address), READ, NOON + 86_400).await;
    }
    let keys = redis.command_line(&["EVAL", "return table.concat(redis.call('KEYS', '*'), ' ')", "0"]);
    let keys: Vec<_> = keys.split(' ').collect();
    assert!(keys.len() > 20, "{keys:?}");
    for key in &keys {
        for part in ["192", "2001", "db8", "c0000207", "/24", "/48"] {
            assert!(!key.contains(part) || key.contains(&format!(":{part}")), "{key} has {part}");
        }
        let left: u64 = redis.command_line(&["TTL", key]).parse().unwrap();
        assert!(left <= 7_200, "{key} lasts {left} s");
    }
    let networks = |day: u64| {
        let number = ((NOON + day * 86_400) / 300).to_string();
        let of_day = keys.iter().filter(|key| key.ends_with(&format!(":5m:{number}")) && !key.contains("app"));
        of_day.map(|key| key.split(':').nth(3).unwrap()).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!([networks(0).len(), networks(1).len()], [5, 5], "{keys:?}");
    assert!(networks(0).is_disjoint(&networks(1)), "names change daily");
}

#[tokio::test]
async fn a_user_who_may_what_is_said_may_count() {
    let redis = Redis::start();
    redis.command_line(&["ACL", "SETUSER", "haechi", "on", ">pw", "~haechi:*", "+info", "+ping"]);
    redis.command_line(&["ACL", "SETUSER", "haechi", "+eval", "+evalsha", "+mget", "+set", "+time"]);
    let url = redis.url().replace("redis://", "redis://haechi:pw@");
    let nodes = [node(&url, 1).await, node(&url, 1).await];
    for number in 0..46 {
        nodes[number % 2].demand(at("192.0.2.7"), true, NOON).await;
    }
    assert!(nodes[0].demand(at("192.0.2.7"), true, NOON).await.word);
}

#[tokio::test]
async fn a_cluster_has_all_counts_of_a_client_in_one_place() {
    let cluster = Cluster::start(3, &RedisOptions::default());
    let nodes = [node(&cluster.url(), 1).await, node(&cluster.url(), 1).await];
    for address in ["192.0.2.1", "198.51.100.1", "2001:db8::1", "2001:db8:1::1"] {
        for number in 0..45 {
            nodes[number % 2].demand(at(address), true, NOON).await;
        }
        assert!(nodes[1].demand(at(address), true, NOON).await.word, "{address}");
    }
    assert_eq!(nodes[1].view(APP, NOON).suspect_networks, 4);
}
