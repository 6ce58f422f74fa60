//! On whose behalf a call runs. Every use case takes a [`CallContext`] first and asks it before it touches anything.

pub mod wire;

use observe_proto::common::v1::{KeyKind, Role};

use crate::error::CommonError;
use crate::id::{KeyId, OrganizationId, ProjectId, SessionId, UserId};

/// The verified context of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallContext {
    /// The request this call belongs to, for logs.
    pub request_id: String,
    /// The caller's address as the edge saw it; empty for services.
    pub client_address: String,
    /// Who calls.
    pub principal: Principal,
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// A caller without a credential.
    Anonymous,
    /// A signed-in user.
    Session {
        /// The user.
        user: UserId,
        /// The session, so that it can be ended.
        session: SessionId,
        /// Every project within reach.
        projects: Vec<(ProjectId, Role)>,
        /// Every organization within reach.
        organizations: Vec<(OrganizationId, Role)>,
    },
    /// A project's key.
    Key {
        /// The key.
        key: KeyId,
        /// Its project.
        project: ProjectId,
        /// What it may do.
        kind: KeyKind,
    },
    /// Another service, by name.
    Service(String),
}

const NO_CREDENTIAL: CommonError = CommonError::Unauthenticated("a credential is needed");

/// What a caller wants to do with a project. Roles grant them as [`Permission::granted_to`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// See what the project holds.
    Read,
    /// Change what the project holds.
    Write,
    /// Remove a person for good. Roles as [`Self::Administer`], and secret keys: a program has to be able to do it.
    Erase,
    /// Change the project itself: its keys and settings.
    Administer,
}

impl Permission {
    fn granted_to(self, role: Role) -> bool {
        match self {
            Self::Read => role != Role::Unspecified,
            Self::Write => matches!(role, Role::Owner | Role::Admin | Role::Member),
            Self::Erase | Self::Administer => matches!(role, Role::Owner | Role::Admin),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Erase => "erase",
            Self::Administer => "administer",
        }
    }
}

impl CallContext {
    /// Makes the context of work that a service does on its own.
    #[must_use]
    pub fn service(name: &str, request_id: String) -> Self {
        let principal = Principal::Service(name.to_owned());
        Self { request_id, client_address: String::new(), principal }
    }

    /// Takes the context that the server's layer verified.
    ///
    /// # Errors
    /// `Unauthenticated` if there is none.
    pub fn from_request<T>(request: &tonic::Request<T>) -> Result<Self, CommonError> {
        let found = request.extensions().get::<Self>().cloned();
        found.ok_or(CommonError::Unauthenticated("no call context"))
    }

    /// Returns the project the request is about: the one it names, or the key's own when it names none.
    ///
    /// # Errors
    /// `NotFound` for a project that is absent or out of reach (the caller cannot tell which), `PermissionDenied` for a
    /// role or key that may not do this, `Unauthenticated` without a credential.
    pub fn project(
        &self,
        project_id: &str,
        permission: Permission,
    ) -> Result<ProjectId, CommonError> {
        let wanted = match (project_id, &self.principal) {
            ("", Principal::Key { project, .. }) => *project,
            (text, _) => ProjectId::parse(text).ok_or(CommonError::NotFound("project"))?,
        };
        let role = match &self.principal {
            Principal::Anonymous => return Err(NO_CREDENTIAL),
            // A service asks on behalf of whoever it answers, whom it has checked itself; it changes nothing this way.
            Principal::Service(_) => Role::Viewer,
            Principal::Session { projects, .. } => {
                let found = projects.iter().find(|(id, _)| *id == wanted);
                found.map(|(_, role)| *role).ok_or(CommonError::NotFound("project"))?
            }
            Principal::Key { project, .. } if *project != wanted => {
                return Err(CommonError::NotFound("project"));
            }
            Principal::Key { kind: KeyKind::Secret, .. } if permission == Permission::Erase => {
                return Ok(wanted);
            }
            // A secret key acts as a member; a write key may only capture, which is not decided here.
            Principal::Key { kind: KeyKind::Secret, .. } => Role::Member,
            Principal::Key { .. } => return Err(CommonError::PermissionDenied(permission.name())),
        };
        if permission.granted_to(role) {
            Ok(wanted)
        } else {
            Err(CommonError::PermissionDenied(permission.name()))
        }
    }

    /// Returns the organization the request is about: the one it names, or the user's only one when it names none.
    ///
    /// # Errors
    /// As [`Self::project`].
    pub fn organization(
        &self,
        organization_id: &str,
        permission: Permission,
    ) -> Result<OrganizationId, CommonError> {
        let organizations = match &self.principal {
            Principal::Session { organizations, .. } => organizations,
            Principal::Anonymous => return Err(NO_CREDENTIAL),
            _ => return Err(CommonError::PermissionDenied(permission.name())),
        };
        let found = match (organization_id, organizations.as_slice()) {
            ("", [only]) => Some(only),
            (text, all) => {
                let wanted = OrganizationId::parse(text);
                all.iter().find(|(id, _)| Some(*id) == wanted)
            }
        };
        let (id, role) = found.ok_or(CommonError::NotFound("organization"))?;
        if permission.granted_to(*role) {
            Ok(*id)
        } else {
            Err(CommonError::PermissionDenied(permission.name()))
        }
    }

    /// Returns the signed-in user and session.
    ///
    /// # Errors
    /// `Unauthenticated` without a credential, `PermissionDenied` for every other caller.
    pub fn session(&self) -> Result<(UserId, SessionId), CommonError> {
        match &self.principal {
            Principal::Session { user, session, .. } => Ok((*user, *session)),
            Principal::Anonymous => Err(NO_CREDENTIAL),
            _ => Err(CommonError::PermissionDenied("session")),
        }
    }

    /// Admits only other services.
    ///
    /// # Errors
    /// `PermissionDenied` for every other caller.
    pub fn require_service(&self) -> Result<&str, CommonError> {
        match &self.principal {
            Principal::Service(name) => Ok(name),
            _ => Err(CommonError::PermissionDenied("internal")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn project(n: u128) -> ProjectId {
        ProjectId::new(Uuid::from_u128(n))
    }

    fn context(principal: Principal) -> CallContext {
        CallContext { request_id: String::new(), client_address: String::new(), principal }
    }

    fn key(kind: KeyKind) -> CallContext {
        context(Principal::Key { key: KeyId::new(Uuid::nil()), project: project(1), kind })
    }

    #[test]
    fn a_key_reaches_its_own_project_only() {
        let secret = key(KeyKind::Secret);
        assert_eq!(secret.project("", Permission::Read).expect("its own"), project(1));
        assert!(matches!(
            secret.project(&project(2).to_string(), Permission::Read),
            Err(CommonError::NotFound("project"))
        ));
        assert!(matches!(
            secret.project("", Permission::Administer),
            Err(CommonError::PermissionDenied(_))
        ));
        assert_eq!(secret.project("", Permission::Erase).expect("a program may"), project(1));
        assert!(matches!(
            secret.project(&project(2).to_string(), Permission::Erase),
            Err(CommonError::NotFound("project"))
        ));
        assert!(matches!(
            key(KeyKind::Write).project("", Permission::Erase),
            Err(CommonError::PermissionDenied("erase"))
        ));
    }

    #[test]
    fn only_owners_and_admins_erase() {
        for (role, may) in
            [(Role::Owner, true), (Role::Admin, true), (Role::Member, false), (Role::Viewer, false)]
        {
            let session = context(Principal::Session {
                user: UserId::new(Uuid::nil()),
                session: SessionId::new(Uuid::nil()),
                projects: vec![(project(1), role)],
                organizations: vec![],
            });
            let answer = session.project(&project(1).to_string(), Permission::Erase);
            assert_eq!(answer.is_ok(), may, "{role:?}");
        }
    }

    #[test]
    fn a_service_reads_the_project_it_names_and_changes_nothing() {
        let service = CallContext::service("reports", String::new());
        let id = project(2).to_string();
        assert_eq!(service.project(&id, Permission::Read).expect("it reads"), project(2));
        assert!(matches!(
            service.project(&id, Permission::Write),
            Err(CommonError::PermissionDenied("write"))
        ));
        assert!(matches!(
            service.project("", Permission::Read),
            Err(CommonError::NotFound("project"))
        ));
    }

    #[test]
    fn a_write_key_reads_nothing() {
        let write = key(KeyKind::Write);
        assert!(matches!(
            write.project("", Permission::Read),
            Err(CommonError::PermissionDenied(_))
        ));
    }

    #[test]
    fn who_has_no_credential_is_told_so_whatever_is_asked_for() {
        let anonymous = context(Principal::Anonymous);
        let organization = OrganizationId::new(Uuid::from_u128(1)).to_string();
        for refused in [
            anonymous.project(&project(1).to_string(), Permission::Read).err(),
            anonymous.organization(&organization, Permission::Read).err(),
            anonymous.session().err(),
        ] {
            assert!(matches!(refused, Some(CommonError::Unauthenticated(_))), "{refused:?}");
        }
    }

    #[test]
    fn a_foreign_project_and_one_that_is_none_are_refused_alike() {
        let session = context(Principal::Session {
            user: UserId::new(Uuid::nil()),
            session: SessionId::new(Uuid::nil()),
            projects: vec![(project(1), Role::Owner)],
            organizations: vec![],
        });
        for caller in [session, key(KeyKind::Secret), key(KeyKind::Write)] {
            for id in [project(2).to_string(), "nonsense".to_owned()] {
                let refused = caller.project(&id, Permission::Read);
                assert!(matches!(refused, Err(CommonError::NotFound("project"))), "{id}");
            }
        }
    }

    #[test]
    fn a_session_is_bound_to_its_roles() {
        let session = context(Principal::Session {
            user: UserId::new(Uuid::nil()),
            session: SessionId::new(Uuid::nil()),
            projects: vec![(project(1), Role::Viewer)],
            organizations: vec![],
        });
        let id = project(1).to_string();
        assert!(session.project(&id, Permission::Read).is_ok());
        assert!(matches!(
            session.project(&id, Permission::Write),
            Err(CommonError::PermissionDenied(_))
        ));
        assert!(matches!(
            session.project("nonsense", Permission::Read),
            Err(CommonError::NotFound(_))
        ));
    }
}
