//! The guard against real name servers, real listeners and hostile targets, all on loopback.

mod corpus;
mod dns;
mod hostile;
mod redirects;
mod support;
