//! The guard against real name servers, real listeners and hostile targets, all on loopback.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod corpus;
mod dns;
mod hostile;
mod redirects;
mod support;
