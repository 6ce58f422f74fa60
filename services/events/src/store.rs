//! All SQL of events, a file for each noun.

pub mod consume;
pub mod copy;
pub mod definition;
pub mod event;
pub mod log;
pub mod partition;
pub mod pipeline;
pub mod rejection;
pub mod relay;
pub mod shard;
pub mod span;
