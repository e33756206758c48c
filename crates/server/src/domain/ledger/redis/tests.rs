mod forgetting;
mod sentinels;

use std::time::{Duration, Instant};

use chaos::{
    checker::{Report, Rules, Violation, check},
    history::{Event, History, Kind, Outcome},
};
use haechi_captcha::Key;
use testbed::{Cluster, Persistence, Redis, RedisOptions, make_certificates};

use self::forgetting::{
    a_server_that_is_set_to_evict_is_not_ready_until_it_no_longer_is, the_clock_of_this_machine_is_its_own,
};
use super::*;
use crate::keep::remote::RemoteAddress;
use crate::{
    clock::unix_now,
    domain::{
        ledger::{Expiry, Ledger},
        lifetime::LONGEST_LIFE_SECS,
    },
};

/// The longest that a ledger may take to be of use again once Redis is: 5 s, and more on a busy machine.
const RECOVERY: Duration = Duration::from_secs(20);
const TTL_SECS: u64 = 180;

async fn open(url: &str) -> RedisLedger {
    try_open(url).await.unwrap_or_else(|error| panic!("{error}"))
}

async fn try_open(url: &str) -> Result<RedisLedger, RemoteError> {
    let address = RemoteAddress::parse(url).unwrap();
    RedisLedger::open(Arc::new(Remote::connect(&address).await?), true).await
}

/// A key with this number, issued as early as the ledger takes one.
fn spend(ledger: &RedisLedger, number: u32) -> Spend {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b9).to_be_bytes());
    bytes[12..].copy_from_slice(&number.to_be_bytes());
    let issued_at = unix_now().max(ledger.issue_not_before());
    Spend { key: Key::from_random_bytes(bytes), issued_at, until: issued_at + TTL_SECS }
}

#[tokio::test]
async fn where_no_key_can_have_been_issued_none_is_refused() {
    let redis = Redis::start();
    let address = RemoteAddress::parse(&redis.url()).unwrap();
    let ledger = RedisLedger::open(Arc::new(Remote::connect(&address).await.unwrap()), false).await.unwrap();
    assert!(ledger.issue_not_before() < unix_now());
    assert_eq!(ledger.answer(&spend(&ledger, 1), true, 3).await, Ok(Decision::Passed));
    let later = open(&redis.url()).await;
    assert!(later.issue_not_before() < unix_now(), "the next node finds it begun");
}

/// Waits until a key that is issued as early as the ledger takes one is not too far ahead of the clock.
async fn first_key_is_due(ledger: &RedisLedger) {
    while ledger.issue_not_before() > unix_now() + CLOCK_SKEW_SECS {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[derive(Debug)]
enum Servers {
    One(Redis),
    Cluster(Cluster),
}

impl Servers {
    fn url(&self) -> String {
        match self {
            Self::One(redis) => redis.url(),
            Self::Cluster(cluster) => cluster.url(),
        }
    }
}

/// Instantiates a test on one server and on a cluster.
macro_rules! on_one_and_on_a_cluster {
    ($($name:ident)*) => {
        mod on_one {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(super::Servers::One(testbed::Redis::start())).await;
            })*
        }
        mod on_a_cluster {
            /// Its dozen processes take a while, so one does for all.
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn all() {
                $(
                    let cluster = testbed::Cluster::start(3, &testbed::RedisOptions::default());
                    super::$name(super::Servers::Cluster(cluster)).await;
                )*
            }
        }
    };
}

on_one_and_on_a_cluster! {
    keys_are_judged_as_by_any_ledger
    a_server_that_is_set_to_evict_is_not_ready_until_it_no_longer_is
    the_clock_of_this_machine_is_its_own
}

/// What `behaviour.rs` asks of the other ledgers, as far as it does not turn on their clock and their limits.
async fn keys_are_judged_as_by_any_ledger(servers: Servers) {
    let ledger = open(&servers.url()).await;
    first_key_is_due(&ledger).await;
    let fresh = |number| spend(&ledger, number);

    let once = fresh(1);
    assert_eq!(ledger.state(&once, unix_now()).await, Ok(State::Fresh));
    assert_eq!(ledger.answer(&once, true, 3).await, Ok(Decision::Passed));
    assert_eq!(ledger.answer(&once, true, 3).await, Ok(Decision::Spent));
    assert_eq!(ledger.answer(&once, false, 3).await, Ok(Decision::Spent));
    assert_eq!(ledger.state(&once, unix_now()).await, Ok(State::Spent));

    let tried = fresh(2);
    for left in (1..10).rev() {
        assert_eq!(ledger.answer(&tried, false, 10).await, Ok(Decision::Wrong { left }));
    }
    assert_eq!(ledger.state(&tried, unix_now()).await, Ok(State::Tried { wrong: 9 }));
    assert_eq!(ledger.answer(&tried, true, 10).await, Ok(Decision::Passed));

    let failed = fresh(3);
    assert_eq!(ledger.answer(&failed, false, 1).await, Ok(Decision::Wrong { left: 0 }));
    assert_eq!(ledger.answer(&failed, true, 1).await, Ok(Decision::Spent));
    assert_eq!(ledger.answer(&failed, true, 10).await, Ok(Decision::Spent), "spent is spent, however many are allowed");

    let fewer = fresh(4);
    assert_eq!(ledger.answer(&fewer, false, 10).await, Ok(Decision::Wrong { left: 9 }));
    assert_eq!(ledger.answer(&fewer, false, 10).await, Ok(Decision::Wrong { left: 8 }));
    assert_eq!(ledger.answer(&fewer, true, 2).await, Ok(Decision::Spent));
    assert_eq!(ledger.answer(&fresh(5), true, 0).await, Ok(Decision::Passed));

    let ledger = Ledger::Redis(ledger.clone());
    let expired = spend(&as_redis(&ledger), 6);
    assert_eq!(ledger.expire(&expired, unix_now()).await, Ok(Expiry::Done));
    assert_eq!(ledger.expire(&expired, unix_now()).await, Ok(Expiry::Spent));

    let now = unix_now();
    let past = Spend { issued_at: now.max(ledger.issue_not_before()), until: now, ..expired };
    assert_eq!(ledger.answer(&past, true, 3, now).await, Ok(Decision::Spent), "past its time");
    let old = Spend { issued_at: now - 1, ..spend(&as_redis(&ledger), 7) };
    assert_eq!(ledger.answer(&old, true, 3, now).await, Ok(Decision::Spent), "older than the memory");
    let ahead = Spend { issued_at: now + 600, until: now + 900, ..spend(&as_redis(&ledger), 8) };
    assert_eq!(ledger.answer(&ahead, true, 3, now).await, Ok(Decision::Spent), "far in the future");

    passes_once_of_a_thousand_times(&as_redis(&ledger)).await;
}

fn as_redis(ledger: &Ledger) -> RedisLedger {
    match ledger {
        Ledger::Redis(ledger) => ledger.clone(),
        other => panic!("{other:?}"),
    }
}

async fn passes_once_of_a_thousand_times(ledger: &RedisLedger) {
    let spend = spend(ledger, 9);
    let mut answers = JoinSet::new();
    for _ in 0..1000 {
        let ledger = ledger.clone();
        answers.spawn(async move { ledger.answer(&spend, true, 3).await });
    }
    let verdicts = answers.join_all().await;
    assert_eq!(verdicts.iter().filter(|verdict| **verdict == Ok(Decision::Passed)).count(), 1, "{verdicts:?}");
}

#[tokio::test]
async fn a_request_that_is_sent_again_gets_the_same_verdict() {
    let redis = Redis::start();
    let ledger = open(&redis.url()).await;
    first_key_is_due(&ledger).await;
    let spend = spend(&ledger, 1);
    let decide = async |is_right, request: u64| {
        let attempt = Attempt { is_right, attempts_allowed: 3, request: Some(request.to_be_bytes()) };
        ledger.decide(&spend, &attempt).await.unwrap().decision
    };
    assert_eq!(decide(false, 1).await, Decision::Wrong { left: 2 });
    assert_eq!(decide(false, 1).await, Decision::Wrong { left: 2 });
    assert_eq!(decide(false, 2).await, Decision::Wrong { left: 1 });
    assert_eq!(decide(false, 1).await, Decision::Wrong { left: 2 });
    assert_eq!(decide(true, 3).await, Decision::Passed);
    assert_eq!(decide(true, 3).await, Decision::Passed);
    assert_eq!(decide(true, 4).await, Decision::Spent);
    assert_eq!(decide(false, 2).await, Decision::Wrong { left: 1 });
}

#[tokio::test]
async fn records_expire_by_themselves_and_live_under_their_prefix() {
    let redis = Redis::start();
    let (ledger, other) = (open(&redis.url()).await, open(&format!("{}/?prefix=other:", redis.url())).await);
    first_key_is_due(&other).await;
    let spend = spend(&other, 1);
    assert_eq!(ledger.answer(&spend, true, 3).await, Ok(Decision::Passed));
    assert_eq!(other.answer(&spend, true, 3).await, Ok(Decision::Passed), "another prefix is another installation");
    let [_, page] = names("haechi:", &spend);
    let left: u64 = redis.command_line(&["TTL", &page]).parse().unwrap();
    // A page has the keys of ten minutes, and is kept as long as the newest of them may count.
    assert!((LONGEST_LIFE_SECS..LONGEST_LIFE_SECS + 600 + 3 * CLOCK_SKEW_SECS).contains(&left), "{left} s");
    assert_eq!(redis.command_line(&["DBSIZE"]), (2 * usize::from(BUCKETS) + 2).to_string());
}

#[tokio::test]
async fn a_server_that_forgot_makes_its_keys_spent_and_no_others() {
    let mut redis = Redis::start();
    let ledger = open(&redis.url()).await;
    first_key_is_due(&ledger).await;
    let (spent, fresh) = (spend(&ledger, 1), spend(&ledger, 2));
    assert_eq!(ledger.answer(&spent, true, 3).await, Ok(Decision::Passed));
    redis.restart();
    for key in [spent, fresh] {
        assert_eq!(answer_in_time(&ledger, &key).await, Decision::Spent);
    }
    first_key_is_due(&ledger).await;
    assert_eq!(answer_in_time(&ledger, &spend(&ledger, 3)).await, Decision::Passed);
}

#[tokio::test]
async fn a_server_that_is_trusted_keeps_its_keys_alive() {
    let mut redis = Redis::with(RedisOptions { persistence: Persistence::Always, ..RedisOptions::default() });
    let ledger = open(&format!("{}?after_restart=trust", redis.url())).await;
    first_key_is_due(&ledger).await;
    let (spent, fresh) = (spend(&ledger, 1), spend(&ledger, 2));
    assert_eq!(ledger.answer(&spent, true, 3).await, Ok(Decision::Passed));
    redis.restart();
    assert_eq!(answer_in_time(&ledger, &spent).await, Decision::Spent);
    assert_eq!(answer_in_time(&ledger, &fresh).await, Decision::Passed);

    let other = spend(&ledger, 3);
    redis.command_line(&["FLUSHALL"]);
    assert_eq!(answer_in_time(&ledger, &other).await, Decision::Spent, "trust ends where the memory is empty");
}

#[tokio::test]
async fn a_primary_that_was_a_replica_meanwhile_is_another_memory() {
    let redis = Redis::start();
    let ledger = open(&redis.url()).await;
    first_key_is_due(&ledger).await;
    let fresh = spend(&ledger, 1);
    // The one that it followed may have decided, and lost, what it never heard of.
    redis.command_line(&["REPLICAOF", "127.0.0.1", &testbed::free_port().to_string()]);
    redis.command_line(&["REPLICAOF", "NO", "ONE"]);
    assert_eq!(answer_in_time(&ledger, &fresh).await, Decision::Spent);
    first_key_is_due(&ledger).await;
    assert_eq!(answer_in_time(&ledger, &spend(&ledger, 2)).await, Decision::Passed);
}

/// The verdict, as soon as the ledger gives one.
async fn answer_in_time(ledger: &RedisLedger, spend: &Spend) -> Decision {
    let start = Instant::now();
    loop {
        match ledger.answer(spend, true, 3).await {
            Ok(verdict) => return verdict,
            Err(error) => assert!(start.elapsed() < RECOVERY, "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn without_a_server_it_says_so_at_once_and_recovers() {
    let mut redis = Redis::start();
    let ledger = open(&redis.url()).await;
    assert_eq!(ledger.check().await, Ok(()));
    redis.kill();
    for _ in 0..3 {
        check_unavailable(&ledger).await;
    }
    redis.restart();
    answer_in_time(&ledger, &spend(&ledger, 1)).await;
    assert_eq!(ledger.check().await, Ok(()));
}

#[tokio::test]
async fn a_server_that_stands_still_is_not_waited_for() {
    let redis = Redis::start();
    let ledger = open(&format!("{}?max_in_flight=40", redis.url())).await;
    redis.pause();
    check_unavailable(&ledger).await;
    let spend = spend(&ledger, 1);
    let mut answers = JoinSet::new();
    for _ in 0..50 {
        let ledger = ledger.clone();
        answers.spawn(async move { ledger.answer(&spend, true, 3).await });
    }
    let answers = answers.join_all().await;
    let refused_at_once = answers.iter().filter(|answer| **answer == Err(LedgerError::Overloaded)).count();
    assert_eq!(refused_at_once, 10, "no more than 40 wait");
    redis.resume();
    answer_in_time(&ledger, &spend).await;
}

/// Three nodes are given the same right answers at once, and a checker that knows nothing of them looks at what came
/// back.
async fn report_of_right_answers(
    redis: &Redis,
    answer: impl AsyncFn(RedisLedger, Spend) -> Decision + Copy + Send + 'static,
) -> Report {
    const KEYS: u32 = 20;
    const ANSWERS: usize = 30;
    let nodes = [open(&redis.url()).await, open(&redis.url()).await, open(&redis.url()).await];
    first_key_is_due(&nodes[0]).await;
    let history = History::new();
    for number in 0..KEYS {
        let spend = spend(&nodes[0], number);
        let key: Arc<str> = number.to_string().into();
        let answering = nodes.iter().cycle().take(ANSWERS).map(|node| async {
            let start = history.now();
            let outcome = match answer(node.clone(), spend).await {
                Decision::Passed => Outcome::Passed,
                Decision::Wrong { .. } => Outcome::Wrong,
                Decision::Spent => Outcome::Spent,
            };
            history.record(Event { key: Arc::clone(&key), kind: Kind::Right, start, end: history.now(), outcome });
        });
        futures_util::future::join_all(answering).await;
    }
    check(&history.into_events(), Rules { attempts: 1, spends_have_cause: true })
}

#[tokio::test]
async fn the_checker_finds_nothing_in_what_one_step_decides() {
    let redis = Redis::start();
    let report = report_of_right_answers(&redis, async |node, spend| node.answer(&spend, true, 1).await.unwrap()).await;
    assert_eq!((report.violations.as_slice(), report.passes), (&[][..], 20), "{report}");
}

/// If this stops failing the ledger, the checker is worth nothing.
#[tokio::test]
async fn the_checker_finds_what_reading_first_and_writing_later_lets_through() {
    let redis = Redis::start();
    let report = report_of_right_answers(&redis, async |node, spend| {
        let found = node.state(&spend, unix_now()).await.unwrap();
        if found == State::Spent {
            return Decision::Spent;
        }
        let mut write = ::redis::cmd("HSET");
        write.arg(&names("haechi:", &spend)[1]).arg(spend.key.as_bytes()).arg(b"p12345678");
        node.0.remote.command(&write).await.unwrap();
        Decision::Passed
    })
    .await;
    let is_found = |violation: &Violation| matches!(violation, Violation::SpentTwice { passed: 2.., .. });
    assert!(report.violations.iter().any(is_found), "{report}");
}

async fn check_unavailable(ledger: &RedisLedger) {
    let start = Instant::now();
    let answered = ledger.answer(&spend(ledger, 1), true, 3).await;
    assert!(matches!(answered, Err(LedgerError::Unavailable { .. })), "{answered:?}");
    // A quarter of a second, and more on a busy machine.
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert!(ledger.check().await.is_err());
}

#[tokio::test]
async fn a_password_and_encryption_are_used() {
    let directory = tempfile::tempdir().unwrap();
    make_certificates(directory.path());
    let tls_port = testbed::free_port();
    let file = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (certificate, key, authority) = (file("server.crt"), file("server.key"), file("ca.crt"));
    let words = ["--tls-port", &tls_port.to_string(), "--tls-cert-file", &certificate, "--tls-key-file", &key];
    let authorities = ["--tls-ca-cert-file", &authority, "--tls-auth-clients", "no"];
    let args = words.into_iter().chain(authorities).map(str::to_owned).collect();
    let _redis = Redis::with(RedisOptions { password: Some("p@ss".to_owned()), args, ..RedisOptions::default() });

    let ledger = open(&format!("rediss://:p%40ss@127.0.0.1:{tls_port}/?ca={authority}")).await;
    assert_eq!(ledger.check().await, Ok(()));
    let unknown_authority = format!("rediss://:p%40ss@127.0.0.1:{tls_port}");
    assert!(try_open(&unknown_authority).await.is_err(), "nobody vouches for the certificate");
    let wrong = try_open(&format!("rediss://:wrong@127.0.0.1:{tls_port}/?ca={authority}")).await.unwrap_err();
    assert!(!wrong.to_string().contains("wrong@"), "{wrong}");
}

#[tokio::test]
async fn a_user_who_may_too_little_is_told_what_is_needed() {
    let redis = Redis::start();
    redis.command_line(&["ACL", "SETUSER", "haechi", "on", ">pw", "~haechi:*", "&haechi:*", "+ping", "+info", "+get"]);
    let url = redis.url().replace("redis://", "redis://haechi:pw@");
    let error = try_open(&url).await.unwrap_err().to_string();
    assert!(error.contains("+eval +evalsha"), "{error}");
    let allow = |commands: &str| {
        let rule: Vec<&str> = ["ACL", "SETUSER", "haechi"].into_iter().chain(commands.split(' ')).collect();
        redis.command_line(&rule);
    };
    allow("+eval +evalsha +get +set +time +info +ping +hget +hlen +expire");
    let error = try_open(&url).await.unwrap_err().to_string();
    assert!(error.contains("+hset"), "what a decision needs is said before there is one: {error}");
    allow("+hset");
    let ledger = open(&url).await;
    first_key_is_due(&ledger).await;
    assert_eq!(ledger.answer(&spend(&ledger, 1), true, 3).await, Ok(Decision::Passed));
}

#[tokio::test]
async fn a_server_that_would_forget_is_refused() {
    let args = ["--maxmemory", "50mb", "--maxmemory-policy", "allkeys-lru"].map(str::to_owned).to_vec();
    let redis = Redis::with(RedisOptions { args, ..RedisOptions::default() });
    let error = try_open(&redis.url()).await.unwrap_err();
    assert!(matches!(&error, RemoteError::Forgetful(cause) if cause.contains("noeviction")), "{error}");
}
