//! What an explanation tells of an event.

/// How many events are told of at most: the first ones.
pub const EVENTS_MAX: usize = 1_000;

/// An event and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedEvent {
    /// The event's name.
    pub name: String,
    /// When it happened, in milliseconds since 1970.
    pub time_ms: i64,
    /// Under which distinct id.
    pub distinct_id: String,
    /// What came of it.
    pub told: Told,
}

/// What came of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// In a word.
    pub verdict: Verdict,
    /// The step of a funnel that it took, from 0.
    pub step: Option<usize>,
    /// By which rule, in sentences for people.
    pub reason: String,
}

/// What came of an event, in a word. Where it is told of several things, the largest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It does not count.
    NotCounted,
    /// It is what took the person out: of a funnel, or of all cohorts of retention.
    Excluded,
    /// It took a step of the best attempt, or helped to put the person into the cell.
    Counted,
}
