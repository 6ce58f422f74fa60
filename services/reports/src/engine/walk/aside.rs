//! Events that cannot be handed out with those of their visitor, because their unit has others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Hit, code};
use crate::projection::{BLOCK_ROWS, NameRun, Segment, Unpacked};

/// Of how many blocks it is known when their events arrived, 128 KiB each.
const ARRIVALS_KEPT: usize = 256;

/// An event that is put aside.
#[derive(Clone, Copy)]
pub(super) struct Aside<const V: usize> {
    pub(super) unit: u32,
    /// The number of its run, and the row of the segment.
    pub(super) at: (u32, u32),
    pub(super) hit: Hit<V>,
}

/// When events that were put aside arrived. Only those of equal time are asked for.
pub(super) struct Arrivals<'r, 'a> {
    runs: &'r [(&'a Segment, NameRun)],
    /// By run and block.
    unpacked: Mutex<HashMap<(u32, u32), Arc<Unpacked>>>,
}

impl<'r, 'a> Arrivals<'r, 'a> {
    pub(super) fn new(runs: &'r [(&'a Segment, NameRun)]) -> Self {
        Self { runs, unpacked: Mutex::default() }
    }

    /// Returns when the event of a row of a run arrived.
    pub(super) fn of(&self, (run, row): (u32, u32)) -> i64 {
        let (block, row) = (row as usize / BLOCK_ROWS, row as usize % BLOCK_ROWS);
        let mut unpacked = self.unpacked.lock().unwrap_or_else(PoisonError::into_inner);
        if unpacked.len() >= ARRIVALS_KEPT {
            unpacked.clear();
        }
        let (segment, _) = self.runs[run as usize];
        let arrivals =
            unpacked.entry((run, code(block))).or_insert_with(|| segment.arrivals(block));
        arrivals.as_i64()[row]
    }
}
