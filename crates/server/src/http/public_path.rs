//! The path below which a proxy shows this server, as `/captcha-svc` in `https://example.org/captcha-svc/console`.
//!
//! Nothing else knows of it but cookies and what is copied into sites: it is taken off a request before any route sees
//! that, and put before every address of a reply on its way out. So no page can forget it.

use std::{str::FromStr, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, Uri, header, uri::PathAndQuery},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use tower::Layer;

use crate::domain::refusal::Refusal;

/// The most bytes that it may have, so that addresses stay below their own limit.
const MAX_BYTES: usize = 100;
/// No page is nearly as long.
const MAX_PAGE_BYTES: usize = 16 * 1024 * 1024;
/// With what paths of this server itself begin. A request for one of them may have lost the public path or not, which
/// nobody can tell if that begins the same.
const OWN: [&str; 20] = [
    "1",
    "admin",
    "altcha",
    "cap",
    "captcha",
    "captcha-bin",
    "console",
    "demo",
    "docs",
    "healthz",
    "metrics",
    "openapi.json",
    "readyz",
    "recaptcha",
    "scaptcha",
    "scaptcha-bin",
    "siteverify",
    "turnstile",
    "v1",
    "widget",
];
/// Attributes that hold an address or, the last one, several.
const ATTRIBUTES: [&str; 4] = ["href", "src", "action", SEVERAL];
const SEVERAL: &str = "srcset";

/// A path with a slash before it and none behind it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PublicPath(Arc<str>);

/// Text that is no such path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a path such as /captcha-svc: at most 100 letters, digits, '-', '_', '.', '~' and '/', and no '/' at its end")]
pub struct PublicPathError;

impl FromStr for PublicPath {
    type Err = PublicPathError;

    fn from_str(text: &str) -> Result<Self, PublicPathError> {
        let is_plain = |segment: &str| {
            let letters = segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte));
            letters && !matches!(segment, "" | "." | "..")
        };
        let segments = text.strip_prefix('/').ok_or(PublicPathError)?;
        if text.len() > MAX_BYTES || !segments.split('/').all(is_plain) {
            return Err(PublicPathError);
        }
        Ok(Self(text.into()))
    }
}

impl TryFrom<String> for PublicPath {
    type Error = PublicPathError;

    fn try_from(text: String) -> Result<Self, PublicPathError> {
        text.parse()
    }
}

impl PublicPath {
    /// It, as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether requests are taken that have it still. Those that have it no more always are.
    #[must_use]
    pub fn may_be_left_on(&self) -> bool {
        self.0.split('/').nth(1).is_some_and(|first| !OWN.contains(&first))
    }

    /// The same address without this path before it.
    fn off(&self, uri: &Uri) -> Option<Uri> {
        let rest = uri.path().strip_prefix(&*self.0).filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
        let rest = if rest.is_empty() { "/" } else { rest };
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = PathAndQuery::try_from(format!("{rest}{query}")).ok();
        Uri::from_parts(parts).ok()
    }

    /// An address on this server as the public knows it; any other as it is.
    fn before(&self, address: &str) -> String {
        let is_ours = address.starts_with('/') && !address.starts_with("//");
        if is_ours { format!("{}{address}", self.0) } else { address.to_owned() }
    }

    /// A page with this path before all its addresses of this server.
    ///
    /// In what our pages are made by, a quotation mark is one of an attribute's; those of texts are written as entities.
    fn in_page(&self, page: &str) -> String {
        let mut there = String::with_capacity(page.len() + page.len() / 8);
        let mut rest = page;
        while let Some((before, value)) = rest.split_once("=\"") {
            let (value, after) = value.split_once('"').unwrap_or((value, ""));
            let name = before.rsplit(char::is_whitespace).next().unwrap_or_default();
            there.extend([before, "=\""]);
            match name {
                SEVERAL => {
                    let addresses: Vec<_> = value.split(", ").map(|address| self.before(address)).collect();
                    there.push_str(&addresses.join(", "));
                }
                _ if ATTRIBUTES.contains(&name) => there.push_str(&self.before(value)),
                _ => there.push_str(value),
            }
            there.push('"');
            rest = after;
        }
        there.push_str(rest);
        there
    }
}

/// A router as the public knows it.
pub(crate) fn mounted(router: Router, path: Option<PublicPath>) -> Router {
    match path {
        // A layer of the router itself would come after the routes are chosen.
        Some(path) => Router::new().fallback_service(from_fn_with_state(path, mount).layer(router)),
        None => router,
    }
}

async fn mount(State(path): State<PublicPath>, mut request: Request, next: Next) -> Response {
    if let Some(uri) = path.off(request.uri()).filter(|_| path.may_be_left_on()) {
        *request.uri_mut() = uri;
    }
    request.extensions_mut().insert(path.clone());
    let is_head = *request.method() == Method::HEAD;
    let mut response = next.run(request).await;
    let location = response.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
    if let Some(location) = location.and_then(|location| HeaderValue::from_str(&path.before(location)).ok()) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    if !is_page(response.headers()) {
        return response;
    }
    // It is another one now, and so it is for those who ask for the head only.
    response.headers_mut().remove(header::CONTENT_LENGTH);
    if is_head {
        return response;
    }
    let (parts, body) = response.into_parts();
    match to_bytes(body, MAX_PAGE_BYTES).await.map(|page| String::from_utf8(page.into())) {
        Ok(Ok(page)) => Response::from_parts(parts, Body::from(path.in_page(&page))),
        _ => Refusal::Internal.into_response(),
    }
}

fn is_page(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|content_type| content_type.starts_with("text/html"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::openapi;

    fn path(text: &str) -> PublicPath {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_path_is_one_that_needs_no_encoding() {
        for good in ["/captcha-svc", "/a", "/a/b.c_d~e", "/captcha"] {
            assert_eq!(path(good).as_str(), good);
        }
        for wrong in ["", "/", "a", "/a/", "//a", "/a//b", "/a b", "/a%20", "/..", "/a/./b", "/\"", "https://a/b"] {
            assert_eq!(wrong.parse::<PublicPath>(), Err(PublicPathError), "{wrong}");
        }
        assert_eq!(format!("/{}", "a".repeat(100)).parse::<PublicPath>(), Err(PublicPathError));
    }

    #[test]
    fn it_is_taken_off_whole_segments_only() {
        let check = |before: &str, expected: Option<&str>| {
            let off = path("/svc").off(&before.parse().unwrap());
            assert_eq!(off.map(|uri| uri.to_string()).as_deref(), expected, "{before}");
        };
        check("/svc/console?a=/svc/b", Some("/console?a=/svc/b"));
        check("/svc", Some("/"));
        check("/svc?lang=en", Some("/?lang=en"));
        check("/svc/", Some("/"));
        check("/svc/svc/", Some("/svc/"));
        check("/svcs/console", None);
        check("/console", None);
        check("https://a.test/svc/x", Some("https://a.test/x"));
    }

    /// A path that begins as one of ours would make two requests of one.
    #[test]
    fn what_begins_as_a_path_of_ours_must_be_taken_off_by_the_proxy() {
        assert!(path("/captcha-svc").may_be_left_on() && path("/a/captcha").may_be_left_on());
        assert!(!path("/captcha").may_be_left_on() && !path("/docs/captcha").may_be_left_on());
        for known in openapi().paths.paths.keys() {
            let first = known.split('/').nth(1).unwrap();
            assert!(OWN.contains(&first), "{known}");
        }
    }

    #[test]
    fn every_address_of_a_page_has_it_and_nothing_else() {
        let page = "<a href=\"/console\">/console = &quot;/b&quot;</a><img src=\"/a.svg\" alt=\"=/\" srcset=\"/a 1x, /b?c=/d 2x\">\
                    <form method=\"post\" action=\"/\"><input value=\"/console\" name=\"next\"></form><a href=\"#main\">\
                    <a href=\"//else.test/\"><a href=\"https://else.test/\"><a href=\"page.css\">";
        let expected = "<a href=\"/svc/console\">/console = &quot;/b&quot;</a><img src=\"/svc/a.svg\" alt=\"=/\" srcset=\"/svc/a 1x, /svc/b?c=/d 2x\">\
                        <form method=\"post\" action=\"/svc/\"><input value=\"/console\" name=\"next\"></form><a href=\"#main\">\
                        <a href=\"//else.test/\"><a href=\"https://else.test/\"><a href=\"page.css\">";
        assert_eq!(path("/svc").in_page(page), expected);
        assert_eq!(path("/svc").in_page(""), "");
        assert_eq!(path("/svc").in_page("<p>no attributes</p>"), "<p>no attributes</p>");
    }
}
