//! Through apps, service and ledger: times to live that differ or change while keys are out, and what is counted.

use axum::{
    body::Body,
    http::{Request, header},
};
use haechi_captcha::{Algorithm, Secret, Terms};
use tempfile::TempDir;
use tower::ServiceExt;

use super::*;
use crate::{
    domain::{
        apps::{AppSettings, AppStore, Asking, DeclaredApp, SettingChanges},
        client::Peer,
        counters::Counts,
        ledger::{EmbeddedLedger, EmbeddedOptions, MemoryLedger, request_name},
        statistics::{Span, Statistics},
    },
    keep::store::Store,
    router::{Options, router},
};

#[derive(Clone, Copy)]
enum Kind {
    Memory,
    Embedded,
}

/// What one process after another opens.
struct Installed {
    dir: TempDir,
    kind: Kind,
}

impl Installed {
    fn new(kind: Kind) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), kind }
    }

    /// The apps and the service of a process. What a memory ledger should know from before `began_at`, it refuses.
    fn open(&self, declared: &[DeclaredApp], began_at: u64) -> (AppStore, Service) {
        let store = Store::open(self.dir.path()).unwrap();
        let apps = AppStore::open(store.clone(), declared).unwrap();
        let ledger = match self.kind {
            Kind::Memory => Ledger::Memory(MemoryLedger::new(100, began_at)),
            Kind::Embedded => {
                Ledger::Embedded(EmbeddedLedger::open(store, EmbeddedOptions::default(), Some(began_at)).unwrap())
            }
        };
        let keyring = Keyring::new(&Secret::from_bytes([1; 32]));
        let service = Service::new(keyring, Arc::clone(apps.apps()), ledger, Nonces::new(0, 0));
        (apps, service)
    }
}

fn ttl(ttl_secs: u32) -> SettingChanges {
    SettingChanges { ttl_secs: Some(ttl_secs), ..SettingChanges::default() }
}

fn declared(ttl_secs: u32) -> DeclaredApp {
    DeclaredApp {
        name: "shop".parse().unwrap(),
        appkey_sha256: AppKey::from_bytes([7; 32]).hash(),
        enabled: true,
        site_key: None,
        secret_sha256: None,
        settings: AppSettings { ttl_secs, ..AppSettings::default() },
    }
}

fn app(service: &Service, name: &str) -> Arc<LiveApp> {
    service.apps().current().by_name(name).map(Arc::clone).unwrap()
}

/// A key of this app that was issued at this Unix time.
fn issue_at(service: &Service, name: &str, issued_at: u64) -> Key {
    let live = app(service, name);
    let length = live.app.settings.answer_length;
    let (shape, nonce) = (Shape::word(length), service.nonces.next());
    let claims = Claims { issued_at, app: live.app.number, shape, nonce };
    service.keyring.load().issue(&claims)
}

/// Answers a key rightly, now.
async fn judge(service: &Service, key: &Key) -> Verdict {
    let (challenge, live) = service.word(&key.to_string()).unwrap();
    service.judge(&live, &challenge, challenge.answer().as_str(), unix_now()).await.unwrap().verdict
}

/// Answers a key rightly, as if it were this Unix time.
async fn spend_at(service: &Service, key: &Key, now: u64) {
    let (challenge, live) = service.word(&key.to_string()).unwrap();
    let spend = spend_of(&live, (&challenge).into());
    assert_eq!(service.ledger().answer(&spend, true, 1, now).await, Ok(Decision::Passed));
}

/// Spends a key, and has the ledger forget that. The time to live is 30 seconds. Returns the key, and one that nobody
/// ever answered, and is past its time by now as well.
async fn spend_and_forget(service: &Service) -> (Key, Key) {
    let issued_at = unix_now() - 100;
    let (spent, unanswered) = (issue_at(service, "shop", issued_at), issue_at(service, "shop", issued_at + 1));
    spend_at(service, &spent, issued_at + 5).await;
    assert_eq!(service.ledger().purge(issued_at + 30, 30).await, Ok(1));
    assert_eq!(service.ledger().records(), Some(0));
    assert_eq!(judge(service, &spent).await, Verdict::Late);
    (spent, unanswered)
}

/// A key that is spent and forgotten never passes, though its time to live has grown so that it is not over yet.
async fn check_spent(service: &Service, spent: &Key) {
    let live = app(service, "shop");
    let (challenge, _) = service.word(&spent.to_string()).unwrap();
    assert!(service.check_time(&live, &challenge, unix_now()).is_ok());
    assert_eq!(judge(service, spent).await, Verdict::Spent);
    assert_eq!(service.expire(&live, &challenge, unix_now()).await.unwrap(), Expiry::Spent);
}

#[tokio::test]
async fn a_forgotten_key_never_passes_when_a_stored_apps_time_to_live_grows() {
    for kind in [Kind::Memory, Kind::Embedded] {
        let installed = Installed::new(kind);
        let (apps, service) = installed.open(&[], 0);
        apps.create("shop", &ttl(30), 0).unwrap();
        let (spent, unanswered) = spend_and_forget(&service).await;
        apps.set("shop", &ttl(3600)).unwrap();
        check_spent(&service, &spent).await;
        // What refuses it is that it was spent, and not its age.
        assert_eq!(judge(&service, &unanswered).await, Verdict::Passed);
        assert_eq!(service.purge().await, Ok(0));
        drop((apps, service));
        let (_apps, service) = installed.open(&[], unix_now());
        check_spent(&service, &spent).await;
        check_spent(&service, &unanswered).await;
    }
}

#[tokio::test]
async fn a_forgotten_key_never_passes_when_a_declared_apps_time_to_live_grows() {
    for kind in [Kind::Memory, Kind::Embedded] {
        let installed = Installed::new(kind);
        let (apps, service) = installed.open(&[declared(30)], 0);
        let (spent, unanswered) = spend_and_forget(&service).await;
        drop((apps, service));
        // It may also be gone from the configuration file for a while.
        drop(installed.open(&[], unix_now()));
        let (_apps, service) = installed.open(&[declared(3600)], unix_now());
        check_spent(&service, &spent).await;
        match kind {
            Kind::Memory => check_spent(&service, &unanswered).await,
            Kind::Embedded => assert_eq!(judge(&service, &unanswered).await, Verdict::Passed),
        }
    }
}

#[tokio::test]
async fn keys_of_a_longer_time_to_live_outlive_younger_ones_of_a_shorter() {
    for kind in [Kind::Memory, Kind::Embedded] {
        let installed = Installed::new(kind);
        let (apps, service) = installed.open(&[], 0);
        apps.create("long", &ttl(600), 0).unwrap();
        apps.create("short", &ttl(30), 0).unwrap();
        let now = unix_now();
        let (long, short) = (issue_at(&service, "long", now - 40), issue_at(&service, "short", now - 38));
        spend_at(&service, &short, now - 37).await;
        assert_eq!(service.purge().await, Ok(0));
        assert_eq!(judge(&service, &long).await, Verdict::Passed);
    }
}

#[tokio::test]
async fn a_time_to_live_that_grows_holds_for_keys_that_are_out() {
    for kind in [Kind::Memory, Kind::Embedded] {
        let installed = Installed::new(kind);
        let (apps, service) = installed.open(&[], 0);
        apps.create("shop", &ttl(30), 0).unwrap();
        let now = unix_now();
        let (out, spent) = (issue_at(&service, "shop", now - 40), issue_at(&service, "shop", now - 38));
        spend_at(&service, &spent, now - 37).await;
        // The next purge knows the new one, though no answer told the ledger of it.
        apps.set("shop", &ttl(600)).unwrap();
        assert_eq!(service.purge().await, Ok(0));
        assert_eq!(judge(&service, &out).await, Verdict::Passed);
        assert_eq!(judge(&service, &spent).await, Verdict::Spent);
    }
}

/// The verdict on what was typed for a key in a request of this name, as if it were this Unix time.
async fn judge_named(service: &Service, key: &Key, typed: &str, name: &str, now: u64) -> Verdict {
    let (challenge, live) = service.word(&key.to_string()).unwrap();
    let given = Given { typed, request: Some(request_name(&[name, typed])) };
    service.judge(&live, &challenge, given, now).await.unwrap().verdict
}

#[tokio::test]
async fn a_request_is_told_that_it_passed_until_a_minute_after_its_keys_time() {
    for kind in [Kind::Memory, Kind::Embedded] {
        let installed = Installed::new(kind);
        let (apps, service) = installed.open(&[], 0);
        apps.create("shop", &ttl(30), 0).unwrap();
        let at = unix_now();
        let keys = [0; 4].map(|_| issue_at(&service, "shop", at));
        let right = |number: usize| service.word(&keys[number].to_string()).unwrap().0.answer().as_str().to_owned();
        let [first, second, third] = [right(0), right(1), right(2)];
        assert_eq!(judge_named(&service, &keys[0], &first, "a", at + 29).await, Verdict::Passed);
        assert_eq!(judge_named(&service, &keys[1], "wrong", "a", at + 29).await, Verdict::Wrong { left: 0 });
        // Keys of this time are forgotten no sooner than a request may come again.
        assert_eq!(service.ledger().purge(at + 89, 30).await, Ok(0));

        assert_eq!(judge_named(&service, &keys[0], &first, "a", at + 89).await, Verdict::Passed);
        assert_eq!(judge_named(&service, &keys[0], &first, "b", at + 89).await, Verdict::Late);
        assert_eq!(judge_named(&service, &keys[0], &first, "a", at + 90).await, Verdict::Late);
        assert_eq!(judge_named(&service, &keys[1], "wrong", "a", at + 30).await, Verdict::Late);
        assert_eq!(judge_named(&service, &keys[1], &second, "a", at + 30).await, Verdict::Late);
        // Nobody passes past the time who had not passed in it, however often the request comes.
        for _ in 0..2 {
            assert_eq!(judge_named(&service, &keys[2], &third, "a", at + 30).await, Verdict::Late);
        }
        let early = issue_at(&service, "shop", at + 100);
        assert_eq!(judge_named(&service, &early, "wrong", "a", at).await, Verdict::Late, "it is from the future");
        let counts = counted(&service);
        assert_eq!((counts.passed, counts.wrong), (1, 1), "each is counted once, and none that is late");
    }
}

/// What the statistics say of the app called "shop".
fn counted(service: &Service) -> Counts {
    let directory = tempfile::tempdir().unwrap();
    let statistics =
        Statistics::open(Store::open(directory.path()).unwrap(), Arc::clone(&service.apps), Statistics::USUAL_DAYS)
            .unwrap();
    let now = unix_now();
    statistics.flush(now);
    statistics.report(app(service, "shop").app.number, Span::Hour, now).unwrap().total
}

#[tokio::test]
async fn what_happens_to_challenges_is_counted() {
    let installed = Installed::new(Kind::Memory);
    let (apps, service) = installed.open(&[], 0);
    let limited = SettingChanges { rate_per_sec: Some(4), attempts: Some(2), ..SettingChanges::default() };
    apps.create("shop", &limited, 0).unwrap();
    let live = app(&service, "shop");
    let mut keys = Vec::new();
    while let Ok(key) = service.issue(&live, None, unix_now()).await {
        keys.push(key);
    }
    let challenge = |number: usize| service.word(&keys[number].to_string()).unwrap().0;
    let verdict =
        async |number, typed| service.judge(&live, &challenge(number), typed, unix_now()).await.unwrap().verdict;
    assert_eq!(judge(&service, &keys[0]).await, Verdict::Passed);
    assert_eq!(judge(&service, &keys[0]).await, Verdict::Spent);
    assert_eq!(verdict(1, "wrong").await, Verdict::Wrong { left: 1 });
    assert_eq!(verdict(1, "").await, Verdict::Empty);
    assert_eq!(service.expire(&live, &challenge(2), unix_now()).await.unwrap(), Expiry::Done);

    let counts = counted(&service);
    let times = counts.times.clone();
    assert_eq!((counts.issued, counts.passed, counts.wrong), (keys.len() as u64, 1, 1));
    assert_eq!((times.total(), times.within(30)), (1, 1));
    assert_eq!(counts.limited, 1);
    assert_eq!(counted(&service), Counts::default(), "what was flushed is not counted again");
}

#[tokio::test]
async fn what_is_shown_and_what_a_clients_limit_refuses_is_counted() {
    let installed = Installed::new(Kind::Memory);
    let (apps, service) = installed.open(&[], 0);
    apps.create("shop", &SettingChanges::default(), 0).unwrap();
    let per_minute = PerMinute { media: 4, ..PerMinute::default() };
    let service = Arc::new(service.limited(Limits::new(per_minute, Proxies::default(), None)));
    let key = service.issue(&app(&service, "shop"), None, unix_now()).await.unwrap();
    for (call, range) in
        [("img", ""), ("sound", "bytes=0-1"), ("sound", "bytes=0-"), ("sound", "bytes=9-"), ("img", "")]
    {
        let path = format!("/captcha/v1.0/keys/{key}/{call}");
        let request = Request::builder().uri(path).header(header::HOST, "h").header(header::RANGE, range);
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(Peer(([192, 0, 2, 1], 1).into()));
        router(Arc::clone(&service), None, Options::default()).oneshot(request).await.unwrap();
    }
    let counts = counted(&service);
    assert_eq!((counts.issued, counts.images, counts.sounds, counts.limited), (1, 1, 1, 1));
}

/// One in 600 pages over plain HTTP had its right solution taken for a false one.
#[tokio::test]
async fn a_counter_that_is_another_algorithms_as_well_solves_what_was_asked() {
    let installed = Installed::new(Kind::Memory);
    let (_apps, service) = installed.open(&[declared(60)], 0);
    let (live, now) = (app(&service, "shop"), unix_now());
    let [usual, in_scripts] = [Algorithm::Pbkdf2, Algorithm::Scrypt].map(|algorithm| Terms { algorithm, beside: None });
    assert_eq!(live.app.settings.work_algorithm, usual.algorithm);
    let asking = Asking { word: false, work: Some(0) };
    let (work, counter) = loop {
        let work = service.seal_asked(&live, asking, None, now).await.unwrap().work.unwrap();
        let both = (0..80).find(|counter| [usual, in_scripts].iter().all(|terms| work.has_counter(terms, *counter)));
        if let Some(counter) = both {
            break (work, counter);
        }
    };
    for terms in [usual, in_scripts] {
        let solution = work.puzzle(&terms).solve(counter..counter + 1).unwrap();
        assert!(service.is_solved(&live, &work, None, solution, None).await.unwrap(), "{:?}", terms.algorithm);
    }
}

#[tokio::test]
async fn what_is_refused_before_it_is_shown_was_never_issued() {
    let installed = Installed::new(Kind::Memory);
    let (_apps, service) = installed.open(&[declared(60)], 0);
    let (live, service) = (app(&service, "shop"), Arc::new(service));
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = Arc::new(std::sync::Mutex::new(released));
    let fill = || {
        let (service, released) = (Arc::clone(&service), Arc::clone(&released));
        tokio::spawn(async move {
            // Each waits until the sender is gone.
            let held = move || {
                let _ = released.lock().unwrap().recv();
                Vec::new()
            };
            service.render(held).await
        })
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let first: Vec<_> = (0..threads).map(|_| fill()).collect();
    // They have the threads, so what comes next waits.
    tokio::time::sleep(Duration::from_millis(100)).await;
    let asking = Asking { word: true, work: Some(0) };
    let wanted = Wanted { language: Language::En, in_scripts: false };
    let asked = {
        let (service, live) = (Arc::clone(&service), Arc::clone(&live));
        tokio::spawn(async move { service.ask(&live, asking, wanted, None, unix_now()).await.map(drop) })
    };
    tokio::task::yield_now().await;
    let more: Vec<_> = (0..100 * threads.max(2)).map(|_| fill()).collect();
    assert!(matches!(asked.await.unwrap(), Err(Refusal::Busy)));
    drop(release);
    for filled in first.into_iter().chain(more) {
        let _ = filled.await.unwrap();
    }
    let counted = live.counters.drain(unix_now());
    assert!(counted.values().all(|row| row.counts.issued == 0), "{counted:?}");
    service.ask(&live, asking, wanted, None, unix_now()).await.map(drop).unwrap();
    assert_eq!(live.counters.drain(unix_now()).values().map(|row| row.counts.issued).sum::<u64>(), 1);
}
