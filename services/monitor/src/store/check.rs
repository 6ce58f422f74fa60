//! Single checks.

use chrono::{DateTime, Utc};
use observe_core::ProjectId;
use observe_runtime::postgres::Database;
use sqlx::FromRow;
use sqlx::types::Uuid;

use crate::check::Outcome;
use crate::error::Error;

/// A check as it is stored.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct CheckRow {
    pub(crate) monitor_id: Uuid,
    pub(crate) slot: DateTime<Utc>,
    pub(crate) outcome: i16,
    pub(crate) attempt: i16,
    pub(crate) reason: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) status_code: i16,
    pub(crate) total_us: Option<i64>,
    pub(crate) dns_us: Option<i64>,
    pub(crate) connect_us: Option<i64>,
    pub(crate) tls_us: Option<i64>,
    pub(crate) first_byte_us: Option<i64>,
    pub(crate) transfer_us: Option<i64>,
}

/// Which checks of a monitor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) monitor: Uuid,
    /// Slots from here on.
    pub(crate) from: Option<DateTime<Utc>>,
    /// Slots before this, which also is where a page begins.
    pub(crate) before: Option<DateTime<Utc>>,
    pub(crate) failed_only: bool,
    pub(crate) limit: i64,
}

const LIST: &str = "
    select monitor_id, slot, outcome, attempt, reason, message, status_code, total_us, dns_us, connect_us, tls_us,
           first_byte_us, transfer_us
    from check_slot
    where monitor_id = $1 and outcome <> 0
      and ($2::timestamptz is null or slot >= $2) and ($3::timestamptz is null or slot < $3)
      and (not $4 or outcome <> $5)
    order by slot desc
    limit $6";

/// Returns checks, newest first.
pub(crate) async fn list(
    database: &Database,
    project: ProjectId,
    wanted: Wanted,
) -> Result<Vec<CheckRow>, Error> {
    let mut tx = database.tenant(project).await?;
    let rows = sqlx::query_as(LIST)
        .bind(wanted.monitor)
        .bind(wanted.from)
        .bind(wanted.before)
        .bind(wanted.failed_only)
        .bind(Outcome::Up as i16)
        .bind(wanted.limit)
        .fetch_all(&mut *tx)
        .await?;
    Ok(rows)
}
