//! Saved insights, and the questions in them.

use chrono::{DateTime, TimeDelta, Utc};
use observe_core::Violations;
use observe_proto::common::v1::TimeRange;
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::insight_query::Kind;
use prost::Message as _;

use super::kept::{description, is_storable, last, micros_timestamp, name};
use super::shared::timestamp;
use super::{
    funnel_query, lifecycle_query, paths_query, retention_query, stickiness_query, trends_query,
};
use crate::refusal::Refusal;
use crate::store::saved_insight::{Draft, QUERY_FORMAT, SAVED_INSIGHT, SavedInsightRow};

/// The largest encoded question, in bytes.
const QUERY_BYTES_MAX: usize = 64 << 10;
const DISPLAY_CHARS_MAX: usize = 40;
const SEARCH_CHARS_MAX: usize = 200;

/// Reads what is to be kept. The question is read as if it were asked now.
///
/// # Errors
/// Everything that is wrong with it, with what is wrong with the question.
pub(crate) fn saved_insight_draft(
    wire: Option<pb::SavedInsight>,
    now: DateTime<Utc>,
) -> Result<Draft, Violations> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let Some(wire) = wire else {
        v.add("saved_insight", "is required");
        return Err(violations);
    };
    name(&wire.name, "saved_insight.name", v);
    description(&wire.description, "saved_insight.description", v);
    let display = &wire.display;
    v.require(
        display.chars().count() <= DISPLAY_CHARS_MAX && is_storable(display),
        "saved_insight.display",
        format!("must be at most {DISPLAY_CHARS_MAX} characters"),
    );
    let query = query(wire.query.unwrap_or_default(), now, v);
    violations.finish()?;
    Ok(Draft { name: wire.name, description: wire.description, query, display: wire.display })
}

/// Checks a question. Returns it as it is kept.
fn query(mut query: pb::InsightQuery, now: DateTime<Utc>, violations: &mut Violations) -> Vec<u8> {
    const FIELD: &str = "saved_insight.query";
    last(query.last.as_ref(), "saved_insight.query.last", violations);
    if let Some(kind) = &mut query.kind {
        parts(kind).0.clear();
    }
    let kept = query.encode_to_vec();
    violations.require(
        kept.len() <= QUERY_BYTES_MAX,
        FIELD,
        format!("must be at most {QUERY_BYTES_MAX} bytes"),
    );
    match question(query, None, now) {
        None => violations.add(FIELD, "is required"),
        Some(kind) => {
            let name = kind_name(&kind);
            for one in check(&kind).iter().flat_map(Violations::iter) {
                violations.add(format!("{FIELD}.{name}.{}", one.field), one.description.clone());
            }
        }
    }
    kept
}

/// Returns the question to ask now: of the time of the given length that ends now, or of the question's own. `None` if it is
/// none.
pub(crate) fn question(
    query: pb::InsightQuery,
    last_seconds: Option<i64>,
    now: DateTime<Utc>,
) -> Option<Kind> {
    let mut kind = query.kind?;
    let seconds = last_seconds.or(query.last.map(|last| last.seconds));
    if let Some(length) = seconds.and_then(TimeDelta::try_seconds) {
        let start = now.checked_sub_signed(length).unwrap_or(DateTime::UNIX_EPOCH);
        *parts(&mut kind).1 = Some(TimeRange {
            start_time: Some(timestamp(start.timestamp_millis())),
            end_time: Some(timestamp(now.timestamp_millis())),
        });
    }
    Some(kind)
}

/// Names the project that a question is asked in.
pub(crate) fn in_project(kind: &mut Kind, project_id: String) {
    *parts(kind).0 = project_id;
}

/// Returns the project and the range of a question.
fn parts(kind: &mut Kind) -> (&mut String, &mut Option<TimeRange>) {
    match kind {
        Kind::Trends(one) => (&mut one.project_id, &mut one.range),
        Kind::Funnel(one) => (&mut one.project_id, &mut one.range),
        Kind::Retention(one) => (&mut one.project_id, &mut one.range),
        Kind::Lifecycle(one) => (&mut one.project_id, &mut one.range),
        Kind::Stickiness(one) => (&mut one.project_id, &mut one.range),
        Kind::Paths(one) => (&mut one.project_id, &mut one.range),
    }
}

fn kind_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Trends(_) => "trends",
        Kind::Funnel(_) => "funnel",
        Kind::Retention(_) => "retention",
        Kind::Lifecycle(_) => "lifecycle",
        Kind::Stickiness(_) => "stickiness",
        Kind::Paths(_) => "paths",
    }
}

/// Returns what is wrong with a question.
fn check(kind: &Kind) -> Option<Violations> {
    match kind {
        Kind::Trends(one) => trends_query(one).err(),
        Kind::Funnel(one) => funnel_query(one).err(),
        Kind::Retention(one) => retention_query(one).err(),
        Kind::Lifecycle(one) => lifecycle_query(one).err(),
        Kind::Stickiness(one) => stickiness_query(one).err(),
        Kind::Paths(one) => paths_query(one).err(),
    }
}

/// Reads a text to look for.
pub(crate) fn search_text<'a>(text: &'a str, violations: &mut Violations) -> &'a str {
    violations.require(
        text.chars().count() <= SEARCH_CHARS_MAX && is_storable(text),
        "search",
        format!("must be at most {SEARCH_CHARS_MAX} characters"),
    );
    text
}

/// Returns the question that is kept.
///
/// # Errors
/// `Unreadable` if another version wrote it.
pub(crate) fn stored_query(row: &SavedInsightRow) -> Result<pb::InsightQuery, Refusal> {
    let known = (row.query_format == QUERY_FORMAT).then_some(row.query.as_slice());
    let query = known.and_then(|bytes| pb::InsightQuery::decode(bytes).ok());
    query.filter(|query| query.kind.is_some()).ok_or(Refusal::Unreadable(SAVED_INSIGHT))
}

/// Writes a saved insight; without its question if that cannot be read any more.
pub(crate) fn saved_insight(row: &SavedInsightRow) -> pb::SavedInsight {
    pb::SavedInsight {
        id: row.id.to_string(),
        name: row.name.clone(),
        description: row.description.clone(),
        query: stored_query(row).ok(),
        display: row.display.clone(),
        created_time: Some(micros_timestamp(row.created_time)),
        updated_time: Some(micros_timestamp(row.updated_time)),
    }
}
