//! Random histories against the rules of retention, written down as plainly as possible.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::super::calendar::{
    DAY_MS, Happened, History, day_start, later, matches, period, periods, random_counted_by,
    random_filter, random_history, random_selector,
};
use super::super::oracle::Random;
use super::{explain, interval_of, rows};
use crate::explained_event::Verdict;
use crate::query::CountedBy;
use crate::retention::{Cell, Counting, Kind, Period, RetentionQuery, Wanted, Windows};
use crate::trends::buckets::{Buckets, Interval};

/// The rules, with what they need again and again.
struct Rules<'a> {
    query: &'a RetentionQuery,
    interval: Interval,
    cohorts: Vec<NaiveDate>,
    units: BTreeMap<String, Vec<&'a Happened>>,
}

impl<'a> Rules<'a> {
    fn new(query: &'a RetentionQuery, history: &'a History) -> Self {
        let interval = interval_of(query.period);
        let cohorts = periods(query.range, interval, query.zone);
        Self { query, interval, cohorts, units: history.units(&query.counted_by) }
    }

    /// The units of the cohort, and those of them that are retained in the column.
    fn units_of(&self, cell: Cell) -> (BTreeSet<String>, BTreeSet<String>) {
        let (mut members, mut retained) = (BTreeSet::new(), BTreeSet::new());
        for (unit, events) in &self.units {
            let Some(start_ms) = self.start_of(events, cell) else { continue };
            members.insert(unit.clone());
            let came_back = || events.iter().any(|event| self.retains(event, cell, start_ms));
            if cell.column == 0 || came_back() {
                retained.insert(unit.clone());
            }
        }
        (members, retained)
    }

    fn is_of_cohort(&self, time_ms: i64, cohort: usize) -> bool {
        self.query.range.contains(time_ms)
            && period(time_ms, self.interval, self.query.zone) == self.cohorts[cohort]
    }

    /// When the unit's start event happened that puts it into the cohort.
    fn start_of(&self, events: &[&Happened], cell: Cell) -> Option<i64> {
        start_in(events, self.query, |time_ms| self.is_of_cohort(time_ms, cell.cohort))
    }

    /// Whether an event of a unit in the cohort, which started then, retains it in the column.
    fn retains(&self, event: &Happened, cell: Cell, start_ms: i64) -> bool {
        let query = self.query;
        if !query.range.contains(event.time_ms)
            || !matches(event, query.return_event(), &query.filter)
        {
            return false;
        }
        let count = u32::try_from(cell.column).expect("small");
        let wanted = later(self.cohorts[cell.cohort], count, self.interval);
        let is_in = period(event.time_ms, self.interval, query.zone);
        match (query.windows, query.counting) {
            (Windows::Calendar, Counting::On) => is_in == wanted,
            (Windows::Calendar, Counting::OnOrAfter) => is_in >= wanted,
            (Windows::Rolling, counting) => {
                let days = match query.period {
                    Period::Day => 1,
                    Period::Week => 7,
                    Period::Month => 30,
                };
                let from = start_ms + i64::from(count) * days * DAY_MS;
                let has_ended = event.time_ms >= from + days * DAY_MS;
                event.time_ms >= from && !(counting == Counting::On && has_ended)
            }
        }
    }

    /// How many columns a cohort has.
    fn columns_of(&self, cohort: usize) -> usize {
        let query = self.query;
        let first = self.cohorts[cohort];
        let begins = |column: usize| match query.windows {
            Windows::Calendar => {
                let column = u32::try_from(column).expect("small");
                day_start(later(first, column, self.interval), query.zone)
            }
            Windows::Rolling => {
                let start_ms = day_start(first, query.zone).max(query.range.start_ms);
                start_ms + i64::try_from(column).expect("small") * query.period.rolling_ms()
            }
        };
        (0..query.columns).take_while(|column| begins(*column) < query.range.end_ms).count()
    }
}

/// When the unit's start event happened that puts it into the cohort whose times are given.
fn start_in(
    events: &[&Happened],
    query: &RetentionQuery,
    is_of_cohort: impl Fn(i64) -> bool,
) -> Option<i64> {
    let starts: Vec<_> = events
        .iter()
        .filter(|event| matches(event, &query.start_event, &query.filter))
        .map(|event| event.time_ms)
        .collect();
    let inside: Vec<_> =
        starts.iter().copied().filter(|time_ms| query.range.contains(*time_ms)).collect();
    let candidates = match (query.kind, query.windows) {
        (Kind::FirstTime, _) => {
            let first: Vec<_> = starts.first().copied().into_iter().collect();
            first.into_iter().filter(|time_ms| query.range.contains(*time_ms)).collect()
        }
        (Kind::Recurring, Windows::Rolling) => inside[..inside.len().min(1)].to_vec(),
        (Kind::Recurring, Windows::Calendar) => inside,
    };
    candidates.into_iter().find(|time_ms| is_of_cohort(*time_ms))
}

fn random_query(random: &mut Random, history: &History) -> RetentionQuery {
    let range = history.random_range(random);
    let period = match history.interval {
        Interval::Week => Period::Week,
        Interval::Month => Period::Month,
        Interval::Day | Interval::Hour => Period::Day,
    };
    RetentionQuery {
        range,
        cohorts: Buckets::new(range, history.interval, history.zone).expect("few"),
        period,
        zone: history.zone,
        columns: 1 + usize::try_from(random.below(10)).expect("small"),
        start_event: random_selector(random),
        return_event: (random.below(3) > 0).then(|| random_selector(random)),
        kind: [Kind::FirstTime, Kind::Recurring][usize::from(random.below(2) == 0)],
        counting: [Counting::On, Counting::OnOrAfter][usize::from(random.below(2) == 0)],
        windows: [Windows::Calendar, Windows::Rolling][usize::from(random.below(2) == 0)],
        filter: random_filter(random),
        counted_by: random_counted_by(random),
    }
}

#[test]
fn retention_equals_the_naive_one() {
    let mut random = Random::new(0x2545_F491_4F6C_DD1D);
    for round in 0..250 {
        let history = random_history(&mut random);
        for _ in 0..4 {
            let query = random_query(&mut random, &history);
            let told = || format!("round {round}: {query:?}\n{:?}", history.events);
            let answer = rows(&history.world, &query);
            let rules = Rules::new(&query, &history);
            assert_eq!(answer.len(), rules.cohorts.len(), "{}", told());
            for (cohort, found) in answer.iter().enumerate() {
                let expected: Vec<_> = (0..rules.columns_of(cohort))
                    .map(|column| rules.units_of(Cell { cohort, column }).1.len() as u64)
                    .collect();
                assert_eq!(*found, expected, "cohort {cohort}, {}", told());
            }
        }
    }
}

#[test]
fn the_units_behind_each_number_are_the_naive_ones() {
    let mut random = Random::new(0x1234_5678_9ABC_DEF1);
    for round in 0..250 {
        let history = random_history(&mut random);
        let query = random_query(&mut random, &history);
        let cell = random_cell(&mut random, &query);
        let (members, retained) = Rules::new(&query, &history).units_of(cell);
        let dropped: BTreeSet<_> = members.difference(&retained).cloned().collect();
        for (wanted, expected) in [(Wanted::Retained, &retained), (Wanted::DroppedOff, &dropped)] {
            let found = history
                .world
                .ask(|view| crate::engine::retention::behind(view, &query, cell, wanted));
            let found = history.world.unit_ids(&query.counted_by, &found);
            assert_eq!(found, *expected, "round {round}: {cell:?} {query:?}\n{:?}", history.events);
        }
    }
}

#[test]
fn each_person_is_told_of_its_events_as_the_rules_judge_them() {
    let mut random = Random::new(0x0F1E_2D3C_4B5A_6978);
    for round in 0..250 {
        let history = random_history(&mut random);
        let query = RetentionQuery {
            counted_by: CountedBy::Persons,
            ..random_query(&mut random, &history)
        };
        let cell = random_cell(&mut random, &query);
        let rules = Rules::new(&query, &history);
        let (members, retained) = rules.units_of(cell);
        for (person, events) in &rules.units {
            let told = explain(&history.world, &query, cell, person);
            let context = || format!("round {round}: {person} {cell:?} {query:?}\n{events:?}");
            assert_eq!(
                (told.in_cohort, told.retained),
                (members.contains(person), retained.contains(person)),
                "{}",
                context()
            );
            let mut found: Vec<_> =
                told.events.iter().map(|event| (event.time_ms, event.told.verdict)).collect();
            let mut expected = verdicts(&rules, events, cell);
            found.sort_unstable();
            expected.sort_unstable();
            assert_eq!(found, expected, "{}\n{told:?}", context());
        }
    }
}

fn random_cell(random: &mut Random, query: &RetentionQuery) -> Cell {
    let mut below = |count: usize| usize::try_from(random.below(count as u64)).expect("small");
    let cohort = below(query.cohorts.count());
    Cell { cohort, column: below(query.columns_of(cohort)) }
}

/// What comes of each event that is told, by the rules: those in the range, and the first start of all time.
fn verdicts(rules: &Rules<'_>, events: &[&Happened], cell: Cell) -> Vec<(i64, Verdict)> {
    let query = rules.query;
    let start_ms = rules.start_of(events, cell);
    let has_one = query.kind == Kind::FirstTime || query.windows == Windows::Rolling;
    let first_ms = events
        .iter()
        .find(|event| matches(event, &query.start_event, &query.filter))
        .map(|event| event.time_ms);
    let told = events.iter().filter_map(|event| {
        let is_start = matches(event, &query.start_event, &query.filter);
        let is_return = matches(event, query.return_event(), &query.filter);
        let time_ms = event.time_ms;
        let is_excluding = query.kind == Kind::FirstTime
            && is_start
            && time_ms < query.range.start_ms
            && first_ms == Some(time_ms);
        if !(is_start || is_return) || !(query.range.contains(time_ms) || is_excluding) {
            return None;
        }
        let starts = is_start
            && start_ms.is_some_and(|start_ms| {
                rules.is_of_cohort(time_ms, cell.cohort) && (!has_one || time_ms == start_ms)
            });
        let comes_back = cell.column > 0
            && start_ms.is_some_and(|start_ms| rules.retains(event, cell, start_ms));
        let verdict = match (starts || comes_back, is_excluding) {
            (true, _) => Verdict::Counted,
            (false, true) => Verdict::Excluded,
            (false, false) => Verdict::NotCounted,
        };
        Some((time_ms, verdict))
    });
    told.collect()
}
