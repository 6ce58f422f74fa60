//! The gRPC services.

pub(crate) mod annotation;
pub(crate) mod cohort;
pub(crate) mod dashboard;
pub(crate) mod error;
pub(crate) mod export;
pub(crate) mod insight;
pub(crate) mod kept;
pub(crate) mod latency;
pub(crate) mod overview;
pub(crate) mod person_activity;
pub(crate) mod persons;
pub(crate) mod projection;
pub(crate) mod saved_insight;
pub(crate) mod usage;
