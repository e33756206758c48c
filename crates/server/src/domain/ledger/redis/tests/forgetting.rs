//! Whatever makes a running server forget, nothing passes twice, and it is said.

use super::*;

const KEYS: u32 = 40;

/// Keys that have passed, which a ledger that remembers them calls spent.
async fn passed_keys(ledger: &RedisLedger) -> Vec<Spend> {
    first_key_is_due(ledger).await;
    let keys: Vec<Spend> = (0..KEYS).map(|number| spend(ledger, number)).collect();
    for key in &keys {
        assert_eq!(ledger.answer(key, true, 3).await, Ok(Decision::Passed));
    }
    keys
}

async fn check_all_spent(ledger: &RedisLedger, keys: &[Spend]) {
    for key in keys {
        assert_eq!(answer_in_time(ledger, key).await, Decision::Spent, "a key passes twice");
    }
}

async fn check_passes_anew(ledger: &RedisLedger, number: u32) {
    first_key_is_due(ledger).await;
    assert_eq!(answer_in_time(ledger, &spend(ledger, number)).await, Decision::Passed);
}

fn configure(redis: &Redis, settings: &[(&str, &str)]) {
    for (name, value) in settings {
        assert_eq!(redis.command_line(&["CONFIG", "SET", name, value]), "OK");
    }
}

/// Has the server evict whatever it may, and then be as before; nor do its figures tell.
fn evict_unnoticed(redis: &Redis, policy: &str) {
    configure(redis, &[("maxmemory-policy", policy), ("maxmemory", "1")]);
    let deadline = Instant::now() + RECOVERY;
    while redis.figure("stats", "evicted_keys") < Some(u64::from(KEYS)) {
        assert!(Instant::now() < deadline, "{policy} evicts nothing");
    }
    configure(redis, &[("maxmemory", "0"), ("maxmemory-policy", "noeviction")]);
    redis.command_line(&["CONFIG", "RESETSTAT"]);
    assert_eq!(redis.figure("stats", "evicted_keys"), Some(0));
}

#[tokio::test]
async fn what_was_evicted_is_refused_whatever_the_policy_and_though_the_figures_are_reset() {
    for policy in ["volatile-ttl", "volatile-lru", "volatile-random", "allkeys-lru", "allkeys-random"] {
        let redis = Redis::start();
        let ledger = open(&redis.url()).await;
        let keys = passed_keys(&ledger).await;
        evict_unnoticed(&redis, policy);
        check_all_spent(&ledger, &keys).await;
        assert!(ledger.losses() > 0, "{policy}");
        check_passes_anew(&ledger, KEYS).await;
    }
}

#[tokio::test]
async fn a_server_that_is_trusted_is_not_trusted_with_evictions() {
    let redis = Redis::start();
    let ledger = open(&format!("{}?after_restart=trust", redis.url())).await;
    let keys = passed_keys(&ledger).await;
    evict_unnoticed(&redis, "volatile-ttl");
    check_all_spent(&ledger, &keys).await;
}

#[tokio::test]
async fn a_page_that_is_deleted_makes_its_bucket_begin_anew_and_no_other() {
    let redis = Redis::start();
    let ledger = open(&redis.url()).await;
    let keys = passed_keys(&ledger).await;
    let (of_it, of_another) = (spend(&ledger, 0), spend(&ledger, KEYS));
    let [_, page] = names("haechi:", &of_it);
    assert_ne!(page, names("haechi:", &of_another)[1]);
    assert_eq!(redis.command_line(&["UNLINK", &page]), "1");
    assert_eq!(ledger.answer(&of_it, true, 3).await, Ok(Decision::Spent));
    assert_eq!(ledger.answer(&of_another, true, 3).await, Ok(Decision::Passed));
    assert_eq!(ledger.losses(), 1);
    check_all_spent(&ledger, &keys).await;
}

#[tokio::test]
async fn a_check_finds_a_page_that_is_missing_though_nobody_answers() {
    let redis = Redis::start();
    let ledger = open(&redis.url()).await;
    first_key_is_due(&ledger).await;
    let probed = (0..).map(|number| spend(&ledger, number)).find(|spend| bucket::of(spend) == 0).unwrap();
    assert_eq!(ledger.answer(&probed, true, 3).await, Ok(Decision::Passed));
    redis.command_line(&["UNLINK", &names("haechi:", &probed)[1]]);
    assert_eq!(ledger.check().await, Ok(()));
    assert_eq!(ledger.losses(), 1);
    assert_eq!(ledger.answer(&probed, true, 3).await, Ok(Decision::Spent));
}

#[tokio::test]
async fn an_emptied_server_passes_nothing_again() {
    for command in ["FLUSHALL", "FLUSHDB"] {
        let redis = Redis::start();
        let ledger = open(&redis.url()).await;
        let keys = passed_keys(&ledger).await;
        redis.command_line(&[command]);
        check_all_spent(&ledger, &keys).await;
        assert!(ledger.losses() > 0);
        check_passes_anew(&ledger, KEYS).await;
    }
}

#[tokio::test]
async fn a_full_server_passes_nothing_and_is_not_ready_until_there_is_room() {
    let redis = Redis::start();
    let ledger = open(&redis.url()).await;
    first_key_is_due(&ledger).await;
    configure(&redis, &[("maxmemory", "1")]);
    let key = spend(&ledger, 1);
    let answered = ledger.answer(&key, true, 3).await;
    assert!(matches!(&answered, Err(LedgerError::Unavailable { cause }) if cause.contains("OOM")), "{answered:?}");
    let checked = ledger.check().await;
    assert!(matches!(&checked, Err(LedgerError::Unavailable { cause }) if cause.contains("OOM")), "{checked:?}");
    configure(&redis, &[("maxmemory", "0")]);
    assert_eq!(ledger.check().await, Ok(()));
    assert_eq!(ledger.answer(&key, true, 3).await, Ok(Decision::Passed), "nothing of it was written");
    assert_eq!(ledger.losses(), 0);
}

pub(super) async fn a_server_that_is_set_to_evict_is_not_ready_until_it_no_longer_is(servers: Servers) {
    let ledger = open(&servers.url()).await;
    let redis = match &servers {
        Servers::One(redis) => redis,
        Servers::Cluster(cluster) => &cluster.nodes[*cluster.primaries().last().unwrap()],
    };
    configure(redis, &[("maxmemory-policy", "volatile-ttl")]);
    assert_eq!(ledger.check().await, Ok(()), "without a limit it evicts nothing");
    configure(redis, &[("maxmemory", "500mb")]);
    let checked = ledger.check().await;
    assert!(matches!(&checked, Err(LedgerError::Forgetful { cause }) if cause.contains("volatile-ttl")), "{checked:?}");
    configure(redis, &[("maxmemory-policy", "noeviction")]);
    assert_eq!(ledger.check().await, Ok(()));
}

#[tokio::test]
async fn a_page_whose_time_is_over_is_struck_off_and_its_keys_count_as_spent() {
    let redis = Redis::start();
    let ledger = open(&redis.url()).await;
    let now = unix_now();
    let key = Spend { issued_at: now, until: now + TTL_SECS, ..spend(&ledger, 1) };
    let [mark, page] = names("haechi:", &key);
    let text = redis.command_line(&["GET", &mark]);
    let owner = text.split(':').next().unwrap();
    // It was noted two hours ago; its keys are of ten minutes.
    let old_page = (now - 7200) / 600;
    redis.command_line(&["SET", &mark, &format!("{owner}:0:,{old_page},")]);
    assert_eq!(ledger.answer(&key, true, 3).await, Ok(Decision::Passed), "that it is not there is no loss");
    let last_second = (old_page + 1) * 600 - 1;
    let noted = page.rsplit_once(':').unwrap().1;
    assert_eq!(redis.command_line(&["GET", &mark]), format!("{owner}:{}:,{noted},", last_second - CLOCK_SKEW_SECS));
    let of_it = Spend { issued_at: last_second, until: now + TTL_SECS, ..spend(&ledger, 1) };
    assert_eq!(ledger.answer(&of_it, true, 3).await, Ok(Decision::Spent));
    assert_eq!(ledger.losses(), 0);
}

/// Version 0.2 had a record of its own for each key, and no pages in its marks.
#[tokio::test]
async fn what_an_older_version_began_is_begun_anew() {
    for query in ["", "?after_restart=trust"] {
        let redis = Redis::start();
        let ledger = open(&format!("{}{query}", redis.url())).await;
        first_key_is_due(&ledger).await;
        let key = spend(&ledger, 1);
        let [mark, _] = names("haechi:", &key);
        let text = redis.command_line(&["GET", &mark]);
        redis.command_line(&["SET", &mark, text.trim_end_matches(":,")]);
        assert_eq!(ledger.answer(&key, true, 3).await, Ok(Decision::Spent), "it may have passed there");
        check_passes_anew(&ledger, 2).await;
    }
}

pub(super) async fn the_clock_of_this_machine_is_its_own(servers: Servers) {
    let offset_secs = open(&servers.url()).await.clock_offset_secs().await.unwrap();
    // However slow the machine is, a reply comes within the timeout.
    assert!(offset_secs.abs() < 0.3, "{offset_secs}");
}
