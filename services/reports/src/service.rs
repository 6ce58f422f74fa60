//! The gRPC services.

pub(crate) mod error;
pub(crate) mod insight;
pub(crate) mod latency;
pub(crate) mod overview;
pub(crate) mod person_activity;
pub(crate) mod persons;
pub(crate) mod usage;
