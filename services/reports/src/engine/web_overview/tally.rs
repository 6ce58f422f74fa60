//! Adding up visitors and sessions.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::engine::walk::Hit;
use crate::projection::{NOBODY, NOT_SET};
use crate::trends::buckets::Buckets;
use crate::web_overview::visit::{View, Visit, VisitEvent, Visits};
use crate::web_overview::{Dimension, WebNumbers, WebPoint, WebRow, WebTable};

/// The rows of a table, by value code.
pub(super) type Rows = FxHashMap<u32, Row>;

/// A row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) visitors: u64,
    pub(super) views: u64,
    pub(super) sessions: u64,
    pub(super) bounces: u64,
    /// The person that was counted last: all that is of one comes one after the other.
    last: u32,
}

impl Default for Row {
    fn default() -> Self {
        Self { visitors: 0, views: 0, sessions: 0, bounces: 0, last: NOBODY }
    }
}

impl Row {
    /// Returns it with these views and visitors in the place of its own.
    pub(super) fn with(self, views: u64, visitors: u64) -> Self {
        Self { views, visitors, ..self }
    }

    /// Counts a person, once however often it is said.
    fn see(&mut self, person: u32) {
        if self.last != person {
            self.visitors += 1;
            self.last = person;
        }
    }
}

/// How persons are looked at.
pub(super) struct Looks<'a> {
    /// Where points go; `None` for the numbers alone.
    pub(super) buckets: Option<&'a Buckets>,
    /// The code of the referring domain that says there was none.
    pub(super) direct: Option<u32>,
}

/// Visitors and sessions of the persons so far. Page views are counted elsewhere, since not all of them are somebody's.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) numbers: WebNumbers,
    /// By bucket; none for the numbers alone.
    pub(super) points: Vec<WebPoint>,
    /// By [`Dimension::ALL`].
    pub(super) rows: [Rows; Dimension::ALL.len()],
    visits: Visits,
}

/// The selectors of page views that are asked about, and of page views.
const ASKED: u64 = 1;
const PAGE_VIEW: u64 = 1 << 1;

impl Tally {
    pub(super) fn new(buckets: usize) -> Self {
        Self { points: vec![WebPoint::default(); buckets], ..Self::default() }
    }

    /// Returns the rows of a dimension.
    pub(super) fn rows_of(&self, dimension: Dimension) -> &Rows {
        let at = Dimension::ALL.iter().position(|one| *one == dimension);
        &self.rows[at.expect("all are in it")]
    }

    /// Adds a person with its events in the order of time. Their values are the session, and if there are buckets, those of
    /// [`crate::web_overview::ENTRY_PROPERTIES`].
    pub(super) fn add<const V: usize>(&mut self, person: u32, hits: &[Hit<V>], looks: &Looks<'_>) {
        if hits.iter().all(|hit| hit.selectors & ASKED == 0) {
            return;
        }
        self.numbers.visitors += 1;
        if let Some(buckets) = looks.buckets {
            self.add_views(person, hits, buckets);
        }
        let mut visits = std::mem::take(&mut self.visits);
        let events = hits.iter().map(|hit| VisitEvent {
            time_ms: hit.time_ms,
            session: hit.values[0],
            view: match hit.selectors {
                bits if bits & ASKED != 0 => View::Asked,
                bits if bits & PAGE_VIEW != 0 => View::Other,
                _ => View::None,
            },
        });
        visits.each(events, |visit| {
            self.numbers.sessions += 1;
            self.numbers.bounces += u64::from(visit.is_bounce());
            self.numbers.duration_ms += visit.end_ms.abs_diff(visit.start_ms);
            if let Some(buckets) = looks.buckets {
                self.points[buckets.index_of(visit.start_ms)].sessions += 1;
                self.add_visit(person, hits, visit, looks.direct);
            }
        });
        self.visits = visits;
    }

    fn add_views<const V: usize>(&mut self, person: u32, hits: &[Hit<V>], buckets: &Buckets) {
        let [pages, ..] = &mut self.rows;
        let mut last = None;
        for hit in hits.iter().filter(|hit| hit.selectors & ASKED != 0) {
            pages.entry(hit.values[1]).or_default().see(person);
            // They are in the order of time, so those of one bucket come one after the other.
            let bucket = buckets.index_of(hit.time_ms);
            if last != Some(bucket) {
                self.points[bucket].visitors += 1;
                last = Some(bucket);
            }
        }
    }

    fn add_visit<const V: usize>(
        &mut self,
        person: u32,
        hits: &[Hit<V>],
        visit: &Visit,
        direct: Option<u32>,
    ) {
        for (dimension, rows) in Dimension::ALL.into_iter().zip(&mut self.rows) {
            let told_by = match dimension {
                Dimension::Page => continue,
                Dimension::ExitPage => visit.exit,
                _ => visit.entry,
            };
            let value = match (hits[told_by].values[1 + dimension.property()], dimension) {
                (NOT_SET, Dimension::Referrer) => direct.unwrap_or(NOT_SET),
                (NOT_SET, dimension) if !dimension.has_missing() => continue,
                (value, _) => value,
            };
            let row = rows.entry(value).or_default();
            row.see(person);
            row.sessions += 1;
            row.views += visit.asked;
            row.bounces += u64::from(visit.is_bounce());
        }
    }

    /// Adds what another one counted of other persons.
    pub(super) fn join(mut self, other: Self) -> Self {
        let (ours, theirs) = (&mut self.numbers, other.numbers);
        ours.visitors += theirs.visitors;
        ours.sessions += theirs.sessions;
        ours.bounces += theirs.bounces;
        ours.duration_ms += theirs.duration_ms;
        for (ours, theirs) in self.points.iter_mut().zip(other.points) {
            ours.visitors += theirs.visitors;
            ours.sessions += theirs.sessions;
        }
        for (ours, theirs) in self.rows.iter_mut().zip(other.rows) {
            for (value, row) in theirs {
                let sum = ours.entry(value).or_default();
                sum.visitors += row.visitors;
                sum.views += row.views;
                sum.sessions += row.sessions;
                sum.bounces += row.bounces;
            }
        }
        self
    }
}

/// Ranks rows, given by value code.
#[expect(clippy::cast_precision_loss, reason = "sessions are far fewer than 2^53")]
pub(super) fn table<'a>(
    rows: impl Iterator<Item = (u32, Row)>,
    label: impl Fn(u32) -> &'a str,
    limit: usize,
) -> WebTable {
    let mut rows: Vec<_> = rows.collect();
    rows.sort_unstable_by_key(|(code, row)| (Reverse(row.visitors), label(*code)));
    let more = rows.len().saturating_sub(limit) as u64;
    let row = |(code, row): (u32, Row)| WebRow {
        value: label(code).to_owned(),
        visitors: row.visitors,
        views: row.views,
        bounce_rate: match row.sessions {
            0 => 0.0,
            sessions => row.bounces as f64 / sessions as f64,
        },
    };
    WebTable { rows: rows.into_iter().take(limit).map(row).collect(), more }
}
