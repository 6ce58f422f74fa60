//! Organizations and their members.

use chrono::{DateTime, Utc};
use observe_core::error::CommonError;
use observe_core::{OrganizationId, UserId};
use observe_proto::common::v1::Role;
use observe_runtime::postgres::Database;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::account::{User, role_from_text, role_text};
use crate::error::{IdentityError, breaks};
use crate::organization::{Member, Organization, require_may_change};

/// The setting that the row policies read for an organization's transaction.
pub(crate) const ORGANIZATION_SETTING: &str = "observe.organization_id";

/// A member's row: id, e-mail, name, role, since when.
type MemberRow = (Uuid, String, String, String, DateTime<Utc>);

/// Reads and writes one organization at a time.
#[derive(Clone)]
pub(crate) struct OrganizationStore(pub(crate) Database);

impl OrganizationStore {
    /// Makes an organization with its owner.
    pub(crate) async fn create(
        &self,
        organization: &Organization,
        owner: UserId,
        now: DateTime<Utc>,
    ) -> Result<(), IdentityError> {
        let mut tx = self.0.scoped(ORGANIZATION_SETTING, organization.id.uuid()).await?;
        insert_organization(&mut tx, organization.id, &organization.name, now).await?;
        insert_member(&mut tx, organization.id, owner, Role::Owner, now).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Renames an organization. Returns whether it is there.
    pub(crate) async fn rename(&self, organization: &Organization) -> Result<bool, IdentityError> {
        let mut tx = self.0.scoped(ORGANIZATION_SETTING, organization.id.uuid()).await?;
        let changed = sqlx::query("update organization set name = $2 where id = $1")
            .bind(organization.id.uuid())
            .bind(&organization.name)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(changed.rows_affected() == 1)
    }

    /// Returns everybody in an organization, by name.
    pub(crate) async fn members(
        &self,
        organization: OrganizationId,
    ) -> Result<Vec<Member>, IdentityError> {
        let mut tx = self.0.scoped(ORGANIZATION_SETTING, organization.uuid()).await?;
        let rows: Vec<MemberRow> = sqlx::query_as(
            "select u.id, u.email, u.name, m.role, m.created_at
             from member m join user_account u on u.id = m.user_id
             where m.organization_id = $1 order by lower(u.name), u.email",
        )
        .bind(organization.uuid())
        .fetch_all(&mut *tx)
        .await?;
        Ok(rows.into_iter().map(member_of).collect())
    }

    /// Gives a member another role, or ends the membership when there is none. The member as it is now is returned, and as
    /// it was when it is one no more.
    pub(crate) async fn change_member(
        &self,
        organization: OrganizationId,
        caller: UserId,
        user: UserId,
        next: Option<Role>,
    ) -> Result<Member, IdentityError> {
        let mut tx = self.0.scoped(ORGANIZATION_SETTING, organization.uuid()).await?;
        let caller_role = lock(&mut tx, organization, caller).await?;
        let found = find_member(&mut tx, organization, user).await?;
        let member = found.ok_or(CommonError::NotFound("member"))?;
        let other_owners = other_owners(&mut tx, organization, user).await?;
        require_may_change(caller_role, caller == user, member.role, next, other_owners)?;
        match next {
            Some(role) => {
                sqlx::query(
                    "update member set role = $3 where organization_id = $1 and user_id = $2",
                )
                .bind(organization.uuid())
                .bind(user.uuid())
                .bind(role_text(role))
                .execute(&mut *tx)
                .await?;
            }
            None => {
                sqlx::query("delete from member where organization_id = $1 and user_id = $2")
                    .bind(organization.uuid())
                    .bind(user.uuid())
                    .execute(&mut *tx)
                    .await?;
            }
        }
        if next != Some(Role::Owner) && next != Some(member.role) {
            // Who loses rights must not come back by a link of his own.
            sqlx::query("delete from invitation where organization_id = $1 and created_by = $2")
                .bind(organization.uuid())
                .bind(user.uuid())
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(Member { role: next.unwrap_or(member.role), ..member })
    }
}

/// Locks an organization's row and returns the caller's role, as it is behind the lock: what a role allows is decided by
/// one change at a time, and the call context may be a little old.
///
/// # Errors
/// `NotFound` for an organization that the caller does not belong to.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    organization: OrganizationId,
    caller: UserId,
) -> Result<Role, IdentityError> {
    let not_found = || IdentityError::from(CommonError::NotFound("organization"));
    // Not `for update`, which would also hold up new rows that refer to the organization.
    let locked: Option<Uuid> =
        sqlx::query_scalar("select id from organization where id = $1 for no key update")
            .bind(organization.uuid())
            .fetch_optional(&mut *connection)
            .await?;
    locked.ok_or_else(not_found)?;
    let member = find_member(connection, organization, caller).await?;
    Ok(member.ok_or_else(not_found)?.role)
}

async fn find_member(
    connection: &mut PgConnection,
    organization: OrganizationId,
    user: UserId,
) -> Result<Option<Member>, IdentityError> {
    let row: Option<MemberRow> = sqlx::query_as(
        "select u.id, u.email, u.name, m.role, m.created_at
         from member m join user_account u on u.id = m.user_id
         where m.organization_id = $1 and m.user_id = $2",
    )
    .bind(organization.uuid())
    .bind(user.uuid())
    .fetch_optional(connection)
    .await?;
    Ok(row.map(member_of))
}

async fn other_owners(
    connection: &mut PgConnection,
    organization: OrganizationId,
    user: UserId,
) -> Result<i64, IdentityError> {
    let count = sqlx::query_scalar(
        "select count(*) from member where organization_id = $1 and role = 'owner' and user_id <> $2",
    );
    Ok(count.bind(organization.uuid()).bind(user.uuid()).fetch_one(connection).await?)
}

/// Stores an organization.
pub(crate) async fn insert_organization(
    connection: &mut PgConnection,
    id: OrganizationId,
    name: &str,
    now: DateTime<Utc>,
) -> Result<(), IdentityError> {
    sqlx::query("insert into organization (id, name, created_at) values ($1, $2, $3)")
        .bind(id.uuid())
        .bind(name)
        .bind(now)
        .execute(connection)
        .await?;
    Ok(())
}

/// Stores a membership.
///
/// # Errors
/// `AlreadyMember` if there is one.
pub(crate) async fn insert_member(
    connection: &mut PgConnection,
    organization: OrganizationId,
    user: UserId,
    role: Role,
    now: DateTime<Utc>,
) -> Result<(), IdentityError> {
    sqlx::query(
        "insert into member (organization_id, user_id, role, created_at) values ($1, $2, $3, $4)",
    )
    .bind(organization.uuid())
    .bind(user.uuid())
    .bind(role_text(role))
    .bind(now)
    .execute(connection)
    .await
    .map_err(|error| {
        if breaks(&error, "member_pkey") { IdentityError::AlreadyMember } else { error.into() }
    })?;
    Ok(())
}

fn member_of((id, email, name, role, created_at): MemberRow) -> Member {
    Member {
        user: User { id: UserId::new(id), email, name },
        role: role_from_text(&role),
        created_at,
    }
}
