//! What events does in the background.

pub mod definitions;
pub mod group_commit;
pub mod keeper;
pub mod reader;
pub mod rejection_keeper;
pub mod relay;
pub mod span_keeper;
pub mod span_reader;
pub mod tail;
