//! Reading and handling incidents.

use chrono::{DateTime, Utc};
use observe_core::error::CommonError;
use observe_core::{ProjectId, UserId};
use observe_runtime::postgres::Database;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::error::Error;
use crate::incident::{Ending, EntryKind, Incident, Kind};
use crate::store::incident::{IncidentRow, Outbox, columns, end, note};

/// Lines of a timeline that are read.
const ENTRIES_MAX: i64 = 500;

/// A line of a timeline: time, kind, text, user.
pub(crate) type EntryRow = (DateTime<Utc>, i16, String, Option<Uuid>);

/// Where a page of incidents ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) is_open: bool,
    pub(crate) opened_at: DateTime<Utc>,
    pub(crate) id: Uuid,
}

/// Reads and handles incidents, one project at a time.
#[derive(Clone)]
pub(crate) struct IncidentStore {
    pub(crate) database: Database,
    pub(crate) outbox: Outbox,
}

impl IncidentStore {
    /// Returns the incidents after a position: open ones first, the latest first; at most `limit`.
    pub(crate) async fn list(
        &self,
        project: ProjectId,
        open_only: bool,
        subject: Option<Uuid>,
        after: Option<Position>,
        limit: i64,
    ) -> Result<Vec<Incident>, Error> {
        let mut tx = self.database.tenant(project).await?;
        let rows: Vec<IncidentRow> = sqlx::query_as(concat!(
            "select ",
            columns!(),
            " from incident
             where project_id = $1 and (not $2 or closed_at is null)
               and ($3::text is null or (kind = $4 and subject = $3))
               and ($5::boolean is null or (closed_at is null, opened_at, id) < ($5, $6, $7))
             order by closed_at is null desc, opened_at desc, id desc
             limit $8"
        ))
        .bind(project.uuid())
        .bind(open_only)
        .bind(subject.map(|id| id.to_string()))
        .bind(Kind::MonitorDown as i16)
        .bind(after.map(|position| position.is_open))
        .bind(after.map(|position| position.opened_at))
        .bind(after.map(|position| position.id))
        .bind(limit)
        .fetch_all(&mut *tx)
        .await?;
        Ok(rows.into_iter().map(Incident::from).collect())
    }

    /// Returns an incident and the latest lines of its timeline, oldest first.
    pub(crate) async fn get(
        &self,
        project: ProjectId,
        incident: Uuid,
    ) -> Result<(Incident, Vec<EntryRow>), Error> {
        let mut tx = self.database.tenant(project).await?;
        let found = find(&mut tx, project, incident).await?;
        let mut entries: Vec<EntryRow> = sqlx::query_as(
            "select at, kind, text, user_id from incident_entry where incident_id = $1
             order by number desc limit $2",
        )
        .bind(incident)
        .bind(ENTRIES_MAX)
        .fetch_all(&mut *tx)
        .await?;
        entries.reverse();
        Ok((found, entries))
    }

    /// Notes who looks after an incident; the first who did stays.
    pub(crate) async fn acknowledge(
        &self,
        project: ProjectId,
        incident: Uuid,
        user: Option<UserId>,
        now: DateTime<Utc>,
    ) -> Result<Incident, Error> {
        let mut tx = self.database.tenant(project).await?;
        let mut found = find(&mut tx, project, incident).await?;
        if found.closed_at.is_some() {
            return Err(Error::IncidentClosed);
        }
        if found.acknowledged_at.is_none() {
            found.acknowledged_at = Some(now);
            found.acknowledged_by = user;
            sqlx::query(
                "update incident set acknowledged_at = $2, acknowledged_by = $3 where id = $1",
            )
            .bind(incident)
            .bind(now)
            .bind(user.map(UserId::uuid))
            .execute(&mut *tx)
            .await?;
            note(&mut tx, &found, EntryKind::Acknowledged, "", user, now).await?;
        }
        tx.commit().await?;
        Ok(found)
    }

    /// Closes an incident by hand; one that is closed stays as it is.
    pub(crate) async fn resolve(
        &self,
        project: ProjectId,
        incident: Uuid,
        ending: &Ending,
    ) -> Result<Incident, Error> {
        let mut tx = self.database.tenant(project).await?;
        let found = find(&mut tx, project, incident).await?;
        if found.closed_at.is_some() {
            return Ok(found);
        }
        let ended = end(&mut tx, &self.outbox, found, ending).await?;
        tx.commit().await?;
        Ok(ended)
    }
}

/// Returns an incident, locked.
async fn find(
    connection: &mut PgConnection,
    project: ProjectId,
    incident: Uuid,
) -> Result<Incident, Error> {
    let row: Option<IncidentRow> = sqlx::query_as(concat!(
        "select ",
        columns!(),
        " from incident where project_id = $1 and id = $2 for update"
    ))
    .bind(project.uuid())
    .bind(incident)
    .fetch_optional(connection)
    .await?;
    row.map(Incident::from).ok_or_else(|| CommonError::NotFound("incident").into())
}
