//! Loading what is kept of a project's columns.

use std::sync::Arc;

use observe_core::ProjectId;

use crate::engine::EngineError;
use crate::projection::Project;
use crate::query::Range;
use crate::store::projection::ProjectionStore;

/// Loads what a project has in a range of time, the latest first, so that it can be read.
///
/// # Errors
/// `Store` if the store is away, `Damaged` if what is kept is not what was written.
pub(crate) async fn load(
    store: &ProjectionStore,
    id: ProjectId,
    project: &Arc<Project>,
    range: Range,
) -> Result<(), EngineError> {
    // Looked up anew each time, since segments are joined and erased meanwhile.
    while let Some(segment) = project.unloaded(range.start_ms, range.end_ms).into_iter().next() {
        let body = store.body(id, segment.id).await;
        let body = body.map_err(|error| EngineError::Store(error.to_string()))?;
        let Some((body, digest)) = body else {
            if project.has(&segment) {
                return Err(damaged("a segment is not in the store"));
            }
            continue;
        };
        let project = Arc::clone(project);
        // Reading texts takes computation, which must not hold up those that serve requests.
        let loaded = tokio::task::spawn_blocking(move || project.load(&segment, &body, &digest));
        loaded.await.map_err(|error| EngineError::Broken(error.to_string()))?.map_err(damaged)?;
    }
    Ok(())
}

fn damaged(why: impl std::fmt::Display) -> EngineError {
    EngineError::Damaged(why.to_string())
}
