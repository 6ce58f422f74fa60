//! Stickiness: in how many buckets is a unit active?

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

/// The answer, in the order of the series: how many units were active in exactly 1, 2, 3, ... buckets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StickinessAnswer {
    /// As many values as there are buckets, for each series.
    pub series: Vec<Vec<u64>>,
}

/// One number of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Which series, from 0.
    pub series: usize,
    /// Active in exactly so many buckets, from 1.
    pub buckets: usize,
}
