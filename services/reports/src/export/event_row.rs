//! Events as rows. The names of the columns are those of capture, so that a line of NDJSON can be captured again.

use ::parquet::errors::ParquetError;
use observe_core::PersonId;
use observe_core::error::CommonError;
use observe_proto::events::v1::StoredEvent;
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::Row;
use super::json_line::{self, Instant};
use super::parquet::{Columns, Instants, OptionalTexts, RowGroup, Texts};

/// An event and the person it is of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EventRow {
    uuid: Uuid,
    name: String,
    distinct_id: String,
    person_id: Option<PersonId>,
    timestamp_us: i64,
    received_us: i64,
    session_id: Option<String>,
    properties: String,
}

impl EventRow {
    /// Makes a row; nobody's event has no person.
    ///
    /// # Errors
    /// If the event's id is none, which is a fault of ours.
    pub(crate) fn new(event: StoredEvent, person: Option<PersonId>) -> Result<Self, CommonError> {
        let uuid = Uuid::from_slice(&event.uuid);
        let uuid = uuid.map_err(|_| CommonError::Internal("an event has no uuid".into()))?;
        Ok(Self {
            uuid,
            name: event.name,
            distinct_id: event.distinct_id,
            person_id: person,
            timestamp_us: event.time_us,
            received_us: event.received_us,
            session_id: (!event.session_id.is_empty()).then_some(event.session_id),
            properties: event.properties_json,
        })
    }
}

/// The row as a line of NDJSON.
#[derive(Serialize)]
struct Line<'a> {
    uuid: Uuid,
    name: &'a str,
    distinct_id: &'a str,
    person_id: Option<String>,
    timestamp: Instant,
    received_at: Instant,
    session_id: Option<&'a str>,
    properties: &'a RawValue,
}

impl Row for EventRow {
    const SCHEMA: &'static str = "message event {
        required binary uuid (STRING);
        required binary name (STRING);
        required binary distinct_id (STRING);
        optional binary person_id (STRING);
        required int64 timestamp (TIMESTAMP(MICROS,true));
        required int64 received_at (TIMESTAMP(MICROS,true));
        optional binary session_id (STRING);
        required binary properties (JSON);
    }";
    const PLAIN: &'static [&'static str] = &["uuid", "properties"];
    type Columns = EventColumns;

    fn write_line(&self, to: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        let line = Line {
            uuid: self.uuid,
            name: &self.name,
            distinct_id: &self.distinct_id,
            person_id: self.person_id.map(|id| id.to_string()),
            timestamp: Instant(self.timestamp_us),
            received_at: Instant(self.received_us),
            session_id: self.session_id.as_deref(),
            properties: json_line::raw(&self.properties)?,
        };
        json_line::append(to, &line)
    }
}

/// Some events, column by column.
#[derive(Default)]
pub(crate) struct EventColumns {
    uuid: Texts,
    name: Texts,
    distinct_id: Texts,
    person_id: OptionalTexts,
    timestamp: Instants,
    received_at: Instants,
    session_id: OptionalTexts,
    properties: Texts,
    bytes: usize,
}

impl Columns<EventRow> for EventColumns {
    fn push(&mut self, row: EventRow) {
        self.bytes += self.uuid.push(row.uuid.to_string())
            + self.name.push(row.name)
            + self.distinct_id.push(row.distinct_id)
            + self.person_id.push(row.person_id.map(|id| id.to_string()))
            + self.timestamp.push(row.timestamp_us)
            + self.received_at.push(row.received_us)
            + self.session_id.push(row.session_id)
            + self.properties.push(row.properties);
    }

    fn rows(&self) -> usize {
        self.timestamp.len()
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn write(&self, to: &mut RowGroup<'_>) -> Result<(), ParquetError> {
        self.uuid.write(to)?;
        self.name.write(to)?;
        self.distinct_id.write(to)?;
        self.person_id.write(to)?;
        self.timestamp.write(to)?;
        self.received_at.write(to)?;
        self.session_id.write(to)?;
        self.properties.write(to)
    }
}
