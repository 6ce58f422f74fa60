//! Persons as they are, page by page: what an export reads.

use observe_core::ProjectId;
use observe_runtime::postgres::Database;
use sqlx::types::Uuid;

use crate::error::IdentityError;
use crate::store::person::{PersonWithIds, StoredPerson};

/// Persons on one page.
const PAGE_PERSONS_MAX: i64 = 200;
/// Bytes of stored properties and distinct ids on one page; the first person is on it in any case.
const PAGE_BYTES_MAX: i64 = 2 * 1024 * 1024;

/// The persons after an id, each with all its distinct ids, cut where the page is full. A person that was merged away is another
/// one's past.
const PAGE: &str = "
    select id, identified, created_at, properties, distinct_ids from (
        select *, sum(bytes) over (order by id) - bytes as before from (
            select p.id, p.identified, p.created_at, p.properties, ids.distinct_ids,
                   octet_length(p.properties::text) + ids.bytes as bytes
            from (
                select id, identified, created_at, properties from person
                where project_id = $1 and id > $2 and merged_into is null
                order by id limit $3
            ) p
            cross join lateral (
                select coalesce(array_agg(d.distinct_id order by d.position), '{}') as distinct_ids,
                       coalesce(sum(octet_length(d.distinct_id)), 0) as bytes
                from person_distinct_id d where d.project_id = $1 and d.person_id = p.id
            ) ids
        ) found
    ) page
    where before < $4 order by id";

const COUNT: &str = "select count(*) from person where project_id = $1 and merged_into is null";

/// Reads persons one after the other.
#[derive(Clone)]
pub(crate) struct StoredPersonStore(pub(crate) Database);

impl StoredPersonStore {
    /// Returns the next persons after an id, in the order of their ids; none at the end.
    pub(crate) async fn page(
        &self,
        project: ProjectId,
        after: Uuid,
    ) -> Result<Vec<StoredPerson>, IdentityError> {
        let mut tx = self.0.tenant(project).await?;
        let rows: Vec<PersonWithIds> = sqlx::query_as(PAGE)
            .bind(project.uuid())
            .bind(after)
            .bind(PAGE_PERSONS_MAX)
            .bind(PAGE_BYTES_MAX)
            .fetch_all(&mut *tx)
            .await?;
        Ok(rows.into_iter().map(StoredPerson::from).collect())
    }

    /// Counts all of them.
    pub(crate) async fn count(&self, project: ProjectId) -> Result<i64, IdentityError> {
        let mut tx = self.0.tenant(project).await?;
        Ok(sqlx::query_scalar(COUNT).bind(project.uuid()).fetch_one(&mut *tx).await?)
    }
}
