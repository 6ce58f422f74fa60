//! Beginning an erasure: one transaction, under the lock of the project's row, then of the clock that numbers erasures.

use observe_core::distinct_id::{self, Hash};
use observe_core::error::CommonError;
use observe_core::{PersonId, ProjectId};
use observe_proto::identity::v1 as pb;
use prost::Message as _;
use sqlx::types::Uuid;
use sqlx::{Postgres, Transaction};

use super::remove::{Gone, remove_parked, remove_person, remove_refusals};
use super::{ErasureStore, insert_part, read};
use crate::erasure::{Erasure, NewErasure, Subject};
use crate::error::IdentityError;
use crate::store::person::root;

/// Who is to be erased.
struct Found {
    /// The person; of a distinct id without a row, the one that it makes by itself.
    person: PersonId,
    /// The distinct id that has no row.
    unseen: Option<String>,
}

impl ErasureStore {
    /// Erases a person, or returns the erasure of it that is under way. `NotFound` if there is no such project or person.
    pub(crate) async fn begin(&self, new: &NewErasure) -> Result<Erasure, IdentityError> {
        let mut tx = self.0.worker().begin().await?;
        let project = new.project;
        // A statement of its own, like that of a batch of operations: see `PersonLogStore::begin`.
        let change_number: Option<i64> =
            sqlx::query_scalar("select change_number from project where id = $1 for no key update")
                .bind(project.uuid())
                .fetch_optional(&mut *tx)
                .await?;
        let change_number = change_number.ok_or(CommonError::NotFound("project"))? + 1;
        let Some(found) = find(&mut tx, project, &new.subject).await? else {
            let id = under_way(&mut tx, project, &new.subject).await?;
            return existing(&mut tx, project, id).await;
        };
        if found.unseen.is_some()
            && let Some(id) = under_way(&mut tx, project, &new.subject).await?
        {
            return existing(&mut tx, project, Some(id)).await;
        }
        let mut gone = remove_person(&mut tx, project, found.person).await?;
        gone.distinct_ids.extend(found.unseen);
        remove_parked(&mut tx, project, &gone.distinct_ids, new.cut_us).await?;
        remove_refusals(&mut tx, project, &gone.distinct_ids).await?;
        let hashes: Vec<Hash> = gone.distinct_ids.iter().map(|id| distinct_id::hash(id)).collect();
        append_change(&mut tx, new, (found.person, change_number), &hashes).await?;
        insert(&mut tx, new, (found.person, change_number), &gone, &hashes).await?;
        insert_cuts(&mut tx, new, &hashes).await?;
        insert_part(&mut tx, project, new.id, ("identity", &gone.removed()), new.now).await?;
        let erasure = existing(&mut tx, project, Some(new.id)).await?;
        tx.commit().await?;
        Ok(erasure)
    }
}

/// Returns who is meant: somebody with a row, or a distinct id that has none.
async fn find(
    tx: &mut Transaction<'_, Postgres>,
    project: ProjectId,
    subject: &Subject,
) -> Result<Option<Found>, IdentityError> {
    let person = match subject {
        Subject::Person(id) => root(tx, project, *id).await?,
        Subject::DistinctId(id) => {
            let person: Option<Uuid> = sqlx::query_scalar(
                "select person_id from person_distinct_id where project_id = $1 and distinct_id = $2",
            )
            .bind(project.uuid())
            .bind(id)
            .fetch_optional(&mut **tx)
            .await?;
            if person.is_none() {
                let person = PersonId::of_distinct_id(project, id);
                return Ok(Some(Found { person, unseen: Some(id.clone()) }));
            }
            person
        }
    };
    Ok(person.map(|id| Found { person: PersonId::new(id), unseen: None }))
}

/// Returns the erasure of the person, or of the one with the distinct id, that is not done yet.
async fn under_way(
    tx: &mut Transaction<'_, Postgres>,
    project: ProjectId,
    subject: &Subject,
) -> Result<Option<Uuid>, IdentityError> {
    let id = match subject {
        Subject::Person(id) => {
            sqlx::query_scalar(
                "select id from erasure where project_id = $1 and done_at is null and $2 = any(persons)
                 order by number desc limit 1",
            )
            .bind(project.uuid())
            .bind(id.uuid())
            .fetch_optional(&mut **tx)
            .await?
        }
        Subject::DistinctId(id) => {
            sqlx::query_scalar(
                "select e.id from erased_id i join erasure e on e.project_id = i.project_id and e.id = i.erasure_id
                 where i.project_id = $1 and i.id_hash = $2 and e.done_at is null",
            )
            .bind(project.uuid())
            .bind(distinct_id::hash(id).as_slice())
            .fetch_optional(&mut **tx)
            .await?
        }
    };
    Ok(id)
}

async fn existing(
    tx: &mut Transaction<'_, Postgres>,
    project: ProjectId,
    id: Option<Uuid>,
) -> Result<Erasure, IdentityError> {
    let erasure = match id {
        Some(id) => read(tx, project, id).await?,
        None => None,
    };
    erasure.ok_or_else(|| CommonError::NotFound("person").into())
}

/// Tells who follows the change log. Ids are told by their hashes, so that the log never needs to be cleared of them.
async fn append_change(
    tx: &mut Transaction<'_, Postgres>,
    new: &NewErasure,
    (person, number): (PersonId, i64),
    hashes: &[Hash],
) -> Result<(), IdentityError> {
    let erasure = pb::ErasureChange {
        erasure_id: new.id.as_bytes().to_vec(),
        person_id: person.to_bytes(),
        distinct_ids: Vec::new(),
        cut_us: new.cut_us,
        distinct_id_hashes: hashes.iter().map(|hash| hash.to_vec()).collect(),
    };
    let change = pb::Change { number, kind: Some(pb::change::Kind::Erasure(erasure)) };
    sqlx::query(
        "insert into change_log (project_id, number, payload, created_at) values ($1, $2, $3, $4)",
    )
    .bind(new.project.uuid())
    .bind(number)
    .bind(change.encode_to_vec())
    .bind(new.now)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "update project set change_number = $2, latest_cut_us = greatest(latest_cut_us, $3) where id = $1",
    )
    .bind(new.project.uuid())
    .bind(number)
    .bind(new.cut_us)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn insert(
    tx: &mut Transaction<'_, Postgres>,
    new: &NewErasure,
    (person, change_number): (PersonId, i64),
    gone: &Gone,
    hashes: &[Hash],
) -> Result<(), IdentityError> {
    // The clock's lock is held until the commit, so that a reader passes no number that is still to come.
    let number: i64 =
        sqlx::query_scalar("update erasure_clock set number = number + 1 returning number")
            .fetch_one(&mut **tx)
            .await?;
    let mut persons = gone.persons.clone();
    if !persons.contains(&person.uuid()) {
        persons.push(person.uuid());
    }
    sqlx::query(
        "insert into erasure (project_id, id, number, change_number, person_id, cut_us, id_hashes, distinct_ids, persons,
             partners, actor, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(new.project.uuid())
    .bind(new.id)
    .bind(number)
    .bind(change_number)
    .bind(person.uuid())
    .bind(new.cut_us)
    .bind(hashes.iter().map(|hash| hash.to_vec()).collect::<Vec<_>>())
    .bind(&gone.distinct_ids)
    .bind(persons)
    .bind(&gone.partners)
    .bind(&new.actor)
    .bind(new.now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn insert_cuts(
    tx: &mut Transaction<'_, Postgres>,
    new: &NewErasure,
    hashes: &[Hash],
) -> Result<(), IdentityError> {
    sqlx::query(
        "insert into erased_id (project_id, id_hash, cut_us, erasure_id)
         select $1, id_hash, $3, $4 from unnest($2::bytea[]) as h (id_hash)
         on conflict on constraint erased_id_pkey do update set
             cut_us = greatest(erased_id.cut_us, excluded.cut_us), erasure_id = excluded.erasure_id",
    )
    .bind(new.project.uuid())
    .bind(hashes.iter().map(|hash| hash.to_vec()).collect::<Vec<_>>())
    .bind(new.cut_us)
    .bind(new.id)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
