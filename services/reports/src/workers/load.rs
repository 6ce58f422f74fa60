//! Loading what is kept of a project's columns.

use std::sync::Arc;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use observe_core::ProjectId;

use crate::engine::EngineError;
use crate::projection::{Project, Segment};
use crate::query::Range;
use crate::store::projection::ProjectionStore;

/// How many segments are loaded at once: while one is read from the store, another is unpacked.
const AT_ONCE: usize = 3;

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
    // Looked up anew when all are loaded, since segments are joined and erased meanwhile.
    loop {
        let unloaded = project.unloaded(range.start_ms, range.end_ms);
        if unloaded.is_empty() {
            return Ok(());
        }
        stream::iter(unloaded)
            .map(|segment| load_segment(store, id, project, segment))
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await?;
    }
}

async fn load_segment(
    store: &ProjectionStore,
    id: ProjectId,
    project: &Arc<Project>,
    segment: Arc<Segment>,
) -> Result<(), EngineError> {
    // Several questions that need it wait for one of them to load it.
    let _turn = segment.loading.lock().await;
    if segment.is_loaded() || !project.has(&segment) {
        return Ok(());
    }
    let body = store.body(id, segment.id).await;
    let body = body.map_err(|error| EngineError::Store(error.to_string()))?;
    let Some((body, digest)) = body else {
        let is_missing = project.has(&segment);
        return if is_missing { Err(damaged("a segment is not in the store")) } else { Ok(()) };
    };
    let (project, loaded) = (Arc::clone(project), Arc::clone(&segment));
    // Reading texts takes computation, which must not hold up those that serve requests.
    let loaded = tokio::task::spawn_blocking(move || project.load(&loaded, &body, &digest));
    loaded.await.map_err(|error| EngineError::Broken(error.to_string()))?.map_err(damaged)
}

fn damaged(why: impl std::fmt::Display) -> EngineError {
    EngineError::Damaged(why.to_string())
}
