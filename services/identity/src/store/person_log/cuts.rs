//! Which of the distinct ids that a batch names were erased.

use super::Batch;
use crate::erasure::{Cuts, named_until};
use crate::error::IdentityError;
use crate::operation::Operation;
use crate::store::erasure::to_hash;

impl Batch {
    /// Returns the cuts of what the operations name. Almost always nothing was received before the latest cut, and the
    /// database is not asked.
    pub(crate) async fn cuts(&mut self, operations: &[&Operation]) -> Result<Cuts, IdentityError> {
        let named = named_until(operations, self.latest_cut_us);
        if named.is_empty() {
            return Ok(Cuts::default());
        }
        let rows: Vec<(Vec<u8>, i64)> = sqlx::query_as(
            "select id_hash, cut_us from erased_id where project_id = $1 and id_hash = any($2)",
        )
        .bind(self.project.uuid())
        .bind(named.iter().map(|hash| hash.to_vec()).collect::<Vec<_>>())
        .fetch_all(&mut *self.tx)
        .await?;
        Ok(Cuts::new(rows.into_iter().filter_map(|(hash, cut_us)| Some((to_hash(&hash)?, cut_us)))))
    }
}
