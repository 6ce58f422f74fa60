//! The sessions of users.

use chrono::{DateTime, Utc};
use observe_core::{SessionId, UserId};
use observe_runtime::postgres::Database;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::account::{NewSession, SESSION_IDLE, Session};
use crate::error::IdentityError;

/// The setting that the row policies read for a user's transaction.
pub(crate) const USER_SETTING: &str = "observe.user_id";
/// The most sessions of one answer.
const MAX_LISTED: i64 = 100;

/// Reads and ends the sessions of one user at a time.
#[derive(Clone)]
pub(crate) struct SessionStore(pub(crate) Database);

impl SessionStore {
    /// Returns the user's open sessions, newest first.
    pub(crate) async fn list(
        &self,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<Vec<Session>, IdentityError> {
        let mut tx = self.0.scoped(USER_SETTING, user.uuid()).await?;
        let rows: Vec<(Uuid, DateTime<Utc>, DateTime<Utc>)> = sqlx::query_as(
            "select id, created_at, last_used_at from session
             where user_id = $1 and expire_at > $2 and last_used_at > $3
             order by created_at desc, id desc limit $4",
        )
        .bind(user.uuid())
        .bind(now)
        .bind(now - SESSION_IDLE)
        .bind(MAX_LISTED)
        .fetch_all(&mut *tx)
        .await?;
        let session = |(id, created_at, last_used_at): (Uuid, _, _)| Session {
            id: SessionId::new(id),
            created_at,
            last_used_at,
        };
        Ok(rows.into_iter().map(session).collect())
    }

    /// Ends a session of the user. Returns whether it was open.
    pub(crate) async fn end(
        &self,
        user: UserId,
        session: SessionId,
        now: DateTime<Utc>,
    ) -> Result<bool, IdentityError> {
        let mut tx = self.0.scoped(USER_SETTING, user.uuid()).await?;
        let was_open: Option<bool> = sqlx::query_scalar(
            "delete from session where user_id = $1 and id = $2
             returning expire_at > $3 and last_used_at > $4",
        )
        .bind(user.uuid())
        .bind(session.uuid())
        .bind(now)
        .bind(now - SESSION_IDLE)
        .fetch_optional(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(was_open.unwrap_or(false))
    }
}

/// Opens a session.
pub(crate) async fn insert_session(
    connection: &mut PgConnection,
    session: &NewSession,
) -> Result<(), IdentityError> {
    sqlx::query(
        "insert into session (id, user_id, token_hash, created_at, expire_at, last_used_at)
         values ($1, $2, $3, $4, $5, $4)",
    )
    .bind(session.id.uuid())
    .bind(session.user.uuid())
    .bind(&session.token_hash[..])
    .bind(session.now)
    .bind(session.expire_at)
    .execute(connection)
    .await?;
    Ok(())
}
