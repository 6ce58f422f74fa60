//! Monitors.

use chrono::{DateTime, Utc};
use observe_core::ProjectId;
use observe_core::error::CommonError;
use observe_runtime::postgres::Database;
use sqlx::types::Uuid;
use sqlx::{FromRow, PgConnection};

use crate::error::Error;
use crate::incident::Kind;
use crate::monitor::MONITORS_MAX;
use crate::state::State;
use crate::store::check::CheckRow;
use crate::store::incident::Outbox;

/// What is written of a monitor; what is secret is sealed already.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) kind: &'static str,
    pub(crate) interval_s: i32,
    pub(crate) timeout_ms: i32,
    pub(crate) retries: i32,
    pub(crate) retry_interval_ms: i32,
    pub(crate) grace_s: i32,
    pub(crate) target: Vec<u8>,
    pub(crate) sealed: Vec<u8>,
    pub(crate) host: String,
    /// Of a new heartbeat.
    pub(crate) token_hash: Option<Vec<u8>>,
}

/// A monitor as it is stored, with its state.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct MonitorRow {
    pub(crate) id: Uuid,
    pub(crate) project_id: Uuid,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) interval_s: i32,
    pub(crate) timeout_ms: i32,
    pub(crate) retries: i32,
    pub(crate) retry_interval_ms: i32,
    pub(crate) grace_s: i32,
    pub(crate) target: Vec<u8>,
    pub(crate) sealed: Vec<u8>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) state: i16,
    pub(crate) state_since: DateTime<Utc>,
    pub(crate) incident_id: Option<Uuid>,
    /// When this was asked, by the clock of the store.
    pub(crate) asked_at: DateTime<Utc>,
}

/// A monitor and its last check, if it has one.
pub(crate) type Found = (MonitorRow, Option<CheckRow>);

const SELECT: &str = "
    select m.id, m.project_id, m.name, m.kind, m.interval_s, m.timeout_ms, m.retries, m.retry_interval_ms, m.grace_s,
           m.target, m.sealed, m.created_at, s.state, s.state_since, i.id as incident_id, now() as asked_at
    from monitor m
    join monitor_state s on s.monitor_id = m.id
    left join incident i on i.project_id = m.project_id and i.kind = $2 and i.subject = m.id::text and i.closed_at is null
    where m.project_id = $1 and ($3::uuid is null or m.id = $3)";

/// The latest check of each monitor.
const LAST_CHECKS: &str = "
    select c.* from unnest($1::uuid[]) as m (id)
    cross join lateral (
        select monitor_id, slot, outcome, attempt, reason, message, status_code, total_us, dns_us, connect_us, tls_us,
               first_byte_us, transfer_us
        from check_slot where monitor_id = m.id and outcome <> 0 order by slot desc limit 1
    ) c";

/// Reads and writes monitors, one project at a time.
#[derive(Clone)]
pub(crate) struct MonitorStore {
    pub(crate) database: Database,
    pub(crate) outbox: Outbox,
}

impl MonitorStore {
    /// Makes a monitor; a scheduler finds it at once.
    pub(crate) async fn create(
        &self,
        project: ProjectId,
        stored: &Stored,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let mut tx = self.database.tenant(project).await?;
        // Two at once would both count 499.
        sqlx::query("select pg_advisory_xact_lock(hashtextextended('monitor of ' || $1::text, 0))")
            .bind(project.uuid())
            .execute(&mut *tx)
            .await?;
        let there: i64 = sqlx::query_scalar("select count(*) from monitor where project_id = $1")
            .bind(project.uuid())
            .fetch_one(&mut *tx)
            .await?;
        if there >= MONITORS_MAX {
            return Err(Error::TooMany { max: MONITORS_MAX, what: "monitors" });
        }
        sqlx::query(
            "insert into monitor (id, project_id, name, kind, interval_s, timeout_ms, retries, retry_interval_ms,
                                  grace_s, target, sealed, host, token_hash, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        )
        .bind(stored.id)
        .bind(project.uuid())
        .bind(&stored.name)
        .bind(stored.kind)
        .bind(stored.interval_s)
        .bind(stored.timeout_ms)
        .bind(stored.retries)
        .bind(stored.retry_interval_ms)
        .bind(stored.grace_s)
        .bind(&stored.target)
        .bind(&stored.sealed)
        .bind(&stored.host)
        .bind(&stored.token_hash)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        // Nobody can be late for a call that nobody has made yet: a heartbeat's first deadline comes with its first call.
        sqlx::query(
            "insert into monitor_state (monitor_id, project_id, heartbeat, state, state_since, next_at)
             values ($1, $2, $3, $4, now(), case when $3 then 'infinity' else date_trunc('milliseconds', now()) end)",
        )
        .bind(stored.id)
        .bind(project.uuid())
        .bind(stored.kind == "heartbeat")
        .bind(state_number(State::Pending))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Returns a monitor.
    pub(crate) async fn get(&self, project: ProjectId, monitor: Uuid) -> Result<Found, Error> {
        let mut tx = self.database.tenant(project).await?;
        let mut found = select(&mut tx, project, Some(monitor)).await?;
        found.pop().ok_or_else(|| CommonError::NotFound("monitor").into())
    }

    /// Returns all monitors of a project.
    pub(crate) async fn list(&self, project: ProjectId) -> Result<Vec<Found>, Error> {
        let mut tx = self.database.tenant(project).await?;
        select(&mut tx, project, None).await
    }

    /// Replaces what can be set. What changed is looked at, at once.
    pub(crate) async fn update(&self, project: ProjectId, stored: &Stored) -> Result<(), Error> {
        let mut tx = self.database.tenant(project).await?;
        lock(&mut tx, stored.id).await?;
        // A heartbeat's deadline moves with what it is made of.
        sqlx::query(
            "update monitor_state s set next_at = case
                 when s.next_at = 'infinity' then s.next_at
                 when s.heartbeat then greatest(now(), s.next_at
                     + ($2 + $3 - m.interval_s - m.grace_s) * interval '1 second')
                 else date_trunc('milliseconds', now()) end
             from monitor m where s.monitor_id = $1 and m.id = $1",
        )
        .bind(stored.id)
        .bind(stored.interval_s)
        .bind(stored.grace_s)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "update monitor set name = $2, interval_s = $3, timeout_ms = $4, retries = $5, retry_interval_ms = $6,
                                grace_s = $7, target = $8, sealed = $9, host = $10
             where id = $1",
        )
        .bind(stored.id)
        .bind(&stored.name)
        .bind(stored.interval_s)
        .bind(stored.timeout_ms)
        .bind(stored.retries)
        .bind(stored.retry_interval_ms)
        .bind(stored.grace_s)
        .bind(&stored.target)
        .bind(&stored.sealed)
        .bind(&stored.host)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }
}

async fn select(
    connection: &mut PgConnection,
    project: ProjectId,
    monitor: Option<Uuid>,
) -> Result<Vec<Found>, Error> {
    let rows: Vec<MonitorRow> = sqlx::query_as(SELECT)
        .bind(project.uuid())
        .bind(Kind::MonitorDown as i16)
        .bind(monitor)
        .fetch_all(&mut *connection)
        .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let checks: Vec<CheckRow> =
        sqlx::query_as(LAST_CHECKS).bind(ids).fetch_all(&mut *connection).await?;
    let mut last: std::collections::HashMap<Uuid, CheckRow> =
        checks.into_iter().map(|check| (check.monitor_id, check)).collect();
    let with_last = |row: MonitorRow| {
        let check = last.remove(&row.id);
        (row, check)
    };
    Ok(rows.into_iter().map(with_last).collect())
}

/// Takes the lock that orders all that happens to a monitor.
pub(crate) async fn lock(connection: &mut PgConnection, monitor: Uuid) -> Result<(), Error> {
    let found: Option<Uuid> =
        sqlx::query_scalar("select monitor_id from monitor_state where monitor_id = $1 for update")
            .bind(monitor)
            .fetch_optional(connection)
            .await?;
    found.map(|_| ()).ok_or_else(|| CommonError::NotFound("monitor").into())
}

/// Returns the time of the store's clock, which orders slots for all replicas.
pub(crate) async fn now(connection: &mut PgConnection) -> Result<DateTime<Utc>, Error> {
    Ok(sqlx::query_scalar("select now()").fetch_one(connection).await?)
}

/// Returns a state as it is stored.
pub(crate) fn state_number(state: State) -> i16 {
    // The contract's numbers are small.
    state as i16
}
