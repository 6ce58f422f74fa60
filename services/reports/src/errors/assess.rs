//! Which errors deserve attention now: what is new and what spikes, of all groups in one pass.

use super::rows;
use super::spike::{self, Hit};
use crate::engine::EngineError;
use crate::engine::slots::Asker;
use crate::projection::{NOBODY, Snapshot};
use crate::query::Range;

/// How long a group is new.
pub(crate) const NEW_MS: i64 = 24 * 3_600_000;
/// A day, in milliseconds.
const DAY_MS: i64 = 24 * 3_600_000;
/// How many events make a new group more than a fluke.
const NEW_EVENTS_MIN: usize = 3;
/// How many persons do.
const NEW_PEOPLE_MIN: u64 = 2;
/// The parts of the last hour that are told.
pub(crate) const COURSE_PARTS: usize = 12;
/// Their length, in milliseconds.
const COURSE_PART_MS: i64 = 300_000;

/// A group that is new or a spike. Whether somebody resolved or ignored it is not known here: see
/// [`super::status::standing`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ErrorAssessment {
    /// The group's id.
    pub(crate) id: String,
    /// Type and message of the latest event, one line; the id where that is not kept.
    pub(crate) title: String,
    /// The call it came from; may be empty.
    pub(crate) culprit: String,
    /// First seen in the last 24 hours, with three events or two persons.
    pub(crate) is_new: bool,
    /// Set while it is a spike: since when, in milliseconds since 1970.
    pub(crate) spike_since_ms: Option<i64>,
    /// The earliest time of an event, in milliseconds since 1970.
    pub(crate) first_seen_ms: i64,
    /// The latest time of an event that is not in the future.
    pub(crate) last_seen_ms: i64,
    /// When the last event was received, in microseconds since 1970: decides whether a resolved group regressed.
    pub(crate) last_received_us: i64,
    /// Events of the last 24 hours.
    pub(crate) count_24h: u64,
    /// Events since the spike began or, without one, since it was first seen.
    pub(crate) count_since: u64,
    /// Events an hour in the 24 hours before that.
    pub(crate) usual_per_hour: f64,
    /// Distinct persons with an event since the spike began or, without one, since it was first seen.
    pub(crate) people_since: u64,
    /// Events of the last hour in parts of five minutes, oldest first.
    pub(crate) points: Vec<u64>,
}

/// Judges all groups at a moment, most persons affected first, then most events.
///
/// # Errors
/// `Abandoned` if the asker has gone.
pub(crate) fn assess(
    columns: &Snapshot,
    now_ms: i64,
    asker: &Asker,
) -> Result<Vec<ErrorAssessment>, EngineError> {
    // A spike that had no event for that long is over, so these are all that need a look at their events.
    let is_candidate = |group: &super::group::Group| {
        group.last_seen_ms > now_ms - spike::QUIET_MS_MAX || group.first_seen_ms > now_ms - NEW_MS
    };
    let mut candidates = vec![false];
    candidates.extend(columns.errors.iter().map(is_candidate));
    let mut hits: Vec<(u32, i64, u32)> = Vec::new();
    if candidates.contains(&true) {
        let range = Range { start_ms: now_ms - spike::LOOKBACK_MS, end_ms: now_ms + 1 };
        rows::each(columns, range, asker, |row| {
            if candidates[row.group as usize] {
                hits.push((row.group, row.time_ms, row.person));
            }
        })?;
    }
    hits.sort_unstable();
    let groups = hits.chunk_by(|one, next| one.0 == next.0);
    let mut found: Vec<_> = groups.filter_map(|group| judge(columns, group, now_ms)).collect();
    found.sort_by(|a, b| {
        let key = |one: &ErrorAssessment| (one.people_since, one.count_24h);
        key(b).cmp(&key(a)).then_with(|| a.id.cmp(&b.id))
    });
    Ok(found)
}

/// Judges one group by its events, sorted by time; `None` if it is neither new nor a spike.
fn judge(columns: &Snapshot, events: &[(u32, i64, u32)], now_ms: i64) -> Option<ErrorAssessment> {
    let (code, _, _) = *events.first()?;
    let (_, last_seen_ms, _) = *events.last()?;
    let group = columns.errors.get(code)?;
    let hit = |(_, time_ms, person): &(u32, i64, u32)| Hit {
        time_ms: *time_ms,
        person: (*person != NOBODY).then_some(*person),
    };
    let hits: Vec<Hit> = events.iter().map(hit).collect();
    let spike_since_ms = spike::since(&hits, now_ms);
    let is_new = group.first_seen_ms > now_ms - NEW_MS
        && (hits.len() >= NEW_EVENTS_MIN || people(&hits) >= NEW_PEOPLE_MIN);
    if !is_new && spike_since_ms.is_none() {
        return None;
    }
    let from = |start_ms: i64| &hits[hits.partition_point(|hit| hit.time_ms < start_ms)..];
    let mut points = vec![0; COURSE_PARTS];
    for hit in from(now_ms + 1 - i64::try_from(COURSE_PARTS).expect("few") * COURSE_PART_MS) {
        let back =
            usize::try_from((now_ms - hit.time_ms) / COURSE_PART_MS).expect("within the hour");
        points[COURSE_PARTS - 1 - back] += 1;
    }
    let id = rows::id(columns, code);
    let since_ms = spike_since_ms.unwrap_or(group.first_seen_ms);
    let (since, day) = (from(since_ms), from(since_ms - DAY_MS));
    Some(ErrorAssessment {
        title: group.sample.as_ref().map_or_else(|| id.clone(), |sample| sample.title.clone()),
        culprit: group.sample.as_ref().map(|sample| sample.culprit.clone()).unwrap_or_default(),
        id,
        is_new,
        spike_since_ms,
        first_seen_ms: group.first_seen_ms,
        last_seen_ms,
        last_received_us: group.last_received_us,
        count_24h: from(now_ms - NEW_MS).len() as u64,
        count_since: since.len() as u64,
        usual_per_hour: (day.len() - since.len()) as f64 / 24.0,
        people_since: people(since),
        points,
    })
}

fn people(hits: &[Hit]) -> u64 {
    let mut persons: Vec<u32> = hits.iter().filter_map(|hit| hit.person).collect();
    persons.sort_unstable();
    persons.dedup();
    persons.len() as u64
}
