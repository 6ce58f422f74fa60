//! The best attempts of units by their breakdown values, kept until it is known which values are told apart.

use super::TAKEN_AT_ONCE;
use crate::engine::EngineError;
use crate::engine::ranking::Ranking;
use crate::engine::slots::Asker;
use crate::funnel::Way;
use crate::funnel::tally::Tally;

/// Units with a value.
#[derive(Default)]
pub(super) struct People {
    /// By value code, how many took the first step alone: of these nothing else is asked.
    first_only: Vec<u64>,
    /// Of the others, the value code and the steps.
    others: Vec<(u32, u32)>,
    times_ms: Vec<i64>,
    /// What the others take that is not accounted for yet, in bytes.
    untaken: usize,
}

impl People {
    /// Adds a unit.
    ///
    /// # Errors
    /// `TooLarge` if it takes more memory than a question may.
    pub(super) fn add(
        &mut self,
        asker: &Asker,
        value: u32,
        way: Way<'_>,
    ) -> Result<(), EngineError> {
        if way.taken == 1 {
            let at = value as usize;
            if self.first_only.len() <= at {
                let longer = (at + 1).next_power_of_two();
                asker.take((longer - self.first_only.len()) * size_of::<u64>())?;
                self.first_only.resize(longer, 0);
            }
            self.first_only[at] += 1;
            return Ok(());
        }
        self.untaken += size_of::<(u32, u32)>() + size_of_val(way.times_ms);
        if self.untaken >= TAKEN_AT_ONCE {
            asker.take(std::mem::take(&mut self.untaken))?;
        }
        self.others.push((value, way.taken));
        self.times_ms.extend_from_slice(way.times_ms);
        Ok(())
    }

    /// Adds how many there are of each value.
    pub(super) fn totals(&self, totals: &mut [u64]) {
        for (total, count) in totals.iter_mut().zip(&self.first_only) {
            *total += count;
        }
        for (value, _) in &self.others {
            totals[*value as usize] += 1;
        }
    }

    /// Adds all to the tallies of their values.
    pub(super) fn tally(&self, ranking: &Ranking, tallies: &mut [Tally]) {
        for (value, count) in (0_u32..).zip(&self.first_only).filter(|(_, count)| **count > 0) {
            if let Some(line) = ranking.line(value) {
                tallies[line].add_first(*count);
            }
        }
        let mut rest = self.times_ms.as_slice();
        for (value, taken) in &self.others {
            let (times_ms, after) = rest.split_at(taken.count_ones() as usize);
            rest = after;
            if let Some(line) = ranking.line(*value) {
                tallies[line].add(Way { taken: *taken, times_ms });
            }
        }
    }
}
