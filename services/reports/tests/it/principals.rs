//! Who calls.

use observe_core::context::wire::ContextSigner;
use observe_core::{KeyId, Principal, ProjectId, Secret, SessionId, UserId};
use observe_proto::common::v1::{KeyKind, Role};
use uuid::Uuid;

use crate::{SECRET, project};

pub(crate) fn signer() -> ContextSigner {
    ContextSigner::new(&Secret::new(SECRET))
}

/// A project's secret key.
pub(crate) fn key(project: ProjectId) -> Principal {
    Principal::Key { key: KeyId::new(Uuid::nil()), project, kind: KeyKind::Secret }
}

/// A user with a role in [`project`].
pub(crate) fn user(role: Role) -> Principal {
    Principal::Session {
        user: UserId::new(Uuid::from_u128(5)),
        session: SessionId::new(Uuid::from_u128(6)),
        projects: vec![(project(), role)],
        organizations: vec![],
    }
}
