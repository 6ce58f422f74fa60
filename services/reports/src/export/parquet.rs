//! Parquet files: rows are gathered, and written as a row group when there are enough of them.
//!
//! The crate's low-level writer is used, column by column: the rows have few columns of three types, and Arrow would only stand
//! between them and the file.

mod column;

use std::sync::Arc;

use ::parquet::basic::Compression;
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use ::parquet::schema::parser::parse_message_type;
use ::parquet::schema::types::ColumnPath;

pub(crate) use column::{Flags, Instants, OptionalTexts, TextLists, Texts};

use super::Row;

/// Rows in a row group: about as many as readers work on at once.
pub(crate) const ROW_GROUP_ROWS_MAX: usize = 100_000;
/// Bytes of values in a row group, before they are encoded: what is held in memory of a file.
pub(crate) const ROW_GROUP_BYTES_MAX: usize = 8 << 20;

/// What a row group is written to.
pub(crate) type RowGroup<'a> = SerializedRowGroupWriter<'a, Vec<u8>>;

/// Some rows, column by column.
pub(crate) trait Columns<R>: Default + Send + 'static {
    /// Adds a row.
    fn push(&mut self, row: R);
    /// Returns how many rows there are.
    fn rows(&self) -> usize;
    /// Returns how many bytes their values have.
    fn bytes(&self) -> usize;
    /// Writes all columns, in the order of the schema.
    ///
    /// # Errors
    /// If they are not those of the schema.
    fn write(&self, to: &mut RowGroup<'_>) -> Result<(), ParquetError>;
}

/// Writes a file into memory, from which it is taken as it grows.
pub(crate) struct ParquetWriter<R: Row> {
    writer: SerializedFileWriter<Vec<u8>>,
    columns: R::Columns,
}

impl<R: Row> ParquetWriter<R> {
    /// Begins a file.
    ///
    /// # Errors
    /// If the schema of the rows is none.
    pub(crate) fn new() -> Result<Self, ParquetError> {
        // Snappy: the one codec that every reader has.
        let mut properties = WriterProperties::builder()
            .set_created_by("observe".to_owned())
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true);
        for column in R::PLAIN {
            let path = ColumnPath::from(*column);
            properties = properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_statistics_enabled(path, EnabledStatistics::None);
        }
        let schema = Arc::new(parse_message_type(R::SCHEMA)?);
        let writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties.build()))?;
        Ok(Self { writer, columns: R::Columns::default() })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// If the file cannot be written, which is a fault of ours.
    pub(crate) fn push(&mut self, row: R) -> Result<(), ParquetError> {
        self.columns.push(row);
        let is_full = self.columns.rows() >= ROW_GROUP_ROWS_MAX
            || self.columns.bytes() >= ROW_GROUP_BYTES_MAX;
        if is_full { self.write_row_group() } else { Ok(()) }
    }

    /// Takes what was written since this was last called.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.writer.inner_mut())
    }

    /// Ends the file. Returns what was not taken of it.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub(crate) fn finish(mut self) -> Result<Vec<u8>, ParquetError> {
        if self.columns.rows() > 0 {
            self.write_row_group()?;
        }
        self.writer.into_inner()
    }

    fn write_row_group(&mut self) -> Result<(), ParquetError> {
        let columns = std::mem::take(&mut self.columns);
        let mut group = self.writer.next_row_group()?;
        columns.write(&mut group)?;
        group.close()?;
        // What is still in a buffer cannot be taken.
        Ok(self.writer.flush()?)
    }
}
