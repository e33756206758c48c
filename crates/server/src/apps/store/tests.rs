use super::*;

fn check(declared: &[DeclaredApp], test: impl FnOnce(&AppStore)) {
    let dir = tempfile::tempdir().unwrap();
    test(&AppStore::open(Store::open(dir.path()).unwrap(), declared, 1_000).unwrap());
}

fn create(apps: &AppStore, name: &str) -> App {
    apps.create(name, &SettingChanges::default(), 1_000).unwrap().0
}

fn declared(name: &str, ttl_secs: u32) -> DeclaredApp {
    DeclaredApp {
        name: name.parse().unwrap(),
        appkey_sha256: AppKey::from_bytes([7; 32]).hash(),
        enabled: true,
        settings: AppSettings { ttl_secs, ..AppSettings::default() },
    }
}

#[test]
fn what_is_made_is_shown_at_once_and_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (app, appkey) = {
        let apps = AppStore::open(Store::open(dir.path()).unwrap(), &[], 1_000).unwrap();
        let changes = SettingChanges { ttl_secs: Some(60), ..SettingChanges::default() };
        let (app, appkey) = apps.create("shop", &changes, 1_000).unwrap();
        assert_eq!(apps.apps().current().by_appkey(&appkey).unwrap().app, app);
        (app, appkey)
    };
    assert_eq!((app.number, app.settings.ttl_secs, app.created_at), (1, 60, 1_000));
    let apps = AppStore::open(Store::open(dir.path()).unwrap(), &[], 2_000).unwrap();
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
        assert!(matches!(apps.set("shop", &wrong, 1_000), Err(AppError::Setting(_))));
        assert_eq!(apps.list().len(), 2);
    });
}

#[test]
fn a_declared_app_cannot_be_changed_by_command() {
    check(&[declared("fixed", 180)], |apps| {
        assert!(matches!(apps.set("fixed", &SettingChanges::default(), 1_000), Err(AppError::Declared(_))));
        assert!(matches!(apps.set_enabled("fixed", false), Err(AppError::Declared(_))));
        assert!(matches!(apps.rotate("fixed"), Err(AppError::Declared(_))));
        assert!(matches!(apps.remove("fixed", 1_000), Err(AppError::Declared(_))));
        assert!(apps.show("fixed").unwrap().enabled);
    });
}

#[test]
fn rotating_takes_the_old_appkey_away() {
    check(&[], |apps| {
        let (app, old) = apps.create("shop", &SettingChanges::default(), 1_000).unwrap();
        let (rotated, new) = apps.rotate("shop").unwrap();
        assert_eq!(rotated.number, app.number);
        assert!(apps.apps().current().by_appkey(&old).is_none() && apps.apps().current().by_appkey(&new).is_some());
    });
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
fn a_declared_app_keeps_its_earlier_time_to_live_over_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let serve = |apps: &[DeclaredApp], now| {
        let apps = AppStore::open(Store::open(dir.path()).unwrap(), apps, now).unwrap();
        apps.remember_declared(now).unwrap();
        apps.show("fixed").ok()
    };
    assert_eq!(serve(&[declared("fixed", 60)], 10_000).unwrap().expires_at(9_990), 10_050);
    assert_eq!(serve(&[declared("fixed", 600)], 10_010).unwrap().expires_at(9_990), 10_050);
    // The growth is remembered, and what was declared before outlives an interlude in which it was not.
    assert!(serve(&[], 10_020).is_none());
    let app = serve(&[declared("fixed", 600)], 10_030).unwrap();
    assert_eq!((app.expires_at(9_990), app.expires_at(10_200), app.created_at), (10_050, 10_800, 10_000));
    // Long after, nothing of it matters any more.
    assert!(serve(&[], 10_040).is_none());
    assert!(serve(&[], 20_000).is_none());
    assert_eq!(serve(&[declared("fixed", 600)], 20_010).unwrap().created_at, 20_010);
}

#[test]
fn looking_at_declared_apps_does_not_remember_them() {
    let dir = tempfile::tempdir().unwrap();
    let open =
        |ttl_secs, now| AppStore::open(Store::open(dir.path()).unwrap(), &[declared("fixed", ttl_secs)], now).unwrap();
    open(60, 10_000).remember_declared(10_000).unwrap();
    drop(open(3600, 10_010));
    assert_eq!(open(60, 10_020).show("fixed").unwrap().earlier_ttl, None);
}

#[test]
fn a_declared_app_may_not_clash_with_a_stored_one() {
    let dir = tempfile::tempdir().unwrap();
    let open = |apps: &[DeclaredApp]| AppStore::open(Store::open(dir.path()).unwrap(), apps, 1_000);
    create(&open(&[]).unwrap(), "shop");
    assert!(matches!(open(&[declared("shop", 60)]), Err(OpenAppsError::SameName(name)) if name == "shop"));
    assert!(open(&[declared("fixed", 60)]).is_ok());
}
