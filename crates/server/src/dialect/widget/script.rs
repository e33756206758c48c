//! What the widget is made of: one script, at every address at which a page may look for it, whose address says what it
//! defines there; and what solves puzzles, a page that may be framed and its script.

use std::sync::LazyLock;

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::{
    domain::metrics::Call,
    http::{
        file::{File, JAVASCRIPT, STYLE_SHEET},
        routes::{Dialect, Routes},
    },
};

/// Built from `widget/` by `npm run build`.
static SCRIPT: LazyLock<File> =
    LazyLock::new(|| File::of(JAVASCRIPT, include_bytes!("../../../../../widget/dist/haechi.js")));

/// Solves puzzles: in workers, in the page below, or in the site's own.
static WORK_SCRIPT: LazyLock<File> =
    LazyLock::new(|| File::of(JAVASCRIPT, include_bytes!("../../../../../widget/dist/work.js")));

/// The page in which puzzles are solved, hidden in a site's own.
static WORK_PAGE: LazyLock<File> =
    LazyLock::new(|| File::of("text/html; charset=utf-8", include_bytes!("../../../../../widget/dist/work.html")));

/// For browsers that a script cannot give a style sheet of its own making.
static STYLE: LazyLock<File> =
    LazyLock::new(|| File::of(STYLE_SHEET, include_bytes!("../../../../../widget/dist/widget.css")));

/// A page that was reloaded after an upgrade has the new script within five minutes.
const CACHING: (HeaderName, HeaderValue) =
    (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300, stale-while-revalidate=86400"));

/// Any page may have the one that works in a frame, which loads nothing but its script and shows nothing.
const WORK_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; script-src 'self'; worker-src 'self'; frame-ancestors *");

/// Pages that are isolated from other origins frame only pages that are too. The workers inherit it from their script.
const ISOLATED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("cross-origin-embedder-policy"), HeaderValue::from_static("require-corp"));

/// The addresses of the scripts.
pub(crate) fn scripts<S: Clone + Send + Sync + 'static>() -> [Routes<S>; 4] {
    let at = |dialect, addresses: &[&str]| {
        addresses.iter().fold(Routes::of(dialect), |routes, address| routes.page(Call::Script, address, get(script)))
    };
    [
        at(Dialect::Widget, &["/widget/v1/api.js"])
            .page(Call::Script, "/widget/v1/widget.css", get(style))
            .page(Call::Script, "/widget/v1/work", get(work_page))
            .page(Call::Script, "/widget/v1/work.js", get(work_script)),
        at(Dialect::Recaptcha, &["/recaptcha/api.js", "/recaptcha/enterprise.js"]),
        at(Dialect::Hcaptcha, &["/1/api.js", "/1/secure-api.js"]),
        at(Dialect::Turnstile, &["/turnstile/v0/api.js", "/turnstile/v0/{version}/api.js"]),
    ]
}

async fn script(headers: HeaderMap) -> Response {
    ([CACHING], SCRIPT.reply(&headers)).into_response()
}

async fn work_script(headers: HeaderMap) -> Response {
    ([CACHING, ISOLATED], WORK_SCRIPT.reply(&headers)).into_response()
}

async fn work_page(headers: HeaderMap) -> Response {
    let policy = (header::CONTENT_SECURITY_POLICY, WORK_POLICY);
    ([CACHING, ISOLATED, policy], WORK_PAGE.reply(&headers)).into_response()
}

async fn style(headers: HeaderMap) -> Response {
    ([CACHING], STYLE.reply(&headers)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scripts_take_less_than_20_and_12_kilobytes() {
        for (file, most) in [(&SCRIPT, 20_000), (&WORK_SCRIPT, 12_000)] {
            let bytes = file.compressed.len();
            assert!(bytes < most, "{bytes} bytes");
        }
    }
}
