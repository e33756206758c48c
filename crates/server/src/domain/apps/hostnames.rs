//! The hosts whose pages may show an app's challenges in a widget.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
    str::FromStr,
    sync::Arc,
};

/// Most hosts that an app can name.
const MAX_HOSTNAMES: usize = 100;
/// The longest name of a host (RFC 1035, section 2.3.4, without the dot at its end).
const MAX_BYTES: usize = 253;

/// Names of hosts, in lower case. Each stands for its subdomains as well; none at all stand for any host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hostnames(Arc<[String]>);

/// A text that is no list of hosts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("host names are at most 100 names such as shop.example, with spaces or commas between them")]
pub struct HostnamesError;

impl Hostnames {
    /// Whether a page of this host, named in lower case, may show challenges.
    #[must_use]
    pub fn admit(&self, host: &str) -> bool {
        let is_below = |name: &String| {
            let rest = host.strip_suffix(name.as_str());
            rest.is_some_and(|rest| rest.is_empty() || (rest.ends_with('.') && !is_address(name)))
        };
        self.0.is_empty() || self.0.iter().any(is_below)
    }
}

impl FromStr for Hostnames {
    type Err = HostnamesError;

    fn from_str(text: &str) -> Result<Self, HostnamesError> {
        let names = text.split([' ', ',', '\t', '\r', '\n']).filter(|name| !name.is_empty());
        let names: Vec<String> = names.map(as_browsers_write_it).collect();
        let is_list = names.len() <= MAX_HOSTNAMES && names.iter().all(|name| is_hostname(name));
        if is_list { Ok(Self(names.into())) } else { Err(HostnamesError) }
    }
}

/// In lower case, without a dot at the end, and an IPv6 address in its shortest form.
fn as_browsers_write_it(name: &str) -> String {
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')?.parse::<Ipv6Addr>().ok());
    address.map_or_else(|| name.trim_end_matches('.').to_ascii_lowercase(), |address| format!("[{address}]"))
}

fn is_address(name: &str) -> bool {
    name.parse::<Ipv4Addr>().is_ok() || name.starts_with('[')
}

/// A name in letters, digits, hyphens and dots, as browsers send it (of other scripts its `xn--` form), or an address.
pub(crate) fn is_hostname(name: &str) -> bool {
    let is_address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    if let Some(address) = is_address {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    // What ends in a number is an address to browsers, or nothing.
    let ends_in_number = name.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    name.len() <= MAX_BYTES && name.split('.').all(is_label) && (!ends_in_number || name.parse::<Ipv4Addr>().is_ok())
}

impl fmt::Display for Hostnames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(names: &str, host: &str, expected: bool) {
        assert_eq!(names.parse::<Hostnames>().unwrap().admit(host), expected, "{names}: {host}");
    }

    #[test]
    fn a_name_stands_for_itself_and_what_is_below_it() {
        check("shop.example", "shop.example", true);
        check("shop.example", "www.shop.example", true);
        check("shop.example", "myshop.example", false);
        check("shop.example", "example", false);
        check("Shop.Example, other.example", "other.example", true);
        check("shop.example", "shop.example.evil.example", false);
        check("shop.example", "", false);
        check("[0:0:0:0:0:0:0:1]", "[::1]", true);
        check("10.0.0.1", "1.10.0.0.1", false);
        check("shop.example.", "shop.example", true);
        check("[::1] 127.0.0.1 localhost", "[::1]", true);
        check("", "anything.example", true);
        check("", "", true);
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for wrong in [
            "http://shop.example",
            "shop.example:80",
            "*.shop.example",
            "a..b",
            "-a",
            "쇼핑.example",
            "[1]",
            "0.1",
            "7",
        ] {
            assert_eq!(wrong.parse::<Hostnames>(), Err(HostnamesError), "{wrong}");
        }
        assert!(vec!["a"; 101].join(" ").parse::<Hostnames>().is_err());
        assert_eq!("a,b  c\n".parse::<Hostnames>().unwrap().to_string(), "a b c");
    }
}
