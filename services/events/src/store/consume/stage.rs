//! The first step: the batch in a temporary table, before anything is locked.

use observe_core::ProjectId;
use observe_proto::events::v1::AcceptedEvent;
use sqlx::PgConnection;
use uuid::Uuid;

use super::error::ConsumeError;
use crate::event::arrival;
use crate::store::copy::CopyRows;

/// An event of the batch. Its place in the batch is its ordinal, in every step.
pub type Staged = (ProjectId, Uuid, AcceptedEvent);

/// The temporary table of a connection, and the planner's settings for the dedupe: a batch is small and the keys are many,
/// so only probing the index is right, whatever the statistics say.
const PREPARE: &str = "set local client_min_messages = warning; create temporary table if not exists stage (
        ordinal int4, project_id uuid, uuid uuid, name text, distinct_id text, time timestamptz, arrival int8,
        received_at timestamptz, session_id text, properties jsonb
    ) on commit delete rows;
    set local enable_hashjoin = off;
    set local enable_mergejoin = off; set local enable_seqscan = off; set local jit = off;
    set local plan_cache_mode = force_custom_plan";
const COPY: &str = "copy pg_temp.stage from stdin (format binary)";
const STAGE_COLUMNS: i16 = 10;

/// Makes the temporary table and copies the events with these ordinals into it. Once a transaction, before it locks: nothing
/// is streamed under a lock.
///
/// # Errors
/// When PostgreSQL is away or refuses an event.
pub async fn stage(
    tx: &mut PgConnection,
    events: &[Staged],
    ordinals: &[usize],
) -> Result<(), ConsumeError> {
    sqlx::raw_sql(PREPARE).execute(&mut *tx).await?;
    let rows = encode(events, ordinals);
    let mut copy = tx.copy_in_raw(COPY).await?;
    copy.send(rows).await?;
    copy.finish().await?;
    Ok(())
}

/// Returns the events with these ordinals as `COPY` takes them.
#[must_use]
pub fn encode(events: &[Staged], ordinals: &[usize]) -> Vec<u8> {
    let bytes = |ordinal: &usize| events[*ordinal].2.properties_json.len() + 256;
    let mut rows = CopyRows::with_capacity(ordinals.iter().map(bytes).sum());
    for &ordinal in ordinals {
        add_row(&mut rows, ordinal, &events[ordinal]);
    }
    rows.finish()
}

fn add_row(rows: &mut CopyRows, ordinal: usize, (project, uuid, event): &Staged) {
    rows.row(STAGE_COLUMNS)
        .int4(i32::try_from(ordinal).unwrap_or(i32::MAX))
        .uuid(project.uuid())
        .uuid(*uuid)
        .text(&event.name)
        .text(&event.distinct_id)
        .timestamp_us(event.time_ms.saturating_mul(1_000))
        .int8(arrival(event))
        .timestamp_us(event.received_us)
        .text_or_null(&event.session_id)
        .jsonb(&event.properties_json);
}
