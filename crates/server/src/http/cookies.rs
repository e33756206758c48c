//! Cookies, of which a session has one.

use axum::http::{HeaderMap, header};

/// The cookie of a session over HTTPS; browsers take one of this name over nothing else.
pub(crate) const SECURE_COOKIE: &str = "__Host-haechi";
/// The same below a public path: the other's name has browsers refuse any path but `/`, where other programs of the same
/// host would get it.
pub(crate) const SECURE_COOKIE_BELOW: &str = "__Secure-haechi";
/// The cookie of a session over HTTP on this machine.
pub(crate) const LOOPBACK_COOKIE: &str = "haechi-session";

/// The cookie of a browser that is known, over HTTPS.
pub(crate) const SECURE_BROWSER_COOKIE: &str = "__Host-haechi-browser";
/// The same below a public path.
pub(crate) const SECURE_BROWSER_COOKIE_BELOW: &str = "__Secure-haechi-browser";
/// The cookie of a browser that is known, over HTTP on this machine.
pub(crate) const LOOPBACK_BROWSER_COOKIE: &str = "haechi-browser";

/// The most cookies of a request that are looked at. Browsers keep fewer than 200 for a host.
const MAX_COOKIES: usize = 300;

/// The secret in a session's cookie, if there is one.
pub(crate) fn session(headers: &HeaderMap) -> Option<String> {
    [SECURE_COOKIE, SECURE_COOKIE_BELOW, LOOPBACK_COOKIE]
        .into_iter()
        .find_map(|name| cookie(headers, name))
        .map(str::to_owned)
}

/// The value of the cookie of this name, if there is exactly one.
///
/// A browser sends several if one was set for another path or a wider domain, and does not say by whom: one of them may
/// be a stranger's, who wants the reader to work in the stranger's session.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let cookies = lines.flat_map(|line| line.split(';')).take(MAX_COOKIES);
    let cookies = cookies.filter_map(|cookie| cookie.trim_ascii().split_once('='));
    let mut values = cookies.filter(|(found, _)| *found == name).map(|(_, value)| value);
    values.next().filter(|_| values.next().is_none())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(lines: &[&'static str], expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_static(line));
        }
        assert_eq!(session(&headers).as_deref(), expected, "{lines:?}");
    }

    #[test]
    fn a_session_is_in_its_cookie() {
        check(&["a=1; __Host-haechi=x; b=2"], Some("x"));
        check(&["haechi-session=x"], Some("x"));
        check(&["haechi-sessions=x"], None);
        check(&[], None);
    }

    /// Attack W23: the first of two cookies counted.
    #[test]
    fn of_two_cookies_of_one_name_none_counts() {
        check(&["__Host-haechi=x; __Host-haechi=y"], None);
        check(&["haechi-session=x; haechi-session=x"], None);
        check(&["haechi-session=x", "haechi-session=y"], None);
    }

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
