//! What Observe is held against: the stores used as plainly as can be.

pub(crate) mod copy;
pub(crate) mod seed;
pub(crate) mod xadd;
