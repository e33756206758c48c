use std::{sync::Arc, time::Instant};

use testbed::{Cluster, Persistence, Redis, RedisOptions};

use super::*;
use crate::domain::apps::{AppKey, AppStore, SettingChanges, SiteKey};

fn node(url: &str) -> Arc<AppStore> {
    let store = Arc::new(AppStore::open_shared(&RemoteAddress::parse(url).unwrap(), &[]).unwrap());
    store.follow();
    store
}

fn create(store: &AppStore, name: &str) -> AppKey {
    store.create(name, &SettingChanges::default(), 1_000).unwrap().appkey
}

/// Waits until this is so. A second is what it may take; a busy machine is given more.
#[track_caller]
fn soon(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(10), "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}

fn check_changes_are_everywhere(url: &str) {
    let (one, other) = (node(url), node(url));
    let appkey = create(&one, "shop");
    soon("the other node knows the app", || other.apps().current().by_appkey(&appkey).is_some());
    other.set_enabled("shop", false).unwrap();
    let is_enabled = || one.apps().current().by_appkey(&appkey).unwrap().app.enabled;
    soon("the first node knows the change", || !is_enabled());
    let (_, fresh) = one.rotate("shop", None).unwrap();
    soon("the appkey was replaced", || other.apps().current().by_appkey(&fresh).is_some());
    assert!(other.apps().current().by_appkey(&appkey).is_none());
    let (_, secret) = other.rotate_secret("shop", None).unwrap();
    let names = |store: &AppStore| {
        let registry = store.apps().current();
        registry.by_secret(&secret).map(|live| live.app.site_key())
    };
    soon("the secret was replaced", || names(&one).is_some());
    assert_eq!(names(&one), Some(SiteKey::of(&appkey.hash())), "the site key stays");
    other.remove("shop", 2_000).unwrap();
    soon("it is gone", || one.list().is_empty());
    assert_eq!(node(url).create("next", &SettingChanges::default(), 3_000).unwrap().app.number, 2);
}

#[test]
fn apps_are_gone_if_nobody_removed_them_and_until_there_are_some() {
    let redis = Redis::start();
    let (one, other) = (node(&redis.url()), node(&redis.url()));
    let gone = || (one.apps().gone(), other.apps().gone());
    for name in ["shop", "blog"] {
        create(&one, name);
    }
    soon("the other node knows them", || other.count() == 2);
    for name in ["shop", "blog"] {
        other.remove(name, 2_000).unwrap();
    }
    soon("they are removed", || one.list().is_empty());
    redis.command_line(&["FLUSHALL"]);
    create(&other, "before");
    soon("the first node knows it", || one.count() == 1);
    assert_eq!(gone(), (0, 0), "there was nothing to be gone");

    create(&other, "shop");
    soon("the first node knows the second app", || one.count() == 2);
    redis.command_line(&["FLUSHALL"]);
    soon("both nodes know that they are gone", || gone() == (2, 2));
    assert_eq!((one.count(), other.count()), (0, 0));
    create(&one, "shop");
    soon("there is one again", || gone() == (0, 0) && other.count() == 1);
}

#[test]
fn a_change_is_everywhere_soon() {
    check_changes_are_everywhere(&Redis::start().url());
}

#[test]
fn a_change_is_everywhere_within_a_second_on_a_cluster() {
    check_changes_are_everywhere(&Cluster::start(3, &RedisOptions::default()).url());
}

#[test]
fn a_change_is_seen_though_its_message_was_lost() {
    let redis = Redis::start();
    let (one, other) = (node(&redis.url()), node(&redis.url()));
    create(&one, "first");
    soon("the other node listens", || !other.list().is_empty());
    // A change of the hash that tells nobody.
    redis.command_line(&["HDEL", "haechi:apps", "app:1"]);
    redis.command_line(&["HINCRBY", "haechi:apps", "version", "1"]);
    soon("it was asked for", || other.list().is_empty());
}

#[test]
fn nodes_that_change_apps_at_once_undo_nothing() {
    let redis = Redis::start();
    let nodes: Vec<_> = (0..3).map(|_| node(&redis.url())).collect();
    thread::scope(|scope| {
        for (number, node) in nodes.iter().enumerate() {
            scope.spawn(move || (0..10).for_each(|app| drop(create(node, &format!("app {number} {app}")))));
        }
    });
    let numbers: Vec<u32> = node(&redis.url()).list().iter().map(|app| app.number).collect();
    assert_eq!(numbers, (1..=30).collect::<Vec<_>>());
}

#[test]
fn what_was_sent_twice_is_done_once() {
    let redis = Redis::start();
    let tables = RemoteTables::open(&RemoteAddress::parse(&redis.url()).unwrap()).unwrap();
    let run = |version: &'static [u8], change: &'static [u8]| {
        let ran = tables.remote.ask(move |remote| async move {
            let arguments: [&[u8]; 6] = [version, change, b"c", b"1", b"next", b"5"];
            Ok(remote.run(&CHANGE, &["haechi:apps"], &arguments).await?.value)
        });
        i64::from_redis_value(ran.unwrap()).unwrap()
    };
    assert_eq!(run(b"0", b"one"), 1);
    assert_eq!(run(b"0", b"one"), 1, "its reply may have been lost");
    assert_eq!(run(b"0", b"two"), -1);
    assert_eq!(run(b"1", b"two"), 2);
}

#[test]
fn a_node_that_is_cut_off_keeps_its_apps() {
    let mut redis = Redis::with(RedisOptions { persistence: Persistence::Always, ..RedisOptions::default() });
    let (one, other) = (node(&redis.url()), node(&redis.url()));
    let appkey = create(&one, "shop");
    soon("the other node knows the app", || other.apps().current().by_appkey(&appkey).is_some());
    redis.kill();
    let error = one.create("more", &SettingChanges::default(), 1_000).unwrap_err();
    assert!(matches!(error, AppError::Storage(_)), "{error}");
    assert!(other.apps().current().by_appkey(&appkey).is_some());
    redis.restart();
    let start = Instant::now();
    // A change whose reply comes too late has failed as far as the node knows, and is there all the same.
    let is_there = |created| matches!(created, Ok(_) | Err(AppError::NameTaken(_)));
    while !is_there(one.create("more", &SettingChanges::default(), 1_000)) {
        assert!(start.elapsed() < Duration::from_secs(20), "it recovers");
        thread::sleep(Duration::from_millis(50));
    }
    soon("the other node follows again", || other.list().len() == 2);
}
