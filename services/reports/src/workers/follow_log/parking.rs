//! Parking what cannot be applied: a row or a change that fails again and again is passed over, so that one fault does not
//! stop the projection of every tenant.
//!
//! What is parked is missing from answers until this process is started with a version that can read it. It is never
//! silent: each is logged as an error, and the count is kept where everybody can see it.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use observe_core::ProjectId;
use observe_proto::events::v1::LogRow;
use observe_proto::identity::v1::ProjectChanges;

use super::upstream::Trouble;
use crate::projection::{ApplyError, Projection};
use crate::published::Published;

/// How often a row or a change may fail before it is parked.
const FAILURES_MAX: u32 = 3;

/// What failed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Position {
    /// A row of the event log.
    Row { shard: u32, sequence: i64 },
    /// A change of a project's persons; the project as it was sent, since it may be what cannot be read.
    Change { project: Vec<u8>, number: i64 },
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row { shard, sequence } => {
                write!(f, "event log, shard {shard}, sequence {sequence}")
            }
            Self::Change { project, number } => match ProjectId::from_bytes(project) {
                Some(project) => write!(f, "change log, project {project}, number {number}"),
                None => write!(f, "change log, no project, number {number}"),
            },
        }
    }
}

/// What failed, and how often; what is passed over from now on. It outlives the projections that are built anew.
pub(crate) struct Parking {
    failures: HashMap<Position, u32>,
    parked: Arc<HashSet<Position>>,
    published: Arc<Published>,
}

impl Parking {
    /// Starts with nothing parked; the count is kept in `published`.
    pub(crate) fn new(published: Arc<Published>) -> Self {
        Self { failures: HashMap::new(), parked: Arc::default(), published }
    }

    /// Returns what is passed over.
    pub(crate) fn parked(&self) -> Arc<HashSet<Position>> {
        Arc::clone(&self.parked)
    }

    /// Counts a failure, and parks what failed too often.
    pub(crate) fn note(&mut self, trouble: &Trouble) {
        let Some(position) = trouble.position() else { return };
        let failures = self.failures.entry(position.clone()).or_insert(0);
        *failures += 1;
        if *failures < FAILURES_MAX {
            return;
        }
        self.failures.remove(position);
        Arc::make_mut(&mut self.parked).insert(position.clone());
        self.published.set_parked(self.parked.len());
        let parked = self.parked.len();
        match position {
            Position::Row { shard, sequence } => {
                tracing::error!(shard, sequence, parked, %trouble, "a row of the event log is parked");
            }
            Position::Change { number, .. } => {
                tracing::error!(number, parked, %trouble, "a change of persons is parked");
            }
        }
    }
}

/// Applies rows of a shard's log, passing over what is parked.
pub(super) fn apply_rows(
    projection: &Projection,
    parked: &HashSet<Position>,
    shard: u32,
    rows: &[LogRow],
) -> Result<(), Trouble> {
    for row in rows {
        let position = Position::Row { shard, sequence: row.first_sequence };
        if parked.contains(&position) {
            let skipped = projection.skip_log_row(shard, row);
            skipped.map_err(|error| Trouble::Apply { position, error })?;
        } else {
            attempt(|| position.clone(), || projection.apply_log_row(shard, row))?;
        }
    }
    Ok(())
}

/// Applies changes of a project's persons, passing over what is parked. Returns the project and its new position if there
/// are more to read.
pub(super) fn apply_changes(
    projection: &Projection,
    parked: &HashSet<Position>,
    mut changes: ProjectChanges,
) -> Result<Option<(ProjectId, i64)>, Trouble> {
    let position = |number| Position::Change { project: changes.project_id.clone(), number };
    let Some(project) = ProjectId::from_bytes(&changes.project_id) else {
        let error = ApplyError::Malformed("changes name no project");
        let position = position(0);
        let is_parked = parked.contains(&position);
        return if is_parked { Ok(None) } else { Err(Trouble::Apply { position, error }) };
    };
    let next = || Position::Change {
        project: project.to_bytes(),
        number: projection.change_number(project) + 1,
    };
    while let Some(at) =
        changes.changes.iter().position(|one| parked.contains(&position(one.number)))
    {
        let rest = changes.changes.split_off(at + 1);
        let skipped = changes.changes.pop().expect("it was found");
        attempt(next, || projection.apply_changes(&changes))?;
        attempt(next, || projection.skip_change(project, skipped.number))?;
        changes.changes = rest;
    }
    attempt(next, || projection.apply_changes(&changes))
}

/// Applies something; a panic is trouble as any other. `position` is asked only after a failure.
fn attempt<T>(
    position: impl Fn() -> Position,
    apply: impl FnOnce() -> Result<T, ApplyError>,
) -> Result<T, Trouble> {
    // What a panic leaves half changed is never used again: the projection is then built anew.
    match catch_unwind(AssertUnwindSafe(apply)) {
        Ok(Ok(applied)) => Ok(applied),
        Ok(Err(error)) => Err(Trouble::Apply { position: position(), error }),
        Err(_) => Err(Trouble::Crashed { position: position() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_panics_three_times_is_parked_and_counted() {
        let published = Arc::new(Published::new());
        let mut parking = Parking::new(Arc::clone(&published));
        let position = Position::Row { shard: 3, sequence: 7 };
        for _ in 0..FAILURES_MAX {
            assert_eq!((parking.parked().len(), published.parked()), (0, 0));
            let trouble = attempt(|| position.clone(), || -> Result<(), _> { panic!("a fault") });
            let trouble = trouble.expect_err("it panicked");
            assert!(trouble.needs_rebuild(), "what is in memory may be half changed");
            parking.note(&trouble);
        }
        assert!(parking.parked().contains(&position));
        assert_eq!(published.parked(), 1);
    }

    #[test]
    fn a_gap_is_never_parked() {
        let mut parking = Parking::new(Arc::new(Published::new()));
        let error = ApplyError::Gap { expected: 1, found: 5 };
        let position = Position::Row { shard: 0, sequence: 5 };
        let trouble = Trouble::Apply { position, error };
        (0..10).for_each(|_| parking.note(&trouble));
        assert!(parking.parked().is_empty());
    }
}
