//! What other services ask for: incidents by signal, and how a project's monitors are.

use chrono::{DateTime, Utc};
use observe_core::ProjectId;
use observe_runtime::postgres::Database;
use sqlx::FromRow as _;
use sqlx::Row as _;

use crate::error::Error;
use crate::incident::{Ending, Incident, Kind, Signal};
use crate::state::State;
use crate::store::incident::{self, IncidentRow, Outbox};
use crate::store::monitor::state_number;

/// Open incidents that are told.
const OPEN_MAX: i64 = 200;

/// How a project's monitors are.
pub(crate) struct Overview {
    pub(crate) monitors: i64,
    pub(crate) up: i64,
    /// With the host that is watched, if it is a monitor's.
    pub(crate) open: Vec<(Incident, String)>,
    pub(crate) last_closed_at: Option<DateTime<Utc>>,
}

/// Serves other services, which have checked for whom they ask.
#[derive(Clone)]
pub(crate) struct SignalStore {
    pub(crate) database: Database,
    pub(crate) outbox: Outbox,
}

impl SignalStore {
    /// Opens or renews the incident of a signal.
    pub(crate) async fn open(
        &self,
        signal: &Signal,
        now: DateTime<Utc>,
    ) -> Result<Incident, Error> {
        let mut tx = self.database.worker().begin().await?;
        if let Some(resolved) = incident::find_resolved(&mut tx, signal).await? {
            return Ok(resolved);
        }
        let opened = incident::open(&mut tx, &self.outbox, signal, now).await?;
        tx.commit().await?;
        Ok(opened)
    }

    /// Closes the incident of a signal, if it is open.
    pub(crate) async fn close(
        &self,
        project: ProjectId,
        kind: Kind,
        subject: &str,
        ending: &Ending,
    ) -> Result<(), Error> {
        let mut tx = self.database.worker().begin().await?;
        incident::close(&mut tx, &self.outbox, project, kind, subject, ending).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Returns how a project's monitors are.
    pub(crate) async fn overview(&self, project: ProjectId) -> Result<Overview, Error> {
        let mut tx = self.database.tenant(project).await?;
        let (monitors, up): (i64, i64) = sqlx::query_as(
            "select count(*), count(*) filter (where state = $3) from monitor_state
             where project_id = $1 and state <> $2",
        )
        .bind(project.uuid())
        .bind(state_number(State::Paused))
        .bind(state_number(State::Up))
        .fetch_one(&mut *tx)
        .await?;
        let rows = sqlx::query(
            "select i.*, coalesce(m.host, '') as host from incident i
             left join monitor m on i.kind = $2 and m.id::text = i.subject and m.project_id = $1
             where i.project_id = $1 and i.closed_at is null
             order by i.opened_at desc, i.id desc limit $3",
        )
        .bind(project.uuid())
        .bind(Kind::MonitorDown as i16)
        .bind(OPEN_MAX)
        .fetch_all(&mut *tx)
        .await?;
        let read = |row: &sqlx::postgres::PgRow| {
            Ok((IncidentRow::from_row(row)?.into(), row.try_get("host")?))
        };
        let open = rows.iter().map(read).collect::<Result<_, sqlx::Error>>()?;
        let last_closed_at = sqlx::query_scalar(
            "select max(closed_at) from incident
             where project_id = $1 and closed_at >= now() - interval '90 days'",
        )
        .bind(project.uuid())
        .fetch_one(&mut *tx)
        .await?;
        Ok(Overview { monitors, up, open, last_closed_at })
    }

    /// Returns how many checks were good and bad, by hour: start, up, down.
    pub(crate) async fn counts(
        &self,
        project: ProjectId,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<(DateTime<Utc>, i64, i64)>, Error> {
        let mut tx = self.database.tenant(project).await?;
        let rows = sqlx::query_as(
            "select b.start_at, sum(b.up), sum(b.down) from check_bucket b
             where b.monitor_id in (select id from monitor where project_id = $1)
               and b.width = 1 and b.start_at >= $2 and b.start_at < $3
             group by b.start_at having sum(b.up) + sum(b.down) > 0 order by b.start_at",
        )
        .bind(project.uuid())
        .bind(from)
        .bind(to)
        .fetch_all(&mut *tx)
        .await?;
        Ok(rows)
    }
}
