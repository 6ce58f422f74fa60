//! `observe.reports.v1.CohortService`.

mod listed;

use std::sync::Arc;

use observe_core::context::Permission;
use observe_core::error::CommonError;
use observe_core::{CallContext, Entropy, ProjectId, respond};
use observe_proto::reports::v1 as pb;
use observe_proto::reports::v1::cohort_service_server::CohortService;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::cohort::counter::Counter;
use crate::convert::{cohort, cohort_draft, cohort_rule};
use crate::engine::Slots;
use crate::error::ReportsError;
use crate::published::Published;
use crate::service::persons::PersonPages;
use crate::store::cohort::{COHORT, CohortStore, Draft};

/// Keeps cohorts and tells who is in them.
pub(crate) struct Cohorts {
    pub(crate) counter: Counter,
    /// Where the columns are: ids of persons are told from them.
    pub(crate) published: Arc<Published>,
    /// Where rules are read and persons are looked for.
    pub(crate) slots: Slots,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) pages: PersonPages,
}

impl Cohorts {
    fn store(&self) -> &CohortStore {
        &self.counter.loader.store
    }

    async fn create(
        &self,
        ctx: &CallContext,
        request: pb::CreateCohortRequest,
    ) -> Result<pb::CreateCohortResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Write)?;
        let draft = self.draft(project, request.name, request.description, request.rule).await?;
        let now = self.counter.clock.now();
        let made = self.store().create(project, self.entropy.uuid(now), &draft, now).await?;
        let made = self.counter.counted(project, made).await;
        Ok(pb::CreateCohortResponse { cohort: Some(cohort(&made)?) })
    }

    async fn get(
        &self,
        ctx: &CallContext,
        request: pb::GetCohortRequest,
    ) -> Result<pb::GetCohortResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let row = self.store().get(project, id(&request.cohort_id)?).await?;
        Ok(pb::GetCohortResponse { cohort: Some(cohort(&row)?) })
    }

    async fn list(
        &self,
        ctx: &CallContext,
        request: pb::ListCohortsRequest,
    ) -> Result<pb::ListCohortsResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let rows = self.store().list(project, None).await?;
        let cohorts = rows.iter().map(cohort).collect::<Result<_, _>>()?;
        Ok(pb::ListCohortsResponse { cohorts })
    }

    async fn update(
        &self,
        ctx: &CallContext,
        request: pb::UpdateCohortRequest,
    ) -> Result<pb::UpdateCohortResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Write)?;
        let draft = self.draft(project, request.name, request.description, request.rule).await?;
        let (id, now) = (id(&request.cohort_id)?, self.counter.clock.now());
        let changed = self.store().update(project, id, &draft, now).await?;
        let changed = self.counter.counted(project, changed).await;
        Ok(pb::UpdateCohortResponse { cohort: Some(cohort(&changed)?) })
    }

    async fn delete(
        &self,
        ctx: &CallContext,
        request: pb::DeleteCohortRequest,
    ) -> Result<pb::DeleteCohortResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Write)?;
        self.store().delete(project, id(&request.cohort_id)?).await?;
        Ok(pb::DeleteCohortResponse {})
    }

    async fn preview(
        &self,
        ctx: &CallContext,
        request: pb::PreviewCohortRequest,
    ) -> Result<pb::PreviewCohortResponse, ReportsError> {
        let project = ctx.project(&request.project_id, Permission::Read)?;
        let wire = request.rule.unwrap_or_default();
        let rule = self.slots.compute(project, move |_| Ok(cohort_rule(&wire))).await??;
        let definitions = self.counter.loader.load_rule(project, rule).await?;
        let engine = self.counter.engine.with_cohorts(Arc::new(definitions));
        let persons = engine.cohort_size(project, Uuid::nil()).await?;
        let all = engine.person_count(project).await?;
        Ok(pb::PreviewCohortResponse {
            person_count: i64::try_from(persons).unwrap_or(i64::MAX),
            all_persons: i64::try_from(all).unwrap_or(i64::MAX),
        })
    }

    async fn draft(
        &self,
        project: ProjectId,
        name: String,
        description: String,
        rule: Option<pb::CohortRule>,
    ) -> Result<Draft, ReportsError> {
        let read = move |_: &_| Ok(cohort_draft(&name, &description, rule.as_ref()));
        Ok(self.slots.compute(project, read).await??)
    }
}

fn id(text: &str) -> Result<Uuid, ReportsError> {
    Uuid::parse_str(text).map_err(|_| CommonError::NotFound(COHORT).into())
}

#[tonic::async_trait]
impl CohortService for Cohorts {
    async fn create_cohort(
        &self,
        request: Request<pb::CreateCohortRequest>,
    ) -> Result<Response<pb::CreateCohortResponse>, Status> {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.create(&ctx, request.into_inner()).await)
    }

    async fn get_cohort(
        &self,
        request: Request<pb::GetCohortRequest>,
    ) -> Result<Response<pb::GetCohortResponse>, Status> {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.get(&ctx, request.into_inner()).await)
    }

    async fn list_cohorts(
        &self,
        request: Request<pb::ListCohortsRequest>,
    ) -> Result<Response<pb::ListCohortsResponse>, Status> {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.list(&ctx, request.into_inner()).await)
    }

    async fn update_cohort(
        &self,
        request: Request<pb::UpdateCohortRequest>,
    ) -> Result<Response<pb::UpdateCohortResponse>, Status> {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.update(&ctx, request.into_inner()).await)
    }

    async fn delete_cohort(
        &self,
        request: Request<pb::DeleteCohortRequest>,
    ) -> Result<Response<pb::DeleteCohortResponse>, Status> {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.delete(&ctx, request.into_inner()).await)
    }

    async fn preview_cohort(
        &self,
        request: Request<pb::PreviewCohortRequest>,
    ) -> Result<Response<pb::PreviewCohortResponse>, Status> {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.preview(&ctx, request.into_inner()).await)
    }

    async fn list_cohort_persons(
        &self,
        request: Request<pb::ListCohortPersonsRequest>,
    ) -> Result<Response<pb::ListCohortPersonsResponse>, Status> {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.persons(&ctx, request.into_inner()).await)
    }

    async fn add_cohort_persons(
        &self,
        request: Request<pb::AddCohortPersonsRequest>,
    ) -> Result<Response<pb::AddCohortPersonsResponse>, Status> {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.add(&ctx, request.into_inner()).await)
    }

    async fn remove_cohort_persons(
        &self,
        request: Request<pb::RemoveCohortPersonsRequest>,
    ) -> Result<Response<pb::RemoveCohortPersonsResponse>, Status> {
        let ctx = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.remove(&ctx, request.into_inner()).await)
    }
}
