//! One block of a segment with the columns that a question reads, unpacked.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::projection::{NOBODY, Segment, Unpacked};

/// The unpacked columns of one block. Each is unpacked when it is first asked for: what a filter drops needs no others.
pub(super) struct Bound<'a> {
    /// What times are counted from, in milliseconds since 1970.
    pub(super) base_ms: i64,
    /// The largest time of the segment, likewise.
    pub(super) last_ms: i64,
    /// The number of the segment among those that are read.
    pub(super) segment_at: usize,
    segment: &'a Segment,
    block: usize,
    times: OnceLock<Arc<Unpacked>>,
    visitors: OnceLock<Arc<Unpacked>>,
    arrivals: OnceLock<Arc<Unpacked>>,
    keys: &'a [u32],
    /// By place among the keys that are read.
    columns: Vec<OnceLock<Option<Arc<Unpacked>>>>,
    person_of: &'a [u32],
}

impl<'a> Bound<'a> {
    /// Takes a block of a segment, which has a number among those that are read.
    pub(super) fn new(
        (segment_at, segment): (usize, &'a Segment),
        block: usize,
        keys: &'a [u32],
        person_of: &'a [u32],
    ) -> Self {
        Self {
            base_ms: segment.min_time_ms,
            last_ms: segment.max_time_ms,
            segment_at,
            segment,
            block,
            times: OnceLock::new(),
            visitors: OnceLock::new(),
            arrivals: OnceLock::new(),
            keys,
            columns: keys.iter().map(|_| OnceLock::new()).collect(),
            person_of,
        }
    }

    /// Returns the visitor codes.
    #[inline]
    pub(super) fn visitors(&self) -> &[u32] {
        self.visitors.get_or_init(|| self.segment.visitors(self.block)).as_u32()
    }

    /// Returns the times, in milliseconds from [`Self::base_ms`].
    #[inline]
    pub(super) fn times(&self) -> &[u32] {
        self.times.get_or_init(|| self.segment.times(self.block)).as_u32()
    }

    /// Returns the arrivals.
    #[inline]
    pub(super) fn arrivals(&self) -> &[i64] {
        self.arrivals.get_or_init(|| self.segment.arrivals(self.block)).as_i64()
    }

    /// Returns the value codes of a property; `None` if no row of the segment has it.
    pub(super) fn column(&self, place: usize) -> Option<&Unpacked> {
        let unpack = || self.segment.codes(self.keys[place], self.block);
        self.columns[place].get_or_init(unpack).as_deref()
    }

    /// Returns the person of each row.
    pub(super) fn persons(&self, rows: Range<usize>) -> impl ExactSizeIterator<Item = u32> {
        let person_of = self.person_of;
        self.visitors()[rows].iter().map(move |visitor| person(person_of, *visitor))
    }
}

/// Returns the person of a visitor.
#[inline]
pub(super) fn person(person_of: &[u32], visitor: u32) -> u32 {
    person_of.get(visitor as usize).copied().unwrap_or(NOBODY)
}
