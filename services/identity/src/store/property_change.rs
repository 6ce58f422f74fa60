//! How properties came to be what they are, as it is read.

use chrono::{DateTime, Utc};
use observe_core::{PersonId, ProjectId};
use observe_runtime::postgres::Database;
use serde_json::Value;
use sqlx::types::{Json, Uuid};

use crate::error::IdentityError;

/// A change of one property.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct PropertyChangeRow {
    pub(crate) number: i64,
    pub(crate) key: String,
    pub(crate) old_value: Option<Json<Value>>,
    pub(crate) new_value: Option<Json<Value>>,
    pub(crate) cause: i16,
    pub(crate) happened_at: DateTime<Utc>,
    pub(crate) origin_id: Uuid,
}

/// Reads changes of properties.
#[derive(Clone)]
pub(crate) struct PropertyChangeStore(pub(crate) Database);

impl PropertyChangeStore {
    /// Returns the changes of a person's properties before a number, the latest first; of one property if a key is given.
    pub(crate) async fn list(
        &self,
        project: ProjectId,
        person: PersonId,
        key: Option<&str>,
        before: i64,
        limit: usize,
    ) -> Result<Vec<PropertyChangeRow>, IdentityError> {
        let mut tx = self.0.tenant(project).await?;
        let rows = sqlx::query_as(
            "select number, key, old_value, new_value, cause, happened_at, origin_id
             from property_change
             where project_id = $1 and person_id = $2 and number < $3 and ($4::text is null or key = $4)
             order by number desc
             limit $5",
        )
        .bind(project.uuid())
        .bind(person.uuid())
        .bind(before)
        .bind(key)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&mut *tx)
        .await?;
        Ok(rows)
    }
}
