//! A connection over which no more than so much is read, for who should say little.

use std::sync::Arc;

use ::redis::{
    AsyncConnectionConfig, ErrorKind, RedisConnectionInfo, RedisError, RedisResult, TlsCertificates,
    aio::MultiplexedConnection,
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use super::{
    address::{Host, Sentinels},
    credentials::with_credentials,
};

/// The most bytes that a sentinel may say: what is asked of it takes a few hundred.
const MAX_SAID_BYTES: u64 = 16 * 1024;

/// Connects with a sentinel. What it says beyond the limit ends the connection.
pub(super) async fn connect(
    sentinels: &Sentinels,
    (host, port): &Host,
    certificates: Option<&TlsCertificates>,
) -> RedisResult<MultiplexedConnection> {
    let stream = TcpStream::connect((host.as_str(), *port)).await?;
    stream.set_nodelay(true)?;
    match certificates {
        Some(certificates) => {
            let name = ServerName::try_from(host.clone()).map_err(|error| unusable(&error))?;
            let connector = TlsConnector::from(Arc::new(tls_config(certificates)?));
            speak(connector.connect(name, stream).await?, sentinels).await
        }
        None => speak(stream, sentinels).await,
    }
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    sentinels: &Sentinels,
) -> RedisResult<MultiplexedConnection> {
    let (reader, writer) = tokio::io::split(stream);
    let stream = tokio::io::join(reader.take(MAX_SAID_BYTES), writer);
    let settings =
        with_credentials(RedisConnectionInfo::default(), sentinels.user.as_ref(), sentinels.password.as_ref());
    // Whoever asks has a limit of time for all of it.
    let config = AsyncConnectionConfig::new().set_response_timeout(None);
    let (connection, driver) = MultiplexedConnection::new_with_config(&settings, stream, config).await?;
    // It ends with the connection.
    tokio::spawn(driver);
    Ok(connection)
}

/// As the client library has it for the servers.
fn tls_config(certificates: &TlsCertificates) -> RedisResult<ClientConfig> {
    let mut roots = RootCertStore::empty();
    match &certificates.root_cert {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                roots.add(certificate.map_err(|error| unusable(&error))?).map_err(|error| unusable(&error))?;
            }
        }
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}

fn unusable(error: &impl std::fmt::Display) -> RedisError {
    (ErrorKind::InvalidClientConfig, "TLS", error.to_string()).into()
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;
    use crate::keep::remote::RemoteAddress;

    /// One that says more and more: it is not listened to for long.
    #[tokio::test]
    async fn who_says_too_much_is_cut_off() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let talking = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut heard = [0; 64];
            let _ = stream.read(&mut heard).await.unwrap();
            // A text of two gigabytes, as far as it is let.
            stream.write_all(b"+OK\r\n+OK\r\n$2000000000\r\n").await.unwrap();
            let mut said = 0_u64;
            while stream.write_all(&[b'x'; 4096]).await.is_ok() {
                said += 4096;
            }
            said
        });
        let address = RemoteAddress::parse("redis-sentinel://a?master=m").unwrap();
        let sentinels = address.topology.sentinels().unwrap();
        let asked = async {
            let mut connection = connect(sentinels, &("127.0.0.1".to_owned(), port), None).await?;
            connection.send_packed_command(&::redis::cmd("PING")).await
        };
        assert!(asked.await.is_err());
        // What the system buffers of it comes to that.
        assert!(talking.await.unwrap() < 32 << 20);
    }
}
