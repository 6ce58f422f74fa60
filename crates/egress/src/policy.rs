//! Which addresses may be dialled: globally reachable unicast, and what the operator names besides.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Why an address is not dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is {1}")]
pub struct Denied(pub IpAddr, pub &'static str);

/// Who may say that a network is dialled although it is not public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// The operator, by any network that contains the address.
    Operator,
    /// The operator, by a network that lies within loopback: `0.0.0.0/0` does not open it.
    ByName,
    /// Nobody: metadata services answer there, or it hides another address inside.
    Never,
}

const fn v4(a: u8, b: u8, c: u8, d: u8, bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

const fn v6(parts: [u16; 8], bits: u8) -> Ipv6Net {
    let [a, b, c, d, e, f, g, h] = parts;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), bits)
}

/// What is no globally reachable unicast of IPv4 (the IANA special-purpose registry), and the addresses of metadata services
/// that are. The first match counts.
const SPECIAL_V4: [(Ipv4Net, Rule, &str); 18] = [
    (v4(100, 100, 100, 200, 32), Rule::Never, "a metadata service"),
    (v4(168, 63, 129, 16, 32), Rule::Never, "a metadata service"),
    (v4(0, 0, 0, 0, 8), Rule::Never, "this host"),
    (v4(10, 0, 0, 0, 8), Rule::Operator, "a private address"),
    (v4(100, 64, 0, 0, 10), Rule::Operator, "a shared address"),
    (v4(127, 0, 0, 0, 8), Rule::ByName, "a loopback address"),
    (v4(169, 254, 0, 0, 16), Rule::Never, "a link-local address"),
    (v4(172, 16, 0, 0, 12), Rule::Operator, "a private address"),
    (v4(192, 0, 0, 0, 24), Rule::Never, "a protocol address"),
    (v4(192, 0, 2, 0, 24), Rule::Operator, "a documentation address"),
    (v4(192, 88, 99, 0, 24), Rule::Never, "a relay address"),
    (v4(192, 168, 0, 0, 16), Rule::Operator, "a private address"),
    (v4(198, 18, 0, 0, 15), Rule::Operator, "a benchmark address"),
    (v4(198, 51, 100, 0, 24), Rule::Operator, "a documentation address"),
    (v4(203, 0, 113, 0, 24), Rule::Operator, "a documentation address"),
    (v4(224, 0, 0, 0, 4), Rule::Never, "a multicast address"),
    (v4(255, 255, 255, 255, 32), Rule::Never, "a broadcast address"),
    (v4(240, 0, 0, 0, 4), Rule::Never, "a reserved address"),
];

/// The same of IPv6. IPv4-mapped addresses are folded to IPv4 before.
const SPECIAL_V6: [(Ipv6Net, Rule, &str); 18] = [
    (v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], 128), Rule::Never, "a metadata service"),
    (v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], 128), Rule::Never, "a metadata service"),
    (v6([0, 0, 0, 0, 0, 0, 0, 1], 128), Rule::ByName, "a loopback address"),
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 96), Rule::Never, "an embedded IPv4 address"),
    (v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96), Rule::Never, "an embedded IPv4 address"),
    (v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96), Rule::Never, "an embedded IPv4 address"),
    (v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48), Rule::Never, "an embedded IPv4 address"),
    (v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64), Rule::Never, "a discard address"),
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32), Rule::Never, "an embedded IPv4 address"),
    (v6([0x2001, 0x20, 0, 0, 0, 0, 0, 0], 28), Rule::Never, "an overlay identifier"),
    (v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), Rule::Operator, "a documentation address"),
    (v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), Rule::Never, "an embedded IPv4 address"),
    (v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), Rule::Operator, "a documentation address"),
    (v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16), Rule::Never, "a segment routing address"),
    (v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), Rule::Operator, "a private address"),
    (v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), Rule::Never, "a link-local address"),
    (v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), Rule::Never, "a site-local address"),
    (v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), Rule::Never, "a multicast address"),
];

/// What may be dialled.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    allowed: Vec<IpNet>,
}

impl Policy {
    /// Admits public addresses and what the operator names.
    #[must_use]
    pub fn new(allowed: Vec<IpNet>) -> Self {
        Self { allowed }
    }

    /// Reads networks separated by commas, such as `10.0.0.0/8, 127.0.0.1`.
    ///
    /// # Errors
    /// The first text that is neither an address nor a network.
    pub fn parse_networks(text: &str) -> Result<Vec<IpNet>, &str> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts
            .map(|part| {
                let network = part.parse::<IpNet>().ok();
                let address = || part.parse::<IpAddr>().ok().map(IpNet::from);
                network.or_else(address).map(|network| network.trunc()).ok_or(part)
            })
            .collect()
    }

    /// Judges an address. Returns it in its canonical form, which is the one to dial.
    ///
    /// # Errors
    /// Why it must not be dialled.
    pub fn judge(&self, address: IpAddr) -> Result<IpAddr, Denied> {
        let address = address.to_canonical();
        let Some((rule, what)) = special(address) else { return Ok(address) };
        let mut naming = self.allowed.iter().filter(|network| network.contains(&address));
        let admitted = match rule {
            Rule::Operator => naming.next().is_some(),
            Rule::ByName => naming.any(is_loopback),
            Rule::Never => false,
        };
        if admitted { Ok(address) } else { Err(Denied(address, what)) }
    }
}

fn is_loopback(network: &IpNet) -> bool {
    network.network().is_loopback() && network.broadcast().is_loopback()
}

fn special(address: IpAddr) -> Option<(Rule, &'static str)> {
    match address {
        IpAddr::V4(address) => SPECIAL_V4
            .iter()
            .find(|(network, ..)| network.contains(&address))
            .map(|(_, rule, what)| (*rule, *what)),
        IpAddr::V6(address) => {
            let found = SPECIAL_V6.iter().find(|(network, ..)| network.contains(&address));
            // Global unicast is what IANA has given out: 2000::/3.
            let is_global = address.segments()[0] & 0xe000 == 0x2000;
            let unassigned = || (!is_global).then_some((Rule::Never, "an unassigned address"));
            found.map(|(_, rule, what)| (*rule, *what)).or_else(unassigned)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(networks: &str) -> Policy {
        Policy::new(Policy::parse_networks(networks).expect("networks"))
    }

    fn admits(policy: &Policy, address: &str) -> bool {
        policy.judge(address.parse().expect("an address")).is_ok()
    }

    #[test]
    fn public_addresses_are_dialled_and_mapped_ones_are_folded() {
        let plain = Policy::default();
        for address in ["8.8.8.8", "1.1.1.1", "2001:4860:4860::8888", "::ffff:8.8.8.8"] {
            assert!(admits(&plain, address), "{address}");
        }
        let mapped = plain.judge("::ffff:8.8.8.8".parse().expect("an address"));
        assert_eq!(mapped, Ok("8.8.8.8".parse().expect("an address")));
    }

    #[test]
    fn the_operator_opens_private_networks_and_nothing_else() {
        let open = policy("0.0.0.0/0, ::/0");
        for address in ["10.0.0.1", "192.168.0.1", "fd00::1", "203.0.113.1"] {
            assert!(admits(&open, address), "{address}");
            assert!(!admits(&Policy::default(), address), "{address}");
        }
        for address in [
            "127.0.0.1",
            "::1",
            "0.0.0.0",
            "169.254.169.254",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "fd00:ec2::254",
            "fe80::1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "::7f00:1",
            "ff02::1",
            "4000::1",
            "255.255.255.255",
        ] {
            assert!(!admits(&open, address), "{address}");
        }
    }

    #[test]
    fn loopback_is_opened_by_its_name_only() {
        assert!(admits(&policy("127.0.0.0/8"), "127.0.0.1"));
        assert!(admits(&policy("127.0.0.1"), "127.0.0.1"));
        assert!(!admits(&policy("127.0.0.1"), "127.0.0.2"));
        assert!(admits(&policy("::1"), "::1"));
        assert!(!admits(&policy("0.0.0.0/1"), "127.0.0.1"));
    }

    #[test]
    fn a_list_of_networks_names_its_mistake() {
        assert_eq!(Policy::parse_networks("10.0.0.0/8, ten"), Err("ten"));
        assert_eq!(Policy::parse_networks(" ").map(|networks| networks.len()), Ok(0));
    }
}
