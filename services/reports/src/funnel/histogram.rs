//! How long persons needed: a histogram.

/// The most buckets.
const BUCKETS_MAX: u64 = 20;

/// Persons by how long they needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeBucket {
    /// The shortest time in it, in milliseconds.
    pub from_ms: i64,
    /// Where it ends, in milliseconds; the end is inside in the last bucket only.
    pub to_ms: i64,
    /// How many persons.
    pub persons: u64,
}

/// Sorts times into buckets of equal length, in whole milliseconds: the cube root of their number, 1-20. None without times.
pub(super) fn histogram(times_ms: &[i64]) -> Vec<TimeBucket> {
    let (Some(shortest), Some(longest)) = (times_ms.iter().min(), times_ms.iter().max()) else {
        return Vec::new();
    };
    let span = longest.abs_diff(*shortest);
    let wanted = (1..BUCKETS_MAX).find(|n| n.pow(3) >= times_ms.len() as u64);
    let length = span.div_ceil(wanted.unwrap_or(BUCKETS_MAX)).max(1);
    // Lengths are whole milliseconds, so fewer buckets may do.
    let count = span.div_ceil(length).max(1);
    // If all needed the same time, the one bucket has no length.
    let at =
        |bucket: u64| shortest.saturating_add_unsigned(if span == 0 { 0 } else { bucket * length });
    let mut persons = vec![0; usize::try_from(count).expect("at most 20")];
    for time in times_ms {
        let bucket = (time.abs_diff(*shortest) / length).min(count - 1);
        persons[usize::try_from(bucket).expect("at most 20")] += 1;
    }
    let buckets = (0..count).zip(persons);
    let bucket =
        |(bucket, persons)| TimeBucket { from_ms: at(bucket), to_ms: at(bucket + 1), persons };
    buckets.map(bucket).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(times_ms: &[i64]) -> Vec<(i64, i64, u64)> {
        let all = histogram(times_ms);
        all.into_iter().map(|one| (one.from_ms, one.to_ms, one.persons)).collect()
    }

    #[test]
    fn nobody_has_no_bucket_and_one_time_has_one() {
        assert_eq!(told(&[]), []);
        assert_eq!(told(&[7]), [(7, 7, 1)]);
        assert_eq!(told(&[7; 30]), [(7, 7, 30)]);
    }

    #[test]
    fn the_longest_time_is_in_the_last_bucket() {
        assert_eq!(told(&[0, 10]), [(0, 5, 1), (5, 10, 1)]);
        assert_eq!(told(&[0, 4, 5, 9, 10]), [(0, 5, 2), (5, 10, 3)]);
        assert_eq!(told(&[3, 4]), [(3, 4, 2)]);
    }

    #[test]
    fn there_are_as_many_as_the_cube_root_and_at_most_twenty() {
        let times = |n: i64| (0..n).collect::<Vec<_>>();
        assert_eq!(histogram(&times(8)).len(), 2);
        assert_eq!(histogram(&times(9)).len(), 3);
        assert_eq!(histogram(&times(100_000)).len(), 20);
        assert_eq!(histogram(&times(100_000)).iter().map(|one| one.persons).sum::<u64>(), 100_000);
    }
}
