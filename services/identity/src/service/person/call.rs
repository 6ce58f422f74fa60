//! Operations that somebody calls for: they take the path of events, with a uuid of their own.

use observe_core::error::CommonError;
use observe_core::{PersonId, ProjectId, Violations};
use observe_proto::identity::v1 as pb;
use uuid::Uuid;

use super::Persons;
use crate::convert;
use crate::error::IdentityError;
use crate::operation::{Kind, Operation, is_illegal};
use crate::properties::{PropertyChanges, Version};

/// What a call did.
pub(super) struct Called {
    /// The operation's uuid; of one that merged, the merge's id.
    pub(super) operation: Uuid,
    pub(super) merged: bool,
    /// The target's person as it is now.
    pub(super) person: pb::Person,
}

impl Persons {
    /// Applies an operation that happens now, and answers the target's person.
    pub(super) async fn call(
        &self,
        project: ProjectId,
        target: String,
        kind: Kind,
        properties: PropertyChanges,
    ) -> Result<Called, IdentityError> {
        let now = self.clock.now();
        let uuid = self.entropy.uuid(now);
        let version = Version(now.timestamp_millis(), now.timestamp_micros(), uuid);
        let operation = Operation { version, target, kind, properties };
        let merged = self.applier.call(project, &operation).await?;
        let person = match self.store.by_distinct_id(project, &operation.target).await? {
            Some(person) => convert::person(person),
            None => convert::unseen_person(project, operation.target),
        };
        Ok(Called { operation: uuid, merged, person })
    }

    /// Returns a person, or the one it became.
    pub(super) async fn root(
        &self,
        project: ProjectId,
        person_id: &str,
    ) -> Result<PersonId, IdentityError> {
        let id = PersonId::parse(person_id).ok_or(CommonError::NotFound("person"))?;
        let root = self.store.root_of(project, id).await?;
        Ok(root.ok_or(CommonError::NotFound("person"))?)
    }

    /// Returns a person, or the one it became, with its first distinct id, which gave it its id.
    pub(super) async fn first_id(
        &self,
        project: ProjectId,
        person: PersonId,
    ) -> Result<(PersonId, String), IdentityError> {
        let stored = self.store.by_id(project, person).await?;
        let stored = stored.ok_or(CommonError::NotFound("person"))?;
        let gives_id = |id: &String| PersonId::of_distinct_id(project, id) == stored.id;
        let first = stored.distinct_ids.into_iter().find(gives_id);
        Ok((stored.id, first.ok_or(CommonError::NotFound("person"))?))
    }
}

/// Notes an id that no person may have.
pub(super) fn require_legal(field: &str, id: &str, violations: &mut Violations) {
    let expected = "must name somebody, in at most 200 characters";
    violations.require(!is_illegal(id), field, expected);
}
