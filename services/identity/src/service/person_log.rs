//! `observe.identity.v1.PersonLogService`.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use observe_core::error::CommonError;
use observe_core::{CallContext, Clock, PersonId, ProjectId, Violations, respond};
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::apply_events_response::Outcome;
use observe_proto::identity::v1::person_log_service_server::PersonLogService;
use observe_runtime::postgres::Database;
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status};

use crate::erasure::Judged;
use crate::error::IdentityError;
use crate::merge;
use crate::operation::Operation;
use crate::service::erasure::Erasures;
use crate::store::change::ChangeStore;
use crate::store::person::PersonStore;
use crate::store::person_log::PersonLogStore;

/// The most events in one call.
const MAX_EVENTS: usize = 1_000;
/// How many batches may be under way: each holds a connection while it waits for its project's lock, and signing in and
/// the credential look-up need some, too.
const MAX_BATCHES: usize = 3;
/// The most projects in one question for changes.
const MAX_POSITIONS: usize = 10_000;

/// Applies identity events and tells what changed.
pub(crate) struct PersonLog {
    log: PersonLogStore,
    changes: ChangeStore,
    persons: PersonStore,
    erasures: Erasures,
    clock: Arc<dyn Clock>,
    turns: Semaphore,
}

impl PersonLog {
    /// Takes what it reads and writes with.
    pub(crate) fn new(database: &Database, clock: Arc<dyn Clock>, erasures: Erasures) -> Self {
        Self {
            log: PersonLogStore(database.clone()),
            changes: ChangeStore(database.clone()),
            persons: PersonStore(database.clone()),
            erasures,
            clock,
            turns: Semaphore::new(MAX_BATCHES),
        }
    }

    async fn apply(
        &self,
        context: &CallContext,
        request: pb::ApplyEventsRequest,
    ) -> Result<pb::ApplyEventsResponse, IdentityError> {
        context.require_service()?;
        let project = project_id(&request.project_id)?;
        let operations = read_operations(&request)?;
        if operations.is_empty() {
            return Ok(pb::ApplyEventsResponse::default());
        }
        let _turn =
            self.turns.acquire().await.map_err(|error| CommonError::Internal(error.to_string()))?;
        let mut batch = self.log.begin(project).await?.ok_or(CommonError::NotFound("project"))?;
        let uuids: Vec<_> = operations.iter().map(Operation::uuid).collect();
        let mut outcomes: HashMap<_, Outcome> = batch.applied(&uuids).await?;
        let new: Vec<_> = operations
            .iter()
            .filter(|operation| !outcomes.contains_key(&operation.uuid()))
            .collect();
        if !new.is_empty() {
            let cuts = batch.cuts(&new).await?;
            let mut people = batch.load(&new).await?;
            let mut done = Vec::with_capacity(new.len());
            for operation in new {
                // The same event twice in one call is applied once, like the same event in two calls.
                if let Entry::Vacant(place) = outcomes.entry(operation.uuid()) {
                    let outcome = match cuts.judge(operation) {
                        Judged::Whole => merge::apply(&mut people, operation),
                        Judged::WithoutSource(left) => merge::apply(&mut people, &left),
                        Judged::Erased => Outcome::Erased,
                    };
                    place.insert(outcome);
                    done.push((operation.uuid(), outcome));
                }
            }
            batch.commit(&people, &done, self.clock.now()).await?;
            log_what_was_not_done(project, people.skipped_properties(), &done);
        }
        let outcomes = uuids.iter().map(|uuid| i32::from(outcomes[uuid])).collect();
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
}

fn project_id(bytes: &[u8]) -> Result<ProjectId, CommonError> {
    ProjectId::from_bytes(bytes).ok_or(CommonError::NotFound("project"))
}

fn read_operations(request: &pb::ApplyEventsRequest) -> Result<Vec<Operation>, IdentityError> {
    let mut violations = Violations::new();
    violations.require(request.events.len() <= MAX_EVENTS, "events", "must be at most 1,000");
    let operations: Option<Vec<_>> = request.events.iter().map(Operation::read).collect();
    violations.require(operations.is_some(), "events", "must each have a uuid of 16 bytes");
    violations.finish()?;
    Ok(operations.unwrap_or_default())
}

/// Says how much was refused, in numbers: ids and properties are not for logs.
fn log_what_was_not_done(
    project: ProjectId,
    skipped_properties: usize,
    outcomes: &[(uuid::Uuid, Outcome)],
) {
    let is_done = |outcome: &Outcome| matches!(outcome, Outcome::Applied | Outcome::Erased);
    let refused = outcomes.iter().filter(|(_, outcome)| !is_done(outcome)).count();
    if refused > 0 {
        tracing::info!(%project, refused, "identity events refused");
    }
    if skipped_properties > 0 {
        tracing::warn!(%project, skipped_properties, "person properties beyond the limit not taken");
    }
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
