//! Dashboards.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use observe_core::Violations;
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::dashboard_tile::{Content, Width};
use prost_types::Duration;
use uuid::Uuid;

use super::kept::{description, is_storable, last, micros, micros_timestamp, name};
use crate::store::dashboard::{DashboardRow, Draft, TileRow};
use crate::store::saved_insight::SavedInsightRow;

const TILES_MAX: usize = 50;
const TEXT_CHARS_MAX: usize = 4_000;

/// Reads what a dashboard is to be; `new_id` makes ids for tiles that have none.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn dashboard_draft(
    wire: Option<&pb::Dashboard>,
    new_id: impl Fn() -> Uuid,
) -> Result<Draft, Violations> {
    let mut violations = Violations::new();
    let v = &mut violations;
    let Some(wire) = wire else {
        v.add("dashboard", "is required");
        return Err(violations);
    };
    name(&wire.name, "dashboard.name", v);
    description(&wire.description, "dashboard.description", v);
    let last_seconds = last(wire.last.as_ref(), "dashboard.last", v);
    v.require(
        wire.tiles.len() <= TILES_MAX,
        "dashboard.tiles",
        format!("must be at most {TILES_MAX}"),
    );
    let mut tiles = Vec::with_capacity(wire.tiles.len().min(TILES_MAX));
    let mut ids = HashSet::new();
    for (index, one) in wire.tiles.iter().take(TILES_MAX).enumerate() {
        let field = format!("dashboard.tiles[{index}]");
        let tile = tile(one, &field, &new_id, v);
        v.require(ids.insert(tile.id), format!("{field}.id"), "must not be that of another tile");
        tiles.push(tile);
    }
    violations.finish()?;
    let (name, description) = (wire.name.clone(), wire.description.clone());
    Ok(Draft { name, description, last_seconds, tiles })
}

fn tile(
    wire: &pb::DashboardTile,
    field: &str,
    new_id: &impl Fn() -> Uuid,
    violations: &mut Violations,
) -> TileRow {
    let id = if wire.id.is_empty() { Some(new_id()) } else { Uuid::parse_str(&wire.id).ok() };
    violations.require(id.is_some(), format!("{field}.id"), "must be a UUID, or empty");
    let (mut saved_insight_id, mut text) = (None, None);
    match &wire.content {
        // What is no id names no insight.
        Some(Content::SavedInsightId(id)) => {
            saved_insight_id = Some(Uuid::parse_str(id).unwrap_or_default());
        }
        Some(Content::Text(given)) => {
            let fits = (1..=TEXT_CHARS_MAX).contains(&given.chars().count()) && is_storable(given);
            let expected = format!("must be 1-{TEXT_CHARS_MAX} characters");
            violations.require(fits, format!("{field}.text"), expected);
            text = Some(given.clone());
        }
        None => violations.add(field, "must be a saved insight or a text"),
    }
    let width: Width = violations.known(wire.width, format!("{field}.width"));
    let width = if width == Width::Unspecified { Width::Half } else { width };
    let width = i16::try_from(i32::from(width)).unwrap_or_default();
    TileRow { id: id.unwrap_or_default(), saved_insight_id, text, width }
}

/// Reads when the caller saw the dashboard changed last.
///
/// # Errors
/// A time that is none.
pub(crate) fn seen_time(wire: Option<&pb::Dashboard>) -> Result<Option<DateTime<Utc>>, Violations> {
    let Some(given) = wire.and_then(|wire| wire.updated_time.as_ref()) else { return Ok(None) };
    let mut violations = Violations::new();
    let time = micros(given);
    violations.require(time.is_some(), "dashboard.updated_time", "must be a time");
    violations.finish().map(|()| time)
}

/// Writes a dashboard.
pub(crate) fn dashboard(row: &DashboardRow, tiles: &[TileRow]) -> pb::Dashboard {
    pb::Dashboard {
        id: row.id.to_string(),
        name: row.name.clone(),
        description: row.description.clone(),
        tiles: tiles.iter().map(tile_to_proto).collect(),
        last: seconds(row.last_seconds),
        shared: row.shared,
        created_time: Some(micros_timestamp(row.created_time)),
        updated_time: Some(micros_timestamp(row.updated_time)),
    }
}

fn tile_to_proto(tile: &TileRow) -> pb::DashboardTile {
    let content = match (tile.saved_insight_id, &tile.text) {
        (Some(id), _) => Some(Content::SavedInsightId(id.to_string())),
        (None, text) => text.clone().map(Content::Text),
    };
    pb::DashboardTile { id: tile.id.to_string(), content, width: tile.width.into() }
}

fn seconds(last_seconds: Option<i64>) -> Option<Duration> {
    last_seconds.map(|seconds| Duration { seconds, nanos: 0 })
}

/// Writes what anybody with the link may see: of an insight its name, and how it is shown.
pub(crate) fn shared_dashboard(
    row: DashboardRow,
    tiles: Vec<TileRow>,
    insights: &[SavedInsightRow],
) -> pb::GetSharedDashboardResponse {
    let tile = |tile: TileRow| {
        let insight = insights.iter().find(|insight| Some(insight.id) == tile.saved_insight_id);
        pb::SharedTile {
            id: tile.id.to_string(),
            text: tile.text.unwrap_or_default(),
            name: insight.map(|insight| insight.name.clone()).unwrap_or_default(),
            display: insight.map(|insight| insight.display.clone()).unwrap_or_default(),
            width: tile.width.into(),
        }
    };
    pb::GetSharedDashboardResponse {
        name: row.name,
        description: row.description,
        tiles: tiles.into_iter().map(tile).collect(),
        last: seconds(row.last_seconds),
    }
}
