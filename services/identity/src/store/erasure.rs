//! Erasures: how one is begun ([`begin`]), what is removed of a person ([`remove`]), what is cleared of the change log later
//! ([`clear`]), and how receipts are read and confirmed.

pub(crate) mod begin;
pub(crate) mod clear;
mod remove;

use chrono::{DateTime, Utc};
use observe_core::distinct_id::Hash;
use observe_core::error::CommonError;
use observe_core::{PersonId, ProjectId};
use observe_proto::identity::v1 as pb;
use observe_runtime::postgres::Database;
use sqlx::types::{Json, Uuid};
use sqlx::{PgConnection, Postgres, Transaction};

use crate::erasure::{Erasure, Part, Removed};
use crate::error::IdentityError;

/// The most erasures in one answer to who follows them.
const MAX_ERASURES: i64 = 100;
/// The services that confirm.
pub(crate) const CONFIRMING: [&str; 2] = ["events", "reports"];

/// Reads and writes erasures.
#[derive(Clone)]
pub(crate) struct ErasureStore(pub(crate) Database);

/// An erasure's row, as far as the receipt tells it.
#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: Uuid,
    number: i64,
    person_id: Uuid,
    cut_us: i64,
    id_hashes: Vec<Vec<u8>>,
    actor: String,
    done_at: Option<DateTime<Utc>>,
}

/// A row of `erasure_part`: erasure, service, when, what.
type PartRow = (Uuid, String, DateTime<Utc>, Json<Removed>);

/// An erasure as it is followed: number, project, id, person, cut, hashes, ids, number of the change, when done.
type Followed =
    (i64, Uuid, Uuid, Uuid, i64, Vec<Vec<u8>>, Option<Vec<String>>, i64, Option<DateTime<Utc>>);

impl ErasureStore {
    /// Returns a receipt.
    pub(crate) async fn get(
        &self,
        project: ProjectId,
        id: Uuid,
    ) -> Result<Option<Erasure>, IdentityError> {
        let mut tx = self.0.tenant(project).await?;
        read(&mut tx, project, id).await
    }

    /// Returns a project's receipts with a number below the given one, the latest first.
    pub(crate) async fn list(
        &self,
        project: ProjectId,
        below: i64,
        limit: usize,
    ) -> Result<Vec<Erasure>, IdentityError> {
        let mut tx = self.0.tenant(project).await?;
        let rows: Vec<Row> = sqlx::query_as(
            "select id, number, person_id, cut_us, id_hashes, actor, done_at from erasure
             where project_id = $1 and number < $2 order by number desc limit $3",
        )
        .bind(project.uuid())
        .bind(below)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&mut *tx)
        .await?;
        with_parts(&mut tx, project, rows).await
    }

    /// Returns the erasures of all projects after a number.
    pub(crate) async fn after(
        &self,
        number: i64,
    ) -> Result<Vec<pb::NumberedErasure>, IdentityError> {
        let rows: Vec<Followed> = sqlx::query_as(
            "select number, project_id, id, person_id, cut_us, id_hashes, distinct_ids, change_number, done_at
             from erasure where number > $1 order by number limit $2",
        )
        .bind(number)
        .bind(MAX_ERASURES)
        .fetch_all(self.0.worker())
        .await?;
        Ok(rows.into_iter().map(numbered).collect())
    }

    /// Notes what a service removed; whatever it says again changes nothing. Returns whether there is such an erasure.
    pub(crate) async fn confirm(
        &self,
        project: ProjectId,
        id: Uuid,
        (service, removed): (&str, &Removed),
        now: DateTime<Utc>,
    ) -> Result<bool, IdentityError> {
        let mut tx = self.0.worker().begin().await?;
        if !lock(&mut tx, project, id).await? {
            return Ok(false);
        }
        insert_part(&mut tx, project, id, (service, removed), now).await?;
        finish(&mut tx, project, id, now).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Locks an erasure's row, so that of several that finish it one sees all others. A statement of its own.
async fn lock(
    tx: &mut Transaction<'_, Postgres>,
    project: ProjectId,
    id: Uuid,
) -> Result<bool, IdentityError> {
    let found: Option<i64> = sqlx::query_scalar(
        "select number from erasure where project_id = $1 and id = $2 for no key update",
    )
    .bind(project.uuid())
    .bind(id)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.is_some())
}

/// Ends an erasure if nothing is left to be done, and forgets who it was. Its row is locked.
async fn finish(
    tx: &mut Transaction<'_, Postgres>,
    project: ProjectId,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<(), IdentityError> {
    sqlx::query(
        "update erasure set done_at = $3, distinct_ids = null, persons = null, partners = null
         where project_id = $1 and id = $2 and done_at is null and log_cleared_at is not null
             and (select count(*) from erasure_part p
                  where p.project_id = $1 and p.erasure_id = $2 and p.service = any($4)) = cardinality($4)",
    )
    .bind(project.uuid())
    .bind(id)
    .bind(now)
    .bind(CONFIRMING.map(str::to_owned).to_vec())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn insert_part(
    tx: &mut Transaction<'_, Postgres>,
    project: ProjectId,
    id: Uuid,
    (service, removed): (&str, &Removed),
    now: DateTime<Utc>,
) -> Result<(), IdentityError> {
    let removed =
        serde_json::to_string(removed).map_err(|error| CommonError::Internal(error.to_string()))?;
    sqlx::query(
        "insert into erasure_part (project_id, erasure_id, service, confirmed_at, removed)
         values ($1, $2, $3, $4, $5::text::json) on conflict on constraint erasure_part_pkey do nothing",
    )
    .bind(project.uuid())
    .bind(id)
    .bind(service)
    .bind(now)
    .bind(removed)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn read(
    connection: &mut PgConnection,
    project: ProjectId,
    id: Uuid,
) -> Result<Option<Erasure>, IdentityError> {
    let row: Option<Row> = sqlx::query_as(
        "select id, number, person_id, cut_us, id_hashes, actor, done_at from erasure
         where project_id = $1 and id = $2",
    )
    .bind(project.uuid())
    .bind(id)
    .fetch_optional(&mut *connection)
    .await?;
    Ok(with_parts(connection, project, row.into_iter().collect()).await?.pop())
}

async fn with_parts(
    connection: &mut PgConnection,
    project: ProjectId,
    rows: Vec<Row>,
) -> Result<Vec<Erasure>, IdentityError> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let parts: Vec<PartRow> = sqlx::query_as(
        "select erasure_id, service, confirmed_at, removed from erasure_part
         where project_id = $1 and erasure_id = any($2) order by confirmed_at, service",
    )
    .bind(project.uuid())
    .bind(&ids)
    .fetch_all(&mut *connection)
    .await?;
    let parts_of = |id: Uuid| {
        let own = parts.iter().filter(|(erasure, ..)| *erasure == id);
        own.map(|(_, service, confirmed_at, Json(removed))| Part {
            service: service.clone(),
            confirmed_at: *confirmed_at,
            removed: removed.clone(),
        })
        .collect()
    };
    Ok(rows
        .into_iter()
        .map(|row| Erasure {
            id: row.id,
            number: row.number,
            person: PersonId::new(row.person_id),
            cut_us: row.cut_us,
            id_hashes: row.id_hashes.iter().filter_map(|hash| to_hash(hash)).collect(),
            actor: row.actor,
            done_at: row.done_at,
            parts: parts_of(row.id),
        })
        .collect())
}

/// Reads a hash as stored; a check constraint says that each has its length.
pub(crate) fn to_hash(bytes: &[u8]) -> Option<Hash> {
    bytes.try_into().ok()
}

fn numbered(row: Followed) -> pb::NumberedErasure {
    let (number, project, id, person, cut_us, hashes, distinct_ids, change_number, done_at) = row;
    pb::NumberedErasure {
        number,
        project_id: project.as_bytes().to_vec(),
        erasure: Some(pb::ErasureChange {
            erasure_id: id.as_bytes().to_vec(),
            person_id: person.as_bytes().to_vec(),
            distinct_ids: distinct_ids.unwrap_or_default(),
            cut_us,
            distinct_id_hashes: hashes,
        }),
        change_number,
        done: done_at.is_some(),
    }
}
