//! Who calls: the address that limits go by.
//!
//! Any client can write any header, so a header counts only as far as proxies that the operator names have written it.

use std::{
    fmt, iter,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use axum::http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;
use serde::Deserialize;

/// The header of most proxies, which no standard describes.
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Its companion, which says http or https.
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The peer of a connection, kept with each of its requests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

impl Peer {
    /// Whoever connects to a socket in the file system, which has no addresses: a proxy, since only one is let there.
    /// No peer of the network has this address.
    pub(crate) const OF_SOCKETS: Self = Self(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0));
}

/// Kept with each request that came over TLS, to this server or to a proxy that said so before all else.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Encrypted;

/// A client as limits know it: an IPv4 address, or an IPv6 network of 64 bits, which is what one household or machine
/// has at its disposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Client(u128);

/// A network, by its first address and how many bits all its addresses have in common. IPv4 is `::ffff:0:0/96`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Network {
    first: u128,
    bits: u8,
}

impl Client {
    /// The client that has this address.
    #[must_use]
    pub fn new(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(address.to_ipv6_mapped().to_bits()),
            IpAddr::V6(address) => Self(address.to_bits() & !u128::from(u64::MAX)),
        }
    }

    pub(crate) fn is_ipv4(self) -> bool {
        Ipv6Addr::from_bits(self.0).to_ipv4_mapped().is_some()
    }

    /// Whether the client is in this network, of which nothing narrower than a client counts.
    pub(crate) fn is_in(self, network: &IpNet) -> bool {
        let (first, bits) = match network {
            IpNet::V4(network) => (network.network().to_ipv6_mapped(), network.prefix_len() + 96),
            IpNet::V6(network) => (network.network(), network.prefix_len().min(64)),
        };
        // All of `::/0` has the IPv4 clients too, which are nobody's there.
        let is_of_kind = self.is_ipv4() == matches!(network, IpNet::V4(_));
        is_of_kind && self.network(bits) == Self(first.to_bits()).network(bits)
    }

    /// The network of so many bits that the client is in.
    pub(crate) fn network(self, bits: u8) -> Network {
        let others = u128::MAX.checked_shr(bits.into()).unwrap_or(0);
        Network { first: self.0 & !others, bits }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = Ipv6Addr::from_bits(self.first);
        match first.to_ipv4_mapped() {
            Some(first) => write!(f, "{first}/{}", self.bits.saturating_sub(96)),
            None => write!(f, "{first}/{}", self.bits),
        }
    }
}

/// What somebody who knows more says of a client: a trusted proxy, or whoever set up the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Standing {
    /// Nothing.
    #[default]
    Usual,
    /// The most is to be asked of it.
    Suspect,
    /// The least is to be asked of it.
    Allowed,
    /// It is to get no challenge.
    Denied,
}

impl Standing {
    /// The one that a proxy says in this word.
    fn named(word: &[u8]) -> Option<Self> {
        let words = [("suspect", Self::Suspect), ("allow", Self::Allowed), ("deny", Self::Denied)];
        words.into_iter().find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes())).map(|(_, standing)| standing)
    }
}

/// The header in which proxies say for whom they ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// X-Forwarded-For: addresses, the client's first
    #[default]
    XForwardedFor,
    /// Forwarded, by RFC 7239: its `for` parameters
    Forwarded,
}

/// The name of the header in which proxies say what they think of a client.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct StandingHeader(HeaderName);

/// Text that names no header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name of a header, such as x-client-standing")]
pub struct StandingHeaderError;

impl StandingHeader {
    /// The name.
    #[must_use]
    pub fn into_name(self) -> HeaderName {
        self.0
    }
}

impl FromStr for StandingHeader {
    type Err = StandingHeaderError;

    fn from_str(text: &str) -> Result<Self, StandingHeaderError> {
        text.trim().parse().map(Self).map_err(|_| StandingHeaderError)
    }
}

impl TryFrom<String> for StandingHeader {
    type Error = StandingHeaderError;

    fn try_from(text: String) -> Result<Self, StandingHeaderError> {
        text.parse()
    }
}

/// Proxies whose word counts, as networks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct TrustedProxies(Vec<IpNet>);

/// Text that names no networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("addresses or networks, separated by commas, such as 10.0.0.0/8,192.0.2.7,fd00::/8")]
pub struct TrustedProxiesError;

impl TrustedProxies {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These, and whoever connects to a socket in the file system: its mode says who that can be.
    #[must_use]
    pub fn and_those_at_sockets(mut self) -> Self {
        self.0.push(Peer::OF_SOCKETS.0.ip().into());
        self
    }
}

impl FromStr for TrustedProxies {
    type Err = TrustedProxiesError;

    fn from_str(text: &str) -> Result<Self, TrustedProxiesError> {
        let network = |part: &str| {
            let part = part.trim();
            part.parse().ok().or_else(|| part.parse::<IpAddr>().ok().map(IpNet::from))
        };
        text.split(',').map(network).collect::<Option<_>>().map(Self).ok_or(TrustedProxiesError)
    }
}

impl TryFrom<String> for TrustedProxies {
    type Error = TrustedProxiesError;

    fn try_from(text: String) -> Result<Self, TrustedProxiesError> {
        text.parse()
    }
}

/// How the client of a request is found out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// Whose word counts.
    pub trusted: TrustedProxies,
    /// Which header they write. The other one counts for nothing, since they may pass on what a client wrote there.
    pub header: ForwardedHeader,
    /// In which header they say what they think of the client, if they do.
    pub standing: Option<HeaderName>,
}

impl Proxies {
    /// The nearest address that is no trusted proxy's.
    ///
    /// The header's entries are gone through from the last one, which the nearest proxy wrote. Where one cannot be read,
    /// the proxy that wrote it counts.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Client {
        match self.header {
            ForwardedHeader::XForwardedFor => self.nearest(peer, entries(headers, &X_FORWARDED_FOR).rev().map(address)),
            ForwardedHeader::Forwarded => self.nearest(peer, elements_from_last(headers).map(address_of_element)),
        }
    }

    fn nearest(&self, peer: IpAddr, addresses_from_last: impl Iterator<Item = Option<IpAddr>>) -> Client {
        let mut client = peer.to_canonical();
        for address in addresses_from_last {
            let Some(address) = address.filter(|_| self.trusts(client)) else { break };
            client = address.to_canonical();
        }
        Client::new(client)
    }

    /// What a trusted proxy says of the client. Of several lines the last counts, which the nearest proxy wrote; what is
    /// none of the words says nothing.
    pub(crate) fn standing(&self, peer: IpAddr, headers: &HeaderMap) -> Standing {
        let Some(name) = self.standing.as_ref().filter(|_| self.is_proxy(peer)) else { return Standing::Usual };
        let last = entries(headers, name).next_back().map(<[u8]>::trim_ascii);
        last.and_then(Standing::named).unwrap_or_default()
    }

    /// Whether this is a proxy whose word counts.
    #[must_use]
    pub fn is_proxy(&self, peer: IpAddr) -> bool {
        self.trusts(peer.to_canonical())
    }

    /// Whether the client's connection is encrypted, as a trusted proxy says: this server itself speaks plain HTTP.
    ///
    /// Of several entries the first counts, which is about the client's own connection. Whoever writes one himself
    /// deceives only himself: no page can have another's browser write it.
    pub(crate) fn is_https(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        let scheme = match self.header {
            ForwardedHeader::XForwardedFor => entries(headers, &X_FORWARDED_PROTO).next().map(<[u8]>::trim_ascii),
            ForwardedHeader::Forwarded => {
                elements_from_last(headers).last().and_then(|element| parameter(element, "proto"))
            }
        };
        self.trusts(peer.to_canonical()) && scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"https"))
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.0.iter().any(|network| network.contains(&address))
    }
}

/// All entries of a header without quotes, which may stand on several lines.
///
/// They are bytes: what a client wrote on the line of an honest proxy must not make its entry unreadable.
fn entries<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl DoubleEndedIterator<Item = &'a [u8]> {
    headers.get_all(name).into_iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
}

/// All elements of `Forwarded`, from the last to the first.
fn elements_from_last(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let lines = headers.get_all(header::FORWARDED).into_iter().rev();
    lines.flat_map(|line| parts_from_last(line.as_bytes(), b','))
}

/// The parts of a line between these bytes, where they stand outside of quotes (RFC 7239), from the last to the first.
///
/// What a client wrote on an honest proxy's line stands before what that wrote. So a quote that a client opens, and never
/// closes, must not swallow what comes after it.
fn parts_from_last(line: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(line);
    iter::from_fn(move || {
        let line = rest?;
        let at = last_outside_of_quotes(line, separator);
        rest = at.map(|at| &line[..at]);
        Some(&line[at.map_or(0, |at| at + 1)..])
    })
}

fn last_outside_of_quotes(line: &[u8], wanted: u8) -> Option<usize> {
    let is_escaped = |at: usize| line[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
    let mut is_quoted = false;
    (0..line.len()).rev().find(|at| {
        if line[*at] == b'"' && !(is_quoted && is_escaped(*at)) {
            is_quoted = !is_quoted;
        }
        line[*at] == wanted && !is_quoted
    })
}

/// An address with or without a port.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(entry).ok()?.trim();
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    text.parse()
        .ok()
        .or_else(|| text.parse().ok().map(|socket: SocketAddr| socket.ip()))
        .or_else(|| bracketed.and_then(|address| address.parse::<Ipv6Addr>().ok()).map(IpAddr::V6))
}

/// The address in an element such as `for="[2001:db8::1]:4711";proto=https`.
fn address_of_element(element: &[u8]) -> Option<IpAddr> {
    address(parameter(element, "for")?)
}

/// The value of a parameter in such an element, without its quotes.
fn parameter<'a>(element: &'a [u8], wanted: &str) -> Option<&'a [u8]> {
    let value = parts_from_last(element, b';').find_map(|pair| {
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        let name = pair[..equals].trim_ascii();
        name.eq_ignore_ascii_case(wanted.as_bytes()).then(|| pair[equals + 1..].trim_ascii())
    })?;
    let unquoted = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    Some(unquoted.unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn proxies(trusted: &str, header: ForwardedHeader) -> Proxies {
        Proxies { trusted: trusted.parse().unwrap(), header, standing: None }
    }

    #[track_caller]
    fn check(proxies: &Proxies, peer: &str, lines: &[(&'static str, &str)], expected: &str) {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        let client = proxies.client(peer.parse().unwrap(), &headers);
        assert_eq!(client, Client::new(expected.parse().unwrap()), "{lines:?}");
    }

    #[test]
    fn what_proxies_think_of_a_client_counts_from_those_that_are_trusted() {
        let name = HeaderName::from_static("x-standing");
        let proxies =
            Proxies { trusted: "10.0.0.1".parse().unwrap(), standing: Some(name.clone()), ..Proxies::default() };
        let said = |proxies: &Proxies, peer: &str, lines: &[&str]| {
            let headers = lines.iter().map(|line| (name.clone(), line.parse().unwrap())).collect();
            proxies.standing(peer.parse().unwrap(), &headers)
        };
        for (lines, expected) in [
            (&["allow"][..], Standing::Allowed),
            (&["SUSPECT"], Standing::Suspect),
            (&[" deny "], Standing::Denied),
            // What a client wrote stands before what the proxy did.
            (&["allow", "deny"], Standing::Denied),
            (&["allow, suspect"], Standing::Suspect),
            (&["allow", "good"], Standing::Usual),
            (&[""], Standing::Usual),
            (&[], Standing::Usual),
        ] {
            assert_eq!(said(&proxies, "10.0.0.1", lines), expected, "{lines:?}");
            assert_eq!(said(&proxies, "10.0.0.2", lines), Standing::Usual, "{lines:?}");
            let unasked = Proxies { standing: None, ..proxies.clone() };
            assert_eq!(said(&unasked, "10.0.0.1", lines), Standing::Usual, "{lines:?}");
        }
    }

    #[test]
    fn without_trusted_proxies_no_header_counts() {
        check(&Proxies::default(), "192.0.2.1", &[("x-forwarded-for", "198.51.100.7")], "192.0.2.1");
        let others = proxies("10.0.0.0/8", ForwardedHeader::XForwardedFor);
        check(&others, "192.0.2.1", &[("x-forwarded-for", "198.51.100.7")], "192.0.2.1");
    }

    #[test]
    fn the_chain_is_followed_as_far_as_it_is_trusted() {
        let trusted = proxies("10.0.0.0/8, 2001:db8::/32", ForwardedHeader::XForwardedFor);
        let check = |value: &str, expected| check(&trusted, "10.0.0.1", &[("x-forwarded-for", value)], expected);
        check("198.51.100.7", "198.51.100.7");
        check("203.0.113.9, 198.51.100.7", "198.51.100.7");
        check("203.0.113.9, 198.51.100.7, 10.1.1.1,2001:db8::5", "198.51.100.7");
        check("198.51.100.7:4711", "198.51.100.7");
        check("[2a00::1]:4711", "2a00::1");
        check("[2a00::1]", "2a00::1");
        check("::ffff:198.51.100.7", "198.51.100.7");
        check("10.9.9.9", "10.9.9.9");
    }

    #[test]
    fn what_cannot_be_read_ends_the_chain() {
        let trusted = proxies("10.0.0.0/8", ForwardedHeader::XForwardedFor);
        for garbage in ["unknown", "", "198.51.100.7 198.51.100.8", "198.51.100.7,", "1.2.3", "\"198.51.100.7\""] {
            check(&trusted, "10.0.0.1", &[("x-forwarded-for", garbage)], "10.0.0.1");
        }
        check(&trusted, "10.0.0.1", &[("x-forwarded-for", "198.51.100.7, nonsense, 10.2.2.2")], "10.2.2.2");
    }

    #[test]
    fn several_lines_are_one_chain_and_the_other_header_counts_for_nothing() {
        let trusted = proxies("10.0.0.1", ForwardedHeader::XForwardedFor);
        let lines = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "198.51.100.7")];
        check(&trusted, "10.0.0.1", &lines, "198.51.100.7");
        check(&trusted, "10.0.0.1", &[("forwarded", "for=198.51.100.7")], "10.0.0.1");
        let standard = proxies("10.0.0.1", ForwardedHeader::Forwarded);
        check(&standard, "10.0.0.1", &[("x-forwarded-for", "198.51.100.7")], "10.0.0.1");
    }

    #[test]
    fn the_standard_header_is_read_with_its_quotes_and_parameters() {
        let standard = proxies("10.0.0.1", ForwardedHeader::Forwarded);
        let check = |value: &str, expected| check(&standard, "10.0.0.1", &[("forwarded", value)], expected);
        check("for=198.51.100.7", "198.51.100.7");
        check("by=10.0.0.1;For=\"198.51.100.7:80\"; proto=https", "198.51.100.7");
        check("for=203.0.113.9, for=\"[2a00::1]:4711\"", "2a00::1");
        check("for=_hidden", "10.0.0.1");
        check("for=unknown;by=1.2.3.4", "10.0.0.1");
        check("proto=http", "10.0.0.1");
    }

    #[test]
    fn a_quoted_comma_or_semicolon_separates_nothing() {
        let standard = proxies("10.0.0.0/8", ForwardedHeader::Forwarded);
        let check = |value: &str, expected| check(&standard, "10.0.0.1", &[("forwarded", value)], expected);
        check(r#"for=198.51.100.7;host="a,b""#, "198.51.100.7");
        check(r#"for=198.51.100.7;host="a, for=203.0.113.9""#, "198.51.100.7");
        // A client chose this host, which its proxy quotes.
        check(r#"host="a;for=203.0.113.9;b";for=198.51.100.7"#, "198.51.100.7");
        check(r#"for=198.51.100.7;host="a;for=203.0.113.9;b""#, "198.51.100.7");
        check(r#"for=198.51.100.7;host="a\", for=203.0.113.9, \"b", for=10.0.0.2"#, "198.51.100.7");
        check(r#"host="a\\";for=198.51.100.7"#, "198.51.100.7");
        let headers = |value: &str| HeaderMap::from_iter([(header::FORWARDED, value.parse().unwrap())]);
        let is_https = |value| standard.is_https("10.0.0.1".parse().unwrap(), &headers(value));
        assert!(is_https(r#"host="a,b";proto=https, for=10.0.0.2;proto=http"#));
        assert!(!is_https(r#"host="a;proto=https;b";proto=http"#));
    }

    /// As in attack W15: what a client wrote made a proxy's entry unreadable, and the client counted as the proxy.
    #[test]
    fn a_quote_that_a_client_opens_swallows_nothing() {
        let standard = proxies("10.0.0.0/8", ForwardedHeader::Forwarded);
        let check = |lines: &[&str], expected| {
            let lines: Vec<_> = lines.iter().map(|line| ("forwarded", *line)).collect();
            check(&standard, "10.0.0.1", &lines, expected);
        };
        check(&[r#"for="x, for=198.51.100.7"#], "198.51.100.7");
        check(&[r#"for="x\, for=198.51.100.7"#], "198.51.100.7");
        check(&[r#"", for="[2a00::1]:4711";proto=https"#], "2a00::1");
        check(&[r#"for="203.0.113.9, for=198.51.100.7;host="a,b", for=10.0.0.2"#], "198.51.100.7");
        check(&[r#"for="203.0.113.9"#, "for=198.51.100.7"], "198.51.100.7");
        check(&[r#"for=198.51.100.7, for="x"#], "10.0.0.1");
    }

    #[test]
    fn only_a_trusted_proxy_says_that_a_connection_is_encrypted() {
        let check = |header, peer: &str, line: (&'static str, &'static str), expected| {
            let headers = HeaderMap::from_iter([(HeaderName::from_static(line.0), line.1.parse().unwrap())]);
            assert_eq!(proxies("10.0.0.1", header).is_https(peer.parse().unwrap(), &headers), expected, "{line:?}");
        };
        let (usual, standard) = (ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded);
        check(usual, "10.0.0.1", ("x-forwarded-proto", "https"), true);
        check(usual, "::ffff:10.0.0.1", ("x-forwarded-proto", "HTTPS, http"), true);
        check(usual, "10.0.0.1", ("x-forwarded-proto", "http"), false);
        check(usual, "10.0.0.2", ("x-forwarded-proto", "https"), false);
        check(usual, "10.0.0.1", ("forwarded", "proto=https"), false);
        check(standard, "10.0.0.1", ("forwarded", "for=192.0.2.1; Proto=\"https\", for=10.0.0.2;proto=http"), true);
        check(standard, "10.0.0.1", ("forwarded", "for=192.0.2.1"), false);
        check(standard, "10.0.0.1", ("x-forwarded-proto", "https"), false);
    }

    /// Attack W15: one byte made a line unreadable, and the client counted as the proxy.
    #[test]
    fn bytes_that_are_no_text_make_no_other_entry_unreadable() {
        let check = |header, (name, line): (&'static str, &[u8]), expected: &str| {
            let line = HeaderValue::from_bytes(line).unwrap();
            let headers = HeaderMap::from_iter([(HeaderName::from_static(name), line)]);
            let client = proxies("10.0.0.0/8", header).client("10.0.0.1".parse().unwrap(), &headers);
            assert_eq!(client, Client::new(expected.parse().unwrap()), "{headers:?}");
        };
        let usual = |line, expected| check(ForwardedHeader::XForwardedFor, ("x-forwarded-for", line), expected);
        usual(b"\xff, 198.51.100.7", "198.51.100.7");
        usual(b"\xc3\xa4,198.51.100.7, 10.2.2.2", "198.51.100.7");
        usual(b"198.51.100.7, \xff", "10.0.0.1");
        usual(b"198.51.100.7, \xff, 10.2.2.2", "10.2.2.2");
        usual(b"198.51.100.7\xff", "10.0.0.1");
        let standard = |line, expected| check(ForwardedHeader::Forwarded, ("forwarded", line), expected);
        standard(b"for=\xff, for=198.51.100.7", "198.51.100.7");
        standard(b"host=\"\xff\";for=198.51.100.7", "198.51.100.7");
        standard(b"for=198.51.100.7, for=\xff", "10.0.0.1");
    }

    #[test]
    fn bytes_that_are_no_text_hide_no_encryption() {
        let line = HeaderValue::from_bytes(b"https, \xff").unwrap();
        let headers = HeaderMap::from_iter([(X_FORWARDED_PROTO, line)]);
        let usual = proxies("10.0.0.1", ForwardedHeader::XForwardedFor);
        assert!(usual.is_https("10.0.0.1".parse().unwrap(), &headers));
    }

    #[test]
    fn an_ipv6_client_is_its_network() {
        let client = |text: &str| Client::new(text.parse().unwrap());
        assert_eq!(client("2a00:1:2:3::1"), client("2a00:1:2:3:ffff::9"));
        assert_ne!(client("2a00:1:2:3::1"), client("2a00:1:2:4::1"));
        assert_eq!(client("::ffff:192.0.2.1"), client("192.0.2.1"));
        assert_ne!(client("192.0.2.1"), client("192.0.2.2"));
    }

    #[test]
    fn networks_are_read_or_refused() {
        assert!("10.0.0.0/8,::1, 192.0.2.7".parse::<TrustedProxies>().is_ok());
        for wrong in ["", "10.0.0.0/33", "localhost", "10.0.0.1,", "*"] {
            assert_eq!(wrong.parse::<TrustedProxies>(), Err(TrustedProxiesError), "{wrong}");
        }
    }
}
