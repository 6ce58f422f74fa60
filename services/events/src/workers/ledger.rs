//! Holds a shard's part of the queue against what PostgreSQL remembers of it: whether it is the same queue, and whether an
//! empty one has nothing pending.

use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use sqlx::PgPool;

use crate::queue;
use crate::store::consume::{ConsumeError, Lease};
use crate::store::queue_period;

/// How often it is looked at, besides after each connecting.
const INTERVAL: Duration = Duration::from_secs(10);

/// The look of one reader, under one lease and over one connection.
pub struct Ledger {
    pool: PgPool,
    lease: Lease,
    queue_id: Option<String>,
    looked: Option<Instant>,
    is_settled: bool,
}

impl Ledger {
    /// Begins: whatever was known before may no longer hold.
    #[must_use]
    pub fn new(pool: PgPool, lease: Lease) -> Self {
        Self { pool, lease, queue_id: None, looked: None, is_settled: false }
    }

    /// Looks if it is time to. `is_idle` says that nothing was found to read: then the two are held against each other once
    /// soon after connecting, because what was put back is known only when it has been read.
    ///
    /// # Errors
    /// [`ConsumeError`].
    pub async fn look(
        &mut self,
        connection: &mut MultiplexedConnection,
        is_idle: bool,
    ) -> Result<(), ConsumeError> {
        let is_due = self.looked.is_none_or(|looked| looked.elapsed() >= INTERVAL);
        let is_first_rest = is_idle && !self.is_settled;
        if !is_due && !is_first_rest {
            return Ok(());
        }
        let shard = self.lease.shard;
        let state = queue::shard_state(connection, shard).await?;
        self.looked = Some(Instant::now());
        if let Some(queue_id) = &state.queue_id
            && self.queue_id.as_ref() != Some(queue_id)
        {
            if queue_period::open(&self.pool, self.lease, queue_id).await? {
                tracing::error!(
                    shard,
                    "the queue is another one than before; what it held and did not hand over is lost"
                );
            }
            self.queue_id = Some(queue_id.clone());
        }
        if state.is_empty {
            if queue_period::settle(&self.pool, self.lease, &state.accepted).await? {
                tracing::error!(
                    shard,
                    "the queue does not count what was taken from it: it was put back, or lost entries"
                );
            }
            self.is_settled = true;
        }
        Ok(())
    }
}
