//! `haechi healthcheck`.

use std::{process::ExitCode, time::Duration};

use anyhow::{Context, Result, bail};
use axum::body::Body;
use clap::Args;
use hyper::{Request, StatusCode, Uri, header};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpStream;

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
        let url = match self.url {
            Some(url) => url,
            None => format!("http://{}", reachable(self.common.config()?.listening.public)),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let asked = runtime.block_on(async { tokio::time::timeout(MAX_TIME, ask(&url)).await });
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
async fn ask(url: &str) -> Result<StatusCode> {
    let uri: Uri = url.parse().with_context(|| format!("{url} is not an address"))?;
    if uri.scheme_str() != Some("http") {
        bail!("{url} is not an address that begins with http://");
    }
    let authority = uri.authority().with_context(|| format!("{url} names no host"))?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let address = (host, authority.port_u16().unwrap_or(80));
    let stream = TcpStream::connect(address).await.with_context(|| format!("cannot connect to {url}"))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let path = format!("{}/healthz", uri.path().trim_end_matches('/'));
    let request = Request::get(path).header(header::HOST, authority.as_str()).body(Body::empty())?;
    let response = sender.send_request(request).await.with_context(|| format!("{url} does not speak HTTP"))?;
    Ok(response.status())
}
