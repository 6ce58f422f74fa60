//! The first account, organization, project and keys.

use chrono::{DateTime, Utc};
use observe_core::token;
use observe_proto::common::v1::KeyKind;
use observe_runtime::postgres::Database;
use sqlx::types::Uuid;
use sqlx::{Postgres, Transaction};

use crate::error::IdentityError;
use crate::key::{kind_text, token_prefix};

/// The name of the first organization and of the first project.
const DEFAULT_NAME: &str = "Default";

/// Everything that is made.
pub(crate) struct FirstRows<'a> {
    pub(crate) organization: Uuid,
    pub(crate) project: Uuid,
    pub(crate) user: Uuid,
    pub(crate) email: &'a str,
    pub(crate) user_name: &'a str,
    pub(crate) password_hash: &'a str,
    /// (id, kind, name, token)
    pub(crate) keys: [(Uuid, KeyKind, &'static str, &'a str); 2],
    pub(crate) now: DateTime<Utc>,
}

/// Returns whether nothing was ever made here.
pub(crate) async fn is_empty(database: &Database) -> Result<bool, IdentityError> {
    Ok(sqlx::query_scalar("select not exists (select 1 from organization)")
        .fetch_one(database.worker())
        .await?)
}

/// Makes all of it unless somebody was faster, and returns what is to be committed.
pub(crate) async fn create(
    database: &Database,
    rows: &FirstRows<'_>,
) -> Result<Option<Transaction<'static, Postgres>>, IdentityError> {
    let mut tx = database.worker().begin().await?;
    // Several processes may start on the same empty database at once; the second waits here and then sees the rows.
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('observe identity bootstrap', 0))")
        .execute(&mut *tx)
        .await?;
    let empty: bool = sqlx::query_scalar("select not exists (select 1 from organization)")
        .fetch_one(&mut *tx)
        .await?;
    if !empty {
        return Ok(None);
    }
    insert_account(&mut tx, rows).await?;
    sqlx::query(
        "insert into project (id, organization_id, name, created_at) values ($1, $2, $3, $4)",
    )
    .bind(rows.project)
    .bind(rows.organization)
    .bind(DEFAULT_NAME)
    .bind(rows.now)
    .execute(&mut *tx)
    .await?;
    for (id, kind, name, text) in &rows.keys {
        sqlx::query(
            "insert into api_key (id, project_id, kind, name, token_hash, token_prefix, token, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(id)
        .bind(rows.project)
        .bind(kind_text(*kind))
        .bind(name)
        .bind(&token::hash(text)[..])
        .bind(token_prefix(*kind, text))
        .bind((*kind == KeyKind::Write).then_some(text))
        .bind(rows.now)
        .execute(&mut *tx)
        .await?;
    }
    Ok(Some(tx))
}

async fn insert_account(
    tx: &mut Transaction<'static, Postgres>,
    rows: &FirstRows<'_>,
) -> Result<(), IdentityError> {
    sqlx::query("insert into organization (id, name, created_at) values ($1, $2, $3)")
        .bind(rows.organization)
        .bind(DEFAULT_NAME)
        .bind(rows.now)
        .execute(&mut **tx)
        .await?;
    sqlx::query(
        "insert into user_account (id, email, name, password_hash, created_at) values ($1, $2, $3, $4, $5)",
    )
    .bind(rows.user)
    .bind(rows.email)
    .bind(rows.user_name)
    .bind(rows.password_hash)
    .bind(rows.now)
    .execute(&mut **tx)
    .await?;
    sqlx::query("insert into member (organization_id, user_id, role, created_at) values ($1, $2, 'owner', $3)")
        .bind(rows.organization)
        .bind(rows.user)
        .bind(rows.now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
