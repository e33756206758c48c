//! Connections: accepted, bounded, timed, and finished before the server ends.

use std::{convert::Infallible, future::Future, sync::Arc, time::Duration};

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

/// Connections served at once. More wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 10_000;
/// The longest that a client may take to send a request's head, and that a connection may idle between two.
const MAX_HEAD_TIME: Duration = Duration::from_secs(15);
/// The longest that running requests may take once the server is to stop.
const MAX_DRAIN_TIME: Duration = Duration::from_secs(10);
/// The pause after the system refused to accept, as it does when the process has no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// hyper's own limit on a request's head, above ours, which answers with an envelope.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Serves until `shutdown` ends, then accepts no more and lets running requests finish.
pub async fn serve(listener: TcpListener, router: Router, shutdown: impl Future<Output = ()>) {
    let graceful = GracefulShutdown::new();
    let connections = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    tokio::pin!(shutdown);
    loop {
        let (stream, permit) = tokio::select! {
            accepted = accept(&listener, &connections) => accepted,
            () = &mut shutdown => break,
        };
        tokio::spawn(converse(stream, router.clone(), graceful.watcher(), permit));
    }
    drop(listener);
    if tokio::time::timeout(MAX_DRAIN_TIME, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were still running and are cut off");
    }
}

/// The next connection, once there is room for one.
async fn accept(listener: &TcpListener, connections: &Arc<Semaphore>) -> (TcpStream, OwnedSemaphorePermit) {
    let permit = Arc::clone(connections).acquire_owned().await.expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, permit),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Serves one connection, for as many requests as it sends.
async fn converse(stream: TcpStream, router: Router, watcher: Watcher, _permit: OwnedSemaphorePermit) {
    // Small replies must not wait for more to send. Without the option they are slower, not wrong.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection refuses TCP_NODELAY");
    }
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(MAX_HEAD_TIME)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(infallible(router)));
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// The router as a service, whose error type says that it has none.
fn infallible(
    router: Router,
) -> impl tower::Service<
    hyper::Request<hyper::body::Incoming>,
    Response = axum::response::Response,
    Error = Infallible,
    Future: Send,
> + Clone
+ Send {
    router
}
