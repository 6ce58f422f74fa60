//! Hours and days: exact counts, written with the results they count, and read for history.

use std::collections::BTreeMap;

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use observe_core::ProjectId;
use observe_runtime::postgres::Database;
use sqlx::types::Uuid;
use sqlx::{FromRow, PgConnection};

use crate::check::Outcome;
use crate::error::Error;

/// How wide a bucket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Width {
    Hour = 1,
    Day = 2,
}

impl Width {
    pub(crate) fn length(self) -> TimeDelta {
        match self {
            Self::Hour => TimeDelta::hours(1),
            Self::Day => TimeDelta::days(1),
        }
    }

    /// Returns the start of the bucket of an instant, in UTC.
    pub(crate) fn start(self, at: DateTime<Utc>) -> DateTime<Utc> {
        // Only instants beyond the year 2262 cannot be rounded.
        at.duration_trunc(self.length()).unwrap_or(at)
    }
}

/// A result that is counted.
pub(crate) struct Count {
    pub(crate) monitor: Uuid,
    pub(crate) project: Uuid,
    pub(crate) slot: DateTime<Utc>,
    pub(crate) outcome: Outcome,
}

/// A bucket: its monitor, and the hour or day.
type Bucket = (Uuid, Width, DateTime<Utc>);

/// Adds results to their hours and days.
pub(crate) async fn count(
    connection: &mut PgConnection,
    counts: impl Iterator<Item = Count>,
) -> Result<(), Error> {
    // In one order, so that two who count do not wait for each other in a ring.
    let mut sums: BTreeMap<Bucket, (Uuid, [i32; 3])> = BTreeMap::new();
    for count in counts {
        for width in [Width::Hour, Width::Day] {
            let key = (count.monitor, width, width.start(count.slot));
            let (_, sums) = sums.entry(key).or_insert((count.project, [0; 3]));
            match count.outcome {
                Outcome::Up => sums[0] += 1,
                Outcome::Down => sums[1] += 1,
                Outcome::Missed | Outcome::Unknown | Outcome::Unspecified => sums[2] += 1,
            }
        }
    }
    if sums.is_empty() {
        return Ok(());
    }
    let column = |at: usize| sums.values().map(move |(_, sums)| sums[at]).collect::<Vec<_>>();
    sqlx::query(
        "insert into check_bucket as b (monitor_id, width, start_at, project_id, up, down, missed)
         select * from unnest($1::uuid[], $2::smallint[], $3::timestamptz[], $4::uuid[], $5::int[], $6::int[], $7::int[])
         on conflict (monitor_id, width, start_at) do update
         set up = b.up + excluded.up, down = b.down + excluded.down, missed = b.missed + excluded.missed,
             stale = b.stale or excluded.up > 0, touched_at = now()",
    )
    .bind(sums.keys().map(|(monitor, ..)| *monitor).collect::<Vec<_>>())
    .bind(sums.keys().map(|(_, width, _)| *width as i16).collect::<Vec<_>>())
    .bind(sums.keys().map(|(.., start)| *start).collect::<Vec<_>>())
    .bind(sums.values().map(|(project, _)| *project).collect::<Vec<_>>())
    .bind(column(0))
    .bind(column(1))
    .bind(column(2))
    .execute(connection)
    .await?;
    Ok(())
}

/// A bucket without its sketch.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct BucketRow {
    pub(crate) monitor_id: Uuid,
    pub(crate) start_at: DateTime<Utc>,
    pub(crate) up: i32,
    pub(crate) down: i32,
    pub(crate) missed: i32,
    pub(crate) p50_us: Option<i64>,
    pub(crate) p95_us: Option<i64>,
    pub(crate) p99_us: Option<i64>,
}

/// Returns the buckets of all monitors of a project, or of one of them, from a start on.
pub(crate) async fn list(
    database: &Database,
    project: ProjectId,
    monitor: Option<Uuid>,
    width: Width,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<BucketRow>, Error> {
    let mut tx = database.tenant(project).await?;
    let rows = sqlx::query_as(
        "select b.monitor_id, b.start_at, b.up, b.down, b.missed, b.p50_us, b.p95_us, b.p99_us
         from check_bucket b
         where b.monitor_id in (select id from monitor where project_id = $1 and ($2::uuid is null or id = $2))
           and b.width = $3 and b.start_at >= $4 and b.start_at < $5",
    )
    .bind(project.uuid())
    .bind(monitor)
    .bind(width as i16)
    .bind(from)
    .bind(to)
    .fetch_all(&mut *tx)
    .await?;
    Ok(rows)
}

/// Returns the sketches of a monitor's buckets.
pub(crate) async fn sketches(
    database: &Database,
    project: ProjectId,
    monitor: Uuid,
    width: Width,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<Vec<u8>>, Error> {
    let mut tx = database.tenant(project).await?;
    let rows = sqlx::query_scalar(
        "select sketch from check_bucket
         where monitor_id = $1 and width = $2 and start_at >= $3 and start_at < $4 and sketch is not null",
    )
    .bind(monitor)
    .bind(width as i16)
    .bind(from)
    .bind(to)
    .fetch_all(&mut *tx)
    .await?;
    Ok(rows)
}

/// Returns how long and how often a monitor was down since an instant: the time of its incidents inside, and their number.
pub(crate) async fn downtime(
    database: &Database,
    project: ProjectId,
    monitor: Uuid,
    since: DateTime<Utc>,
) -> Result<(f64, i64), Error> {
    let mut tx = database.tenant(project).await?;
    let row = sqlx::query_as(
        "select coalesce(extract(epoch from sum(coalesce(closed_at, now()) - greatest(opened_at, $4))), 0)::float8,
                count(*)
         from incident
         where project_id = $1 and kind = $2 and subject = $3 and coalesce(closed_at, now()) > $4",
    )
    .bind(project.uuid())
    .bind(crate::incident::Kind::MonitorDown as i16)
    .bind(monitor.to_string())
    .bind(since)
    .fetch_one(&mut *tx)
    .await?;
    Ok(row)
}
