//! The values of one column of a row group.

use ::parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int64Type};
use ::parquet::errors::ParquetError;

use super::RowGroup;

/// Texts, one a row.
#[derive(Default)]
pub(crate) struct Texts(Vec<ByteArray>);

impl Texts {
    /// Adds a row's. Returns how many bytes that are.
    pub(crate) fn push(&mut self, text: String) -> usize {
        let bytes = text.len();
        self.0.push(text.into_bytes().into());
        bytes
    }

    /// Writes the column.
    ///
    /// # Errors
    /// If the schema has another one in its place.
    pub(crate) fn write(&self, to: &mut RowGroup<'_>) -> Result<(), ParquetError> {
        write::<ByteArrayType>(to, &self.0, None, None)
    }
}

/// Texts that may be missing.
#[derive(Default)]
pub(crate) struct OptionalTexts {
    values: Vec<ByteArray>,
    /// By row, whether it has one.
    levels: Vec<i16>,
}

impl OptionalTexts {
    /// Adds a row's. Returns how many bytes that are.
    pub(crate) fn push(&mut self, text: Option<String>) -> usize {
        self.levels.push(i16::from(text.is_some()));
        let Some(text) = text else { return 0 };
        let bytes = text.len();
        self.values.push(text.into_bytes().into());
        bytes
    }

    /// Writes the column.
    ///
    /// # Errors
    /// If the schema has another one in its place.
    pub(crate) fn write(&self, to: &mut RowGroup<'_>) -> Result<(), ParquetError> {
        write::<ByteArrayType>(to, &self.values, Some(&self.levels), None)
    }
}

/// Lists of texts.
#[derive(Default)]
pub(crate) struct TextLists {
    values: Vec<ByteArray>,
    /// By text, 1; for an empty list, 0.
    levels: Vec<i16>,
    /// By text, whether it is of the same list as the one before.
    repeated: Vec<i16>,
}

impl TextLists {
    /// Adds a row's. Returns how many bytes that are.
    pub(crate) fn push(&mut self, texts: Vec<String>) -> usize {
        if texts.is_empty() {
            self.levels.push(0);
            self.repeated.push(0);
        }
        let mut bytes = 0;
        for (at, text) in texts.into_iter().enumerate() {
            bytes += text.len();
            self.levels.push(1);
            self.repeated.push(i16::from(at > 0));
            self.values.push(text.into_bytes().into());
        }
        bytes
    }

    /// Writes the column.
    ///
    /// # Errors
    /// If the schema has another one in its place.
    pub(crate) fn write(&self, to: &mut RowGroup<'_>) -> Result<(), ParquetError> {
        write::<ByteArrayType>(to, &self.values, Some(&self.levels), Some(&self.repeated))
    }
}

/// Instants, in microseconds since 1970.
#[derive(Default)]
pub(crate) struct Instants(Vec<i64>);

impl Instants {
    /// Adds a row's. Returns how many bytes that are.
    pub(crate) fn push(&mut self, at_us: i64) -> usize {
        self.0.push(at_us);
        size_of::<i64>()
    }

    /// Returns how many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Writes the column.
    ///
    /// # Errors
    /// If the schema has another one in its place.
    pub(crate) fn write(&self, to: &mut RowGroup<'_>) -> Result<(), ParquetError> {
        write::<Int64Type>(to, &self.0, None, None)
    }
}

/// Yes or no.
#[derive(Default)]
pub(crate) struct Flags(Vec<bool>);

impl Flags {
    /// Adds a row's. Returns how many bytes that are.
    pub(crate) fn push(&mut self, flag: bool) -> usize {
        self.0.push(flag);
        size_of::<bool>()
    }

    /// Writes the column.
    ///
    /// # Errors
    /// If the schema has another one in its place.
    pub(crate) fn write(&self, to: &mut RowGroup<'_>) -> Result<(), ParquetError> {
        write::<BoolType>(to, &self.0, None, None)
    }
}

fn write<T: DataType>(
    to: &mut RowGroup<'_>,
    values: &[T::T],
    levels: Option<&[i16]>,
    repeated: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let missing = || ParquetError::General("the schema has fewer columns".to_owned());
    let mut column = to.next_column()?.ok_or_else(missing)?;
    column.typed::<T>().write_batch(values, levels, repeated)?;
    column.close()
}
