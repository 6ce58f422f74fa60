//! Operations that failed for a reason of ours, put aside until they can be applied.

use chrono::{DateTime, TimeDelta, Utc};
use observe_core::ProjectId;
use observe_core::error::CommonError;
use observe_proto::events::v1::AcceptedEvent;
use observe_runtime::postgres::Database;
use prost::Message as _;
use sqlx::types::Uuid;

use crate::error::IdentityError;

/// How many operations of a project may wait here. So many mean that nothing works, and then the events wait where they are.
const MAX_PARKED: i64 = 10_000;
/// How long to wait before the first try; twice as long after each.
const FIRST_PAUSE: TimeDelta = TimeDelta::minutes(1);
/// The longest pause.
const MAX_PAUSE: TimeDelta = TimeDelta::hours(1);
/// How many characters of a reason are kept.
const MAX_REASON_CHARS: usize = 500;

/// An operation that waits.
#[derive(Clone, Debug)]
pub(crate) struct Parked {
    pub(crate) project: ProjectId,
    pub(crate) event: AcceptedEvent,
}

/// Reads and writes what waits.
#[derive(Clone)]
pub(crate) struct ParkedStore(pub(crate) Database);

impl ParkedStore {
    /// Puts an operation aside, or notes that it failed again.
    pub(crate) async fn add(
        &self,
        project: ProjectId,
        event: &AcceptedEvent,
        reason: &str,
        now: DateTime<Utc>,
    ) -> Result<(), IdentityError> {
        let reason: String =
            reason.replace('\0', "\u{fffd}").chars().take(MAX_REASON_CHARS).collect();
        let arrival = event.received_us.saturating_add(i64::from(event.index));
        let added = sqlx::query(
            "insert into parked_operation
                 (project_id, event_uuid, event, distinct_id, arrival_us, reason, tries, retry_at, created_at)
             select $1, $2, $3, $4, $5, $6, 1, $7::timestamptz + $8::interval, $7
             where exists (select from parked_operation where project_id = $1 and event_uuid = $2)
                or (select count(*) from parked_operation where project_id = $1) < $10
             on conflict on constraint parked_operation_pkey do update set
                 reason = excluded.reason, tries = parked_operation.tries + 1,
                 retry_at = $7::timestamptz + least($8::interval * power(2, least(parked_operation.tries, 20)), $9::interval)",
        )
        .bind(project.uuid())
        .bind(Uuid::from_slice(&event.uuid).unwrap_or_default())
        .bind(event.encode_to_vec())
        .bind(event.distinct_id.replace('\0', "\u{fffd}"))
        .bind(arrival)
        .bind(reason)
        .bind(now)
        .bind(FIRST_PAUSE)
        .bind(MAX_PAUSE)
        .bind(MAX_PARKED)
        .execute(self.0.worker())
        .await?;
        if added.rows_affected() == 0 {
            let detail = format!("{MAX_PARKED} operations of the project are put aside already");
            return Err(CommonError::Unavailable { dependency: "database", detail }.into());
        }
        Ok(())
    }

    /// Returns operations whose time has come, the longest waiting first.
    pub(crate) async fn due(
        &self,
        now: DateTime<Utc>,
        limit: i64,
    ) -> Result<Vec<Parked>, IdentityError> {
        let rows: Vec<(Uuid, Vec<u8>)> = sqlx::query_as(
            "select project_id, event from parked_operation where retry_at <= $1 order by retry_at limit $2",
        )
        .bind(now)
        .bind(limit)
        .fetch_all(self.0.worker())
        .await?;
        rows.into_iter()
            .map(|(project, event)| {
                let event = AcceptedEvent::decode(event.as_slice())
                    .map_err(|error| CommonError::Internal(error.to_string()))?;
                Ok(Parked { project: ProjectId::new(project), event })
            })
            .collect()
    }

    /// Forgets what was applied.
    pub(crate) async fn remove(
        &self,
        project: ProjectId,
        event: Uuid,
    ) -> Result<(), IdentityError> {
        sqlx::query("delete from parked_operation where project_id = $1 and event_uuid = $2")
            .bind(project.uuid())
            .bind(event)
            .execute(self.0.worker())
            .await?;
        Ok(())
    }
}
