//! Alert channels.

use chrono::{DateTime, Utc};
use observe_core::ProjectId;
use observe_core::error::CommonError;
use observe_runtime::postgres::Database;
use sqlx::types::Uuid;
use sqlx::{FromRow, PgConnection};

use crate::error::Error;
use crate::webhook::Attempt;

/// Channels of a project.
pub(crate) const CHANNELS_MAX: i64 = 20;

/// A channel as it is stored.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct ChannelRow {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) url: String,
    /// Sealed.
    pub(crate) secret: Vec<u8>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) disabled_reason: String,
    pub(crate) attempt_at: Option<DateTime<Utc>>,
    pub(crate) attempt_delivered: bool,
    pub(crate) attempt_status: i16,
    pub(crate) attempt_message: String,
}

const SELECT: &str = "
    select id, name, url, secret, created_at, disabled_reason, attempt_at, attempt_delivered, attempt_status,
           attempt_message
    from alert_channel where project_id = $1 and ($2::uuid is null or id = $2) order by lower(name), id limit $3";

/// Reads and writes channels, one project at a time.
#[derive(Clone)]
pub(crate) struct ChannelStore(pub(crate) Database);

impl ChannelStore {
    /// Makes a channel.
    pub(crate) async fn create(
        &self,
        project: ProjectId,
        channel: &ChannelRow,
    ) -> Result<(), Error> {
        let mut tx = self.0.tenant(project).await?;
        // Two at once would both count 19.
        sqlx::query(
            "select pg_advisory_xact_lock(hashtextextended('alert channel of ' || $1::text, 0))",
        )
        .bind(project.uuid())
        .execute(&mut *tx)
        .await?;
        let there: i64 =
            sqlx::query_scalar("select count(*) from alert_channel where project_id = $1")
                .bind(project.uuid())
                .fetch_one(&mut *tx)
                .await?;
        if there >= CHANNELS_MAX {
            return Err(Error::TooMany { max: CHANNELS_MAX, what: "alert channels" });
        }
        sqlx::query(
            "insert into alert_channel (id, project_id, name, url, secret, created_at) values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(channel.id)
        .bind(project.uuid())
        .bind(&channel.name)
        .bind(&channel.url)
        .bind(&channel.secret)
        .bind(channel.created_at)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Returns all channels, by name.
    pub(crate) async fn list(&self, project: ProjectId) -> Result<Vec<ChannelRow>, Error> {
        let mut tx = self.0.tenant(project).await?;
        select(&mut tx, project, None).await
    }

    /// Returns a channel.
    pub(crate) async fn get(&self, project: ProjectId, channel: Uuid) -> Result<ChannelRow, Error> {
        let mut tx = self.0.tenant(project).await?;
        let found = select(&mut tx, project, Some(channel)).await?.pop();
        found.ok_or_else(|| CommonError::NotFound("alert channel").into())
    }

    /// Sets name and address, and enables the channel.
    pub(crate) async fn update(
        &self,
        project: ProjectId,
        channel: Uuid,
        name: &str,
        url: &str,
    ) -> Result<(), Error> {
        let mut tx = self.0.tenant(project).await?;
        let changed = sqlx::query(
            "update alert_channel set name = $2, url = $3, disabled_reason = '', failing_since = null where id = $1",
        )
        .bind(channel)
        .bind(name)
        .bind(url)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        found(changed.rows_affected())
    }

    /// Removes a channel with what waits for it.
    pub(crate) async fn delete(&self, project: ProjectId, channel: Uuid) -> Result<(), Error> {
        let mut tx = self.0.tenant(project).await?;
        let changed = sqlx::query("delete from alert_channel where id = $1")
            .bind(channel)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        found(changed.rows_affected())
    }

    /// Notes what came of a test.
    pub(crate) async fn note_attempt(
        &self,
        project: ProjectId,
        channel: Uuid,
        attempt: &Attempt,
        at: DateTime<Utc>,
    ) -> Result<(), Error> {
        let mut tx = self.0.tenant(project).await?;
        note_attempt(&mut tx, channel, attempt, at).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn found(rows: u64) -> Result<(), Error> {
    if rows == 1 { Ok(()) } else { Err(CommonError::NotFound("alert channel").into()) }
}

async fn select(
    connection: &mut PgConnection,
    project: ProjectId,
    channel: Option<Uuid>,
) -> Result<Vec<ChannelRow>, Error> {
    let rows = sqlx::query_as(SELECT)
        .bind(project.uuid())
        .bind(channel)
        .bind(CHANNELS_MAX)
        .fetch_all(connection)
        .await?;
    Ok(rows)
}

/// Notes the latest attempt of a channel.
pub(crate) async fn note_attempt(
    connection: &mut PgConnection,
    channel: Uuid,
    attempt: &Attempt,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query(
        "update alert_channel
         set attempt_at = $2, attempt_delivered = $3, attempt_status = $4, attempt_message = $5
         where id = $1",
    )
    .bind(channel)
    .bind(at)
    .bind(attempt.delivered)
    .bind(attempt.status_code)
    .bind(&attempt.message)
    .execute(connection)
    .await?;
    Ok(())
}
