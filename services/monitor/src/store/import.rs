//! Checks of the past.

use chrono::{DateTime, Utc};
use observe_core::ProjectId;
use observe_core::error::CommonError;
use observe_runtime::postgres::Database;
use sqlx::types::Uuid;

use crate::check::{Outcome, Verdict, micros};
use crate::error::Error;
use crate::incident::{DETAIL_CHARS_MAX, cut};
use crate::store::bucket::{self, Count};

/// A check to add.
pub(crate) struct Past {
    pub(crate) slot: DateTime<Utc>,
    pub(crate) attempt: i16,
    pub(crate) verdict: Verdict,
    /// The word of the importer, which may be one of another tool.
    pub(crate) reason: Option<String>,
}

/// A check that is there stays, and so does one of an hour whose single checks are gone already.
const INSERT: &str = "
    insert into check_slot (monitor_id, slot, project_id, outcome, attempt, due_at, reason, message, status_code, total_us,
                            dns_us, connect_us, tls_us, first_byte_us, transfer_us)
    select $1, r.slot, $2, r.outcome, r.attempt, r.slot, r.reason, r.message, r.status_code, r.total_us, r.dns_us,
           r.connect_us, r.tls_us, r.first_byte_us, r.transfer_us
    from unnest($3::timestamptz[], $4::smallint[], $5::smallint[], $6::text[], $7::text[], $8::smallint[], $9::bigint[],
                $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[])
         as r (slot, outcome, attempt, reason, message, status_code, total_us, dns_us, connect_us, tls_us, first_byte_us,
               transfer_us)
    where not exists (
        select from check_bucket b
        where b.monitor_id = $1 and b.width = 1 and b.closed and b.start_at = date_trunc('hour', r.slot, 'UTC')
    )
    on conflict do nothing
    returning slot, outcome";

/// Adds checks that are not there. Returns how many were added. State and incidents stay as they are.
pub(crate) async fn import(
    database: &Database,
    project: ProjectId,
    monitor: Uuid,
    checks: Vec<Past>,
) -> Result<usize, Error> {
    let mut tx = database.tenant(project).await?;
    // Not to be deleted meanwhile; and the order of locks is everybody's.
    let found: Option<Uuid> =
        sqlx::query_scalar("select monitor_id from monitor_state where monitor_id = $1 for update")
            .bind(monitor)
            .fetch_optional(&mut *tx)
            .await?;
    found.ok_or(CommonError::NotFound("monitor"))?;
    let column = |time: fn(&Verdict) -> Option<std::time::Duration>| -> Vec<Option<i64>> {
        checks.iter().map(|past| time(&past.verdict).map(micros)).collect()
    };
    let message =
        |past: &Past| past.verdict.why.as_ref().map(|(_, message)| cut(message, DETAIL_CHARS_MAX));
    let added: Vec<(DateTime<Utc>, i16)> = sqlx::query_as(INSERT)
        .bind(monitor)
        .bind(project.uuid())
        .bind(checks.iter().map(|past| past.slot).collect::<Vec<_>>())
        .bind(checks.iter().map(|past| past.verdict.outcome as i16).collect::<Vec<_>>())
        .bind(checks.iter().map(|past| past.attempt).collect::<Vec<_>>())
        .bind(checks.iter().map(|past| past.reason.clone()).collect::<Vec<_>>())
        .bind(checks.iter().map(message).collect::<Vec<_>>())
        .bind(checks.iter().map(|past| past.verdict.status_code).collect::<Vec<_>>())
        .bind(column(|verdict| verdict.total))
        .bind(column(|verdict| verdict.phases.dns))
        .bind(column(|verdict| verdict.phases.connect))
        .bind(column(|verdict| verdict.phases.tls))
        .bind(column(|verdict| verdict.phases.first_byte))
        .bind(column(|verdict| verdict.phases.transfer))
        .fetch_all(&mut *tx)
        .await?;
    let counts = added.iter().map(|(slot, outcome)| Count {
        monitor,
        project: project.uuid(),
        slot: *slot,
        outcome: Outcome::try_from(i32::from(*outcome)).unwrap_or(Outcome::Missed),
    });
    bucket::count(&mut tx, counts).await?;
    tx.commit().await?;
    Ok(added.len())
}
