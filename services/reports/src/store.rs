//! The SQL of reports.

pub(crate) mod error_group;
pub(crate) mod projection;
pub(crate) mod usage;
