//! What a batch of spans makes of the cells it falls into, and which spans are kept as examples.

use std::collections::HashMap;

use observe_core::ProjectId;
use uuid::Uuid;

use super::cell::{Cell, CellKey, Level};
use super::{ALL, MINUTE_MS, Span};

/// Failed spans that are kept of one endpoint, minute and class of status.
pub const KEPT_ERRORS_MAX: i32 = 20;
/// Of the minutes that are a multiple of this, the first span is kept whatever it was: what is usual must be seen as well.
const SAMPLE_MINUTES: i64 = 5;

/// A span and the number of its endpoint.
pub type Placed<'a> = (i32, &'a Span);

/// Which spans are kept.
#[derive(Debug, Default)]
pub struct Kept<'a> {
    /// Those to keep.
    pub insert: Vec<Placed<'a>>,
    /// Those that were the slowest until now.
    pub remove: Vec<(ProjectId, Uuid)>,
}

/// Returns the cells that a batch falls into: for each span that of its endpoint and that of all together, the hour and, when
/// there still are minutes of that time, the minute.
#[must_use]
pub fn cells_of(spans: &[Placed<'_>], minutes_since_ms: i64) -> Vec<CellKey> {
    let mut keys: Vec<CellKey> = spans
        .iter()
        .flat_map(|(endpoint, (project, _, span))| {
            let levels = [Level::Hour, Level::Minute];
            let levels = levels
                .into_iter()
                .filter(move |level| *level == Level::Hour || span.start_ms >= minutes_since_ms);
            levels.flat_map(move |level| {
                [*endpoint, ALL].map(|number| CellKey::of(*project, level, number, span))
            })
        })
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Counts the spans in the cells, which hold what was there before, and chooses those to keep.
pub fn fold<'a>(
    spans: &[Placed<'a>],
    cells: &mut HashMap<CellKey, Cell>,
    minutes_since_ms: i64,
) -> Kept<'a> {
    let mut kept = Kept::default();
    for placed in spans {
        let (endpoint, (project, _, span)) = placed;
        if span.start_ms >= minutes_since_ms {
            let key = CellKey::of(*project, Level::Minute, *endpoint, span);
            choose(*placed, cells.entry(key).or_default(), &mut kept);
            cells.entry(key).or_default().add(span);
            cells.entry(CellKey { endpoint: ALL, ..key }).or_default().add(span);
        }
        for number in [*endpoint, ALL] {
            let key = CellKey::of(*project, Level::Hour, number, span);
            cells.entry(key).or_default().add(span);
        }
    }
    // What was kept and pushed out within one batch never was there.
    kept.remove.retain(|gone| {
        let before = kept.insert.len();
        kept.insert.retain(|(_, (project, uuid, _))| (*project, *uuid) != *gone);
        kept.insert.len() == before
    });
    kept
}

/// Decides whether a span is kept: the first failed ones of its minute, a sample, and the slowest one so far, which then
/// takes the place of the one before.
fn choose<'a>(placed: Placed<'a>, minute: &mut Cell, kept: &mut Kept<'a>) {
    let (_, (project, uuid, span)) = placed;
    if span.is_error && minute.kept_errors < KEPT_ERRORS_MAX {
        minute.kept_errors += 1;
        kept.insert.push(placed);
    } else if minute.count == 0 && span.start_ms.div_euclid(MINUTE_MS) % SAMPLE_MINUTES == 0 {
        kept.insert.push(placed);
    } else if span.duration_us > minute.slowest_us {
        kept.remove.extend(minute.slowest_uuid.map(|before| (*project, before)));
        minute.slowest_us = span.duration_us;
        minute.slowest_uuid = Some(*uuid);
        kept.insert.push(placed);
    }
}

#[cfg(test)]
mod tests {
    use observe_proto::events::v1::ServerSpan;

    use super::*;

    const HOUR: i64 = 1_700_002_800_000;

    fn span(n: u128, start_ms: i64, duration_us: i64, status_code: i32) -> Span {
        let span = ServerSpan {
            start_ms,
            duration_us,
            status_code,
            is_error: status_code >= 500,
            ..ServerSpan::default()
        };
        (ProjectId::new(Uuid::from_u128(1)), Uuid::from_u128(n), span)
    }

    fn fold_all(spans: &[Span], cells: &mut HashMap<CellKey, Cell>) -> Vec<(bool, u128)> {
        let placed: Vec<Placed<'_>> = spans.iter().map(|span| (7, span)).collect();
        let keys = cells_of(&placed, HOUR);
        let kept = fold(&placed, cells, HOUR);
        assert!(keys.iter().all(|key| cells.contains_key(key)), "the cells are those told before");
        let inserted = kept.insert.iter().map(|(_, span)| (true, span.1.as_u128()));
        inserted.chain(kept.remove.iter().map(|gone| (false, gone.1.as_u128()))).collect()
    }

    #[test]
    fn a_span_counts_in_its_minute_its_hour_and_in_all() {
        let mut cells = HashMap::new();
        fold_all(&[span(1, HOUR + 61_000, 5, 200), span(2, HOUR - 1, 5, 200)], &mut cells);
        let count = |level, at_ms, endpoint| {
            let project = ProjectId::new(Uuid::from_u128(1));
            let key = CellKey { project, level, at_ms, endpoint, class: 2 };
            cells.get(&key).map(|cell| cell.count)
        };
        for endpoint in [7, ALL] {
            assert_eq!(count(Level::Minute, HOUR + 60_000, endpoint), Some(1));
            assert_eq!(count(Level::Hour, HOUR, endpoint), Some(1));
            assert_eq!(count(Level::Hour, HOUR - 3_600_000, endpoint), Some(1));
        }
        assert_eq!(cells.len(), 6, "an hour without minutes is counted as an hour only");
    }

    #[test]
    fn the_slowest_of_a_minute_takes_the_place_of_the_one_before() {
        let mut cells = HashMap::new();
        let at = HOUR + 60_000;
        let kept =
            fold_all(&[span(1, at, 5, 200), span(2, at, 9, 200), span(3, at, 7, 200)], &mut cells);
        assert_eq!(kept, [(true, 2)], "the one of the same batch was never kept");
        let kept = fold_all(&[span(4, at, 10, 200)], &mut cells);
        assert_eq!(kept, [(true, 4), (false, 2)]);
        assert_eq!(fold_all(&[span(5, at, 10, 200)], &mut cells), []);
    }

    #[test]
    fn failed_spans_are_kept_up_to_a_bound() {
        let mut cells = HashMap::new();
        let spans: Vec<Span> = (0..100).map(|n| span(n, HOUR + 60_000, 5, 500)).collect();
        let kept = fold_all(&spans, &mut cells);
        assert_eq!(
            kept.len(),
            21,
            "twenty failed ones, and the first of the others as the slowest"
        );
        assert_eq!(fold_all(&spans, &mut cells), []);
    }

    #[test]
    fn the_first_of_every_fifth_minute_is_kept_for_good() {
        let mut cells = HashMap::new();
        let at = HOUR + 5 * 60_000;
        let kept = fold_all(&[span(1, at, 5, 200), span(2, at, 9, 200)], &mut cells);
        assert_eq!(kept, [(true, 1), (true, 2)]);
        assert_eq!(fold_all(&[span(3, at, 10, 200)], &mut cells), [(true, 3), (false, 2)]);
    }
}
