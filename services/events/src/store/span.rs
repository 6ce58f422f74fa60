//! The SQL of the span lane.

pub mod consume;
pub mod keep;
mod known;
pub mod lane;
pub mod read;
mod stage;
