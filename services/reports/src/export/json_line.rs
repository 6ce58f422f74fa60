//! Lines of newline-delimited JSON.

use chrono::{DateTime, SecondsFormat};
use serde::Serialize;
use serde::ser::{Error as _, Serializer};
use serde_json::value::RawValue;

/// An instant in microseconds since 1970 as RFC 3339 text in UTC, always with six digits after the second, so that it sorts as text.
pub(super) struct Instant(pub(super) i64);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let time = DateTime::from_timestamp_micros(self.0);
        let time = time.ok_or_else(|| S::Error::custom("an instant is out of range"))?;
        to.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

/// Appends an object as a line.
///
/// # Errors
/// If a part of it cannot be written.
pub(super) fn append(to: &mut Vec<u8>, object: &impl Serialize) -> Result<(), serde_json::Error> {
    serde_json::to_writer(&mut *to, object)?;
    to.push(b'\n');
    Ok(())
}

/// Returns JSON text as it is, to be a part of a line.
///
/// # Errors
/// If it is none.
pub(super) fn raw(json: &str) -> Result<&RawValue, serde_json::Error> {
    serde_json::from_str(json)
}
