//! Annotations.

use chrono::{DateTime, Utc};
use observe_core::Violations;
use observe_proto::common::v1::TimeRange;
use observe_proto::reports::v1 as pb;
use prost_types::Timestamp;

use super::kept::{is_storable, micros_timestamp};
use super::shared::{instant, range};
use crate::store::annotation::AnnotationRow;

const TEXT_CHARS_MAX: usize = 400;

/// Reads when something was, and what is noted of it.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn annotation_draft(
    time: Option<&Timestamp>,
    text: &str,
) -> Result<DateTime<Utc>, Violations> {
    let mut violations = Violations::new();
    let nanos = instant(time, "time", &mut violations);
    // The database keeps microseconds.
    let micros = nanos.and_then(|nanos| i64::try_from(nanos.div_euclid(1_000)).ok());
    let at = micros.and_then(DateTime::from_timestamp_micros);
    let fits = (1..=TEXT_CHARS_MAX).contains(&text.chars().count())
        && !text.trim().is_empty()
        && is_storable(text);
    violations.require(fits, "text", format!("must be 1-{TEXT_CHARS_MAX} characters"));
    violations.finish()?;
    Ok(at.unwrap_or_default())
}

/// Reads the range whose annotations are asked for: its first instant, and the first one after.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn annotation_range(
    wire: Option<&TimeRange>,
) -> Result<(DateTime<Utc>, DateTime<Utc>), Violations> {
    let mut violations = Violations::new();
    let range = range(wire, &mut violations);
    violations.finish()?;
    let bounds = range.and_then(|range| {
        let instant = DateTime::from_timestamp_millis;
        instant(range.start_ms).zip(instant(range.end_ms))
    });
    Ok(bounds.unwrap_or_default())
}

/// Writes an annotation.
pub(crate) fn annotation(row: AnnotationRow) -> pb::Annotation {
    pb::Annotation {
        id: row.id.to_string(),
        time: Some(micros_timestamp(row.time)),
        text: row.text,
        created_time: Some(micros_timestamp(row.created_time)),
    }
}
