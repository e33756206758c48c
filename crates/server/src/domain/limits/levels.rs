//! The networks in which a client is counted.
//!
//! One who has a network has all its addresses, and would have a budget for each. So wider networks have budgets too,
//! larger ones, since many people may be in them.

use super::gcra::Quota;
use crate::domain::client::{Client, Network};

/// The most networks of one client.
pub(super) const MAX_LEVELS: usize = 3;

pub(super) const MINUTE_MICROS: u64 = 60_000_000;
pub(super) const HOUR_MICROS: u64 = 60 * MINUTE_MICROS;

/// The bits that the addresses of an IPv6 client's networks have in common, widest first, and how many times the budget
/// of a client each has.
///
/// A /64 is one subnet: a client. A /56 is what a household is given most often (RIPE-690), but in mobile networks it
/// is 256 telephones, of which few call in the same minute. A /48 is a company, or 256 households, and is the longest
/// prefix that the Internet's routers exchange: whoever wants more of them has to announce them.
const IPV6: [(u8, u64); MAX_LEVELS] = [(48, 32), (56, 8), (64, 1)];

/// The same of an IPv4 client, as addresses of `::ffff:0:0/96`: the /24, which is the longest prefix that routers
/// exchange, and the address. If all 256 addresses call, each gets an eighth of a client's budget.
const IPV4: [(u8, u64); 2] = [(96 + 24, 32), (96 + 32, 1)];

/// A network, and what all calls from it may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    pub(super) network: Network,
    /// In microseconds.
    pub(super) quota: Quota,
}

/// The widest network in which a client is counted.
pub(crate) fn widest_network(client: Client) -> Network {
    client.network(if client.is_ipv4() { IPV4[0].0 } else { IPV6[0].0 })
}

/// The networks of this client, widest first, where a client may call so often in a period of so many microseconds.
pub(super) fn levels(client: Client, calls: u32, period: u64) -> impl Iterator<Item = Level> {
    let networks: &[(u8, u64)] = if client.is_ipv4() { &IPV4 } else { &IPV6 };
    networks.iter().map(move |(bits, times)| Level {
        network: client.network(*bits),
        quota: Quota::new(u64::from(calls) * times, period),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, expected: &[(&str, u64)]) {
        let client = Client::new(address.parse().unwrap());
        let found: Vec<_> =
            levels(client, 60, MINUTE_MICROS).map(|level| (level.network.to_string(), level.quota)).collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(network, calls)| ((*network).to_owned(), Quota::new(*calls, MINUTE_MICROS)))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn wider_networks_have_larger_budgets() {
        check("192.0.2.7", &[("192.0.2.0/24", 1920), ("192.0.2.7/32", 60)]);
        check("::ffff:192.0.2.7", &[("192.0.2.0/24", 1920), ("192.0.2.7/32", 60)]);
        let networks = [("2001:db8:1::/48", 1920), ("2001:db8:1:2300::/56", 480), ("2001:db8:1:2345::/64", 60)];
        check("2001:db8:1:2345::9", &networks);
        for (address, network) in [("192.0.2.7", "192.0.2.0/24"), ("2001:db8:1:2345::9", "2001:db8:1::/48")] {
            assert_eq!(widest_network(Client::new(address.parse().unwrap())).to_string(), network);
        }
    }
}
