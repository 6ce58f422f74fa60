//! Accounts, and failures to sign in.

use std::time::Duration;

use chrono::{DateTime, Utc};
use observe_core::{OrganizationId, SessionId, UserId};
use observe_runtime::postgres::Database;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::account::{
    FAILURE_WINDOW, Membership, NewAccount, NewSession, Reach, User, blocked_for, role_from_text,
};
use crate::error::{IdentityError, breaks};
use crate::store::project::{ProjectRow, project_of};
use crate::store::session::{USER_SETTING, insert_session};

/// How many outdated rows one sign-in clears away; so nothing else needs to.
const PURGE_ROWS: i64 = 100;

/// An account as signing in needs it.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) user: User,
    pub(crate) password_hash: String,
}

/// Reads and writes accounts.
#[derive(Clone)]
pub(crate) struct AccountStore(pub(crate) Database);

impl AccountStore {
    /// Counts an attempt to sign in, as a failure until it has succeeded: so attempts made at the same moment count, too.
    /// Returns how long to wait if there may be no attempt now.
    pub(crate) async fn begin_attempt(
        &self,
        attempt: Uuid,
        email_hash: [u8; 32],
        now: DateTime<Utc>,
    ) -> Result<Option<Duration>, IdentityError> {
        let mut tx = self.0.worker().begin().await?;
        let lock = i64::from_be_bytes(email_hash[..8].try_into().expect("eight bytes"));
        sqlx::query("select pg_advisory_xact_lock($1)").bind(lock).execute(&mut *tx).await?;
        let failures: Vec<DateTime<Utc>> = sqlx::query_scalar(
            "select created_at from sign_in_failure where email_hash = $1 and created_at > $2 order by created_at",
        )
        .bind(&email_hash[..])
        .bind(now - FAILURE_WINDOW)
        .fetch_all(&mut *tx)
        .await?;
        if let Some(wait) = blocked_for(&failures, now) {
            return Ok(Some(wait));
        }
        sqlx::query("insert into sign_in_failure (id, email_hash, created_at) values ($1, $2, $3)")
            .bind(attempt)
            .bind(&email_hash[..])
            .bind(now)
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "delete from sign_in_failure where id in (
                 select id from sign_in_failure where created_at <= $1 limit $2 for update skip locked)",
        )
        .bind(now - FAILURE_WINDOW)
        .bind(PURGE_ROWS)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(None)
    }

    /// Returns the account of an e-mail in its normal form.
    pub(crate) async fn by_email(&self, email: &str) -> Result<Option<Account>, IdentityError> {
        let row: Option<(Uuid, String, String, String)> = sqlx::query_as(
            "select id, email, name, password_hash from user_account where email = $1",
        )
        .bind(email)
        .fetch_optional(self.0.worker())
        .await?;
        Ok(row.map(|(id, email, name, password_hash)| Account {
            user: User { id: UserId::new(id), email, name },
            password_hash,
        }))
    }

    /// Returns the account of a user.
    pub(crate) async fn by_id(&self, user: UserId) -> Result<Option<Account>, IdentityError> {
        let row: Option<(String, String, String)> =
            sqlx::query_as("select email, name, password_hash from user_account where id = $1")
                .bind(user.uuid())
                .fetch_optional(self.0.worker())
                .await?;
        Ok(row.map(|(email, name, password_hash)| Account {
            user: User { id: user, email, name },
            password_hash,
        }))
    }

    /// Opens a session and forgets the failures of its e-mail. Returns whether the password is still the one that was
    /// verified: else there is no session, as one that a change of the password ends must not come up behind it.
    pub(crate) async fn open_session(
        &self,
        session: &NewSession,
        verified_hash: &str,
        email_hash: [u8; 32],
    ) -> Result<bool, IdentityError> {
        let mut tx = self.0.worker().begin().await?;
        let unchanged: Option<Uuid> = sqlx::query_scalar(
            "select id from user_account where id = $1 and password_hash = $2 for share",
        )
        .bind(session.user.uuid())
        .bind(verified_hash)
        .fetch_optional(&mut *tx)
        .await?;
        if unchanged.is_none() {
            return Ok(false);
        }
        insert_session(&mut tx, session).await?;
        forget_failures(&mut tx, email_hash).await?;
        sqlx::query(
            "delete from session where id in (
                 select id from session where expire_at <= $1 limit $2 for update skip locked)",
        )
        .bind(session.now)
        .bind(PURGE_ROWS)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Changes how a user is called. The user as it is now is returned; `None` if there is no such user.
    pub(crate) async fn rename(
        &self,
        user: UserId,
        name: &str,
    ) -> Result<Option<User>, IdentityError> {
        let mut tx = self.0.scoped(USER_SETTING, user.uuid()).await?;
        let row: Option<(String, String)> =
            sqlx::query_as("update user_account set name = $2 where id = $1 returning email, name")
                .bind(user.uuid())
                .bind(name)
                .fetch_optional(&mut *tx)
                .await?;
        tx.commit().await?;
        Ok(row.map(|(email, name)| User { id: user, email, name }))
    }

    /// Sets another password, ends all sessions of the user but one, and forgets the failures of the e-mail. Returns
    /// whether the password was still the one that was verified: else nothing is changed.
    pub(crate) async fn change_password(
        &self,
        user: UserId,
        kept: SessionId,
        verified_hash: &str,
        new_hash: &str,
        email_hash: [u8; 32],
    ) -> Result<bool, IdentityError> {
        let mut tx = self.0.worker().begin().await?;
        let changed = sqlx::query(
            "update user_account set password_hash = $3 where id = $1 and password_hash = $2",
        )
        .bind(user.uuid())
        .bind(verified_hash)
        .bind(new_hash)
        .execute(&mut *tx)
        .await?;
        if changed.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query("delete from session where user_id = $1 and id <> $2")
            .bind(user.uuid())
            .bind(kept.uuid())
            .execute(&mut *tx)
            .await?;
        forget_failures(&mut tx, email_hash).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Returns a user and what the user can reach.
    pub(crate) async fn reach(&self, user: UserId) -> Result<Option<Reach>, IdentityError> {
        let mut tx = self.0.scoped(USER_SETTING, user.uuid()).await?;
        let found: Option<(String, String)> =
            sqlx::query_as("select email, name from user_account where id = $1")
                .bind(user.uuid())
                .fetch_optional(&mut *tx)
                .await?;
        let Some((email, name)) = found else { return Ok(None) };
        let memberships: Vec<(Uuid, String, String)> = sqlx::query_as(
            "select o.id, o.name, m.role from member m join organization o on o.id = m.organization_id
             where m.user_id = $1 order by o.created_at, o.id",
        )
        .bind(user.uuid())
        .fetch_all(&mut *tx)
        .await?;
        let projects: Vec<ProjectRow> = sqlx::query_as(
            "select p.id, p.organization_id, p.name, p.time_zone, p.number, p.created_at, p.allowed_origins,
                    p.client_address, p.without_place, p.event_days, p.exception_days
             from member m join project p on p.organization_id = m.organization_id
             where m.user_id = $1 order by p.number",
        )
        .bind(user.uuid())
        .fetch_all(&mut *tx)
        .await?;
        let membership = |(id, organization_name, role): (Uuid, String, String)| Membership {
            organization: OrganizationId::new(id),
            organization_name,
            role: role_from_text(&role),
        };
        Ok(Some(Reach {
            user: User { id: user, email, name },
            memberships: memberships.into_iter().map(membership).collect(),
            projects: projects.into_iter().map(project_of).collect(),
        }))
    }
}

async fn forget_failures(
    connection: &mut PgConnection,
    email_hash: [u8; 32],
) -> Result<(), IdentityError> {
    sqlx::query("delete from sign_in_failure where email_hash = $1")
        .bind(&email_hash[..])
        .execute(connection)
        .await?;
    Ok(())
}

/// Stores an account.
///
/// # Errors
/// `EmailTaken` if there is one with this e-mail.
pub(crate) async fn insert_account(
    connection: &mut PgConnection,
    account: &NewAccount,
    now: DateTime<Utc>,
) -> Result<(), IdentityError> {
    sqlx::query(
        "insert into user_account (id, email, name, password_hash, created_at) values ($1, $2, $3, $4, $5)",
    )
    .bind(account.user.id.uuid())
    .bind(&account.user.email)
    .bind(&account.user.name)
    .bind(&account.password_hash)
    .bind(now)
    .execute(connection)
    .await
    .map_err(|error| {
        if breaks(&error, "user_account_email_key") {
            IdentityError::EmailTaken
        } else {
            error.into()
        }
    })?;
    Ok(())
}
