use super::{super::tests::check, *};
use crate::domain::admin::{
    Role,
    sessions::{Entry, SignIn},
    tests::session_of,
};

const PASSWORD: &str = "correct horse battery";

fn ann() -> Actor {
    Actor::User { name: "ann".to_owned(), role: Role::Administrator }
}

fn client() -> Client {
    Client::new([192, 0, 2, 1].into())
}

fn code_of(secret: &str, at: u64) -> String {
    totp_of(secret).unwrap().generate(at).to_string()
}

/// A secret, and the recovery codes that come with it, of the user ann.
fn enrolled(admin: &Administration, now: u64) -> (String, Vec<String>) {
    admin.create_user(&Actor::Command, "ann", Role::Administrator, PASSWORD, now).unwrap();
    let session = session_of(admin, "ann", now);
    let secret = new_factor_secret().unwrap();
    let code = code_of(&secret, now);
    let codes = admin.enable_second_factor(&ann(), &session, PASSWORD, (&secret, &code), now).unwrap();
    (secret, codes)
}

fn half(admin: &Administration, now: u64) -> String {
    let sign_in = SignIn { client: client(), browser: None, name: "ann", password: PASSWORD };
    match admin.sign_in(&sign_in, now).unwrap() {
        Entry::CodeNeeded(half) => half.0,
        Entry::SignedIn(_) => panic!("the password was enough"),
    }
}

fn sign_in(admin: &Administration, half: &str, code: &str, now: u64) -> Result<Actor, AdminError> {
    let sign_in = CodeSignIn { client: client(), browser: None, name: "ann", half, code };
    admin.sign_in_with_code(&sign_in, now).map(|signed_in| signed_in.actor)
}

/// The secret of the specification's test vectors (RFC 6238, Appendix B), whose last six digits of eight are these.
#[test]
fn codes_are_those_of_the_standard() {
    let secret = Secret::from(&b"12345678901234567890"[..]).to_base32();
    for (at, code) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
    {
        assert_eq!(code_of(&secret, at), code);
    }
    assert_eq!(new_factor_secret().unwrap().len(), 32);
    let address = factor_address("김 ann", "ABC");
    assert_eq!(address, "otpauth://totp/haechi:%EA%B9%80%20ann?secret=ABC&issuer=haechi");
}

#[test]
fn a_code_is_good_once_and_for_a_step_to_either_side() {
    check(|admin| {
        let (secret, _) = enrolled(admin, 3_000);
        let half = half(admin, 3_100);
        let is_in = |code: &str, now| sign_in(admin, &half, code, now).is_ok();
        assert!(!is_in(&code_of(&secret, 3_000), 3_000), "it was used to begin with");
        assert!(!is_in("000000", 3_105) && !is_in("", 3_105) && !is_in("12345", 3_105));
        assert!(is_in(&code_of(&secret, 3_110), 3_130), "the one before");
        assert!(!is_in(&code_of(&secret, 3_110), 3_130), "it is used");
        assert!(is_in(&code_of(&secret, 3_190), 3_165), "the one after, by a clock that goes fast");
        assert!(!is_in(&code_of(&secret, 3_060), 3_165), "an old one");
    });
}

#[test]
fn the_password_is_given_first_and_minutes_before_at_the_most() {
    check(|admin| {
        let (secret, _) = enrolled(admin, 3_000);
        let half = half(admin, 3_100);
        let code = |at| code_of(&secret, at);
        for forged in ["", "..", "3100", &half.replace("3100.", "3200."), &half[..half.len() - 1]] {
            assert!(matches!(sign_in(admin, forged, &code(3_200), 3_200), Err(AdminError::SignInFailed)), "{forged}");
        }
        assert!(matches!(sign_in(admin, &half, &code(3_400), 3_400), Err(AdminError::SignInFailed)), "too late");
        assert!(sign_in(admin, &half, &code(3_399), 3_399).is_ok());
        admin.reset_password(&Actor::Command, "ann", PASSWORD, 3_200).unwrap();
        assert!(matches!(sign_in(admin, &half, &code(3_300), 3_300), Err(AdminError::SignInFailed)));
    });
}

#[test]
fn ten_recovery_codes_are_each_good_once() {
    check(|admin| {
        let (_, codes) = enrolled(admin, 3_000);
        assert!(codes.len() == 10 && codes.iter().all(|code| code.len() == 19), "{codes:?}");
        let half = half(admin, 3_100);
        let shouted = codes[0].to_uppercase().replace('-', " ");
        assert!(sign_in(admin, &half, &shouted, 3_100).is_ok());
        assert!(matches!(sign_in(admin, &half, &codes[0], 3_100), Err(AdminError::WrongCode)));
        assert!(matches!(sign_in(admin, &half, "aaaa-bbbb-cccc-dddd", 3_100), Err(AdminError::WrongCode)));
        assert_eq!(admin.recovery_codes_left(&ann()).unwrap(), Some(9));
        let stored: StoredFactor = admin.records.get(Kind::Factors, "ann").unwrap().unwrap();
        assert!(stored.recovery.iter().all(|hash| hash.len() == 64));
    });
}

#[test]
fn a_second_factor_takes_the_password_and_a_code_to_begin_and_the_password_to_end() {
    check(|admin| {
        admin.create_user(&Actor::Command, "ann", Role::Administrator, PASSWORD, 3_000).unwrap();
        let (session, other) = (session_of(admin, "ann", 3_000), session_of(admin, "ann", 3_000));
        let secret = new_factor_secret().unwrap();
        let code = code_of(&secret, 3_000);
        let enable = |password: &str, secret: &str, code: &str| {
            admin.enable_second_factor(&ann(), &session, password, (secret, code), 3_000)
        };
        assert!(matches!(enable("wrong password", &secret, &code), Err(AdminError::SignInFailed)));
        assert!(matches!(enable(PASSWORD, &secret, "abcdef"), Err(AdminError::WrongCode)));
        assert!(matches!(enable(PASSWORD, "ABCD", &code), Err(AdminError::Invalid { name: "secret", .. })));
        assert_eq!(admin.recovery_codes_left(&ann()).unwrap(), None);
        enable(PASSWORD, &secret, &code).unwrap();
        assert!(admin.session(&session, 3_000).unwrap().is_some() && admin.session(&other, 3_000).unwrap().is_none());
        let token = Actor::Token { id: String::new(), name: "ann".to_owned(), scopes: Vec::new() };
        assert!(matches!(admin.disable_second_factor(&token, PASSWORD, 3_000), Err(AdminError::Forbidden(_))));
        assert!(matches!(admin.disable_second_factor(&ann(), "wrong password", 3_000), Err(AdminError::SignInFailed)));
        admin.disable_second_factor(&ann(), PASSWORD, 3_000).unwrap();
        let sign_in = SignIn { client: client(), browser: None, name: "ann", password: PASSWORD };
        assert!(matches!(admin.sign_in(&sign_in, 3_000).unwrap(), Entry::SignedIn(_)));
    });
}

#[test]
fn an_administrator_takes_a_lost_one_away_and_nobody_inherits_one() {
    check(|admin| {
        enrolled(admin, 3_000);
        assert!(admin.users(&Actor::Command).unwrap()[0].second_factor);
        let viewer = Actor::User { name: "vic".to_owned(), role: Role::Viewer };
        assert!(matches!(admin.reset_second_factor(&viewer, "ann", 3_000), Err(AdminError::Forbidden(_))));
        let keeper = Actor::Token { id: String::new(), name: "k".to_owned(), scopes: vec![Scope::AccessWrite] };
        assert!(matches!(admin.reset_second_factor(&keeper, "ann", 3_000), Err(AdminError::Forbidden(_))));
        admin.reset_second_factor(&Actor::Command, "ann", 3_000).unwrap();
        let entries = admin.audit_log(&Actor::Command, "", None, 200).unwrap().entries.len();
        admin.reset_second_factor(&Actor::Command, "ann", 3_000).unwrap();
        assert_eq!(admin.audit_log(&Actor::Command, "", None, 200).unwrap().entries.len(), entries, "nothing changed");
        assert!(matches!(admin.reset_second_factor(&Actor::Command, "zoe", 3_000), Err(AdminError::NotFound { .. })));
        assert!(!admin.users(&Actor::Command).unwrap()[0].second_factor);
        admin.remove_user(&Actor::Command, "ann", 3_000).unwrap();
        enrolled(admin, 4_000);
        admin.remove_user(&Actor::Command, "ann", 4_000).unwrap();
        admin.create_user(&Actor::Command, "ann", Role::Viewer, PASSWORD, 4_000).unwrap();
        assert!(!admin.users(&Actor::Command).unwrap()[0].second_factor);
        let log = admin.audit_log(&Actor::Command, "", None, 50).unwrap();
        let actions: Vec<_> = log.entries.iter().map(|entry| entry.action.as_str()).collect();
        assert!(actions.contains(&"user.second_factor_enabled") && actions.contains(&"user.second_factor_reset"));
    });
}

#[test]
fn codes_cannot_be_tried_more_often_than_passwords() {
    check(|admin| {
        enrolled(admin, 3_000);
        let half = half(admin, 3_100);
        let refused = (0..100)
            .filter(|_| matches!(sign_in(admin, &half, "123123", 3_100), Err(AdminError::TooManyAttempts { .. })));
        assert!(refused.count() > 80);
    });
}
