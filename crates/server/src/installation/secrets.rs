//! The secrets under which keys are sealed: the current one, and the one before it while keys of it may live.
//!
//! They are what their files say, and a server looks at those every two seconds. So a secret is changed by changing
//! files, whether a server runs or not: by [`rotate`] in the data directory, or by whoever looks after the files that a
//! configuration names. For two seconds a node may not know another node's new secret, so where several share one, it
//! is given to all of them as the *previous* one first.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use haechi_captcha::{Keyring, Secret};
use zeroize::Zeroizing;

use crate::{
    domain::lifetime::LONGEST_LIFE_SECS,
    installation::config::Config,
    keep::secret_file::{self, SecretFileError},
};

/// The name that the secret before the current one has in the data directory.
pub const PREVIOUS_FILE_NAME: &str = "secret.previous";

/// Where the secrets are.
#[derive(Debug, Clone)]
pub struct SecretFiles {
    current: PathBuf,
    previous: Previous,
    may_make: bool,
}

/// Where the one before the current one is.
#[derive(Debug, Clone)]
enum Previous {
    /// In a file that the configuration names. It counts as long as the configuration names it.
    Named(PathBuf),
    /// In the data directory, if the secret was rotated there, for as long as keys of it may live.
    Rotated(PathBuf),
    None,
}

/// The secrets under which keys are sealed.
#[derive(PartialEq, Eq)]
pub struct Secrets {
    current: Secret,
    previous: Option<Secret>,
    is_made_now: bool,
}

/// Why the secret was not rotated.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// Somebody else looks after it.
    #[error(
        "the secret is in {}, which haechi does not change: put the new secret into a file that --previous-secret-file \
         names, then exchange the two files, and remove the old one after an hour",
        path.display()
    )]
    Named {
        /// The file.
        path: PathBuf,
    },
    /// Keys of the secret before this one may still live, and would be refused.
    #[error(
        "the secret was changed less than an hour ago, and keys of the one before may live for {left_secs} s: wait, or \
         say --force to have them refused"
    )]
    TooSoon {
        /// Seconds until the one before has no keys left.
        left_secs: u64,
    },
    /// The files.
    #[error(transparent)]
    File(#[from] SecretFileError),
}

impl SecretFiles {
    /// The files that a configuration names, or the usual ones.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let named = config.secrets.previous.clone().map(Previous::Named);
        match &config.secrets.current {
            Some(path) => Self { current: path.clone(), previous: named.unwrap_or(Previous::None), may_make: false },
            None => Self {
                current: config.data.join(secret_file::FILE_NAME),
                previous: named.unwrap_or_else(|| Previous::Rotated(config.data.join(PREVIOUS_FILE_NAME))),
                may_make: true,
            },
        }
    }

    /// When the current secret was put where it is.
    fn changed_at(&self) -> Result<u64, SecretFileError> {
        let modified = fs::metadata(&self.current).and_then(|metadata| metadata.modified());
        let modified = modified.map_err(secret_file::access("read", &self.current))?;
        Ok(modified.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
    }

    /// Seconds for which keys of a secret that was rotated may still live.
    fn previous_left_secs(&self, now: u64) -> Result<u64, SecretFileError> {
        // A time in the future is a clock's that was set back since. It is as if the change were just made.
        let age = now.saturating_sub(self.changed_at()?);
        Ok(LONGEST_LIFE_SECS.saturating_sub(age))
    }
}

impl Secrets {
    /// Reads the secrets, and makes the one in the data directory if it is not there yet.
    ///
    /// # Errors
    /// Any [`SecretFileError`].
    pub fn read_or_make(files: &SecretFiles, now: u64) -> Result<Self, SecretFileError> {
        if !files.may_make {
            return Self::read(files, now);
        }
        let (_, is_made_now) = secret_file::read_or_make(&files.current)?;
        Ok(Self { is_made_now, ..Self::read(files, now)? })
    }

    /// Reads the secrets.
    ///
    /// # Errors
    /// Any [`SecretFileError`].
    pub fn read(files: &SecretFiles, now: u64) -> Result<Self, SecretFileError> {
        let current = secret_file::read(&files.current)?;
        let previous = match &files.previous {
            Previous::Named(path) => Some(secret_file::read(path)?),
            Previous::Rotated(path) if path.exists() && files.previous_left_secs(now)? > 0 => {
                Some(secret_file::read(path)?)
            }
            Previous::Rotated(_) | Previous::None => None,
        };
        Ok(Self { current, previous, is_made_now: false })
    }

    /// A keyring of them.
    #[must_use]
    pub fn keyring(&self) -> Keyring {
        let keyring = Keyring::new(&self.current);
        match &self.previous {
            Some(previous) => keyring.with_previous(previous),
            None => keyring,
        }
    }

    /// The key of the names under which nodes count networks together.
    pub(crate) fn networks_key(&self) -> Zeroizing<[u8; 32]> {
        self.current.subkey("networks")
    }

    /// Whether there may be keys, sealed by an earlier process, of which the ledger should know.
    pub(crate) fn may_have_sealed(&self) -> bool {
        !self.is_made_now || self.previous.is_some()
    }
}

/// The secrets in use, and the files from which they are taken again.
pub struct SecretWatch {
    files: SecretFiles,
    seen: Secrets,
}

impl SecretWatch {
    /// Watches these files, which held these secrets.
    #[must_use]
    pub fn new(files: SecretFiles, seen: Secrets) -> Self {
        Self { files, seen }
    }

    /// A keyring of what the files say now, if that is something new. Removes the file of a previous secret that has no
    /// keys left.
    ///
    /// # Errors
    /// Any [`SecretFileError`]; what was in use stays so.
    pub fn reread(&mut self, now: u64) -> Result<Option<Keyring>, SecretFileError> {
        let found = Secrets::read(&self.files, now)?;
        if let (Previous::Rotated(path), None) = (&self.files.previous, &found.previous)
            && path.exists()
        {
            remove(path)?;
        }
        let is_same = found.current == self.seen.current && found.previous == self.seen.previous;
        if is_same {
            return Ok(None);
        }
        self.seen = found;
        Ok(Some(self.seen.keyring()))
    }
}

/// Puts a new secret in the place of the current one in the data directory, and that in the place of the one before.
///
/// Whatever happens on the way, the current secret is one of the two, and keys of both are good.
///
/// # Errors
/// Any [`RotateError`].
pub fn rotate(config: &Config, is_forced: bool) -> Result<(), RotateError> {
    let files = SecretFiles::of(config);
    let Previous::Rotated(previous) = &files.previous else {
        return Err(RotateError::Named { path: files.current });
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    // It must be one that can be read.
    secret_file::read(&files.current)?;
    let left_secs = files.previous_left_secs(now)?;
    if previous.exists() && left_secs > 0 && !is_forced {
        return Err(RotateError::TooSoon { left_secs });
    }
    Ok(secret_file::replace(&files.current, previous)?)
}

fn remove(path: &Path) -> Result<(), SecretFileError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(secret_file::access("remove", path)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::installation::config::Options;

    fn config(data: &Path) -> Config {
        Config::load(Options { data: Some(data.to_owned()), ..Options::default() }).unwrap()
    }

    fn now() -> u64 {
        crate::clock::unix_now()
    }

    #[test]
    fn keys_of_both_secrets_are_good_until_the_last_of_the_old_one_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        let files = SecretFiles::of(&config);
        let first = Secrets::read_or_make(&files, now()).unwrap();
        assert!(first.is_made_now && first.previous.is_none());
        let old = first.current.clone();
        let mut watch = SecretWatch::new(files.clone(), first);
        assert!(watch.reread(now()).unwrap().is_none());

        rotate(&config, false).unwrap();
        assert!(watch.reread(now()).unwrap().is_some());
        assert!(watch.seen.current != old && watch.seen.previous.as_ref() == Some(&old));
        assert!(watch.reread(now()).unwrap().is_none());
        let restarted = Secrets::read_or_make(&files, now()).unwrap();
        assert!(restarted.previous == Some(old) && restarted.may_have_sealed());

        let later = now() + LONGEST_LIFE_SECS + 1;
        assert!(watch.reread(later).unwrap().is_some());
        assert!(watch.seen.previous.is_none());
        assert!(!folder.path().join(PREVIOUS_FILE_NAME).exists());
    }

    #[test]
    fn a_second_rotation_does_not_cut_off_keys_unless_it_is_forced() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        Secrets::read_or_make(&SecretFiles::of(&config), now()).unwrap();
        rotate(&config, false).unwrap();
        assert!(matches!(rotate(&config, false), Err(RotateError::TooSoon { left_secs: 3600.. })));
        let second = secret_file::read(&folder.path().join(secret_file::FILE_NAME)).unwrap();
        rotate(&config, true).unwrap();
        let secrets = Secrets::read(&SecretFiles::of(&config), now()).unwrap();
        assert!(secrets.previous == Some(second));
    }

    #[test]
    fn files_that_somebody_named_are_read_anew_and_never_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("named");
        secret_file::read_or_make(&path).unwrap();
        let mut config = config(folder.path());
        config.secrets.current = Some(path.clone());
        let files = SecretFiles::of(&config);
        let mut watch = SecretWatch::new(files.clone(), Secrets::read(&files, now()).unwrap());
        assert!(matches!(rotate(&config, true), Err(RotateError::Named { .. })));

        fs::remove_file(&path).unwrap();
        assert!(watch.reread(now()).is_err());
        secret_file::read_or_make(&path).unwrap();
        assert!(watch.reread(now()).unwrap().is_some());
    }
}
