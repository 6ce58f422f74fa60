//! About how many events there are, from what is known of segments without their columns.

use super::columns::Snapshot;
use super::rows::NameRun;
use crate::query::Range;

impl Snapshot {
    /// Returns about how many events of these names, of any name without one, are in a range of time. A segment that is in it by a
    /// part of its time counts by that part.
    pub(crate) fn rows_estimated(&self, range: Range, names: &[String]) -> u64 {
        let codes: Vec<u32> = names.iter().filter_map(|name| self.names.code(name)).collect();
        let wanted = (!names.is_empty()).then_some(codes.as_slice());
        let segments = self.segments(range.start_ms, range.end_ms).into_iter();
        let rows = segments.map(|segment| {
            let rows: usize = segment.runs(wanted).into_iter().map(NameRun::len).sum();
            let (first, end) = (segment.min_time_ms, segment.max_time_ms.saturating_add(1));
            let (all, inside) = (end - first, range.end_ms.min(end) - range.start_ms.max(first));
            u128::try_from(rows as i128 * i128::from(inside) / i128::from(all)).unwrap_or(0)
        });
        u64::try_from(rows.sum::<u128>()).unwrap_or(u64::MAX)
    }
}
