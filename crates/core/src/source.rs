//! Where requests come from, for what counts them by that.

use std::net::{IpAddr, Ipv6Addr};

/// Returns what counts as one address: of IPv6 the first 64 bits, as the others are free for their holder to choose.
#[must_use]
pub fn source(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

/// Returns what counts as one address. `None` for those of loopback, of private networks and of carriers' own: behind a proxy
/// that is not named as trusted, everybody would be one of them.
#[must_use]
pub fn public_source(client: IpAddr) -> Option<IpAddr> {
    (!is_private(client)).then(|| source(client))
}

fn is_private(client: IpAddr) -> bool {
    match client.to_canonical() {
        IpAddr::V4(address) => {
            let is_carriers = address.octets()[0] == 100 && address.octets()[1] & 0xc0 == 64;
            address.is_loopback() || address.is_private() || address.is_link_local() || is_carriers
        }
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_ones_own_are_known() {
        let public = |text: &str| public_source(text.parse().expect("an address"));
        for text in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.1",
            "172.31.0.1",
            "169.254.1.1",
            "100.64.0.1",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
        ] {
            assert_eq!(public(text), None, "{text}");
        }
        for text in ["1.2.3.4", "100.128.0.1", "172.32.0.1", "2001:db8::1", "::ffff:8.8.8.8"] {
            assert!(public(text).is_some(), "{text}");
        }
    }

    #[test]
    fn one_network_of_ipv6_is_one_address() {
        let source = |text: &str| source(text.parse().expect("an address")).to_string();
        assert_eq!(source("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(source("::ffff:1.2.3.4"), "1.2.3.4");
    }
}
