//! What is kept of a visitor's network address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::given::{Additions, Given};
use super::key::Key;
use crate::auth::ClientAddress;

/// The bits of an IPv4 address that are kept of it when it is truncated: its network of 256.
const IPV4_MASK: u32 = !0xff;
/// The bits of an IPv6 address that are kept: a site's 48. The other 80 name a network in it and a device.
const IPV6_MASK: u128 = !0 << 80;

/// Reads an address that a sender told; an IPv4 address in the form of IPv6 is one of IPv4.
pub(super) fn parse(text: &str) -> Option<IpAddr> {
    text.trim().parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// Adds `$ip`, or takes away what the project does not keep of the one that the sender told.
pub(super) fn add(
    shown: Option<IpAddr>,
    setting: ClientAddress,
    given: &Given<'_>,
    added: &mut Additions<'_>,
) {
    match (setting, shown) {
        (ClientAddress::Kept, None) => {}
        (ClientAddress::Kept, Some(address)) => {
            if !given.has(Key::Ip) {
                added.add(Key::Ip, &address.to_string());
            }
        }
        (ClientAddress::Truncated, Some(address)) => {
            added.remove_ip();
            added.add(Key::Ip, &truncated(address).to_string());
        }
        // What cannot be read cannot be truncated either, and may be anything.
        (ClientAddress::Truncated | ClientAddress::Dropped, _) => added.remove_ip(),
    }
}

fn truncated(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits() & IPV4_MASK).into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & IPV6_MASK).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_truncated_address_the_network_is_kept() {
        for (given, kept) in [
            ("203.0.113.77", "203.0.113.0"),
            ("2001:db8:1234:5678:9abc:def0:1234:5678", "2001:db8:1234::"),
            ("::ffff:203.0.113.77", "203.0.113.0"),
            (" 203.0.113.77 ", "203.0.113.0"),
        ] {
            assert_eq!(truncated(parse(given).expect("an address")).to_string(), kept, "{given}");
        }
        for given in ["", "{{auto}}", "localhost", "1.2.3", "1.2.3.4:80"] {
            assert_eq!(parse(given), None, "{given}");
        }
    }
}
