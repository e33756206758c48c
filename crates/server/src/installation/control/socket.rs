//! The socket's file.

use std::{
    ffi::OsStr,
    fs::{self, DirBuilder, File, Permissions},
    io,
    os::{
        fd::AsRawFd,
        unix::{
            fs::{DirBuilderExt, PermissionsExt},
            net::{UnixListener, UnixStream},
        },
    },
    path::{Path, PathBuf},
};

/// The socket's name in the data directory.
const FILE_NAME: &str = "control.sock";
/// The directory in which it is made.
const DRAFT_NAME: &str = ".control-draft";
/// The longest path that every system takes for a socket, in bytes.
const LONGEST_PATH: usize = 100;

/// A listening control socket. Its file goes when it is dropped.
pub struct ControlSocket {
    listener: Option<UnixListener>,
    path: PathBuf,
}

impl ControlSocket {
    /// Listens in this data directory, whose database the caller has open: so no other server can be listening there,
    /// and a file that is there is a dead one's.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn bind(data_dir: &Path) -> io::Result<Self> {
        // The socket is made where nobody else can reach it, and moved once its permissions are right.
        let draft_dir = data_dir.join(DRAFT_NAME);
        if draft_dir.exists() {
            fs::remove_dir_all(&draft_dir)?;
        }
        DirBuilder::new().mode(0o700).create(&draft_dir)?;
        let listener = with_short_path(&draft_dir, |path| UnixListener::bind(path))?;
        let draft = draft_dir.join(FILE_NAME);
        fs::set_permissions(&draft, Permissions::from_mode(0o600))?;
        let path = data_dir.join(FILE_NAME);
        fs::rename(&draft, &path)?;
        fs::remove_dir(&draft_dir)?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener: Some(listener), path })
    }

    /// The listener, once, for the runtime in which this is called.
    ///
    /// # Errors
    /// If it was taken before, or whatever the system says.
    pub fn listener(&mut self) -> io::Result<tokio::net::UnixListener> {
        let listener = self.listener.take().ok_or_else(|| io::Error::other("the listener is taken"))?;
        tokio::net::UnixListener::from_std(listener)
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "the control socket could not be removed");
        }
    }
}

/// Connects to the server that listens in this data directory, if one does.
pub(super) fn connect(data_dir: &Path) -> io::Result<Option<UnixStream>> {
    match with_short_path(data_dir, |path| UnixStream::connect(path)) {
        Ok(stream) => Ok(Some(stream)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Names the socket in a directory by a path that is not too long for one.
///
/// A long one goes by the directory's file descriptor, where the system shows those as files (Linux does).
fn with_short_path<Opened>(directory: &Path, open: impl FnOnce(&OsStr) -> io::Result<Opened>) -> io::Result<Opened> {
    let path = directory.join(FILE_NAME);
    if path.as_os_str().len() <= LONGEST_PATH {
        return open(path.as_os_str());
    }
    let directory = File::open(directory)?;
    let descriptors = Path::new("/proc/self/fd");
    if !descriptors.exists() {
        let message = format!("{} is too long a path for a socket: use a shorter data directory", path.display());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    open(descriptors.join(directory.as_raw_fd().to_string()).join(FILE_NAME).as_os_str())
}
