//! What people see of this server.

pub(crate) mod console;
pub(crate) mod demo;
pub(crate) mod fallback;

use axum::{
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use tower_http::set_header::SetResponseHeaderLayer;

/// Everything on a page comes from this server, and nothing stands inline. The frame is the widget's, which works there.
const POLICY: &str = "default-src 'none'; img-src 'self'; media-src 'self'; script-src 'self'; style-src 'self'; \
                      connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// haechi's own picture.
const MARK: &str = include_str!("pages/demo/haechi.svg");

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

async fn asset(content_type: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, content_type)], text).into_response()
}
