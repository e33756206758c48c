//! Keeps other sites from sending our pages' forms.
//!
//! They could read no reply. But they could have visitors' browsers use up an app's rate at the demo, and a browser that
//! is signed in to the console would do there what they like.

use axum::{
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::domain::refusal::Refusal;

pub(crate) async fn refuse_other_sites(request: Request, next: Next) -> Response {
    if *request.method() == Method::POST && !is_from_this_site(request.headers()) {
        return Refusal::Http(StatusCode::FORBIDDEN).into_response();
    }
    next.run(request).await
}

/// Whether this site's own page sent the request, or a client that is no browser.
///
/// `Sec-Fetch-Site` (Fetch Metadata) cannot be set by a page. Where it is missing `Origin` is compared with `Host`; of
/// `Origin: null`, which a browser without Fetch Metadata may send for our own form, nothing can be said, so it is refused.
fn is_from_this_site(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, None) => true,
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some() && host == text(header::HOST.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn check(headers: &[(&'static str, &'static str)], expected: bool) {
        let map = headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        assert_eq!(is_from_this_site(&map.collect()), expected, "{headers:?}");
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
    }
}
