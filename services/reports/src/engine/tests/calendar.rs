//! Random small projects over days, weeks and months, as an engine has them and as plain lists; and the calendar as chrono
//! knows it, without the engine's buckets.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, NaiveTime, TimeZone as _};
use chrono_tz::Tz;
use observe_core::PersonId;

use super::oracle::Random;
use super::world::{World, is, person, project_id};
use crate::query::{CountedBy, Filter, Range, Scope, Selector};
use crate::trends::buckets::Interval;

pub(super) const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Days on which clocks change, in the zone where they do.
const CHANGES: [(Tz, &str); 5] = [
    (Tz::Europe__Berlin, "2026-03-29T00:00:00Z"),
    (Tz::Europe__Berlin, "2026-10-25T00:00:00Z"),
    (Tz::America__New_York, "2026-03-08T05:00:00Z"),
    (Tz::America__New_York, "2026-11-01T04:00:00Z"),
    (Tz::UTC, "2026-02-28T00:00:00Z"),
];

const NAMES: [&str; 3] = ["a", "b", "c"];
const VISITORS: u64 = 10;

/// One event.
#[derive(Clone, Debug)]
pub(super) struct Happened {
    visitor: String,
    pub(super) name: &'static str,
    pub(super) time_ms: i64,
    value: Option<&'static str>,
    company: Option<&'static str>,
}

/// A project and the same as plain lists.
pub(super) struct History {
    pub(super) world: World,
    pub(super) zone: Tz,
    pub(super) events: Vec<Happened>,
    mapping: HashMap<String, u64>,
    /// The calendar unit that its events are spread over.
    pub(super) interval: Interval,
}

pub(super) fn ms(text: &str) -> i64 {
    DateTime::parse_from_rfc3339(text).expect("a time").timestamp_millis()
}

fn length_ms(interval: Interval) -> i64 {
    match interval {
        Interval::Hour => DAY_MS / 24,
        Interval::Day => DAY_MS,
        Interval::Week => 7 * DAY_MS,
        Interval::Month => 30 * DAY_MS,
    }
}

/// Makes a project whose events are within some days, weeks or months around a change of clocks, many of them on the edges
/// of days or whole windows away from each other, in any order, with merges, splits, and some sealed.
pub(super) fn random_history(random: &mut Random) -> History {
    let (zone, change) = random.one_of(&CHANGES);
    let interval = random.one_of(&[Interval::Day, Interval::Week, Interval::Month]);
    let step = length_ms(interval);
    let mut history = History {
        world: World::new(),
        zone,
        events: Vec::new(),
        mapping: HashMap::new(),
        interval,
    };
    for _ in 0..20 + random.below(100) {
        let around = ms(change) - 4 * step + random.time(8 * step);
        let time_ms = match (random.below(4), history.events.last()) {
            (0, Some(last)) => {
                last.time_ms + random.one_of(&[-step, step, 2 * step]) - random.time(2)
            }
            (1, _) => day_start(local_date(around, zone), zone) - random.time(2),
            _ => around,
        };
        let visitor = match random.below(VISITORS) {
            0 => "null".to_owned(),
            n => format!("visitor {n}"),
        };
        let event = Happened {
            visitor,
            name: random.one_of(&NAMES),
            time_ms,
            value: random.one_of(&[None, Some("x"), Some("y")]),
            company: random.one_of(&[None, Some("acme"), Some("umbrella"), Some("initech")]),
        };
        history.add(event);
        if random.below(25) == 0 {
            history.world.project.seal();
        }
        if random.below(12) == 0 {
            let visitor = format!("visitor {}", 1 + random.below(VISITORS));
            let to = random.below(4);
            history.world.map(&visitor, person(to.into()));
            history.mapping.insert(visitor, to);
        }
    }
    history
}

impl History {
    fn add(&mut self, event: Happened) {
        let mut properties = serde_json::Map::new();
        if let Some(value) = event.value {
            properties.insert("p".into(), value.into());
        }
        if let Some(company) = event.company {
            properties.insert("$groups".into(), serde_json::json!({ "company": company }));
        }
        let json = serde_json::Value::Object(properties).to_string();
        self.world.event(&event.visitor, event.name, event.time_ms, &json);
        self.events.push(event);
    }

    /// A range that begins and ends anywhere, often where an event is or a day begins.
    pub(super) fn random_range(&self, random: &mut Random) -> Range {
        let times: Vec<_> = self.events.iter().map(|event| event.time_ms).collect();
        let mut edge = || {
            let time_ms = random.one_of(&times) + random.time(2);
            let midnight = day_start(local_date(time_ms, self.zone), self.zone);
            if random.below(2) == 0 { midnight } else { time_ms }
        };
        let (one, other) = (edge(), edge());
        Range { start_ms: one.min(other), end_ms: one.max(other) + 1 + random.time(DAY_MS) }
    }

    /// The events of each unit in the order of time, by the unit's id.
    pub(super) fn units(&self, counted_by: &CountedBy) -> BTreeMap<String, Vec<&Happened>> {
        let mut units: BTreeMap<String, Vec<&Happened>> = BTreeMap::new();
        for event in &self.events {
            let unit = match counted_by {
                CountedBy::Persons => self.person(&event.visitor),
                CountedBy::Groups(_) => event.company.map(str::to_owned),
            };
            if let Some(unit) = unit {
                units.entry(unit).or_default().push(event);
            }
        }
        for events in units.values_mut() {
            events.sort_by_key(|event| event.time_ms);
        }
        units
    }

    /// The id of the person of a visitor; `None` for nobody.
    fn person(&self, visitor: &str) -> Option<String> {
        let id = match self.mapping.get(visitor) {
            _ if visitor == "null" => return None,
            Some(n) => person((*n).into()),
            None => PersonId::of_distinct_id(project_id(), visitor),
        };
        Some(id.to_string())
    }
}

pub(super) fn random_counted_by(random: &mut Random) -> CountedBy {
    if random.below(3) == 0 { CountedBy::Groups("company".into()) } else { CountedBy::Persons }
}

/// A name or any, with a filter or none.
pub(super) fn random_selector(random: &mut Random) -> Selector {
    let event = random.one_of(&[None, Some("a"), Some("b"), Some("c")]);
    Selector { event: event.map(str::to_owned), filter: random_filter(random) }
}

pub(super) fn random_filter(random: &mut Random) -> Filter {
    if random.below(3) == 0 { is("p", Scope::Event, "x") } else { Filter::everything() }
}

/// Whether an event is meant. The filters of these tests are: all, or p is "x".
pub(super) fn matches(event: &Happened, selector: &Selector, filter: &Filter) -> bool {
    let passes = |filter: &Filter| matches!(filter, Filter::All(_)) || event.value == Some("x");
    selector.event.as_deref().is_none_or(|name| name == event.name)
        && passes(&selector.filter)
        && passes(filter)
}

fn local_date(time_ms: i64, zone: Tz) -> NaiveDate {
    let time = DateTime::from_timestamp_millis(time_ms).expect("in the calendar");
    time.with_timezone(&zone).date_naive()
}

/// The first instant of a date; the zones of these tests have every midnight.
pub(super) fn day_start(date: NaiveDate, zone: Tz) -> i64 {
    let midnight = zone.from_local_datetime(&date.and_time(NaiveTime::MIN)).earliest();
    midnight.expect("there is one").timestamp_millis()
}

/// The first date of the period of a time.
pub(super) fn period(time_ms: i64, interval: Interval, zone: Tz) -> NaiveDate {
    let date = local_date(time_ms, zone);
    match interval {
        Interval::Week => date - Days::new(date.weekday().num_days_from_monday().into()),
        Interval::Month => date.with_day(1).expect("every month has one"),
        Interval::Day | Interval::Hour => date,
    }
}

/// The first date of the period so many periods later.
pub(super) fn later(date: NaiveDate, count: u32, interval: Interval) -> NaiveDate {
    match interval {
        Interval::Week => date + Days::new(7 * u64::from(count)),
        Interval::Month => date + Months::new(count),
        Interval::Day | Interval::Hour => date + Days::new(count.into()),
    }
}

/// The periods that a range touches.
pub(super) fn periods(range: Range, interval: Interval, zone: Tz) -> Vec<NaiveDate> {
    let first = period(range.start_ms, interval, zone);
    let last = period(range.end_ms - 1, interval, zone);
    (0..).map(|count| later(first, count, interval)).take_while(|date| *date <= last).collect()
}
