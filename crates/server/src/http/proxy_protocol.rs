//! The PROXY protocol: what a trusted proxy says of a connection before anything else comes on it, in form 1 or 2
//! (<https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt>).
//!
//! Only who is trusted is listened to, and whoever is trusted must say it: a client of a proxy that says nothing could
//! otherwise write the header itself.

use std::{io, net::SocketAddr};

use proxy_header::{ParseConfig, Protocol, ProxyHeader};
use tokio::io::{AsyncRead, AsyncReadExt};

/// How every header of form 2 begins: its signature, version, kinds of addresses, and the length of the rest.
const FIXED_BYTES: usize = 16;
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// The most bytes behind that. Addresses take 216 at the most; proxies add a few names and hashes.
const MAX_REST_BYTES: usize = 2048;
/// The most bytes of form 1, which is a line.
const MAX_LINE_BYTES: usize = 107;
/// Enough to tell the two from each other.
const BEGINNING_BYTES: usize = 5;

/// What a proxy says of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Introduction {
    /// Whose connection it is. None if it is the proxy's own, as those are by which it looks whether the server is well.
    pub(crate) client: Option<SocketAddr>,
    /// Whether the client spoke TLS with the proxy.
    pub(crate) is_encrypted: bool,
}

/// Why it is not known whose a connection is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IntroductionError {
    /// The proxy sent nothing and went, as those do that look whether a port is open.
    #[error("nothing came")]
    Nothing,
    /// It broke, or ended too early.
    #[error("{0}")]
    Io(io::Error),
    /// Something else came, or a header that says what cannot be.
    #[error("what came first is no PROXY header that can be read")]
    Unreadable,
    /// It is longer than any header needs to be.
    #[error("a PROXY header of {0} bytes is more than is taken")]
    TooLong(usize),
}

impl Introduction {
    /// Reads a header, and nothing of what follows it.
    pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Self, IntroductionError> {
        let mut header = vec![0; BEGINNING_BYTES];
        match stream.read(&mut header[..1]).await {
            Ok(0) => return Err(IntroductionError::Nothing),
            Ok(_) => {}
            Err(error) => return Err(IntroductionError::Io(error)),
        }
        read_exactly(stream, &mut header[1..]).await?;
        if header == b"PROXY" {
            read_line(stream, &mut header).await?;
        } else if SIGNATURE.starts_with(&header) {
            read_form_2(stream, &mut header).await?;
        } else {
            return Err(IntroductionError::Unreadable);
        }
        Self::parse(&header).ok_or(IntroductionError::Unreadable)
    }

    /// What a whole header says.
    pub(crate) fn parse(header: &[u8]) -> Option<Self> {
        let (read, length) = ProxyHeader::parse(header, ParseConfig::default()).ok()?;
        if length != header.len() {
            return None;
        }
        let is_encrypted = read.ssl().is_some_and(|ssl| ssl.client_ssl());
        let Some(named) = read.proxied_address() else { return Some(Self { client: None, is_encrypted }) };
        // Nobody connects from no address; it stands for those who connect to sockets.
        let is_possible = named.protocol == Protocol::Stream && !named.source.ip().to_canonical().is_unspecified();
        is_possible.then_some(Self { client: Some(named.source), is_encrypted })
    }
}

/// The rest of a line. It is read byte by byte, so that nothing behind it is.
async fn read_line(stream: &mut (impl AsyncRead + Unpin), line: &mut Vec<u8>) -> Result<(), IntroductionError> {
    while line.last() != Some(&b'\n') {
        if line.len() >= MAX_LINE_BYTES {
            return Err(IntroductionError::TooLong(line.len() + 1));
        }
        line.push(stream.read_u8().await.map_err(IntroductionError::Io)?);
    }
    Ok(())
}

async fn read_form_2(stream: &mut (impl AsyncRead + Unpin), header: &mut Vec<u8>) -> Result<(), IntroductionError> {
    header.resize(FIXED_BYTES, 0);
    read_exactly(stream, &mut header[BEGINNING_BYTES..]).await?;
    let rest = usize::from(u16::from_be_bytes([header[FIXED_BYTES - 2], header[FIXED_BYTES - 1]]));
    if !header.starts_with(SIGNATURE) {
        return Err(IntroductionError::Unreadable);
    }
    if rest > MAX_REST_BYTES {
        return Err(IntroductionError::TooLong(FIXED_BYTES + rest));
    }
    header.resize(FIXED_BYTES + rest, 0);
    read_exactly(stream, &mut header[FIXED_BYTES..]).await
}

async fn read_exactly(stream: &mut (impl AsyncRead + Unpin), buffer: &mut [u8]) -> Result<(), IntroductionError> {
    stream.read_exact(buffer).await.map(drop).map_err(IntroductionError::Io)
}

#[cfg(test)]
mod tests {
    use proxy_header::{ProxiedAddress, SslInfo, Tlv};

    use super::*;

    const CLIENT: &str = "198.51.100.7:4711";

    fn client() -> ProxyHeader<'static> {
        ProxyHeader::with_address(ProxiedAddress::stream(CLIENT.parse().unwrap(), "192.0.2.1:443".parse().unwrap()))
    }

    fn form_2(header: &ProxyHeader<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        header.encode_v2(&mut bytes).unwrap();
        bytes
    }

    /// What is read of these bytes, behind which others follow that must be left.
    async fn read(bytes: &[u8]) -> Result<Introduction, IntroductionError> {
        let whole = [bytes, b"GET / HTTP/1.1\r\n"].concat();
        let mut rest = &whole[..];
        let read = Introduction::read(&mut rest).await;
        if read.is_ok() {
            assert_eq!(rest, b"GET / HTTP/1.1\r\n");
        }
        read
    }

    #[track_caller]
    fn check(read: Result<Introduction, IntroductionError>, client: Option<&str>, is_encrypted: bool) {
        assert_eq!(read.unwrap(), Introduction { client: client.map(|text| text.parse().unwrap()), is_encrypted });
    }

    #[tokio::test]
    async fn both_forms_name_the_client() {
        check(read(b"PROXY TCP4 198.51.100.7 192.0.2.1 4711 443\r\n").await, Some(CLIENT), false);
        check(read(b"PROXY TCP6 2a00::1 ::1 4711 443\r\n").await, Some("[2a00::1]:4711"), false);
        check(read(&form_2(&client())).await, Some(CLIENT), false);
        let mut encrypted = client();
        encrypted.append_tlv(Tlv::Ssl(SslInfo::new(true, false, false, 0)));
        encrypted.append_tlv(Tlv::UniqueId(b"abc".into()));
        check(read(&form_2(&encrypted)).await, Some(CLIENT), true);
        let mut plain = client();
        plain.append_tlv(Tlv::Ssl(SslInfo::new(false, false, false, 0)));
        check(read(&form_2(&plain)).await, Some(CLIENT), false);
    }

    #[tokio::test]
    async fn what_is_the_proxys_own_names_nobody() {
        check(read(b"PROXY UNKNOWN\r\n").await, None, false);
        check(read(b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n").await, None, false);
        // LOCAL, by which HAProxy looks whether a server is well, with addresses that do not count, and without.
        check(read(b"\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00").await, None, false);
        let mut local = form_2(&client());
        local[12] = 0x20;
        check(read(&local).await, None, false);
        // From a socket in the file system.
        let unix = [&b"\r\n\r\n\0\r\nQUIT\n\x21\x31\x00\xd8"[..], &[0; 216]].concat();
        check(read(&unix).await, None, false);
    }

    #[tokio::test]
    async fn what_is_no_header_is_refused() {
        let mut datagram = form_2(&client());
        datagram[13] = 0x12;
        let mut version_3 = form_2(&client());
        version_3[12] = 0x31;
        let mut short_addresses = form_2(&client());
        short_addresses.truncate(20);
        short_addresses[15] = 4;
        for wrong in [
            &b"GET / HTTP/1.1\r\n\r\n"[..],
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"PROXY TCP4 198.51.100.7 192.0.2.1 4711\r\n",
            b"PROXY TCP4 198.51.100.256 192.0.2.1 4711 443\r\n",
            b"PROXY TCP4 0.0.0.0 192.0.2.1 0 443\r\n",
            b"PROXY TCP5 198.51.100.7 192.0.2.1 4711 443\r\n",
            b"PROXY\r\n",
            b"\r\n\r\n\0\r\nQUIX\n\x21\x11\x00\x0c",
            &datagram,
            &version_3,
            &short_addresses,
        ] {
            assert!(
                matches!(read(wrong).await, Err(IntroductionError::Unreadable)),
                "{:?}",
                wrong.escape_ascii().to_string()
            );
        }
    }

    #[tokio::test]
    async fn a_header_has_a_greatest_length() {
        let line = [&b"PROXY UNKNOWN "[..], &[b'x'; 200]].concat();
        assert!(matches!(read(&line).await, Err(IntroductionError::TooLong(108))));
        let mut padded = client();
        padded.append_tlv(Tlv::Noop(2000));
        check(read(&form_2(&padded)).await, Some(CLIENT), false);
        padded.append_tlv(Tlv::Noop(60));
        assert!(
            matches!(read(&form_2(&padded)).await, Err(IntroductionError::TooLong(2094))),
            "{}",
            form_2(&padded).len()
        );
    }

    #[tokio::test]
    async fn half_a_header_is_none() {
        assert!(matches!(Introduction::read(&mut &b""[..]).await, Err(IntroductionError::Nothing)));
        for whole in [b"PROXY TCP4 198.51.100.7 192.0.2.1 4711 443\r\n".to_vec(), form_2(&client())] {
            for length in 1..whole.len() {
                let read = Introduction::read(&mut &whole[..length]).await;
                assert!(matches!(read, Err(IntroductionError::Io(_))), "{length} bytes");
            }
        }
    }
}
