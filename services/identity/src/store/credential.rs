//! Whose a token is.

use chrono::{DateTime, Utc};
use observe_core::{KeyId, OrganizationId, ProjectId, SessionId, UserId};
use observe_proto::common::v1::{KeyKind, Role};
use observe_runtime::postgres::Database;
use sqlx::types::Uuid;

use crate::account::{SESSION_IDLE, SESSION_TOUCH, SessionAccess, role_from_text};
use crate::error::IdentityError;
use crate::key::kind_from_text;
use crate::privacy::{ClientAddress, Privacy};
use crate::retention::Retention;

/// A key in force, and what its project set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyAccess {
    pub(crate) key: KeyId,
    pub(crate) project: ProjectId,
    pub(crate) kind: KeyKind,
    pub(crate) allowed_origins: Vec<String>,
    pub(crate) privacy: Privacy,
    pub(crate) retention: Retention,
}

#[derive(Debug, sqlx::FromRow)]
struct KeyAccessRow {
    id: Uuid,
    project_id: Uuid,
    kind: String,
    allowed_origins: Vec<String>,
    client_address: String,
    without_place: bool,
    event_days: i32,
    exception_days: i32,
}

/// Looks credentials up by the hash of their token, across tenants.
#[derive(Clone)]
pub(crate) struct CredentialStore(pub(crate) Database);

impl CredentialStore {
    /// Returns the key in force with this token, and what its project set.
    pub(crate) async fn key(
        &self,
        token_hash: [u8; 32],
    ) -> Result<Option<KeyAccess>, IdentityError> {
        let row: Option<KeyAccessRow> = sqlx::query_as(
            "select k.id, k.project_id, k.kind, p.allowed_origins,
                    p.client_address, p.without_place, p.event_days, p.exception_days
             from api_key k join project p on p.id = k.project_id
             where k.token_hash = $1 and k.revoked_at is null",
        )
        .bind(&token_hash[..])
        .fetch_optional(self.0.worker())
        .await?;
        Ok(row.map(key_access_of))
    }

    /// Notes that a secret key was seen where strangers could read it. One that is unknown or was revoked needs no note.
    pub(crate) async fn expose(&self, key: KeyId, now: DateTime<Utc>) -> Result<(), IdentityError> {
        sqlx::query(
            "update api_key set exposed_at = greatest(exposed_at, $2)
             where id = $1 and kind = 'secret' and revoked_at is null",
        )
        .bind(key.uuid())
        .bind(now)
        .execute(self.0.worker())
        .await?;
        Ok(())
    }

    /// Returns up to `limit` projects after this one that do not keep everything for ever, by id.
    pub(crate) async fn retentions(
        &self,
        after: Uuid,
        limit: i64,
    ) -> Result<Vec<(ProjectId, Retention)>, IdentityError> {
        let rows: Vec<(Uuid, i32, i32)> = sqlx::query_as(
            "select id, event_days, exception_days from project
             where (event_days > 0 or exception_days > 0) and id > $1
             order by id limit $2",
        )
        .bind(after)
        .bind(limit)
        .fetch_all(self.0.worker())
        .await?;
        let retention = |(project, event_days, exception_days)| {
            (ProjectId::new(project), Retention { event_days, exception_days })
        };
        Ok(rows.into_iter().map(retention).collect())
    }

    /// Returns the living session with this token and what it may touch, and notes its use.
    pub(crate) async fn session(
        &self,
        token_hash: [u8; 32],
        now: DateTime<Utc>,
    ) -> Result<Option<SessionAccess>, IdentityError> {
        let row: Option<(Uuid, Uuid, DateTime<Utc>)> = sqlx::query_as(
            "select id, user_id, last_used_at from session
             where token_hash = $1 and expire_at > $2 and last_used_at > $3",
        )
        .bind(&token_hash[..])
        .bind(now)
        .bind(now - SESSION_IDLE)
        .fetch_optional(self.0.worker())
        .await?;
        let Some((session, user, last_used_at)) = row else { return Ok(None) };
        if last_used_at + SESSION_TOUCH <= now {
            sqlx::query("update session set last_used_at = $2 where id = $1 and last_used_at < $2")
                .bind(session)
                .bind(now)
                .execute(self.0.worker())
                .await?;
        }
        Ok(Some(SessionAccess {
            user: UserId::new(user),
            session: SessionId::new(session),
            projects: self.projects(user).await?,
            organizations: self.organizations(user).await?,
        }))
    }

    async fn projects(&self, user: Uuid) -> Result<Vec<(ProjectId, Role)>, IdentityError> {
        let rows: Vec<(Uuid, String)> = sqlx::query_as(
            "select p.id, m.role from member m join project p on p.organization_id = m.organization_id
             where m.user_id = $1 order by p.number",
        )
        .bind(user)
        .fetch_all(self.0.worker())
        .await?;
        Ok(rows.into_iter().map(|(id, role)| (ProjectId::new(id), role_from_text(&role))).collect())
    }

    async fn organizations(
        &self,
        user: Uuid,
    ) -> Result<Vec<(OrganizationId, Role)>, IdentityError> {
        let rows: Vec<(Uuid, String)> = sqlx::query_as(
            "select organization_id, role from member where user_id = $1 order by created_at",
        )
        .bind(user)
        .fetch_all(self.0.worker())
        .await?;
        Ok(rows
            .into_iter()
            .map(|(id, role)| (OrganizationId::new(id), role_from_text(&role)))
            .collect())
    }
}

fn key_access_of(row: KeyAccessRow) -> KeyAccess {
    KeyAccess {
        key: KeyId::new(row.id),
        project: ProjectId::new(row.project_id),
        kind: kind_from_text(&row.kind),
        allowed_origins: row.allowed_origins,
        privacy: Privacy {
            client_address: ClientAddress::from_text(&row.client_address),
            without_place: row.without_place,
        },
        retention: Retention { event_days: row.event_days, exception_days: row.exception_days },
    }
}
