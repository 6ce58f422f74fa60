//! The gRPC services.

pub(crate) mod insight;
