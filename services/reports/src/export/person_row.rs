//! Persons as rows.

use ::parquet::errors::ParquetError;
use observe_core::PersonId;
use observe_core::error::CommonError;
use observe_proto::identity::v1::StoredPerson;
use serde::Serialize;
use serde_json::value::RawValue;

use super::Row;
use super::json_line::{self, Instant};
use super::parquet::{Columns, Flags, Instants, RowGroup, TextLists, Texts};

/// A person with a row of its own in identity.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PersonRow {
    person_id: PersonId,
    distinct_ids: Vec<String>,
    identified: bool,
    created_us: i64,
    properties: String,
}

impl PersonRow {
    /// Makes a row.
    ///
    /// # Errors
    /// If the person's id is none, which is a fault of ours.
    pub(crate) fn new(person: StoredPerson) -> Result<Self, CommonError> {
        let person_id = PersonId::from_bytes(&person.person_id)
            .ok_or_else(|| CommonError::Internal("a person has no id".into()))?;
        Ok(Self {
            person_id,
            distinct_ids: person.distinct_ids,
            identified: person.identified,
            created_us: person.created_us,
            properties: person.properties_json,
        })
    }
}

/// The row as a line of NDJSON.
#[derive(Serialize)]
struct Line<'a> {
    person_id: String,
    distinct_ids: &'a [String],
    identified: bool,
    created_at: Instant,
    properties: &'a RawValue,
}

impl Row for PersonRow {
    const SCHEMA: &'static str = "message person {
        required binary person_id (STRING);
        required group distinct_ids (LIST) { repeated group list { required binary element (STRING); } }
        required boolean identified;
        required int64 created_at (TIMESTAMP(MICROS,true));
        required binary properties (JSON);
    }";
    const PLAIN: &'static [&'static str] = &["properties"];
    type Columns = PersonColumns;

    fn write_line(&self, to: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        let line = Line {
            person_id: self.person_id.to_string(),
            distinct_ids: &self.distinct_ids,
            identified: self.identified,
            created_at: Instant(self.created_us),
            properties: json_line::raw(&self.properties)?,
        };
        json_line::append(to, &line)
    }
}

/// Some persons, column by column.
#[derive(Default)]
pub(crate) struct PersonColumns {
    person_id: Texts,
    distinct_ids: TextLists,
    identified: Flags,
    created_at: Instants,
    properties: Texts,
    bytes: usize,
}

impl Columns<PersonRow> for PersonColumns {
    fn push(&mut self, row: PersonRow) {
        self.bytes += self.person_id.push(row.person_id.to_string())
            + self.distinct_ids.push(row.distinct_ids)
            + self.identified.push(row.identified)
            + self.created_at.push(row.created_us)
            + self.properties.push(row.properties);
    }

    fn rows(&self) -> usize {
        self.created_at.len()
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn write(&self, to: &mut RowGroup<'_>) -> Result<(), ParquetError> {
        self.person_id.write(to)?;
        self.distinct_ids.write(to)?;
        self.identified.write(to)?;
        self.created_at.write(to)?;
        self.properties.write(to)
    }
}
