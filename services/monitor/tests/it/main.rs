//! The service through its contracts: real gRPC, real PostgreSQL, real targets on loopback.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod channel;
mod checks;
mod faults;
mod heartbeat;
mod history;
mod incident;
mod monitor;
mod replicas;
mod row_security;
mod support;
mod targets;
