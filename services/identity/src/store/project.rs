//! Projects.

use chrono::{DateTime, Utc};
use observe_core::{OrganizationId, ProjectId};
use observe_runtime::postgres::Database;
use sqlx::types::Uuid;

use crate::error::{IdentityError, breaks};
use crate::privacy::{ClientAddress, Privacy};
use crate::project::{NewProject, Project, ProjectSettings};
use crate::retention::Retention;
use crate::store::organization::ORGANIZATION_SETTING;

/// A project's row.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct ProjectRow {
    id: Uuid,
    organization_id: Uuid,
    name: String,
    time_zone: String,
    number: i64,
    created_at: DateTime<Utc>,
    allowed_origins: Vec<String>,
    client_address: String,
    without_place: bool,
    event_days: i32,
    exception_days: i32,
}

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
             returning id, organization_id, name, time_zone, number, created_at, allowed_origins,
                       client_address, without_place, event_days, exception_days",
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
            "select id, organization_id, name, time_zone, number, created_at, allowed_origins,
                    client_address, without_place, event_days, exception_days
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
            "update project
             set name = $2, time_zone = $3, allowed_origins = $4,
                 client_address = $5, without_place = $6, event_days = $7, exception_days = $8
             where id = $1
             returning id, organization_id, name, time_zone, number, created_at, allowed_origins,
                       client_address, without_place, event_days, exception_days",
        )
        .bind(project.uuid())
        .bind(&settings.name)
        .bind(&settings.time_zone)
        .bind(&settings.allowed_origins)
        .bind(settings.privacy.client_address.text())
        .bind(settings.privacy.without_place)
        .bind(settings.retention.event_days)
        .bind(settings.retention.exception_days)
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

pub(crate) fn project_of(row: ProjectRow) -> Project {
    Project {
        id: ProjectId::new(row.id),
        organization: OrganizationId::new(row.organization_id),
        name: row.name,
        time_zone: row.time_zone,
        number: row.number,
        created_at: row.created_at,
        allowed_origins: row.allowed_origins,
        privacy: Privacy {
            client_address: ClientAddress::from_text(&row.client_address),
            without_place: row.without_place,
        },
        retention: Retention { event_days: row.event_days, exception_days: row.exception_days },
    }
}
