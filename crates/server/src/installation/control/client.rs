//! The commands' side of the socket.

use std::{io, path::Path, time::Duration};

use axum::body::Body;
use http_body_util::BodyExt;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use serde::{Serialize, de::DeserializeOwned};

use super::{Failure, socket};

/// The longest that a server may take to carry out a command.
const MAX_CALL_TIME: Duration = Duration::from_secs(30);

/// Why a running server did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The socket is there but cannot be used.
    #[error("cannot reach the running server by its control socket: {0}")]
    Socket(#[from] io::Error),
    /// The server ended, or does not speak as it should.
    #[error("the running server broke off: {0}")]
    Broken(String),
    /// The server is stuck.
    #[error("the running server did not answer within {} seconds", MAX_CALL_TIME.as_secs())]
    TimedOut,
    /// The server says why not.
    #[error("{0}")]
    Refused(String),
}

/// Sends a request to the server that runs on this data directory. `None` if none does.
///
/// # Errors
/// Any [`CallError`].
pub async fn call<Reply: DeserializeOwned>(
    data_dir: &Path,
    path: &str,
    request: &impl Serialize,
) -> Result<Option<Reply>, CallError> {
    let Some(stream) = socket::connect(data_dir)? else {
        return Ok(None);
    };
    stream.set_nonblocking(true)?;
    let stream = tokio::net::UnixStream::from_std(stream)?;
    let conversation = converse(stream, path, request);
    tokio::time::timeout(MAX_CALL_TIME, conversation).await.map_err(|_| CallError::TimedOut)?.map(Some)
}

async fn converse<Reply: DeserializeOwned>(
    stream: tokio::net::UnixStream,
    path: &str,
    request: &impl Serialize,
) -> Result<Reply, CallError> {
    let json = serde_json::to_vec(request).map_err(broken)?;
    let request = Request::post(path)
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(json))
        .map_err(broken)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let connection = tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(broken)?;
    let is_success = response.status().is_success();
    let body = response.into_body().collect().await.map_err(broken)?.to_bytes();
    connection.abort();
    if is_success {
        return serde_json::from_slice(&body).map_err(broken);
    }
    let failure: Failure = serde_json::from_slice(&body).map_err(broken)?;
    Err(CallError::Refused(failure.error))
}

fn broken(error: impl std::fmt::Display) -> CallError {
    CallError::Broken(error.to_string())
}
