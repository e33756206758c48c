//! Connections: accepted, bounded, timed, and finished before the server ends.

use std::{convert::Infallible, future::Future, pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    http::{HeaderValue, header},
    response::Response,
};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch},
    time::{sleep, timeout},
};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::{
    domain::client::{Encrypted, Peer},
    http::{
        listener::{Connected, Listener},
        tls,
    },
    logging::Seldom,
};

/// The pause after the system refused to accept, as it does when the process has no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// hyper's own limits on a request's head. They are above those of [`router`](crate::router), which answer with an
/// envelope; what is beyond these too, or is no HTTP at all, gets a bare status from hyper.
const MAX_HEAD_BYTES: usize = 64 * 1024;
const MAX_HEADERS: usize = 1024;
/// Requests that an HTTP/2 client may have open at once on one connection, and what it may make us remember of those
/// that it takes back.
const MAX_STREAMS: u32 = 32;
/// How often an HTTP/2 client that says nothing is asked whether it is there.
const PING_INTERVAL: Duration = Duration::from_secs(20);
/// Has browsers that came over HTTPS come so for two years.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=63072000");

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
    /// The longest that running requests may take once the server is to stop, or a connection has come of age.
    pub drain_time: Duration,
    /// How long an HTTP/2 connection takes requests. A client opens another one then; without an end, one that takes
    /// nothing of its replies but answers pings would hold them for ever.
    pub max_age: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            head_time: Duration::from_secs(15),
            stall_time: Duration::from_secs(30),
            drain_time: Duration::from_secs(10),
            max_age: Duration::from_secs(300),
        }
    }
}

/// Serves HTTP until `shutdown` ends, then accepts no more and lets running requests finish.
pub async fn serve(listener: impl Into<Listener>, router: Router, shutdown: impl Future<Output = ()>) {
    serve_within(Limits::default(), listener, None, router, shutdown).await;
}

/// Serves as [`serve`] does, within limits of the caller's choice, and over TLS if there is something that accepts it.
pub async fn serve_within(
    limits: Limits,
    listener: impl Into<Listener>,
    tls: Option<TlsAcceptor>,
    router: Router,
    shutdown: impl Future<Output = ()>,
) {
    let (stop, stopping) = watch::channel(false);
    // It ends when the last connection has dropped its sender.
    let (alive, mut ended) = mpsc::channel::<Infallible>(1);
    let connections = Arc::new(Semaphore::new(limits.connections));
    let (listener, mut shutdown) = (listener.into(), pin!(shutdown));
    loop {
        let (stream, peer, permit) = tokio::select! {
            accepted = accept(&listener, &connections) => accepted,
            () = &mut shutdown => break,
        };
        let (router, tls, stopping, alive) = (router.clone(), tls.clone(), stopping.clone(), alive.clone());
        tokio::spawn(async move {
            let _held = (permit, alive);
            converse(stream, peer, tls, router, limits, stopping).await;
        });
    }
    drop((listener, alive));
    stop.send_replace(true);
    if timeout(limits.drain_time, ended.recv()).await.is_err() {
        tracing::warn!("some requests were still running and are cut off");
    }
}

/// The next connection, once there is room for one.
async fn accept(listener: &Listener, connections: &Arc<Semaphore>) -> (Connected, Peer, OwnedSemaphorePermit) {
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
    stream: Connected,
    peer: Peer,
    tls: Option<TlsAcceptor>,
    router: Router,
    limits: Limits,
    stopping: watch::Receiver<bool>,
) {
    // Small replies must not wait for more to send. Without the option they are slower, not wrong.
    if let Err(error) = stream.set_nodelay() {
        tracing::debug!(%error, "a connection refuses TCP_NODELAY");
    }
    // hyper times only what it reads.
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(limits.stall_time));
    let stream = Box::pin(stream);
    let Some(tls) = tls else {
        return serve_requests(stream, of_peer(router, peer), Protocol::Http1, limits, stopping).await;
    };
    match timeout(limits.head_time, tls.accept(stream)).await {
        Ok(Ok(stream)) => {
            let is_h2 = stream.get_ref().1.alpn_protocol() == Some(tls::H2);
            let protocol = if is_h2 { Protocol::Http2 } else { Protocol::Http1 };
            serve_requests(stream, encrypted(of_peer(router, peer)), protocol, limits, stopping).await;
        }
        Ok(Err(error)) => tracing::debug!(%error, "a client's TLS handshake failed"),
        Err(_) => tracing::debug!("a client's TLS handshake took too long"),
    }
}

/// What is spoken on a connection. HTTP/2 is spoken over TLS only, as browsers do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Http1,
    Http2,
}

async fn serve_requests(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    service: impl HttpService,
    protocol: Protocol,
    limits: Limits,
    mut stopping: watch::Receiver<bool>,
) {
    let builder = speaking(protocol, limits);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)));
    let of_age = async {
        match protocol {
            Protocol::Http1 => std::future::pending().await,
            Protocol::Http2 => sleep(limits.max_age).await,
        }
    };
    let told_to_stop = async {
        // It fails only if nobody can tell any more, which is as good a reason to stop.
        drop(stopping.wait_for(|is_stopping| *is_stopping).await);
    };
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = told_to_stop => {
            connection.as_mut().graceful_shutdown();
            connection.await // as long as the process lives
        }
        () = of_age => {
            connection.as_mut().graceful_shutdown();
            timeout(limits.drain_time, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(error, "a connection ended early");
    }
}

fn speaking(protocol: Protocol, limits: Limits) -> auto::Builder<TokioExecutor> {
    let builder = auto::Builder::new(TokioExecutor::new());
    let mut builder = match protocol {
        Protocol::Http1 => builder.http1_only(),
        Protocol::Http2 => builder.http2_only(),
    };
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_buf_size(MAX_HEAD_BYTES)
        .max_headers(MAX_HEADERS);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEAD_BYTES as u32)
        .max_local_error_reset_streams(MAX_STREAMS as usize)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(limits.head_time);
    builder
}

/// The router as a service that tells each request whose it is.
fn of_peer(router: Router, peer: Peer) -> impl HttpService {
    router.map_request(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        request
    })
}

/// The same service for requests that come over TLS.
fn encrypted(service: impl HttpService) -> impl HttpService {
    service
        .map_request(|mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(Encrypted);
            // HTTP/2 says it in the address; who looks for it looks at the header.
            let host = request.uri().authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
            if let Some(host) = host.filter(|_| !request.headers().contains_key(header::HOST)) {
                request.headers_mut().insert(header::HOST, host);
            }
            request
        })
        .map_response(|mut response: Response| {
            response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
            response
        })
}

/// What hyper can serve.
trait HttpService:
    tower::Service<hyper::Request<Incoming>, Response = Response, Error = Infallible, Future: Send + 'static>
    + Clone
    + Send
    + 'static
{
}

impl<Served> HttpService for Served where
    Served: tower::Service<hyper::Request<Incoming>, Response = Response, Error = Infallible, Future: Send + 'static>
        + Clone
        + Send
        + 'static
{
}
