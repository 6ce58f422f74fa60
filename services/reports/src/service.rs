//! The gRPC services.

pub(crate) mod error;
pub(crate) mod insight;
