//! Percentiles of hours and days, from single checks and from hours; and the end of single checks.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use observe_sketch::Sketch;
use sqlx::types::Uuid;
use sqlx::{PgConnection, PgPool};

use crate::check::Outcome;
use crate::error::Error;
use crate::store::bucket::Width;

/// The advisory lock of whoever folds: "fold" in ASCII.
const FOLD_LOCK: i64 = 0x666f_6c64;
/// Buckets of one turn.
const BUCKETS_MAX: i64 = 500;

type Key = (Uuid, DateTime<Utc>);
/// A stale bucket: monitor, start, and the good checks it counts.
type Stale = (Uuid, DateTime<Utc>, i32);

/// Brings the percentiles of stale buckets up to date; of two who try at once, one does it. Returns whether there may be
/// more.
pub(crate) async fn fold(pool: &PgPool) -> Result<bool, Error> {
    let mut tx = pool.begin().await?;
    let is_ours: bool = sqlx::query_scalar("select pg_try_advisory_xact_lock($1)")
        .bind(FOLD_LOCK)
        .fetch_one(&mut *tx)
        .await?;
    if !is_ours {
        return Ok(false);
    }
    let hours = stale(&mut tx, Width::Hour).await?;
    let sketches = of_checks(&mut tx, &hours).await?;
    save(&mut tx, Width::Hour, &hours, &sketches).await?;
    let days = stale(&mut tx, Width::Day).await?;
    let sketches = of_hours(&mut tx, &days).await?;
    save(&mut tx, Width::Day, &days, &sketches).await?;
    tx.commit().await?;
    let full = usize::try_from(BUCKETS_MAX).unwrap_or(usize::MAX);
    Ok(hours.len() == full || days.len() == full)
}

async fn stale(connection: &mut PgConnection, width: Width) -> Result<Vec<Stale>, Error> {
    let rows = sqlx::query_as(
        "select monitor_id, start_at, up from check_bucket
         where stale and width = $1 and not closed order by start_at limit $2",
    )
    .bind(width as i16)
    .bind(BUCKETS_MAX)
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

async fn of_checks(
    connection: &mut PgConnection,
    hours: &[Stale],
) -> Result<HashMap<Key, Sketch>, Error> {
    let rows: Vec<(Uuid, DateTime<Utc>, Vec<i64>)> = sqlx::query_as(
        "select h.monitor_id, h.start_at, t.times
         from unnest($1::uuid[], $2::timestamptz[]) as h (monitor_id, start_at)
         cross join lateral (
             select coalesce(array_agg(total_us), '{}') as times from check_slot
             where monitor_id = h.monitor_id and slot >= h.start_at and slot < h.start_at + interval '1 hour'
               and outcome = $3 and total_us is not null
         ) t",
    )
    .bind(hours.iter().map(|(monitor, ..)| *monitor).collect::<Vec<_>>())
    .bind(hours.iter().map(|(_, start, _)| *start).collect::<Vec<_>>())
    .bind(Outcome::Up as i16)
    .fetch_all(connection)
    .await?;
    let sketch = |times: Vec<i64>| {
        let mut sketch = Sketch::new();
        for time in times {
            sketch.add(time.unsigned_abs());
        }
        sketch
    };
    Ok(rows.into_iter().map(|(monitor, start, times)| ((monitor, start), sketch(times))).collect())
}

async fn of_hours(
    connection: &mut PgConnection,
    days: &[Stale],
) -> Result<HashMap<Key, Sketch>, Error> {
    let rows: Vec<(Uuid, DateTime<Utc>, Vec<u8>)> = sqlx::query_as(
        "select d.monitor_id, d.start_at, h.sketch
         from unnest($1::uuid[], $2::timestamptz[]) as d (monitor_id, start_at)
         join check_bucket h on h.monitor_id = d.monitor_id and h.width = $3
           and h.start_at >= d.start_at and h.start_at < d.start_at + interval '1 day'
         where h.sketch is not null",
    )
    .bind(days.iter().map(|(monitor, ..)| *monitor).collect::<Vec<_>>())
    .bind(days.iter().map(|(_, start, _)| *start).collect::<Vec<_>>())
    .bind(Width::Hour as i16)
    .fetch_all(connection)
    .await?;
    let mut sketches: HashMap<Key, Sketch> = HashMap::new();
    for (monitor, start, bytes) in rows {
        match Sketch::decode(&bytes) {
            Ok(sketch) => sketches.entry((monitor, start)).or_default().merge(&sketch),
            Err(error) => tracing::warn!(%monitor, %error, "a sketch of an hour cannot be read"),
        }
    }
    Ok(sketches)
}

/// Writes sketches and percentiles. A bucket whose count has moved on meanwhile stays stale.
async fn save(
    connection: &mut PgConnection,
    width: Width,
    stale: &[Stale],
    sketches: &HashMap<Key, Sketch>,
) -> Result<(), Error> {
    if stale.is_empty() {
        return Ok(());
    }
    let of = |(monitor, start, _): &Stale| sketches.get(&(*monitor, *start));
    let quantile = |q: f64| -> Vec<Option<i64>> {
        let value = |key: &Stale| of(key).and_then(|sketch| sketch.quantile(q));
        stale.iter().map(|key| value(key).and_then(|value| i64::try_from(value).ok())).collect()
    };
    let monitors: Vec<Uuid> = stale.iter().map(|(monitor, ..)| *monitor).collect();
    let starts: Vec<DateTime<Utc>> = stale.iter().map(|(_, start, _)| *start).collect();
    // In the order of everybody who locks several buckets.
    sqlx::query(
        "select from check_bucket b join unnest($1::uuid[], $2::timestamptz[]) as r (monitor_id, start_at)
           on b.monitor_id = r.monitor_id and b.start_at = r.start_at and b.width = $3
         order by b.monitor_id, b.width, b.start_at for update of b",
    )
    .bind(&monitors)
    .bind(&starts)
    .bind(width as i16)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "update check_bucket b
         set sketch = r.sketch, p50_us = r.p50, p95_us = r.p95, p99_us = r.p99, stale = b.up <> r.up
         from unnest($1::uuid[], $2::timestamptz[], $4::int[], $5::bytea[], $6::bigint[], $7::bigint[], $8::bigint[])
              as r (monitor_id, start_at, up, sketch, p50, p95, p99)
         where b.monitor_id = r.monitor_id and b.start_at = r.start_at and b.width = $3",
    )
    .bind(&monitors)
    .bind(&starts)
    .bind(width as i16)
    .bind(stale.iter().map(|(.., up)| *up).collect::<Vec<_>>())
    .bind(
        stale
            .iter()
            .map(|key| of(key).filter(|sketch| sketch.count() > 0).map(Sketch::encode))
            .collect::<Vec<_>>(),
    )
    .bind(quantile(0.5))
    .bind(quantile(0.95))
    .bind(quantile(0.99))
    .execute(&mut *connection)
    .await?;
    Ok(())
}

/// Removes the single checks of hours that are older than `days` and have been left alone for a day; their hours and days
/// stay. Returns how many hours were closed.
pub(crate) async fn expire(pool: &PgPool, days: i32, hours_max: i64) -> Result<usize, Error> {
    let closed: Vec<Uuid> = sqlx::query_scalar(
        "with old as (
             select monitor_id, start_at from check_bucket
             where width = 1 and not closed and not stale and start_at < now() - make_interval(days => $1)
               and touched_at < now() - interval '1 day'
             limit $2 for update skip locked
         ), gone as (
             delete from check_slot c using old
             where c.monitor_id = old.monitor_id and c.slot >= old.start_at and c.slot < old.start_at + interval '1 hour'
         )
         update check_bucket b set closed = true from old
         where b.monitor_id = old.monitor_id and b.width = 1 and b.start_at = old.start_at
         returning b.monitor_id",
    )
    .bind(days)
    .bind(hours_max)
    .fetch_all(pool)
    .await?;
    Ok(closed.len())
}
