//! The lease of the projection: which process has it, until when, and the fence that makes an old owner harmless.

use std::time::Duration;

use observe_runtime::postgres::Database;
use sqlx::{Postgres, Transaction};

use crate::ownership::Owner;

/// Keeps the lease.
#[derive(Clone)]
pub(crate) struct OwnershipStore(pub(crate) Database);

/// What came of looking at the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Looked {
    /// It is ours from now on, with this fence.
    Taken(i64),
    /// Another process has it.
    Of(Owner),
}

/// Who wants the lease.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) name: String,
    pub(crate) url: Option<String>,
}

impl OwnershipStore {
    /// Takes the lease if it is free or has run out, else says who has it; `None` if that changed meanwhile.
    ///
    /// With `is_reborn`, a lease of the same name counts as free, too: who has our name is gone.
    ///
    /// # Errors
    /// When the database is away.
    pub(crate) async fn look(
        &self,
        candidate: &Candidate,
        is_reborn: bool,
        lease: Duration,
    ) -> sqlx::Result<Option<Looked>> {
        if let Some(owner) = self.owner().await?
            && !(is_reborn && owner.name == candidate.name)
        {
            self.show(lease).await?;
            return Ok(Some(Looked::Of(owner)));
        }
        // Checkpoints hold the row `for key share`: one that is under way is over before the fence grows.
        let fence: Option<i64> = sqlx::query_scalar(
            "with before as (
                 select fence from projection_owner
                 where lease_until < now() or (owner = $1 and $2)
                 for update)
             update projection_owner as kept
             set owner = $1, url = $3, fence = kept.fence + 1, is_ready = false,
                 lease_until = now() + $4 * interval '1 second'
             from before
             returning kept.fence",
        )
        .bind(&candidate.name)
        .bind(is_reborn)
        .bind(&candidate.url)
        .bind(lease.as_secs_f64())
        .fetch_optional(self.0.worker())
        .await?;
        Ok(fence.map(Looked::Taken))
    }

    /// Returns who has the lease now.
    async fn owner(&self) -> sqlx::Result<Option<Owner>> {
        let row: Option<(String, Option<String>, i64, bool)> = sqlx::query_as(
            "select owner, url, fence, is_ready from projection_owner where lease_until >= now()",
        )
        .fetch_optional(self.0.worker())
        .await?;
        Ok(row.map(|(name, url, fence, is_ready)| Owner { name, url, fence, is_ready }))
    }

    /// Lets the owner know that it is not alone.
    async fn show(&self, lease: Duration) -> sqlx::Result<()> {
        sqlx::query(
            "update projection_owner set others_seen_at = now()
             where others_seen_at < now() - $1 * interval '1 second'",
        )
        .bind(lease.as_secs_f64() / 4.0)
        .execute(self.0.worker())
        .await?;
        Ok(())
    }

    /// Prolongs the lease, and says whether the owner answers. Returns `None` if it was not ours any more, else whether no other
    /// process has looked at it for as long as a lease lasts.
    ///
    /// # Errors
    /// When the database is away.
    pub(crate) async fn renew(
        &self,
        fence: i64,
        is_ready: bool,
        lease: Duration,
    ) -> sqlx::Result<Option<bool>> {
        sqlx::query_scalar(
            "update projection_owner
             set lease_until = now() + $3 * interval '1 second', is_ready = $2
             where fence = $1
             returning others_seen_at < now() - $3 * interval '1 second'",
        )
        .bind(fence)
        .bind(is_ready)
        .bind(lease.as_secs_f64())
        .fetch_optional(self.0.worker())
        .await
    }

    /// Hands the lease back, so that another process can begin at once.
    ///
    /// # Errors
    /// When the database is away; the lease then runs out by itself.
    pub(crate) async fn release(&self, fence: i64) -> sqlx::Result<()> {
        sqlx::query(
            "update projection_owner set lease_until = '-infinity', is_ready = false where fence = $1",
        )
        .bind(fence)
        .execute(self.0.worker())
        .await?;
        Ok(())
    }
}

/// Returns whether the fence is the latest one. If so, no other process takes the projection before the transaction ends; the
/// lease may be renewed meanwhile, which changes no key.
///
/// # Errors
/// When the database is away.
pub(crate) async fn stands(tx: &mut Transaction<'_, Postgres>, fence: i64) -> sqlx::Result<bool> {
    let found: Option<bool> =
        sqlx::query_scalar("select is_only from projection_owner where fence = $1 for key share")
            .bind(fence)
            .fetch_optional(&mut **tx)
            .await?;
    Ok(found.is_some())
}
