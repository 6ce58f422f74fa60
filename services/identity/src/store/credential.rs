//! Whose a token is.

use chrono::{DateTime, Utc};
use observe_core::{KeyId, OrganizationId, ProjectId, SessionId, UserId};
use observe_proto::common::v1::{KeyKind, Role};
use observe_runtime::postgres::Database;
use sqlx::types::Uuid;

use crate::account::{SESSION_IDLE, SESSION_TOUCH, SessionAccess, role_from_text};
use crate::error::IdentityError;
use crate::key::kind_from_text;

/// Looks credentials up by the hash of their token, across tenants.
#[derive(Clone)]
pub(crate) struct CredentialStore(pub(crate) Database);

impl CredentialStore {
    /// Returns the key in force with this token, and the allowed origins of its project.
    pub(crate) async fn key(
        &self,
        token_hash: [u8; 32],
    ) -> Result<Option<(KeyId, ProjectId, KeyKind, Vec<String>)>, IdentityError> {
        let row: Option<(Uuid, Uuid, String, Vec<String>)> = sqlx::query_as(
            "select k.id, k.project_id, k.kind, p.allowed_origins
             from api_key k join project p on p.id = k.project_id
             where k.token_hash = $1 and k.revoked_at is null",
        )
        .bind(&token_hash[..])
        .fetch_optional(self.0.worker())
        .await?;
        Ok(row.map(|(id, project, kind, origins)| {
            (KeyId::new(id), ProjectId::new(project), kind_from_text(&kind), origins)
        }))
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
