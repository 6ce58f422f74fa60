//! Persons, as they are read.

use chrono::{DateTime, Utc};
use observe_core::{PersonId, ProjectId};
use observe_runtime::postgres::Database;
use sqlx::PgConnection;
use sqlx::types::{Json, Uuid};

use crate::error::IdentityError;
use crate::person::MAX_DISTINCT_IDS;
use crate::properties::Properties;

/// A person with a row.
#[derive(Clone, Debug)]
pub(crate) struct StoredPerson {
    pub(crate) id: PersonId,
    pub(crate) distinct_ids: Vec<String>,
    pub(crate) properties: Properties,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) identified: bool,
}

/// A person's row: id, identified, created, properties.
type PersonRow = (Uuid, bool, DateTime<Utc>, Json<Properties>);

/// Follows a person that was merged away to the one it became.
const ROOT_OF_PERSON: &str = "
    with recursive chain as (
        select id, merged_into from person where project_id = $1 and id = $2
        union
        select p.id, p.merged_into from chain c join person p on p.project_id = $1 and p.id = c.merged_into
    )
    select id from chain where merged_into is null";

/// The persons among some ids, each with its first distinct ids. A person that was merged away is another one's past.
const AMONG: &str = "
    select p.id, p.identified, p.created_at, p.properties,
           array(select d.distinct_id from person_distinct_id d
                 where d.project_id = p.project_id and d.person_id = p.id
                 order by d.position limit $3)
    from person p
    where p.project_id = $1 and p.id = any($2) and p.merged_into is null";

/// A person's row: id, identified, created, properties, distinct ids.
pub(super) type PersonWithIds = (Uuid, bool, DateTime<Utc>, Json<Properties>, Vec<String>);

impl From<PersonWithIds> for StoredPerson {
    fn from(row: PersonWithIds) -> Self {
        let (id, identified, created_at, Json(properties), distinct_ids) = row;
        Self { id: PersonId::new(id), distinct_ids, properties, created_at, identified }
    }
}

/// Reads persons.
#[derive(Clone)]
pub(crate) struct PersonStore(pub(crate) Database);

impl PersonStore {
    /// Returns the person of a distinct id, if it has a row.
    pub(crate) async fn by_distinct_id(
        &self,
        project: ProjectId,
        distinct_id: &str,
    ) -> Result<Option<StoredPerson>, IdentityError> {
        let mut tx = self.0.tenant(project).await?;
        let row = sqlx::query_as(
            "select p.id, p.identified, p.created_at, p.properties
             from person_distinct_id d join person p on p.project_id = d.project_id and p.id = d.person_id
             where d.project_id = $1 and d.distinct_id = $2",
        )
        .bind(project.uuid())
        .bind(distinct_id)
        .fetch_optional(&mut *tx)
        .await?;
        with_distinct_ids(&mut tx, project, row).await
    }

    /// Returns a person, or the one it became.
    pub(crate) async fn by_id(
        &self,
        project: ProjectId,
        id: PersonId,
    ) -> Result<Option<StoredPerson>, IdentityError> {
        let mut tx = self.0.tenant(project).await?;
        let Some(root) = root(&mut tx, project, id).await? else { return Ok(None) };
        let row = sqlx::query_as(
            "select id, identified, created_at, properties from person where project_id = $1 and id = $2",
        )
        .bind(project.uuid())
        .bind(root)
        .fetch_optional(&mut *tx)
        .await?;
        with_distinct_ids(&mut tx, project, row).await
    }

    /// Returns the id of a person, or of the one it became; `None` if it has no row.
    pub(crate) async fn root_of(
        &self,
        project: ProjectId,
        id: PersonId,
    ) -> Result<Option<PersonId>, IdentityError> {
        let mut tx = self.0.tenant(project).await?;
        Ok(root(&mut tx, project, id).await?.map(PersonId::new))
    }

    /// Returns those of the persons that have a row and were not merged away, in no order, each with so many of its distinct
    /// ids, oldest first. For services.
    pub(crate) async fn among(
        &self,
        project: ProjectId,
        ids: &[PersonId],
        distinct_ids_max: i64,
    ) -> Result<Vec<StoredPerson>, IdentityError> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        let rows: Vec<PersonWithIds> = sqlx::query_as(AMONG)
            .bind(project.uuid())
            .bind(ids)
            .bind(distinct_ids_max)
            .fetch_all(self.0.worker())
            .await?;
        Ok(rows.into_iter().map(StoredPerson::from).collect())
    }

    /// Returns the distinct ids of a person, or of the one it became, oldest first. For services.
    pub(crate) async fn distinct_ids(
        &self,
        project: ProjectId,
        id: PersonId,
    ) -> Result<Vec<String>, IdentityError> {
        let mut connection = self.0.worker().acquire().await?;
        match root(&mut connection, project, id).await? {
            Some(root) => distinct_ids(&mut connection, project, root).await,
            None => Ok(Vec::new()),
        }
    }
}

/// Returns the person, or the one it became; `None` if it has no row.
pub(crate) async fn root(
    connection: &mut PgConnection,
    project: ProjectId,
    id: PersonId,
) -> Result<Option<Uuid>, IdentityError> {
    let root = sqlx::query_scalar(ROOT_OF_PERSON).bind(project.uuid()).bind(id.uuid());
    Ok(root.fetch_optional(connection).await?)
}

async fn with_distinct_ids(
    connection: &mut PgConnection,
    project: ProjectId,
    row: Option<PersonRow>,
) -> Result<Option<StoredPerson>, IdentityError> {
    let Some((id, identified, created_at, properties)) = row else { return Ok(None) };
    let distinct_ids = distinct_ids(connection, project, id).await?;
    Ok(Some((id, identified, created_at, properties, distinct_ids).into()))
}

async fn distinct_ids(
    connection: &mut PgConnection,
    project: ProjectId,
    id: Uuid,
) -> Result<Vec<String>, IdentityError> {
    let ids = sqlx::query_scalar(
        "select distinct_id from person_distinct_id
         where project_id = $1 and person_id = $2 order by position limit $3",
    )
    .bind(project.uuid())
    .bind(id)
    .bind(i64::try_from(MAX_DISTINCT_IDS).unwrap_or(i64::MAX));
    Ok(ids.fetch_all(connection).await?)
}
