//! Keys.

use chrono::{DateTime, Utc};
use observe_core::error::CommonError;
use observe_core::{KeyId, ProjectId, token};
use observe_runtime::postgres::Database;
use sqlx::types::Uuid;

use crate::error::{IdentityError, breaks};
use crate::key::{Key, MAX_KEYS, kind_from_text, kind_text};

/// A key's row.
#[derive(Debug, sqlx::FromRow)]
struct KeyRow {
    id: Uuid,
    kind: String,
    name: String,
    token_prefix: String,
    created_at: DateTime<Utc>,
    /// The whole token of a write key.
    token: Option<String>,
    exposed_at: Option<DateTime<Utc>>,
}

/// Reads and writes the keys of one project at a time.
#[derive(Clone)]
pub(crate) struct KeyStore(pub(crate) Database);

impl KeyStore {
    /// Stores a key.
    pub(crate) async fn create(&self, key: &Key, token: &str) -> Result<(), IdentityError> {
        let mut tx = self.0.tenant(key.project).await?;
        // Two at once would both count 99.
        sqlx::query("select pg_advisory_xact_lock(hashtextextended('key of ' || $1::text, 0))")
            .bind(key.project.uuid())
            .execute(&mut *tx)
            .await?;
        let in_force: i64 = sqlx::query_scalar(
            "select count(*) from api_key where project_id = $1 and revoked_at is null",
        )
        .bind(key.project.uuid())
        .fetch_one(&mut *tx)
        .await?;
        if in_force >= MAX_KEYS {
            return Err(IdentityError::TooManyKeys);
        }
        sqlx::query(
            "insert into api_key (id, project_id, kind, name, token_hash, token_prefix, token, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(key.id.uuid())
        .bind(key.project.uuid())
        .bind(kind_text(key.kind))
        .bind(&key.name)
        .bind(&token::hash(token)[..])
        .bind(&key.token_prefix)
        .bind(&key.write_token)
        .bind(key.created_at)
        .execute(&mut *tx)
        .await
        .map_err(|error| {
            if breaks(&error, "api_key_project_fkey") {
                CommonError::NotFound("project").into()
            } else {
                IdentityError::from(error)
            }
        })?;
        tx.commit().await?;
        Ok(())
    }

    /// Returns the keys in force, newest first.
    pub(crate) async fn list(&self, project: ProjectId) -> Result<Vec<Key>, IdentityError> {
        let mut tx = self.0.tenant(project).await?;
        let rows: Vec<KeyRow> = sqlx::query_as(
            "select id, kind, name, token_prefix, created_at, token, exposed_at from api_key
             where project_id = $1 and revoked_at is null
             order by created_at desc, id desc
             limit $2",
        )
        .bind(project.uuid())
        .bind(MAX_KEYS)
        .fetch_all(&mut *tx)
        .await?;
        let key = |row: KeyRow| Key {
            id: KeyId::new(row.id),
            project,
            name: row.name,
            kind: kind_from_text(&row.kind),
            token_prefix: row.token_prefix,
            created_at: row.created_at,
            write_token: row.token,
            exposed_at: row.exposed_at,
        };
        Ok(rows.into_iter().map(key).collect())
    }

    /// Ends a key; one that has ended stays as it is. Returns whether there is such a key.
    pub(crate) async fn revoke(
        &self,
        project: ProjectId,
        key: KeyId,
        now: DateTime<Utc>,
    ) -> Result<bool, IdentityError> {
        let mut tx = self.0.tenant(project).await?;
        let changed = sqlx::query(
            "update api_key set revoked_at = coalesce(revoked_at, $3) where project_id = $1 and id = $2",
        )
        .bind(project.uuid())
        .bind(key.uuid())
        .bind(now)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(changed.rows_affected() == 1)
    }
}
