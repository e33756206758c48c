//! Who looks at the console, and over which connection.

use std::{convert::Infallible, net::Ipv4Addr, sync::Arc};

use axum::{
    extract::{FromRequestParts, Path},
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
};
use haechi_captcha::Language;

use super::{Console, fault::Fault, texts::Texts};
use crate::{
    clock::unix_now,
    domain::{
        admin::{Actor, BrowserProof, KNOWN_SECS, Scope},
        client::{Client, Peer, Proxies},
        refusal::Refusal,
    },
    http::{
        cookies::{
            LOOPBACK_BROWSER_COOKIE, LOOPBACK_COOKIE, SECURE_BROWSER_COOKIE, SECURE_BROWSER_COOKIE_BELOW,
            SECURE_COOKIE, SECURE_COOKIE_BELOW, cookie,
        },
        guard::is_encrypted,
        language,
        public_path::PublicPath,
        request,
    },
};

/// The languages of the console.
pub(super) const LANGUAGES: [Language; 2] = [Language::Ko, Language::En];

/// The cookie that holds the reader's choice of a language.
const LANGUAGE_COOKIE: &str = "haechi-lang";

/// How the request came to us, as far as a session's secret is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    /// Encrypted, up to us or to a proxy that is trusted.
    Https,
    /// From this machine to this machine.
    Loopback,
    /// Readable by others: nobody is to sign in.
    Plain,
}

impl Transport {
    fn of(extensions: &Extensions, headers: &HeaderMap, proxies: &Proxies) -> Self {
        if is_encrypted(extensions, headers, proxies) {
            return Self::Https;
        }
        let is_loopback = extensions.get().is_some_and(|Peer(peer)| peer.ip().to_canonical().is_loopback());
        let is_local_host = headers.get(header::HOST).is_some_and(|host| is_local(host.as_bytes()));
        if is_loopback && is_local_host && !is_passed_on(headers) && !is_of_another_machine(headers) {
            Self::Loopback
        } else {
            Self::Plain
        }
    }

    /// The names of the cookies that hold a session's secret and a browser's proof, where there may be any.
    const fn cookies(self, is_below: bool) -> Option<[&'static str; 2]> {
        match self {
            // The prefix has browsers accept them from this very host only, over HTTPS.
            Self::Https if !is_below => Some([SECURE_COOKIE, SECURE_BROWSER_COOKIE]),
            Self::Https => Some([SECURE_COOKIE_BELOW, SECURE_BROWSER_COOKIE_BELOW]),
            Self::Loopback => Some([LOOPBACK_COOKIE, LOOPBACK_BROWSER_COOKIE]),
            Self::Plain => None,
        }
    }
}

/// Whether a proxy says that somebody else sent the request.
fn is_passed_on(headers: &HeaderMap) -> bool {
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"]
        .iter()
        .any(|name| headers.contains_key(*name))
}

/// Whether the reader's page has an address on another machine.
///
/// A proxy on this machine that sets no header, and asks for us as `127.0.0.1`, looks like a browser here. But the
/// browser says where its page is: in `Origin` with each form, in `Referer` as a rule. A link on another site says in
/// `Referer` where the link was, and the browser says that it was one.
fn is_of_another_machine(headers: &HeaderMap) -> bool {
    let names_other = |name: HeaderName| {
        let is_local_page = |value: &HeaderValue| {
            let page = value.as_bytes().split(|byte| *byte == b'/').collect::<Vec<_>>();
            matches!(page[..], [b"http:" | b"https:", b"", host, ..] if is_local(host))
        };
        !headers.get_all(name).iter().all(is_local_page)
    };
    let is_linked = headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    names_other(header::ORIGIN) || (names_other(header::REFERER) && !is_linked)
}

/// Whether this `Host` is a name of the machine itself, with or without a port.
fn is_local(host: &[u8]) -> bool {
    let host = std::str::from_utf8(host).unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let is_loopback = name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback());
    is_loopback || name.eq_ignore_ascii_case("localhost") || name == "[::1]"
}

/// A person, signed in or not.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    pub(super) language: Language,
    pub(super) transport: Transport,
    /// What sign-ins are limited by.
    pub(super) client: Client,
    /// The host that the reader asked, such as `https://captcha.example.org`.
    pub(super) origin: String,
    /// The path there below which this server is, such as `/captcha-svc`, or nothing.
    pub(super) public_path: String,
    /// The path and query of the page that is shown, or of the one that its form stands on.
    pub(super) address: String,
    /// The session's secret, if there is one; nobody knows yet whether it counts.
    session: Option<String>,
    /// What may prove that somebody signed in here before.
    browser: Option<String>,
}

impl Reader {
    pub(crate) fn new(parts: &Parts, proxies: &Proxies) -> Self {
        let headers = &parts.headers;
        let peer = parts.extensions.get().map(|Peer(peer)| peer.ip());
        let transport = Transport::of(&parts.extensions, headers, proxies);
        let public_path = parts.extensions.get().map(PublicPath::as_str).unwrap_or_default().to_owned();
        let names = transport.cookies(!public_path.is_empty());
        let value_of = |number: usize| cookie(headers, names?[number]).map(str::to_owned);
        Self {
            language: language_of(headers),
            transport,
            client: proxies.client(peer.unwrap_or(Ipv4Addr::UNSPECIFIED.into()), headers),
            origin: origin(transport, headers),
            address: address(parts),
            session: value_of(0),
            browser: value_of(1),
            public_path,
        }
    }

    pub(super) fn texts(&self) -> &'static Texts {
        Texts::of(self.language)
    }

    pub(super) fn session(&self) -> Option<String> {
        self.session.clone()
    }

    pub(super) fn browser(&self) -> Option<String> {
        self.browser.clone()
    }

    /// The header that hands a session to the browser, or with nothing takes it back.
    pub(super) fn session_cookie(&self, secret: Option<&str>) -> Option<String> {
        let [name, _] = self.cookies()?;
        let end = if secret.is_some() { "" } else { "; Max-Age=0" };
        Some(self.strict_cookie(name, secret.unwrap_or_default(), end))
    }

    /// The header by which the browser is known the next time.
    pub(super) fn browser_cookie(&self, proof: &BrowserProof) -> Option<String> {
        let [_, name] = self.cookies()?;
        Some(self.strict_cookie(name, &proof.0, &format!("; Max-Age={KNOWN_SECS}")))
    }

    fn cookies(&self) -> Option<[&'static str; 2]> {
        self.transport.cookies(!self.public_path.is_empty())
    }

    fn strict_cookie(&self, name: &str, value: &str, end: &str) -> String {
        let path = if self.public_path.is_empty() { "/" } else { &self.public_path };
        let secure = if self.transport == Transport::Https { "; Secure" } else { "" };
        format!("{name}={value}; Path={path}; HttpOnly; SameSite=Strict{secure}{end}")
    }

    /// The header that has the browser remember a language for a year.
    pub(super) fn language_cookie(&self, language: Language) -> String {
        let secure = if self.transport == Transport::Https { "; Secure" } else { "" };
        let year_secs = 365 * 86_400;
        let tag = language.tag();
        let path = &self.public_path;
        format!("{LANGUAGE_COOKIE}={tag}; Path={path}/console; Max-Age={year_secs}; HttpOnly; SameSite=Lax{secure}")
    }
}

impl FromRequestParts<Arc<Console>> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, console: &Arc<Console>) -> Result<Self, Infallible> {
        Ok(Self::new(parts, console.service.limits().proxies()))
    }
}

/// The console's language of this tag.
pub(super) fn language_from_tag(tag: &str) -> Option<Language> {
    LANGUAGES.into_iter().find(|language| language.tag() == tag)
}

/// The language that was chosen, else the one that the browser prefers, else English.
fn language_of(headers: &HeaderMap) -> Language {
    let chosen = cookie(headers, LANGUAGE_COOKIE).and_then(language_from_tag);
    chosen.or_else(|| language::preferred_among(&LANGUAGES, headers)).unwrap_or(Language::En)
}

fn origin(transport: Transport, headers: &HeaderMap) -> String {
    let is_encrypted = transport == Transport::Https;
    let unknown = || format!("{}://captcha.example.org", if is_encrypted { "https" } else { "http" });
    request::origin(is_encrypted, headers).unwrap_or_else(unknown)
}

/// The page to come back to: this one, or the one whose form was sent.
fn address(parts: &Parts) -> String {
    let path = parts.uri.path();
    if parts.method != Method::POST {
        return parts.uri.path_and_query().map_or(path, |address| address.as_str()).to_owned();
    }
    let action = path.rsplit('/').next().unwrap_or_default();
    match action {
        _ if path.starts_with("/console/access/") => "/console/access".to_owned(),
        _ if path.starts_with("/console/webhooks/") => "/console/webhooks".to_owned(),
        _ if path.starts_with("/console/second-factor") => "/console/second-factor".to_owned(),
        _ if path.starts_with("/console/sign-in/") => "/console/sign-in".to_owned(),
        "altcha-key" => path.replace(action, "integration"),
        "rotate" | "end-grace" | "rotate-secret" | "end-secret-grace" | "enable" | "disable" => {
            path.replace(action, "settings")
        }
        "sign-out" | "language" => "/console".to_owned(),
        _ => path.to_owned(),
    }
}

/// A page of the console to go on to, and the first one for everything else, such as another site.
pub(super) fn local(next: &str) -> &str {
    let rest = next.strip_prefix("/console");
    let is_page = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
    let is_plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_page && is_plain && !next.contains("//") { next } else { "/console" }
}

/// A person who is signed in.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    pub(super) reader: Reader,
    pub(super) actor: Actor,
}

impl Visitor {
    pub(super) fn texts(&self) -> &'static Texts {
        self.reader.texts()
    }

    pub(super) fn may(&self, scope: Scope) -> bool {
        self.actor.may(scope)
    }

    /// Refuses those who may not.
    pub(super) fn must(&self, scope: Scope) -> Result<(), Fault> {
        if self.may(scope) { Ok(()) } else { Err(crate::domain::admin::AdminError::Forbidden(scope).into()) }
    }
}

impl FromRequestParts<Arc<Console>> for Visitor {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, console: &Arc<Console>) -> Result<Self, Fault> {
        let reader = Reader::new(parts, console.service.limits().proxies());
        let session = reader.session().ok_or(Fault::SignedOut)?;
        let now = unix_now();
        // What the script fetches, a person did not ask for.
        let is_fetched = parts.headers.get("sec-fetch-dest").is_some_and(|dest| dest == "empty");
        let actor = console.ask(move |administration| match is_fetched {
            true => administration.session_of_page(&session, now),
            false => administration.session(&session, now),
        });
        let actor = actor.await?;
        Ok(Self { reader, actor: actor.ok_or(Fault::SignedOut)? })
    }
}

/// The number of an app, in the path.
#[derive(Debug, Clone, Copy)]
pub(super) struct AppNumber(pub(super) u32);

impl FromRequestParts<Arc<Console>> for AppNumber {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, console: &Arc<Console>) -> Result<Self, Fault> {
        match Path::from_request_parts(parts, console).await {
            Ok(Path(number)) => Ok(Self(number)),
            Err(_) => Err(Refusal::Http(StatusCode::NOT_FOUND).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, SocketAddr};

    use axum::http::Request;

    use super::*;
    use crate::domain::client::Encrypted;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn a_session_needs_encryption_or_this_machine() {
        let proxies = Proxies { trusted: "10.0.0.1".parse().unwrap(), ..Proxies::default() };
        let check = |peer: &str, lines: &[(&'static str, &'static str)], expected| {
            let peer: IpAddr = peer.parse().unwrap();
            let mut extensions = Extensions::new();
            extensions.insert(Peer(SocketAddr::new(peer, 4711)));
            assert_eq!(Transport::of(&extensions, &headers(lines), &proxies), expected, "{peer} {lines:?}");
            extensions.insert(Encrypted);
            assert_eq!(Transport::of(&extensions, &headers(lines), &proxies), Transport::Https);
        };
        check("10.0.0.1", &[("x-forwarded-proto", "https"), ("host", "a.test")], Transport::Https);
        check("10.0.0.2", &[("x-forwarded-proto", "https"), ("host", "a.test")], Transport::Plain);
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:80", "127.9.9.9", "[::1]", "[::1]:8080"] {
            check("127.0.0.1", &[("host", host)], Transport::Loopback);
            check("::ffff:127.0.0.1", &[("host", host)], Transport::Loopback);
            check("192.0.2.1", &[("host", host)], Transport::Plain);
        }
        for host in ["a.test", "localhost.a.test", "127.a.test", "128.0.0.1", "[::2]", "", "localhost:x"] {
            check("127.0.0.1", &[("host", host)], Transport::Plain);
        }
        check("::1", &[], Transport::Plain);
        for passed_on in ["x-forwarded-for", "x-forwarded-proto", "forwarded", "via"] {
            check("127.0.0.1", &[("host", "localhost"), (passed_on, "http")], Transport::Plain);
        }
    }

    /// Attack W12: behind nginx with nothing but `proxy_pass`, a browser anywhere looked like one on this machine.
    #[test]
    fn a_page_of_another_machine_is_not_on_this_one() {
        let check = |lines: &[(&'static str, &'static str)], expected| {
            let mut extensions = Extensions::new();
            extensions.insert(Peer(SocketAddr::from(([127, 0, 0, 1], 4711))));
            let lines = [&[("host", "127.0.0.1:8080")], lines].concat();
            let transport = Transport::of(&extensions, &headers(&lines), &Proxies::default());
            assert_eq!(transport, expected, "{lines:?}");
        };
        for here in ["http://127.0.0.1:8080", "http://localhost", "https://localhost:8443", "http://[::1]:8080"] {
            check(&[("origin", here)], Transport::Loopback);
            check(&[("origin", here), ("referer", here), ("sec-fetch-site", "same-origin")], Transport::Loopback);
        }
        check(&[("referer", "http://localhost:8080/console?page=2")], Transport::Loopback);
        for elsewhere in [
            "https://captcha.example.org",
            "https://localhost.example.org",
            "https://localhost@example.org",
            "https://example.org/localhost",
            "null",
            "",
            "localhost",
            "file:///localhost",
        ] {
            check(&[("origin", elsewhere)], Transport::Plain);
            check(&[("origin", elsewhere), ("sec-fetch-site", "same-origin")], Transport::Plain);
            check(&[("referer", elsewhere)], Transport::Plain);
            check(&[("origin", "http://localhost"), ("origin", elsewhere)], Transport::Plain);
        }
        let (page, link) = (("referer", "https://wiki.example.org/"), ("sec-fetch-site", "cross-site"));
        check(&[page, link], Transport::Loopback);
        check(&[page, ("sec-fetch-site", "same-origin")], Transport::Plain);
        check(&[page, link, ("origin", "https://wiki.example.org")], Transport::Plain);
    }

    #[test]
    fn the_next_page_is_one_of_ours() {
        for page in ["/console", "/console?page=2", "/console/apps/3?span=24h"] {
            assert_eq!(local(page), page);
        }
        for other in ["", "//evil.test", "/console//evil.test", "https://evil.test", "/consolex", "/console\\x", "/"] {
            assert_eq!(local(other), "/console", "{other}");
        }
    }

    #[test]
    fn a_form_comes_back_to_the_page_it_stands_on() {
        let check = |method: Method, uri: &str, expected: &str| {
            let (parts, ()) = Request::builder().method(method).uri(uri).body(()).unwrap().into_parts();
            assert_eq!(address(&parts), expected);
        };
        check(Method::GET, "/console/apps/3?span=1h", "/console/apps/3?span=1h");
        check(Method::POST, "/console/apps/3/rotate", "/console/apps/3/settings");
        check(Method::POST, "/console/apps/3/rotate-secret", "/console/apps/3/settings");
        check(Method::POST, "/console/apps/3/end-secret-grace", "/console/apps/3/settings");
        check(Method::POST, "/console/access/tokens/ab/remove", "/console/access");
        check(Method::POST, "/console/webhooks/ab/test", "/console/webhooks");
        check(Method::POST, "/console/second-factor/disable", "/console/second-factor");
        check(Method::POST, "/console/sign-in/code", "/console/sign-in");
        check(Method::POST, "/console/apps/new", "/console/apps/new");
    }

    #[test]
    fn the_address_of_this_server_holds_nothing_but_a_host() {
        assert_eq!(origin(Transport::Loopback, &headers(&[("host", "[::1]:8080")])), "http://[::1]:8080");
        assert_eq!(origin(Transport::Https, &headers(&[("host", "a.test")])), "https://a.test");
        assert_eq!(origin(Transport::Plain, &headers(&[("host", "a\"b")])), "http://captcha.example.org");
    }
}
