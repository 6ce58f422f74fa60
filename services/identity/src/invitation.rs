//! Invitations: the rules.

use chrono::{DateTime, TimeDelta, Utc};
use observe_core::{OrganizationId, UserId};
use observe_proto::common::v1::Role;
use uuid::Uuid;

/// How long a link is good.
pub(crate) const LIFETIME: TimeDelta = TimeDelta::days(7);
/// How many open invitations an organization may have.
pub(crate) const MAX_OPEN: i64 = 100;

/// An open link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Invitation {
    pub(crate) id: Uuid,
    /// For whom; empty if it was not said.
    pub(crate) email: String,
    pub(crate) role: Role,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) expire_at: DateTime<Utc>,
}

/// An invitation that is to be made.
#[derive(Clone, Debug)]
pub(crate) struct NewInvitation {
    pub(crate) invitation: Invitation,
    pub(crate) organization: OrganizationId,
    pub(crate) created_by: UserId,
    pub(crate) token_hash: [u8; 32],
}

/// What a link is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Welcome {
    pub(crate) organization_name: String,
    pub(crate) email: String,
    pub(crate) role: Role,
}
