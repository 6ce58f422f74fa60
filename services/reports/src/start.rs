//! What a process does with the store at its end and at its start, for whoever measures that.

use std::sync::Arc;

use observe_core::Secret;
use observe_runtime::StartError;
use observe_runtime::postgres::Database;

use crate::projection::Projection;
use crate::published::Published;
use crate::store::projection::ProjectionStore;
use crate::workers::keep::Keeper;
use crate::{POOLS, SCHEMA};

/// Where projections are kept.
pub struct ProjectionKeeper(ProjectionStore);

impl ProjectionKeeper {
    /// Prepares to talk to a database whose schema is up to date.
    ///
    /// # Errors
    /// A sentence if the URL is malformed.
    pub fn open(database_url: &Secret) -> Result<Self, StartError> {
        let database = Database::open(database_url, SCHEMA, POOLS)?;
        Ok(Self(ProjectionStore(database)))
    }

    /// Keeps a projection of which nothing is kept yet.
    ///
    /// # Errors
    /// When the database is away, or has one already.
    pub async fn keep(&self, projection: &Arc<Projection>) -> anyhow::Result<()> {
        Ok(Keeper::new(self.0.clone()).keep(projection, true).await?)
    }

    /// Takes over what is kept, as it is ready to be asked: the columns of segments are loaded when they are asked for.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn restore(&self) -> anyhow::Result<Arc<Published>> {
        let projection = Keeper::new(self.0.clone()).restore().await?;
        let published = Published::of(self.0.clone());
        published.publish(Arc::new(projection));
        Ok(Arc::new(published))
    }
}
