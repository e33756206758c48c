//! Networks whose clients an app takes for friends, or for nobody.

use std::{fmt, net::IpAddr, str::FromStr, sync::Arc};

use ipnet::IpNet;

use crate::domain::client::Client;

/// Most networks that an app can name in a list.
const MAX_NETWORKS: usize = 100;

/// Networks, or single addresses. Of IPv6 nothing narrower than a /64 is told apart, which is what one client has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Arc<[IpNet]>);

/// A text that is no list of networks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("networks are at most 100 such as 192.0.2.0/24 or 2001:db8::/48, with spaces or commas between them")]
pub struct NetworksError;

impl Networks {
    /// Whether one of them has this client.
    #[must_use]
    pub fn contain(&self, client: Client) -> bool {
        self.0.iter().any(|network| client.is_in(network))
    }
}

impl FromStr for Networks {
    type Err = NetworksError;

    fn from_str(text: &str) -> Result<Self, NetworksError> {
        let names = text.split([' ', ',', '\t', '\r', '\n']).filter(|name| !name.is_empty());
        let networks: Option<Vec<IpNet>> = names.map(network).collect();
        networks.filter(|networks| networks.len() <= MAX_NETWORKS).map(|all| Self(all.into())).ok_or(NetworksError)
    }
}

/// A network, whose other bits may be anything, or an address. An IPv4 address is one in whatever form it is written.
fn network(name: &str) -> Option<IpNet> {
    let network = name.parse::<IpNet>().ok().or_else(|| Some(name.parse::<IpAddr>().ok()?.to_canonical().into()))?;
    Some(network.trunc())
}

impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, network) in self.0.iter().enumerate() {
            write!(f, "{}{network}", if number > 0 { " " } else { "" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(networks: &str, address: &str, expected: bool) {
        let client = Client::new(address.parse().unwrap());
        assert_eq!(networks.parse::<Networks>().unwrap().contain(client), expected, "{networks}: {address}");
    }

    #[test]
    fn a_client_is_in_a_network_or_is_not() {
        check("192.0.2.0/24, 198.51.100.7", "192.0.2.9", true);
        check("192.0.2.0/24, 198.51.100.7", "198.51.100.7", true);
        check("192.0.2.0/24, 198.51.100.7", "198.51.100.8", false);
        check("192.0.2.0/24", "::ffff:192.0.2.9", true);
        check("::ffff:192.0.2.9", "192.0.2.9", true);
        check("0.0.0.0/0", "192.0.2.9", true);
        check("0.0.0.0/0", "2001:db8::1", false);
        check("::/0", "192.0.2.9", false);
        check("2001:db8:1::/48", "2001:db8:1:2::3", true);
        check("2001:db8:1::/48", "2001:db8:2:2::3", false);
        // A client is its /64.
        check("2001:db8::1", "2001:db8::2", true);
        check("", "192.0.2.9", false);
    }

    #[test]
    fn what_is_no_list_of_networks_is_refused() {
        let many = "192.0.2.1 ".repeat(MAX_NETWORKS + 1);
        for wrong in ["192.0.2", "192.0.2.0/33", "shop.example", "http://192.0.2.1", &many] {
            assert_eq!(wrong.parse::<Networks>(), Err(NetworksError), "{wrong}");
        }
        assert_eq!(
            "192.0.2.9/24,  2001:db8::1".parse::<Networks>().unwrap().to_string(),
            "192.0.2.0/24 2001:db8::1/128"
        );
    }
}
