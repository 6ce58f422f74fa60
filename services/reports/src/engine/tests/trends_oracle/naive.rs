//! What trends are, written down as plainly as possible.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, NaiveDateTime, TimeDelta};
use chrono::{NaiveTime, TimeZone as _};
use chrono_tz::Tz;

use crate::query::{CountedBy, Filter, Range, Scope};
use crate::trends::buckets::Interval;
use crate::trends::{Line, Math, Measure, Series, TrendPersonsQuery, TrendsQuery};

/// An event as it was sent.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) visitor: String,
    pub(super) name: &'static str,
    pub(super) time_ms: i64,
    /// Empty for none.
    pub(super) session: &'static str,
    /// The property `p`.
    pub(super) value: Option<&'static str>,
    /// The property `n`.
    pub(super) number: Option<&'static str>,
    pub(super) company: Option<&'static str>,
}

/// A project.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) events: Vec<Event>,
    /// The number of the person of each visitor that was mapped.
    pub(super) person_of: HashMap<String, u64>,
    /// The property `plan` of persons, as it is now.
    pub(super) plans: HashMap<u64, &'static str>,
}

/// Stretches of time in which events count, one for each bucket.
type Stretches = Vec<Range>;

impl History {
    /// The person or group of an event, `None` for nobody.
    fn who(&self, event: &Event, counted_by: &CountedBy) -> Option<String> {
        match counted_by {
            CountedBy::Groups(_) => event.company.map(str::to_owned),
            CountedBy::Persons if event.visitor == "null" => None,
            CountedBy::Persons => Some(match self.person_of.get(&event.visitor) {
                Some(number) => format!("person {number}"),
                None => event.visitor.clone(),
            }),
        }
    }

    fn plan(&self, event: &Event) -> Option<&'static str> {
        self.plans.get(self.person_of.get(&event.visitor)?).copied()
    }

    /// The filters of these tests are: all, `p` is x, the plan is pro.
    fn passes(&self, event: &Event, filter: &Filter) -> bool {
        match filter {
            Filter::Condition(condition) if condition.scope == Scope::Event => {
                event.value == Some("x")
            }
            Filter::Condition(_) => self.plan(event) == Some("pro"),
            _ => true,
        }
    }

    /// The events that one series may count, whenever they are.
    fn of_series(&self, query: &TrendsQuery, series: &Series) -> Vec<&Event> {
        let named = |event: &&Event| series.event.as_deref().is_none_or(|name| name == event.name);
        let passes = |event: &&Event| {
            self.passes(event, &query.filter) && self.passes(event, &series.filter)
        };
        self.events.iter().filter(named).filter(passes).collect()
    }

    /// The label of an event in the question's breakdown, before any is one of the others.
    fn label(&self, query: &TrendsQuery, event: &Event) -> &'static str {
        let breakdown = query.breakdown.as_ref().expect("there is one");
        let value = match breakdown.scope {
            Scope::Event => event.value,
            _ => self.plan(event),
        };
        value.unwrap_or("$none")
    }
}

fn number(event: &Event) -> Option<f64> {
    event.number.and_then(|text| text.parse().ok())
}

/// What a series counts of an event: nothing, or what is told apart.
fn counted(history: &History, query: &TrendsQuery, math: &Math, event: &Event) -> Option<String> {
    match math {
        Math::Total => Some(String::new()),
        Math::UniquePersons | Math::WeeklyActive | Math::MonthlyActive => {
            history.who(event, &query.counted_by)
        }
        Math::UniqueSessions => {
            Some(event.session.to_owned()).filter(|session| !session.is_empty())
        }
        Math::Measure(..) => number(event).map(|number| number.to_string()),
    }
}

/// What some events come to.
fn value(history: &History, query: &TrendsQuery, math: &Math, events: &[&Event]) -> f64 {
    let different: BTreeSet<_> =
        events.iter().filter_map(|event| counted(history, query, math, event)).collect();
    let count = |number: usize| f64::from(u32::try_from(number).expect("few"));
    let mut numbers: Vec<f64> = events.iter().filter_map(|event| number(event)).collect();
    numbers.sort_by(f64::total_cmp);
    match math {
        Math::Total => count(events.len()),
        Math::Measure(_, _) if numbers.is_empty() => 0.0,
        Math::Measure(Measure::Sum, _) => numbers.iter().sum(),
        Math::Measure(Measure::Average, _) => numbers.iter().sum::<f64>() / count(numbers.len()),
        Math::Measure(Measure::Minimum, _) => numbers[0],
        Math::Measure(Measure::Maximum, _) => numbers[numbers.len() - 1],
        Math::Measure(Measure::Percentile(percent), _) => {
            let place = f64::from(*percent) / 100.0 * count(numbers.len() - 1);
            let below = (0..numbers.len()).rev().find(|at| count(*at) <= place).expect("0 is");
            let above = (below + 1).min(numbers.len() - 1);
            numbers[below] + (numbers[above] - numbers[below]) * (place - count(below))
        }
        _ => count(different.len()),
    }
}

fn within<'a>(events: &[&'a Event], stretch: Range) -> Vec<&'a Event> {
    events.iter().filter(|event| stretch.contains(event.time_ms)).copied().collect()
}

/// One line: a number for each stretch, and the total.
fn line(
    history: &History,
    query: &TrendsQuery,
    math: &Math,
    events: &[&Event],
    (stretches, total): &(Stretches, Range),
) -> Line {
    let of = |stretch: Range| value(history, query, math, &within(events, stretch));
    let points = stretches.iter().map(|stretch| of(*stretch)).collect();
    Line { value: None, points, total: of(*total) }
}

/// The label that each value's events count under, the lines in order; of one series, or with a formula of all of them.
fn ranked(
    history: &History,
    query: &TrendsQuery,
    series: &[&Series],
    total: impl Fn(&[f64]) -> f64,
    times: &Times,
) -> (Vec<String>, BTreeMap<&'static str, String>) {
    let mut totals: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    for (at, one) in series.iter().enumerate() {
        let (stretches, whole) = times.of(&one.math);
        for event in history.of_series(query, one) {
            let is_inside = stretches.iter().any(|stretch| stretch.contains(event.time_ms));
            if !is_inside || counted(history, query, &one.math, event).is_none() {
                continue;
            }
            let label = history.label(query, event);
            if totals.contains_key(label) && totals[label][at] != 0.0 {
                continue;
            }
            let mut same = history.of_series(query, one);
            same.retain(|other| history.label(query, other) == label);
            let sum = value(history, query, &one.math, &within(&same, whole));
            totals.entry(label).or_insert_with(|| vec![0.0; series.len()])[at] = sum;
        }
    }
    let limit = query.breakdown.as_ref().expect("there is one").limit;
    let mut order: Vec<(&'static str, f64)> =
        totals.into_iter().map(|(label, totals)| (label, total(&totals))).collect();
    order.sort_by(|(a, a_total), (b, b_total)| b_total.total_cmp(a_total).then(a.cmp(b)));
    let (others, mut told): (Vec<_>, Vec<_>) =
        order.into_iter().map(|(label, _)| label).partition(|label| *label == "$other");
    let mut others = others;
    others.extend(told.drain(limit.min(told.len())..));
    let mut labels: Vec<String> = told.iter().map(|label| (*label).to_owned()).collect();
    if !others.is_empty() {
        labels.push("$other".into());
    }
    let all = ["x", "y", "z", "$none", "$other", "free", "pro"];
    let line = |label: &'static str| {
        let own = told.contains(&label);
        (own || !others.is_empty()).then(|| (label, if own { label } else { "$other" }.to_owned()))
    };
    (labels, all.into_iter().filter_map(line).collect())
}

/// When events count: in the buckets, in the total, and in the windows that end with buckets.
struct Times {
    buckets: Stretches,
    whole: Range,
    zone: Tz,
}

impl Times {
    fn of(&self, math: &Math) -> (Stretches, Range) {
        let days = match math {
            Math::WeeklyActive => 7,
            Math::MonthlyActive => 30,
            _ => return (self.buckets.clone(), self.whole),
        };
        let window = |bucket: &Range| Range {
            start_ms: back(bucket.end_ms, TimeDelta::days(days), self.zone),
            end_ms: bucket.end_ms,
        };
        let windows: Vec<_> = self.buckets.iter().map(window).collect();
        let last = windows[windows.len() - 1];
        (windows, last)
    }
}

/// The lines of all series.
fn lines(history: &History, query: &TrendsQuery, ranks: &Times, times: &Times) -> Vec<Vec<Line>> {
    let all: Vec<&Series> = query.series.iter().collect();
    let compute = |values: &[f64]| query.formula.as_ref().expect("given").compute(values);
    let together = query
        .breakdown
        .as_ref()
        .filter(|_| query.formula.is_some())
        .map(|_| ranked(history, query, &all, compute, ranks));
    let of_series = all.iter().map(|series| {
        let events = history.of_series(query, series);
        let stretches = times.of(&series.math);
        if query.breakdown.is_none() {
            return vec![line(history, query, &series.math, &events, &stretches)];
        }
        let own = || ranked(history, query, &[series], |totals| totals[0], ranks);
        let (labels, line_of) = together.clone().unwrap_or_else(own);
        let told = labels.into_iter().map(|label| {
            let is_on_it =
                |event: &&&Event| line_of.get(history.label(query, event)) == Some(&label);
            let events: Vec<_> = events.iter().filter(is_on_it).copied().collect();
            let line = line(history, query, &series.math, &events, &stretches);
            Line { value: Some(label), ..line }
        });
        told.collect()
    });
    let of_series: Vec<Vec<Line>> = of_series.collect();
    if query.formula.is_none() {
        return of_series;
    }
    let combined = (0..of_series[0].len()).map(|at| {
        let values = |of: &dyn Fn(&Line) -> f64| -> f64 {
            compute(&of_series.iter().map(|lines| of(&lines[at])).collect::<Vec<_>>())
        };
        Line {
            value: of_series[0][at].value.clone(),
            points: (0..times.buckets.len()).map(|n| values(&|line| line.points[n])).collect(),
            total: values(&|line| line.total),
        }
    });
    vec![combined.collect()]
}

/// The answer, and that for the time before.
pub(super) fn answer(
    history: &History,
    query: &TrendsQuery,
    interval: Interval,
) -> (Vec<Vec<Line>>, Option<Vec<Vec<Line>>>) {
    let now = times(query, interval);
    let before =
        query.previous.as_ref().map(|_| times_before(&now, interval, &starts(query, interval)));
    let series = lines(history, query, &now, &now);
    (series, before.map(|before| lines(history, query, &now, &before)))
}

/// Those of whom an event counts in a number.
pub(super) fn behind(
    history: &History,
    asked: &TrendPersonsQuery,
    interval: Interval,
) -> BTreeSet<String> {
    let query = &TrendsQuery { formula: None, ..asked.trends.clone() };
    let series = &query.series[asked.series];
    let now = times(query, interval);
    let (stretches, total) = now.of(&series.math);
    let stretch = asked.bucket.map_or(total, |bucket| stretches[bucket]);
    let mut events = within(&history.of_series(query, series), stretch);
    if let Some(value) = &asked.value {
        let (labels, line_of) = ranked(history, query, &[series], |totals| totals[0], &now);
        let _ = labels;
        let is_wanted = |event: &&Event| {
            let label = history.label(query, event);
            match line_of.get(label) {
                // A value has persons behind it by itself, also where it is one of the others.
                _ if value != "$other" => label == value,
                Some(line) => line == value,
                None => true,
            }
        };
        events.retain(is_wanted);
    }
    let counts = |event: &&&Event| counted(history, query, &series.math, event).is_some();
    let who = |event: &&Event| history.who(event, &query.counted_by);
    events.iter().filter(counts).filter_map(who).collect()
}

fn local(time_ms: i64, zone: Tz) -> NaiveDateTime {
    let time = DateTime::from_timestamp_millis(time_ms).expect("in this century");
    time.with_timezone(&zone).naive_local()
}

/// When the clocks first show a time, or the next one that they show.
fn first_shown(mut wall: NaiveDateTime, zone: Tz) -> i64 {
    loop {
        if let Some(time) = zone.from_local_datetime(&wall).earliest() {
            return time.timestamp_millis();
        }
        wall += TimeDelta::minutes(1);
    }
}

fn back(time_ms: i64, length: TimeDelta, zone: Tz) -> i64 {
    first_shown(local(time_ms, zone) - length, zone)
}

fn midnight(date: NaiveDate, zone: Tz) -> i64 {
    first_shown(date.and_time(NaiveTime::MIN), zone)
}

/// When the buckets that the range touches begin.
fn starts(query: &TrendsQuery, interval: Interval) -> Vec<i64> {
    let (range, zone) = (query.period.range, query.period.zone);
    let first = local(range.start_ms, zone).date();
    let hour_ms = 60 * 60 * 1000;
    let mut starts = Vec::new();
    let mut at = 0;
    loop {
        // The zones of these tests have whole hours.
        let start = match interval {
            Interval::Hour => (range.start_ms / hour_ms + i64::from(at)) * hour_ms,
            Interval::Day => midnight(first + Days::new(at.into()), zone),
            Interval::Week => {
                let monday = first - Days::new(first.weekday().num_days_from_monday().into());
                midnight(monday + Days::new(u64::from(at) * 7), zone)
            }
            Interval::Month => {
                midnight(first.with_day(1).expect("every month has one") + Months::new(at), zone)
            }
        };
        if start >= range.end_ms {
            return starts;
        }
        starts.push(start);
        at += 1;
    }
}

fn times(query: &TrendsQuery, interval: Interval) -> Times {
    let range = query.period.range;
    let starts = starts(query, interval);
    let ends = starts[1..].iter().copied().chain([range.end_ms]);
    let bucket =
        |(start, end): (&i64, i64)| Range { start_ms: (*start).max(range.start_ms), end_ms: end };
    let buckets = starts.iter().zip(ends).map(bucket).collect();
    Times { buckets, whole: range, zone: query.period.zone }
}

/// The same, as long before by the clocks as the range is long.
fn times_before(now: &Times, interval: Interval, starts: &[i64]) -> Times {
    let (zone, whole) = (now.zone, now.whole);
    let is_month = |time_ms: i64| {
        let date = local(time_ms, zone).date();
        date.day() == 1 && midnight(date, zone) == time_ms
    };
    if interval == Interval::Month && is_month(whole.start_ms) && is_month(whole.end_ms) {
        let first = local(whole.start_ms, zone).date();
        let count = u32::try_from(starts.len()).expect("few");
        let starts = (0..=count).map(|at| midnight(first - Months::new(count - at), zone));
        let starts: Vec<_> = starts.collect();
        let bucket = |pair: &[i64]| Range { start_ms: pair[0], end_ms: pair[1] };
        let buckets: Vec<_> = starts.windows(2).map(bucket).collect();
        let whole = Range { start_ms: starts[0], end_ms: whole.start_ms };
        return Times { buckets, whole, zone };
    }
    let length = local(whole.end_ms, zone) - local(whole.start_ms, zone);
    let moved = |time_ms: i64| {
        if length > TimeDelta::zero() {
            back(time_ms, length, zone)
        } else {
            time_ms - (whole.end_ms - whole.start_ms)
        }
    };
    let start_ms = moved(whole.start_ms);
    let mut cuts: Vec<i64> = Vec::new();
    for start in starts {
        let latest = cuts.last().copied().unwrap_or(i64::MIN);
        cuts.push(moved(*start).min(whole.start_ms).max(latest));
    }
    cuts.push(whole.start_ms);
    let bucket =
        |pair: &[i64]| Range { start_ms: pair[0].max(start_ms), end_ms: pair[1].max(start_ms) };
    let buckets = cuts.windows(2).map(bucket).collect();
    Times { buckets, whole: Range { start_ms, end_ms: whole.start_ms }, zone }
}
