//! The question for a page of groups.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::assess;
use super::group::Group;
use super::rows::{self, Count};
use super::status::{Decision, Standing, Status, standing};
use crate::engine::EngineError;
use crate::engine::slots::Asker;
use crate::projection::Snapshot;
use crate::query::Range;

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
    /// Events in [`rows::Parts`] of the range.
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
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(super) fn lines(
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
