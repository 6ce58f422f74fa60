//! Where the rows of a new segment come from.

use std::collections::BTreeSet;

use super::super::block::Blocks;
use super::super::dictionary::NOT_SET;
use super::super::pack::{BLOCK_ROWS, Unpacked};
use super::super::segment::{Segment, micros};
use super::super::tail::Tail;

/// Rows of which segments are made. All lists have one entry a row.
pub(super) trait Source {
    /// Of each row, the event name's code.
    fn names(&self) -> &[u32];
    /// Of each row, the visitor's code.
    fn visitors(&self) -> &[u32];
    /// Of each row, when it happened, in milliseconds since 1970.
    fn times_ms(&self) -> &[i64];
    /// Of each row, when it arrived, in microseconds since 1970.
    fn arrivals(&self) -> &[i64];
    /// Returns the keys of the properties that occur.
    fn keys(&self) -> Vec<u32>;
    /// Writes the value codes that all rows have of a property.
    fn write_codes(&self, key: u32, codes: &mut [u32]);
}

impl Source for Tail {
    fn names(&self) -> &[u32] {
        &self.names
    }

    fn visitors(&self) -> &[u32] {
        &self.rows.visitor
    }

    fn times_ms(&self) -> &[i64] {
        &self.rows.time_ms
    }

    fn arrivals(&self) -> &[i64] {
        &self.rows.arrival
    }

    fn keys(&self) -> Vec<u32> {
        self.rows.columns.keys().copied().collect()
    }

    fn write_codes(&self, key: u32, codes: &mut [u32]) {
        self.rows.columns[&key].write_to(codes);
    }
}

/// The rows of segments one after the other: unpacked, but for their properties.
pub(super) struct Loose<'a> {
    segments: Vec<&'a Segment>,
    names: Vec<u32>,
    visitors: Vec<u32>,
    times_ms: Vec<i64>,
    arrivals: Vec<i64>,
}

impl<'a> Loose<'a> {
    /// Unpacks segments.
    pub(super) fn of(segments: Vec<&'a Segment>) -> Self {
        let rows = segments.iter().map(|segment| segment.len()).sum();
        let mut names = Vec::with_capacity(rows);
        let mut visitors = Vec::with_capacity(rows);
        let mut times_ms = Vec::with_capacity(rows);
        let mut arrivals = Vec::with_capacity(rows);
        for segment in &segments {
            for run in segment.runs(None) {
                names.extend(std::iter::repeat_n(run.name, run.len()));
            }
            let columns = segment.columns();
            for block in 0..Blocks::count(segment.len()) {
                let of_block = columns.visitor.unpacked_once(block, Vec::new);
                visitors.extend_from_slice(of_block.as_u32());
                let first = times_ms.len();
                let of_block = columns.time.unpacked_once(block, Vec::new);
                let since = of_block.as_u32().iter();
                times_ms.extend(since.map(|time| segment.min_time_ms + i64::from(*time)));
                let times_us = || times_ms[first..].iter().copied().map(micros).collect();
                let of_block = columns.arrival.unpacked_once(block, times_us);
                arrivals.extend_from_slice(of_block.as_i64());
            }
        }
        Self { segments, names, visitors, times_ms, arrivals }
    }
}

impl Source for Loose<'_> {
    fn names(&self) -> &[u32] {
        &self.names
    }

    fn visitors(&self) -> &[u32] {
        &self.visitors
    }

    fn times_ms(&self) -> &[i64] {
        &self.times_ms
    }

    fn arrivals(&self) -> &[i64] {
        &self.arrivals
    }

    fn keys(&self) -> Vec<u32> {
        let all = self.segments.iter().flat_map(|segment| segment.columns().properties.keys());
        all.copied().collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn write_codes(&self, key: u32, codes: &mut [u32]) {
        let mut rest = codes;
        for segment in &self.segments {
            let (own, others) = rest.split_at_mut(segment.len());
            rest = others;
            match segment.columns().properties.get(&key) {
                None => own.fill(NOT_SET),
                Some(column) => {
                    for (block, codes) in own.chunks_mut(BLOCK_ROWS).enumerate() {
                        write(&column.unpacked_once(block, Vec::new), codes);
                    }
                }
            }
        }
    }
}

/// Copies unpacked codes.
fn write(unpacked: &Unpacked, codes: &mut [u32]) {
    fn each<T: Copy + Into<u32>>(numbers: &[T], codes: &mut [u32]) {
        for (code, number) in codes.iter_mut().zip(numbers) {
            *code = (*number).into();
        }
    }
    match unpacked {
        Unpacked::Same(number) => codes.fill(*number),
        Unpacked::U8(numbers) => each(numbers, codes),
        Unpacked::U16(numbers) => each(numbers, codes),
        Unpacked::U32(numbers) => each(numbers, codes),
        Unpacked::I64(_) => unreachable!("arrivals are no codes"),
    }
}
