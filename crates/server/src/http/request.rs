//! What every request passes: limits, the count of it, and the replies to requests that no route takes.

use std::{any::Any, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, Version, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt;
use tokio::time::timeout;
use tracing::Instrument;
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

/// Refuses a request whose line is too long, whose headers are too large or too many, or of which a proxy before us may
/// have read something else than we do.
pub(crate) async fn limit_head(request: Request, next: Next) -> Response {
    if is_ambiguous(&request) {
        let mut response = Refusal::Http(StatusCode::BAD_REQUEST).into_response();
        // Where the next request begins is not sure either.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        return response;
    }
    let uri_bytes = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
    if uri_bytes > MAX_URI_BYTES {
        return Refusal::Http(StatusCode::URI_TOO_LONG).into_response();
    }
    let header_bytes: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if header_bytes > MAX_HEADERS_BYTES || request.headers().len() > MAX_HEADERS {
        return Refusal::Http(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE).into_response();
    }
    next.run(request).await
}

/// Whether a request does not name exactly one host (RFC 9112, section 3.2). What is ambiguous of a body, hyper refuses,
/// or ends the connection behind it.
fn is_ambiguous(request: &Request) -> bool {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    // Requests without a peer are tests'.
    let needs_host = request.version() == Version::HTTP_11 && request.extensions().get::<Peer>().is_some();
    hosts > 1 || (hosts == 0 && needs_host)
}

/// Ends a request that takes too long, such as one whose body does not come.
pub(crate) async fn limit_time(request: Request, next: Next) -> Response {
    match timeout(MAX_TIME, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Refusal::Http(StatusCode::REQUEST_TIMEOUT).into_response(),
    }
}

/// The reply to a request that ran into a bug. The panic's own message stays in the log.
pub(crate) fn panicked(_: Box<dyn Any + Send>) -> Response {
    Refusal::Internal.into_response()
}

/// What a request is named, counted and logged with.
pub(crate) struct Observer {
    pub(crate) service: Arc<Service>,
    pub(crate) classes: Classes,
}

/// Names, counts and logs a request; by its route, never by its path: that holds the appkey, the key and the answer.
pub(crate) async fn observe(State(observer): State<Arc<Observer>>, request: Request, next: Next) -> Response {
    let service = &observer.service;
    let route = request.extensions().get::<MatchedPath>().cloned();
    let call = route.as_ref().and_then(|route| observer.classes.of(route.as_str(), request.uri()));
    let method = request.method().clone();
    let peer = request.extensions().get::<Peer>().map(|Peer(peer)| peer.ip());
    let is_from_proxy = peer.is_some_and(|peer| service.limits().proxies().is_proxy(peer));
    let name = request_id::name(request.headers(), is_from_proxy);
    let span = tracing::info_span!("request", id = name.to_str().unwrap_or_default());
    let trace = traces::request(&method, route.as_ref().map(MatchedPath::as_str), request.headers(), is_from_proxy);
    let start = std::time::Instant::now();
    let mut response = next.run(request).instrument(trace.clone()).instrument(span.clone()).await;

    let route = call.map_or("none", Call::name);
    let status = response.status();
    service.metrics().count_request(route, status.as_u16());
    let outcome = response.extensions().get::<Outcome>().copied();
    if let Some(outcome) = outcome {
        service.metrics().count_result(call.unwrap_or(Call::Other), outcome);
    }
    traces::record_reply(&trace, status, outcome.map(Outcome::number), &name);
    if status == StatusCode::INTERNAL_SERVER_ERROR && response.extensions().get::<Foreseen>().is_none() {
        service.metrics().count_panic();
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
