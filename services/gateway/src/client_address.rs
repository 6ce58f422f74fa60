//! Where a request comes from: the peer, or what a trusted proxy says of it.

use std::net::IpAddr;

use http::HeaderMap;

/// A range of addresses, such as `10.0.0.0/8`; one address is a range of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Reads an address with or without `/<bits>`; `None` if it is neither.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(bits);
        (prefix <= bits).then_some(Self { address, prefix })
    }

    /// Returns whether the address is inside.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                let shift = 32 - u32::from(self.prefix);
                let differing = ours.to_bits() ^ theirs.to_bits();
                differing.checked_shr(shift).unwrap_or(0) == 0
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                let shift = 128 - u32::from(self.prefix);
                let differing = ours.to_bits() ^ theirs.to_bits();
                differing.checked_shr(shift).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

/// Returns the client's address. `X-Forwarded-For` is read from its end, and only as far as every hop is a proxy we trust:
/// what stands before the first stranger is the stranger's own invention.
pub(crate) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut client = peer.to_canonical();
    if !is_trusted(client) {
        return client;
    }
    let values: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
    let hops = values
        .iter()
        .rev()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.rsplit(','));
    for hop in hops {
        let Ok(address) = hop.trim().parse::<IpAddr>() else { break };
        client = address.to_canonical();
        if !is_trusted(client) {
            break;
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn seen(peer: &str, forwarded: &[&str], trusted: &[&str]) -> IpAddr {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().expect("a header"));
        }
        let trusted: Vec<_> =
            trusted.iter().map(|text| Network::parse(text).expect("a network")).collect();
        client_address(address(peer), &headers, &trusted)
    }

    #[test]
    fn networks_hold_their_addresses() {
        let network = Network::parse("10.1.0.0/16").expect("a network");
        assert!(
            network.contains(address("10.1.255.1")) && network.contains(address("::ffff:10.1.0.1"))
        );
        assert!(!network.contains(address("10.2.0.1")) && !network.contains(address("::1")));
        assert!(Network::parse("0.0.0.0/0").expect("all").contains(address("8.8.8.8")));
        assert!(Network::parse("::1").expect("one").contains(address("::1")));
        for text in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "x"] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }

    #[test]
    fn only_trusted_proxies_speak_for_others() {
        assert_eq!(seen("1.2.3.4", &["9.9.9.9"], &[]), address("1.2.3.4"));
        assert_eq!(seen("10.0.0.1", &["9.9.9.9"], &["10.0.0.0/8"]), address("9.9.9.9"));
        assert_eq!(
            seen("10.0.0.1", &["6.6.6.6, 9.9.9.9", "10.0.0.2"], &["10.0.0.0/8"]),
            address("9.9.9.9")
        );
        assert_eq!(seen("10.0.0.1", &["nonsense"], &["10.0.0.0/8"]), address("10.0.0.1"));
        assert_eq!(seen("10.0.0.1", &[], &["10.0.0.0/8"]), address("10.0.0.1"));
    }
}
