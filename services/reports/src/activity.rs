//! How much went on: events, persons, sessions and errors over time, in one pass.

use crate::query::Range;
use crate::trends::buckets::Buckets;

/// The name of events that report an error.
pub const EXCEPTION: &str = "$exception";
/// The property that holds an event's session id, which the sender gives beside the properties.
pub const SESSION_ID: &str = "$session_id";

/// The question.
#[derive(Clone, Debug)]
pub struct ActivityQuery {
    /// Only events inside count.
    pub range: Range,
    /// What the range is cut into.
    pub buckets: Buckets,
}

/// How much went on in one bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Events.
    pub events: u64,
    /// Distinct persons with an event.
    pub persons: u64,
    /// Distinct session ids.
    pub sessions: u64,
    /// Events that report an error.
    pub errors: u64,
}
