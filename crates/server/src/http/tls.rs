//! HTTPS without a proxy: the certificate, which is read anew when its files change, and what is spoken over it.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use arc_swap::ArcSwap;
use rustls::{
    ClientConfig, DigitallySignedStruct, ServerConfig, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

/// What HTTP/2 is called in a handshake.
pub(crate) const H2: &[u8] = b"h2";
const HTTP_1_1: &[u8] = b"http/1.1";

/// The files of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate and those that vouch for it, in PEM, its own first.
    pub certificate: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

/// Why HTTPS cannot be served with these files.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Everybody on the machine may read or write the key.
    #[error("the private key {} is open to everybody (mode {mode:04o}): run chmod o-rwx on it", path.display())]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// A file holds something else.
    #[error("{} holds no {expected} in PEM", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
    },
    /// They do not belong together, or cannot be used.
    #[error("the certificate {} and the key {} cannot be used: {source}", certificate.display(), key.display())]
    Unusable {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What is wrong.
        source: rustls::Error,
    },
}

/// A certificate in use.
pub struct Tls {
    files: CertificateFiles,
    in_use: Arc<InUse>,
    /// What the files held when they were last looked at, whether or not it could be used.
    seen: Contents,
    config: Arc<ServerConfig>,
}

/// What the two files hold.
#[derive(PartialEq, Eq)]
struct Contents {
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

#[derive(Debug)]
struct InUse(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for InUse {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

impl Tls {
    /// Reads a certificate and its key.
    ///
    /// # Errors
    /// Any [`TlsError`].
    pub fn open(files: CertificateFiles) -> Result<Self, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let seen = Contents::read(&files)?;
        let in_use = Arc::new(InUse(ArcSwap::from_pointee(certified_key(&files, &seen, &provider)?)));
        let unusable = |source| files.unusable(source);
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&in_use) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![H2.to_vec(), HTTP_1_1.to_vec()];
        Ok(Self { files, in_use, seen, config: Arc::new(config) })
    }

    /// What takes connections. It hands out whichever certificate is in use at the time.
    #[must_use]
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }

    /// Looks at the files, and if they changed takes what they hold now. Says whether it did.
    ///
    /// # Errors
    /// Any [`TlsError`], in which case the certificate before stays in use. What is wrong with one state of the files is
    /// said once; a file that cannot be read, each time.
    pub fn reload(&mut self) -> Result<bool, TlsError> {
        let contents = Contents::read(&self.files)?;
        if contents == self.seen {
            return Ok(false);
        }
        self.seen = contents;
        let key = certified_key(&self.files, &self.seen, self.config.crypto_provider())?;
        self.in_use.0.store(Arc::new(key));
        Ok(true)
    }
}

impl CertificateFiles {
    fn unusable(&self, source: rustls::Error) -> TlsError {
        TlsError::Unusable { certificate: self.certificate.clone(), key: self.key.clone(), source }
    }
}

impl Contents {
    fn read(files: &CertificateFiles) -> Result<Self, TlsError> {
        let mode = fs::metadata(&files.key).map_err(unreadable(&files.key))?.permissions().mode() & 0o7777;
        if mode & 0o007 != 0 {
            return Err(TlsError::OpenToOthers { path: files.key.clone(), mode });
        }
        let certificate = fs::read(&files.certificate).map_err(unreadable(&files.certificate))?;
        let key = Zeroizing::new(fs::read(&files.key).map_err(unreadable(&files.key))?);
        Ok(Self { certificate, key })
    }
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> TlsError {
    move |source| TlsError::Read { path: path.to_owned(), source }
}

fn certified_key(
    files: &CertificateFiles,
    contents: &Contents,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, TlsError> {
    let malformed = |path: &Path, expected| TlsError::Malformed { path: path.to_owned(), expected };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&contents.certificate)
        .collect::<Result<_, _>>()
        .map_err(|_| malformed(&files.certificate, "certificate"))?;
    if chain.is_empty() {
        return Err(malformed(&files.certificate, "certificate"));
    }
    let key = PrivateKeyDer::from_pem_slice(&contents.key).map_err(|_| malformed(&files.key, "private key"))?;
    // It sees to it that the key is the certificate's.
    CertifiedKey::from_der(chain, key, provider).map_err(|source| files.unusable(source))
}

/// A client's configuration that trusts this certificate and no other, whoever vouches for it and whatever it names.
///
/// With it a server is asked on its own machine, under an address that its certificate does not name.
///
/// # Errors
/// Any [`TlsError`].
pub fn trusting(certificate: &Path) -> Result<ClientConfig, TlsError> {
    let pem = fs::read(certificate).map_err(unreadable(certificate))?;
    let malformed = || TlsError::Malformed { path: certificate.to_owned(), expected: "certificate" };
    let first = CertificateDer::pem_slice_iter(&pem).next().ok_or_else(malformed)?.map_err(|_| malformed())?;
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(OnlyThis { certificate: first, algorithms: provider.signature_verification_algorithms });
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has what these versions need");
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

#[derive(Debug)]
struct OnlyThis {
    certificate: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for OnlyThis {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if *end_entity == self.certificate {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(rustls::CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
