//! Keeps other sites from sending our pages' forms.
//!
//! They could read no reply. But they could have visitors' browsers use up an app's rate at the demo, and a browser that
//! is signed in to the console would do there what they like.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{Extensions, HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::domain::{
    client::{Encrypted, Peer, Proxies},
    refusal::Refusal,
    service::Service,
};

pub(crate) async fn refuse_other_sites(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    if *request.method() == Method::POST {
        let is_encrypted = is_encrypted(request.extensions(), request.headers(), service.limits().proxies());
        if !is_from_this_site(request.headers(), is_encrypted) {
            return Refusal::Http(StatusCode::FORBIDDEN).into_response();
        }
    }
    next.run(request).await
}

/// Whether the client's connection is encrypted, up to us or to a proxy that is trusted.
pub(crate) fn is_encrypted(extensions: &Extensions, headers: &HeaderMap, proxies: &Proxies) -> bool {
    let peer = extensions.get().map(|Peer(peer)| peer.ip());
    extensions.get::<Encrypted>().is_some() || peer.is_some_and(|peer| proxies.is_https(peer, headers))
}

/// Whether this site's own page sent the request, or a client that is no browser.
///
/// `Sec-Fetch-Site` (Fetch Metadata) cannot be set by a page. Where it is missing `Origin` is compared with `Host`; of
/// `Origin: null`, which a browser without Fetch Metadata may send for our own form, nothing can be said, so it is refused.
/// Over HTTPS a page that came by plain HTTP, which anybody on its way may have written, is another site's. The other way
/// round nothing is known: a proxy that speaks HTTPS need not say so.
fn is_from_this_site(headers: &HeaderMap, is_encrypted: bool) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, None) => true,
        (None, Some(origin)) => origin.split_once("://").is_some_and(|(scheme, host)| {
            (scheme == "https" || (scheme == "http" && !is_encrypted)) && Some(host) == text(header::HOST.as_str())
        }),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn map(headers: &[(&'static str, &'static str)]) -> HeaderMap {
        let lines =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        lines.collect()
    }

    fn check(headers: &[(&'static str, &'static str)], expected: bool) {
        assert_eq!(is_from_this_site(&map(headers), false), expected, "{headers:?}");
    }

    #[test]
    fn only_this_site_and_clients_that_are_no_browsers_may_post() {
        check(&[], true);
        check(&[("sec-fetch-site", "same-origin"), ("origin", "null")], true);
        check(&[("sec-fetch-site", "same-site"), ("origin", "http://a.test"), ("host", "a.test")], false);
        check(&[("sec-fetch-site", "cross-site")], false);
        check(&[("origin", "https://a.test:8080"), ("host", "a.test:8080")], true);
        check(&[("origin", "https://b.test"), ("host", "a.test")], false);
        check(&[("origin", "https://b.test")], false);
        check(&[("origin", "null"), ("host", "a.test")], false);
        check(&[("origin", "ftp://a.test"), ("host", "a.test")], false);
    }

    /// Attack W23: whoever could write into a plain page of the host could send the forms of the encrypted one.
    #[test]
    fn over_https_a_plain_page_of_the_same_host_is_another_site() {
        for (origin, is_encrypted, expected) in [
            ("http://a.test", true, false),
            ("https://a.test", true, true),
            ("http://a.test", false, true),
            ("https://a.test", false, true),
        ] {
            let headers = map(&[("origin", origin), ("host", "a.test")]);
            assert_eq!(is_from_this_site(&headers, is_encrypted), expected, "{origin}, {is_encrypted}");
        }
    }
}
