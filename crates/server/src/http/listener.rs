//! Where clients connect: an address of the network, or a socket in the file system.

use std::{
    fmt, fs, io,
    net::SocketAddr,
    os::{
        fd::AsFd,
        unix::{
            self,
            fs::{FileTypeExt, MetadataExt, PermissionsExt},
        },
    },
    path::{Path, PathBuf},
    pin::Pin,
    str::FromStr,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use rustix::net::sockopt;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
};

use crate::domain::client::Peer;

/// Who may connect to a socket: its owner and its group, which a proxy is put into.
const SOCKET_MODE: u32 = 0o660;

/// What the system takes of a reply before its client does. Linux has room for twice that, and with more it would be
/// half a megabyte for each sound.
const SEND_BUFFER_BYTES: usize = 128 << 10;

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// `127.0.0.1:8080`.
    Network(SocketAddr),
    /// `unix:/run/haechi/http.sock`.
    Socket(PathBuf),
}

/// Text that says no place to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an IP address and a port, such as 127.0.0.1:8080, or unix: and the whole path of a socket")]
pub struct AddressError;

impl Address {
    /// Whether only programs of this machine reach it.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self {
            Self::Network(address) => address.ip().is_loopback(),
            Self::Socket(_) => true,
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        match text.strip_prefix("unix:") {
            Some(path) if path.starts_with('/') && !path.ends_with('/') => Ok(Self::Socket(path.into())),
            Some(_) => Err(AddressError),
            None => text.parse().map(Self::Network).map_err(|_| AddressError),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(address) => address.fmt(f),
            Self::Socket(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Something that clients connect to.
pub enum Listener {
    /// Over the network.
    Network(TcpListener),
    /// In the file system; the file goes with the last of those that listen.
    Socket(UnixListener, Arc<SocketFile>),
}

impl Listener {
    /// Listens here.
    ///
    /// # Errors
    /// Whatever the system says; [`io::ErrorKind::AddrInUse`] too for a file that is no socket, or is a socket on which
    /// somebody listens. A socket on which nobody does is replaced.
    pub async fn bind(address: &Address) -> io::Result<Self> {
        match address {
            Address::Network(address) => TcpListener::bind(address).await.map(Self::Network),
            Address::Socket(path) => {
                let listener = SocketFile::bind(path)?;
                Ok(Self::Socket(listener, Arc::new(SocketFile::of(path)?)))
            }
        }
    }

    /// What it really listens on, a free port having been picked.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn address(&self) -> io::Result<Address> {
        match self {
            Self::Network(listener) => listener.local_addr().map(Address::Network),
            Self::Socket(_, file) => Ok(Address::Socket(file.path.clone())),
        }
    }

    /// Another one of the same clients, each of which comes to one of the two.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn try_clone(&self) -> io::Result<Self> {
        match self {
            Self::Network(listener) => {
                let twin = std::net::TcpListener::from(listener.as_fd().try_clone_to_owned()?);
                TcpListener::from_std(twin).map(Self::Network)
            }
            Self::Socket(listener, file) => {
                let twin = unix::net::UnixListener::from(listener.as_fd().try_clone_to_owned()?);
                Ok(Self::Socket(UnixListener::from_std(twin)?, Arc::clone(file)))
            }
        }
    }

    /// The next client.
    pub(crate) async fn accept(&self) -> io::Result<(Connected, Peer)> {
        match self {
            Self::Network(listener) => {
                let (stream, peer) = listener.accept().await?;
                Ok((Connected::Network(stream), Peer(peer)))
            }
            Self::Socket(listener, _) => {
                let (stream, _) = listener.accept().await?;
                Ok((Connected::Socket(stream), Peer::OF_SOCKETS))
            }
        }
    }
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Self::Network(listener)
    }
}

/// A socket's file, which is removed when it is dropped, unless another one has taken its place.
#[derive(Debug)]
pub struct SocketFile {
    path: PathBuf,
    device_and_inode: (u64, u64),
}

impl SocketFile {
    fn bind(path: &Path) -> io::Result<UnixListener> {
        Self::make_room(path)?;
        let listener = UnixListener::bind(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(SOCKET_MODE))?;
        Ok(listener)
    }

    /// Removes a socket on which nobody listens, as a server leaves one that was killed.
    fn make_room(path: &Path) -> io::Result<()> {
        let in_use = |what: &str| Err(io::Error::new(io::ErrorKind::AddrInUse, what));
        match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
            Ok(there) if !there.file_type().is_socket() => return in_use("a file is there that is no socket"),
            Ok(_) => {}
        }
        match unix::net::UnixStream::connect(path) {
            Ok(_) => in_use("another program listens there"),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
            Err(error) => Err(error),
        }
    }

    fn of(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), device_and_inode: device_and_inode(path)? })
    }
}

/// What tells a file from another one that has taken its place.
fn device_and_inode(path: &Path) -> io::Result<(u64, u64)> {
    let there = path.symlink_metadata()?;
    Ok((there.dev(), there.ino()))
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let is_ours = device_and_inode(&self.path).is_ok_and(|there| there == self.device_and_inode);
        if is_ours && let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "the socket could not be removed");
        }
    }
}

/// A client's connection.
pub(crate) enum Connected {
    Network(TcpStream),
    Socket(UnixStream),
}

impl Connected {
    /// Has small replies not wait for more to send, where they would.
    pub(crate) fn set_nodelay(&self) -> io::Result<()> {
        match self {
            Self::Network(stream) => stream.set_nodelay(true),
            Self::Socket(_) => Ok(()),
        }
    }

    /// Has the system take little that the client does not take, and give up one that takes nothing for so long, also
    /// after the connection was closed here: what it keeps of them is counted nowhere.
    pub(crate) fn bound_unsent(&self, stall_time: Duration) -> io::Result<()> {
        let Self::Network(stream) = self else { return Ok(()) };
        sockopt::set_socket_send_buffer_size(stream, SEND_BUFFER_BYTES)?;
        #[cfg(target_os = "linux")]
        sockopt::set_tcp_user_timeout(stream, u32::try_from(stall_time.as_millis()).unwrap_or(u32::MAX))?;
        Ok(())
    }
}

impl AsyncRead for Connected {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Network(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Socket(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Connected {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Network(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Socket(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Network(stream) => Pin::new(stream).poll_write_vectored(context, parts),
            Self::Socket(stream) => Pin::new(stream).poll_write_vectored(context, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Network(stream) => Pin::new(stream).poll_flush(context),
            Self::Socket(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Network(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Socket(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_of_the_network_or_of_the_file_system() {
        for text in ["127.0.0.1:8080", "[::1]:0", "unix:/run/haechi/http.sock"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        for wrong in ["", "here", "unix:", "unix:http.sock", "unix:/run/", "unix://", "127.0.0.1"] {
            assert_eq!(wrong.parse::<Address>(), Err(AddressError), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_socket_is_replaced_only_if_nobody_listens() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("http.sock");
        let address = Address::Socket(path.clone());
        let first = Listener::bind(&address).await.unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, SOCKET_MODE);
        let refused = Listener::bind(&address).await.err().unwrap();
        assert_eq!(refused.to_string(), "another program listens there");
        drop(first);
        assert!(!path.exists(), "it goes with who listened");

        // What a killed server leaves.
        drop(unix::net::UnixListener::bind(&path).unwrap());
        let again = Listener::bind(&address).await.unwrap();
        let twin = again.try_clone().unwrap();
        drop(again);
        assert!(path.exists(), "somebody listens still");
        drop(twin);

        fs::write(&path, "mine").unwrap();
        assert!(Listener::bind(&address).await.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"mine");
    }

    /// Attack W4: over loopback the system took half a megabyte of each sound that nobody read, and kept it after
    /// the connection was closed.
    #[tokio::test]
    async fn the_system_takes_little_of_what_a_client_does_not_take() {
        let listener = Listener::bind(&"127.0.0.1:0".parse().unwrap()).await.unwrap();
        let Address::Network(address) = listener.address().unwrap() else { panic!("it is of the network") };
        let _client = TcpStream::connect(address).await.unwrap();
        let (connected, _) = listener.accept().await.unwrap();
        connected.bound_unsent(Duration::from_secs(30)).unwrap();
        let Connected::Network(stream) = connected else { panic!("it is of the network") };
        // Linux counts what it needs itself, too, and so doubles what is set.
        assert!(sockopt::socket_send_buffer_size(&stream).unwrap() <= 256 << 10);
        #[cfg(target_os = "linux")]
        assert_eq!(sockopt::tcp_user_timeout(&stream).unwrap(), 30_000);
    }
}
