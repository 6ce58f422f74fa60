//! Projects.

use chrono::{DateTime, Utc};
use observe_core::{OrganizationId, ProjectId};
use observe_runtime::postgres::Database;
use sqlx::types::Uuid;

use crate::error::{IdentityError, breaks};
use crate::project::{NewProject, Project, ProjectSettings};
use crate::store::organization::ORGANIZATION_SETTING;

/// A project's row: id, organization, name, time zone, number, created, allowed origins.
pub(crate) type ProjectRow = (Uuid, Uuid, String, String, i64, DateTime<Utc>, Vec<String>);

/// Reads and writes projects.
#[derive(Clone)]
pub(crate) struct ProjectStore(pub(crate) Database);

impl ProjectStore {
    /// Makes a project.
    pub(crate) async fn create(
        &self,
        new: NewProject,
        now: DateTime<Utc>,
    ) -> Result<Project, IdentityError> {
        let mut tx = self.0.scoped(ORGANIZATION_SETTING, new.organization.uuid()).await?;
        let row: ProjectRow = sqlx::query_as(
            "insert into project (id, organization_id, name, time_zone, created_at)
             values ($1, $2, $3, $4, $5)
             returning id, organization_id, name, time_zone, number, created_at, allowed_origins",
        )
        .bind(new.id.uuid())
        .bind(new.organization.uuid())
        .bind(new.name)
        .bind(new.time_zone)
        .bind(now)
        .fetch_one(&mut *tx)
        .await
        .map_err(|error| {
            if breaks(&error, "project_name_key") {
                IdentityError::NameTaken("project")
            } else if breaks(&error, "project_organization_fkey") {
                observe_core::error::CommonError::NotFound("organization").into()
            } else {
                error.into()
            }
        })?;
        tx.commit().await?;
        Ok(project_of(row))
    }

    /// Returns a project.
    pub(crate) async fn get(&self, project: ProjectId) -> Result<Option<Project>, IdentityError> {
        let mut tx = self.0.tenant(project).await?;
        let row: Option<ProjectRow> = sqlx::query_as(
            "select id, organization_id, name, time_zone, number, created_at, allowed_origins
             from project where id = $1",
        )
        .bind(project.uuid())
        .fetch_optional(&mut *tx)
        .await?;
        Ok(row.map(project_of))
    }

    /// Sets a project's settings; returns it as it is then, if it is there.
    pub(crate) async fn update(
        &self,
        project: ProjectId,
        settings: &ProjectSettings,
    ) -> Result<Option<Project>, IdentityError> {
        let mut tx = self.0.tenant(project).await?;
        let row: Option<ProjectRow> = sqlx::query_as(
            "update project set name = $2, time_zone = $3, allowed_origins = $4 where id = $1
             returning id, organization_id, name, time_zone, number, created_at, allowed_origins",
        )
        .bind(project.uuid())
        .bind(&settings.name)
        .bind(&settings.time_zone)
        .bind(&settings.allowed_origins)
        .fetch_optional(&mut *tx)
        .await
        .map_err(|error| {
            if breaks(&error, "project_name_key") {
                IdentityError::NameTaken("project")
            } else {
                error.into()
            }
        })?;
        tx.commit().await?;
        Ok(row.map(project_of))
    }
}

pub(crate) fn project_of(
    (id, organization, name, time_zone, number, created_at, allowed_origins): ProjectRow,
) -> Project {
    Project {
        id: ProjectId::new(id),
        organization: OrganizationId::new(organization),
        name,
        time_zone,
        number,
        created_at,
        allowed_origins,
    }
}
