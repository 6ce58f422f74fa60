//! How much there is of some persons, over all time.

/// The question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryQuery {
    /// The distinct ids of each person. They are taken as given: what identity says of them now may be newer than what the
    /// engine knows.
    pub persons: Vec<Vec<String>>,
}

/// How much there is of one person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Events.
    pub events: u64,
    /// The times of the first and the last of them, in milliseconds since 1970; `None` without events.
    pub span_ms: Option<(i64, i64)>,
}

impl History {
    /// Counts events more, of which the first and the last happened at these times.
    pub fn add(&mut self, events: u64, first_ms: i64, last_ms: i64) {
        self.events += events;
        let (first, last) = self.span_ms.unwrap_or((first_ms, last_ms));
        self.span_ms = Some((first.min(first_ms), last.max(last_ms)));
    }
}
