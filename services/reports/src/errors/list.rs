//! Questions about groups: a page of them, and one in detail.

use std::cmp::Reverse;
use std::collections::HashMap;

use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::group::Group;
use super::rows::{self, Count, Parts};
use super::status::{Decision, Standing, Status, standing};
use super::{Exception, assess};
use crate::engine::EngineError;
use crate::engine::slots::Asker;
use crate::projection::{NOBODY, NOT_SET, Snapshot, ValueDictionary};
use crate::query::{NONE_LABEL, Range};

/// Which groups, and where to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListQuery {
    /// Events inside count.
    pub(crate) range: Range,
    /// One of these; any when empty.
    pub(crate) statuses: Vec<Status>,
    /// Title, type or culprit contains this, in lower case.
    pub(crate) search: String,
    /// How many groups a page has.
    pub(crate) page_size: usize,
    /// The last group of the page before.
    pub(crate) after: Option<Position>,
}

/// The place of a group in the order: most persons first, then most events, then by id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    /// Persons in the range.
    pub(crate) people: Reverse<u64>,
    /// Events in the range.
    pub(crate) events: Reverse<u64>,
    /// The id.
    pub(crate) id: String,
}

/// A group as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupLine {
    /// 32 hexadecimal digits.
    pub(crate) id: String,
    /// Type and message of the latest event, one line; the id where that is not kept.
    pub(crate) title: String,
    /// Its type; may be empty.
    pub(crate) kind: String,
    /// The call it came from; may be empty.
    pub(crate) culprit: String,
    /// Whether the program went on by itself.
    pub(crate) handled: bool,
    /// What was decided, and what came of it.
    pub(crate) standing: Standing,
    /// How much of it there is in the range.
    pub(crate) count: Count,
    /// Of all its events, in milliseconds since 1970.
    pub(crate) first_seen_ms: i64,
    /// Of all its events, in milliseconds since 1970.
    pub(crate) last_seen_ms: i64,
    /// Whether it was first seen in the last 24 hours.
    pub(crate) is_new: bool,
    /// Since when it is a spike, if it is one now.
    pub(crate) spike_since_ms: Option<i64>,
    /// Events in [`Parts`] of the range.
    pub(crate) points: Vec<i64>,
}

/// A page of groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    /// In order.
    pub(crate) lines: Vec<GroupLine>,
    /// How many groups the filter selects.
    pub(crate) total: usize,
    /// Set when there are more: the last one of these.
    pub(crate) next: Option<Position>,
}

/// What was decided, by group.
pub(crate) type Decisions = HashMap<String, Decision>;

/// Answers a page of groups with an event in the range.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(crate) fn list(
    columns: &Snapshot,
    query: &ListQuery,
    decisions: &Decisions,
    now_ms: i64,
    asker: &Asker,
) -> Result<Listed, EngineError> {
    let counts = rows::counts(columns, query.range, asker)?;
    let mut selected = Vec::new();
    for (code, count) in (0_u32..).zip(&counts).filter(|(_, count)| count.events > 0) {
        let Some(group) = columns.errors.get(code) else { continue };
        let id = rows::id(columns, code);
        let standing = standing(decisions.get(&id), group.last_received_us);
        let has_status = query.statuses.is_empty() || query.statuses.contains(&standing.status);
        if has_status && is_found(group, &id, &query.search) {
            let (people, events) = (Reverse(count.people), Reverse(count.events));
            selected.push((Position { people, events, id }, code));
        }
    }
    selected.sort_unstable();
    let total = selected.len();
    let start =
        query.after.as_ref().map_or(0, |after| selected.partition_point(|(at, _)| at <= after));
    let end = total.min(start + query.page_size);
    let page = &selected[start..end];
    let codes: Vec<u32> = page.iter().map(|(_, code)| *code).collect();
    let lines = lines(columns, &codes, query.range, &counts, decisions, now_ms, asker)?;
    let next = (end < total).then(|| page.last().map(|(at, _)| at.clone())).flatten();
    Ok(Listed { lines, total, next })
}

fn is_found(group: &Group, id: &str, search: &str) -> bool {
    let contains = |text: &str| text.to_lowercase().contains(search);
    search.is_empty()
        || group.sample.as_ref().map_or_else(
            || id.contains(search),
            |sample| contains(&sample.title) || contains(&sample.kind) || contains(&sample.culprit),
        )
}

/// Tells groups, given by their value codes.
fn lines(
    columns: &Snapshot,
    codes: &[u32],
    range: Range,
    counts: &[Count],
    decisions: &Decisions,
    now_ms: i64,
    asker: &Asker,
) -> Result<Vec<GroupLine>, EngineError> {
    let courses = rows::courses(columns, range, codes, asker)?;
    let spikes: HashMap<String, i64> = assess::assess(columns, now_ms, asker)?
        .into_iter()
        .filter_map(|one| Some((one.id, one.spike_since_ms?)))
        .collect();
    let told = codes.iter().zip(courses).filter_map(|(code, points)| {
        let group = columns.errors.get(*code)?;
        let id = rows::id(columns, *code);
        let sample = group.sample.as_deref();
        let text =
            |of: fn(&super::group::Sample) -> &String| sample.map(of).cloned().unwrap_or_default();
        Some(GroupLine {
            title: sample.map_or_else(|| id.clone(), |sample| sample.title.clone()),
            kind: text(|sample| &sample.kind),
            culprit: text(|sample| &sample.culprit),
            handled: sample.is_none_or(|sample| sample.handled),
            standing: standing(decisions.get(&id), group.last_received_us),
            count: counts[*code as usize],
            first_seen_ms: group.first_seen_ms,
            last_seen_ms: group.last_seen_ms,
            is_new: group.first_seen_ms > now_ms - assess::NEW_MS,
            spike_since_ms: spikes.get(&id).copied(),
            points,
            id,
        })
    });
    Ok(told.collect())
}

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
            let code = row.rows.columns.get(key).map_or(NOT_SET, |column| column.get(row.row));
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
