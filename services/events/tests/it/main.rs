//! events through its contract: real PostgreSQL, real Redis, real gRPC.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounting;
mod dead_letters;
mod definitions;
mod faults;
mod list;
mod poison;
mod quarantine;
mod redrive;
mod spans;
mod store_rules;
mod support;
mod tenancy;
mod watch;
