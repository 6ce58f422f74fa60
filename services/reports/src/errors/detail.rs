//! The question for one group in detail.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::Exception;
use super::list::{Decisions, GroupLine, lines};
use super::rows::{self, Count, Parts};
use crate::engine::EngineError;
use crate::engine::slots::Asker;
use crate::projection::{NOBODY, NOT_SET, Snapshot, ValueDictionary};
use crate::query::{NONE_LABEL, Range};

/// Properties whose values are told of a group, in this order.
const FACETS: [&str; 9] = [
    "$release",
    "$environment",
    "$browser",
    "$os",
    "$pathname",
    "$transaction",
    "$server_name",
    "$level",
    "$lib",
];
/// Values of one property that are told.
const FACET_VALUES_MAX: usize = 10;
/// Persons that are told.
const PERSONS_MAX: usize = 20;

/// One group in detail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Detail {
    /// The group.
    pub(crate) line: GroupLine,
    /// When each of its points begins, in milliseconds since 1970.
    pub(crate) point_times_ms: Vec<i64>,
    /// The latest event's exceptions, the one thrown last first.
    pub(crate) exceptions: Vec<Exception>,
    /// The latest event; nil where it is not kept.
    pub(crate) latest: Uuid,
    /// What its events have in common.
    pub(crate) facets: Vec<Facet>,
    /// The last persons with an event of it, latest first.
    pub(crate) persons: Vec<Affected>,
}

/// A property with its values, most frequent first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facet {
    /// Its key.
    pub(crate) property: &'static str,
    /// Values and events.
    pub(crate) values: Vec<(String, u64)>,
}

/// Somebody it happened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Affected {
    /// The person.
    pub(crate) person: observe_core::PersonId,
    /// The distinct id of the person's latest event of it.
    pub(crate) distinct_id: String,
    /// Events in the range.
    pub(crate) events: u64,
    /// The latest one, in milliseconds since 1970.
    pub(crate) last_seen_ms: i64,
}

/// Answers one group; `None` if there is none of this id.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(crate) fn detail(
    columns: &Snapshot,
    id: &str,
    range: Range,
    decisions: &Decisions,
    now_ms: i64,
    asker: &Asker,
) -> Result<Option<Detail>, EngineError> {
    let Some(code) = rows::code(columns, id) else { return Ok(None) };
    let mut events = 0;
    let mut facets = FacetCounts::new(columns);
    // Of each person: the visitor of the latest event, how many events, the latest time.
    let mut persons: FxHashMap<u32, (u32, u64, i64)> = FxHashMap::default();
    rows::each(columns, range, asker, |row| {
        if row.group != code {
            return;
        }
        events += 1;
        facets.add(row);
        if row.person != NOBODY {
            let seen = persons.entry(row.person).or_insert((row.visitor, 0, i64::MIN));
            seen.1 += 1;
            if row.time_ms >= seen.2 {
                (seen.0, seen.2) = (row.visitor, row.time_ms);
            }
        }
    })?;
    let mut counts = vec![Count::default(); columns.errors.len() + 1];
    counts[code as usize] = Count { events, people: persons.len() as u64 };
    let mut lines = lines(columns, &[code], range, &counts, decisions, now_ms, asker)?;
    let Some(line) = lines.pop() else { return Ok(None) };
    let sample = columns.errors.get(code).and_then(|group| group.sample.as_deref());
    Ok(Some(Detail {
        line,
        point_times_ms: Parts::of(range).starts_ms().collect(),
        exceptions: sample.map(super::group::Sample::exceptions).unwrap_or_default(),
        latest: sample.map_or(Uuid::nil(), |sample| sample.uuid),
        facets: facets.finish(events),
        persons: affected(columns, persons),
    }))
}

fn affected(columns: &Snapshot, persons: FxHashMap<u32, (u32, u64, i64)>) -> Vec<Affected> {
    let mut persons: Vec<_> = persons.into_iter().collect();
    persons
        .sort_unstable_by_key(|(person, (_, _, last_seen_ms))| (Reverse(*last_seen_ms), *person));
    let told = persons.into_iter().take(PERSONS_MAX);
    told.map(|(person, (visitor, events, last_seen_ms))| Affected {
        person: columns.persons.id(person),
        distinct_id: columns.visitors.text(visitor).to_owned(),
        events,
        last_seen_ms,
    })
    .collect()
}

/// Counts the values of the facets.
struct FacetCounts<'a> {
    /// Key code, values, and events by value code.
    facets: Vec<(&'static str, u32, &'a ValueDictionary, FxHashMap<u32, u64>)>,
}

impl<'a> FacetCounts<'a> {
    fn new(columns: &'a Snapshot) -> Self {
        let known = FACETS.iter().filter_map(|property| {
            let (key, values) = columns.properties.find(property)?;
            Some((*property, key, values, FxHashMap::default()))
        });
        Self { facets: known.collect() }
    }

    fn add(&mut self, row: rows::Row<'_>) {
        for (_, key, _, counts) in &mut self.facets {
            let code = row.code(*key);
            *counts.entry(code).or_insert(0) += 1;
        }
    }

    /// Returns the facets of which at least one event has a value.
    fn finish(self, events: u64) -> Vec<Facet> {
        let facets = self
            .facets
            .into_iter()
            .filter(|(_, _, _, counts)| counts.get(&NOT_SET).copied().unwrap_or(0) < events);
        facets
            .map(|(property, _, dictionary, counts)| {
                let text = |code| dictionary.value(code).map_or(NONE_LABEL, |(text, _)| text);
                let mut values: Vec<_> = counts
                    .into_iter()
                    .map(|(code, events)| (text(code).to_owned(), events))
                    .collect();
                values.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
                values.truncate(FACET_VALUES_MAX);
                Facet { property, values }
            })
            .collect()
    }
}
