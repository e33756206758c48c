//! Connections: accepted, bounded, timed, and finished before the server ends.

use std::{convert::Infallible, future::Future, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

use crate::{client::Peer, logging::Seldom};

/// The pause after the system refused to accept, as it does when the process has no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// hyper's own limits on a request's head. They are above those of [`router`](crate::router), which answer with an
/// envelope; what is beyond these too, or is no HTTP at all, gets a bare status from hyper.
const MAX_HEAD_BYTES: usize = 64 * 1024;
const MAX_HEADERS: usize = 1024;

/// What a server takes from its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections served at once. More wait in the kernel's queue.
    pub connections: usize,
    /// The longest that a client may take to send a request's head, and that a connection may idle between two.
    pub head_time: Duration,
    /// The longest that a reply may wait for a client that takes nothing of it. A slow client that takes some of it
    /// now and then is served to the end.
    pub stall_time: Duration,
    /// The longest that running requests may take once the server is to stop.
    pub drain_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            head_time: Duration::from_secs(15),
            stall_time: Duration::from_secs(30),
            drain_time: Duration::from_secs(10),
        }
    }
}

/// Serves until `shutdown` ends, then accepts no more and lets running requests finish.
pub async fn serve(listener: TcpListener, router: Router, shutdown: impl Future<Output = ()>) {
    serve_within(Limits::default(), listener, router, shutdown).await;
}

/// Serves as [`serve`] does, within limits of the caller's choice.
pub async fn serve_within(limits: Limits, listener: TcpListener, router: Router, shutdown: impl Future<Output = ()>) {
    let graceful = GracefulShutdown::new();
    let connections = Arc::new(Semaphore::new(limits.connections));
    tokio::pin!(shutdown);
    loop {
        let (stream, peer, permit) = tokio::select! {
            accepted = accept(&listener, &connections) => accepted,
            () = &mut shutdown => break,
        };
        tokio::spawn(converse(stream, limits, of_peer(router.clone(), peer), graceful.watcher(), permit));
    }
    drop(listener);
    if tokio::time::timeout(limits.drain_time, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were still running and are cut off");
    }
}

/// The next connection, once there is room for one.
async fn accept(listener: &TcpListener, connections: &Arc<Semaphore>) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    static REFUSALS: Seldom = Seldom::new();
    let permit = Arc::clone(connections).acquire_owned().await.expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, permit),
            Err(error) => {
                if REFUSALS.is_due() {
                    tracing::warn!(%error, "connections cannot be accepted");
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Serves one connection, for as many requests as it sends.
async fn converse(
    stream: TcpStream,
    limits: Limits,
    service: impl HttpService,
    watcher: Watcher,
    _permit: OwnedSemaphorePermit,
) {
    // Small replies must not wait for more to send. Without the option they are slower, not wrong.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection refuses TCP_NODELAY");
    }
    // hyper times only what it reads.
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(limits.stall_time));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_buf_size(MAX_HEAD_BYTES)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(service));
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// The router as a service that tells each request whose it is.
fn of_peer(router: Router, peer: SocketAddr) -> impl HttpService {
    router.map_request(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        request
    })
}

/// What hyper can serve.
trait HttpService:
    tower::Service<
        hyper::Request<hyper::body::Incoming>,
        Response = axum::response::Response,
        Error = Infallible,
        Future: Send + 'static,
    > + Clone
    + Send
    + 'static
{
}

impl<Served> HttpService for Served where
    Served: tower::Service<
            hyper::Request<hyper::body::Incoming>,
            Response = axum::response::Response,
            Error = Infallible,
            Future: Send + 'static,
        > + Clone
        + Send
        + 'static
{
}
