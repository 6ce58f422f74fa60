//! Dials addresses that users give, and nothing that they must not reach through us (server-side request forgery).
//!
//! The order is always the same: read the URL by the WHATWG rules ([`Target`]), look its name up once ([`Resolver`]), judge
//! every address that came back ([`Policy`]), dial one of the judged addresses and no other, and do all of it again for each
//! redirect ([`Guard`]). What comes back is bounded in time and in bytes, and is never inflated.
//!
//! Invariant: nothing is sent to an address that was not judged. There is no other way to a socket in this crate.

mod client;
mod connect;
mod exchange;
mod meter;
mod policy;
mod ports;
mod resolver;
mod target;

pub use client::{Answer, Call, Failure, FailureKind, Fetched, Guard, Refusal};
pub use ipnet::IpNet;
pub use meter::{Phase, Phases};
pub use policy::{Denied, Policy};
pub use resolver::{LookupError, Resolver};
pub use target::{Host, Target, TargetError};
