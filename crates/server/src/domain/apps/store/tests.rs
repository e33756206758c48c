use std::{sync::atomic::Ordering, time::Duration};

use super::*;
use crate::keep::store::Disk;

fn check(declared: &[DeclaredApp], test: impl FnOnce(&AppStore)) {
    let dir = tempfile::tempdir().unwrap();
    test(&AppStore::open(Store::open(dir.path()).unwrap(), declared).unwrap());
}

fn create(apps: &AppStore, name: &str) -> App {
    apps.create(name, &SettingChanges::default(), 1_000).unwrap().app
}

fn declared(name: &str, ttl_secs: u32) -> DeclaredApp {
    DeclaredApp {
        name: name.parse().unwrap(),
        appkey_sha256: AppKey::from_bytes([7; 32]).hash(),
        site_key: None,
        secret_sha256: None,
        enabled: true,
        settings: AppSettings { ttl_secs, ..AppSettings::default() },
    }
}

#[test]
fn what_is_made_is_shown_at_once_and_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (app, appkey) = {
        let apps = AppStore::open(Store::open(dir.path()).unwrap(), &[]).unwrap();
        let changes = SettingChanges { ttl_secs: Some(60), ..SettingChanges::default() };
        let MadeApp { app, appkey, .. } = apps.create("shop", &changes, 1_000).unwrap();
        assert_eq!(apps.apps().current().by_appkey(&appkey).unwrap().app, app);
        (app, appkey)
    };
    assert_eq!((app.number, app.settings.ttl_secs, app.created_at), (1, 60, Some(1_000)));
    let apps = AppStore::open(Store::open(dir.path()).unwrap(), &[]).unwrap();
    assert_eq!(apps.apps().current().by_appkey(&appkey).unwrap().app, app);
}

#[test]
fn names_and_settings_are_checked_and_names_unique() {
    check(&[declared("fixed", 180)], |apps| {
        let refused = |name, changes: &SettingChanges| apps.create(name, changes, 1_000).unwrap_err().to_string();
        let none = SettingChanges::default();
        create(apps, "shop");
        assert_eq!(refused("shop", &none), "there already is an app called \"shop\"");
        assert_eq!(refused("fixed", &none), "there already is an app called \"fixed\"");
        assert!(refused("", &none).starts_with("an app's name is 1 to 64"));
        let wrong = SettingChanges { attempts: Some(0), ..none };
        assert_eq!(refused("other", &wrong), "attempts is 1 to 10, not 0");
        assert!(matches!(apps.set("shop", &wrong), Err(AppError::Setting(_))));
        assert_eq!(apps.list().len(), 2);
    });
}

#[test]
fn a_declared_app_cannot_be_changed_by_command() {
    check(&[declared("fixed", 180)], |apps| {
        assert!(matches!(apps.set("fixed", &SettingChanges::default()), Err(AppError::Declared(_))));
        assert!(matches!(apps.set_enabled("fixed", false), Err(AppError::Declared(_))));
        assert!(matches!(apps.rotate("fixed", None), Err(AppError::Declared(_))));
        assert!(matches!(apps.rotate_secret("fixed", None), Err(AppError::Declared(_))));
        assert!(matches!(apps.remove("fixed", 1_000), Err(AppError::Declared(_))));
        assert!(apps.show("fixed").unwrap().enabled);
    });
}

#[test]
fn rotating_takes_the_old_appkey_away() {
    check(&[], |apps| {
        let MadeApp { app, appkey: old, .. } = apps.create("shop", &SettingChanges::default(), 1_000).unwrap();
        let (rotated, new) = apps.rotate("shop", None).unwrap();
        assert_eq!(rotated.number, app.number);
        assert!(apps.apps().current().by_appkey(&old).is_none() && apps.apps().current().by_appkey(&new).is_some());
    });
}

#[test]
fn a_secret_is_rotated_as_an_appkey_is_and_the_site_key_stays() {
    check(&[], |apps| {
        let MadeApp { app, appkey, secret: first } = apps.create("shop", &SettingChanges::default(), 1_000).unwrap();
        let (rotated, second) = apps.rotate_secret("shop", Some(2_000)).unwrap();
        assert_eq!((rotated.appkey_sha256, rotated.site_key()), (appkey.hash(), app.site_key()));
        let registry = apps.apps().current();
        assert!(registry.by_secret(&first).is_none() && registry.by_secret(&second).is_some());
        assert!(registry.by_previous_secret(&first, 1_999).is_some());
        assert!(registry.by_previous_secret(&first, 2_000).is_none());
        apps.end_secret_grace("shop").unwrap();
        assert!(apps.apps().current().by_previous_secret(&first, 1_999).is_none());
        apps.rotate_secret("shop", None).unwrap();
        assert!(apps.apps().current().by_secret(&second).is_none());
        assert!(apps.apps().current().by_previous_secret(&second, 1_999).is_none());
        assert_eq!(apps.rotate("shop", None).unwrap().0.site_key(), app.site_key());
        assert!(apps.apps().current().by_site_key(&app.site_key()).is_some());
    });
}

/// An app as versions stored it that had no site keys and secrets.
#[test]
fn an_app_from_before_there_were_site_keys_keeps_the_one_that_follows_from_its_appkey() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let old = App { created_at: Some(1_000), ..App::new(1, "shop", AppKey::from_bytes([0; 32]).hash()) };
    let record = String::from_utf8(record::encode(&old).unwrap()).unwrap();
    assert!(!record.contains("site_key") && !record.contains("secret"), "{record}");
    database::write::<_, StoreError>(&store, |change| change.put_app(&old)).unwrap();
    let apps = AppStore::open(store.clone(), &[]).unwrap();
    let site_key = SiteKey::of(&old.appkey_sha256);
    assert!(apps.apps().current().by_site_key(&site_key).is_some());
    let (rotated, _) = apps.rotate("shop", None).unwrap();
    assert_eq!((rotated.site_key, rotated.secret_sha256), (Some(site_key), None));
    // Its first secret has none before it that could go on.
    let (made, secret) = apps.rotate_secret("shop", Some(2_000)).unwrap();
    assert_eq!((made.secret_sha256, made.previous_secret), (Some(secret.hash()), None));
    drop(apps);
    let again = AppStore::open(store, &[]).unwrap();
    assert_eq!(again.list(), [made]);
    assert!(again.apps().current().by_site_key(&site_key).is_some());
}

#[test]
fn a_removed_app_is_gone_and_its_number_is_not_the_next_one() {
    check(&[], |apps| {
        let removed = create(apps, "shop");
        apps.remove("shop", 1_000).unwrap();
        assert!(matches!(apps.show("shop"), Err(AppError::NoSuchApp(_))));
        assert_ne!(create(apps, "shop").number, removed.number);
    });
}

#[test]
fn a_declared_app_may_not_clash_with_a_stored_one() {
    let dir = tempfile::tempdir().unwrap();
    let open = |apps: &[DeclaredApp]| AppStore::open(Store::open(dir.path()).unwrap(), apps);
    create(&open(&[]).unwrap(), "shop");
    assert!(matches!(open(&[declared("shop", 60)]), Err(OpenAppsError::SameName(name)) if name == "shop"));
    assert!(open(&[declared("fixed", 60)]).is_ok());
    let shop = open(&[]).unwrap().show("shop").unwrap();
    let twin = DeclaredApp { site_key: shop.site_key, ..declared("fixed", 60) };
    assert!(matches!(open(&[twin]), Err(OpenAppsError::SameSiteKey(name, of)) if (&*name, &*of) == ("fixed", "shop")));
    let twin = DeclaredApp { secret_sha256: shop.secret_sha256, ..declared("fixed", 60) };
    assert!(matches!(open(&[twin]), Err(OpenAppsError::SameSecret(name, of)) if (&*name, &*of) == ("fixed", "shop")));
}

/// A commit that the disk failed may turn out to have happened once the database is opened anew.
#[test]
fn what_a_failed_change_stored_all_the_same_is_found() {
    let (dir, disk) = (tempfile::tempdir().unwrap(), Arc::<Disk>::default());
    let store = Store::open_on(dir.path(), Arc::clone(&disk), Duration::ZERO).unwrap();
    let apps = AppStore::open(store.clone(), &[declared("fixed", 60)]).unwrap();
    let other = create(&apps, "other");
    disk.faults.is_full.store(true, Ordering::Release);
    for _ in 0..2 {
        let failed = apps.create("shop", &SettingChanges::default(), 1_000);
        assert!(matches!(failed, Err(AppError::Storage(_))));
    }
    disk.faults.is_full.store(false, Ordering::Release);
    let shop = App { number: 2, name: "shop".to_owned(), ..other.clone() };
    database::write::<_, StoreError>(&store, |change| change.put_app(&shop)).unwrap();
    let again = apps.create("shop", &SettingChanges::default(), 1_000);
    assert!(matches!(again, Err(AppError::NameTaken(name)) if name == "shop"));
    assert_eq!(apps.remove("shop", 1_000).unwrap(), shop);
    assert_eq!(apps.list(), [other, App::from(&declared("fixed", 60))]);
}

#[test]
fn two_stored_apps_of_one_name_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let shop = create(&AppStore::open(store.clone(), &[]).unwrap(), "shop");
    let twin = App { number: 2, ..shop };
    database::write::<_, StoreError>(&store, |change| change.put_app(&twin)).unwrap();
    let Err(error) = AppStore::open(store, &[]) else { panic!("nobody could tell which one is meant") };
    assert!(error.to_string().contains("holds two apps called \"shop\""), "{error}");
}
