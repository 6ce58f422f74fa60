//! Rows as columns: what segments and the tail have in common.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::dictionary::NOT_SET;

/// A property column is kept dense when at least one row in this many has a value: a sparse entry takes 8 bytes, a dense
/// one 4, and a dense one is found without a search.
const DENSE_ONE_IN: usize = 4;

/// One property of all rows, as value codes.
#[derive(Clone, Debug)]
pub(crate) enum Column {
    /// One code for each row; [`NOT_SET`] where there is no value.
    Dense(Vec<u32>),
    /// Only the rows with a value, in order.
    Sparse {
        /// The rows.
        rows: Vec<u32>,
        /// Their codes.
        codes: Vec<u32>,
    },
}

impl Column {
    /// Starts an empty one, to be filled row by row.
    pub(crate) fn new() -> Self {
        Self::Sparse { rows: Vec::new(), codes: Vec::new() }
    }

    /// Makes one of `(row, code)` pairs in the order of rows.
    pub(crate) fn from_pairs(rows: Vec<u32>, codes: Vec<u32>, row_count: usize) -> Self {
        if rows.len().saturating_mul(DENSE_ONE_IN) < row_count {
            return Self::Sparse { rows, codes };
        }
        let mut dense = vec![NOT_SET; row_count];
        for (row, code) in rows.into_iter().zip(codes) {
            dense[row as usize] = code;
        }
        Self::Dense(dense)
    }

    /// Sets the value of a row that is not before the last one set.
    pub(crate) fn set(&mut self, row: u32, code: u32) {
        match self {
            Self::Dense(dense) => dense[row as usize] = code,
            // A key that comes twice in one object has the value that came last.
            Self::Sparse { rows, codes } if rows.last() == Some(&row) => {
                *codes.last_mut().expect("as many codes as rows") = code;
            }
            Self::Sparse { rows, codes } => {
                rows.push(row);
                codes.push(code);
            }
        }
    }

    /// Returns the value code of a row.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> u32 {
        match self {
            Self::Dense(dense) => dense[row],
            Self::Sparse { rows, codes } => {
                let row = u32::try_from(row).expect("rows are counted in 32 bits");
                rows.binary_search(&row).map_or(NOT_SET, |at| codes[at])
            }
        }
    }

    /// Calls `each` with every row that has a value, in order.
    pub(crate) fn for_each_set(&self, mut each: impl FnMut(u32, u32)) {
        match self {
            Self::Dense(dense) => {
                for (row, code) in (0_u32..).zip(dense) {
                    if *code != NOT_SET {
                        each(row, *code);
                    }
                }
            }
            Self::Sparse { rows, codes } => {
                for (row, code) in rows.iter().zip(codes) {
                    each(*row, *code);
                }
            }
        }
    }
}

/// Rows without their event names. All vectors have one entry a row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    /// The visitor's code.
    pub(crate) visitor: Vec<u32>,
    /// When it happened, in milliseconds since 1970.
    pub(crate) time_ms: Vec<i64>,
    /// When it arrived, in microseconds since 1970, the index in its request added: the order of events of equal time.
    pub(crate) arrival: Vec<i64>,
    /// The properties that occur, by the code of their key.
    pub(crate) columns: FxHashMap<u32, Column>,
    /// The smallest time; `i64::MAX` without rows.
    pub(crate) min_time_ms: i64,
    /// The largest time; `i64::MIN` without rows.
    pub(crate) max_time_ms: i64,
}

impl Rows {
    /// Starts without rows.
    pub(crate) fn new() -> Self {
        Self { min_time_ms: i64::MAX, max_time_ms: i64::MIN, ..Self::default() }
    }

    /// Returns how many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.visitor.len()
    }

    /// Adds a row without properties and returns its number.
    pub(crate) fn push(&mut self, visitor: u32, time_ms: i64, arrival: i64) -> u32 {
        let row = u32::try_from(self.len()).expect("rows are counted in 32 bits");
        self.visitor.push(visitor);
        self.time_ms.push(time_ms);
        self.arrival.push(arrival);
        self.min_time_ms = self.min_time_ms.min(time_ms);
        self.max_time_ms = self.max_time_ms.max(time_ms);
        row
    }
}

/// Consecutive rows of one event name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NameRun {
    /// The name's code.
    pub(crate) name: u32,
    /// The first row.
    pub(crate) start: u32,
    /// One past the last row.
    pub(crate) end: u32,
}

/// How many rows are scanned without a look whether somebody still waits for the answer.
const PART_ROWS: usize = 4_096;

impl NameRun {
    /// Returns the rows in parts that are scanned at one go.
    pub(crate) fn parts(self) -> impl Iterator<Item = Range<usize>> {
        let end = self.end as usize;
        let starts = (self.start as usize..end).step_by(PART_ROWS);
        starts.map(move |start| start..(start + PART_ROWS).min(end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dense_and_sparse_columns_answer_alike() {
        let rows = vec![0, 3];
        let sparse = Column::from_pairs(rows.clone(), vec![7, 9], 100);
        let dense = Column::from_pairs(rows, vec![7, 9], 4);
        assert!(matches!(sparse, Column::Sparse { .. }) && matches!(dense, Column::Dense(_)));
        for row in 0..4 {
            assert_eq!(sparse.get(row), dense.get(row));
        }
        let mut seen = Vec::new();
        dense.for_each_set(|row, code| seen.push((row, code)));
        sparse.for_each_set(|row, code| seen.push((row, code)));
        assert_eq!(seen, [(0, 7), (3, 9), (0, 7), (3, 9)]);
    }

    #[test]
    fn the_last_of_two_equal_keys_counts() {
        let mut column = Column::new();
        column.set(0, 1);
        column.set(0, 2);
        assert_eq!(column.get(0), 2);
    }
}
