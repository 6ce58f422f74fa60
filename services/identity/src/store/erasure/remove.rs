//! What goes of a person at once. Every table that holds something of persons has its place here; what remains of one is in
//! the change log, which is cleared later, and in the receipt, as hashes.

use observe_core::{PersonId, ProjectId};
use sqlx::types::{Json, Uuid};
use sqlx::{Postgres, Transaction};

use crate::erasure::Removed;
use crate::error::IdentityError;
use crate::properties::Properties;
use crate::refusal::MAX_ID_CHARS;

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
    let merges;
    (merges, gone.partners) = remove_merges(tx, project, &gone.persons).await?;
    gone.merges = merges.len();
    remove_property_changes(tx, project, &gone.persons, &merges).await?;
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

/// Removes the merges that one of the persons took part in, undone ones among them. Returns their ids, and who else took part.
async fn remove_merges(
    tx: &mut Transaction<'_, Postgres>,
    project: ProjectId,
    persons: &[Uuid],
) -> Result<(Vec<Uuid>, Vec<Uuid>), IdentityError> {
    let merges: Vec<(Uuid, Option<Uuid>, Uuid)> = sqlx::query_as(
        "delete from merge_op where project_id = $1 and (source = any($2) or target = any($2))
         returning op_id, source, target",
    )
    .bind(project.uuid())
    .bind(persons)
    .fetch_all(&mut **tx)
    .await?;
    let both = merges.iter().flat_map(|(_, source, target)| source.iter().chain([target]));
    let mut partners: Vec<Uuid> = both.filter(|id| !persons.contains(id)).copied().collect();
    partners.sort_unstable();
    partners.dedup();
    Ok((merges.iter().map(|(id, ..)| *id).collect(), partners))
}

/// Removes how the persons' properties came to be, and what merges with them did to those of others.
async fn remove_property_changes(
    tx: &mut Transaction<'_, Postgres>,
    project: ProjectId,
    persons: &[Uuid],
    merges: &[Uuid],
) -> Result<(), IdentityError> {
    sqlx::query(
        "delete from property_change where project_id = $1 and (person_id = any($2) or origin_id = any($3))",
    )
    .bind(project.uuid())
    .bind(persons)
    .bind(merges)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Removes what was refused, or waits to be tried again, in the name of the distinct ids. What waits and names one of them as
/// the other id stays: it is judged by the cut when it is tried.
pub(super) async fn remove_asked_for(
    tx: &mut Transaction<'_, Postgres>,
    project: ProjectId,
    distinct_ids: &[String],
    cut_us: i64,
) -> Result<(), IdentityError> {
    let shown: Vec<String> =
        distinct_ids.iter().map(|id| id.chars().take(MAX_ID_CHARS).collect()).collect();
    sqlx::query(
        "delete from refused_merge where project_id = $1 and (source_id = any($2) or target_id = any($2))",
    )
    .bind(project.uuid())
    .bind(&shown)
    .execute(&mut **tx)
    .await?;
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
