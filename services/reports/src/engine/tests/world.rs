//! A small project to ask questions of, and short ways to write questions.

use std::collections::{BTreeSet, HashSet};

use observe_core::{PersonId, ProjectId};
use observe_proto::events::v1::AcceptedEvent;
use observe_proto::identity::v1::{Change, MappingChange, PersonChange, change};
use uuid::Uuid;

use crate::behind::{BehindUnits, Page};
use crate::engine::EngineError;
use crate::engine::slots::Asker;
use crate::engine::view::View;
use crate::funnel::{FunnelAnswer, FunnelQuery, Order, Step};
use crate::projection::Project;
use crate::query::{Attribution, Breakdown, Condition, CountedBy, Filter, Range, Scope, ValueTest};
use crate::trends::buckets::Interval;
use crate::trends::period::Period;
use crate::trends::{Line, Math, Series, TrendPersonsQuery, TrendsAnswer, TrendsQuery};

pub(super) const HOUR_MS: i64 = 60 * 60 * 1000;

pub(super) struct World {
    pub(super) project: Project,
    changes: i64,
    arrivals: u32,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            project: Project::new(
                project_id(),
                crate::projection::Kept::ALL,
                crate::projection::Room::default(),
            ),
            changes: 0,
            arrivals: 0,
        }
    }

    /// Adds an event; `properties` is a JSON object.
    pub(super) fn event(&mut self, who: &str, name: &str, time_ms: i64, properties: &str) {
        self.session_event(who, name, time_ms, "", properties);
    }

    /// Adds an event of a session; of none if it is empty.
    pub(super) fn session_event(
        &mut self,
        who: &str,
        name: &str,
        time_ms: i64,
        session: &str,
        properties: &str,
    ) {
        self.arrivals += 1;
        self.project.append(&[AcceptedEvent {
            name: name.into(),
            distinct_id: who.into(),
            time_ms,
            received_us: 1,
            index: self.arrivals,
            session_id: session.into(),
            properties_json: properties.into(),
            ..AcceptedEvent::default()
        }]);
    }

    pub(super) fn map(&mut self, who: &str, person: PersonId) {
        self.change(change::Kind::Mapping(MappingChange {
            distinct_id: who.into(),
            person_id: person.to_bytes(),
        }));
    }

    pub(super) fn person(&mut self, person: PersonId, properties: &str) {
        self.change(change::Kind::Person(PersonChange {
            person_id: person.to_bytes(),
            properties_json: properties.into(),
            ..PersonChange::default()
        }));
    }

    fn change(&mut self, kind: change::Kind) {
        self.changes += 1;
        let change = Change { number: self.changes, kind: Some(kind) };
        self.project.apply_changes(&[change]).expect("the next number");
    }

    /// Asks the columns as they are now.
    pub(super) fn ask<T>(&self, question: impl FnOnce(&View<'_>) -> Result<T, EngineError>) -> T {
        let asker = Asker::default();
        question(&View::new(&self.project.snapshot(), &asker)).expect("the asker waits")
    }

    /// The ids of persons, or the keys of groups, by their codes.
    pub(super) fn unit_ids(&self, counted_by: &CountedBy, units: &[u32]) -> BTreeSet<String> {
        let now = self.project.snapshot();
        let id = |unit: &u32| match counted_by {
            CountedBy::Persons => now.persons.id(*unit).to_string(),
            CountedBy::Groups(group_type) => {
                let property = crate::engine::view::group_property(group_type);
                let (_, values) = now.properties.find(&property).expect("it has units");
                values.value(*unit).expect("a unit has a key").0.to_owned()
            }
        };
        let ids: BTreeSet<_> = units.iter().map(id).collect();
        assert_eq!(ids.len(), units.len(), "nobody is named twice");
        ids
    }

    pub(super) fn answer(&self, query: &TrendsQuery) -> TrendsAnswer {
        self.ask(|view| crate::engine::trends::run(view, query))
    }

    /// Who is behind a number, on all pages of so many; each with its key as bytes.
    pub(super) fn behind(&self, query: &TrendPersonsQuery, page_size: usize) -> Vec<Vec<u8>> {
        let mut query = query.clone();
        query.page = Page { after: None, size: page_size };
        let mut found = Vec::new();
        loop {
            let page = self.ask(|view| crate::engine::trends::persons(view, &query));
            match page.units {
                BehindUnits::Persons(persons) => {
                    found.extend(persons.into_iter().map(|person| person.id.to_bytes()));
                }
                BehindUnits::Groups(keys) => found.extend(keys.into_iter().map(String::into_bytes)),
            }
            query.page.after = page.next;
            if query.page.after.is_none() {
                assert_eq!(found.len() as u64, page.total);
                return found;
            }
        }
    }

    /// The lines of questions that count.
    pub(super) fn trends(&self, query: &TrendsQuery) -> Vec<Vec<Counts>> {
        let of_series = |lines: Vec<Line>| lines.into_iter().map(Counts::of).collect();
        self.answer(query).series.into_iter().map(of_series).collect()
    }

    pub(super) fn funnel(&self, query: &FunnelQuery) -> FunnelAnswer {
        self.ask(|view| crate::engine::funnel::run(view, query))
    }
}

/// A line of counts.
pub(super) struct Counts {
    pub(super) value: Option<String>,
    pub(super) points: Vec<u64>,
    pub(super) total: u64,
}

impl Counts {
    pub(super) fn of(line: Line) -> Self {
        let points = line.points.into_iter().map(whole).collect();
        Self { value: line.value, points, total: whole(line.total) }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is checked")]
fn whole(number: f64) -> u64 {
    let count = number as u64;
    #[expect(clippy::cast_precision_loss, reason = "counts are small")]
    let back = count as f64;
    assert!((back - number).abs() < f64::EPSILON, "{number} is a count");
    count
}

pub(super) fn project_id() -> ProjectId {
    ProjectId::new(Uuid::from_u128(1))
}

pub(super) fn person(n: u128) -> PersonId {
    PersonId::new(Uuid::from_u128(n))
}

pub(super) fn series(event: &str, math: Math) -> Series {
    let event = (!event.is_empty()).then(|| event.to_owned());
    Series { event, math, filter: Filter::everything() }
}

/// Hourly trends over the first `hours`.
pub(super) fn trends(hours: i64, series: Vec<Series>) -> TrendsQuery {
    let range = Range { start_ms: 0, end_ms: hours * HOUR_MS };
    TrendsQuery {
        period: Period::new(range, Interval::Hour, chrono_tz::Tz::UTC).expect("few"),
        previous: None,
        series,
        formula: None,
        breakdown: None,
        filter: Filter::everything(),
        counted_by: CountedBy::Persons,
    }
}

/// A funnel over everything.
pub(super) fn funnel(window_ms: i64, steps: &[&str]) -> FunnelQuery {
    let step = |event: &&str| Step {
        event: (!event.is_empty()).then(|| (*event).to_owned()),
        filter: Filter::everything(),
        optional: false,
    };
    FunnelQuery {
        range: Range { start_ms: 0, end_ms: i64::MAX },
        steps: steps.iter().map(step).collect(),
        window_ms,
        order: Order::Ordered,
        exclusions: Vec::new(),
        breakdown: None,
        filter: Filter::everything(),
        counted_by: CountedBy::Persons,
    }
}

pub(super) fn is(property: &str, scope: Scope, value: &str) -> Filter {
    let test = ValueTest::In(HashSet::from([value.to_owned()]));
    Filter::Condition(Condition { property: property.into(), scope, test })
}

pub(super) fn by(
    property: &str,
    scope: Scope,
    limit: usize,
    attribution: Attribution,
) -> Breakdown {
    Breakdown { property: property.into(), scope, cohorts: vec![], limit, attribution }
}

/// The values of a breakdown's lines with their totals.
pub(super) fn totals(lines: &[Counts]) -> Vec<(&str, u64)> {
    lines.iter().map(|line| (line.value.as_deref().unwrap_or(""), line.total)).collect()
}

/// Persons by step.
pub(super) fn persons(steps: &[crate::funnel::StepAnswer]) -> Vec<u64> {
    steps.iter().map(|step| step.persons).collect()
}
