//! Everybody who calls: real users with real roles, made as anybody would make them.

use observe_core::{KeyId, OrganizationId, Principal, ProjectId, SessionId, UserId};
use observe_proto::common::v1::{KeyKind, Role};
use serde_json::{Value, json};
use uuid::Uuid;

use super::requests::Tenant;
use super::table::Caller;
use super::wire::Wire;
use crate::cluster::{EMAIL, PASSWORD, SECRET_KEY, WRITE_KEY};

/// A user of an organization.
struct User {
    id: String,
    session: String,
}

/// Two tenants and all who call.
pub(crate) struct People {
    /// Whose project is asked for.
    pub(crate) own: Tenant,
    /// Whose users and keys have no business there.
    pub(crate) other: Tenant,
    /// A member of the organization of the first, to be named in requests.
    pub(crate) member_id: String,
    tokens: Vec<(Caller, String)>,
}

impl People {
    /// Invites users of each role into the first organization, and lets one of them leave it for an organization of its own.
    pub(crate) async fn gather(wire: &Wire) -> Self {
        let sign_in = json!({"email": EMAIL, "password": PASSWORD});
        let answer = ok(wire, "identity.v1.AccountService/SignIn", &sign_in, "").await;
        let owner = text(&answer["sessionToken"]);
        let me = ok(wire, "identity.v1.AccountService/GetMe", &json!({}), &owner).await;
        let own = Tenant {
            organization: text(&me["memberships"][0]["organizationId"]),
            project: text(&me["projects"][0]["id"]),
        };
        let viewer = join(wire, &owner, &own, "viewer", Role::Viewer).await;
        let member = join(wire, &owner, &own, "member", Role::Member).await;
        let admin = join(wire, &owner, &own, "admin", Role::Admin).await;
        let (other, other_session, other_key) = leave(wire, &owner, &own).await;
        let tokens = vec![
            (Caller::Stranger, String::new()),
            (Caller::OtherSession, other_session),
            (Caller::OtherKey, other_key),
            (Caller::Viewer, viewer.session),
            (Caller::Member, member.session),
            (Caller::Admin, admin.session),
            (Caller::Owner, owner),
            (Caller::WriteKey, WRITE_KEY.to_owned()),
            (Caller::SecretKey, SECRET_KEY.to_owned()),
        ];
        Self { own, other, member_id: viewer.id, tokens }
    }

    /// Returns the credential of a caller.
    pub(crate) fn token(&self, caller: Caller) -> &str {
        &self.tokens[caller as usize].1
    }

    /// Returns what the gateway would tell a service of a caller.
    pub(crate) fn principal(&self, caller: Caller) -> Principal {
        match caller {
            Caller::Stranger => Principal::Anonymous,
            Caller::OtherSession => session(&self.other, Role::Owner),
            Caller::OtherKey => key(&self.other, KeyKind::Secret),
            Caller::Viewer => session(&self.own, Role::Viewer),
            Caller::Member => session(&self.own, Role::Member),
            Caller::Admin => session(&self.own, Role::Admin),
            Caller::Owner => session(&self.own, Role::Owner),
            Caller::WriteKey => key(&self.own, KeyKind::Write),
            Caller::SecretKey => key(&self.own, KeyKind::Secret),
        }
    }
}

fn session(tenant: &Tenant, role: Role) -> Principal {
    Principal::Session {
        user: UserId::new(Uuid::from_u128(1)),
        session: SessionId::new(Uuid::from_u128(2)),
        projects: vec![(ProjectId::parse(&tenant.project).unwrap(), role)],
        organizations: vec![(OrganizationId::parse(&tenant.organization).unwrap(), role)],
    }
}

fn key(tenant: &Tenant, kind: KeyKind) -> Principal {
    let project = ProjectId::parse(&tenant.project).unwrap();
    Principal::Key { key: KeyId::new(Uuid::from_u128(3)), project, kind }
}

/// Calls an RPC that must succeed.
pub(crate) async fn ok(wire: &Wire, rpc: &str, request: &Value, token: &str) -> Value {
    let (status, answer) = wire.json(rpc, request, token).await;
    assert_eq!(status, 200, "{rpc}: {answer}");
    answer
}

/// Returns a text of an answer.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| unreachable!("no text: {value}")).to_owned()
}

/// Invites somebody, who accepts.
async fn join(wire: &Wire, owner: &str, tenant: &Tenant, name: &str, role: Role) -> User {
    let request = json!({"organizationId": tenant.organization, "role": role.as_str_name()});
    let rpc = "identity.v1.InvitationService/CreateInvitation";
    let invitation = ok(wire, rpc, &request, owner).await;
    let request = json!({
        "token": invitation["token"], "email": format!("{name}@example.com"),
        "password": PASSWORD, "name": name,
    });
    let rpc = "identity.v1.InvitationService/AcceptInvitation";
    let answer = ok(wire, rpc, &request, "").await;
    User { id: text(&answer["user"]["id"]), session: text(&answer["sessionToken"]) }
}

/// Lets a new user make an organization with a project and a secret key, and leave the one it came by.
async fn leave(wire: &Wire, owner: &str, own: &Tenant) -> (Tenant, String, String) {
    let User { id, session } = join(wire, owner, own, "guest", Role::Viewer).await;
    let request = json!({"name": "Other"});
    let rpc = "identity.v1.OrganizationService/CreateOrganization";
    let organization = text(&ok(wire, rpc, &request, &session).await["organization"]["id"]);
    let request = json!({"organizationId": own.organization, "userId": id});
    ok(wire, "identity.v1.OrganizationService/RemoveMember", &request, &session).await;
    let request = json!({"organizationId": organization, "name": "Other"});
    let rpc = "identity.v1.ProjectService/CreateProject";
    let project = text(&ok(wire, rpc, &request, &session).await["project"]["id"]);
    let request = json!({"projectId": project, "name": "Other", "kind": "KIND_SECRET"});
    let key = ok(wire, "identity.v1.KeyService/CreateKey", &request, &session).await;
    (Tenant { organization, project }, session, text(&key["token"]))
}
