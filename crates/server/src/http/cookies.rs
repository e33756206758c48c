//! Cookies, of which a session has one.

use axum::http::{HeaderMap, header};

/// The cookie of a session over HTTPS; browsers take one of this name over nothing else.
pub(crate) const SECURE_COOKIE: &str = "__Host-haechi";
/// The same below a public path: the other's name has browsers refuse any path but `/`, where other programs of the same
/// host would get it.
pub(crate) const SECURE_COOKIE_BELOW: &str = "__Secure-haechi";
/// The cookie of a session over HTTP on this machine.
pub(crate) const LOOPBACK_COOKIE: &str = "haechi-session";

/// The secret in a session's cookie, if there is one.
pub(crate) fn session(headers: &HeaderMap) -> Option<String> {
    [SECURE_COOKIE, SECURE_COOKIE_BELOW, LOOPBACK_COOKIE]
        .into_iter()
        .find_map(|name| cookie(headers, name))
        .map(str::to_owned)
}

/// The value of the first cookie of this name.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut cookies = lines.flat_map(|line| line.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
    cookies.find(|(found, _)| *found == name).map(|(_, value)| value)
}
