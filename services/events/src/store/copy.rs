//! PostgreSQL's binary COPY format, for the temporary tables we copy into.

use chrono::{DateTime, Utc};
use uuid::Uuid;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// Microseconds from 1970 to PostgreSQL's epoch, 2000-01-01.
const POSTGRES_EPOCH_US: i64 = 946_684_800_000_000;
/// The first and the last microsecond of chrono's calendar, in which partitions are found.
const CALENDAR_US: (i64, i64) =
    (DateTime::<Utc>::MIN_UTC.timestamp_micros(), DateTime::<Utc>::MAX_UTC.timestamp_micros());
/// After the end of PostgreSQL's calendar.
const NO_TIME: i64 = i64::MAX - 1;
/// The version byte that jsonb's binary form begins with.
const JSONB_VERSION: u8 = 1;

/// Rows in the binary COPY format.
pub struct CopyRows(Vec<u8>);

impl CopyRows {
    /// Starts with the header.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        let mut buffer = Vec::with_capacity(bytes + 64);
        buffer.extend_from_slice(SIGNATURE);
        buffer.extend_from_slice(&[0; 8]);
        Self(buffer)
    }

    /// Begins a row of `columns` values.
    pub fn row(&mut self, columns: i16) -> &mut Self {
        self.0.extend_from_slice(&columns.to_be_bytes());
        self
    }

    /// Adds a `boolean`.
    pub fn boolean(&mut self, value: bool) -> &mut Self {
        self.field(&[u8::from(value)])
    }

    /// Adds an `int2`.
    pub fn int2(&mut self, value: i16) -> &mut Self {
        self.field(&value.to_be_bytes())
    }

    /// Adds an `int4`.
    pub fn int4(&mut self, value: i32) -> &mut Self {
        self.field(&value.to_be_bytes())
    }

    /// Adds an `int8`.
    pub fn int8(&mut self, value: i64) -> &mut Self {
        self.field(&value.to_be_bytes())
    }

    /// Adds a `uuid`.
    pub fn uuid(&mut self, value: Uuid) -> &mut Self {
        self.field(value.as_bytes())
    }

    /// Adds a `uuid`, or null.
    pub fn uuid_or_null(&mut self, value: Option<Uuid>) -> &mut Self {
        match value {
            Some(value) => self.uuid(value),
            None => self.null(),
        }
    }

    /// Adds a `bytea`.
    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.field(value)
    }

    /// Adds a `text`.
    pub fn text(&mut self, value: &str) -> &mut Self {
        self.field(value.as_bytes())
    }

    /// Adds a `text`, null for an empty one.
    pub fn text_or_null(&mut self, value: &str) -> &mut Self {
        if value.is_empty() {
            return self.null();
        }
        self.text(value)
    }

    /// Adds a `timestamptz` of microseconds since 1970. One that is beyond the calendars, PostgreSQL's or ours, is written as
    /// one that PostgreSQL refuses: no partition can be made for it, and the least and the greatest number are infinite.
    pub fn timestamp_us(&mut self, micros: i64) -> &mut Self {
        let known = (CALENDAR_US.0..=CALENDAR_US.1).contains(&micros);
        self.int8(if known { micros - POSTGRES_EPOCH_US } else { NO_TIME })
    }

    /// Adds a `jsonb` from its text.
    pub fn jsonb(&mut self, json: &str) -> &mut Self {
        self.length(json.len() + 1);
        self.0.push(JSONB_VERSION);
        self.0.extend_from_slice(json.as_bytes());
        self
    }

    /// Ends with the trailer.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.0.extend_from_slice(&(-1_i16).to_be_bytes());
        self.0
    }

    fn null(&mut self) -> &mut Self {
        self.0.extend_from_slice(&(-1_i32).to_be_bytes());
        self
    }

    fn field(&mut self, bytes: &[u8]) -> &mut Self {
        self.length(bytes.len());
        self.0.extend_from_slice(bytes);
        self
    }

    fn length(&mut self, bytes: usize) {
        // An event is at most 1 MiB, far below what a field may hold.
        let length = i32::try_from(bytes).unwrap_or(i32::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
    }
}
