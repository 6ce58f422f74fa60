//! Making a project's projection anew beside the one that answers: what was asked for, and how far it is.
//!
//! It is known in memory alone. A process that ends in the middle leaves what answers and what is kept as they were.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use observe_core::{Clock, ProjectId};

use crate::refusal::Refusal;

/// How a rebuild stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It is under way.
    Running,
    /// Answers come from what was made anew, and it is kept.
    Done,
    /// It was given up, for a reason; answers come from what was there before.
    Failed(String),
}

/// A rebuild of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rebuild {
    pub(crate) stage: Stage,
    /// Events that are in what is made anew.
    pub(crate) events: u64,
    /// Events that are in what answered when it began.
    pub(crate) total_events: u64,
    pub(crate) begun: DateTime<Utc>,
    /// Once it is not running.
    pub(crate) ended: Option<DateTime<Utc>>,
}

/// All rebuilds since this process has the projection: at most one that is running, and the latest of each project.
pub(crate) struct Rebuilds {
    clock: Arc<dyn Clock>,
    latest: Mutex<HashMap<ProjectId, Rebuild>>,
}

impl Rebuilds {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, latest: Mutex::default() }
    }

    /// Asks for a rebuild of a project that has so many events.
    ///
    /// # Errors
    /// `Refusal` while one is under way, of whichever project.
    pub(crate) fn begin(&self, project: ProjectId, total_events: u64) -> Result<Rebuild, Refusal> {
        let mut latest = self.latest();
        if latest.values().any(|one| one.stage == Stage::Running) {
            return Err(Refusal::Rebuilding);
        }
        let (stage, begun) = (Stage::Running, self.clock.now());
        let rebuild = Rebuild { stage, events: 0, total_events, begun, ended: None };
        latest.insert(project, rebuild.clone());
        Ok(rebuild)
    }

    /// Returns the latest rebuild of a project.
    pub(crate) fn of(&self, project: ProjectId) -> Option<Rebuild> {
        self.latest().get(&project).cloned()
    }

    /// Returns the project that is being made anew.
    pub(crate) fn running(&self) -> Option<ProjectId> {
        let latest = self.latest();
        latest.iter().find(|(_, one)| one.stage == Stage::Running).map(|(project, _)| *project)
    }

    /// Says how many events are in what is made anew.
    pub(crate) fn set_events(&self, project: ProjectId, events: u64) {
        if let Some(one) = self.latest().get_mut(&project) {
            one.events = events;
        }
    }

    /// Forgets all. Another process may have begun later ones while it had the projection, of which nothing is known here.
    pub(crate) fn forget(&self) {
        self.latest().clear();
    }

    /// Ends the rebuild of a project.
    pub(crate) fn end(&self, project: ProjectId, stage: Stage) {
        let now = self.clock.now();
        if let Some(one) = self.latest().get_mut(&project) {
            one.stage = stage;
            one.ended = Some(now);
        }
    }

    fn latest(&self) -> MutexGuard<'_, HashMap<ProjectId, Rebuild>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use observe_core::SystemClock;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn there_is_one_at_a_time_and_the_next_one_takes_its_place() {
        let rebuilds = Rebuilds::new(Arc::new(SystemClock));
        let [one, other] = [1, 2].map(|n| ProjectId::new(Uuid::from_u128(n)));
        assert_eq!((rebuilds.of(one), rebuilds.running()), (None, None));
        rebuilds.begin(one, 5).expect("none is under way");
        for project in [one, other] {
            assert_eq!(rebuilds.begin(project, 5), Err(Refusal::Rebuilding));
        }
        rebuilds.set_events(one, 3);
        let running = rebuilds.of(one).expect("begun");
        assert_eq!((running.events, running.ended, rebuilds.running()), (3, None, Some(one)));
        rebuilds.end(one, Stage::Failed("why".into()));
        assert!(rebuilds.of(one).is_some_and(|ended| ended.ended.is_some()));
        rebuilds.begin(other, 7).expect("none is under way");
        rebuilds.end(other, Stage::Done);
        assert_eq!(rebuilds.of(other).map(|done| done.stage), Some(Stage::Done));
        rebuilds.begin(one, 5).expect("none is under way");
        rebuilds.forget();
        assert_eq!((rebuilds.of(other), rebuilds.running()), (None, None));
    }
}
