//! Free ports.

use std::net::{Ipv4Addr, TcpListener};

/// Returns a port of the loopback address that nobody listens on. It is not reserved, so listen on it soon.
///
/// # Panics
/// If the system has no port left.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("the system has a free port");
    listener.local_addr().expect("a bound listener has an address").port()
}
