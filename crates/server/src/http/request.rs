//! What every request passes: limits, the count of it, and the replies to requests that no route takes.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{MatchedPath, Request},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use http_body_util::BodyExt;
use tokio::time::timeout;
use tracing::{Instrument, Span};
use url::{Host, Url};

use super::{
    refused::Foreseen,
    request_id::{self, X_REQUEST_ID},
    routes::Classes,
};
use crate::{
    domain::{client::Peer, metrics::Call, outcome::Outcome, refusal::Refusal, service::Service},
    traces,
};

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The largest body that is taken.
pub(crate) const MAX_BODY_BYTES: usize = 16 * 1024;
/// The most of a larger one that is read, and kept nowhere, before its client is told. A connection that is closed while
/// its client still sends may take the reply with it: a proxy then says that the server is gone.
const MAX_DISCARDED_BYTES: usize = 64 * 1024;
/// The longest that the rest of it is waited for.
const MAX_DISCARD_TIME: Duration = Duration::from_secs(2);
/// The longest path and query together.
pub(crate) const MAX_URI_BYTES: usize = 8 * 1024;
/// The most that all headers take together.
pub(crate) const MAX_HEADERS_BYTES: usize = 16 * 1024;
/// The most headers; a browser behind a few proxies sends some thirty.
pub(crate) const MAX_HEADERS: usize = 100;
/// The longest that a request may take, its body included.
const MAX_TIME: Duration = Duration::from_secs(10);

/// The segment of a path that follows this one, as the client wrote it, or nothing.
///
/// It is not percent-decoded: appkeys and keys are hexadecimal digits and hyphens, and anything else is not one.
pub(crate) fn segment_after<'a>(uri: &'a Uri, name: &str) -> &'a str {
    uri.path().split('/').skip_while(|segment| *segment != name).nth(1).unwrap_or_default()
}

/// The host of an address in a header, as browsers write it, without its port; empty if it has none.
pub(crate) fn host_of(address: &HeaderValue) -> String {
    let address = address.to_str().ok().and_then(|text| Url::parse(text).ok());
    address.as_ref().and_then(Url::host_str).unwrap_or_default().trim_end_matches('.').to_owned()
}

/// The host of the page that calls, in lower case and without its port; empty if the browser does not say.
///
/// A page cannot set `Origin`. A program can: of it the host proves nothing, and neither does it of the vendors' tokens.
pub(crate) fn host_of_page(headers: &HeaderMap) -> String {
    let host = |name| headers.get(name).map(host_of);
    host(header::ORIGIN).or_else(|| host(header::REFERER)).unwrap_or_default()
}

/// Whether the page that calls came over plain HTTP from another machine, so that its browser keeps cryptography from it
/// (W3C, "Secure Contexts").
pub(crate) fn is_of_insecure_page(headers: &HeaderMap) -> bool {
    let origin = headers.get(header::ORIGIN).and_then(|origin| Url::parse(origin.to_str().ok()?).ok());
    origin.is_some_and(|origin| {
        let is_of_this_machine = match origin.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        origin.scheme() == "http" && !is_of_this_machine
    })
}

/// How clients call this server, such as `https://captcha.example.org`, if the request names a host that can be one.
pub(crate) fn origin(is_encrypted: bool, headers: &HeaderMap) -> Option<String> {
    let scheme = if is_encrypted { "https" } else { "http" };
    let is_host = |host: &&str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
    let host = headers.get(header::HOST)?.to_str().ok().filter(is_host)?;
    Some(format!("{scheme}://{host}"))
}

pub(crate) async fn no_such_route() -> Refusal {
    Refusal::Http(StatusCode::NOT_FOUND)
}

/// The whole body.
///
/// # Errors
/// [`Refusal::Http`] if it is larger than [`MAX_BODY_BYTES`] or breaks off.
pub(crate) async fn read_body(request: Request) -> Result<Bytes, Refusal> {
    let too_large = Refusal::Http(StatusCode::PAYLOAD_TOO_LARGE);
    let mut body = request.into_body();
    // What is announced to be larger than that is not waited for.
    if body.size_hint().lower() > MAX_DISCARDED_BYTES as u64 {
        return Err(too_large);
    }
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::Http(StatusCode::BAD_REQUEST))?;
        let Ok(data) = frame.into_data() else { continue };
        bytes.extend_from_slice(&data);
        if bytes.len() > MAX_BODY_BYTES {
            // Its client is told the same if the rest does not come.
            drop(timeout(MAX_DISCARD_TIME, discard(body, bytes.len())).await);
            return Err(too_large);
        }
    }
    Ok(bytes.into())
}

/// Reads the rest of a body of which there were so many bytes, as far as is bearable.
async fn discard(mut body: Body, mut count: usize) {
    while count <= MAX_DISCARDED_BYTES {
        let Some(Ok(frame)) = body.frame().await else { return };
        count += frame.data_ref().map_or(0, Bytes::len);
    }
}

/// Has the request handled, within all limits: of its head, its time, and the harm that a bug can do.
pub(crate) async fn handle(request: Request, next: Next) -> Response {
    if let Some(refused) = refuse_head(&request) {
        return refused;
    }
    let handled = AssertUnwindSafe(async { next.run(request).await }).catch_unwind();
    match timeout(MAX_TIME, handled).await {
        Ok(Ok(response)) => response,
        // The panic's own message is in the log.
        Ok(Err(_)) => Refusal::Internal.into_response(),
        // Such as one whose body does not come.
        Err(_) => Refusal::Http(StatusCode::REQUEST_TIMEOUT).into_response(),
    }
}

/// Refuses a request whose line is too long, whose headers are too large or too many, or of which a proxy before us may
/// have read something else than we do.
fn refuse_head(request: &Request) -> Option<Response> {
    if is_ambiguous(request) {
        let mut response = Refusal::Http(StatusCode::BAD_REQUEST).into_response();
        // Where the next request begins is not sure either.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        return Some(response);
    }
    let uri_bytes = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
    if uri_bytes > MAX_URI_BYTES {
        return Some(Refusal::Http(StatusCode::URI_TOO_LONG).into_response());
    }
    let header_bytes: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    let is_large = header_bytes > MAX_HEADERS_BYTES || request.headers().len() > MAX_HEADERS;
    is_large.then(|| Refusal::Http(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE).into_response())
}

/// Whether a request does not name exactly one host (RFC 9112, section 3.2). What is ambiguous of a body, hyper refuses,
/// or ends the connection behind it.
fn is_ambiguous(request: &Request) -> bool {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    // Requests without a peer are tests'.
    let needs_host = request.version() == Version::HTTP_11 && request.extensions().get::<Peer>().is_some();
    hosts > 1 || (hosts == 0 && needs_host)
}

/// What names, counts and logs requests; by their route, never by their path: that holds appkey, key and answer.
pub(crate) struct Observer {
    pub(crate) service: Arc<Service>,
    pub(crate) classes: Classes,
}

/// A request on its way.
pub(crate) struct Observed {
    call: Option<Call>,
    method: Method,
    name: HeaderValue,
    /// Its name stands in every line of the log.
    span: Span,
    trace: Span,
    start: Instant,
}

impl Observer {
    pub(crate) fn see(&self, request: &Request) -> Observed {
        let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
        let call = route.and_then(|route| self.classes.of(route, request.uri()));
        let peer = request.extensions().get::<Peer>().map(|Peer(peer)| peer.ip());
        let is_from_proxy = peer.is_some_and(|peer| self.service.limits().proxies().is_proxy(peer));
        let name = request_id::name(request.headers(), is_from_proxy);
        let span = tracing::info_span!("request", id = name.to_str().unwrap_or_default());
        let trace = traces::request(request.method(), route, request.headers(), is_from_proxy);
        Observed { call, method: request.method().clone(), name, span, trace, start: Instant::now() }
    }

    /// Counts and logs the reply to a request, and gives it the headers of every reply.
    pub(crate) fn note(&self, observed: Observed, mut response: Response) -> Response {
        let Observed { call, method, name, span, trace, start } = observed;
        let metrics = self.service.metrics();
        let route = call.map_or("none", Call::name);
        let status = response.status();
        metrics.count_request(route, status.as_u16());
        let outcome = response.extensions().get::<Outcome>().copied();
        if let Some(outcome) = outcome {
            metrics.count_result(call.unwrap_or(Call::Other), outcome);
        }
        traces::record_reply(&trace, status, outcome.map(Outcome::number), &name);
        if status == StatusCode::INTERNAL_SERVER_ERROR && response.extensions().get::<Foreseen>().is_none() {
            metrics.count_panic();
        }
        span.in_scope(|| {
            let micros = start.elapsed().as_micros() as u64;
            tracing::debug!(%method, route, status = status.as_u16(), micros, "request");
        });
        let headers = response.headers_mut();
        headers.insert(X_REQUEST_ID, name);
        harden(headers, matches!(call, Some(Call::Image | Call::Sound | Call::Script)));
        response
    }
}

impl Observed {
    /// Whatever is logged and traced meanwhile belongs to the request.
    pub(crate) async fn follow(&self, handled: impl Future<Output = Response>) -> Response {
        handled.instrument(self.trace.clone()).instrument(self.span.clone()).await
    }
}

/// Says what a browser may do with a reply, where its handler has not said so: nothing but show it, and a picture, a
/// sound or the widget's script on any site.
fn harden(headers: &mut HeaderMap, is_for_any_site: bool) {
    let resource_policy = if is_for_any_site { "cross-origin" } else { "same-origin" };
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
        (CROSS_ORIGIN_RESOURCE_POLICY, resource_policy),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_without_port_and_dot() {
        let host = |text: &'static str| host_of(&HeaderValue::from_static(text));
        assert_eq!(host("https://Shop.Example.:8443/join?x"), "shop.example");
        assert_eq!([host("null"), host(""), host("http://[::1]:80")], ["", "", "[::1]"]);
    }

    #[test]
    fn a_segment_is_what_stands_behind_its_name() {
        let uri = |text: &str| text.parse::<Uri>().unwrap();
        let verify = uri("/captcha/v1.0/appkeys/abc/keys/k%20y/verification?answer=x");
        assert_eq!(segment_after(&verify, "appkeys"), "abc");
        assert_eq!(segment_after(&verify, "keys"), "k%20y");
        assert_eq!(segment_after(&uri("/captcha/v1.0/appkeys/keys/keys"), "appkeys"), "keys");
        assert_eq!(segment_after(&uri("/"), "appkeys"), "");
    }
}
