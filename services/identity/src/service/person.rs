//! `observe.identity.v1.PersonService`.

use observe_core::context::Permission;
use observe_core::error::CommonError;
use observe_core::{CallContext, PersonId, ProjectId, Violations, respond};
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::get_person_request::Id;
use observe_proto::identity::v1::person_service_server::PersonService;
use tonic::{Request, Response, Status};

use crate::convert;
use crate::error::IdentityError;
use crate::operation::is_illegal;
use crate::store::person::PersonStore;

/// Reads persons.
pub(crate) struct Persons {
    pub(crate) store: PersonStore,
}

impl Persons {
    async fn get(
        &self,
        context: &CallContext,
        request: pb::GetPersonRequest,
    ) -> Result<pb::GetPersonResponse, IdentityError> {
        let project = context.project(&request.project_id, Permission::Read)?;
        let person = match request.id {
            Some(Id::DistinctId(id)) if !id.is_empty() => self.by_distinct_id(project, id).await?,
            Some(Id::PersonId(id)) if !id.is_empty() => self.by_id(project, &id).await?,
            _ => {
                let mut violations = Violations::new();
                violations.add("id", "person_id or distinct_id is needed");
                return Err(violations.into());
            }
        };
        Ok(pb::GetPersonResponse { person: Some(person) })
    }

    async fn by_distinct_id(
        &self,
        project: ProjectId,
        id: String,
    ) -> Result<pb::Person, IdentityError> {
        // An illegal id has no row, and not every one of them is a text that the database takes.
        let stored =
            if is_illegal(&id) { None } else { self.store.by_distinct_id(project, &id).await? };
        Ok(stored.map_or_else(|| convert::unseen_person(project, id), convert::person))
    }

    async fn by_id(&self, project: ProjectId, id: &str) -> Result<pb::Person, IdentityError> {
        let id = PersonId::parse(id).ok_or(CommonError::NotFound("person"))?;
        let stored = self.store.by_id(project, id).await?.ok_or(CommonError::NotFound("person"))?;
        Ok(convert::person(stored))
    }
}

#[tonic::async_trait]
impl PersonService for Persons {
    async fn get_person(
        &self,
        request: Request<pb::GetPersonRequest>,
    ) -> Result<Response<pb::GetPersonResponse>, Status> {
        let context = respond(CallContext::from_request(&request))?.into_inner();
        respond(self.get(&context, request.into_inner()).await)
    }
}
