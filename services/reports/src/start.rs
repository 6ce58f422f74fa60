//! What a process does with the store at its end and at its start, for whoever measures that.

use std::sync::Arc;
use std::time::Duration;

use observe_core::Secret;
use observe_runtime::StartError;
use observe_runtime::postgres::Database;

use crate::projection::Projection;
use crate::published::Published;
use crate::store::ownership::{Candidate, Looked, OwnershipStore};
use crate::store::projection::ProjectionStore;
use crate::workers::keep::Keeper;
use crate::{POOLS, SCHEMA};

/// For how long the projection is whoever's who measures.
const LEASE: Duration = Duration::from_secs(60 * 60);
/// The name of whoever measures: who takes the lease under this name has it from the one before.
const NAME: &str = "measured";

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

    /// Keeps a projection that was made anew: of each of its projects, in the place of what is kept.
    ///
    /// # Errors
    /// When the database is away, or another process has the projection.
    pub async fn keep(&self, projection: &Arc<Projection>) -> anyhow::Result<()> {
        let (mut keeper, _) = self.take_over().await?;
        Ok(keeper.keep(projection, true).await?)
    }

    /// Takes over what is kept, as it is ready to be asked: the columns of segments are loaded when they are asked for.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn restore(&self) -> anyhow::Result<Arc<Published>> {
        let (_, projection) = self.take_over().await?;
        let published = Published::of(self.0.clone(), None);
        published.publish(Arc::new(projection));
        Ok(Arc::new(published))
    }

    async fn take_over(&self) -> anyhow::Result<(Keeper, Projection)> {
        let owners = OwnershipStore(self.0.0.clone());
        let candidate = Candidate { name: NAME.into(), url: None };
        let looked = owners.look(&candidate, true, LEASE).await?;
        let Some(Looked::Taken(fence)) = looked else {
            anyhow::bail!("another process has the projection");
        };
        let mut keeper = Keeper::new(self.0.clone());
        let projection = keeper.restore(fence).await?;
        Ok((keeper, projection))
    }
}
