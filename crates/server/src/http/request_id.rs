//! A name for each request, which its reply and every line of the log about it have.

use std::sync::{
    LazyLock,
    atomic::{AtomicU64, Ordering},
};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// The header in which proxies and clients look for it.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest name that is taken from a proxy.
const MAX_LENGTH: usize = 64;

/// The name that a trusted proxy gave, if it is fit for a log; else a new one.
///
/// Names follow each other from one that is random, so that two processes' do not meet. They are no secret.
pub(crate) fn name(headers: &HeaderMap, is_from_proxy: bool) -> HeaderValue {
    static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(getrandom::u64().unwrap_or_default()));
    let given = headers.get(X_REQUEST_ID).filter(|given| is_from_proxy && is_fit(given.as_bytes()));
    given.cloned().unwrap_or_else(|| {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        HeaderValue::from_str(&format!("{number:016x}")).expect("digits make a header value")
    })
}

fn is_fit(name: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    (1..=MAX_LENGTH).contains(&name.len()) && name.iter().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(text: &'static str, is_from_proxy: bool) -> HeaderValue {
        name(&HeaderMap::from_iter([(X_REQUEST_ID, HeaderValue::from_static(text))]), is_from_proxy)
    }

    #[test]
    fn a_proxys_name_is_kept_if_it_is_fit_for_a_log() {
        const LONG: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        assert_eq!(given("a1b2-c3_d4.e5", true), "a1b2-c3_d4.e5");
        assert_ne!(given("a1b2-c3_d4.e5", false), "a1b2-c3_d4.e5");
        for unfit in ["", "a b", "a=b", "\u{1b}[2J", LONG] {
            if let Ok(value) = HeaderValue::from_str(unfit) {
                let named = name(&HeaderMap::from_iter([(X_REQUEST_ID, value.clone())]), true);
                assert!(named != value && named.len() == 16, "{unfit:?}");
            }
        }
    }

    #[test]
    fn names_are_all_different() {
        let headers = HeaderMap::new();
        assert_ne!(name(&headers, false), name(&headers, false));
    }
}
