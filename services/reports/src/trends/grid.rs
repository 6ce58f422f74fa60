//! Which buckets an event counts in: its own, or all whose rolling window it is in.

use std::ops::Range as Span;

use chrono::TimeDelta;

use super::cells::Cells;
use super::period::{Period, moved_back};
use crate::query::Range;

/// Cells of time, each of which counts in a span of buckets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Only events inside count.
    pub range: Range,
    /// What the range is cut into.
    pub cells: Cells,
    /// By cell, the buckets it counts in; both ends grow from cell to cell.
    pub spans: Vec<Span<usize>>,
    /// How many buckets there are.
    pub buckets: usize,
    /// Whether a cell may count in more buckets than one; the total is then the last bucket's, otherwise that of all.
    pub is_rolling: bool,
}

impl Grid {
    /// Each bucket counts what is in it.
    #[must_use]
    pub fn of_buckets(period: &Period) -> Self {
        let cells = period.buckets.cells().clone();
        let buckets = cells.count();
        let spans = (0..buckets).map(|bucket| bucket..bucket + 1).collect();
        Self { range: period.range, cells, spans, buckets, is_rolling: false }
    }

    /// The whole range is one bucket.
    #[must_use]
    pub fn whole(range: Range) -> Self {
        let cells = Cells::new(vec![range.start_ms], range.end_ms);
        Self { range, cells, spans: std::iter::once(0..1).collect(), buckets: 1, is_rolling: false }
    }

    /// Each bucket counts what is in the days that end with it, by the clocks of the zone.
    #[must_use]
    pub fn rolling(period: &Period, days: i64) -> Self {
        Self::windows(&windows(period, days))
    }

    /// Two buckets: what is in any window, and what is in the last one, which is the total.
    #[must_use]
    pub fn rolling_total(period: &Period, days: i64) -> Self {
        let all = Self::rolling(period, days);
        let span = |span: &Span<usize>| match span.end {
            _ if span.is_empty() => 0..0,
            end if end == all.buckets => 0..2,
            _ => 0..1,
        };
        Self { spans: all.spans.iter().map(span).collect(), buckets: 2, ..all }
    }

    /// Returns the window that ends with a bucket.
    #[must_use]
    pub fn window(period: &Period, days: i64, bucket: usize) -> Range {
        windows(period, days)[bucket]
    }

    /// Counts what is in each of some windows, whose starts and ends both are in order.
    fn windows(windows: &[Range]) -> Self {
        let mut cuts: Vec<i64> =
            windows.iter().flat_map(|window| [window.start_ms, window.end_ms]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let end_ms = cuts[cuts.len() - 1];
        if cuts.len() > 1 {
            cuts.pop();
        }
        let range = Range { start_ms: cuts[0], end_ms };
        let span = |cut: &i64| {
            let ended = windows.partition_point(|window| window.end_ms <= *cut);
            let begun = windows.partition_point(|window| window.start_ms <= *cut);
            ended..begun.max(ended)
        };
        let spans = cuts.iter().map(span).collect();
        let cells = Cells::new(cuts, end_ms);
        Self { range, cells, spans, buckets: windows.len(), is_rolling: true }
    }
}

/// Returns the window of each bucket.
fn windows(period: &Period, days: i64) -> Vec<Range> {
    let length = TimeDelta::days(days);
    let mut earliest = i64::MIN;
    let window = |bucket| {
        let end_ms = period.bounds(bucket).end_ms;
        let by_clocks = moved_back(end_ms, length, period.zone);
        let start_ms = by_clocks.unwrap_or(end_ms - length.num_milliseconds());
        // Clocks that went back must not put a window before the one before it.
        earliest = start_ms.max(earliest);
        Range { start_ms: earliest, end_ms }
    };
    (0..period.buckets.count()).map(window).collect()
}
