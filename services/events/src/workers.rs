//! What events does in the background.

pub mod definitions;
pub mod erasure;
pub mod group_commit;
pub mod keeper;
pub mod ledger;
pub mod queue_watch;
pub mod reader;
pub mod rejection_keeper;
pub mod relay;
pub mod retention;
pub mod span_keeper;
pub mod span_reader;
pub mod tail;
