//! The overview: what is broken, ranked, and the day's numbers.

pub mod board;
pub mod items;
pub mod numbers;
pub mod wording;

pub use items::{Item, ItemKind, Severity};
pub use numbers::DayNumbers;
