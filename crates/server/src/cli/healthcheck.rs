//! `haechi healthcheck`.

use std::{path::Path, process::ExitCode, sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use axum::body::Body;
use clap::Args;
use haechi::{
    domain::client::Proxies,
    http::{listener::Address, tls},
};
use hyper::{Request, StatusCode, Uri, header};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UnixStream},
};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};

use super::{Common, output, serve::reachable};

/// The longest that a server that is well may take.
const MAX_TIME: Duration = Duration::from_secs(5);
/// A header of the PROXY protocol for a connection on nobody's behalf.
const NOBODYS: &[u8] = b"PROXY UNKNOWN\r\n";

#[derive(Args)]
pub(super) struct Healthcheck {
    /// Where the server is, such as http://127.0.0.1:8080 or unix:/run/haechi/http.sock [default: the address that is
    /// configured to be served on]
    url: Option<String>,
    /// Ask too whether it can judge answers, and not only whether it lives
    #[arg(long)]
    ready: bool,
    #[command(flatten)]
    common: Common,
}

impl Healthcheck {
    pub(super) fn run(self) -> Result<ExitCode> {
        let config = self.common.config()?;
        // Of whoever asks from here as from a proxy, a header is awaited. It says that nobody is behind it.
        let introduced_by =
            (config.listening.proxy_protocol && self.url.is_none()).then(|| config.limits.proxies.clone());
        let certificate = config.certificate.map(|files| files.certificate);
        let path = if self.ready { "/readyz" } else { "/healthz" };
        let url = self.url.unwrap_or_else(|| match config.listening.public {
            Address::Network(address) if certificate.is_some() => format!("https://{}", reachable(address)),
            Address::Network(address) => format!("http://{}", reachable(address)),
            socket @ Address::Socket(_) => socket.to_string(),
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let asked = ask(&url, path, certificate.as_deref(), introduced_by.as_ref());
        let asking = async { tokio::time::timeout(MAX_TIME, asked).await };
        let asked = runtime.block_on(asking);
        let status = asked.with_context(|| format!("{url} did not answer within {} seconds", MAX_TIME.as_secs()))??;
        if !status.is_success() {
            bail!("{url} answered {path} with {status}");
        }
        if self.common.json {
            output::print_json(&json!({"ok": true, "url": url}))?;
        } else {
            output::print("ok\n")?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Asks for a path at this address, and returns the status.
async fn ask(url: &str, path: &str, certificate: Option<&Path>, introduced_by: Option<&Proxies>) -> Result<StatusCode> {
    match url.parse() {
        Ok(Address::Socket(socket)) => {
            let mut stream = UnixStream::connect(&socket).await.with_context(|| format!("cannot connect to {url}"))?;
            if introduced_by.is_some() {
                stream.write_all(NOBODYS).await?;
            }
            speak(stream, "localhost", get(path, "localhost")?, certificate).await
        }
        _ => ask_over_network(url, path, certificate, introduced_by).await,
    }
    .with_context(|| format!("{url} is not well"))
}

async fn ask_over_network(
    url: &str,
    path: &str,
    certificate: Option<&Path>,
    introduced_by: Option<&Proxies>,
) -> Result<StatusCode> {
    let uri: Uri = url.parse().with_context(|| format!("{url} is not an address"))?;
    let (usual_port, certificate) = match (uri.scheme_str(), certificate) {
        (Some("http"), _) => (80, None),
        (Some("https"), Some(certificate)) => (443, Some(certificate)),
        (Some("https"), None) => bail!("{url} is asked for its certificate: name that with HAECHI_TLS_CERTIFICATE"),
        _ => bail!("{url} is not an address that begins with http://, https:// or unix:/"),
    };
    let authority = uri.authority().with_context(|| format!("{url} names no host"))?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let address = (host, authority.port_u16().unwrap_or(usual_port));
    let mut stream = TcpStream::connect(address).await.with_context(|| format!("cannot connect to {url}"))?;
    let here = stream.local_addr()?.ip();
    if introduced_by.is_some_and(|proxies| proxies.is_proxy(here)) {
        stream.write_all(NOBODYS).await?;
    }
    let request = get(&format!("{}{path}", uri.path().trim_end_matches('/')), authority.as_str())?;
    speak(stream, host, request, certificate).await
}

fn get(path: &str, host: &str) -> Result<Request<Body>> {
    Ok(Request::get(path).header(header::HOST, host).body(Body::empty())?)
}

/// Sends a request, over TLS if there is a certificate to know the server by.
async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    host: &str,
    request: Request<Body>,
    certificate: Option<&Path>,
) -> Result<StatusCode> {
    match certificate {
        None => send(stream, request).await,
        Some(certificate) => {
            let connector = TlsConnector::from(Arc::new(tls::trusting(certificate)?));
            let connected = connector.connect(ServerName::try_from(host.to_owned())?, stream).await;
            let not_ours = || format!("it does not have the certificate of {}", certificate.display());
            send(connected.with_context(not_ours)?, request).await
        }
    }
}

async fn send(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Body>,
) -> Result<StatusCode> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender.send_request(request).await.context("it does not speak HTTP")?.status())
}
