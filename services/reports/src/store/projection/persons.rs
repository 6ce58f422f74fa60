//! Who is who: visitors, persons, and what was erased.

use observe_core::ProjectId;
use sqlx::types::Uuid;
use sqlx::{Postgres, Transaction};

use super::Projects;
use crate::projection::keeping::{Checkpoint, Cut, PersonsCheckpoint, StoredErasure};

type VisitorsRow = (Uuid, Vec<u8>, Vec<u8>);
type ErasureRow = (Uuid, Uuid, i64, Option<i64>, Option<Vec<u8>>);

pub(super) async fn read_visitors(
    tx: &mut Transaction<'_, Postgres>,
    projects: &mut Projects,
) -> sqlx::Result<()> {
    let rows: Vec<VisitorsRow> = sqlx::query_as(
        "select project_id, texts, persons from projection_visitors order by project_id, part",
    )
    .fetch_all(&mut **tx)
    .await?;
    for (project, texts, whose) in rows {
        let Some((_, stored)) = projects.get_mut(&ProjectId::new(project)) else { continue };
        stored.visitors.push(texts);
        if let Some(persons) = &mut stored.persons {
            persons.visitors.push(whose);
        }
    }
    Ok(())
}

pub(super) async fn read_persons(
    tx: &mut Transaction<'_, Postgres>,
    projects: &mut Projects,
) -> sqlx::Result<()> {
    let rows: Vec<(Uuid, Vec<u8>)> = sqlx::query_as(
        "select project_id, bytes from projection_persons order by project_id, part",
    )
    .fetch_all(&mut **tx)
    .await?;
    for (project, bytes) in rows {
        let stored = projects.get_mut(&ProjectId::new(project));
        if let Some(persons) = stored.and_then(|(_, stored)| stored.persons.as_mut()) {
            persons.rows.push(bytes);
        }
    }
    Ok(())
}

pub(super) async fn read_erasures(
    tx: &mut Transaction<'_, Postgres>,
    projects: &mut Projects,
) -> sqlx::Result<()> {
    let rows: Vec<ErasureRow> = sqlx::query_as(
        "select project_id, erasure_id, row_count, cut_us, id_hashes from projection_erasure",
    )
    .fetch_all(&mut **tx)
    .await?;
    for (project, id, rows, cut_us, hashes) in rows {
        let Some((_, stored)) = projects.get_mut(&ProjectId::new(project)) else { continue };
        let cut = cut_us.zip(hashes).map(|(at_us, hashes)| {
            let (hashes, _) = hashes.as_chunks();
            Cut { hashes: hashes.to_vec(), at_us }
        });
        stored.erasures.push(StoredErasure { id, rows: rows.cast_unsigned(), cut });
    }
    Ok(())
}

pub(super) async fn write_visitors(
    tx: &mut Transaction<'_, Postgres>,
    project: ProjectId,
    checkpoint: &Checkpoint,
) -> sqlx::Result<()> {
    for visitors in &checkpoint.visitors {
        sqlx::query(
            "insert into projection_visitors (project_id, part, texts, persons) values ($1, $2, $3, $4)
             on conflict (project_id, part) do update set texts = excluded.texts, persons = excluded.persons",
        )
        .bind(project.uuid())
        .bind(visitors.row)
        .bind(&visitors.texts)
        .bind(&visitors.persons)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

pub(super) async fn write_persons(
    tx: &mut Transaction<'_, Postgres>,
    project: ProjectId,
    checkpoint: &Checkpoint,
) -> sqlx::Result<()> {
    let rows = checkpoint.persons.as_ref().map_or(0, PersonsCheckpoint::row_count);
    // There were more if they are made anew, or are not kept any more.
    sqlx::query("delete from projection_persons where project_id = $1 and part >= $2")
        .bind(project.uuid())
        .bind(i32::try_from(rows).unwrap_or(i32::MAX))
        .execute(&mut **tx)
        .await?;
    for (part, bytes) in checkpoint.persons.iter().flat_map(|persons| &persons.rows) {
        sqlx::query(
            "insert into projection_persons (project_id, part, bytes) values ($1, $2, $3)
             on conflict (project_id, part) do update set bytes = excluded.bytes",
        )
        .bind(project.uuid())
        .bind(part)
        .bind(bytes)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

pub(super) async fn write_erasures(
    tx: &mut Transaction<'_, Postgres>,
    project: ProjectId,
    erasures: &[StoredErasure],
) -> sqlx::Result<()> {
    for erasure in erasures {
        let cut = erasure.cut.as_ref();
        sqlx::query(
            "insert into projection_erasure (project_id, erasure_id, row_count, cut_us, id_hashes)
             values ($1, $2, $3, $4, $5)
             on conflict (project_id, erasure_id) do update
             set row_count = excluded.row_count, cut_us = excluded.cut_us, id_hashes = excluded.id_hashes",
        )
        .bind(project.uuid())
        .bind(erasure.id)
        .bind(erasure.rows.cast_signed())
        .bind(cut.map(|cut| cut.at_us))
        .bind(cut.map(|cut| cut.hashes.as_flattened()))
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}
