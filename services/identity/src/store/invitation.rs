//! Invitations.

use chrono::{DateTime, Utc};
use observe_core::error::CommonError;
use observe_core::{OrganizationId, UserId};
use observe_proto::common::v1::Role;
use observe_runtime::postgres::Database;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::account::{NewAccount, NewSession, role_from_text, role_text};
use crate::error::IdentityError;
use crate::invitation::{Invitation, MAX_OPEN, NewInvitation, Welcome};
use crate::organization::require_may_grant;
use crate::store::account::insert_account;
use crate::store::organization::{ORGANIZATION_SETTING, insert_member, lock};
use crate::store::session::insert_session;

/// What is answered for every link that is not good, whatever the reason.
const NOT_FOUND: CommonError = CommonError::NotFound("invitation");

/// An invitation's row: id, e-mail, role, created, end.
type InvitationRow = (Uuid, String, String, DateTime<Utc>, DateTime<Utc>);

/// Reads and writes the invitations of one organization at a time, and looks links up across organizations.
#[derive(Clone)]
pub(crate) struct InvitationStore(pub(crate) Database);

impl InvitationStore {
    /// Stores an invitation, and clears away those that have expired.
    pub(crate) async fn create(&self, new: &NewInvitation) -> Result<(), IdentityError> {
        let mut tx = self.0.scoped(ORGANIZATION_SETTING, new.organization.uuid()).await?;
        // The lock also keeps two at once from both counting 99.
        let caller_role = lock(&mut tx, new.organization, new.created_by).await?;
        require_may_grant(caller_role, new.invitation.role)?;
        sqlx::query("delete from invitation where organization_id = $1 and expire_at <= $2")
            .bind(new.organization.uuid())
            .bind(new.invitation.created_at)
            .execute(&mut *tx)
            .await?;
        let open: i64 =
            sqlx::query_scalar("select count(*) from invitation where organization_id = $1")
                .bind(new.organization.uuid())
                .fetch_one(&mut *tx)
                .await?;
        if open >= MAX_OPEN {
            return Err(IdentityError::TooManyInvitations);
        }
        sqlx::query(
            "insert into invitation (id, organization_id, token_hash, email, role, created_by, created_at, expire_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(new.invitation.id)
        .bind(new.organization.uuid())
        .bind(&new.token_hash[..])
        .bind(&new.invitation.email)
        .bind(role_text(new.invitation.role))
        .bind(new.created_by.uuid())
        .bind(new.invitation.created_at)
        .bind(new.invitation.expire_at)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Returns the open invitations, newest first.
    pub(crate) async fn list(
        &self,
        organization: OrganizationId,
        now: DateTime<Utc>,
    ) -> Result<Vec<Invitation>, IdentityError> {
        let mut tx = self.0.scoped(ORGANIZATION_SETTING, organization.uuid()).await?;
        let rows: Vec<InvitationRow> = sqlx::query_as(
            "select id, email, role, created_at, expire_at from invitation
             where organization_id = $1 and expire_at > $2
             order by created_at desc, id desc limit $3",
        )
        .bind(organization.uuid())
        .bind(now)
        .bind(MAX_OPEN)
        .fetch_all(&mut *tx)
        .await?;
        let invitation = |(id, email, role, created_at, expire_at): InvitationRow| Invitation {
            id,
            email,
            role: role_from_text(&role),
            created_at,
            expire_at,
        };
        Ok(rows.into_iter().map(invitation).collect())
    }

    /// Makes a link useless. Returns whether it was open.
    pub(crate) async fn revoke(
        &self,
        organization: OrganizationId,
        invitation: Uuid,
        now: DateTime<Utc>,
    ) -> Result<bool, IdentityError> {
        let mut tx = self.0.scoped(ORGANIZATION_SETTING, organization.uuid()).await?;
        let was_open: Option<bool> = sqlx::query_scalar(
            "delete from invitation where organization_id = $1 and id = $2 returning expire_at > $3",
        )
        .bind(organization.uuid())
        .bind(invitation)
        .bind(now)
        .fetch_optional(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(was_open.unwrap_or(false))
    }

    /// Returns what a link is for.
    pub(crate) async fn welcome(
        &self,
        token_hash: [u8; 32],
        now: DateTime<Utc>,
    ) -> Result<Welcome, IdentityError> {
        let row: Option<(String, String, String)> = sqlx::query_as(
            "select o.name, i.email, i.role from invitation i join organization o on o.id = i.organization_id
             where i.token_hash = $1 and i.expire_at > $2",
        )
        .bind(&token_hash[..])
        .bind(now)
        .fetch_optional(self.0.worker())
        .await?;
        let (organization_name, email, role) = row.ok_or(NOT_FOUND)?;
        Ok(Welcome { organization_name, email, role: role_from_text(&role) })
    }

    /// Makes an account by a link, and opens its session. When it cannot be, the link stays good.
    pub(crate) async fn accept(
        &self,
        token_hash: [u8; 32],
        account: &NewAccount,
        session: &NewSession,
    ) -> Result<(), IdentityError> {
        let mut tx = self.0.worker().begin().await?;
        let (organization, role) = take(&mut tx, token_hash, session.now).await?;
        insert_account(&mut tx, account, session.now).await?;
        insert_member(&mut tx, organization, account.user.id, role, session.now).await?;
        insert_session(&mut tx, session).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Lets a user join by a link. When it cannot be, the link stays good.
    pub(crate) async fn join(
        &self,
        token_hash: [u8; 32],
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<OrganizationId, IdentityError> {
        let mut tx = self.0.worker().begin().await?;
        let (organization, role) = take(&mut tx, token_hash, now).await?;
        insert_member(&mut tx, organization, user, role, now).await?;
        tx.commit().await?;
        Ok(organization)
    }
}

/// Uses a link up. Of two at once the second waits for the first, and finds it gone when that commits.
async fn take(
    connection: &mut PgConnection,
    token_hash: [u8; 32],
    now: DateTime<Utc>,
) -> Result<(OrganizationId, Role), IdentityError> {
    let row: Option<(Uuid, String)> = sqlx::query_as(
        "delete from invitation where token_hash = $1 and expire_at > $2 returning organization_id, role",
    )
    .bind(&token_hash[..])
    .bind(now)
    .fetch_optional(connection)
    .await?;
    let (organization, role) = row.ok_or(NOT_FOUND)?;
    Ok((OrganizationId::new(organization), role_from_text(&role)))
}
