//! Chains of steps, and which of them are looked at.

use std::cmp::Reverse;

use crate::funnel::STEPS_MAX;

/// A chain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    pub(super) began_ms: i64,
    pub(super) taken: u32,
    /// By step; 0 where it was left out.
    pub(super) times_ms: [i64; STEPS_MAX],
}

impl Attempt {
    /// Which of two chains that end with the same step is looked at: the larger. Of chains of the same steps, the one that
    /// took each first.
    pub(super) fn rank(&self) -> (i64, u32, u32, Reverse<&[i64]>) {
        let (count, lowest) = (self.taken.count_ones(), self.taken.reverse_bits());
        (self.began_ms, count, lowest, Reverse(&self.times_ms))
    }

    pub(super) fn take(mut self, step: usize, time_ms: i64) -> Self {
        self.taken |= 1 << step;
        self.times_ms[step] = time_ms;
        self
    }

    pub(super) fn none(time_ms: i64) -> Self {
        Self { began_ms: time_ms, taken: 0, times_ms: [0; STEPS_MAX] }
    }
}

/// The chains that stand somewhere: by step, the one that is looked at.
pub(super) type Standing = Vec<Option<Attempt>>;

/// Keeps the chain of two that is looked at; the first if they are alike.
pub(super) fn keep_better(here: &mut Option<Attempt>, other: &Attempt) {
    if here.as_ref().is_none_or(|here| other.rank() > here.rank()) {
        *here = Some(*other);
    }
}

/// Puts chains that arrived where they stand from now on. What stood there stays if it may and is not worse.
pub(super) fn settle(standing: &mut Standing, arrived: &Standing, kept: u32) {
    for (step, (here, arrived)) in standing.iter_mut().zip(arrived).enumerate() {
        if kept >> step & 1 == 0 {
            *here = None;
        }
        if let Some(arrived) = arrived {
            keep_better(here, arrived);
        }
    }
}
