//! Sentinels that name the primary, and encryption on every way.

use testbed::{FaultProxy, Mode, Watched, WatchedOptions};

use super::*;

/// Servers and sentinels with a password each, over TLS, and what is said where one is wrong.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels_and_servers_have_passwords_and_encryption() {
    let directory = tempfile::tempdir().unwrap();
    make_certificates(directory.path());
    let watched = Watched::start(WatchedOptions {
        replicas: 1,
        password: "p@ss".to_owned(),
        sentinel_password: Some("watch".to_owned()),
        certificates: Some(directory.path().to_owned()),
        ..WatchedOptions::default()
    });
    let url = watched.url().replace(":p@ss@", ":p%40ss@");
    let ledger = open(&url).await;
    assert_eq!(ledger.check().await, Ok(()));
    first_key_is_due(&ledger).await;
    assert_eq!(ledger.answer(&spend(&ledger, 1), true, 3).await, Ok(Decision::Passed));

    let refused = async |url: &str| {
        let error = try_open(url).await.unwrap_err();
        assert!(!error.may_pass(), "{error}");
        error.to_string()
    };
    assert!(refused(&url.replace("p%40ss", "other")).await.contains("authentication failed"));
    assert!(refused(&url.replace("password=watch", "password=other")).await.contains("authentication failed"));
    assert!(refused(&url.replace("&sentinel_password=watch", "")).await.contains("NOAUTH"));
    assert!(refused(&url.replace("master=watched", "master=other")).await.contains("knows no primary named"));
    let unknown_authority = url.split("&ca=").next().unwrap();
    assert!(refused(unknown_authority).await.contains("certificate"));
    // Whoever speaks without encryption is told nothing that can be read.
    assert!(try_open(&unknown_authority.replace("rediss-", "redis-")).await.is_err());
}

/// What the old primary decides when there is another one is not confirmed, and so is no decision.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_no_replica_follows_decides_nothing() {
    let mut watched = Watched::start(WatchedOptions::default());
    let ledger = open(&watched.url()).await;
    first_key_is_due(&ledger).await;
    assert_eq!(ledger.answer(&spend(&ledger, 1), true, 3).await, Ok(Decision::Passed));
    for replica in [1, 2] {
        watched.servers[replica].kill();
    }
    // The primary takes writes as before, from whoever does not ask for more.
    assert_eq!(watched.servers[0].command_line(&["SET", "a", "1"]), "OK");
    let undecided = ledger.answer(&spend(&ledger, 2), true, 3).await.unwrap_err().to_string();
    assert!(undecided.contains("too few replicas") || undecided.contains("did not answer"), "{undecided}");
    assert!(ledger.check().await.is_err(), "nor is it ready");
    assert!(try_open(&watched.url()).await.unwrap_err().may_pass());

    watched.servers[1].restart();
    let deadline = Instant::now() + RECOVERY;
    while ledger.check().await.is_err() {
        assert!(Instant::now() < deadline, "one replica of two is enough");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(ledger.answer(&spend(&ledger, 3), true, 3).await, Ok(Decision::Passed));
}

/// Two servers take themselves for the primary, both can be reached, and a node that the sentinels cannot tell of it stays
/// with the former. What that takes down of its answers is confirmed by nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_primaries_the_former_decides_nothing() {
    let watched = Watched::start(WatchedOptions { down_after: Duration::from_secs(1), ..WatchedOptions::default() });
    let ways: Vec<_> = watched.sentinels.iter().map(|sentinel| FaultProxy::start(sentinel.port())).collect();
    let mut url = watched.url();
    for (sentinel, way) in watched.sentinels.iter().zip(&ways) {
        url = url.replace(&format!(":{}", sentinel.port()), &format!(":{}", way.port()));
    }
    let (stays, moves) = (open(&url).await, open(&watched.url()).await);
    first_key_is_due(&stays).await;
    assert_eq!(stays.answer(&spend(&stays, 1), true, 3).await, Ok(Decision::Passed));
    let former = watched.primaries()[0];
    ways.iter().for_each(|way| way.set_mode(Mode::Cut));
    watched.estrange(former);
    let deadline = Instant::now() + 2 * RECOVERY;
    while moves.check().await.is_err() || moves.losses() == 0 {
        assert!(Instant::now() < deadline, "no replica takes over");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Each bucket begins by itself, and refuses what was issued until then.
    let mut began = 0;
    while began < moves.issue_not_before() {
        began = moves.issue_not_before();
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    first_key_is_due(&moves).await;
    let mut passed = 0;
    for number in 2..20 {
        let spend = spend(&moves, number);
        let before = watched.servers[former].figure("replication", "master_repl_offset");
        match stays.answer(&spend, true, 3).await {
            Err(LedgerError::Unavailable { .. }) => {}
            // On a busy machine it may have begun a bucket anew since, and refuses what was issued until then.
            Ok(Decision::Spent) if spend.issued_at < stays.issue_not_before() => continue,
            there => panic!("{there:?}"),
        }
        // It decided all right, and was about to say that the answer passes.
        assert!(watched.servers[former].figure("replication", "master_repl_offset") > before);
        match moves.answer(&spend, true, 3).await {
            Ok(Decision::Passed) => passed += 1,
            // On a busy machine the replicas are late now and then.
            there => assert!(matches!(there, Err(LedgerError::Unavailable { .. })), "{there:?}"),
        }
        if passed == 4 {
            break;
        }
    }
    assert_eq!(passed, 4, "the new primary decides");
    assert!(watched.is_primary(former), "it never learned that there is another one");
}

/// What was decided is not decided again after a failover, whatever the replica had of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_is_found_as_a_loss() {
    let watched = Watched::start(WatchedOptions { down_after: Duration::from_secs(1), ..WatchedOptions::default() });
    let ledger = open(&watched.url()).await;
    first_key_is_due(&ledger).await;
    let (passed, open_still) = (spend(&ledger, 1), spend(&ledger, 2));
    assert_eq!(ledger.answer(&passed, true, 3).await, Ok(Decision::Passed));
    let lost = watched.primaries()[0];
    watched.estrange(lost);
    let deadline = Instant::now() + 2 * RECOVERY;
    // Until replicas leave it, the old one decides, and rightly.
    while ledger.check().await.is_err() || ledger.losses() == 0 {
        assert!(Instant::now() < deadline, "no replica takes over");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // The old primary is there, and says that it is one.
    assert!(watched.primaries().contains(&lost));
    for spend in [&passed, &open_still] {
        let deadline = Instant::now() + RECOVERY;
        let decision = loop {
            match ledger.answer(spend, true, 3).await {
                Ok(decision) => break decision,
                Err(error) => assert!(Instant::now() < deadline, "{error}"),
            }
        };
        assert_eq!(decision, Decision::Spent);
    }
    first_key_is_due(&ledger).await;
    assert_eq!(ledger.answer(&spend(&ledger, 3), true, 3).await, Ok(Decision::Passed));
}

/// Of three sentinels one lies, one says nothing, and one is gone: none of them is enough, and more than half are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_single_sentinel_does_not_choose_the_server() {
    let watched = Watched::start(WatchedOptions::default());
    let elsewhere = Redis::start();
    let sentinels = watched.url();
    let (hosts, query) = sentinels.trim_start_matches("redis-sentinel://:servers@").split_once('?').unwrap();
    let [one, two, three] = hosts.split(',').collect::<Vec<_>>()[..] else { panic!("{hosts}") };
    // It is of the same name to a sentinel that nobody else knows.
    let liar = testbed::lone_sentinel(&elsewhere);
    let liar = format!("127.0.0.1:{}", liar.port());
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = silent.local_addr().unwrap();

    let ledger = open(&format!("redis-sentinel://:servers@{liar},{one},{two}?{query}")).await;
    first_key_is_due(&ledger).await;
    assert_eq!(ledger.answer(&spend(&ledger, 1), true, 3).await, Ok(Decision::Passed));
    let start = Instant::now();
    open(&format!("redis-sentinel://:servers@{silent},{three},{two}?{query}")).await;
    assert!(start.elapsed() < Duration::from_secs(15), "nobody waits for the one: {:?}", start.elapsed());
    for too_few in [format!("{liar},{one}"), format!("{liar},{silent},{one}"), format!("127.0.0.1:1,{silent},{one}")] {
        let error = try_open(&format!("redis-sentinel://:servers@{too_few}?{query}")).await.unwrap_err();
        assert!(error.may_pass() && error.to_string().contains("fewer than half"), "{error}");
    }
    assert_eq!(elsewhere.command_line(&["DBSIZE"]), "0", "nobody wrote there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_has_a_password_and_encryption() {
    let directory = tempfile::tempdir().unwrap();
    make_certificates(directory.path());
    let certificates = Some(directory.path().to_owned());
    let cluster =
        Cluster::start(3, &RedisOptions { password: Some("p@ss".to_owned()), certificates, ..RedisOptions::default() });
    for node in &cluster.nodes {
        node.command_line(&["ACL", "SETUSER", "haechi", "on", ">pw", "~haechi:*", "&haechi:*", "+@all"]);
    }
    let url = cluster.url().replace(":p@ss@", "haechi:pw@");
    let ledger = open(&url).await;
    assert_eq!(ledger.check().await, Ok(()));
    first_key_is_due(&ledger).await;
    assert_eq!(ledger.answer(&spend(&ledger, 1), true, 3).await, Ok(Decision::Passed));
    let wrong = try_open(&url.replace("haechi:pw", "haechi:other")).await.unwrap_err().to_string();
    assert!(wrong.contains("authentication failed"), "{wrong}");
    assert!(try_open(url.split("?ca=").next().unwrap()).await.is_err(), "nobody vouches for the certificate");
}
