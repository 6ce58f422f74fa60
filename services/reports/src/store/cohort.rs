//! Cohorts: what they are called, and their rules.

mod list;

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use observe_core::error::CommonError;
use observe_core::{ProjectId, Violations};
use observe_runtime::postgres::Database;
use sqlx::types::Uuid;
use sqlx::{FromRow, PgConnection};

use super::lock;
use crate::cohort::leads_back;
use crate::error::ReportsError;
use crate::refusal::Refusal;

/// Cohorts of a project.
pub(crate) const COHORTS_MAX: i64 = 500;
/// How rules are encoded now.
pub(crate) const RULE_FORMAT: i16 = 1;
/// What a cohort is called in errors.
pub(crate) const COHORT: &str = "cohort";

const NAME_KEY: &str = "cohort_name_key";
/// What cohorts are locked by.
const KIND: &str = "cohorts";

/// A cohort as it is stored.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct CohortRow {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) rule: Option<Vec<u8>>,
    pub(crate) rule_format: i16,
    pub(crate) named_cohorts: Vec<Uuid>,
    pub(crate) revision: i64,
    pub(crate) person_count: i64,
    pub(crate) count_time: Option<DateTime<Utc>>,
    pub(crate) created_time: DateTime<Utc>,
    pub(crate) updated_time: DateTime<Utc>,
}

/// What somebody says of a cohort.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) name: String,
    pub(crate) description: String,
    /// Encoded; `None` for a fixed list.
    pub(crate) rule: Option<Vec<u8>>,
    /// What the rule names.
    pub(crate) named: HashSet<Uuid>,
}

const SELECT: &str = "
    select id, name, description, rule, rule_format, named_cohorts, revision, person_count, count_time, created_time,
           updated_time
    from cohort where project_id = $1 and ($2::uuid[] is null or id = any($2)) order by name, id";

const INSERT: &str = "
    insert into cohort (project_id, id, name, description, rule, rule_format, named_cohorts, revision, listed,
                        person_count, created_time, updated_time)
    values ($1, $2, $3, $4, $5, $6, $7, 1, 0, 0, $8, $8)";

const UPDATE: &str = "
    update cohort set name = $3, description = $4, rule = $5, rule_format = $6, named_cohorts = $7, updated_time = $8,
                      revision = revision + 1
    where project_id = $1 and id = $2";

/// Reads and writes the cohorts of one project at a time.
#[derive(Clone)]
pub(crate) struct CohortStore(pub(crate) Database);

impl CohortStore {
    /// Makes a cohort.
    pub(crate) async fn create(
        &self,
        project: ProjectId,
        id: Uuid,
        draft: &Draft,
        now: DateTime<Utc>,
    ) -> Result<CohortRow, ReportsError> {
        let mut tx = self.0.tenant(project).await?;
        lock(&mut tx, project, KIND).await?;
        let there: i64 = sqlx::query_scalar("select count(*) from cohort where project_id = $1")
            .bind(project.uuid())
            .fetch_one(&mut *tx)
            .await?;
        if there >= COHORTS_MAX {
            return Err(Refusal::TooMany { max: COHORTS_MAX, what: "cohorts" }.into());
        }
        require_named(&mut tx, project, draft).await?;
        write(&mut tx, INSERT, project, id, draft, now).await?;
        let made = one(&mut tx, project, id).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// Changes what a cohort is called, and its rule.
    pub(crate) async fn update(
        &self,
        project: ProjectId,
        id: Uuid,
        draft: &Draft,
        now: DateTime<Utc>,
    ) -> Result<CohortRow, ReportsError> {
        let mut tx = self.0.tenant(project).await?;
        lock(&mut tx, project, KIND).await?;
        let was = one(&mut tx, project, id).await?;
        let mut violations = Violations::new();
        let expected = match was.rule {
            Some(_) => "is required: the cohort has a rule",
            None => "must be empty: the cohort is a fixed list",
        };
        violations.require(was.rule.is_some() == draft.rule.is_some(), "rule", expected);
        let names = names(&mut tx, project).await?;
        let is_circle = leads_back(id, &draft.named, &names);
        violations.require(!is_circle, "rule", "must not lead back to the cohort itself");
        violations.finish()?;
        require_named(&mut tx, project, draft).await?;
        write(&mut tx, UPDATE, project, id, draft, now).await?;
        let changed = one(&mut tx, project, id).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// Removes a cohort with its list.
    pub(crate) async fn delete(&self, project: ProjectId, id: Uuid) -> Result<(), ReportsError> {
        let mut tx = self.0.tenant(project).await?;
        lock(&mut tx, project, KIND).await?;
        one(&mut tx, project, id).await?;
        let user: Option<String> = sqlx::query_scalar(
            "select name from cohort where project_id = $1 and $2 = any(named_cohorts) order by name limit 1",
        )
        .bind(project.uuid())
        .bind(id)
        .fetch_optional(&mut *tx)
        .await?;
        if let Some(user) = user {
            return Err(Refusal::CohortInUse(user).into());
        }
        sqlx::query("delete from cohort where project_id = $1 and id = $2")
            .bind(project.uuid())
            .bind(id)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Returns a cohort.
    pub(crate) async fn get(
        &self,
        project: ProjectId,
        id: Uuid,
    ) -> Result<CohortRow, ReportsError> {
        let mut tx = self.0.tenant(project).await?;
        one(&mut tx, project, id).await
    }

    /// Returns all cohorts, or those with these ids that there are; by name.
    pub(crate) async fn list(
        &self,
        project: ProjectId,
        ids: Option<&[Uuid]>,
    ) -> sqlx::Result<Vec<CohortRow>> {
        let mut tx = self.0.tenant(project).await?;
        select(&mut tx, project, ids).await
    }

    /// Returns the cohorts of all projects that were not counted since a time, the longest not counted first. For the worker.
    pub(crate) async fn uncounted(
        &self,
        since: DateTime<Utc>,
        limit: i64,
    ) -> sqlx::Result<Vec<(ProjectId, Uuid)>> {
        let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(
            "select project_id, id from cohort where count_time is null or count_time < $1
             order by count_time nulls first limit $2",
        )
        .bind(since)
        .bind(limit)
        .fetch_all(self.0.worker())
        .await?;
        Ok(rows.into_iter().map(|(project, id)| (ProjectId::new(project), id)).collect())
    }

    /// Keeps how many persons a revision of a cohort had. For the worker, and beside the cohort's own change.
    pub(crate) async fn save_count(
        &self,
        project: ProjectId,
        id: Uuid,
        revision: i64,
        persons: i64,
        at: DateTime<Utc>,
    ) -> sqlx::Result<()> {
        sqlx::query(
            "update cohort set person_count = $4, count_time = $5
             where project_id = $1 and id = $2 and revision = $3 and (count_time is null or count_time <= $5)",
        )
        .bind(project.uuid())
        .bind(id)
        .bind(revision)
        .bind(persons)
        .bind(at)
        .execute(self.0.worker())
        .await?;
        Ok(())
    }
}

async fn select(
    connection: &mut PgConnection,
    project: ProjectId,
    ids: Option<&[Uuid]>,
) -> sqlx::Result<Vec<CohortRow>> {
    sqlx::query_as(SELECT).bind(project.uuid()).bind(ids).fetch_all(connection).await
}

pub(super) async fn one(
    connection: &mut PgConnection,
    project: ProjectId,
    id: Uuid,
) -> Result<CohortRow, ReportsError> {
    let found = select(connection, project, Some(&[id])).await?.pop();
    found.ok_or_else(|| CommonError::NotFound(COHORT).into())
}

/// Returns which cohorts each cohort's rule names.
async fn names(
    connection: &mut PgConnection,
    project: ProjectId,
) -> sqlx::Result<HashMap<Uuid, Vec<Uuid>>> {
    let rows: Vec<(Uuid, Vec<Uuid>)> =
        sqlx::query_as("select id, named_cohorts from cohort where project_id = $1")
            .bind(project.uuid())
            .fetch_all(connection)
            .await?;
    Ok(rows.into_iter().collect())
}

async fn require_named(
    connection: &mut PgConnection,
    project: ProjectId,
    draft: &Draft,
) -> Result<(), ReportsError> {
    let named: Vec<Uuid> = draft.named.iter().copied().collect();
    let known: i64 =
        sqlx::query_scalar("select count(*) from cohort where project_id = $1 and id = any($2)")
            .bind(project.uuid())
            .bind(&named)
            .fetch_one(connection)
            .await?;
    if usize::try_from(known).is_ok_and(|known| known == named.len()) {
        Ok(())
    } else {
        Err(CommonError::NotFound(COHORT).into())
    }
}

async fn write(
    connection: &mut PgConnection,
    statement: &'static str,
    project: ProjectId,
    id: Uuid,
    draft: &Draft,
    now: DateTime<Utc>,
) -> Result<(), ReportsError> {
    let mut named: Vec<Uuid> = draft.named.iter().copied().collect();
    named.sort_unstable();
    let written = sqlx::query(statement)
        .bind(project.uuid())
        .bind(id)
        .bind(&draft.name)
        .bind(&draft.description)
        .bind(draft.rule.as_deref())
        .bind(RULE_FORMAT)
        .bind(named)
        .bind(now)
        .execute(connection)
        .await;
    match written {
        Ok(_) => Ok(()),
        Err(sqlx::Error::Database(error)) if error.constraint() == Some(NAME_KEY) => {
            Err(Refusal::NameTaken(COHORT).into())
        }
        Err(error) => Err(error.into()),
    }
}
