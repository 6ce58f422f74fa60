//! Medians and percentiles, exactly.

/// Returns a percentile of numbers, 0-100, given in order and each with how often it occurs: between the two numbers nearest to
/// its place, by how near it is to each (linear interpolation). `None` if none occurs.
pub(crate) fn percentile(
    percent: u8,
    counted: &(impl Iterator<Item = (f64, u64)> + Clone),
) -> Option<f64> {
    let count: u64 = counted.clone().map(|(_, count)| count).sum();
    // In hundredths of a place, so that it is exact.
    let place = u128::from(percent) * u128::from(count.checked_sub(1)?);
    let (lower, beyond) = (place / 100, place % 100);
    let number = |wanted: u128| {
        let mut passed = 0;
        let found = counted.clone().find(|(_, count)| {
            passed += u128::from(*count);
            passed > wanted
        });
        found.map(|(number, _)| number)
    };
    let low = number(lower)?;
    if beyond == 0 {
        return Some(low);
    }
    let high = number(lower + 1)?;
    if low.total_cmp(&high).is_eq() {
        return Some(low);
    }
    #[expect(clippy::cast_precision_loss, reason = "it is below 100")]
    let share = beyond as f64 / 100.0;
    // Not by their difference, which may be larger than any number.
    Some(low * (1.0 - share) + high * share)
}

/// Returns the median, between the two in the middle where their number is even; `None` without values. Puts them in another
/// order.
pub(crate) fn median<T: Copy + Ord>(values: &mut [T], number: impl Fn(T) -> f64) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let middle = values.len() / 2;
    let is_even = values.len().is_multiple_of(2);
    let (below, upper, _) = values.select_nth_unstable(middle);
    let upper = number(*upper);
    match below.iter().max() {
        Some(lower) if is_even => Some(f64::midpoint(number(*lower), upper)),
        _ => Some(upper),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_lie_between_their_neighbours() {
        let of = |percent, counted: &[(f64, u64)]| percentile(percent, &counted.iter().copied());
        let once = [(1.0, 1), (2.0, 1), (10.0, 1), (20.0, 1)];
        assert_eq!(of(50, &once), Some(6.0));
        assert_eq!(of(90, &once), Some(17.0));
        assert_eq!(of(0, &once), Some(1.0));
        assert_eq!(of(100, &once), Some(20.0));
        assert_eq!(of(95, &[(10.0, 1)]), Some(10.0));
        assert_eq!(of(50, &[(1.0, 3), (20.0, 2)]), Some(1.0));
        assert_eq!(of(50, &[(-f64::MAX, 1), (f64::MAX, 1)]), Some(0.0));
        assert_eq!(of(50, &[]), None);
        assert_eq!(of(50, &[(1.0, 0)]), None);
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        let of = |values: &mut [u32]| median(values, f64::from);
        assert_eq!(of(&mut []), None);
        assert_eq!(of(&mut [7]), Some(7.0));
        assert_eq!(of(&mut [9, 1, 5]), Some(5.0));
        assert_eq!(of(&mut [10, 1, 4, 9]), Some(6.5));
    }
}
