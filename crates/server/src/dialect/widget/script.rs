//! What the widget is made of: one script, at every address at which a page may look for it, whose address says what it
//! defines there; and what solves puzzles, a page that may be framed and its script.

use std::{io::Write, sync::LazyLock};

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

use crate::{
    domain::metrics::Call,
    hex::hex,
    http::{
        lists::elements,
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
const STYLE: &str = include_str!("../../../../../widget/dist/widget.css");

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// A page that was reloaded after an upgrade has the new script within five minutes.
const CACHING: HeaderValue = HeaderValue::from_static("public, max-age=300, stale-while-revalidate=86400");

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
    SCRIPT.reply(&headers)
}

async fn work_script(headers: HeaderMap) -> Response {
    ([ISOLATED], WORK_SCRIPT.reply(&headers)).into_response()
}

async fn work_page(headers: HeaderMap) -> Response {
    ([ISOLATED, (header::CONTENT_SECURITY_POLICY, WORK_POLICY)], WORK_PAGE.reply(&headers)).into_response()
}

async fn style() -> Response {
    let content_type = (header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    ([(header::CACHE_CONTROL, CACHING), content_type], STYLE).into_response()
}

/// A file that browsers keep, and ask about by its name.
struct File {
    content_type: &'static str,
    bytes: &'static [u8],
    compressed: Vec<u8>,
    etag: HeaderValue,
}

impl File {
    fn of(content_type: &'static str, bytes: &'static [u8]) -> Self {
        let etag = format!("\"{}\"", hex(&Sha256::digest(bytes)[..8]));
        let etag = etag.try_into().expect("digits in quotes are a header's value");
        Self { content_type, bytes, compressed: compressed(bytes), etag }
    }

    fn reply(&'static self, headers: &HeaderMap) -> Response {
        let common = [
            (header::CACHE_CONTROL, CACHING),
            (header::VARY, HeaderValue::from_static("accept-encoding")),
            (header::ETAG, self.etag.clone()),
        ];
        if is_known(headers, &self.etag) {
            return (StatusCode::NOT_MODIFIED, common).into_response();
        }
        let content_type = (header::CONTENT_TYPE, self.content_type);
        if accepts_gzip(headers) {
            let encoding = (header::CONTENT_ENCODING, "gzip");
            return (common, [content_type, encoding], &*self.compressed).into_response();
        }
        (common, [content_type], self.bytes).into_response()
    }
}

fn compressed(script: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(script).and_then(|()| encoder.finish());
    written.expect("writing to memory does not fail")
}

/// Whether the browser has this very file. A proxy that compresses marks the name as weak.
fn is_known(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    elements(headers, header::IF_NONE_MATCH).any(|name| name.trim_start_matches("W/") == etag)
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    elements(headers, header::ACCEPT_ENCODING).any(|coding| {
        let (name, quality) = coding.split_once(';').unwrap_or((coding, ""));
        let is_refused = quality.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()) == Some(0.0);
        name.trim().eq_ignore_ascii_case("gzip") && !is_refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_to_whoever_takes_it() {
        for (accepted, expected) in
            [("gzip, deflate, br", true), ("br;q=1, GZIP;q=0.2", true), ("gzip;q=0", false), ("identity", false)]
        {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted))]);
            assert_eq!(accepts_gzip(&headers), expected, "{accepted}");
        }
    }

    #[test]
    fn the_scripts_take_less_than_20_and_12_kilobytes() {
        for (file, most) in [(&SCRIPT, 20_000), (&WORK_SCRIPT, 12_000)] {
            let bytes = file.compressed.len();
            assert!(bytes < most, "{bytes} bytes");
        }
    }
}
