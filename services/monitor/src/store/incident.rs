//! Opening and ending incidents, with their timelines and the outbox, in the caller's transaction.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use observe_core::error::CommonError;
use observe_core::{Entropy, ProjectId, UserId};
use sqlx::types::Uuid;
use sqlx::{FromRow, PgConnection};
use tokio::sync::Notify;

use crate::error::Error;
use crate::incident::{Ending, EntryKind, Incident, Kind, Signal, message};

/// Writes messages for alert channels.
#[derive(Clone)]
pub(crate) struct Outbox {
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) public_url: Option<String>,
    /// Wakes the deliveries of this process; those of others look for themselves.
    pub(crate) wake: Arc<Notify>,
}

#[derive(FromRow)]
pub(crate) struct IncidentRow {
    id: Uuid,
    project_id: Uuid,
    kind: i16,
    severity: i16,
    subject: String,
    title: String,
    detail: String,
    link: String,
    opened_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
    acknowledged_at: Option<DateTime<Utc>>,
    acknowledged_by: Option<Uuid>,
}

impl From<IncidentRow> for Incident {
    fn from(row: IncidentRow) -> Self {
        Self {
            id: row.id,
            project: ProjectId::new(row.project_id),
            kind: row.kind,
            severity: row.severity,
            subject: row.subject,
            title: row.title,
            detail: row.detail,
            link: row.link,
            opened_at: row.opened_at,
            closed_at: row.closed_at,
            acknowledged_at: row.acknowledged_at,
            acknowledged_by: row.acknowledged_by.map(UserId::new),
        }
    }
}

/// The columns of an [`IncidentRow`].
macro_rules! columns {
    () => {
        "id, project_id, kind, severity, subject, title, detail, link, opened_at, closed_at, acknowledged_at, acknowledged_by"
    };
}
pub(crate) use columns;

/// Opens an incident in the caller's transaction, and tells the channels of it. One that is open for the same project, kind
/// and subject is that one, renewed.
pub(crate) async fn open(
    connection: &mut PgConnection,
    outbox: &Outbox,
    signal: &Signal,
    now: DateTime<Utc>,
) -> Result<Incident, Error> {
    let inserted: Option<IncidentRow> = sqlx::query_as(concat!(
        "insert into incident (id, project_id, kind, severity, subject, title, detail, link, opened_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (project_id, kind, subject) where closed_at is null do nothing
         returning ",
        columns!()
    ))
    .bind(outbox.entropy.uuid(now))
    .bind(signal.project.uuid())
    .bind(signal.kind as i16)
    .bind(signal.severity as i16)
    .bind(&signal.subject)
    .bind(&signal.title)
    .bind(&signal.detail)
    .bind(&signal.link)
    .bind(signal.since)
    .fetch_optional(&mut *connection)
    .await?;
    match inserted.map(Incident::from) {
        Some(incident) => {
            note(connection, &incident, EntryKind::Opened, &incident.title, None, now).await?;
            tell(connection, outbox, &incident, now).await?;
            Ok(incident)
        }
        None => renew(connection, signal, now).await,
    }
}

async fn renew(
    connection: &mut PgConnection,
    signal: &Signal,
    now: DateTime<Utc>,
) -> Result<Incident, Error> {
    let found = find_open(connection, signal.project, signal.kind, &signal.subject).await?;
    let mut incident =
        found.ok_or_else(|| CommonError::Internal("an incident closed as it opened".into()))?;
    let (severity, title) = (signal.severity as i16, &signal.title);
    if incident.severity == severity && incident.title == *title && incident.detail == signal.detail
    {
        return Ok(incident);
    }
    let is_news = incident.severity != severity || incident.title != *title;
    incident.severity = severity;
    incident.title.clone_from(title);
    incident.detail.clone_from(&signal.detail);
    sqlx::query("update incident set severity = $2, title = $3, detail = $4 where id = $1")
        .bind(incident.id)
        .bind(severity)
        .bind(title)
        .bind(&signal.detail)
        .execute(&mut *connection)
        .await?;
    if is_news {
        note(connection, &incident, EntryKind::Changed, title, None, now).await?;
    }
    Ok(incident)
}

/// Returns the open incident of a subject, locked.
async fn find_open(
    connection: &mut PgConnection,
    project: ProjectId,
    kind: Kind,
    subject: &str,
) -> Result<Option<Incident>, Error> {
    let row: Option<IncidentRow> = sqlx::query_as(concat!(
        "select ",
        columns!(),
        " from incident where project_id = $1 and kind = $2 and subject = $3 and closed_at is null for update"
    ))
    .bind(project.uuid())
    .bind(kind as i16)
    .bind(subject)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Incident::from))
}

/// Returns the incident of a signal that somebody resolved by hand since the signal began.
pub(crate) async fn find_resolved(
    connection: &mut PgConnection,
    signal: &Signal,
) -> Result<Option<Incident>, Error> {
    let row: Option<IncidentRow> = sqlx::query_as(concat!(
        "select ",
        columns!(),
        " from incident where project_id = $1 and kind = $2 and subject = $3 and resolved and closed_at > $4
         order by opened_at desc limit 1"
    ))
    .bind(signal.project.uuid())
    .bind(signal.kind as i16)
    .bind(&signal.subject)
    .bind(signal.since)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Incident::from))
}

/// Closes the open incident of a subject, if there is one, in the caller's transaction.
pub(crate) async fn close(
    connection: &mut PgConnection,
    outbox: &Outbox,
    project: ProjectId,
    kind: Kind,
    subject: &str,
    ending: &Ending,
) -> Result<(), Error> {
    match find_open(connection, project, kind, subject).await? {
        Some(incident) => end(connection, outbox, incident, ending).await.map(|_| ()),
        None => Ok(()),
    }
}

/// Closes an incident that is open and locked.
pub(crate) async fn end(
    connection: &mut PgConnection,
    outbox: &Outbox,
    mut incident: Incident,
    ending: &Ending,
) -> Result<Incident, Error> {
    // Clocks differ: nothing ends before it began.
    let at = ending.at.max(incident.opened_at);
    incident.closed_at = Some(at);
    sqlx::query("update incident set closed_at = $2, resolved = $3 where id = $1")
        .bind(incident.id)
        .bind(at)
        .bind(ending.kind == EntryKind::Resolved)
        .execute(&mut *connection)
        .await?;
    note(connection, &incident, ending.kind, &ending.text, ending.user, at).await?;
    tell(connection, outbox, &incident, at).await?;
    Ok(incident)
}

/// Adds a line to a timeline.
pub(crate) async fn note(
    connection: &mut PgConnection,
    incident: &Incident,
    kind: EntryKind,
    text: &str,
    user: Option<UserId>,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query(
        "insert into incident_entry (incident_id, project_id, at, kind, text, user_id) values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(incident.id)
    .bind(incident.project.uuid())
    .bind(at)
    .bind(kind as i16)
    .bind(text)
    .bind(user.map(UserId::uuid))
    .execute(connection)
    .await?;
    Ok(())
}

/// Puts a message for each channel of the project into the outbox.
async fn tell(
    connection: &mut PgConnection,
    outbox: &Outbox,
    incident: &Incident,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let channels: Vec<Uuid> = sqlx::query_scalar(
        "select id from alert_channel where project_id = $1 and disabled_reason = ''",
    )
    .bind(incident.project.uuid())
    .fetch_all(&mut *connection)
    .await?;
    if channels.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = channels.iter().map(|_| outbox.entropy.uuid(now)).collect();
    sqlx::query(
        "insert into delivery (id, project_id, channel_id, incident_id, body, due_at, created_at)
         select d.id, $3, d.channel_id, $4, $5, now(), now() from unnest($1::uuid[], $2::uuid[]) as d (id, channel_id)",
    )
    .bind(ids)
    .bind(channels)
    .bind(incident.project.uuid())
    .bind(incident.id)
    .bind(message(incident, outbox.public_url.as_deref(), now))
    .execute(connection)
    .await?;
    outbox.wake.notify_one();
    Ok(())
}
