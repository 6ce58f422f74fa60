//! Changing what is known of a person, and how it came to be.

use observe_core::context::Permission;
use observe_core::error::CommonError;
use observe_core::json::from_struct;
use observe_core::{CallContext, PersonId, Violations};
use observe_proto::identity::v1 as pb;
use observe_proto::identity::v1::set_properties_request::Id;

use super::Persons;
use crate::convert;
use crate::error::IdentityError;
use crate::operation::Kind;
use crate::properties::PropertyChanges;
use crate::service::page::Page;

impl Persons {
    pub(super) async fn change_properties(
        &self,
        context: &CallContext,
        request: pb::SetPropertiesRequest,
    ) -> Result<pb::SetPropertiesResponse, IdentityError> {
        let project = context.project(&request.project_id, Permission::Write)?;
        let mut violations = Violations::new();
        let properties = property_changes(request.properties, &mut violations);
        violations.require(!properties.is_empty(), "properties", "must change something");
        let distinct_id = match request.id {
            Some(Id::DistinctId(id)) => {
                super::require_legal("distinct_id", &id, &mut violations);
                violations.finish()?;
                id
            }
            Some(Id::PersonId(id)) => {
                violations.finish()?;
                let id = PersonId::parse(&id).ok_or(CommonError::NotFound("person"))?;
                self.first_id(project, id).await?.1
            }
            None => {
                violations.add("id", "person_id or distinct_id is needed");
                return Err(violations.into());
            }
        };
        let person = self.call(project, distinct_id, Kind::Properties, properties).await?.person;
        Ok(pb::SetPropertiesResponse { person: Some(person) })
    }

    pub(super) async fn property_changes(
        &self,
        context: &CallContext,
        request: pb::ListPropertyChangesRequest,
    ) -> Result<pb::ListPropertyChangesResponse, IdentityError> {
        let project = context.project(&request.project_id, Permission::Read)?;
        let mut violations = Violations::new();
        let about = ("property changes", project, &[&*request.person_id, &*request.key][..]);
        let asked = (request.page_size, request.page_token.as_str());
        let page = Page::read(&self.page_tokens, about, asked, &mut violations);
        violations.finish()?;
        let person = self.root(project, &request.person_id).await?;
        let key = (!request.key.is_empty()).then(|| request.key.replace('\0', "\u{fffd}"));
        let store = &self.property_changes;
        let mut rows =
            store.list(project, person, key.as_deref(), page.before, page.limit()).await?;
        let next_page_token = page.finish(&self.page_tokens, &mut rows, |row| row.number);
        let changes = rows.into_iter().map(convert::property_change).collect();
        Ok(pb::ListPropertyChangesResponse { changes, next_page_token })
    }
}

/// Reads what shall change; notes what is wrong with it.
pub(super) fn property_changes(
    update: Option<pb::PropertyUpdate>,
    violations: &mut Violations,
) -> PropertyChanges {
    let update = update.unwrap_or_default();
    let mut members = |given: Option<prost_types::Struct>, field: &str| {
        let members = from_struct(given.unwrap_or_default());
        violations.require(members.is_some(), field, "must hold finite numbers only");
        members.unwrap_or_default()
    };
    PropertyChanges {
        set_once: members(update.set_once, "properties.set_once"),
        set: members(update.set, "properties.set"),
        unset: update.unset,
    }
}
