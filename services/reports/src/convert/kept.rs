//! What the things that people keep here have in common: names, descriptions, times.

use chrono::{DateTime, Utc};
use observe_core::Violations;
use prost_types::{Duration, Timestamp};

const NAME_CHARS_MAX: usize = 200;
const DESCRIPTION_CHARS_MAX: usize = 2_000;
/// The longest time that ends now, in seconds: 400 days.
const LAST_SECONDS_MAX: i64 = 400 * 86_400;

/// Checks a name.
pub(super) fn name(text: &str, field: &str, violations: &mut Violations) {
    let fits = (1..=NAME_CHARS_MAX).contains(&text.chars().count()) && !text.trim().is_empty();
    violations.require(
        fits && is_storable(text),
        field,
        format!("must be 1-{NAME_CHARS_MAX} characters"),
    );
}

/// Checks a description.
pub(super) fn description(text: &str, field: &str, violations: &mut Violations) {
    let fits = text.chars().count() <= DESCRIPTION_CHARS_MAX && is_storable(text);
    let expected = format!("must be at most {DESCRIPTION_CHARS_MAX} characters");
    violations.require(fits, field, expected);
}

/// Returns whether the database takes a text: no text of people has the character that it refuses.
pub(super) fn is_storable(text: &str) -> bool {
    !text.contains('\0')
}

/// Reads a length of time that ends now, in whole seconds.
pub(super) fn last(
    wire: Option<&Duration>,
    field: &str,
    violations: &mut Violations,
) -> Option<i64> {
    let wire = wire?;
    let fits = (1..=LAST_SECONDS_MAX).contains(&wire.seconds) && wire.nanos == 0;
    violations.require(fits, field, "must be whole seconds, at most 400 days");
    Some(wire.seconds)
}

/// Writes an instant as it is stored, to the microsecond.
pub(super) fn micros_timestamp(at: DateTime<Utc>) -> Timestamp {
    let nanos = i32::try_from(at.timestamp_subsec_micros() * 1_000).unwrap_or(0);
    Timestamp { seconds: at.timestamp(), nanos }
}

/// Reads an instant as it is stored, to the microsecond.
pub(super) fn micros(wire: &Timestamp) -> Option<DateTime<Utc>> {
    let nanos = u32::try_from(wire.nanos).ok()?;
    DateTime::from_timestamp(wire.seconds, nanos / 1_000 * 1_000)
}
