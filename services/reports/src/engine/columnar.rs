//! The engine on the columns in memory.

use std::sync::Arc;

use observe_core::ProjectId;
use tokio::sync::Semaphore;

use super::{Answer, EngineError, ReportEngine, funnel, trends};
use crate::funnel::{FunnelAnswer, FunnelQuery};
use crate::projection::ProjectColumns;
use crate::published::Published;
use crate::trends::{TrendsAnswer, TrendsQuery};

/// How many questions are computed at once; more wait. Each takes a core and memory in proportion to the rows it hits.
const MAX_CONCURRENT: usize = 4;

/// Answers from the published projection.
pub struct ColumnarEngine {
    published: Arc<Published>,
    permits: Arc<Semaphore>,
}

impl ColumnarEngine {
    /// Answers from what is published there.
    #[must_use]
    pub fn new(published: Arc<Published>) -> Self {
        Self { published, permits: Arc::new(Semaphore::new(MAX_CONCURRENT)) }
    }

    /// Computes an answer beside the tasks that serve requests.
    async fn compute<T: Send + 'static>(
        &self,
        project: ProjectId,
        question: impl FnOnce(&ProjectColumns) -> T + Send + 'static,
    ) -> Result<T, EngineError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        // Taken after the wait, so that the answer is as fresh as can be.
        let project = self.published.projection()?.project(project);
        let computed = tokio::task::spawn_blocking(move || {
            // Held until the end also when the caller has gone away.
            let _permit = permit;
            question(&project.read())
        });
        computed.await.map_err(|error| EngineError::Broken(error.to_string()))
    }
}

impl ReportEngine for ColumnarEngine {
    fn trends(&self, project: ProjectId, query: TrendsQuery) -> Answer<'_, TrendsAnswer> {
        Box::pin(self.compute(project, move |columns| trends::run(columns, &query)))
    }

    fn funnel(&self, project: ProjectId, query: FunnelQuery) -> Answer<'_, FunnelAnswer> {
        Box::pin(self.compute(project, move |columns| funnel::run(columns, &query)))
    }
}
