//! Times to live that differ or change while keys are out, through apps, service and ledger.

use haechi_captcha::Secret;
use tempfile::TempDir;

use super::*;
use crate::{
    apps::{AppSettings, AppStore, DeclaredApp, SettingChanges},
    error::ResultCode,
    ledger::{EmbeddedLedger, EmbeddedOptions, MemoryLedger},
    store::Store,
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
    let claims = Claims { issued_at, app: live.app.number, length, nonce: service.nonces.next(), ..Claims::default() };
    service.keyring.issue(&claims)
}

fn code(result: Result<(), Refusal>) -> ResultCode {
    result.map_or_else(|refusal| refusal.code_and_status().0, |()| ResultCode::Success)
}

/// Answers a key rightly, now.
async fn judge(service: &Service, key: &Key) -> ResultCode {
    let (challenge, live) = service.challenge(&key.to_string()).unwrap();
    code(service.judge(&live, &challenge, challenge.answer().as_str()).await)
}

/// Answers a key rightly, as if it were this Unix time.
async fn spend_at(service: &Service, key: &Key, now: u64) {
    let (challenge, live) = service.challenge(&key.to_string()).unwrap();
    let spend = spend_of(&live, &challenge);
    assert_eq!(service.ledger().answer(&spend, true, 1, now).await, Ok(Verdict::Passed));
}

/// Spends a key, and has the ledger forget that. The time to live is 30 seconds. Returns the key, and one that nobody
/// ever answered, and is past its time by now as well.
async fn spend_and_forget(service: &Service) -> (Key, Key) {
    let issued_at = unix_now() - 100;
    let (spent, unanswered) = (issue_at(service, "shop", issued_at), issue_at(service, "shop", issued_at + 1));
    spend_at(service, &spent, issued_at + 5).await;
    assert_eq!(service.ledger().purge(issued_at + 30, 30).await, Ok(1));
    assert_eq!(service.ledger().records(), Some(0));
    assert_eq!(judge(service, &spent).await, ResultCode::ExpiredKeyError);
    (spent, unanswered)
}

/// A key that is spent and forgotten never passes, though its time to live has grown so that it is not over yet.
async fn check_spent(service: &Service, spent: &Key) {
    let live = app(service, "shop");
    let (challenge, _) = service.challenge(&spent.to_string()).unwrap();
    assert_eq!(code(service.check_time(&live, &challenge)), ResultCode::Success);
    assert_eq!(judge(service, spent).await, ResultCode::ExpiredKeyError);
    assert_eq!(code(service.expire(&live, &challenge).await), ResultCode::ExpiredKeyError);
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
        assert_eq!(judge(&service, &unanswered).await, ResultCode::Success);
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
            Kind::Embedded => assert_eq!(judge(&service, &unanswered).await, ResultCode::Success),
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
        assert_eq!(judge(&service, &long).await, ResultCode::Success);
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
        assert_eq!(judge(&service, &out).await, ResultCode::Success);
        assert_eq!(judge(&service, &spent).await, ResultCode::ExpiredKeyError);
    }
}
