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
    time::{interval, sleep, timeout},
};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tower::{ServiceExt, service_fn};

use super::{
    listener::{Connected, Listener},
    proxy_protocol::{Introduction, IntroductionError},
    tls, unsent,
};
use crate::{
    domain::{
        client::{Encrypted, Peer, Proxies},
        connections::{Admitted, Connections, Counter},
    },
    logging::Seldom,
};

/// The pause after the system refused to accept, as it does when the process has no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How often a newcomer for whom there is no place looks for an idle connection that may go.
const PLACE_PAUSE: Duration = Duration::from_millis(50);
/// How often in a stall time it is looked who takes nothing.
const LOOKS: u32 = 10;
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

/// What comes on a connection before HTTP.
#[derive(Clone, Default)]
pub struct Preface {
    /// TLS, if there is something that accepts it.
    pub tls: Option<TlsAcceptor>,
    /// Before that, a header of the PROXY protocol from each of these proxies, if they are to send one. It comes from
    /// nobody else.
    pub introduced_by: Option<Arc<Proxies>>,
}

impl From<Option<TlsAcceptor>> for Preface {
    fn from(tls: Option<TlsAcceptor>) -> Self {
        Self { tls, introduced_by: None }
    }
}

/// Serves HTTP until `shutdown` ends, then accepts no more and lets running requests finish.
pub async fn serve(listener: impl Into<Listener>, router: Router, shutdown: impl Future<Output = ()>) {
    serve_within(Limits::default(), Arc::default(), listener, None, router, shutdown).await;
}

/// Serves as [`serve`] does, within limits of the caller's choice, beside connections that there may be already, and
/// after what is to come on each before HTTP.
pub async fn serve_within(
    limits: Limits,
    connections: Arc<Connections>,
    listener: impl Into<Listener>,
    preface: impl Into<Preface>,
    router: Router,
    shutdown: impl Future<Output = ()>,
) {
    let preface = preface.into();
    let (stop, stopping) = watch::channel(false);
    // It ends when the last connection has dropped its sender.
    let (alive, mut ended) = mpsc::channel::<Infallible>(1);
    let serve_one = |Accepted { mut stream, peer, admitted, place }: Accepted| {
        let (router, preface, stopping, alive) = (router.clone(), preface.clone(), stopping.clone(), alive.clone());
        let connections = Arc::clone(&connections);
        tokio::spawn(async move {
            let _held = (place, alive);
            let introduced = tokio::select! {
                introduced = introduce(&mut stream, peer, &preface, limits.head_time) => introduced,
                () = admitted.cut() => None,
            };
            let Some((client, is_encrypted)) = introduced else { return };
            // Whoever it is has a share of its own, which the proxy has not.
            let admitted = match client {
                None => Some(admitted),
                Some(client) => {
                    drop(admitted);
                    connections.admit(client, limits.connections)
                }
            };
            let Some(admitted) = admitted else { return };
            let counter = admitted.counter();
            let service = of_peer(router, client.unwrap_or(peer), is_encrypted, counter);
            tokio::select! {
                () = converse(stream, service, preface.tls, limits, stopping) => {}
                () = admitted.cut() => tracing::debug!("a connection was in the way of others and is ended"),
            }
        });
    };
    tokio::select! {
        () = accept_all(listener.into(), &connections, limits.connections, serve_one) => {}
        () = look(&connections, limits.stall_time) => {}
        () = shutdown => {}
    }
    drop(alive);
    stop.send_replace(true);
    if timeout(limits.drain_time, ended.recv()).await.is_err() {
        tracing::warn!("some requests were still running and are cut off");
    }
}

/// Looks for ever who takes nothing of what was sent.
async fn look(connections: &Connections, stall_time: Duration) {
    let mut looks = interval(stall_time / LOOKS);
    loop {
        looks.tick().await;
        connections.cut_stalled(stall_time);
    }
}

/// A client that has connected and was let in.
struct Accepted {
    stream: Connected,
    peer: Peer,
    admitted: Admitted,
    place: OwnedSemaphorePermit,
}

/// Accepts clients for ever, as there is a place for each. One that is let in by nobody is closed.
async fn accept_all(listener: Listener, connections: &Arc<Connections>, room: usize, serve_one: impl Fn(Accepted)) {
    static REFUSALS: Seldom = Seldom::new();
    let places = Arc::new(Semaphore::new(room));
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Some(admitted) = connections.admit(peer, room) {
                    let place = place(&places, connections, &admitted, room).await;
                    serve_one(Accepted { stream, peer, admitted, place });
                }
            }
            Err(error) => {
                if REFUSALS.is_due() {
                    tracing::warn!(%error, "connections cannot be accepted");
                }
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// A place for a newcomer, as soon as somebody leaves, or idles and can go. Others wait in the system's queue meanwhile.
async fn place(
    places: &Arc<Semaphore>,
    connections: &Connections,
    newcomer: &Admitted,
    room: usize,
) -> OwnedSemaphorePermit {
    // It is itself none of those who idle.
    let _waits = newcomer.counter().request();
    loop {
        if let Ok(place) = timeout(PLACE_PAUSE, Arc::clone(places).acquire_owned()).await {
            return place.expect("the semaphore is never closed");
        }
        connections.make_place(room);
    }
}

/// Whose connection it is, if a proxy says that it is somebody else's, and whether TLS is spoken with that proxy. None if
/// a proxy does not say what it is to say.
async fn introduce(
    stream: &mut Connected,
    peer: Peer,
    preface: &Preface,
    head_time: Duration,
) -> Option<(Option<Peer>, bool)> {
    static FAILURES: Seldom = Seldom::new();
    if preface.introduced_by.as_ref().is_none_or(|proxies| !proxies.is_proxy(peer.0.ip())) {
        return Some((None, false));
    }
    let error = match timeout(head_time, Introduction::read(stream)).await {
        Ok(Ok(Introduction { client, is_encrypted })) => return Some((client.map(Peer), is_encrypted)),
        Ok(Err(IntroductionError::Nothing)) => return None,
        Ok(Err(error)) => error.to_string(),
        Err(_) => "it did not come in time".to_owned(),
    };
    if FAILURES.is_due() {
        let proxy = peer.0.ip();
        tracing::warn!(%proxy, error, "a trusted proxy sends no PROXY header, and its connections are closed");
    }
    None
}

/// Serves one connection, for as many requests as it sends.
async fn converse(
    stream: Connected,
    service: impl HttpService,
    tls: Option<TlsAcceptor>,
    limits: Limits,
    stopping: watch::Receiver<bool>,
) {
    // Small replies must not wait for more to send. Without the option they are slower, not wrong.
    if let Err(error) = stream.set_nodelay() {
        tracing::debug!(%error, "a connection refuses TCP_NODELAY");
    }
    if let Err(error) = stream.bound_unsent(limits.stall_time) {
        tracing::debug!(%error, "what the system sends for a connection cannot be bounded");
    }
    // hyper times only what it reads.
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(limits.stall_time));
    let stream = Box::pin(stream);
    let Some(tls) = tls else {
        return serve_requests(stream, service, Protocol::Http1, limits, stopping).await;
    };
    match timeout(limits.head_time, tls.accept(stream)).await {
        Ok(Ok(stream)) => {
            let is_h2 = stream.get_ref().1.alpn_protocol() == Some(tls::H2);
            let protocol = if is_h2 { Protocol::Http2 } else { Protocol::Http1 };
            serve_requests(stream, encrypted(service), protocol, limits, stopping).await;
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

/// The router as a service that tells each request whose it is, and counts what its connection does.
fn of_peer(router: Router, peer: Peer, is_encrypted: bool, counter: Counter) -> impl HttpService {
    service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        if is_encrypted {
            request.extensions_mut().insert(Encrypted);
        }
        let (under_way, counter) = (counter.request(), counter.clone());
        let reply = router.clone().oneshot(request);
        async move {
            let reply = reply.await?;
            let reply = unsent::counted(reply, &counter);
            drop(under_way);
            Ok(reply)
        }
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
