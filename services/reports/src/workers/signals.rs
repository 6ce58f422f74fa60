//! Opens and closes incidents in monitor for what the projects' own data says is wrong.
//!
//! It keeps nothing: each round compares what is wrong now with the incidents that are open, so a restart, another replica
//! or an incident that was closed by hand need no care of their own.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use observe_core::{Clock, ProjectId};
use observe_runtime::Lifecycle;
use tonic::Status;

use crate::engine::EngineError;
use crate::incidents::changes;
use crate::neighbours::Neighbours;
use crate::published::Published;
use crate::signals::Assessor;

/// How long to wait between rounds.
const INTERVAL: Duration = Duration::from_secs(5);
/// Projects with spans in this time are looked at.
const RECENT: TimeDelta = TimeDelta::hours(25);

/// What the worker needs.
pub(crate) struct SignalWatch {
    pub(crate) published: Arc<Published>,
    pub(crate) neighbours: Neighbours,
    pub(crate) assessor: Arc<Assessor>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Why a project could not be looked after.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("{0}")]
    Call(Box<Status>),
}

impl From<Status> for Trouble {
    fn from(status: Status) -> Self {
        Self::Call(Box::new(status))
    }
}

impl SignalWatch {
    /// Looks after all projects until shutdown begins.
    ///
    /// # Errors
    /// None.
    pub(crate) async fn run(self, life: Lifecycle) -> anyhow::Result<()> {
        let mut was_well = true;
        loop {
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = life.stopping() => return Ok(()),
            }
            if !self.published.is_ready() {
                continue;
            }
            let outcome = tokio::select! {
                outcome = self.round() => outcome,
                () = life.stopping() => return Ok(()),
            };
            match outcome {
                Ok(()) => was_well = true,
                // Told once until it is well again.
                Err(trouble) if was_well => {
                    was_well = false;
                    tracing::warn!(%trouble, "signals cannot become incidents for now");
                }
                Err(_) => {}
            }
        }
    }

    /// Looks at every project once; a project in trouble does not keep the others from being looked at.
    async fn round(&self) -> Result<(), Trouble> {
        let now = self.clock.now();
        let mut trouble = None;
        for project in self.projects(now).await? {
            if let Err(error) = self.look_after(project, now).await {
                trouble = Some(error);
            }
        }
        trouble.map_or(Ok(()), Err)
    }

    async fn projects(&self, now: DateTime<Utc>) -> Result<HashSet<ProjectId>, Trouble> {
        let projection = self.published.projection()?;
        let known = projection.change_positions().into_iter().map(|(project, _)| project);
        let with_spans = self.neighbours.span_projects(now - RECENT).await?;
        Ok(known.chain(with_spans).collect())
    }

    async fn look_after(&self, project: ProjectId, now: DateTime<Utc>) -> Result<(), Trouble> {
        let signals = self.assessor.assess(project, now).await?;
        if signals.endpoints_unknown {
            // What cannot be seen is not over.
            return Ok(());
        }
        let state = self.neighbours.monitor_state(project).await?;
        let items = signals.items(now.timestamp_millis());
        let (opened, closed) = changes(project, &items, &state.open_incidents);
        for request in opened {
            self.neighbours.open_incident(request).await?;
        }
        for request in closed {
            self.neighbours.close_incident(request).await?;
        }
        Ok(())
    }
}
