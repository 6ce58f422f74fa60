//! A file of rows that grows, in either format.

use observe_core::error::CommonError;

use super::parquet::ParquetWriter;
use super::{Format, Row};
use crate::error::ReportsError;

/// A file under way.
pub(crate) enum File<R: Row> {
    /// Columns; the writer is large.
    Parquet(Box<ParquetWriter<R>>),
    /// Lines that were not taken yet.
    Ndjson(Vec<u8>),
}

impl<R: Row> File<R> {
    /// Begins a file.
    ///
    /// # Errors
    /// A fault of ours.
    pub(crate) fn new(format: Format) -> Result<Self, ReportsError> {
        Ok(match format {
            Format::Parquet => {
                Self::Parquet(Box::new(ParquetWriter::new().map_err(|error| fault(&error))?))
            }
            Format::Ndjson => Self::Ndjson(Vec::new()),
        })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// A fault of ours.
    pub(crate) fn push(&mut self, row: R) -> Result<(), ReportsError> {
        match self {
            Self::Parquet(writer) => writer.push(row).map_err(|error| fault(&error)),
            Self::Ndjson(lines) => row.write_line(lines).map_err(|error| fault(&error)),
        }
    }

    /// Takes what was written since this was last called.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        match self {
            Self::Parquet(writer) => writer.take(),
            Self::Ndjson(lines) => std::mem::take(lines),
        }
    }

    /// Ends the file. Returns what was not taken of it.
    ///
    /// # Errors
    /// A fault of ours.
    pub(crate) fn finish(self) -> Result<Vec<u8>, ReportsError> {
        match self {
            Self::Parquet(writer) => writer.finish().map_err(|error| fault(&error)),
            Self::Ndjson(lines) => Ok(lines),
        }
    }
}

fn fault(error: &impl std::error::Error) -> ReportsError {
    CommonError::Internal(format!("an export cannot be written: {error}")).into()
}

#[cfg(test)]
mod tests;
