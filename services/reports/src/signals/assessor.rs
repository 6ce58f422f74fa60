//! Judges a project: all its errors and all its endpoints, at one moment.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use observe_core::ProjectId;

use super::Signals;
use crate::engine::EngineError;
use crate::published::Published;

/// Judges projects.
pub struct Assessor {
    published: Arc<Published>,
}

impl Assessor {
    /// Judges what is published there.
    #[must_use]
    pub fn new(published: Arc<Published>) -> Self {
        Self { published }
    }

    /// Returns what is wrong in a project, as of `now`.
    ///
    /// # Errors
    /// `Loading` while the projection is built, `Busy`.
    pub async fn assess(
        &self,
        _project: ProjectId,
        _now: DateTime<Utc>,
    ) -> Result<Signals, EngineError> {
        self.published.projection()?;
        Ok(Signals::default())
    }
}
