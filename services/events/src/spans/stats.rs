//! Counts and latencies by endpoint and bucket, added up from cells.

use std::collections::BTreeMap;

use observe_proto::events::v1 as pb;
use observe_sketch::{DecodeError, Sketch};

use super::buckets::Buckets;
use super::cell::CLASSES;
use super::people::minutes_between;
use super::{HOUR_MS, hour_of};
use crate::convert::span::{duration, instant};
use crate::store::span::read::{CellRow, PersonRow};

/// Distinct ids that are answered of one endpoint and bucket.
const PEOPLE_ANSWERED_MAX: usize = 10_000;

/// One endpoint in one bucket.
#[derive(Default)]
pub struct Stats {
    count: i64,
    errors: i64,
    classes: [i64; CLASSES],
    sketch: Option<Sketch>,
    served: Vec<String>,
    failed: Vec<String>,
}

/// Endpoint and place of the bucket.
pub type Place = (i32, i64);

/// Adds cells up.
///
/// # Errors
/// When a stored sketch is damaged.
pub fn add_up(buckets: &Buckets, cells: &[CellRow]) -> Result<BTreeMap<Place, Stats>, DecodeError> {
    let mut all: BTreeMap<Place, Stats> = BTreeMap::new();
    for cell in cells {
        let place = (cell.endpoint_id, buckets.place_of(cell.at.timestamp_millis()));
        let stats = all.entry(place).or_default();
        stats.count += cell.count;
        stats.errors += cell.errors;
        let class = usize::try_from(cell.class).unwrap_or(0).min(CLASSES - 1);
        stats.classes[class] += cell.count;
        if let Some(bytes) = &cell.sketch {
            let sketch = Sketch::decode(bytes)?;
            match &mut stats.sketch {
                Some(sum) => sum.merge(&sketch),
                None => stats.sketch = Some(sketch),
            }
        }
    }
    Ok(all)
}

/// Adds for whom they were served; `together` for all endpoints as one. Rows come by endpoint.
pub fn add_people(
    all: &mut BTreeMap<Place, Stats>,
    buckets: &Buckets,
    rows: Vec<PersonRow>,
    together: Option<i32>,
) {
    for row in rows {
        let hour = row.hour.timestamp_millis();
        let endpoint = together.unwrap_or(row.endpoint_id);
        let first = buckets.place_of(hour.max(buckets.start_ms));
        let last = buckets.place_of((hour + HOUR_MS).min(buckets.end_ms) - 1);
        for place in first..=last {
            let start = buckets.start_of(place);
            let end = (start + buckets.length_ms).min(buckets.end_ms);
            let minutes = minutes_between(hour, start, end);
            let Some(stats) = all.get_mut(&(endpoint, place)) else { continue };
            if row.served & minutes != 0 {
                stats.served.push(row.distinct_id.clone());
            }
            if row.failed & minutes != 0 {
                stats.failed.push(row.distinct_id.clone());
            }
        }
    }
    for stats in all.values_mut() {
        for ids in [&mut stats.served, &mut stats.failed] {
            ids.sort_unstable();
            ids.dedup();
            ids.truncate(PEOPLE_ANSWERED_MAX);
        }
    }
}

/// Returns the hours of a range for which people are looked up.
#[must_use]
pub fn hours_of(buckets: &Buckets) -> (i64, i64) {
    (hour_of(buckets.start_ms), buckets.end_ms)
}

impl Stats {
    /// Returns the contract's form.
    #[must_use]
    pub fn to_wire(self, endpoint: Option<pb::Endpoint>, start_ms: i64) -> pb::SpanStats {
        let quantile = |q| self.sketch.as_ref().and_then(|sketch| sketch.quantile(q)).map(duration);
        // The contract has those without a status last.
        let [none, classes @ ..] = self.classes;
        pb::SpanStats {
            endpoint,
            start_time: Some(instant(start_ms)),
            count: self.count,
            error_count: self.errors,
            p50: quantile(0.5),
            p95: quantile(0.95),
            p99: quantile(0.99),
            status_classes: classes.into_iter().chain([none]).collect(),
            distinct_ids: self.served,
            failed_distinct_ids: self.failed,
        }
    }
}
