//! When an error is a spike: much more of it than of late.
//!
//! Judged from the times of one group's events alone, so that the overview, the page of errors and the worker that opens
//! incidents say the same at the same moment. All windows slide: what begins now is seen now, not at the next full five
//! minutes.
//!
//! - It **begins** when a window of five minutes has ten events, or events of five persons, and five times the baseline.
//! - The **baseline** is what the group had in five minutes on average over the 24 hours before the window, and at least
//!   one event, so that an error that wakes up after a long silence is a spike, too, and a trickle is none.
//! - It is said to have begun with the first event of the streak: the first minute in that window that was as loud as the
//!   end of a spike would be.
//! - It **ends** when it is quiet, or when two windows together have less than twice the baseline each. Quiet means: no
//!   event for as long as ten would have taken at the spike's own pace, from one minute to ten. A loud error that stops is
//!   over after a minute; one that came every minute is waited for.
//! - After 24 hours it ends in any case. Whatever still goes on then is the new baseline.

/// The window, in milliseconds.
pub(crate) const WINDOW_MS: i64 = 5 * MINUTE_MS;
/// The events of a window from which on it may be a spike.
const EVENTS_MIN: usize = 10;
/// The persons from which on it may be a spike with fewer events.
const PERSONS_MIN: usize = 5;
/// How many times the baseline a window must have.
const RISE: f64 = 5.0;
/// Below how many times the baseline it is over.
const FALL: f64 = 2.0;
/// The smallest baseline, in events a window.
const BASELINE_MIN: f64 = 1.0;
/// What the baseline is the mean of.
const BASELINE_MS: i64 = 24 * HOUR_MS;
/// How many events a silence must have swallowed.
const QUIET_EVENTS: i64 = 10;
/// The shortest silence that ends a spike.
const QUIET_MS_MIN: i64 = MINUTE_MS;
/// The longest silence that does not.
pub(crate) const QUIET_MS_MAX: i64 = 2 * WINDOW_MS;
/// The longest spike.
const SPIKE_MS_MAX: i64 = 24 * HOUR_MS;
/// How far back events matter: the longest spike and the baseline before it.
pub(crate) const LOOKBACK_MS: i64 = SPIKE_MS_MAX + BASELINE_MS;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// One event of the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    /// When it happened, in milliseconds since 1970.
    pub(crate) time_ms: i64,
    /// Whose it is; `None` for nobody.
    pub(crate) person: Option<u32>,
}

/// A spike under way.
#[derive(Clone, Copy, Debug)]
struct Spike {
    /// The place of its first event.
    first: usize,
    /// Events a window before it began.
    baseline: f64,
}

/// Returns since when the group is a spike, in milliseconds since 1970; `None` if it is none. `hits` are the group's events
/// of the last [`LOOKBACK_MS`] up to `now_ms`, sorted by time.
pub(crate) fn since(hits: &[Hit], now_ms: i64) -> Option<i64> {
    let mut spike: Option<Spike> = None;
    // Events of a spike that is over begin no other.
    let mut fresh = 0;
    for (at, hit) in hits.iter().enumerate() {
        if let Some(under_way) = spike
            && is_over(&hits[..at], under_way, hit.time_ms)
        {
            spike = None;
            fresh = at;
        }
        if spike.is_none() {
            spike = begin(&hits[..=at], fresh);
        }
    }
    let spike = spike.filter(|spike| !is_over(hits, *spike, now_ms))?;
    Some(hits[spike.first].time_ms)
}

/// Returns the spike that begins with the last of these events; only those from `fresh` on may be part of it.
fn begin(hits: &[Hit], fresh: usize) -> Option<Spike> {
    let now_ms = hits.last()?.time_ms;
    let window = after(hits, now_ms - WINDOW_MS).max(fresh);
    let events = &hits[window..];
    if events.len() < PERSONS_MIN || (events.len() < EVENTS_MIN && persons(events) < PERSONS_MIN) {
        return None;
    }
    let baseline = baseline(hits, now_ms - WINDOW_MS);
    if count(events.len()) < RISE * baseline {
        return None;
    }
    let loud = FALL * baseline * share(MINUTE_MS, WINDOW_MS);
    let is_loud = |at: &usize| {
        let start = hits[*at].time_ms;
        let minute = hits[*at..].iter().take_while(|hit| hit.time_ms < start + MINUTE_MS);
        count(minute.count()) >= loud
    };
    let first = (window..hits.len()).find(is_loud).unwrap_or(window);
    Some(Spike { first, baseline })
}

/// Returns whether a spike with these events, and none after them, is over at a moment.
fn is_over(hits: &[Hit], spike: Spike, now_ms: i64) -> bool {
    let (first_ms, last) = (hits[spike.first].time_ms, hits.len() - 1);
    let last_ms = hits[last].time_ms;
    if now_ms - first_ms > SPIKE_MS_MAX {
        return true;
    }
    let gaps = i64::try_from(last - spike.first).unwrap_or(i64::MAX).max(1);
    let quiet_ms = ((last_ms - first_ms) / gaps).saturating_mul(QUIET_EVENTS);
    if now_ms - last_ms >= quiet_ms.clamp(QUIET_MS_MIN, QUIET_MS_MAX) {
        return true;
    }
    let is_below = |end_ms: i64| {
        let window = after(hits, end_ms - WINDOW_MS)..after(hits, end_ms);
        count(window.len()) < FALL * spike.baseline
    };
    now_ms - first_ms >= 2 * WINDOW_MS && is_below(now_ms) && is_below(now_ms - WINDOW_MS)
}

/// Returns the events a window on average over the day up to a moment.
fn baseline(hits: &[Hit], end_ms: i64) -> f64 {
    let events = after(hits, end_ms) - after(hits, end_ms - BASELINE_MS);
    (count(events) * share(WINDOW_MS, BASELINE_MS)).max(BASELINE_MIN)
}

/// Returns the place of the first event later than a moment.
fn after(hits: &[Hit], time_ms: i64) -> usize {
    hits.partition_point(|hit| hit.time_ms <= time_ms)
}

fn persons(hits: &[Hit]) -> usize {
    let mut persons: Vec<u32> = hits.iter().filter_map(|hit| hit.person).collect();
    persons.sort_unstable();
    persons.dedup();
    persons.len()
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn count(events: usize) -> f64 {
    events as f64
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of days are far below 2^53")]
fn share(part_ms: i64, whole_ms: i64) -> f64 {
    part_ms as f64 / whole_ms as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_MS: i64 = 1_000;
    /// The moment of judgement in most tests.
    const NOW: i64 = 100 * 24 * HOUR_MS;

    /// `count` events `gap_ms` apart, the first at `start_ms`, by `persons` in turn.
    fn hits(start_ms: i64, gap_ms: i64, count: u32, persons: u32) -> Vec<Hit> {
        let hit = |n: u32| Hit {
            time_ms: start_ms + i64::from(n) * gap_ms,
            person: n.checked_rem(persons),
        };
        (0..count).map(hit).collect()
    }

    fn joined(parts: &[&[Hit]]) -> Vec<Hit> {
        let mut all = parts.concat();
        all.sort_by_key(|hit| hit.time_ms);
        all
    }

    #[test]
    fn ten_events_or_five_persons_within_five_minutes_are_a_spike_of_a_silent_error() {
        let start = NOW - 60 * SECOND_MS;
        assert_eq!(since(&hits(start, 6_000, 10, 1), NOW), Some(start));
        assert_eq!(since(&hits(start, 6_000, 9, 1), NOW), None);
        assert_eq!(since(&hits(start, 12_000, 5, 5), NOW), Some(start));
        assert_eq!(since(&hits(start, 12_000, 5, 4), NOW), None);
        assert_eq!(since(&hits(start, 12_000, 5, 0), NOW), None, "nobody is no person");
        assert_eq!(since(&hits(start - 10 * MINUTE_MS, 60_000, 10, 1), NOW), None, "too slow");
        assert_eq!(since(&[], NOW), None);
    }

    #[test]
    fn a_handful_of_people_is_seen_within_fifteen_seconds() {
        let start = NOW - 15 * SECOND_MS;
        assert_eq!(since(&hits(start, 1_000, 15, 3), NOW), Some(start));
    }

    #[test]
    fn an_error_that_always_comes_is_a_spike_only_when_it_rises() {
        let steady = hits(NOW - LOOKBACK_MS, 30 * SECOND_MS, 2 * 24 * 120, 7);
        assert_eq!(since(&steady, NOW), None, "ten in five minutes, as ever");
        let start = NOW - 2 * MINUTE_MS;
        let more = joined(&[&steady, &hits(start + 500, SECOND_MS, 119, 7)]);
        let found = since(&more, NOW).expect("five times as much");
        assert!((start - MINUTE_MS..=start + MINUTE_MS).contains(&found), "{}", found - start);
        let little = joined(&[&steady, &hits(start, 6 * SECOND_MS, 20, 7)]);
        assert_eq!(since(&little, NOW), None, "three times as much");
    }

    #[test]
    fn an_error_that_stops_is_over_after_a_silence_that_fits_its_pace() {
        let fast = hits(NOW, SECOND_MS, 60, 3);
        let last = NOW + 59 * SECOND_MS;
        assert!(since(&fast, last + 59 * SECOND_MS).is_some());
        assert_eq!(since(&fast, last + 60 * SECOND_MS), None);
        let slow = hits(NOW, 30 * SECOND_MS, 20, 20);
        let last = NOW + 19 * 30 * SECOND_MS;
        assert!(since(&slow, last + 299 * SECOND_MS).is_some());
        assert_eq!(since(&slow, last + 300 * SECOND_MS), None);
    }

    #[test]
    fn an_error_that_becomes_rare_again_is_over_after_two_windows() {
        let loud = hits(NOW - 40 * MINUTE_MS - 30 * SECOND_MS, 30 * SECOND_MS, 41, 9);
        let rare = hits(NOW - 16 * MINUTE_MS, 295 * SECOND_MS, 4, 1);
        let all = joined(&[&loud, &rare]);
        assert!(since(&all[..=loud.len()], NOW - 15 * MINUTE_MS).is_some());
        assert_eq!(since(&all, NOW), None);
    }

    #[test]
    fn one_that_comes_back_is_another_spike() {
        let first = hits(NOW - 20 * MINUTE_MS, SECOND_MS, 60, 5);
        let again = NOW - 30 * SECOND_MS;
        let all = joined(&[&first, &hits(again, SECOND_MS, 30, 5)]);
        assert_eq!(since(&all, NOW), Some(again));
        let few =
            joined(&[&hits(NOW - 3 * MINUTE_MS, SECOND_MS, 60, 5), &hits(again, SECOND_MS, 4, 1)]);
        assert_eq!(since(&few, NOW), None, "what is over does not count once more");
    }

    #[test]
    fn what_goes_on_for_a_day_is_no_spike_any_more() {
        let start = NOW - 23 * HOUR_MS;
        let all = hits(start, 10 * SECOND_MS, 25 * 360, 9);
        let until =
            |now: i64| all.iter().copied().filter(|hit| hit.time_ms <= now).collect::<Vec<_>>();
        assert_eq!(since(&until(NOW), NOW), Some(start));
        let later = NOW + 90 * MINUTE_MS;
        assert_eq!(since(&until(later), later), None);
    }
}
