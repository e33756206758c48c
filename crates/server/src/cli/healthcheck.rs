//! `haechi healthcheck`.

use std::{path::Path, process::ExitCode, sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use axum::body::Body;
use clap::Args;
use haechi::http::tls;
use hyper::{Request, StatusCode, Uri, header};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};

use super::{Common, output, serve::reachable};

/// The longest that a server that is well may take.
const MAX_TIME: Duration = Duration::from_secs(5);

#[derive(Args)]
pub(super) struct Healthcheck {
    /// Where the server is, such as http://127.0.0.1:8080 [default: the address that is configured to be served on]
    url: Option<String>,
    #[command(flatten)]
    common: Common,
}

impl Healthcheck {
    pub(super) fn run(self) -> Result<ExitCode> {
        let config = self.common.config()?;
        let certificate = config.certificate.map(|files| files.certificate);
        let url = self.url.unwrap_or_else(|| {
            let scheme = if certificate.is_some() { "https" } else { "http" };
            format!("{scheme}://{}", reachable(config.listening.public))
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let asked = runtime.block_on(async { tokio::time::timeout(MAX_TIME, ask(&url, certificate.as_deref())).await });
        let status = asked.with_context(|| format!("{url} did not answer within {} seconds", MAX_TIME.as_secs()))??;
        if !status.is_success() {
            bail!("{url} answered /healthz with {status}");
        }
        if self.common.json {
            output::print_json(&json!({"ok": true, "url": url}))?;
        } else {
            output::print("ok\n")?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Asks for `/healthz` at this address, and returns the status.
async fn ask(url: &str, certificate: Option<&Path>) -> Result<StatusCode> {
    let uri: Uri = url.parse().with_context(|| format!("{url} is not an address"))?;
    let (usual_port, certificate) = match (uri.scheme_str(), certificate) {
        (Some("http"), _) => (80, None),
        (Some("https"), Some(certificate)) => (443, Some(certificate)),
        (Some("https"), None) => bail!("{url} is asked for its certificate: name that with HAECHI_TLS_CERTIFICATE"),
        _ => bail!("{url} is not an address that begins with http:// or https://"),
    };
    let authority = uri.authority().with_context(|| format!("{url} names no host"))?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let address = (host, authority.port_u16().unwrap_or(usual_port));
    let stream = TcpStream::connect(address).await.with_context(|| format!("cannot connect to {url}"))?;
    let path = format!("{}/healthz", uri.path().trim_end_matches('/'));
    let request = Request::get(path).header(header::HOST, authority.as_str()).body(Body::empty())?;
    match certificate {
        None => send(stream, request).await,
        Some(certificate) => {
            let connector = TlsConnector::from(Arc::new(tls::trusting(certificate)?));
            let connected = connector.connect(ServerName::try_from(host.to_owned())?, stream).await;
            let not_ours = || format!("{url} does not have the certificate of {}", certificate.display());
            send(connected.with_context(not_ours)?, request).await
        }
    }
    .with_context(|| format!("{url} does not speak HTTP"))
}

async fn send(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Body>,
) -> Result<StatusCode> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?.status())
}
