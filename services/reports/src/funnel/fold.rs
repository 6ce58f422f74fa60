//! One unit's way through a funnel, whatever the funnel asks for.

use super::any_order::AnyOrder;
use super::attempts::Attempts;
use super::guarded::Guarded;
use super::{FunnelQuery, Order};
use crate::query::Range;

/// An event of a unit. It matches a step or an exclusion, or with [`Order::Strict`] neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepEvent {
    /// When it happened, in milliseconds.
    pub time_ms: i64,
    /// The steps it matches, step `i` as bit `i`.
    pub steps: u32,
    /// The exclusions it matches, likewise.
    pub exclusions: u32,
}

/// How far a unit came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// It took no step.
    Outside,
    /// Each of its deepest attempts was interrupted: it is not in the funnel. They had come so many steps deep.
    Interrupted(usize),
    /// The best attempt.
    Way(Way<'a>),
}

impl<'a> Outcome<'a> {
    /// What an attempt is that took so many steps from the lowest on, at these times.
    fn of(times_ms: &'a [i64]) -> Self {
        match (1 << times_ms.len()) - 1 {
            0 => Self::Outside,
            taken => Self::Way(Way { taken, times_ms }),
        }
    }
}

/// An attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way<'a> {
    /// The steps it took, step `i` as bit `i`; with [`Order::Any`] as many as were taken, from the lowest.
    pub taken: u32,
    /// When, in milliseconds; as many as there are bits.
    pub times_ms: &'a [i64],
}

impl Way<'_> {
    /// How deep it came: one more than the last step.
    #[must_use]
    pub fn depth(self) -> usize {
        (u32::BITS - self.taken.leading_zeros()) as usize
    }

    /// When it took a step, from 0; `None` if it did not.
    #[must_use]
    pub fn time_of(self, step: usize) -> Option<i64> {
        let before = (self.taken & ((1 << step) - 1)).count_ones() as usize;
        (self.taken >> step & 1 == 1).then(|| self.times_ms[before])
    }
}

/// Finds the best attempt of each unit. Its memory is used again.
#[derive(Debug)]
pub enum Fold {
    /// Steps in order, nothing else.
    Plain(Attempts),
    /// Steps in order, with optional ones, exclusions, or one right after the other.
    Guarded(Box<Guarded>),
    /// Steps in any order.
    AnyOrder(Box<AnyOrder>),
}

impl Fold {
    /// Prepares for a funnel.
    #[must_use]
    pub fn new(query: &FunnelQuery) -> Self {
        let is_plain = query.exclusions.is_empty() && query.optional() == 0;
        match query.order {
            Order::Any => {
                Self::AnyOrder(Box::new(AnyOrder::new(query.steps.len(), query.window_ms)))
            }
            Order::Ordered if is_plain => {
                Self::Plain(Attempts::new(query.steps.len(), query.window_ms))
            }
            Order::Ordered | Order::Strict => Self::Guarded(Box::new(Guarded::new(query))),
        }
    }

    /// Prepares for a funnel as if it had no exclusions.
    #[must_use]
    pub fn without_exclusions(query: &FunnelQuery) -> Self {
        Self::new(&FunnelQuery { exclusions: Vec::new(), ..query.clone() })
    }

    /// Finds the best attempt among a unit's events, which are sorted by time. It begins inside a range.
    pub fn best(&mut self, events: &[StepEvent], starts: Range) -> Outcome<'_> {
        match self {
            Self::Plain(attempts) => {
                let matched = events.iter().fold(0, |set, event| set | event.steps);
                Outcome::of(attempts.best(events, starts, matched.trailing_ones() as usize))
            }
            Self::Guarded(guarded) => guarded.best(events, starts),
            Self::AnyOrder(any) => Outcome::of(any.best(events, starts)),
        }
    }
}

/// How deep events can lead at most: a look at the steps that they match in all spares most units a walk.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    optional: u32,
    in_any_order: bool,
}

impl Reach {
    /// Prepares for a funnel.
    #[must_use]
    pub fn new(query: &FunnelQuery) -> Self {
        Self { optional: query.optional(), in_any_order: query.order == Order::Any }
    }

    /// Returns the steps that an attempt can begin with.
    #[must_use]
    pub fn first(self) -> u32 {
        if self.in_any_order { u32::MAX } else { 1 }
    }

    /// Returns how deep events can lead at most that match these steps in all.
    #[must_use]
    pub fn of(self, steps: u32) -> usize {
        if self.in_any_order {
            return steps.count_ones() as usize;
        }
        // No step is behind a required one that nothing matches.
        let open = (steps | self.optional).trailing_ones();
        let reached = steps & !u32::MAX.checked_shl(open).unwrap_or(0);
        (u32::BITS - reached.leading_zeros()) as usize
    }
}
