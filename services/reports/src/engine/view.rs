//! What a question looks at.

use super::cohort::Members;
use super::sessions::Sessions;
use super::slots::Asker;
use crate::projection::Snapshot;
use crate::query::{CountedBy, Range};
use crate::trends::cells::{Cells, Stretch};

/// One project at one moment, and who asks.
pub(crate) struct View<'a> {
    /// The columns.
    pub(crate) columns: &'a Snapshot,
    /// Who waits for the answer.
    pub(crate) asker: &'a Asker,
    /// The cohorts that the question names; `None` if it names none.
    pub(crate) cohorts: Option<&'a Members>,
    /// The properties of sessions that were asked for.
    pub(super) sessions: Sessions,
}

impl<'a> View<'a> {
    /// Looks at these columns.
    pub(crate) fn new(columns: &'a Snapshot, asker: &'a Asker) -> Self {
        Self { columns, asker, cohorts: None, sessions: Sessions::of(Range::ALWAYS) }
    }

    /// Looks with these cohorts.
    pub(super) fn with_cohorts(self, cohorts: &'a Members) -> Self {
        Self { cohorts: Some(cohorts), ..self }
    }

    /// Looks at the same for a question that reads no event outside a range, so that only their sessions are looked at. Without
    /// it, all sessions are.
    pub(super) fn over(&self, range: Range) -> Self {
        Self { sessions: self.sessions.over(range), ..*self }
    }
}

/// Returns, for each segment that has events in a range, which of some cells its times are in.
pub(super) fn stretches(view: &View<'_>, range: Range, cells: &Cells) -> Vec<Stretch> {
    let segments = view.columns.segments(range.start_ms, range.end_ms).into_iter();
    segments.map(|one| Stretch::new(cells, one.min_time_ms, one.max_time_ms)).collect()
}

/// The property that says which group of a type an event is of.
pub(crate) fn group_property(group_type: &str) -> String {
    format!("{}.{group_type}", crate::projection::GROUPS)
}

/// Returns one more than the largest code of a unit.
pub(super) fn units(view: &View<'_>, counted_by: &CountedBy) -> usize {
    match counted_by {
        CountedBy::Persons => view.columns.persons.len(),
        CountedBy::Groups(group_type) => {
            let found = view.columns.properties.find(&group_property(group_type));
            found.map_or(0, |(_, values)| values.value_codes())
        }
    }
}
