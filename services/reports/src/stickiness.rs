//! Stickiness: in how many buckets is a unit active?

use crate::hints::{Hint, Names};
use crate::query::{CountedBy, Filter, Range, Selector};
use crate::trends::buckets::Buckets;

/// The question.
#[derive(Clone, Debug)]
pub struct StickinessQuery {
    /// Only events inside count.
    pub range: Range,
    /// The buckets that the range touches.
    pub buckets: Buckets,
    /// What makes a unit active, 1-20.
    pub series: Vec<Selector>,
    /// Applies to every series.
    pub filter: Filter,
    /// Whom it counts.
    pub counted_by: CountedBy,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StickinessAnswer {
    /// For each series how many units were active in exactly 1, 2, 3, ... buckets; as many values as there are buckets.
    pub series: Vec<Vec<u64>>,
    /// Names in the question that the project does not know.
    pub hints: Vec<Hint>,
}

/// One number of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Which series, from 0.
    pub series: usize,
    /// Active in exactly so many buckets, from 1.
    pub buckets: usize,
}

impl StickinessQuery {
    /// Returns the names that it asks for.
    #[must_use]
    pub fn names(&self) -> Names {
        let mut names = Names::new();
        for series in &self.series {
            names.event(series.event.as_deref());
            names.filter(&series.filter);
        }
        names.filter(&self.filter);
        names
    }
}
