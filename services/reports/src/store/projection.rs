//! What is kept of the projection.

mod persons;

use std::collections::{BTreeMap, HashMap};

use observe_core::ProjectId;
use observe_runtime::postgres::Database;
use sqlx::types::Uuid;
use sqlx::{Postgres, Transaction};

use crate::projection::keeping::{
    Checkpoint, PERSONS_FORMAT, StoredGroup, StoredPersons, StoredProject,
};
use crate::projection::segment::Head;
use crate::store::ownership;

/// The longest part of a segment, in bytes.
const PART_BYTES_MAX: usize = 1 << 20;

/// Keeps projections. Everything of a project that belongs together is written in one transaction.
#[derive(Clone)]
pub(crate) struct ProjectionStore(pub(crate) Database);

/// Why a checkpoint was not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SaveError {
    /// Another process has taken the project over.
    #[error("another process keeps the projection")]
    Fenced,
    /// The database is away, or refuses.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// What is kept of all projects, and by shard, up to where the event log is in it.
pub(crate) struct Stored {
    pub(crate) projects: HashMap<ProjectId, (i64, StoredProject)>,
    pub(crate) floor: HashMap<u32, i64>,
}

type ProjectRow = (Uuid, i64, Vec<i32>, Vec<i64>, i64, i64, i32, i64);
type SegmentRow = (Uuid, i64, i64, i32, i64, i64, Vec<u8>);
type GroupRow = (Uuid, i32, String, i64, i64, i64, Option<Vec<u8>>);

impl ProjectionStore {
    /// Takes all projects over, and returns what is kept of them, without the columns of segments. `lease` is the fence of the
    /// lease under which this is done, here and below.
    ///
    /// # Errors
    /// `Fenced` if another process has the lease; when the database is away.
    pub(crate) async fn take_over(&self, lease: i64) -> Result<Stored, SaveError> {
        let mut tx = self.begin(lease).await?;
        let rows: Vec<ProjectRow> = sqlx::query_as(
            "update projection set fence = fence + 1
             returning project_id, fence, shards, sequences, rows_sum, change_number, persons_format, person_count",
        )
        .fetch_all(&mut *tx)
        .await?;
        let floor: Vec<(i32, i64)> = sqlx::query_as("select shard, sequence from projection_floor")
            .fetch_all(&mut *tx)
            .await?;
        let mut projects: HashMap<_, _> = rows.into_iter().map(project).collect();
        read_segments(&mut tx, &mut projects).await?;
        persons::read_visitors(&mut tx, &mut projects).await?;
        persons::read_persons(&mut tx, &mut projects).await?;
        read_errors(&mut tx, &mut projects).await?;
        persons::read_erasures(&mut tx, &mut projects).await?;
        tx.commit().await?;
        let floor = floor.into_iter().map(|(shard, sequence)| (shard.cast_unsigned(), sequence));
        Ok(Stored { projects, floor: floor.collect() })
    }

    /// Returns the columns of a segment, and what they are known by; `None` if there is no such segment any more.
    ///
    /// # Errors
    /// When the database is away.
    pub(crate) async fn body(
        &self,
        project: ProjectId,
        segment: u64,
    ) -> sqlx::Result<Option<(Vec<u8>, Vec<u8>)>> {
        let digest: Option<(Vec<u8>,)> = sqlx::query_as(
            "select digest from projection_segment where project_id = $1 and id = $2",
        )
        .bind(project.uuid())
        .bind(segment.cast_signed())
        .fetch_optional(self.0.worker())
        .await?;
        let Some((digest,)) = digest else { return Ok(None) };
        let parts: Vec<(Vec<u8>,)> = sqlx::query_as(
            "select bytes from projection_segment_part
             where project_id = $1 and segment_id = $2
             order by part",
        )
        .bind(project.uuid())
        .bind(segment.cast_signed())
        .fetch_all(self.0.worker())
        .await?;
        let mut parts = parts.into_iter().map(|(bytes,)| bytes);
        let mut body = parts.next().unwrap_or_default();
        parts.for_each(|bytes| body.extend(bytes));
        Ok(Some((body, digest)))
    }

    /// Writes a checkpoint under a fence, and returns the fence that holds from now on.
    ///
    /// # Errors
    /// `Fenced` if another process has a later one; nothing is written then.
    pub(crate) async fn save(
        &self,
        lease: i64,
        project: ProjectId,
        fence: i64,
        checkpoint: &Checkpoint,
    ) -> Result<i64, SaveError> {
        let mut tx = self.begin(lease).await?;
        let fence = claim(&mut tx, project, fence, checkpoint).await?;
        if checkpoint.replaces {
            for table in ["segment", "visitors", "persons", "error_group", "erasure"] {
                let delete = format!("delete from projection_{table} where project_id = $1");
                sqlx::query(sqlx::AssertSqlSafe(delete))
                    .bind(project.uuid())
                    .execute(&mut *tx)
                    .await?;
            }
        }
        write_segments(&mut tx, project, checkpoint).await?;
        persons::write_visitors(&mut tx, project, checkpoint).await?;
        persons::write_persons(&mut tx, project, checkpoint).await?;
        write_errors(&mut tx, project, &checkpoint.errors).await?;
        persons::write_erasures(&mut tx, project, &checkpoint.erasures).await?;
        tx.commit().await?;
        Ok(fence)
    }

    /// Removes everything that is kept of a project, under a fence.
    ///
    /// # Errors
    /// `Fenced` if another process has a later one.
    pub(crate) async fn forget(
        &self,
        lease: i64,
        project: ProjectId,
        fence: i64,
    ) -> Result<(), SaveError> {
        let mut tx = self.begin(lease).await?;
        let forgotten = sqlx::query("delete from projection where project_id = $1 and fence = $2")
            .bind(project.uuid())
            .bind(fence)
            .execute(&mut *tx)
            .await?;
        if forgotten.rows_affected() == 0 {
            return Err(SaveError::Fenced);
        }
        Ok(tx.commit().await?)
    }

    /// Notes up to where the event log is in the store, by shard.
    ///
    /// # Errors
    /// `Fenced` if another process has the lease; when the database is away.
    pub(crate) async fn save_floor(
        &self,
        lease: i64,
        floor: &BTreeMap<u32, i64>,
    ) -> Result<(), SaveError> {
        let mut tx = self.begin(lease).await?;
        let shards: Vec<i32> = floor.keys().map(|shard| shard.cast_signed()).collect();
        let sequences: Vec<i64> = floor.values().copied().collect();
        sqlx::query(
            "insert into projection_floor as kept (shard, sequence)
             select * from unnest($1::int[], $2::bigint[])
             on conflict (shard) do update set sequence = excluded.sequence",
        )
        .bind(shards)
        .bind(sequences)
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    /// Begins a transaction under the fence of a lease: as long as it is open, no other process takes the lease.
    async fn begin(&self, lease: i64) -> Result<Transaction<'static, Postgres>, SaveError> {
        let mut tx = self.0.worker().begin().await?;
        if ownership::stands(&mut tx, lease).await? { Ok(tx) } else { Err(SaveError::Fenced) }
    }
}

fn project(row: ProjectRow) -> (ProjectId, (i64, StoredProject)) {
    let (id, fence, shards, sequences, rows_sum, change_number, format, persons) = row;
    let shards = shards.into_iter().map(i32::cast_unsigned);
    let stored = StoredProject {
        cursors: shards.zip(sequences).collect(),
        rows_sum: rows_sum.cast_unsigned(),
        change_number,
        segments: Vec::new(),
        visitors: Vec::new(),
        persons: (format == PERSONS_FORMAT).then(|| StoredPersons {
            rows: Vec::new(),
            visitors: Vec::new(),
            count: usize::try_from(persons).unwrap_or(0),
        }),
        errors: Vec::new(),
        erasures: Vec::new(),
    };
    (ProjectId::new(id), (fence, stored))
}

type Projects = HashMap<ProjectId, (i64, StoredProject)>;

async fn read_segments(
    tx: &mut Transaction<'_, Postgres>,
    projects: &mut Projects,
) -> sqlx::Result<()> {
    let rows: Vec<SegmentRow> = sqlx::query_as(
        "select project_id, id, week, row_count, min_time_ms, max_time_ms, runs from projection_segment",
    )
    .fetch_all(&mut **tx)
    .await?;
    for (project, id, week, len, min_time_ms, max_time_ms, runs) in rows {
        let Some((_, stored)) = projects.get_mut(&ProjectId::new(project)) else { continue };
        let (id, len) = (id.cast_unsigned(), len.cast_unsigned() as usize);
        let head = Head { id, week, min_time_ms, max_time_ms, len, runs: Vec::new() };
        stored.segments.push((head, runs));
    }
    Ok(())
}

async fn read_errors(
    tx: &mut Transaction<'_, Postgres>,
    projects: &mut Projects,
) -> sqlx::Result<()> {
    let rows: Vec<GroupRow> = sqlx::query_as(
        "select project_id, place, id, first_seen_ms, last_seen_ms, last_received_us, sample
         from projection_error_group
         order by project_id, place",
    )
    .fetch_all(&mut **tx)
    .await?;
    for (project, place, id, first_seen_ms, last_seen_ms, last_received_us, sample) in rows {
        if let Some((_, stored)) = projects.get_mut(&ProjectId::new(project)) {
            let group =
                StoredGroup { place, id, first_seen_ms, last_seen_ms, last_received_us, sample };
            stored.errors.push(group);
        }
    }
    Ok(())
}

/// Locks the project's row and writes how far it is; makes it if this process is the first.
async fn claim(
    tx: &mut Transaction<'_, Postgres>,
    project: ProjectId,
    fence: i64,
    checkpoint: &Checkpoint,
) -> Result<i64, SaveError> {
    let shards: Vec<i32> = checkpoint.cursors.keys().map(|shard| shard.cast_signed()).collect();
    let sequences: Vec<i64> = checkpoint.cursors.values().copied().collect();
    let persons = checkpoint.persons.as_ref().map_or(0, |persons| persons.count);
    let claimed: Option<(i64,)> = sqlx::query_as(
        "insert into projection as kept
             (project_id, fence, shards, sequences, rows_sum, change_number, persons_format, person_count)
         values ($1, $2 + 1, $3, $4, $5, $6, $7, $8)
         on conflict (project_id) do update
         set shards = excluded.shards, sequences = excluded.sequences, rows_sum = excluded.rows_sum,
             change_number = excluded.change_number, persons_format = excluded.persons_format,
             person_count = excluded.person_count, saved_at = now()
         where kept.fence = $2
         returning fence",
    )
    .bind(project.uuid())
    .bind(fence)
    .bind(shards)
    .bind(sequences)
    .bind(checkpoint.rows_sum.cast_signed())
    .bind(checkpoint.change_number)
    .bind(checkpoint.persons.as_ref().map_or(0, |_| PERSONS_FORMAT))
    .bind(i64::try_from(persons).unwrap_or(i64::MAX))
    .fetch_optional(&mut **tx)
    .await?;
    claimed.map(|(fence,)| fence).ok_or(SaveError::Fenced)
}

async fn write_segments(
    tx: &mut Transaction<'_, Postgres>,
    project: ProjectId,
    checkpoint: &Checkpoint,
) -> sqlx::Result<()> {
    let removed: Vec<i64> = checkpoint.removed.iter().map(|id| id.cast_signed()).collect();
    sqlx::query("delete from projection_segment where project_id = $1 and id = any($2)")
        .bind(project.uuid())
        .bind(removed)
        .execute(&mut **tx)
        .await?;
    for segment in &checkpoint.added {
        let head = &segment.head;
        sqlx::query(
            "insert into projection_segment
                 (project_id, id, week, row_count, min_time_ms, max_time_ms, runs, digest)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(project.uuid())
        .bind(head.id.cast_signed())
        .bind(head.week)
        .bind(i32::try_from(head.len).unwrap_or(i32::MAX))
        .bind(head.min_time_ms)
        .bind(head.max_time_ms)
        .bind(&segment.runs)
        .bind(segment.digest.as_slice())
        .execute(&mut **tx)
        .await?;
        for (part, bytes) in (0_i32..).zip(segment.body.chunks(PART_BYTES_MAX)) {
            sqlx::query(
                "insert into projection_segment_part (project_id, segment_id, part, bytes)
                 values ($1, $2, $3, $4)",
            )
            .bind(project.uuid())
            .bind(head.id.cast_signed())
            .bind(part)
            .bind(bytes)
            .execute(&mut **tx)
            .await?;
        }
    }
    Ok(())
}

async fn write_errors(
    tx: &mut Transaction<'_, Postgres>,
    project: ProjectId,
    groups: &[StoredGroup],
) -> sqlx::Result<()> {
    for group in groups {
        sqlx::query(
            "insert into projection_error_group
                 (project_id, place, id, first_seen_ms, last_seen_ms, last_received_us, sample)
             values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (project_id, place) do update
             set id = excluded.id, first_seen_ms = excluded.first_seen_ms, last_seen_ms = excluded.last_seen_ms,
                 last_received_us = excluded.last_received_us, sample = excluded.sample",
        )
        .bind(project.uuid())
        .bind(group.place)
        .bind(&group.id)
        .bind(group.first_seen_ms)
        .bind(group.last_seen_ms)
        .bind(group.last_received_us)
        .bind(&group.sample)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}
