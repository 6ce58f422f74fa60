//! Keeping the projection in the store, and taking it from there at a start.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use observe_core::ProjectId;

use crate::engine::EngineError;
use crate::projection::keeping::Checkpoint;
use crate::projection::stored::Damaged;
use crate::projection::{Kept, Project, Projection, Room};
use crate::query::Range;
use crate::store::projection::{ProjectionStore, SaveError};
use crate::workers::load;

/// How long what came is in memory only: so much is read from the log again after a kill.
const KEEP_INTERVAL: Duration = Duration::from_secs(60);
/// How many rows are in memory only, at most, before they are kept all the same.
const UNKEPT_ROWS_MAX: usize = 262_144;

/// Why the projection is not kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeepError {
    #[error(transparent)]
    Save(#[from] SaveError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Damaged(#[from] Damaged),
    #[error(transparent)]
    Load(#[from] EngineError),
    #[error("writing down the projection broke off: {0}")]
    Stopped(#[from] tokio::task::JoinError),
}

/// Keeps one projection.
pub(crate) struct Keeper {
    store: ProjectionStore,
    /// The fence of the lease, under which everything is written.
    lease: i64,
    /// By project, what this process may write under.
    fences: HashMap<ProjectId, i64>,
    due: Instant,
}

impl Keeper {
    pub(crate) fn new(store: ProjectionStore) -> Self {
        Self { store, lease: 0, fences: HashMap::new(), due: Instant::now() + KEEP_INTERVAL }
    }

    /// Takes over what is kept, under the fence of a lease. What is damaged is left out and made anew from the log.
    ///
    /// # Errors
    /// When the database is away, or the fence is not the latest.
    pub(crate) async fn restore(&mut self, lease: i64) -> Result<Projection, KeepError> {
        self.lease = lease;
        let stored = self.store.take_over(lease).await?;
        self.fences = stored.projects.iter().map(|(id, (fence, _))| (*id, *fence)).collect();
        let restored = tokio::task::spawn_blocking(move || {
            let room = Room::default();
            let mut projects = HashMap::with_capacity(stored.projects.len());
            for (id, (_, project)) in stored.projects {
                projects.insert(id, Project::restore(id, Kept::ALL, room.clone(), project)?);
            }
            Ok::<_, Damaged>(Projection::restored(projects, stored.floor, room))
        });
        match restored.await? {
            Ok(projection) => Ok(projection),
            Err(damaged) => {
                tracing::error!(%damaged, "the projection is made anew from the event log");
                Ok(Projection::new())
            }
        }
    }

    /// Keeps what is due: everything now and then, an erasure at once. With `all`, everything now.
    ///
    /// # Errors
    /// When the database is away, or another process keeps the projection.
    pub(crate) async fn keep(
        &mut self,
        projection: &Arc<Projection>,
        all: bool,
    ) -> Result<(), KeepError> {
        let all = all || Instant::now() >= self.due;
        let is_due = |project: &Project| {
            (all && project.is_unkept())
                || project.has_unkept_erasure()
                || project.unkept_rows() >= UNKEPT_ROWS_MAX
        };
        let mut saved = false;
        for (id, project) in projection.all() {
            if project.is_partial() {
                if let Some(fence) = self.fences.get(&id).copied() {
                    // What is not loaded is in the store alone.
                    load::load(&self.store, id, &project, Range::ALWAYS).await?;
                    self.store.forget(self.lease, id, fence).await?;
                    self.fences.remove(&id);
                    saved = true;
                }
            } else if is_due(&project) {
                self.save(projection, id, &project).await?;
                saved = true;
            }
        }
        if all || saved {
            self.store.save_floor(self.lease, &projection.floor()).await?;
        }
        if all {
            self.due = Instant::now() + KEEP_INTERVAL;
        }
        Ok(())
    }

    async fn save(
        &mut self,
        projection: &Arc<Projection>,
        id: ProjectId,
        project: &Arc<Project>,
    ) -> Result<(), KeepError> {
        let cursors = projection.read_to();
        let checkpoint: Checkpoint = {
            let project = Arc::clone(project);
            // Packing takes computation, which must not hold up those that serve requests.
            tokio::task::spawn_blocking(move || project.checkpoint(&cursors)).await?
        };
        let fence = self.fences.get(&id).copied().unwrap_or(0);
        let fence = self.store.save(self.lease, id, fence, &checkpoint).await?;
        self.fences.insert(id, fence);
        project.kept(checkpoint);
        Ok(())
    }
}
