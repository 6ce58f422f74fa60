//! events through its contract: real PostgreSQL, real Redis, real gRPC.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounting;
mod dead_letters;
mod deaf_proxy;
mod definitions;
mod direct;
mod erasure;
mod faults;
mod full_queue;
mod lanes;
mod list;
mod poison;
mod quarantine;
mod queue;
mod queue_period;
mod redrive;
mod rejections;
mod retention;
mod spans;
mod store_rules;
mod stored_events;
mod support;
mod tenancy;
mod watch;
