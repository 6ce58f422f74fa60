//! Overviews as the wire's.

use observe_proto::reports::v1 as pb;

use super::shared::timestamp;
use crate::overview::board::{Numbers, Overview};
use crate::overview::numbers::Comparison;
use crate::overview::{Item, ItemKind, Severity};

/// Writes an overview.
pub(crate) fn overview_response(overview: &Overview) -> pb::GetOverviewResponse {
    let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    pb::GetOverviewResponse {
        items: overview.items.iter().map(item).collect(),
        quiet: Some(pb::QuietSummary {
            monitors_up: i32::try_from(overview.monitors_up).unwrap_or(i32::MAX),
            monitors: i32::try_from(overview.monitors).unwrap_or(i32::MAX),
            known_errors: count(overview.known_errors),
            endpoints_ok: count(overview.endpoints_ok),
        }),
        numbers: Some(numbers(&overview.numbers)),
        health: Some(pb::OwnHealth {
            oldest_pending_age: (overview.oldest_pending_ms > 0)
                .then(|| duration(overview.oldest_pending_ms)),
            pending: overview.pending,
            dead_lettered: overview.dead_lettered,
            projection_age: Some(duration(overview.projection_age_ms)),
        }),
        time: Some(timestamp(overview.time.timestamp_millis())),
        last_incident_time: overview.last_incident,
        unavailable: overview.unavailable.iter().map(|name| (*name).to_owned()).collect(),
        is_empty: overview.is_empty,
    }
}

fn item(item: &Item) -> pb::OverviewItem {
    use pb::overview_item::{Kind, Severity as WireSeverity};
    let kind = match item.kind {
        ItemKind::StoreTrouble => Kind::StoreTrouble,
        ItemKind::IngestLag => Kind::IngestLag,
        ItemKind::MonitorDown => Kind::MonitorDown,
        ItemKind::EndpointFailing => Kind::EndpointFailing,
        ItemKind::ErrorSpike => Kind::ErrorSpike,
        ItemKind::EndpointSlow => Kind::EndpointSlow,
        ItemKind::ErrorNew => Kind::ErrorNew,
    };
    let severity = match item.severity {
        Severity::Critical => WireSeverity::Critical,
        Severity::Warning => WireSeverity::Warning,
        Severity::Notice => WireSeverity::Notice,
    };
    pb::OverviewItem {
        kind: kind.into(),
        title: item.title.clone(),
        severity: severity.into(),
        since_time: Some(timestamp(item.since_ms)),
        people_affected: i64::try_from(item.people).unwrap_or(i64::MAX),
        link: item.link.clone(),
        measure: item.measure.clone(),
        detail: item.detail.clone(),
        points: item.points.clone(),
        subject: item.subject.clone(),
        incident_id: item.incident_id.clone(),
        acknowledged: item.acknowledged,
    }
}

fn numbers(numbers: &Numbers) -> pb::DayNumbers {
    let day = &numbers.day;
    pb::DayNumbers {
        people: Some(comparison(day.people)),
        events: Some(comparison(day.events)),
        errors: Some(comparison(day.errors)),
        requests: Some(comparison(numbers.requests)),
        p95_ms: numbers.p95_ms.map(comparison),
        people_days: day.people_days.clone(),
        event_days: day.event_days.clone(),
        error_days: day.error_days.clone(),
        p95_ms_hours: numbers.p95_ms_hours.clone(),
        time_zone: numbers.zone.name().to_owned(),
    }
}

fn comparison(comparison: Comparison) -> pb::Comparison {
    pb::Comparison { value: comparison.value, previous: comparison.previous }
}

fn duration(ms: i64) -> prost_types::Duration {
    let nanos = i32::try_from(ms % 1_000 * 1_000_000).expect("below a second");
    prost_types::Duration { seconds: ms / 1_000, nanos }
}
