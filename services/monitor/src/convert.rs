//! Between our types and those of the contracts.

use chrono::{DateTime, TimeDelta, Utc};
use observe_core::page::PageTokens;
use observe_core::{ProjectId, Violations};
use observe_proto::common::v1::TimeRange;
use observe_proto::monitor::v1 as pb;
use observe_proto::monitor::v1::monitor::{State, Target};
use prost::Message as _;
use prost_types::{Duration, Timestamp};

use crate::heartbeat::PATH_PREFIX;
use crate::incident::Incident;
use crate::seal::Sealer;
use crate::store::bucket::BucketRow;
use crate::store::channel::ChannelRow;
use crate::store::check::CheckRow;
use crate::store::incident_list::EntryRow;
use crate::store::monitor::{Found, MonitorRow};
use crate::webhook::Attempt;

/// How many intervals without a check say that we cannot tell.
const SILENT_INTERVALS: i32 = 3;
/// Seconds since 1970 of the last instant that is taken.
const SECONDS_MAX: i64 = 253_402_300_799;

pub(crate) fn timestamp(at: DateTime<Utc>) -> Timestamp {
    let nanos = i32::try_from(at.timestamp_subsec_nanos()).unwrap_or(0);
    Timestamp { seconds: at.timestamp(), nanos }
}

/// Returns the instant, to the microsecond; `None` for one before 1970 or after 9999.
pub(crate) fn instant(timestamp: &Timestamp) -> Option<DateTime<Utc>> {
    let seconds = Some(timestamp.seconds).filter(|seconds| (0..=SECONDS_MAX).contains(seconds))?;
    let nanos = u32::try_from(timestamp.nanos).ok().filter(|nanos| *nanos < 1_000_000_000)?;
    DateTime::from_timestamp(seconds, nanos / 1_000 * 1_000)
}

/// Returns the milliseconds of a duration; `None` for a negative or malformed one.
pub(crate) fn millis(duration: &Duration) -> Option<i64> {
    let nanos = Some(duration.nanos).filter(|nanos| (0..1_000_000_000).contains(nanos))?;
    let millis = duration.seconds.checked_mul(1_000)?.checked_add(i64::from(nanos) / 1_000_000)?;
    (millis >= 0).then_some(millis)
}

pub(crate) fn duration_millis(millis: i64) -> Duration {
    let nanos = i32::try_from(millis % 1_000 * 1_000_000).unwrap_or(0);
    Duration { seconds: millis / 1_000, nanos }
}

fn duration_micros(micros: i64) -> Duration {
    let nanos = i32::try_from(micros % 1_000_000 * 1_000).unwrap_or(0);
    Duration { seconds: micros / 1_000_000, nanos }
}

/// Reads a range; what is wrong with it is noted.
pub(crate) fn range(
    range: &TimeRange,
    violations: &mut Violations,
) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let start = range.start_time.as_ref().and_then(instant);
    let end = range.end_time.as_ref().and_then(instant);
    violations.require(start.is_some(), "range.start_time", "is needed, from 1970 on");
    violations.require(end.is_some(), "range.end_time", "is needed, before the year 10000");
    let (start, end) = (start?, end?);
    violations.require(start < end, "range.end_time", "must be after the start");
    (start < end).then_some((start, end))
}

/// Returns the monitor. The token of a heartbeat is shown only to whoever may change it.
pub(crate) fn monitor((row, last): Found, sealer: &Sealer, may_change: bool) -> pb::Monitor {
    let state = state(&row, last.as_ref());
    let is_http = row.kind == "http";
    let target = if is_http {
        // What cannot be read was written by another version; what is empty says so.
        Target::Http(pb::HttpTarget::decode(&row.target[..]).unwrap_or_default())
    } else {
        let token = if may_change { sealer.open(row.id, &row.sealed) } else { None };
        let token = token.and_then(|bytes| String::from_utf8(bytes).ok());
        Target::Heartbeat(pb::HeartbeatTarget {
            path: token.map(|token| format!("{PATH_PREFIX}{token}")).unwrap_or_default(),
            grace: Some(duration_millis(i64::from(row.grace_s) * 1_000)),
        })
    };
    pb::Monitor {
        id: row.id.to_string(),
        project_id: row.project_id.to_string(),
        name: row.name,
        interval: Some(duration_millis(i64::from(row.interval_s) * 1_000)),
        timeout: is_http.then(|| duration_millis(row.timeout_ms.into())),
        retries: row.retries,
        retry_interval: is_http.then(|| duration_millis(row.retry_interval_ms.into())),
        target: Some(target),
        state: state.into(),
        state_since_time: Some(timestamp(row.state_since)),
        last_check: last.map(check),
        incident_id: row.incident_id.map(|id| id.to_string()).unwrap_or_default(),
        created_time: Some(timestamp(row.created_at)),
    }
}

/// Returns the state. What we have not looked at for long we cannot tell.
fn state(row: &MonitorRow, last: Option<&CheckRow>) -> State {
    let state = State::try_from(i32::from(row.state)).unwrap_or(State::Unspecified);
    if row.kind != "http" || !matches!(state, State::Up | State::Pending) {
        return state;
    }
    let heard = last.map_or(row.state_since, |check| check.slot.max(row.state_since));
    let patience = TimeDelta::seconds(i64::from(row.interval_s) * i64::from(SILENT_INTERVALS))
        + TimeDelta::milliseconds(row.timeout_ms.into());
    if row.asked_at - heard > patience { State::Unknown } else { state }
}

pub(crate) fn check(row: CheckRow) -> pb::Check {
    let phases = pb::CheckPhases {
        dns: row.dns_us.map(duration_micros),
        connect: row.connect_us.map(duration_micros),
        tls: row.tls_us.map(duration_micros),
        first_byte: row.first_byte_us.map(duration_micros),
        transfer: row.transfer_us.map(duration_micros),
    };
    pb::Check {
        slot_time: Some(timestamp(row.slot)),
        outcome: row.outcome.into(),
        reason: row.reason.unwrap_or_default(),
        message: row.message.unwrap_or_default(),
        status_code: row.status_code.into(),
        total: row.total_us.map(duration_micros),
        phases: (phases != pb::CheckPhases::default()).then_some(phases),
        attempt: row.attempt.into(),
    }
}

/// Returns a bucket, or an empty one for a start without checks.
pub(crate) fn bucket(start: DateTime<Utc>, row: Option<&BucketRow>) -> pb::UptimeBucket {
    let time = |time: fn(&BucketRow) -> Option<i64>| row.and_then(time).map(duration_micros);
    pb::UptimeBucket {
        start_time: Some(timestamp(start)),
        up: row.map_or(0, |row| row.up.into()),
        down: row.map_or(0, |row| row.down.into()),
        missed: row.map_or(0, |row| row.missed.into()),
        p50: time(|row| row.p50_us),
        p95: time(|row| row.p95_us),
        p99: time(|row| row.p99_us),
    }
}

/// Returns a sketch's percentile as a duration.
pub(crate) fn quantile(sketch: &observe_sketch::Sketch, q: f64) -> Option<Duration> {
    sketch.quantile(q).and_then(|micros| i64::try_from(micros).ok()).map(duration_micros)
}

pub(crate) fn incident(incident: Incident) -> pb::Incident {
    pb::Incident {
        id: incident.id.to_string(),
        project_id: incident.project.to_string(),
        kind: incident.kind.into(),
        severity: incident.severity.into(),
        subject: incident.subject,
        title: incident.title,
        detail: incident.detail,
        opened_time: Some(timestamp(incident.opened_at)),
        closed_time: incident.closed_at.map(timestamp),
        acknowledged_time: incident.acknowledged_at.map(timestamp),
        acknowledged_by: incident.acknowledged_by.map(|user| user.to_string()).unwrap_or_default(),
        link: incident.link,
    }
}

pub(crate) fn entry((at, kind, text, user): EntryRow) -> pb::IncidentEntry {
    pb::IncidentEntry {
        time: Some(timestamp(at)),
        kind: kind.into(),
        text,
        user_id: user.map(|user| user.to_string()).unwrap_or_default(),
    }
}

pub(crate) fn channel(row: ChannelRow) -> pb::AlertChannel {
    let last_attempt = row.attempt_at.map(|at| pb::DeliveryAttempt {
        time: Some(timestamp(at)),
        delivered: row.attempt_delivered,
        status_code: row.attempt_status.into(),
        message: row.attempt_message,
    });
    pb::AlertChannel {
        id: row.id.to_string(),
        name: row.name,
        address: Some(pb::alert_channel::Address::Webhook(pb::Webhook { url: row.url })),
        created_time: Some(timestamp(row.created_at)),
        disabled_reason: row.disabled_reason,
        last_attempt,
    }
}

pub(crate) fn attempt(attempt: Attempt, at: DateTime<Utc>) -> pb::DeliveryAttempt {
    pb::DeliveryAttempt {
        time: Some(timestamp(at)),
        delivered: attempt.delivered,
        status_code: attempt.status_code.into(),
        message: attempt.message,
    }
}

/// Returns a page's size; notes one that is out of range.
pub(crate) fn page_size(size: i32, violations: &mut Violations) -> i64 {
    const DEFAULT: i64 = 100;
    violations.require((0..=1_000).contains(&size), "page_size", "must be 1-1,000, or 0 for 100");
    if size == 0 { DEFAULT } else { size.into() }
}

/// Opens a page token; `None` for the first page. One of another question is noted.
pub(crate) fn page_token(
    tokens: &PageTokens,
    scope: &[u8],
    token: &str,
    violations: &mut Violations,
) -> Option<Vec<u8>> {
    if token.is_empty() {
        return None;
    }
    let opened = tokens.open(scope, token);
    violations.require(opened.is_some(), "page_token", "must be of the same question");
    opened
}

/// Returns what a page token is bound to.
pub(crate) fn scope(of: &str, project: ProjectId, parts: &[&str]) -> Vec<u8> {
    let mut scope = of.as_bytes().to_vec();
    scope.push(0);
    scope.extend_from_slice(&project.to_bytes());
    for part in parts {
        scope.extend_from_slice(part.as_bytes());
        scope.push(0);
    }
    scope
}
