//! All SQL of events, a file for each noun.

pub mod consume;
pub mod copy;
pub mod dead_letter;
pub mod definition;
pub mod direct;
pub mod erasure;
pub mod event;
pub mod log;
pub mod partition;
pub mod pipeline;
pub mod queue_period;
pub mod redrive;
pub mod rejection;
pub mod relay;
pub mod retention;
pub mod shard;
pub mod span;
pub mod stored_event;
pub mod suspect;
