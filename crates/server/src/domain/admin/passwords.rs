//! Passwords of users: what they may be, and how they are kept (Argon2id, RFC 9106, in the form of a PHC string).

use std::sync::LazyLock;

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};

use super::{
    AdminError,
    turns::{Asker, Turns},
};

/// Least and most characters of a password.
const FEWEST: usize = 10;
const MOST: usize = 64;

/// What is compared with when no user has the name, so that it takes as long.
static NOBODYS: LazyLock<Option<String>> = LazyLock::new(|| hash_of("nobody's password").ok());

/// Hashes passwords, one at a time.
#[derive(Default)]
pub(super) struct Passwords(Turns);

impl Passwords {
    /// The hash of a new password, which somebody gives who may.
    ///
    /// # Errors
    /// [`AdminError::Invalid`] if it is too short or too long; [`AdminError::TooManyAttempts`] when too many wait.
    pub(super) fn hash(&self, password: &str) -> Result<String, AdminError> {
        if !(FEWEST..=MOST).contains(&password.chars().count()) {
            let reason = format!("it takes {FEWEST} to {MOST} characters");
            return Err(AdminError::Invalid { name: "password", reason });
        }
        self.0.in_turn(Asker::Known, || hash_of(password))?
    }

    /// Whether a password is the one that was hashed. Without a hash it is not, which takes as long to find out.
    ///
    /// # Errors
    /// [`AdminError::TooManyAttempts`] when too many wait.
    pub(super) fn is_right(&self, asker: Asker, password: &str, hash: Option<&str>) -> Result<bool, AdminError> {
        // Nobody has it, so it need not be hashed.
        if is_too_long(password) {
            return Ok(false);
        }
        self.0.in_turn(asker, || {
            let compared = hash.or(NOBODYS.as_deref()).unwrap_or_default();
            let is_equal = PasswordHash::new(compared)
                .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok());
            is_equal && hash.is_some()
        })
    }
}

/// Whether a password is longer than any may be.
pub(super) fn is_too_long(password: &str) -> bool {
    password.chars().nth(MOST).is_some()
}

fn hash_of(password: &str) -> Result<String, AdminError> {
    let hashed = Argon2::default().hash_password(password.as_bytes());
    let failed = |error: argon2::password_hash::Error| AdminError::Random(error.to_string());
    Ok(hashed.map_err(failed)?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash_only() {
        let passwords = Passwords::default();
        let is_right = |password: &str, hash| passwords.is_right(Asker::Known, password, hash);
        let hashed = passwords.hash("correct horse battery").unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$") && !hashed.contains("horse"), "{hashed}");
        assert!(is_right("correct horse battery", Some(&hashed)).unwrap());
        assert!(!is_right("correct horse batterY", Some(&hashed)).unwrap());
        assert!(!is_right("nobody's password", None).unwrap());
        assert_ne!(hashed, passwords.hash("correct horse battery").unwrap(), "each has a salt of its own");
    }

    #[test]
    fn a_password_has_10_to_64_characters() {
        let passwords = Passwords::default();
        assert!(passwords.hash("한글비밀번호열자입니다").is_ok());
        assert!(!is_too_long(&"가".repeat(64)) && is_too_long(&"가".repeat(65)));
        for wrong in ["", "123456789", &"x".repeat(65)] {
            assert!(matches!(passwords.hash(wrong), Err(AdminError::Invalid { name: "password", .. })), "{wrong}");
        }
    }
}
