//! The newest rows, in the order they came.

use std::sync::{Arc, OnceLock};

use super::rows::Rows;
use super::sealing;
use super::segment::Segment;

/// How many rows a piece of the tail takes.
const ROWS_MAX: usize = 4_096;
/// How many property values a piece of the tail takes, with those that are written together with the last of them on top;
/// each is 8 bytes.
const VALUES_MAX: usize = 262_144;

/// A piece of the rows that are not sealed into segments yet. Questions read it sorted, like segments.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    /// The rows.
    pub(crate) rows: Rows,
    /// The event name's code of each row.
    pub(crate) names: Vec<u32>,
    values: usize,
    sorted: OnceLock<Vec<Segment>>,
}

/// A copy is made to grow, so what was sorted is not copied.
impl Clone for Tail {
    fn clone(&self) -> Self {
        let (rows, names, values) = (self.rows.clone(), self.names.clone(), self.values);
        Self { rows, names, values, sorted: OnceLock::new() }
    }
}

impl Tail {
    /// Starts without rows.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Returns how many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns how many property values there are.
    pub(crate) fn values(&self) -> usize {
        self.values
    }

    /// Returns whether the next row belongs into another piece.
    pub(crate) fn is_full(&self) -> bool {
        self.len() >= ROWS_MAX || self.values >= VALUES_MAX
    }

    /// Joins pieces into one, in their order.
    pub(crate) fn joined(pieces: &[Arc<Self>]) -> Self {
        let mut all = Self::new();
        for piece in pieces {
            all.rows.append(&piece.rows);
            all.names.extend_from_slice(&piece.names);
            all.values += piece.values;
        }
        all
    }

    /// Returns the piece without the rows of which `is_gone` says so, given the visitor and the arrival; `None` if all stay.
    pub(crate) fn without(&self, is_gone: impl Fn(u32, i64) -> bool) -> Option<Self> {
        let rows = &self.rows;
        let is_gone = |row: usize| is_gone(rows.visitor[row], rows.arrival[row]);
        if !(0..self.len()).any(is_gone) {
            return None;
        }
        let mut left = Self::new();
        let mut new_row = vec![None; self.len()];
        for (row, new) in new_row.iter_mut().enumerate().filter(|(row, _)| !is_gone(*row)) {
            let (visitor, time_ms, arrival) =
                (rows.visitor[row], rows.time_ms[row], rows.arrival[row]);
            *new = Some(left.push(self.names[row], visitor, time_ms, arrival));
        }
        for (key, column) in &rows.columns {
            column.for_each_set(|row, code| {
                if let Some(row) = new_row[row as usize] {
                    left.set(row, *key, code);
                }
            });
        }
        Some(left)
    }

    /// Adds a row without properties and returns its number.
    pub(crate) fn push(&mut self, name: u32, visitor: u32, time_ms: i64, arrival: i64) -> u32 {
        self.sorted.take();
        self.names.push(name);
        self.rows.push(visitor, time_ms, arrival)
    }

    /// Sets a property of the row that was added last.
    pub(crate) fn set(&mut self, row: u32, key: u32, value_code: u32) {
        self.values += 1;
        self.rows.columns.entry(key).or_default().set(row, value_code);
    }

    /// Sets a property of rows that were added last, in their order.
    pub(super) fn set_all(&mut self, key: u32, values: impl Iterator<Item = (u32, u32)>) {
        let column = self.rows.columns.entry(key).or_default();
        for (row, value_code) in values {
            self.values += 1;
            column.set(row, value_code);
        }
    }

    /// Returns the rows as questions read them: sorted, the first time they are asked for after the last change.
    pub(crate) fn sorted(&self) -> &[Segment] {
        self.sorted.get_or_init(|| sealing::sort(self))
    }
}
