//! Making a project anew, a slice of time after each look at the logs, by the worker that follows them: nothing is applied
//! meanwhile, so both are exactly level when one takes the place of the other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use observe_core::ProjectId;

use super::upstream::{Trouble, Upstream};
use super::{BACKOFF_FIRST, Follower, POLL_INTERVAL};
use crate::engine::EngineError;
use crate::projection::Projection;
use crate::query::Range;
use crate::rebuild::Stage;

/// How long the logs are not looked at because a project is made anew; new events are visible so much later.
const SLICE: Duration = Duration::from_millis(250);

/// What is told to whoever asked; the logs are those of all tenants.
const GIVEN_UP: &str = "the logs could not be read to their end; the log of the service says why";

/// A project that is made anew.
pub(super) struct Building {
    project: ProjectId,
    /// It holds nothing else; `None` once the project answers and is only to be kept.
    beside: Option<Arc<Projection>>,
    /// Whether it was said already that it has to wait.
    waits: bool,
}

impl Follower {
    /// Goes on making a project anew, if one was asked for. Returns how long to wait until the next look at the logs.
    pub(super) async fn rebuild(&mut self, projection: &Arc<Projection>) -> Duration {
        let Some(project) = self.rebuilds.running() else { return POLL_INTERVAL };
        let worked = self.rebuild_on(project, projection).await;
        match worked {
            Ok(false) => Duration::ZERO,
            Ok(true) => {
                tracing::info!(%project, "the project was made anew from both logs");
                self.building = None;
                self.rebuilds.end(project, Stage::Done);
                POLL_INTERVAL
            }
            Err(trouble) if trouble.needs_rebuild() => {
                self.give_up_rebuild(&trouble.to_string());
                POLL_INTERVAL
            }
            Err(trouble) => {
                let said =
                    self.building.as_mut().map(|one| std::mem::replace(&mut one.waits, true));
                if said != Some(true) {
                    tracing::warn!(%project, %trouble, "making the project anew has to wait");
                }
                BACKOFF_FIRST
            }
        }
    }

    /// Ends the rebuild that is under way, if one is; what answers stays as it is.
    pub(super) fn give_up_rebuild(&mut self, why: &str) {
        self.building = None;
        if let Some(project) = self.rebuilds.running() {
            tracing::error!(%project, why, "the project is not made anew");
            self.rebuilds.end(project, Stage::Failed(GIVEN_UP.to_owned()));
        }
    }

    /// Works for one slice. Returns whether it is done.
    async fn rebuild_on(
        &mut self,
        project: ProjectId,
        projection: &Arc<Projection>,
    ) -> Result<bool, Trouble> {
        let beside = || Some(Arc::new(projection.beside(project)));
        let new = || Building { project, beside: beside(), waits: false };
        let building = self.building.take().filter(|one| one.project == project);
        let building = self.building.insert(building.unwrap_or_else(new));
        if let Some(beside) = building.beside.clone() {
            let until = Instant::now() + SLICE;
            let is_level = self.upstream.come_level(&beside, projection, until).await;
            self.rebuilds.set_events(project, beside.project(project).row_count());
            if !is_level? || self.lifecycle.is_stopping() {
                return Ok(false);
            }
            self.swap(project, &beside, projection).await?;
            self.building = Some(Building { project, beside: None, waits: false });
        }
        // Until it is kept, a kill would bring the one before back.
        self.keeper.keep(projection, true).await?;
        Ok(true)
    }

    async fn swap(
        &self,
        id: ProjectId,
        beside: &Projection,
        projection: &Arc<Projection>,
    ) -> Result<(), Trouble> {
        // Who is being answered from the one before must not look for what the store has no more.
        match self.published.load(id, Range::ALWAYS).await {
            // That it is damaged is a reason to make it anew.
            Ok(()) | Err(EngineError::Damaged(_)) => {}
            Err(error) => return Err(Trouble::Load(error)),
        }
        let (anew, projection) = (beside.project(id), Arc::clone(projection));
        // Sorting a week anew takes computation, which must not hold up those that serve requests.
        tokio::task::spawn_blocking(move || projection.replace(id, anew)).await?;
        Ok(())
    }
}

impl Upstream {
    /// Reads for a while, up to where another projection is. Returns whether it is there, and has all changes of persons.
    async fn come_level(
        &mut self,
        beside: &Arc<Projection>,
        projection: &Projection,
        until: Instant,
    ) -> Result<bool, Trouble> {
        let level = projection.read_to();
        loop {
            let is_behind = |(shard, to): &(&u32, &i64)| beside.cursor(**shard) < **to;
            let behind: Vec<_> = level.iter().filter(is_behind).collect();
            if behind.is_empty() {
                break;
            }
            // One page of each in turn, so that time goes on evenly.
            for (shard, to) in behind {
                self.read_page(*shard, *to, beside).await?;
                if Instant::now() >= until {
                    return Ok(false);
                }
            }
        }
        let mut left = beside.change_positions();
        while !left.is_empty() {
            left = self.read_some_changes(&left, beside).await?;
            if !left.is_empty() && Instant::now() >= until {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
