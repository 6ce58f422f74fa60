//! Background work. Every replica runs all of it; the store decides who does what.

pub(crate) mod deliveries;
pub(crate) mod keeper;
pub(crate) mod recorder;
pub(crate) mod scheduler;
