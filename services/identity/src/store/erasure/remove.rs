//! What goes of a person at once. Every table that holds something of persons has its place here; what remains of one is in
//! the change log, which is cleared later, and in the receipt, as hashes.

use observe_core::{PersonId, ProjectId};
use sqlx::types::{Json, Uuid};
use sqlx::{Postgres, Transaction};

use crate::erasure::Removed;
use crate::error::IdentityError;
use crate::properties::Properties;

/// The person and all that were merged into it.
const ALL_OF_PERSON: &str = "
    with recursive gone as (
        select id from person where project_id = $1 and id = $2
        union
        select p.id from gone g join person p on p.project_id = $1 and p.merged_into = g.id
    )
    select id from gone";

/// What was removed.
#[derive(Debug, Default)]
pub(super) struct Gone {
    /// The person and those that were merged into it.
    pub(super) persons: Vec<Uuid>,
    /// Others that it was merged with once: the change log knows of both together.
    pub(super) partners: Vec<Uuid>,
    /// The distinct ids, oldest first.
    pub(super) distinct_ids: Vec<String>,
    properties: usize,
    merges: usize,
}

impl Gone {
    /// Returns it in numbers.
    pub(super) fn removed(&self) -> Removed {
        let counts = [
            ("distinct_ids", self.distinct_ids.len()),
            ("properties", self.properties),
            ("merges", self.merges),
        ];
        let counts = counts.into_iter();
        counts.map(|(name, n)| (name.to_owned(), i64::try_from(n).unwrap_or(i64::MAX))).collect()
    }
}

/// Removes a person, whose project is locked; nothing if it has no row. What is known of operations that were applied stays: by
/// it an operation that comes again is told from a new one.
pub(super) async fn remove_person(
    tx: &mut Transaction<'_, Postgres>,
    project: ProjectId,
    person: PersonId,
) -> Result<Gone, IdentityError> {
    let persons: Vec<Uuid> = sqlx::query_scalar(ALL_OF_PERSON)
        .bind(project.uuid())
        .bind(person.uuid())
        .fetch_all(&mut **tx)
        .await?;
    let mut gone = Gone { persons, ..Gone::default() };
    if gone.persons.is_empty() {
        return Ok(gone);
    }
    gone.properties = properties(tx, project, person).await?;
    gone.distinct_ids = remove_distinct_ids(tx, project, &gone.persons).await?;
    (gone.merges, gone.partners) = remove_merges(tx, project, &gone).await?;
    remove_histories(tx, project, &gone).await?;
    // Together, since they refer to each other.
    sqlx::query("delete from person where project_id = $1 and id = any($2)")
        .bind(project.uuid())
        .bind(&gone.persons)
        .execute(&mut **tx)
        .await?;
    Ok(gone)
}

async fn properties(
    tx: &mut Transaction<'_, Postgres>,
    project: ProjectId,
    person: PersonId,
) -> Result<usize, IdentityError> {
    let Json(properties): Json<Properties> =
        sqlx::query_scalar("select properties from person where project_id = $1 and id = $2")
            .bind(project.uuid())
            .bind(person.uuid())
            .fetch_one(&mut **tx)
            .await?;
    Ok(properties.values().count())
}

async fn remove_distinct_ids(
    tx: &mut Transaction<'_, Postgres>,
    project: ProjectId,
    persons: &[Uuid],
) -> Result<Vec<String>, IdentityError> {
    let ids = sqlx::query_scalar(
        "with gone as (
             delete from person_distinct_id where project_id = $1 and person_id = any($2)
             returning distinct_id, position
         )
         select distinct_id from gone order by position",
    )
    .bind(project.uuid())
    .bind(persons);
    Ok(ids.fetch_all(&mut **tx).await?)
}

/// Removes the merges that one of the persons or ids took part in, undone ones among them, and the ids from what others list as
/// having moved. Returns how many there were, and who else took part. A merge that stands joins ids of one person, so of others
/// only undone ones go.
async fn remove_merges(
    tx: &mut Transaction<'_, Postgres>,
    project: ProjectId,
    gone: &Gone,
) -> Result<(usize, Vec<Uuid>), IdentityError> {
    let merges: Vec<(Option<Uuid>, Uuid)> = sqlx::query_as(
        "delete from merge_op
         where project_id = $1
             and (source = any($2) or target = any($2) or source_id = any($3) or target_id = any($3))
         returning source, target",
    )
    .bind(project.uuid())
    .bind(&gone.persons)
    .bind(&gone.distinct_ids)
    .fetch_all(&mut **tx)
    .await?;
    sqlx::query(
        "update merge_op set moved_ids = array(
             select id from unnest(moved_ids) with ordinality as m (id, place) where id <> all($2) order by place)
         where project_id = $1 and moved_count > 1 and moved_ids && $2",
    )
    .bind(project.uuid())
    .bind(&gone.distinct_ids)
    .execute(&mut **tx)
    .await?;
    let both = merges.iter().flat_map(|(source, target)| source.iter().copied().chain([*target]));
    let mut partners: Vec<Uuid> = both.filter(|id| !gone.persons.contains(id)).collect();
    partners.sort_unstable();
    partners.dedup();
    Ok((merges.len(), partners))
}

/// Removes how the properties of the persons came to be what they were. Of who was one with them for a while, and was split from
/// them, too: what was theirs is in that history, and cannot be told from the rest.
async fn remove_histories(
    tx: &mut Transaction<'_, Postgres>,
    project: ProjectId,
    gone: &Gone,
) -> Result<(), IdentityError> {
    let persons: Vec<Uuid> = gone.persons.iter().chain(&gone.partners).copied().collect();
    sqlx::query("delete from property_change where project_id = $1 and person_id = any($2)")
        .bind(project.uuid())
        .bind(persons)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Removes operations that were put aside under distinct ids, also such as never had a person with a row.
pub(super) async fn remove_parked(
    tx: &mut Transaction<'_, Postgres>,
    project: ProjectId,
    distinct_ids: &[String],
    cut_us: i64,
) -> Result<(), IdentityError> {
    sqlx::query(
        "delete from parked_operation where project_id = $1 and distinct_id = any($2) and arrival_us <= $3",
    )
    .bind(project.uuid())
    .bind(distinct_ids)
    .bind(cut_us)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Removes refused merges that name one of the distinct ids.
pub(super) async fn remove_refusals(
    tx: &mut Transaction<'_, Postgres>,
    project: ProjectId,
    distinct_ids: &[String],
) -> Result<(), IdentityError> {
    sqlx::query(
        "delete from refused_merge where project_id = $1 and (source_id = any($2) or target_id = any($2))",
    )
    .bind(project.uuid())
    .bind(distinct_ids)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
