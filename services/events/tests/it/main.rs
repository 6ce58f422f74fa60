//! events through its contract: real PostgreSQL, real Redis, real gRPC.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounting;
mod definitions;
mod faults;
mod list;
mod rejections;
mod spans;
mod store_rules;
mod support;
mod tenancy;
mod watch;
