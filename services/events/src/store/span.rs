//! The SQL of the span lane.

pub mod consume;
mod counts;
pub mod keep;
mod known;
pub mod lane;
mod place;
pub mod read;
mod stage;
