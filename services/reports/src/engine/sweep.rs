//! Going through the events of some visitors at a time, on several threads.
//!
//! Segments are sorted by visitor within each name. So the events of a range of visitors lie together in every run, and a
//! range at a time is gathered from all runs: whatever is kept of these visitors stays in a core's own cache.

mod gather;
mod spans;

use std::ops::Range;
use std::sync::Arc;

use super::EngineError;
use super::plan::{Part, Plan, Reads};
use super::team;
use super::view::View;
use crate::projection::{BLOCK_ROWS, NameRun, Segment, Unpacked};
use gather::Gather;
use spans::Spans;

/// How many rows are gathered at once, about, at least.
const ROWS_AT_ONCE_LEAST: usize = 8_192;
/// How many of each run, about: enough to be worth a look at the run.
const ROWS_OF_RUN: usize = 256;
/// How many visitors are gathered at once, at least and at most.
const VISITORS_AT_ONCE: (usize, usize) = (64, 65_536);
/// Ranges of visitors for each thread, of about as many rows, so that one that is slow does not hold up the others.
const SPANS_PER_THREAD: usize = 8;

/// Rows of one name in one segment, which has a number among those that are read.
#[derive(Clone, Copy)]
pub(super) struct Run<'a> {
    segment_at: usize,
    segment: &'a Segment,
    rows: NameRun,
}

impl Run<'_> {
    /// Returns when the rows of a block arrived.
    pub(super) fn arrivals(&self, block: usize) -> Arc<Unpacked> {
        self.segment.arrivals(block)
    }
}

/// What a question reads, to be gone through by visitors.
pub(super) struct Sweep<'v, 'a, const V: usize> {
    view: &'v View<'a>,
    plan: Plan<'v, V>,
    runs: Vec<Run<'v>>,
    rows: usize,
    /// The first and the last time of the segments.
    times_ms: (i64, i64),
    at_once_most: AtOnce,
}

/// How much is gathered at once at most.
#[derive(Clone, Copy)]
pub(super) struct AtOnce {
    /// Visitors.
    pub(super) visitors: usize,
    /// Rows, about.
    pub(super) rows: usize,
}

/// All events of some visitors.
pub(super) struct Batch<'b, const V: usize> {
    /// The codes of the visitors.
    pub(super) visitors: Range<u32>,
    /// The first and the last time that segments have, in milliseconds since 1970: those of all events are from one to the other.
    pub(super) times_ms: (i64, i64),
    /// Their events, in parts.
    pub(super) parts: Vec<Part<'b, V>>,
    /// By part, the number of its run and its block.
    places: Vec<(u32, usize)>,
}

impl<const V: usize> Batch<'_, V> {
    /// Returns the number of the run of a part, and the row of the segment that a place in it is.
    pub(super) fn row(&self, part: usize, place: usize) -> (u32, u32) {
        let (run, block) = self.places[part];
        let row = block * BLOCK_ROWS + self.parts[part].row_of_block(place);
        (run, code(row))
    }
}

impl<'v, 'a, const V: usize> Sweep<'v, 'a, V> {
    /// Prepares to look at no more at once than so much.
    pub(super) fn new(view: &'v View<'a>, reads: &Reads<'v, V>, at_once_most: AtOnce) -> Self {
        let plan = Plan::new(view, reads);
        let mut runs = Vec::new();
        for (segment_at, segment) in plan.segments().into_iter().enumerate() {
            let of_segment = segment.runs(plan.names()).into_iter();
            runs.extend(of_segment.map(|rows| Run { segment_at, segment, rows }));
        }
        let rows = runs.iter().map(|run| run.rows.len()).sum();
        let segments = || runs.iter().map(|run| run.segment);
        let first_ms = segments().map(|segment| segment.min_time_ms).min().unwrap_or(0);
        let last_ms = segments().map(|segment| segment.max_time_ms).max().unwrap_or(0);
        Self { view, plan, runs, rows, times_ms: (first_ms, last_ms), at_once_most }
    }

    /// Returns the runs, by their numbers.
    pub(super) fn runs(&self) -> &[Run<'v>] {
        &self.runs
    }

    /// Fails if nobody waits for the answer any more.
    pub(super) fn check(&self) -> Result<(), EngineError> {
        self.plan.check()
    }

    /// Hands out all visitors that there are, in batches, with their events: every visitor once, those without events as well.
    /// Each thread has an accumulator made by `start`; all of them are returned, at least one.
    ///
    /// # Errors
    /// `Abandoned` if the asker has gone, and those of `each`.
    pub(super) fn run<S: Send>(
        &self,
        start: impl Fn() -> S + Sync,
        each: impl Fn(&mut S, &Batch<'_, V>) -> Result<(), EngineError> + Sync,
    ) -> Result<Vec<S>, EngineError> {
        let visitors = self.view.columns.visitors.len();
        let spans = Spans::of_rows(&self.runs, visitors, team::size(self.rows) * SPANS_PER_THREAD);
        let (least, most) = VISITORS_AT_ONCE;
        let most = self.at_once_most.visitors.clamp(least, most);
        let rows_at_once = self.runs.len() * ROWS_OF_RUN;
        let rows_at_once = rows_at_once.clamp(ROWS_AT_ONCE_LEAST, self.at_once_most.rows);
        let at_once = (visitors * rows_at_once / self.rows.max(1)).clamp(least, most);
        let state = || State { sum: start(), at_once, stands: None };
        let states = team::work(self.rows, spans.len(), state, |state, _| {
            let last = state.stands.as_ref().map(|(span, _)| *span);
            let span = spans.claim(last).expect("as many tasks as ranges");
            let within = spans.visitors(span);
            let mut gather = match state.stands.take() {
                // It stands where this range begins.
                Some((last, gather)) if last + 1 == span => gather,
                _ => Gather::new(&self.plan, &self.runs, within.start),
            };
            let mut from = within.start;
            while from < within.end {
                self.check()?;
                let to = (from + state.at_once).min(within.end);
                gather.range(to);
                let parts = gather.parts();
                let rows: usize = parts.iter().map(Part::len).sum();
                let places = gather.places().collect();
                let times_ms = self.times_ms;
                let batch = Batch { visitors: code(from)..code(to), times_ms, parts, places };
                each(&mut state.sum, &batch)?;
                // Visitors are numbered as they came, so the first ones have come more often than others.
                match rows {
                    many if many > rows_at_once * 2 => {
                        state.at_once = (state.at_once / 2).max(least);
                    }
                    few if few < rows_at_once / 2 => state.at_once = (state.at_once * 2).min(most),
                    _ => {}
                }
                from = to;
            }
            state.stands = Some((span, gather));
            Ok(())
        })?;
        Ok(states.into_iter().map(|state| state.sum).collect())
    }
}

/// What one thread has.
struct State<'p, 'a, const V: usize, S> {
    sum: S,
    /// How many visitors are gathered at once.
    at_once: usize,
    /// The range that was gathered last, and what stands at its end.
    stands: Option<(usize, Gather<'p, 'a, V>)>,
}

fn code(number: usize) -> u32 {
    u32::try_from(number).expect("codes have 32 bits")
}
