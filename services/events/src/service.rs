//! The RPCs of events, a file for each gRPC service.

pub mod event;
pub mod ingest;
pub mod log;
pub mod pipeline;
pub mod span;
pub mod span_ingest;
pub mod stored_event;
mod watch;
