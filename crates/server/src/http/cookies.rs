//! Cookies, of which a session has one.

use axum::http::{HeaderMap, header};

/// The cookie of a session over HTTPS; browsers take one of this name over nothing else.
pub(crate) const SECURE_COOKIE: &str = "__Host-haechi";
/// The cookie of a session over HTTP on this machine.
pub(crate) const LOOPBACK_COOKIE: &str = "haechi-session";

/// The most cookies of a request that are looked at. Browsers keep fewer than 200 for a host.
const MAX_COOKIES: usize = 300;

/// The secret in a session's cookie, if there is one.
pub(crate) fn session(headers: &HeaderMap) -> Option<String> {
    [SECURE_COOKIE, LOOPBACK_COOKIE].into_iter().find_map(|name| cookie(headers, name)).map(str::to_owned)
}

/// The value of the first cookie of this name.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let cookies = lines.flat_map(|line| line.split(';')).take(MAX_COOKIES);
    let mut cookies = cookies.filter_map(|cookie| cookie.trim_ascii().split_once('='));
    cookies.find(|(found, _)| *found == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_session_is_found_behind_as_many_cookies_as_browsers_keep_and_not_behind_any_number() {
        let after = |count: usize| {
            let line = format!("{}{LOOPBACK_COOKIE}=secret", "a=b; ".repeat(count));
            session(&HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(&line).unwrap())]))
        };
        assert_eq!(after(0), Some("secret".to_owned()));
        assert_eq!(after(299), Some("secret".to_owned()));
        assert_eq!(after(300), None);
    }
}
