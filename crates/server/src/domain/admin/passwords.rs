//! Passwords of users: what they may be, and how they are kept (Argon2id, RFC 9106, in the form of a PHC string).
//!
//! One hash takes 19 MiB and some 20 ms. So only one is computed at a time, and whoever comes when too many wait is
//! sent away: else a flood of sign-ins would take all memory.

use std::sync::{
    LazyLock, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};

use super::AdminError;

/// Least and most characters of a password.
const FEWEST: usize = 10;
const MOST: usize = 64;
/// Most callers that wait for one hash or another.
const MOST_WAITING: usize = 16;

/// What is compared with when no user has the name, so that it takes as long.
static NOBODYS: LazyLock<Option<String>> = LazyLock::new(|| hash_of("nobody's password").ok());

/// The hash of a new password.
///
/// # Errors
/// [`AdminError::Invalid`] if it is too short or too long; [`AdminError::TooManyAttempts`] when too many wait.
pub(super) fn hash(password: &str) -> Result<String, AdminError> {
    if !(FEWEST..=MOST).contains(&password.chars().count()) {
        let reason = format!("it takes {FEWEST} to {MOST} characters");
        return Err(AdminError::Invalid { name: "password", reason });
    }
    in_turn(|| hash_of(password))?
}

/// Whether a password is the one that was hashed. Without a hash it is not, which takes as long to find out.
///
/// # Errors
/// [`AdminError::TooManyAttempts`] when too many wait.
pub(super) fn is_right(password: &str, hash: Option<&str>) -> Result<bool, AdminError> {
    in_turn(|| {
        let compared = hash.or(NOBODYS.as_deref()).unwrap_or_default();
        let is_equal = password.chars().count() <= MOST
            && PasswordHash::new(compared)
                .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok());
        is_equal && hash.is_some()
    })
}

fn hash_of(password: &str) -> Result<String, AdminError> {
    let hashed = Argon2::default().hash_password(password.as_bytes());
    let failed = |error: argon2::password_hash::Error| AdminError::Random(error.to_string());
    Ok(hashed.map_err(failed)?.to_string())
}

fn in_turn<Outcome>(compute: impl FnOnce() -> Outcome) -> Result<Outcome, AdminError> {
    static TURN: Mutex<()> = Mutex::new(());
    static WAITING: AtomicUsize = AtomicUsize::new(0);
    if WAITING.fetch_add(1, Ordering::Relaxed) >= MOST_WAITING {
        WAITING.fetch_sub(1, Ordering::Relaxed);
        return Err(AdminError::TooManyAttempts { retry_after_secs: 1 });
    }
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let outcome = compute();
    drop(turn);
    WAITING.fetch_sub(1, Ordering::Relaxed);
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash_only() {
        let hashed = hash("correct horse battery").unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$") && !hashed.contains("horse"), "{hashed}");
        assert!(is_right("correct horse battery", Some(&hashed)).unwrap());
        assert!(!is_right("correct horse batterY", Some(&hashed)).unwrap());
        assert!(!is_right("nobody's password", None).unwrap());
        assert_ne!(hashed, hash("correct horse battery").unwrap(), "each has a salt of its own");
    }

    #[test]
    fn a_password_has_10_to_64_characters() {
        assert!(hash("한글비밀번호열자입니다").is_ok());
        for wrong in ["", "123456789", &"x".repeat(65)] {
            assert!(matches!(hash(wrong), Err(AdminError::Invalid { name: "password", .. })), "{wrong}");
        }
    }
}
