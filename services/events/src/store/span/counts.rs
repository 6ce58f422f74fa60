//! The lane's ledger: what became of each project's spans.

use std::collections::HashMap;

use observe_core::ProjectId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::known::time;
use crate::spans::Span;

/// What becomes of the spans of a project.
#[derive(Clone, Copy, Default)]
struct Count {
    taken: i64,
    counted: i64,
    latest_ms: i64,
}

/// Adds what a batch was: all of its spans were taken, and the fresh ones counted.
pub(super) async fn add(
    tx: &mut PgConnection,
    spans: &[Span],
    fresh: &[&Span],
) -> sqlx::Result<()> {
    let counts = count(spans, fresh);
    let projects: Vec<Uuid> = counts.keys().map(|project| project.uuid()).collect();
    let taken: Vec<i64> = counts.values().map(|count| count.taken).collect();
    let counted: Vec<i64> = counts.values().map(|count| count.counted).collect();
    let latest: Vec<_> = counts.values().map(|count| time(count.latest_ms)).collect();
    sqlx::query(
        "insert into span_counter (project_id, taken, counted, duplicates, latest_at)
         select project_id, taken, counted, taken - counted, latest_at
         from unnest($1::uuid[], $2::int8[], $3::int8[], $4::timestamptz[])
             as c(project_id, taken, counted, latest_at)
         on conflict (project_id) do update set taken = span_counter.taken + excluded.taken,
             counted = span_counter.counted + excluded.counted,
             duplicates = span_counter.duplicates + excluded.duplicates,
             latest_at = greatest(span_counter.latest_at, excluded.latest_at)",
    )
    .bind(&projects)
    .bind(&taken)
    .bind(&counted)
    .bind(&latest)
    .execute(tx)
    .await?;
    Ok(())
}

fn count(spans: &[Span], fresh: &[&Span]) -> HashMap<ProjectId, Count> {
    let mut counts: HashMap<ProjectId, Count> = HashMap::new();
    for (project, _, _) in spans {
        counts.entry(*project).or_default().taken += 1;
    }
    for (project, _, span) in fresh {
        let count = counts.entry(*project).or_default();
        count.counted += 1;
        count.latest_ms = count.latest_ms.max(span.start_ms);
    }
    counts
}
