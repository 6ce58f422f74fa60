//! The first organization, project and keys, and perhaps the first account.

use chrono::{DateTime, Utc};
use observe_core::{OrganizationId, token};
use observe_proto::common::v1::{KeyKind, Role};
use observe_runtime::postgres::Database;
use sqlx::types::Uuid;
use sqlx::{PgConnection, Postgres, Transaction};

use crate::account::NewAccount;
use crate::error::IdentityError;
use crate::key::{kind_text, token_prefix};
use crate::store::account::insert_account;
use crate::store::organization::{insert_member, insert_organization};

/// The name of the first organization and of the first project.
const DEFAULT_NAME: &str = "Default";

/// Everything that is made.
pub(crate) struct FirstRows<'a> {
    pub(crate) organization: Uuid,
    pub(crate) project: Uuid,
    pub(crate) account: Option<NewAccount>,
    /// (id, kind, name, token)
    pub(crate) keys: [(Uuid, KeyKind, &'static str, &'a str); 2],
    pub(crate) now: DateTime<Utc>,
}

/// Returns whether nothing was ever made here.
pub(crate) async fn is_empty(database: &Database) -> Result<bool, IdentityError> {
    let mut connection = database.worker().acquire().await?;
    Ok(first_organization(&mut connection).await?.is_none())
}

/// Makes all of it unless somebody was faster, and returns what is to be committed.
pub(crate) async fn create(
    database: &Database,
    rows: &FirstRows<'_>,
) -> Result<Option<Transaction<'static, Postgres>>, IdentityError> {
    let mut tx = database.worker().begin().await?;
    lock_first(&mut tx).await?;
    if first_organization(&mut tx).await?.is_some() {
        return Ok(None);
    }
    insert_defaults(&mut tx, rows.organization, rows.project, rows.now).await?;
    if let Some(account) = &rows.account {
        insert_account(&mut tx, account, rows.now).await?;
        let organization = OrganizationId::new(rows.organization);
        insert_member(&mut tx, organization, account.user.id, Role::Owner, rows.now).await?;
    }
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

/// Lets one transaction at a time make what there is only one of: several processes may start on the same empty database,
/// and two people may follow the setup link, at once. The second waits here and then sees the rows.
pub(crate) async fn lock_first(connection: &mut PgConnection) -> Result<(), IdentityError> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('observe identity bootstrap', 0))")
        .execute(connection)
        .await?;
    Ok(())
}

/// Returns the oldest organization.
pub(crate) async fn first_organization(
    connection: &mut PgConnection,
) -> Result<Option<OrganizationId>, IdentityError> {
    let id: Option<Uuid> =
        sqlx::query_scalar("select id from organization order by created_at, id limit 1")
            .fetch_optional(connection)
            .await?;
    Ok(id.map(OrganizationId::new))
}

/// Makes the organization and the project `Default`.
pub(crate) async fn insert_defaults(
    connection: &mut PgConnection,
    organization: Uuid,
    project: Uuid,
    now: DateTime<Utc>,
) -> Result<(), IdentityError> {
    let id = OrganizationId::new(organization);
    insert_organization(connection, id, DEFAULT_NAME, now).await?;
    sqlx::query(
        "insert into project (id, organization_id, name, created_at) values ($1, $2, $3, $4)",
    )
    .bind(project)
    .bind(organization)
    .bind(DEFAULT_NAME)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}
