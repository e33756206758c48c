//! What people see of this server.

pub(crate) mod console;
pub(crate) mod demo;
pub(crate) mod fallback;

use std::sync::LazyLock;

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::Response,
};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::http::file::{File, SVG};

/// Everything on a page comes from this server, and nothing stands inline. The frame is the widget's, which works there.
const POLICY: &str = "default-src 'none'; img-src 'self'; media-src 'self'; script-src 'self'; style-src 'self'; \
                      connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// haechi's own picture.
static MARK: LazyLock<File> = LazyLock::new(|| File::of(SVG, include_bytes!("pages/demo/haechi.svg")));

/// A page that is no route's own, with what every page says to browsers.
fn with_headers(mut page: Response, referrer_policy: &'static str) -> Response {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, referrer_policy),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        page.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    page
}

fn header_layer(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}
