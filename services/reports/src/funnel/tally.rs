//! Adding units up to steps, times and a histogram.

use super::fold::Way;
use super::histogram::histogram;
use super::{StepAnswer, TimeBucket};
use crate::percentile::median;

/// Units and times of each step.
#[derive(Clone, Debug)]
pub struct Tally {
    persons: Vec<u64>,
    /// By step, the times from the step taken before, in milliseconds; nothing for the first.
    waits_ms: Vec<Vec<i64>>,
    /// From the first step to the last one.
    wholes_ms: Vec<i64>,
}

impl Tally {
    /// Starts without units, for a funnel of so many steps.
    #[must_use]
    pub fn new(steps: usize) -> Self {
        Self { persons: vec![0; steps], waits_ms: vec![Vec::new(); steps], wholes_ms: Vec::new() }
    }

    /// Adds units that took the first step alone.
    pub fn add_first(&mut self, units: u64) {
        self.persons[0] += units;
    }

    /// Adds a unit with its best attempt.
    pub fn add(&mut self, way: Way<'_>) {
        let mut taken = way.taken;
        let mut before: Option<i64> = None;
        for time in way.times_ms {
            let step = taken.trailing_zeros() as usize;
            taken &= taken - 1;
            self.persons[step] += 1;
            if let Some(before) = before {
                self.waits_ms[step].push(time - before);
            }
            before = Some(*time);
        }
        if way.depth() == self.persons.len()
            && let [first, .., last] = way.times_ms
        {
            self.wholes_ms.push(last - first);
        }
    }

    /// Adds another one's units.
    pub fn join(&mut self, other: Self) {
        for (persons, more) in self.persons.iter_mut().zip(other.persons) {
            *persons += more;
        }
        for (waits, more) in self.waits_ms.iter_mut().zip(other.waits_ms) {
            waits.extend(more);
        }
        self.wholes_ms.extend(other.wholes_ms);
    }

    /// Returns what came of all.
    #[must_use]
    pub fn finish(self) -> (Vec<StepAnswer>, Vec<TimeBucket>) {
        let steps = self.persons.into_iter().zip(self.waits_ms);
        let answers = steps.map(|(persons, mut waits)| StepAnswer {
            persons,
            average_ms: average(&waits),
            median_ms: median(&mut waits, as_number),
        });
        (answers.collect(), histogram(&self.wholes_ms))
    }
}

#[expect(clippy::cast_precision_loss, reason = "366 days of milliseconds are far below 2^53")]
fn as_number(ms: i64) -> f64 {
    ms as f64
}

#[expect(clippy::cast_precision_loss, reason = "a mean of milliseconds")]
fn average(values: &[i64]) -> Option<f64> {
    let sum: i128 = values.iter().map(|value| i128::from(*value)).sum();
    (!values.is_empty()).then(|| sum as f64 / values.len() as f64)
}
