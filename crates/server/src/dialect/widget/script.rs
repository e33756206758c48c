//! The widget's script: one file, at every address at which a page may look for it. What it defines there follows from
//! the address.

use std::{io::Write, sync::LazyLock};

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
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
const SCRIPT: &[u8] = include_bytes!("../../../../../widget/dist/haechi.js");

/// For browsers that a script cannot give a style sheet of its own making.
const STYLE: &str = include_str!("../../../../../widget/dist/widget.css");

/// A page that was reloaded after an upgrade has the new script within five minutes.
const CACHING: HeaderValue = HeaderValue::from_static("public, max-age=300, stale-while-revalidate=86400");

/// The addresses of the script.
pub(crate) fn scripts<S: Clone + Send + Sync + 'static>() -> [Routes<S>; 4] {
    let at = |dialect, addresses: &[&str]| {
        addresses.iter().fold(Routes::of(dialect), |routes, address| routes.page(Call::Script, address, get(script)))
    };
    [
        at(Dialect::Widget, &["/widget/v1/api.js"]).page(Call::Script, "/widget/v1/widget.css", get(style)),
        at(Dialect::Recaptcha, &["/recaptcha/api.js", "/recaptcha/enterprise.js"]),
        at(Dialect::Hcaptcha, &["/1/api.js", "/1/secure-api.js"]),
        at(Dialect::Turnstile, &["/turnstile/v0/api.js", "/turnstile/v0/{version}/api.js"]),
    ]
}

async fn script(headers: HeaderMap) -> Response {
    static ETAG: LazyLock<String> = LazyLock::new(|| format!("\"{}\"", hex(&Sha256::digest(SCRIPT)[..8])));
    static COMPRESSED: LazyLock<Vec<u8>> = LazyLock::new(|| compressed(SCRIPT));
    let common = [
        (header::CACHE_CONTROL, CACHING),
        (header::VARY, HeaderValue::from_static("accept-encoding")),
        (header::ETAG, HeaderValue::from_static(&ETAG)),
    ];
    if is_known(&headers, &ETAG) {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let content_type = (header::CONTENT_TYPE, "text/javascript; charset=utf-8");
    if accepts_gzip(&headers) {
        return (common, [content_type, (header::CONTENT_ENCODING, "gzip")], &**COMPRESSED).into_response();
    }
    (common, [content_type], SCRIPT).into_response()
}

async fn style() -> Response {
    let content_type = (header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    ([(header::CACHE_CONTROL, CACHING), content_type], STYLE).into_response()
}

fn compressed(script: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(script).and_then(|()| encoder.finish());
    written.expect("writing to memory does not fail")
}

/// Whether the browser has this very script. A proxy that compresses marks the name as weak.
fn is_known(headers: &HeaderMap, etag: &str) -> bool {
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
    fn the_script_takes_less_than_20_kilobytes() {
        let bytes = compressed(SCRIPT).len();
        assert!(bytes < 20_000, "{bytes} bytes");
    }
}
