//! The SQL of reports.

pub(crate) mod usage;
