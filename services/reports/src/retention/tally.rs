//! Counting the members of cohorts.

use super::{CohortAnswer, Counting, RetentionQuery};
use crate::bits;

/// A unit in a cohort. One that is in several is a member of each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member<'a> {
    /// Which cohort.
    pub(crate) cohort: usize,
    /// Which bit of `returns` is its column 0.
    pub(crate) base: usize,
    /// In which periods its return event happened.
    pub(crate) returns: &'a [u64],
}

impl Member<'_> {
    /// Returns whether it is retained in a column.
    pub(crate) fn is_retained(&self, counting: Counting, column: usize) -> bool {
        // Column 0 is all of the cohort, by definition.
        column == 0
            || match counting {
                Counting::On => bits::has(self.returns, self.base + column),
                Counting::OnOrAfter => {
                    bits::highest(self.returns).is_some_and(|last| last >= self.base + column)
                }
            }
    }
}

/// The numbers so far.
#[derive(Debug)]
pub(crate) struct Tally {
    counting: Counting,
    cohorts: Vec<CohortAnswer>,
}

impl Tally {
    /// Starts at zero.
    pub(crate) fn new(query: &RetentionQuery) -> Self {
        let empty = |cohort| CohortAnswer { size: 0, values: vec![0; query.columns_of(cohort)] };
        Self { counting: query.counting, cohorts: (0..query.cohorts.count()).map(empty).collect() }
    }

    /// Counts a member.
    #[inline]
    pub(crate) fn add(&mut self, member: &Member<'_>) {
        let CohortAnswer { size, values } = &mut self.cohorts[member.cohort];
        *size += 1;
        match self.counting {
            Counting::On => {
                for period in bits::ones(member.returns) {
                    // Periods before the cohort's, and those beyond the last column, are none of its columns.
                    let column = period.wrapping_sub(member.base);
                    if let Some(value) = values.get_mut(column) {
                        *value += 1;
                    }
                }
            }
            // Only the last return matters: it retains in all columns up to it, which `finish` adds up.
            Counting::OnOrAfter => {
                let last = bits::highest(member.returns).unwrap_or(0);
                let column = last.saturating_sub(member.base).min(values.len() - 1);
                values[column] += 1;
            }
        }
    }

    /// Adds the members of another one.
    pub(crate) fn join(mut self, other: Self) -> Self {
        for (sum, cohort) in self.cohorts.iter_mut().zip(other.cohorts) {
            sum.size += cohort.size;
            sum.values.iter_mut().zip(cohort.values).for_each(|(sum, value)| *sum += value);
        }
        self
    }

    /// Returns the numbers.
    pub(crate) fn finish(self) -> Vec<CohortAnswer> {
        let Self { counting, mut cohorts } = self;
        for CohortAnswer { size, values } in &mut cohorts {
            if counting == Counting::OnOrAfter {
                for column in (1..values.len()).rev() {
                    values[column - 1] += values[column];
                }
            }
            values[0] = *size;
        }
        cohorts
    }
}
