//! Lifecycle: are active units new, or do they stay?

use crate::bits;
use crate::hints::{Hint, Names};
use crate::query::{CountedBy, Filter, Range, Selector};
use crate::trends::buckets::Buckets;

/// The question.
#[derive(Clone, Debug)]
pub struct LifecycleQuery {
    /// Only events inside count, and those of the bucket before.
    pub range: Range,
    /// The bucket before the range, then those that the range touches.
    pub buckets: Buckets,
    /// What makes a unit active.
    pub event: Selector,
    /// Applies to the events.
    pub filter: Filter,
    /// Whom it counts.
    pub counted_by: CountedBy,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifecycleAnswer {
    /// One for each bucket of the range.
    pub points: Vec<LifecyclePoint>,
    /// Names in the question that the project does not know.
    pub hints: Vec<Hint>,
}

/// One bucket of the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LifecyclePoint {
    /// Active, and the unit's earliest event of any name is in this bucket.
    pub new: u64,
    /// Active, and in the bucket before, too.
    pub returning: u64,
    /// Active, not in the bucket before, and not new.
    pub resurrecting: u64,
    /// Not active, but in the bucket before.
    pub dormant: u64,
}

/// What a unit is in a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// See [`LifecyclePoint::new`].
    New,
    /// See [`LifecyclePoint::returning`].
    Returning,
    /// See [`LifecyclePoint::resurrecting`].
    Resurrecting,
    /// See [`LifecyclePoint::dormant`].
    Dormant,
}

/// One number of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Which bucket, as in [`LifecycleQuery::buckets`]: not the first one, which the answer does not have.
    pub bucket: usize,
    /// Which number of it.
    pub state: State,
}

impl LifecycleQuery {
    /// Returns the names that it asks for.
    #[must_use]
    pub fn names(&self) -> Names {
        let mut names = Names::new();
        names.event(self.event.event.as_deref());
        names.filter(&self.event.filter);
        names.filter(&self.filter);
        names
    }

    /// Returns whether an event at this time, which is inside the buckets, counts: those between the calendar start of the
    /// first bucket of the range and the range itself do not.
    #[inline]
    #[must_use]
    pub fn counts(&self, time_ms: i64) -> bool {
        time_ms >= self.range.start_ms || time_ms < self.buckets.starts_ms()[1]
    }
}

/// A unit, by in which buckets it was active.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Life<'a> {
    /// A bit for each bucket.
    pub(crate) active: &'a [u64],
    /// When its earliest event of any name happened, in milliseconds since 1970.
    pub(crate) first_seen_ms: i64,
}

impl Life<'_> {
    /// Hands out what the unit is in each bucket after the first, where it is something.
    #[inline]
    pub(crate) fn each(&self, starts_ms: &[i64], mut each: impl FnMut(usize, State)) {
        let last = starts_ms.len() - 1;
        let mut before = None;
        for bucket in bits::ones(self.active) {
            let follows = before.is_some_and(|before| before + 1 == bucket);
            if bucket > 0 {
                // Nothing happened before its first activity if its earliest event is not before that bucket.
                let is_new = before.is_none() && self.first_seen_ms >= starts_ms[bucket];
                each(
                    bucket,
                    match (follows, is_new) {
                        (true, _) => State::Returning,
                        (false, true) => State::New,
                        (false, false) => State::Resurrecting,
                    },
                );
            }
            if bucket < last && !bits::has(self.active, bucket + 1) {
                each(bucket + 1, State::Dormant);
            }
            before = Some(bucket);
        }
    }
}

impl LifecyclePoint {
    /// Counts a unit.
    #[inline]
    pub(crate) fn add(&mut self, state: State) {
        *match state {
            State::New => &mut self.new,
            State::Returning => &mut self.returning,
            State::Resurrecting => &mut self.resurrecting,
            State::Dormant => &mut self.dormant,
        } += 1;
    }

    /// Adds the units of another one.
    pub(crate) fn join(&mut self, other: Self) {
        self.new += other.new;
        self.returning += other.returning;
        self.resurrecting += other.resurrecting;
        self.dormant += other.dormant;
    }
}
