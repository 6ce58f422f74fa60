//! `observe.identity.v1.PersonLogService`.

use std::sync::Arc;

use observe_core::error::CommonError;
use observe_core::{CallContext, PersonId, ProjectId, Violations, respond};
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::person_log_service_server::PersonLogService;
use observe_runtime::postgres::Database;
use tonic::{Request, Response, Status};

use crate::apply::{Applier, Given};
use crate::convert;
use crate::error::IdentityError;
use crate::service::erasure::Erasures;
use crate::store::change::ChangeStore;
use crate::store::person::PersonStore;

/// The most events in one call.
const MAX_EVENTS: usize = 1_000;
/// The most projects in one question for changes.
const MAX_POSITIONS: usize = 10_000;
/// The most persons in one question for them: as many as a page of people behind a number.
const MAX_PERSONS: usize = 200;
/// The most distinct ids of each of these.
const MAX_IDS_OF_EACH: i64 = 100;

/// Applies identity events and tells what changed.
pub(crate) struct PersonLog {
    applier: Arc<Applier>,
    changes: ChangeStore,
    persons: PersonStore,
    erasures: Erasures,
}

impl PersonLog {
    /// Takes what it reads and writes with.
    pub(crate) fn new(database: &Database, applier: Arc<Applier>, erasures: Erasures) -> Self {
        Self {
            applier,
            changes: ChangeStore(database.clone()),
            persons: PersonStore(database.clone()),
            erasures,
        }
    }

    async fn apply(
        &self,
        context: &CallContext,
        request: pb::ApplyEventsRequest,
    ) -> Result<pb::ApplyEventsResponse, IdentityError> {
        context.require_service()?;
        let project = project_id(&request.project_id)?;
        let given = read_operations(&request)?;
        if given.is_empty() {
            return Ok(pb::ApplyEventsResponse::default());
        }
        let outcomes = self.applier.apply(project, &given).await?;
        let outcomes =
            given.iter().map(|given| i32::from(outcomes[&given.operation.uuid()])).collect();
        Ok(pb::ApplyEventsResponse { outcomes })
    }

    async fn read_changes(
        &self,
        context: &CallContext,
        request: pb::ReadChangesRequest,
    ) -> Result<pb::ReadChangesResponse, IdentityError> {
        context.require_service()?;
        let mut violations = Violations::new();
        let fits = request.positions.len() <= MAX_POSITIONS;
        violations.require(fits, "positions", "must be at most 10,000");
        violations.finish()?;
        // What is no id is no project of ours, and has no changes.
        let position = |position: &pb::ChangePosition| {
            Some((ProjectId::from_bytes(&position.project_id)?, position.after_number))
        };
        let positions: Vec<_> = request.positions.iter().filter_map(position).collect();
        let projects =
            if positions.is_empty() { Vec::new() } else { self.changes.read(&positions).await? };
        Ok(pb::ReadChangesResponse { projects })
    }

    async fn list_distinct_ids(
        &self,
        context: &CallContext,
        request: pb::ListDistinctIdsRequest,
    ) -> Result<pb::ListDistinctIdsResponse, IdentityError> {
        context.require_service()?;
        let project = project_id(&request.project_id)?;
        let distinct_ids = match PersonId::from_bytes(&request.person_id) {
            Some(person) => self.persons.distinct_ids(project, person).await?,
            None => Vec::new(),
        };
        Ok(pb::ListDistinctIdsResponse { distinct_ids })
    }

    /// Answers who is behind a number, by their ids.
    async fn read_persons(
        &self,
        context: &CallContext,
        request: pb::ReadPersonsRequest,
    ) -> Result<pb::ReadPersonsResponse, IdentityError> {
        context.require_service()?;
        let project = project_id(&request.project_id)?;
        let mut violations = Violations::new();
        let fits = request.person_ids.len() <= MAX_PERSONS;
        violations.require(fits, "person_ids", "must be at most 200");
        violations.finish()?;
        // What is no id is no person of ours.
        let ids: Vec<_> =
            request.person_ids.iter().filter_map(|id| PersonId::from_bytes(id)).collect();
        let found = if ids.is_empty() {
            Vec::new()
        } else {
            self.persons.among(project, &ids, MAX_IDS_OF_EACH).await?
        };
        Ok(pb::ReadPersonsResponse { persons: found.into_iter().map(convert::person).collect() })
    }
}

fn project_id(bytes: &[u8]) -> Result<ProjectId, CommonError> {
    ProjectId::from_bytes(bytes).ok_or(CommonError::NotFound("project"))
}

fn read_operations(request: &pb::ApplyEventsRequest) -> Result<Vec<Given<'_>>, IdentityError> {
    let mut violations = Violations::new();
    violations.require(request.events.len() <= MAX_EVENTS, "events", "must be at most 1,000");
    let given: Option<Vec<_>> = request.events.iter().map(Given::read).collect();
    violations.require(given.is_some(), "events", "must each have a uuid of 16 bytes");
    violations.finish()?;
    Ok(given.unwrap_or_default())
}

#[tonic::async_trait]
impl PersonLogService for PersonLog {
    async fn apply_events(
        &self,
        request: Request<pb::ApplyEventsRequest>,
    ) -> Result<Response<pb::ApplyEventsResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.apply(&context, request.into_inner()).await)
    }

    async fn read_changes(
        &self,
        request: Request<pb::ReadChangesRequest>,
    ) -> Result<Response<pb::ReadChangesResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.read_changes(&context, request.into_inner()).await)
    }

    async fn list_distinct_ids(
        &self,
        request: Request<pb::ListDistinctIdsRequest>,
    ) -> Result<Response<pb::ListDistinctIdsResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.list_distinct_ids(&context, request.into_inner()).await)
    }

    async fn read_persons(
        &self,
        request: Request<pb::ReadPersonsRequest>,
    ) -> Result<Response<pb::ReadPersonsResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.read_persons(&context, request.into_inner()).await)
    }

    async fn read_erasures(
        &self,
        request: Request<pb::ReadErasuresRequest>,
    ) -> Result<Response<pb::ReadErasuresResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.erasures.read(&context, request.into_inner()).await)
    }

    async fn confirm_erasure(
        &self,
        request: Request<pb::ConfirmErasureRequest>,
    ) -> Result<Response<pb::ConfirmErasureResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.erasures.confirm(&context, request.into_inner()).await)
    }
}
