//! Adding persons up to steps and medians.

use crate::funnel::StepAnswer;

/// How far each person came, and its breakdown value.
pub(super) struct People {
    /// The value code, and how many times follow.
    persons: Vec<(u32, u32)>,
    times_ms: Vec<i64>,
}

impl People {
    pub(super) fn new() -> Self {
        Self { persons: Vec::new(), times_ms: Vec::new() }
    }

    /// Adds a person with the times of the steps it took.
    pub(super) fn add(&mut self, value: u32, times_ms: &[i64]) {
        let depth = u32::try_from(times_ms.len()).expect("at most 20 steps");
        self.persons.push((value, depth));
        self.times_ms.extend_from_slice(times_ms);
    }

    /// Hands out every person.
    pub(super) fn each(&self, mut person: impl FnMut(u32, &[i64])) {
        let mut rest = self.times_ms.as_slice();
        for (value, depth) in &self.persons {
            let (times, after) = rest.split_at(*depth as usize);
            person(*value, times);
            rest = after;
        }
    }
}

/// Persons and times of each step.
pub(super) struct Tally {
    persons: Vec<u64>,
    /// By step, the times from the previous one, in milliseconds; nothing for the first.
    waits_ms: Vec<Vec<i64>>,
}

impl Tally {
    pub(super) fn new(steps: usize) -> Self {
        Self { persons: vec![0; steps], waits_ms: vec![Vec::new(); steps] }
    }

    /// Adds a person with the times of the steps it took.
    pub(super) fn add(&mut self, times_ms: &[i64]) {
        for (step, time) in times_ms.iter().enumerate() {
            self.persons[step] += 1;
            if step > 0 {
                self.waits_ms[step].push(time - times_ms[step - 1]);
            }
        }
    }

    pub(super) fn finish(self) -> Vec<StepAnswer> {
        let steps = self.persons.into_iter().zip(self.waits_ms);
        steps
            .map(|(persons, mut waits)| StepAnswer { persons, median_ms: median(&mut waits) })
            .collect()
    }
}

/// Returns the exact median, between the two in the middle where their number is even; `None` without values.
#[expect(clippy::cast_precision_loss, reason = "366 days of milliseconds are far below 2^53")]
fn median(values: &mut [i64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let middle = values.len() / 2;
    let is_even = values.len().is_multiple_of(2);
    let (below, upper, _) = values.select_nth_unstable(middle);
    let upper = *upper as f64;
    if !is_even {
        return Some(upper);
    }
    let lower = below.iter().max().map_or(upper, |lower| *lower as f64);
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        assert_eq!(median(&mut []), None);
        assert_eq!(median(&mut [7]), Some(7.0));
        assert_eq!(median(&mut [9, 1, 5]), Some(5.0));
        assert_eq!(median(&mut [10, 1, 4, 9]), Some(6.5));
    }
}
