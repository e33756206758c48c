//! Files that are built into the program.

use std::{io::Write, sync::LazyLock};

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

use super::lists::elements;
use crate::hex::hex;

pub(crate) const STYLE_SHEET: &str = "text/css; charset=utf-8";
pub(crate) const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
pub(crate) const SVG: &str = "image/svg+xml";

/// What serves a file.
pub(crate) fn serve<S: Clone + Send + Sync + 'static>(file: &'static LazyLock<File>) -> MethodRouter<S> {
    get(move |headers: HeaderMap| async move { file.reply(&headers) })
}

/// A file that is built in, which browsers keep and ask about by its name.
pub(crate) struct File {
    content_type: &'static str,
    bytes: &'static [u8],
    /// By gzip.
    pub(crate) compressed: Vec<u8>,
    etag: HeaderValue,
}

impl File {
    pub(crate) fn of(content_type: &'static str, bytes: &'static [u8]) -> Self {
        let etag = format!("\"{}\"", hex(&Sha256::digest(bytes)[..8]));
        let etag = etag.try_into().expect("digits in quotes are a header's value");
        Self { content_type, bytes, compressed: compressed(bytes, Compression::best()), etag }
    }

    pub(crate) fn reply(&'static self, headers: &HeaderMap) -> Response {
        let common = [(header::VARY, HeaderValue::from_static("accept-encoding")), (header::ETAG, self.etag.clone())];
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

/// The same by gzip.
pub(crate) fn compressed(bytes: &[u8], thoroughly: Compression) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), thoroughly);
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.expect("writing to memory does not fail")
}

/// Whether the browser has this very file. A proxy that compresses marks the name as weak.
fn is_known(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    elements(headers, header::IF_NONE_MATCH).any(|name| name.trim_start_matches("W/") == etag)
}

pub(crate) fn accepts_gzip(headers: &HeaderMap) -> bool {
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
}
