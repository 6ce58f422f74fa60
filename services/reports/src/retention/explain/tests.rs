//! What is told of each event.

use chrono_tz::Tz;

use super::super::Period;
use super::*;
use crate::query::{CountedBy, Filter, Range, Selector};
use crate::trends::buckets::{Buckets, Interval};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn query(kind: Kind, counting: Counting, windows: Windows) -> RetentionQuery {
    let range = Range { start_ms: 10 * DAY_MS, end_ms: 20 * DAY_MS };
    let event = |name: &str| Selector { event: Some(name.into()), filter: Filter::everything() };
    RetentionQuery {
        range,
        cohorts: Buckets::new(range, Interval::Day, Tz::UTC).expect("few"),
        period: Period::Day,
        zone: Tz::UTC,
        columns: 8,
        start_event: event("start"),
        return_event: Some(event("return")),
        kind,
        counting,
        windows,
        filter: Filter::everything(),
        counted_by: CountedBy::Persons,
    }
}

fn at(days: f64, is_start: bool, is_return: bool) -> Moment {
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a few days")]
    let time_ms = (days * DAY_MS as f64) as i64;
    Moment { time_ms, is_start, is_return }
}

/// What is told of the events, and the summary.
struct Told {
    events: Vec<(Verdict, String)>,
    summary: String,
}

fn tell(
    query: &RetentionQuery,
    (cohort, column): (usize, usize),
    (in_cohort, retained): (bool, bool),
    events: &[Moment],
) -> Told {
    let start_ms = events.iter().find(|event| event.is_start).map(|event| event.time_ms);
    let case = Case::new(query, Cell { cohort, column }, Facts { in_cohort, retained, start_ms });
    Told { events: events.iter().map(|event| case.event(event)).collect(), summary: case.summary() }
}

fn verdicts(told: &Told) -> Vec<Verdict> {
    told.events.iter().map(|(verdict, _)| *verdict).collect()
}

#[test]
fn a_first_start_before_the_range_is_what_keeps_somebody_out() {
    let query = query(Kind::FirstTime, Counting::On, Windows::Calendar);
    let events = [at(9.9, true, false), at(10.1, true, false), at(11.1, false, true)];
    let told = tell(&query, (0, 1), (false, false), &events);
    assert_eq!(verdicts(&told), [Verdict::Excluded, Verdict::NotCounted, Verdict::NotCounted]);
    assert_eq!(
        told.summary,
        "Not in the cohort of 1970-01-11: the first start event of all time is before the range."
    );
}

#[test]
fn the_events_that_put_somebody_into_a_cell_are_counted() {
    let query = query(Kind::Recurring, Counting::On, Windows::Calendar);
    let events = [at(10.1, true, true), at(11.1, true, true), at(12.1, false, true)];
    let told = tell(&query, (0, 1), (true, true), &events);
    assert_eq!(verdicts(&told), [Verdict::Counted, Verdict::Counted, Verdict::NotCounted]);
    assert_eq!(
        told.events[1].1,
        "A start event is in another cohort, that of 1970-01-12. A return event in column 1."
    );
    assert_eq!(
        told.summary,
        "In the cohort of 1970-01-11 and in column 1: there is a return event in it."
    );
}

#[test]
fn rolling_columns_are_told_from_the_earliest_start() {
    let query = query(Kind::Recurring, Counting::OnOrAfter, Windows::Rolling);
    let events =
        [at(10.2, false, true), at(10.5, true, false), at(11.4, true, true), at(12.6, false, true)];
    let told = tell(&query, (0, 1), (true, true), &events);
    let reasons: Vec<_> = told.events.iter().map(|(_, reason)| reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "A return event before column 0.",
            "The earliest start event in the range is in the cohort of 1970-01-11.",
            "Not the earliest start event in the range: only that one puts somebody into a cohort. \
             A return event in column 0, before 1.",
            "A return event in column 2: in 1 or after it.",
        ]
    );
    let other = tell(&query, (1, 0), (false, false), &events);
    assert_eq!(
        other.summary,
        "Not in the cohort of 1970-01-12: the earliest start event in the range is in that of 1970-01-11."
    );
}

#[test]
fn somebody_without_a_start_event_is_told_so() {
    let query = query(Kind::FirstTime, Counting::On, Windows::Calendar);
    let told = tell(&query, (2, 0), (false, false), &[at(12.5, false, true)]);
    assert_eq!(
        told.summary,
        "Not in the cohort of 1970-01-13: there is no start event in the range."
    );
    let told = tell(&query, (2, 0), (true, true), &[at(12.5, true, true)]);
    assert_eq!(told.summary, "In the cohort of 1970-01-13, and so in column 0.");
    assert_eq!(verdicts(&told), [Verdict::Counted]);
}
