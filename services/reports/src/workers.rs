//! Background work.

pub(crate) mod follow_log;
