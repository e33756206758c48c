use std::thread;

use testbed::Redis;

use super::{
    browsers::KNOWN_SECS,
    records::{Added, Kind},
    sessions::{IDLE_SECS, LONGEST_SECS},
    users::StoredUser,
    *,
};
use crate::domain::{
    apps::{AppError, NameError, SettingChanges},
    client::Client,
};

const PASSWORD: &str = "correct horse battery";

/// Runs a test on both places where records can be, the time being 1,000 s.
pub(super) fn check(test: impl Fn(&Administration)) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let apps = Arc::new(AppStore::open(store.clone(), &[]).unwrap());
    let figures = statistics(&store, &apps);
    test(&Administration::open(store, apps, figures));
    let other_dir = tempfile::tempdir().unwrap();
    let other = Store::open(other_dir.path()).unwrap();
    let redis = Redis::start();
    let apps = Arc::new(AppStore::open(other.clone(), &[]).unwrap());
    let figures = statistics(&other, &apps);
    test(&Administration::open_shared(&RemoteAddress::parse(&redis.url()).unwrap(), apps, figures).unwrap());
}

fn client() -> Client {
    Client::new([192, 0, 2, 1].into())
}

fn user(name: &str, role: Role) -> Actor {
    Actor::User { name: name.to_owned(), role }
}

/// Signs somebody in who has no second factor.
fn sign_in_at_once(admin: &Administration, sign_in: &SignIn<'_>, now: u64) -> Result<SignedIn, AdminError> {
    match admin.sign_in(sign_in, now)? {
        Entry::SignedIn(signed_in) => Ok(signed_in),
        Entry::CodeNeeded(_) => panic!("it takes a code"),
    }
}

/// Signs in the way that takes no time for hashing.
pub(super) fn session_of(admin: &Administration, name: &str, now: u64) -> String {
    admin.begin_session(&stored(admin, name), now).unwrap().0
}

fn stored(admin: &Administration, name: &str) -> StoredUser {
    admin.records.get(Kind::Users, name).unwrap().unwrap()
}

fn actions(admin: &Administration) -> Vec<String> {
    let page = admin.audit_log(&Actor::Command, "", None, 200).unwrap();
    page.entries.into_iter().rev().map(|entry| format!("{} {} {}", entry.actor, entry.action, entry.subject)).collect()
}

#[test]
fn the_first_user_is_made_once_with_the_printed_code() {
    check(|admin| {
        let code = admin.code_for_first_user(1_000).unwrap().unwrap();
        let make = |code: &str, now| admin.make_first_user(code, "ann", PASSWORD, now).map(|new| new.actor);
        assert!(matches!(make("wrong", 1_000), Err(AdminError::BadCode)));
        assert!(matches!(make(&code, 4_600), Err(AdminError::BadCode)), "an hour later");
        assert!(matches!(
            admin.make_first_user(&code, "ann", "short", 1_000).map(|new| new.actor),
            Err(AdminError::Invalid { name: "password", .. })
        ));
        assert_eq!(make(&code, 1_000).unwrap(), user("ann", Role::Administrator));
        assert!(matches!(make(&code, 1_000), Err(AdminError::BadCode)), "it is used");
        assert_eq!(admin.code_for_first_user(1_000).unwrap(), None);
    });
}

#[test]
fn a_code_makes_nobody_once_there_is_a_user() {
    check(|admin| {
        let code = admin.code_for_first_user(1_000).unwrap().unwrap();
        admin.create_user(&Actor::Command, "ann", Role::Viewer, PASSWORD, 1_000).unwrap();
        let made = admin.make_first_user(&code, "eve", PASSWORD, 1_000).map(|new| new.actor);
        assert!(matches!(made, Err(AdminError::BadCode)));
    });
}

#[test]
fn a_person_signs_in_and_out() {
    check(|admin| {
        admin.create_user(&Actor::Command, "ann", Role::Viewer, PASSWORD, 1_000).unwrap();
        let sign_in =
            |name, password| sign_in_at_once(admin, &SignIn { client: client(), browser: None, name, password }, 1_000);
        for (name, password) in [("ann", "wrong"), ("ben", PASSWORD), ("", "")] {
            assert!(matches!(sign_in(name, password).map(|_| ()), Err(AdminError::SignInFailed)));
        }
        // That is written down by and by.
        while actions(admin).len() < 2 {
            thread::yield_now();
        }
        let SignedIn { actor, session: secret, .. } = sign_in("ann", PASSWORD).unwrap();
        assert_eq!(actor, user("ann", Role::Viewer));
        assert_eq!(admin.session(&secret.0, 1_000).unwrap(), Some(actor));
        assert_eq!(admin.session("0123", 1_000).unwrap(), None);
        admin.sign_out(&secret.0, 1_000).unwrap();
        assert_eq!(admin.session(&secret.0, 1_000).unwrap(), None, "a stolen secret is worth nothing either");
        assert_eq!(
            actions(admin),
            [
                "command user.created ann",
                "user ann user.refused ann",
                "user ann user.signed_in ann",
                "user ann user.signed_out ann"
            ]
        );
    });
}

/// Attack W9: sixty wrong passwords from anywhere locked a user out.
#[test]
fn who_signed_in_before_is_locked_out_by_nobody() {
    check(|admin| {
        admin.create_user(&Actor::Command, "ann", Role::Administrator, PASSWORD, 1_000).unwrap();
        admin.create_user(&Actor::Command, "ben", Role::Administrator, PASSWORD, 1_000).unwrap();
        let sign_in = |last: u8, browser: Option<&str>, name: &str, password: &str, now| {
            let client = Client::new([192, 0, 2, last].into());
            sign_in_at_once(admin, &SignIn { client, browser, name, password }, now).map(|new| new.browser.0)
        };
        let known = sign_in(1, None, "ann", PASSWORD, 1_000).unwrap();
        let bens = sign_in(2, None, "ben", PASSWORD, 1_000).unwrap();
        // More than 64 characters are counted, and cost no hash.
        (0..100).for_each(|last| drop(sign_in(last, None, "ann", &"x".repeat(65), 1_000)));
        let is_locked_out = |browser, now| {
            matches!(sign_in(200, browser, "ann", PASSWORD, now), Err(AdminError::TooManyAttempts { .. }))
        };
        assert!(is_locked_out(None, 1_000));
        let renewed = sign_in(200, Some(&known), "ann", PASSWORD, 1_000 + KNOWN_SECS - 1).unwrap();
        assert!(is_locked_out(Some(&known), 1_000 + KNOWN_SECS), "180 days later");
        assert!(!is_locked_out(Some(&renewed), 1_000 + KNOWN_SECS));
        assert!(is_locked_out(Some(&bens), 1_000), "a proof is of one name");
        let (mac, later) = (renewed.rsplit('.').next().unwrap(), known.replace("1000.", "9000."));
        for forged in ["", "..", "1000", &renewed[..renewed.len() - 1], &later, mac] {
            assert!(is_locked_out(Some(forged), 1_000), "{forged}");
        }
        admin.reset_password(&Actor::Command, "ann", PASSWORD, 1_000).unwrap();
        assert!(is_locked_out(Some(&renewed), 1_000), "it ended with the password, though the new one is the same");
        admin.remove_user(&Actor::Command, "ben", 1_000).unwrap();
        let removed = sign_in(201, Some(&bens), "ben", PASSWORD, 1_000);
        assert!(matches!(removed, Err(AdminError::SignInFailed)));
    });
}

#[test]
fn a_known_browser_is_one_however_its_proof_is_spelt() {
    check(|admin| {
        admin.create_user(&Actor::Command, "ann", Role::Administrator, PASSWORD, 1_000).unwrap();
        let BrowserProof(proof) = admin.prove_browser(&stored(admin, "ann"), 1_000).unwrap();
        let known = |proof: &str| admin.known_browser(Some(proof), "ann", 1_000).unwrap().map(|browser| browser.id);
        let (rest, mac) = proof.rsplit_once('.').unwrap();
        assert!(known(&proof).is_some());
        assert_eq!(known(&format!("{rest}.{}", mac.to_uppercase())), known(&proof));
    });
}

#[test]
fn a_browser_is_known_to_whoever_has_the_same_records() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let apps = Arc::new(AppStore::open(store.clone(), &[]).unwrap());
    let open = || Administration::open(store.clone(), Arc::clone(&apps), statistics(&store, &apps));
    let (before, after) = (open(), open());
    before.create_user(&Actor::Command, "ann", Role::Administrator, PASSWORD, 1_000).unwrap();
    let BrowserProof(proof) = before.prove_browser(&stored(&before, "ann"), 1_000).unwrap();
    assert!(after.known_browser(Some(&proof), "ann", 1_000).unwrap().is_some());
}

/// Attack W13: only for a name with a user it was written down that somebody tried, which took time.
#[test]
fn a_password_that_is_too_long_is_tried_on_nobody() {
    check(|admin| {
        admin.create_user(&Actor::Command, "ann", Role::Viewer, PASSWORD, 1_000).unwrap();
        let sign_in = |name, password: &str| {
            let outcome = sign_in_at_once(admin, &SignIn { client: client(), browser: None, name, password }, 1_000);
            assert!(matches!(outcome.map(drop), Err(AdminError::SignInFailed)));
        };
        sign_in("ann", &"x".repeat(65));
        sign_in("ben", &"x".repeat(65));
        sign_in("ann", "wrong password");
        while actions(admin).len() < 2 {
            thread::yield_now();
        }
        assert_eq!(actions(admin), ["command user.created ann", "user ann user.refused ann"]);
    });
}

#[test]
fn a_session_ends_when_nothing_is_done_and_after_half_a_day() {
    check(|admin| {
        admin.create_user(&Actor::Command, "ann", Role::Viewer, PASSWORD, 1_000).unwrap();
        let is_in = |secret: &str, now| admin.session(secret, now).unwrap().is_some();
        let idle = session_of(admin, "ann", 1_000);
        assert!(is_in(&idle, 1_000 + IDLE_SECS - 1), "and now it was seen");
        assert!(is_in(&idle, 1_000 + 2 * IDLE_SECS - 2) && !is_in(&idle, 1_000 + 4 * IDLE_SECS));
        let left_open = session_of(admin, "ann", 1_000);
        assert!(admin.session_of_page(&left_open, 1_000 + IDLE_SECS - 1).unwrap().is_some());
        assert!(!is_in(&left_open, 1_000 + IDLE_SECS), "a page that is left open does not keep anybody signed in");
        let busy = session_of(admin, "ann", 1_000);
        let mut now = 1_000;
        while now < 1_000 + LONGEST_SECS {
            assert!(is_in(&busy, now), "{now}");
            now += IDLE_SECS / 2;
        }
        assert!(!is_in(&busy, now));
    });
}

#[test]
fn who_is_removed_or_has_another_password_is_out_at_once() {
    check(|admin| {
        for name in ["ann", "ben"] {
            admin.create_user(&Actor::Command, name, Role::Administrator, PASSWORD, 1_000).unwrap();
        }
        let (one, other) = (session_of(admin, "ann", 1_000), session_of(admin, "ann", 1_000));
        let is_in = |secret: &str| admin.session(secret, 1_000).unwrap().is_some();
        let ann = user("ann", Role::Administrator);
        let change = |old: &str| admin.change_password(&ann, &one, old, "another horse", 1_000);
        assert!(matches!(change("wrong"), Err(AdminError::SignInFailed)) && is_in(&other));
        let before = stored(admin, "ann");
        change(PASSWORD).unwrap();
        assert!(is_in(&one) && !is_in(&other));
        let late = admin.begin_session(&before, 1_000).unwrap().0;
        assert!(!is_in(&late), "who gave the old password just before is out as well");
        admin.remove_user(&user("ben", Role::Administrator), "ann", 1_000).unwrap();
        assert!(!is_in(&one));
        let last = admin.remove_user(&user("ben", Role::Administrator), "ben", 1_000);
        assert!(matches!(last, Err(AdminError::LastAdministrator)));
        admin.remove_user(&Actor::Command, "ben", 1_000).unwrap();
        assert!(admin.awaits_first_user().unwrap());
    });
}

#[test]
fn administrators_who_remove_each_other_at_once_do_not_both_go() {
    check(|admin| {
        for name in ["ann", "ben"] {
            admin.create_user(&Actor::Command, name, Role::Administrator, PASSWORD, 1_000).unwrap();
        }
        let users = ["ann", "ben"].map(|name| stored(admin, name));
        for _ in 0..50 {
            let remove = |by: &str, name: &str| admin.remove_user(&user(by, Role::Administrator), name, 1_000).is_ok();
            thread::scope(|scope| {
                scope.spawn(|| remove("ann", "ben"));
                scope.spawn(|| remove("ben", "ann"));
            });
            assert!(!admin.users(&Actor::Command).unwrap().is_empty());
            for user in &users {
                admin.records.add(Kind::Users, &user.view.name, user, 10).unwrap();
            }
        }
    });
}

#[test]
fn a_token_makes_no_user_who_may_do_more() {
    check(|admin| {
        let make = |scopes: &[Scope]| {
            let issued = admin.create_token(&Actor::Command, "ci", scopes, 100, 1_000).unwrap();
            admin.bearer(&issued.token, 1_000).unwrap().unwrap()
        };
        let create = |actor: &Actor, role| admin.create_user(actor, "eve", role, PASSWORD, 1_000).map(|_| ());
        let few = make(&[Scope::AccessWrite]);
        assert!(matches!(create(&few, Role::Viewer), Err(AdminError::Forbidden(Scope::AppsRead))));
        let more = make(&[Scope::AccessWrite, Scope::AppsRead, Scope::StatisticsRead, Scope::AuditRead]);
        assert!(matches!(create(&more, Role::Administrator), Err(AdminError::Forbidden(Scope::AppsWrite))));
        assert!(create(&more, Role::Viewer).is_ok());
    });
}

/// Attack W14: a token for nothing but access removed administrators, and tokens that could do more.
#[test]
fn a_token_removes_nobody_and_nothing_that_may_do_more() {
    check(|admin| {
        let issue = |scopes: &[Scope]| admin.create_token(&Actor::Command, "ci", scopes, 100, 1_000).unwrap();
        let holder = |issued: &IssuedToken| admin.bearer(&issued.token, 1_000).unwrap().unwrap();
        for (name, role) in [("ann", Role::Administrator), ("bob", Role::Viewer), ("eve", Role::Administrator)] {
            admin.create_user(&Actor::Command, name, role, PASSWORD, 1_000).unwrap();
        }
        let (few, other) = (issue(&[Scope::AccessWrite]), issue(&[Scope::AppsWrite]));
        let viewing = issue(&[Scope::AccessWrite, Scope::AppsRead, Scope::StatisticsRead, Scope::AuditRead]);
        let all = issue(&Scope::ALL);
        let remove_user = |token: &IssuedToken, name: &str| admin.remove_user(&holder(token), name, 1_000);
        let remove_token = |token: &IssuedToken, id: &str| admin.remove_token(&holder(token), id, 1_000);
        let reset = |token: &IssuedToken, name: &str| admin.reset_password(&holder(token), name, PASSWORD, 1_000);
        for refused in [
            remove_user(&few, "ann"),
            remove_user(&few, "bob"),
            remove_user(&viewing, "ann"),
            reset(&few, "bob"),
            reset(&viewing, "ann"),
            remove_token(&few, &other.view.id),
            remove_token(&few, &all.view.id),
            remove_token(&viewing, &other.view.id),
        ] {
            assert!(matches!(refused, Err(AdminError::Forbidden(_))), "{refused:?}");
        }
        assert_eq!((admin.users(&Actor::Command).unwrap().len(), admin.tokens(&Actor::Command).unwrap().len()), (3, 4));
        reset(&viewing, "bob").unwrap();
        remove_user(&viewing, "bob").unwrap();
        remove_token(&viewing, &few.view.id).unwrap();
        remove_user(&all, "ann").unwrap();
        remove_token(&all, &other.view.id).unwrap();
        remove_token(&all, &all.view.id).unwrap();
    });
}

/// Attack W22: names that could not be seen, or looked like another, stood in the audit log.
#[test]
fn names_can_be_told_apart() {
    check(|admin| {
        let user = |name: &str| admin.create_user(&Actor::Command, name, Role::Viewer, PASSWORD, 1_000).map(drop);
        let app = |name: &str| admin.create_app(&Actor::Command, name, &SettingChanges::default(), 1_000).map(drop);
        let token = |name: &str| admin.create_token(&Actor::Command, name, &[Scope::AppsRead], 1, 1_000).map(drop);
        user("copy").unwrap();
        app("copy").unwrap();
        for wrong in ["\u{3164}", "adm\u{456}n"] {
            let invalid = |made| matches!(made, Err(AdminError::Invalid { name: "name", .. }));
            assert!(invalid(user(wrong)) && invalid(token(wrong)));
            assert!(matches!(app(wrong), Err(AdminError::App(AppError::Name(NameError::Letters)))));
        }
        let cyrillic = "\u{441}\u{43e}\u{440}\u{443}";
        assert!(matches!(user(cyrillic), Err(AdminError::Taken { name, .. }) if name == "copy"));
        assert!(matches!(app(cyrillic), Err(AdminError::App(AppError::NameTaken(name))) if name == "copy"));
        user("김 관리자").unwrap();
        app("쇼핑몰 shop").unwrap();
    });
}

#[test]
fn a_change_of_nothing_is_not_written_down() {
    check(|admin| {
        let app = admin.create_app(&Actor::Command, "shop", &SettingChanges::default(), 1_000).unwrap();
        let changed = admin.change_app(&Actor::Command, app.number, &SettingChanges::default(), 1_000).unwrap();
        assert_eq!((changed.settings, actions(admin).len()), (app.settings, 1));
    });
}

#[test]
fn a_token_does_what_its_scopes_say_until_it_ends() {
    check(|admin| {
        let make = |actor: &Actor, scopes: &[Scope], lifetime| admin.create_token(actor, "ci", scopes, lifetime, 1_000);
        let issued = make(&Actor::Command, &[Scope::AppsRead, Scope::AccessWrite, Scope::AppsRead], 100).unwrap();
        assert_eq!(issued.view.scopes, [Scope::AppsRead, Scope::AccessWrite]);
        let holder = admin.bearer(&issued.token, 1_099).unwrap().unwrap();
        assert!(admin.apps(&holder).unwrap().is_empty());
        let create = admin.create_app(&holder, "shop", &SettingChanges::default(), 1_000);
        assert!(matches!(create.map(|_| ()), Err(AdminError::Forbidden(Scope::AppsWrite))));
        let more = make(&holder, &[Scope::AppsWrite], 100).map(|_| ());
        assert!(matches!(more, Err(AdminError::Forbidden(Scope::AppsWrite))), "nor does it make one that does more");
        assert_eq!(admin.bearer(&issued.token, 1_100).unwrap(), None);
        assert_eq!(admin.bearer(&issued.view.id, 1_000).unwrap(), None);
        assert_eq!(admin.bearer("", 1_000).unwrap(), None);
        admin.remove_token(&Actor::Command, &issued.view.id, 1_000).unwrap();
        assert_eq!(admin.bearer(&issued.token, 1_000).unwrap(), None);
        assert!(admin.tokens(&Actor::Command).unwrap().is_empty());
        for (scopes, lifetime) in
            [(&[][..], 1), (&[Scope::AppsRead], 0), (&[Scope::AppsRead], LONGEST_LIFETIME_SECS + 1)]
        {
            assert!(matches!(make(&Actor::Command, scopes, lifetime).map(|_| ()), Err(AdminError::Invalid { .. })));
        }
    });
}

#[test]
fn a_viewer_sees_and_changes_nothing() {
    check(|admin| {
        let app = admin.create_app(&Actor::Command, "shop", &SettingChanges::default(), 1_000).unwrap();
        let viewer = user("ann", Role::Viewer);
        assert_eq!(admin.app(&viewer, app.number, 1_000).unwrap().name, "shop");
        assert!(admin.audit_log(&viewer, "", None, 10).is_ok());
        let refused = [
            admin.create_app(&viewer, "more", &SettingChanges::default(), 1_000).map(drop),
            admin.change_app(&viewer, app.number, &SettingChanges::default(), 1_000).map(drop),
            admin.enable_app(&viewer, app.number, false, 1_000).map(drop),
            admin.rotate_appkey(&viewer, app.number, 0, 1_000).map(drop),
            admin.end_grace(&viewer, app.number, 1_000).map(drop),
            admin.rotate_secret(&viewer, app.number, 0, 1_000).map(drop),
            admin.end_secret_grace(&viewer, app.number, 1_000).map(drop),
            admin.remove_app(&viewer, app.number, 1_000).map(drop),
            admin.users(&viewer).map(drop),
            admin.tokens(&viewer).map(drop),
            admin.create_user(&viewer, "eve", Role::Administrator, PASSWORD, 1_000).map(drop),
            admin.create_token(&viewer, "t", &[Scope::AppsRead], 1, 1_000).map(drop),
            admin.remove_user(&viewer, "ann", 1_000),
            admin.reset_password(&viewer, "ann", PASSWORD, 1_000),
        ];
        assert!(refused.iter().all(|outcome| matches!(outcome, Err(AdminError::Forbidden(_)))), "{refused:?}");
        assert_eq!(actions(admin), ["command app.created shop"]);
    });
}

#[test]
fn the_audit_log_is_read_page_by_page_and_holds_no_secret() {
    check(|admin| {
        let changes: SettingChanges = serde_json::from_str(r#"{"answer_length":6,"theme":"dark"}"#).unwrap();
        let app = admin.create_app(&Actor::Command, "shop", &changes, 1_000).unwrap();
        let rotated = admin.rotate_appkey(&Actor::Command, app.number, 60, 1_001).unwrap();
        let resecreted = admin.rotate_secret(&Actor::Command, app.number, 60, 1_001).unwrap();
        admin.end_secret_grace(&Actor::Command, app.number, 1_001).unwrap();
        admin.enable_app(&Actor::Command, app.number, false, 1_002).unwrap();
        admin.remove_app(&Actor::Command, app.number, 1_003).unwrap();
        let mut entries = Vec::new();
        let mut before = None;
        loop {
            let page = admin.audit_log(&Actor::Command, "", before.as_deref(), 3).unwrap();
            entries.extend(page.entries);
            before = page.before;
            if before.is_none() {
                break;
            }
        }
        let actions: Vec<_> = entries.iter().map(|entry| entry.action.as_str()).collect();
        let rotations = ["app.secret_grace_ended", "app.secret_rotated", "app.rotated"];
        assert_eq!(actions, [&["app.removed", "app.disabled"][..], &rotations, &["app.created"]].concat());
        assert_eq!((&*entries[3].detail, &*entries[5].detail), ("grace_secs=60", "answer_length=6, theme=dark"));
        let told = format!("{entries:?}");
        let secrets = [app.appkey, app.secret, rotated.appkey, resecreted.secret].into_iter().flatten();
        assert_eq!(secrets.filter(|secret| !told.contains(secret.as_str())).count(), 4, "{told}");
    });
}

#[test]
fn the_audit_log_is_searched_by_whom_what_and_of_what() {
    check(|admin| {
        for (number, name) in (0..).zip(["shop", "forum", "Shop-2"]) {
            admin.create_app(&Actor::Command, name, &SettingChanges::default(), 1_000 + number).unwrap();
        }
        let forum = admin.apps(&Actor::Command).unwrap().into_iter().find(|app| app.name == "forum").unwrap();
        admin.enable_app(&Actor::Command, forum.number, false, 1_010).unwrap();
        let subjects = |about: &str| -> Vec<String> {
            let entries = admin.audit_export(&Actor::Command, about).unwrap();
            entries.into_iter().map(|entry| entry.subject).collect()
        };
        assert_eq!(subjects("SHOP"), ["Shop-2", "shop"]);
        assert_eq!(subjects("disabled"), ["forum"]);
        assert_eq!((subjects("command").len(), subjects("nobody").len(), subjects("").len()), (4, 0, 4));
        let page = admin.audit_log(&Actor::Command, "shop", None, 1).unwrap();
        assert_eq!(page.entries[0].subject, "Shop-2");
        let rest = admin.audit_log(&Actor::Command, "shop", page.before.as_deref(), 1).unwrap();
        assert_eq!((&*rest.entries[0].subject, rest.before), ("shop", None));
    });
}

#[test]
fn the_audit_log_drops_its_oldest_entries_and_no_others() {
    let dir = tempfile::tempdir().unwrap();
    let records = Records::in_database(Store::open(dir.path()).unwrap());
    let entry = |id: u32| AuditEntry {
        id: format!("{id:08}"),
        at: 0,
        actor: String::new(),
        action: String::new(),
        subject: String::new(),
        detail: String::new(),
    };
    // Filling it entry by entry would take an fsync for each.
    records.fill_audit((0..records::MAX_AUDIT_ENTRIES as u32).map(entry));
    records.note(&entry(1_000_000)).unwrap();
    let newest = records.audit(None, 1).unwrap();
    assert_eq!(newest[0].id, "01000000");
    let oldest = records.audit(Some("00000003"), 10).unwrap();
    assert_eq!(oldest.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>(), ["00000002", "00000001"]);
}

#[test]
fn a_record_that_is_gone_is_not_put_back() {
    check(|admin| {
        let records = &admin.records;
        assert_eq!(records.add(Kind::Users, "ann", &1, 2).unwrap(), Added::Done);
        assert_eq!(records.add(Kind::Users, "ann", &2, 2).unwrap(), Added::Taken);
        assert_eq!(records.add(Kind::Users, "ben", &2, 2).unwrap(), Added::Done);
        assert_eq!(records.add(Kind::Users, "eve", &3, 2).unwrap(), Added::Full);
        records.remove(Kind::Users, &["ann".to_owned()]).unwrap();
        records.replace(Kind::Users, "ann", &4).unwrap();
        records.replace(Kind::Users, "ben", &5).unwrap();
        assert_eq!(records.all::<u32>(Kind::Users).unwrap(), [("ben".to_owned(), 5)]);
    });
}

fn statistics(store: &Store, apps: &AppStore) -> Arc<Statistics> {
    Arc::new(Statistics::open(store.clone(), Arc::clone(apps.apps()), 90).unwrap())
}
