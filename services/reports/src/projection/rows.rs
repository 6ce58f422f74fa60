//! Rows as columns that grow: the form in which they come, and between two segments.

use rustc_hash::FxHashMap;

use super::dictionary::NOT_SET;
use super::pack::BLOCK_ROWS;
use super::segment::Part;

/// One property of rows: those that have it, in their order, with their value codes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Column {
    rows: Vec<u32>,
    codes: Vec<u32>,
}

impl Column {
    /// Sets the value of a row that is not before the last one set.
    pub(crate) fn set(&mut self, row: u32, code: u32) {
        if code == NOT_SET {
            return;
        }
        // A key that comes twice in one object has the value that came last.
        if self.rows.last() == Some(&row) {
            *self.codes.last_mut().expect("as many codes as rows") = code;
        } else {
            self.rows.push(row);
            self.codes.push(code);
        }
    }

    /// Adds the values of another column behind its own; the other's first row becomes the row with this number.
    pub(super) fn append(&mut self, other: &Self, first: u32) {
        self.rows.extend(other.rows.iter().map(|row| first + row));
        self.codes.extend_from_slice(&other.codes);
    }

    /// Writes the value codes of all rows, of which there are as many as `codes` has.
    pub(super) fn write_to(&self, codes: &mut [u32]) {
        if self.rows.len() == codes.len() {
            codes.copy_from_slice(&self.codes);
            return;
        }
        codes.fill(NOT_SET);
        self.for_each_set(|row, code| codes[row as usize] = code);
    }

    /// Calls `each` with every row that has a value, in order.
    pub(crate) fn for_each_set(&self, mut each: impl FnMut(u32, u32)) {
        for (row, code) in self.rows.iter().zip(&self.codes) {
            each(*row, *code);
        }
    }
}

/// Rows without their event names. All vectors have one entry a row.
#[derive(Clone, Debug)]
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

impl Default for Rows {
    fn default() -> Self {
        Self {
            visitor: Vec::new(),
            time_ms: Vec::new(),
            arrival: Vec::new(),
            columns: FxHashMap::default(),
            min_time_ms: i64::MAX,
            max_time_ms: i64::MIN,
        }
    }
}

impl Rows {
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

    /// Adds other rows behind its own.
    pub(super) fn append(&mut self, other: &Self) {
        let first = u32::try_from(self.len()).expect("rows are counted in 32 bits");
        self.visitor.extend_from_slice(&other.visitor);
        self.time_ms.extend_from_slice(&other.time_ms);
        self.arrival.extend_from_slice(&other.arrival);
        self.min_time_ms = self.min_time_ms.min(other.min_time_ms);
        self.max_time_ms = self.max_time_ms.max(other.max_time_ms);
        for (key, column) in &other.columns {
            self.columns.entry(*key).or_default().append(column, first);
        }
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

impl NameRun {
    /// Returns how many rows there are.
    pub(crate) fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Returns the rows in parts, one for each block that they lie in.
    pub(crate) fn parts(self) -> impl Iterator<Item = Part> {
        let (start, end) = (self.start as usize, self.end as usize);
        let blocks = start / BLOCK_ROWS..end.div_ceil(BLOCK_ROWS);
        blocks.map(move |block| {
            let first = block * BLOCK_ROWS;
            let rows = start.max(first) - first..end.min(first + BLOCK_ROWS) - first;
            Part { name: self.name, block, rows }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_two_equal_keys_counts() {
        let mut column = Column::default();
        column.set(0, 1);
        column.set(0, 2);
        let mut seen = Vec::new();
        column.for_each_set(|row, code| seen.push((row, code)));
        assert_eq!(seen, [(0, 2)]);
    }

    #[test]
    fn the_values_of_joined_rows_stay_with_their_rows() {
        let mut rows = [Rows::default(), Rows::default()];
        for (at, own) in rows.iter_mut().enumerate() {
            for n in 0..3 {
                let row = own.push(n, i64::from(n), 0);
                own.columns.entry(0).or_default().set(row, n + 1);
                if n as usize == at {
                    own.columns.entry(1).or_default().set(row, 9);
                }
            }
        }
        let [mut all, other] = rows;
        all.append(&other);
        assert_eq!((all.visitor.as_slice(), all.max_time_ms), ([0, 1, 2, 0, 1, 2].as_slice(), 2));
        let codes = |key| {
            let mut codes = [7; 6];
            all.columns[&key].write_to(&mut codes);
            codes
        };
        assert_eq!((codes(0), codes(1)), ([1, 2, 3, 1, 2, 3], [9, 0, 0, 0, 9, 0]));
    }

    #[test]
    fn a_run_is_cut_at_the_ends_of_blocks() {
        let block = u32::try_from(BLOCK_ROWS).expect("small");
        let run = NameRun { name: 1, start: block - 2, end: 2 * block + 1 };
        let parts: Vec<_> = run.parts().map(|part| (part.block, part.rows)).collect();
        assert_eq!(parts, [(0, BLOCK_ROWS - 2..BLOCK_ROWS), (1, 0..BLOCK_ROWS), (2, 0..1)]);
        let inside = NameRun { name: 1, start: block, end: block + 1 };
        assert!(inside.parts().map(|part| part.rows).eq(std::iter::once(0..1)));
    }
}
