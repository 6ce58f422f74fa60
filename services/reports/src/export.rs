//! Exports: what a project holds as one file for other tools, made and handed out piece by piece.
//!
//! Rows come page by page from whoever owns them ([`source`]), become a file of one of two formats ([`file`]), and go out as
//! chunks ([`run`]). Nothing is held whole: at any time a page, a row group and a few chunks are in memory. How many run at once is
//! limited ([`places`]).

pub(crate) mod event_row;
pub(crate) mod file;
pub(crate) mod json_line;
pub(crate) mod parquet;
pub(crate) mod person_row;
pub(crate) mod places;
pub(crate) mod run;
pub(crate) mod source;

use crate::query::Range;

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Apache Parquet.
    Parquet,
    /// A JSON object a line.
    Ndjson,
}

/// Which events are exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EventQuery {
    /// Inside this range of event time.
    pub(crate) range: Range,
    /// One of these names; any when empty.
    pub(crate) names: Vec<String>,
}

/// A row of a file.
pub(crate) trait Row: Send + Sized + 'static {
    /// The columns, in the language of Parquet's schemas.
    const SCHEMA: &'static str;
    /// Columns in which hardly a value comes twice: neither a dictionary nor statistics help a reader.
    const PLAIN: &'static [&'static str];
    /// Some rows, column by column.
    type Columns: parquet::Columns<Self>;

    /// Appends the row as a line of JSON.
    ///
    /// # Errors
    /// If its properties are no JSON, which they always are.
    fn write_line(&self, to: &mut Vec<u8>) -> Result<(), serde_json::Error>;
}
