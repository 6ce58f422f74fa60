//! When people come: the hours of a day and the days of a week, by their own clocks.

use super::random::Random;

/// A second, in milliseconds.
pub(super) const SECOND: i64 = 1_000;
/// A minute, in milliseconds.
pub(super) const MINUTE: i64 = 60 * SECOND;
/// An hour, in milliseconds.
pub(super) const HOUR: i64 = 60 * MINUTE;
/// A day, in milliseconds.
pub(super) const DAY: i64 = 24 * HOUR;

/// How busy each hour is: quiet nights, a bump at noon, most in the evening.
const HOURS: [f64; 24] = [
    0.35, 0.2, 0.12, 0.08, 0.08, 0.12, 0.3, 0.6, 0.85, 1.0, 1.05, 1.1, 1.25, 1.1, 1.0, 1.0, 1.05,
    1.15, 1.3, 1.55, 1.75, 1.7, 1.3, 0.75,
];
/// How busy each day is, from Monday: people buy coffee on Sundays.
const WEEKDAYS: [f64; 7] = [0.95, 0.92, 0.95, 1.0, 0.9, 1.1, 1.25];
/// 1 January 1970 was a Thursday.
const WEEKDAY_OF_1970: i64 = 3;

/// Returns how busy the day is that begins at this instant, on average 1.
pub(super) fn weekday_weight(day_ms: i64) -> f64 {
    let weekday = (day_ms.div_euclid(DAY) + WEEKDAY_OF_1970).rem_euclid(7);
    let sum: f64 = WEEKDAYS.iter().sum();
    let busy = usize::try_from(weekday).ok().and_then(|at| WEEKDAYS.get(at));
    busy.copied().unwrap_or(1.0) * 7.0 / sum
}

/// Returns how busy an instant is where the clock is so many hours ahead of UTC, on average about 1.
pub(super) fn hour_weight(time_ms: i64, ahead: i64) -> f64 {
    let hour = (time_ms + ahead * HOUR).rem_euclid(DAY) / HOUR;
    usize::try_from(hour).ok().and_then(|at| HOURS.get(at)).copied().unwrap_or(1.0)
}

/// Returns an instant of the day that begins at `day_ms`, for somebody whose clock is so many hours ahead of UTC.
pub(super) fn moment(random: &mut Random, day_ms: i64, ahead: i64) -> i64 {
    let hours: Vec<usize> = (0..HOURS.len()).collect();
    let hour = *random.weighted(&hours, |hour| HOURS[*hour]);
    let hour = i64::try_from(hour).unwrap_or(0);
    // Below an hour of milliseconds, so it fits.
    let within = i64::try_from(random.below(HOUR.unsigned_abs())).unwrap_or(0);
    day_ms + (hour - ahead) * HOUR + within
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sundays_are_busy_and_tuesdays_are_not() {
        let sunday = 1_795_910_400_000; // 29 November 2026
        assert!(weekday_weight(sunday) > 1.2);
        assert!(weekday_weight(sunday + 2 * DAY) < 0.95);
    }

    #[test]
    fn evenings_are_busy_by_the_clock_of_the_place() {
        let mut random = Random::of(1, "test", 0);
        let (mut evening, mut night) = (0, 0);
        for _ in 0..5_000 {
            match (moment(&mut random, 0, -5) - 5 * HOUR).rem_euclid(DAY) / HOUR {
                19..22 => evening += 1,
                2..5 => night += 1,
                _ => {}
            }
        }
        assert!(evening > 10 * night, "{evening} in the evening, {night} at night");
    }
}
