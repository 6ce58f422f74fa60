//! From our types to those of the contracts.

pub(crate) mod erasure;

use chrono::{DateTime, Utc};
use observe_core::json::to_value;
use observe_core::{PersonId, ProjectId, SessionId};
use observe_proto::common::v1 as common;
use observe_proto::identity::v1 as pb;
use prost_types::{Struct, Timestamp};
use serde_json::Value;
use sqlx::types::Json;

use crate::account::{Membership, Reach, Session, SessionAccess, User};
use crate::invitation::Invitation;
use crate::key::Key;
use crate::operation::Cause;
use crate::organization::{Member, Organization};
use crate::person::{ChangeCause, MAX_NAMED_IDS};
use crate::privacy::{ClientAddress, Privacy};
use crate::project::Project;
use crate::refusal::{message, split_trouble};
use crate::retention::Retention;
use crate::store::group::StoredGroup;
use crate::store::merge::MergeRow;
use crate::store::person::StoredPerson;
use crate::store::property_change::PropertyChangeRow;
use crate::store::refusal::RefusedRow;

/// Milliseconds since 1970 of the last instant that a timestamp column and a `google.protobuf.Timestamp` both hold.
const MAX_MILLIS: i64 = 253_402_300_799_999;

/// Returns the instant of milliseconds since 1970, moved into the range that can be stored.
pub(crate) fn instant(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis.clamp(0, MAX_MILLIS)).unwrap_or(DateTime::UNIX_EPOCH)
}

pub(crate) fn timestamp(at: DateTime<Utc>) -> Timestamp {
    let nanos = i32::try_from(at.timestamp_subsec_nanos()).unwrap_or(0);
    Timestamp { seconds: at.timestamp(), nanos }
}

pub(crate) fn user(user: User) -> pb::User {
    pb::User { id: user.id.to_string(), email: user.email, name: user.name }
}

fn membership(membership: Membership) -> pb::Membership {
    pb::Membership {
        organization_id: membership.organization.to_string(),
        organization_name: membership.organization_name,
        role: membership.role.into(),
    }
}

pub(crate) fn me(reach: Reach) -> pb::GetMeResponse {
    pb::GetMeResponse {
        user: Some(user(reach.user)),
        memberships: reach.memberships.into_iter().map(membership).collect(),
        projects: reach.projects.into_iter().map(project).collect(),
    }
}

pub(crate) fn session(session: Session, current: SessionId) -> pb::Session {
    pb::Session {
        id: session.id.to_string(),
        created_time: Some(timestamp(session.created_at)),
        last_used_time: Some(timestamp(session.last_used_at)),
        current: session.id == current,
    }
}

pub(crate) fn organization(organization: Organization) -> pb::Organization {
    pb::Organization { id: organization.id.to_string(), name: organization.name }
}

pub(crate) fn member(member: Member) -> pb::Member {
    pb::Member {
        user: Some(user(member.user)),
        role: member.role.into(),
        created_time: Some(timestamp(member.created_at)),
    }
}

pub(crate) fn invitation(invitation: Invitation) -> pb::Invitation {
    pb::Invitation {
        id: invitation.id.to_string(),
        email: invitation.email,
        role: invitation.role.into(),
        created_time: Some(timestamp(invitation.created_at)),
        expire_time: Some(timestamp(invitation.expire_at)),
    }
}

pub(crate) fn project(project: Project) -> pb::Project {
    pb::Project {
        id: project.id.to_string(),
        organization_id: project.organization.to_string(),
        name: project.name,
        time_zone: project.time_zone,
        number: project.number,
        created_time: Some(timestamp(project.created_at)),
        allowed_origins: project.allowed_origins,
        privacy: Some(privacy(project.privacy)),
        retention: Some(retention(project.retention)),
    }
}

pub(crate) fn privacy(privacy: Privacy) -> pb::PrivacySettings {
    use pb::privacy_settings::ClientAddress as WireAddress;
    let client_address = match privacy.client_address {
        ClientAddress::Kept => WireAddress::Kept,
        ClientAddress::Truncated => WireAddress::Truncated,
        ClientAddress::Dropped => WireAddress::Dropped,
    };
    pb::PrivacySettings {
        client_address: client_address.into(),
        without_place: privacy.without_place,
    }
}

pub(crate) fn retention(retention: Retention) -> pb::RetentionSettings {
    pb::RetentionSettings {
        event_days: retention.event_days,
        exception_days: retention.exception_days,
    }
}

pub(crate) fn key(key: Key) -> pb::Key {
    let kind = match key.kind {
        common::KeyKind::Secret => pb::key::Kind::Secret,
        common::KeyKind::Write | common::KeyKind::Unspecified => pb::key::Kind::Write,
    };
    pb::Key {
        id: key.id.to_string(),
        project_id: key.project.to_string(),
        name: key.name,
        kind: kind.into(),
        token_prefix: key.token_prefix,
        created_time: Some(timestamp(key.created_at)),
        write_token: key.write_token.unwrap_or_default(),
        exposed_time: key.exposed_at.map(timestamp),
    }
}

pub(crate) fn session_principal(access: &SessionAccess) -> common::SessionPrincipal {
    common::SessionPrincipal {
        user_id: access.user.to_string(),
        session_id: access.session.to_string(),
        projects: access
            .projects
            .iter()
            .map(|(id, role)| common::ProjectAccess { id: id.to_string(), role: (*role).into() })
            .collect(),
        organizations: access
            .organizations
            .iter()
            .map(|(id, role)| common::OrganizationAccess {
                id: id.to_string(),
                role: (*role).into(),
            })
            .collect(),
    }
}

pub(crate) fn person(person: StoredPerson) -> pb::Person {
    pb::Person {
        id: person.id.to_string(),
        distinct_ids: person.distinct_ids,
        properties: Some(observe_core::json::to_struct(person.properties.document())),
        created_time: Some(timestamp(person.created_at)),
        identified: person.identified,
    }
}

/// Returns the number under which a cause of merges is stored.
pub(crate) fn merge_cause_number(cause: Cause) -> i16 {
    let cause = match cause {
        Cause::Unknown => pb::merge::Cause::Unspecified,
        Cause::Identify => pb::merge::Cause::Identify,
        Cause::Alias => pb::merge::Cause::Alias,
        Cause::MergeDangerously => pb::merge::Cause::MergeDangerously,
        Cause::MergePersons => pb::merge::Cause::MergePersons,
    };
    i16::try_from(i32::from(cause)).unwrap_or(0)
}

/// Returns the number under which a cause of changed properties is stored.
pub(crate) fn change_cause_number(cause: ChangeCause) -> i16 {
    let cause = match cause {
        ChangeCause::Update => pb::property_change::Cause::Update,
        ChangeCause::Merge => pb::property_change::Cause::Merge,
        ChangeCause::Split => pb::property_change::Cause::Split,
    };
    i16::try_from(i32::from(cause)).unwrap_or(0)
}

pub(crate) fn merge(row: MergeRow) -> pb::Merge {
    let trouble = split_trouble(row.cause, row.undone_at.is_some());
    pb::Merge {
        id: row.op_id.to_string(),
        cause: row.cause.into(),
        source_person_id: row.source.map(|id| id.to_string()).unwrap_or_default(),
        target_person_id: row.target.to_string(),
        moved_distinct_ids: row.moved_ids.into_iter().take(MAX_NAMED_IDS).collect(),
        moved_count: row.moved_count,
        created_time: Some(timestamp(row.created_at)),
        undone_time: row.undone_at.map(timestamp),
        can_split: trouble.is_none(),
        split_trouble: trouble.unwrap_or_default().to_owned(),
    }
}

pub(crate) fn refused_merge(row: RefusedRow) -> pb::RefusedMerge {
    pb::RefusedMerge {
        event_uuid: row.event_uuid.to_string(),
        cause: row.cause.into(),
        source_distinct_id: row.source_id,
        target_distinct_id: row.target_id,
        message: message(&row.code),
        code: row.code,
        created_time: Some(timestamp(row.created_at)),
    }
}

pub(crate) fn property_change(row: PropertyChangeRow) -> pb::PropertyChange {
    let value = |json: Option<Json<Value>>| json.map(|Json(value)| to_value(value));
    pb::PropertyChange {
        key: row.key,
        old_value: value(row.old_value),
        new_value: value(row.new_value),
        cause: row.cause.into(),
        time: Some(timestamp(row.happened_at)),
        origin_id: row.origin_id.to_string(),
    }
}

pub(crate) fn group(group: StoredGroup) -> pb::Group {
    pb::Group {
        r#type: group.group_type,
        key: group.key,
        properties: Some(observe_core::json::to_struct(group.properties.document())),
        created_time: Some(timestamp(group.created_at)),
    }
}

/// Returns the person of a distinct id that has no row.
pub(crate) fn unseen_person(project: ProjectId, distinct_id: String) -> pb::Person {
    pb::Person {
        id: PersonId::of_distinct_id(project, &distinct_id).to_string(),
        distinct_ids: vec![distinct_id],
        properties: Some(Struct::default()),
        created_time: None,
        identified: false,
    }
}
