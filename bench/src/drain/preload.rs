//! Rows that are there before: a large table and large indexes are slower to insert into than empty ones.

use sqlx::{Connection as _, PgConnection};

/// Rows of one statement.
const CHUNK: u64 = 500_000;

/// Puts rows of some other project into the event table, spread over the four weeks before, and their keys. Written past
/// the product, since what is measured comes after.
///
/// # Errors
/// When the database refuses.
pub(super) async fn fill(database_url: &str, rows: u64) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(database_url).await?;
    for day in 0..5_i32 {
        sqlx::query("select events.ensure_event_week((date_trunc('week', now()) - $1 * interval '1 week')::date)")
            .bind(day)
            .execute(&mut connection)
            .await?;
    }
    for first in (0..rows).step_by(usize::try_from(CHUNK)?) {
        let last = (first + CHUNK).min(rows) - 1;
        sqlx::query(
            "with made as (
                 insert into events.event (project_id, uuid, name, distinct_id, time, arrival, received_at, properties,
                     shard, sequence)
                 select '0197f7a0-0000-7000-8000-000000000000', gen_random_uuid(), 'page_viewed',
                     'visitor-' || n * 7919 % 50000, now() - (n * 7919 % 2419200) * interval '1 second', n, now(),
                     jsonb_build_object('browser', 'Chrome', 'country', 'DE', 'plan', 'free', 'path', '/page/' || n % 2000,
                         'screen_width', 320 + n % 50 * 32),
                     n % 4, 1000000000 + n
                 from generate_series($1::int8, $2::int8) n
                 returning project_id, uuid
             )
             insert into events.event_key (project_id, uuid, week)
             select project_id, uuid, (select week from events.key_clock) from made",
        )
        .bind(i64::try_from(first)?)
        .bind(i64::try_from(last)?)
        .execute(&mut connection)
        .await?;
    }
    for statement in
        ["vacuum analyze events.event", "vacuum analyze events.event_key", "checkpoint"]
    {
        sqlx::query(statement).execute(&mut connection).await?;
    }
    Ok(())
}
