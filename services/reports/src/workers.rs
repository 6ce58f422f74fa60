//! Background work.

pub(crate) mod cohorts;
pub(crate) mod follow_log;
pub(crate) mod keep;
pub(crate) mod lease;
pub(crate) mod load;
pub(crate) mod signals;
pub(crate) mod usage;
