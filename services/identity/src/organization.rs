//! Organizations and their members: the rules.

use chrono::{DateTime, Utc};
use observe_core::error::CommonError;
use observe_core::{OrganizationId, Violations};
use observe_proto::common::v1::Role;

use crate::account::User;
use crate::error::IdentityError;

/// Shares projects among its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Organization {
    pub(crate) id: OrganizationId,
    pub(crate) name: String,
}

/// A user in an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) user: User,
    pub(crate) role: Role,
    pub(crate) created_at: DateTime<Utc>,
}

/// Returns the role of a request; notes it if it is none.
pub(crate) fn checked_role(role: i32, violations: &mut Violations) -> Role {
    let role = Role::try_from(role).unwrap_or(Role::Unspecified);
    violations.require(
        role != Role::Unspecified,
        "role",
        "must be ROLE_OWNER, ROLE_ADMIN, ROLE_MEMBER or ROLE_VIEWER",
    );
    role
}

/// Admits whoever may bring somebody into the organization with a role, or change a member of this role.
///
/// # Errors
/// `PermissionDenied` for all but owners and admins, and for admins where an owner is concerned.
pub(crate) fn require_may_grant(caller: Role, role: Role) -> Result<(), IdentityError> {
    match (caller, role) {
        (Role::Owner, _) => Ok(()),
        (Role::Admin, Role::Owner) => Err(CommonError::PermissionDenied("touch owners").into()),
        (Role::Admin, _) => Ok(()),
        _ => Err(CommonError::PermissionDenied("administer").into()),
    }
}

/// Admits a change of a member: `next` is the new role, `None` to remove the member.
///
/// # Errors
/// As [`require_may_grant`], for the old role and the new one; members may always remove themselves. `LastOwner` if no
/// owner would be left.
pub(crate) fn require_may_change(
    caller: Role,
    is_self: bool,
    now: Role,
    next: Option<Role>,
    other_owners: i64,
) -> Result<(), IdentityError> {
    if !(is_self && next.is_none()) {
        require_may_grant(caller, now)?;
        require_may_grant(caller, next.unwrap_or(now))?;
    }
    if now == Role::Owner && next != Some(Role::Owner) && other_owners == 0 {
        return Err(IdentityError::LastOwner);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(caller: Role, now: Role, next: Option<Role>) -> bool {
        require_may_change(caller, false, now, next, 1).is_ok()
    }

    #[test]
    fn only_owners_touch_owners() {
        for role in [Role::Owner, Role::Admin, Role::Member, Role::Viewer] {
            assert!(
                change(Role::Owner, role, Some(Role::Owner)) && change(Role::Owner, role, None)
            );
            assert!(!change(Role::Admin, role, Some(Role::Owner)));
            assert!(!change(Role::Admin, Role::Owner, Some(role)));
            assert!(!change(Role::Member, role, None) && !change(Role::Viewer, role, None));
        }
        assert!(!change(Role::Admin, Role::Owner, None));
        assert!(change(Role::Admin, Role::Admin, None));
        assert!(change(Role::Admin, Role::Member, Some(Role::Admin)));
        assert!(!change(Role::Unspecified, Role::Viewer, None));
    }

    #[test]
    fn everybody_may_leave_except_the_last_owner() {
        let leave = |role, others| require_may_change(role, true, role, None, others);
        assert!(leave(Role::Viewer, 1).is_ok() && leave(Role::Owner, 1).is_ok());
        assert!(matches!(leave(Role::Owner, 0), Err(IdentityError::LastOwner)));
        let demoted = require_may_change(Role::Owner, true, Role::Owner, Some(Role::Admin), 0);
        assert!(matches!(demoted, Err(IdentityError::LastOwner)));
        assert!(require_may_change(Role::Owner, true, Role::Owner, Some(Role::Owner), 0).is_ok());
        let raised = require_may_change(Role::Member, true, Role::Member, Some(Role::Admin), 1);
        assert!(raised.is_err(), "nobody raises himself");
    }
}
