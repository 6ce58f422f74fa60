//! `observe.identity.v1.StoredPersonService`.

use observe_core::error::CommonError;
use observe_core::{CallContext, ProjectId, Violations, respond};
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::stored_person_service_server::StoredPersonService;
use sqlx::types::Uuid;
use tonic::{Request, Response, Status};

use crate::error::IdentityError;
use crate::store::person::StoredPerson;
use crate::store::stored_person::StoredPersonStore;

/// Hands out persons as they are.
pub(crate) struct StoredPersons {
    pub(crate) store: StoredPersonStore,
}

impl StoredPersons {
    async fn read(
        &self,
        context: &CallContext,
        request: &pb::ReadStoredPersonsRequest,
    ) -> Result<pb::ReadStoredPersonsResponse, IdentityError> {
        context.require_service()?;
        let project =
            ProjectId::from_bytes(&request.project_id).ok_or(CommonError::NotFound("project"))?;
        let is_start = request.after_person_id.is_empty();
        // Nobody has the nil id, so that everybody comes after it.
        let after =
            if is_start { Ok(Uuid::nil()) } else { Uuid::from_slice(&request.after_person_id) };
        let mut violations = Violations::new();
        violations.require(after.is_ok(), "after_person_id", "must have 16 bytes");
        violations.finish()?;
        let person_count = if is_start { self.store.count(project).await? } else { 0 };
        let page = self.store.page(project, after.unwrap_or_default()).await?;
        let persons = page.into_iter().map(to_wire).collect::<Result<_, _>>()?;
        Ok(pb::ReadStoredPersonsResponse { persons, person_count })
    }
}

fn to_wire(person: StoredPerson) -> Result<pb::StoredPerson, IdentityError> {
    let properties_json = serde_json::to_string(&person.properties.document())
        .map_err(|error| CommonError::Internal(error.to_string()))?;
    Ok(pb::StoredPerson {
        person_id: person.id.to_bytes(),
        distinct_ids: person.distinct_ids,
        properties_json,
        identified: person.identified,
        created_us: person.created_at.timestamp_micros(),
    })
}

#[tonic::async_trait]
impl StoredPersonService for StoredPersons {
    async fn read_stored_persons(
        &self,
        request: Request<pb::ReadStoredPersonsRequest>,
    ) -> Result<Response<pb::ReadStoredPersonsResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.read(&context, request.get_ref()).await)
    }
}
