//! Files that hold a secret: 64 hexadecimal digits, for the eyes of their owner only.

use std::{
    fs::{self, File, FileType, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use haechi_captcha::Secret;
use zeroize::Zeroizing;

use crate::keep::store::link_new;

/// The name that the secret has in the data directory if no other file is configured.
pub const FILE_NAME: &str = "secret";

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// The file cannot be made or read.
    #[error("cannot {action} the secret file {}: {source}", path.display())]
    Access {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Others than its owner may read it or write to it.
    #[error(
        "the secret file {} is open to others (mode {mode:04o}): run chmod 600 on it, and if others did read it, \
         change the secret",
        path.display()
    )]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It is no file that could hold one.
    #[error(
        "the secret file {} is {kind}: name a regular file that holds 64 hexadecimal digits",
        path.display()
    )]
    NotAFile {
        /// Its path.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// It holds something else.
    #[error("the secret file {} does not hold 64 hexadecimal digits", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The system gave no random bytes.
    #[error("the system gives no random bytes for a secret: {0}")]
    Random(String),
}

/// Reads the secret in this file, or makes one if there is no file. Says whether it was made.
///
/// However many processes do so at once, all get the one secret that is in the file for good.
///
/// # Errors
/// Any [`SecretFileError`].
pub fn read_or_make(path: &Path) -> Result<(Secret, bool), SecretFileError> {
    let is_missing = match fs::metadata(path) {
        Ok(_) => false,
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    let is_made = is_missing && make(path)?;
    Ok((read(path)?, is_made))
}

/// Reads the secret in this file.
///
/// # Errors
/// Any [`SecretFileError`] but [`SecretFileError::Random`].
pub fn read(path: &Path) -> Result<Secret, SecretFileError> {
    // To open a named pipe is to wait for whoever writes to it, and signals wait too.
    check_kind(path, fs::metadata(path).map_err(access("read", path))?.file_type())?;
    let file = File::open(path).map_err(access("read", path))?;
    check_permissions(path, &file)?;
    let mut text = Zeroizing::new(Vec::with_capacity(LONGEST_TEXT as usize));
    file.take(LONGEST_TEXT).read_to_end(&mut text).map_err(access("read", path))?;
    let text = std::str::from_utf8(&text).ok();
    text.and_then(|text| Secret::from_hex(text).ok())
        .ok_or_else(|| SecretFileError::Malformed { path: path.to_owned() })
}

/// More than 64 digits with white space around them; the rest of a longer file does not matter.
const LONGEST_TEXT: u64 = 1024;

fn check_kind(path: &Path, found: FileType) -> Result<(), SecretFileError> {
    let kind = match found {
        found if found.is_file() => return Ok(()),
        found if found.is_dir() => "a directory",
        found if found.is_fifo() => "a named pipe",
        found if found.is_socket() => "a socket",
        _ => "a device",
    };
    Err(SecretFileError::NotAFile { path: path.to_owned(), kind })
}

fn check_permissions(path: &Path, file: &File) -> Result<(), SecretFileError> {
    let metadata = file.metadata().map_err(access("read", path))?;
    let mode = metadata.mode() & 0o7777;
    // Kubernetes gives a secret to the container's group, in a file of root's that nobody can write.
    let is_lent_by_root = metadata.uid() == 0 && mode == 0o440;
    if mode & 0o077 == 0 || is_lent_by_root {
        Ok(())
    } else {
        Err(SecretFileError::OpenToOthers { path: path.to_owned(), mode })
    }
}

/// Makes a file with a new secret, unless another process is quicker. Says whether it did.
///
/// The secret is written to a file of another name and then linked to this one, which fails if there is one, so that
/// the file is never seen empty or half written, and never changes.
fn make(path: &Path) -> Result<bool, SecretFileError> {
    let draft = draft_of(path)?;
    let secret = new_secret()?;
    let made = write_new(&draft, &secret).and_then(|()| link_new(&draft, path));
    // A draft that stays behind is a secret that nobody uses.
    let _ = fs::remove_file(&draft);
    let is_made = made.map_err(access("make", path))?;
    sync_directory_of(path)?;
    Ok(is_made)
}

fn new_secret() -> Result<Secret, SecretFileError> {
    let mut bytes = Zeroizing::new([0; 32]);
    random(&mut *bytes)?;
    Ok(Secret::from_bytes(*bytes))
}

/// A name beside a file that no other file has.
fn draft_of(path: &Path) -> Result<PathBuf, SecretFileError> {
    let mut suffix = [0; 8];
    random(&mut suffix)?;
    Ok(directory_of(path).join(format!(".secret-{:016x}", u64::from_be_bytes(suffix))))
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A file's name is durable only once the directory is.
fn sync_directory_of(path: &Path) -> Result<(), SecretFileError> {
    File::open(directory_of(path)).and_then(|directory| directory.sync_all()).map_err(access("make", path))
}

fn random(bytes: &mut [u8]) -> Result<(), SecretFileError> {
    getrandom::fill(bytes).map_err(|error| SecretFileError::Random(error.to_string()))
}

fn write_new(path: &Path, secret: &Secret) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(secret.to_hex().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// Makes a new secret in the place of the one in a file, which takes the place of the one before it.
///
/// A crash leaves the old secret in one place or in both, and never none: first the old one gets its second name, then
/// the new one takes its first.
///
/// # Errors
/// [`SecretFileError::Access`] or [`SecretFileError::Random`].
pub(crate) fn replace(current: &Path, previous: &Path) -> Result<(), SecretFileError> {
    let (draft, old) = (draft_of(current)?, draft_of(current)?);
    let made = (|| {
        write_new(&draft, &new_secret()?).map_err(access("make", current))?;
        fs::hard_link(current, &old).and_then(|()| fs::rename(&old, previous)).map_err(access("make", previous))?;
        sync_directory_of(previous)?;
        fs::rename(&draft, current).map_err(access("change", current))?;
        sync_directory_of(current)
    })();
    // They are gone unless something went wrong, and then nobody uses them.
    let _ = fs::remove_file(&draft);
    let _ = fs::remove_file(&old);
    made
}

pub(crate) fn access(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SecretFileError {
    let path = path.to_owned();
    move |source| SecretFileError::Access { action, path, source }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn check(content: &str, mode: u32, expected: Result<(), &str>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        match (read_or_make(&path), expected) {
            (Ok((_, is_made)), Ok(())) => assert!(!is_made),
            (Err(error), Err(message)) => assert!(error.to_string().contains(message), "{error}"),
            (read, _) => panic!("{content:?}: {read:?}"),
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }

    #[test]
    fn a_secret_is_read_from_a_file_of_its_owner_only() {
        let digits = "0123456789abcdef".repeat(4);
        check(&digits, 0o600, Ok(()));
        check(&format!("{digits}\n"), 0o400, Ok(()));
        check(&digits, 0o640, Err("is open to others (mode 0640): run chmod 600"));
        check(&digits, 0o604, Err("is open to others (mode 0604): run chmod 600"));
        check(&digits, 0o444, Err("is open to others (mode 0444): run chmod 600"));
        check("", 0o600, Err("does not hold 64 hexadecimal digits"));
        check(&digits[1..], 0o600, Err("does not hold 64 hexadecimal digits"));
    }

    #[test]
    fn root_may_lend_a_secret_to_a_group() {
        let is_root = fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0);
        let expected = if is_root { Ok(()) } else { Err("is open to others (mode 0440)") };
        check(&"0123456789abcdef".repeat(4), 0o440, expected);
    }

    #[test]
    fn the_first_start_makes_one_and_later_ones_read_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        let (made, is_made) = read_or_make(&path).unwrap();
        assert!(is_made);
        assert_eq!(read_or_make(&path).unwrap(), (made.clone(), false));
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n", &*made.to_hex()));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn many_first_starts_at_once_end_with_one_secret() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        let starts: Vec<_> = std::thread::scope(|scope| {
            let started: Vec<_> = (0..16).map(|_| scope.spawn(|| read_or_make(&path).unwrap())).collect();
            started.into_iter().map(|start| start.join().unwrap()).collect()
        });
        assert!(starts.iter().all(|(secret, _)| *secret == starts[0].0));
        assert_eq!(starts.iter().filter(|(_, is_made)| *is_made).count(), 1);
    }

    #[test]
    fn where_no_file_can_be_made_the_error_names_it() {
        let error = read_or_make(Path::new("/nowhere/secret")).unwrap_err().to_string();
        assert!(error.starts_with("cannot make the secret file /nowhere/secret: "), "{error}");
    }
}
