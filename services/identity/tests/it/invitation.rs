use chrono::TimeDelta;
use observe_core::Clock as _;
use observe_proto::common::v1::Role;
use observe_proto::identity::v1 as pb;
use tonic::{Code, Status};

use crate::harness::{EMAIL, Identity, refusal};

const GONE: (Code, &str) = (Code::NotFound, "NOT_FOUND");

async fn look(identity: &Identity, token: &str) -> Result<pb::GetInvitationResponse, Status> {
    let request = pb::GetInvitationRequest { token: token.into() };
    let answer = identity.invitations(identity.as_nobody()).get_invitation(request).await?;
    Ok(answer.into_inner())
}

async fn join(identity: &Identity, session: &str, link: &str) -> Result<String, Status> {
    let request = pb::JoinOrganizationRequest { token: link.into() };
    let mut invitations = identity.invitations(identity.as_token(session).await);
    Ok(invitations.join_organization(request).await?.into_inner().organization_id)
}

#[track_caller]
fn assert_gone<T: std::fmt::Debug>(answer: Result<T, Status>) {
    let (code, reason) = refusal(answer);
    assert_eq!((code, reason.as_str()), GONE);
}

#[tokio::test]
async fn who_follows_an_invitation_becomes_a_member_and_sees_the_project() {
    let identity = Identity::start().await;
    let owner = identity.owner().await;
    let mut invitations = identity.invitations(identity.as_token(&owner).await);
    let request = pb::CreateInvitationRequest {
        email: " Ada@Example.com ".into(),
        role: Role::Member.into(),
        ..Default::default()
    };
    let made = invitations.create_invitation(request).await.expect("invited").into_inner();
    let invitation = made.invitation.expect("given");
    assert_eq!(invitation.email, "ada@example.com");
    let list = || pb::ListInvitationsRequest::default();
    let listed = invitations.list_invitations(list()).await.expect("listed").into_inner();
    assert_eq!(listed.invitations, [invitation]);
    let welcome = look(&identity, &made.token).await.expect("good");
    assert_eq!((welcome.organization_name.as_str(), welcome.role()), ("Default", Role::Member));
    assert_eq!(welcome.email, "ada@example.com");

    let joined = identity.accept(&made.token, "ada@elsewhere.example").await.expect("joined");
    assert_eq!(joined.user.expect("given").email, "ada@elsewhere.example", "anybody may use it");
    let mut accounts = identity.accounts(identity.as_token(&joined.session_token).await);
    let reach = accounts.get_me(pb::GetMeRequest {}).await.expect("known").into_inner();
    assert_eq!(reach.memberships[0].role(), Role::Member);
    assert_eq!(reach.projects[0].id, identity.project.to_string());
    let listed = invitations.list_invitations(list()).await.expect("listed").into_inner();
    assert!(listed.invitations.is_empty());
}

#[tokio::test]
async fn a_used_a_revoked_an_expired_and_an_unknown_link_are_not_found() {
    let identity = Identity::start().await;
    let owner = identity.owner().await;
    let used = identity.invite(&owner, Role::Viewer).await;
    identity.accept(&used, "ada@example.com").await.expect("joined");
    let revoked = identity.invite(&owner, Role::Viewer).await;
    let mut invitations = identity.invitations(identity.as_token(&owner).await);
    let listed = invitations.list_invitations(pb::ListInvitationsRequest::default()).await;
    let invitation_id = listed.expect("listed").into_inner().invitations[0].id.clone();
    let mut accounts = identity.accounts(identity.as_token(&owner).await);
    let reach = accounts.get_me(pb::GetMeRequest {}).await.expect("known").into_inner();
    let organization_id = reach.memberships[0].organization_id.clone();
    let revoke = pb::RevokeInvitationRequest { organization_id, invitation_id };
    invitations.revoke_invitation(revoke.clone()).await.expect("revoked");
    assert_gone(invitations.revoke_invitation(revoke).await);
    let expired = identity.invite(&owner, Role::Viewer).await;
    look(&identity, &expired).await.expect("still good");
    identity.clock.advance(TimeDelta::days(7));
    let owner = identity.owner().await;
    for link in [&used, &revoked, &expired, "nonsense", ""] {
        assert_gone(look(&identity, link).await);
        assert_gone(identity.accept(link, "eve@example.com").await);
        assert_gone(join(&identity, &owner, link).await);
    }
}

#[tokio::test]
async fn of_many_who_follow_one_link_at_once_one_joins() {
    let identity = Identity::start().await;
    let link = identity.invite(&identity.owner().await, Role::Viewer).await;
    let joined = futures::future::join_all((0..4).map(|n| {
        let (identity, link, email) = (&identity, &link, format!("user{n}@example.com"));
        async move { identity.accept(link, &email).await }
    }))
    .await;
    let refused: Vec<_> = joined.into_iter().filter(Result::is_err).map(refusal).collect();
    assert_eq!(refused, vec![(Code::NotFound, "NOT_FOUND".to_owned()); 3]);
    let users: i64 = sqlx::query_scalar("select count(*) from identity.user_account")
        .fetch_one(&identity.superuser().await)
        .await
        .expect("read");
    assert_eq!(users, 2, "who came too late has no account");
}

#[tokio::test]
async fn who_has_an_account_joins_with_it() {
    let identity = Identity::start().await;
    let (_, ada) = identity.join_as(Role::Viewer, "ada@example.com").await;
    let mut organizations = identity.organizations(identity.as_token(&ada).await);
    identity.clock.advance(TimeDelta::seconds(1));
    let own = pb::CreateOrganizationRequest { name: " Ada's ".into() };
    let own = organizations.create_organization(own).await.expect("made").into_inner();
    let own = own.organization.expect("given");
    assert_eq!(own.name, "Ada's");
    let mut invitations = identity.invitations(identity.as_token(&ada).await);
    let request = || pb::CreateInvitationRequest {
        organization_id: own.id.clone(),
        role: Role::Admin.into(),
        ..Default::default()
    };
    let link = invitations.create_invitation(request()).await.expect("invited").into_inner().token;

    let taken = refusal(identity.accept(&link, EMAIL).await);
    assert_eq!(taken, (Code::AlreadyExists, "ALREADY_EXISTS".into()));
    let member = refusal(join(&identity, &ada, &link).await);
    assert_eq!(member, (Code::AlreadyExists, "ALREADY_EXISTS".into()));
    let owner = identity.owner().await;
    let joined = join(&identity, &owner, &link).await.expect("the link is still good");
    assert_eq!(joined, own.id);
    assert_gone(join(&identity, &owner, &link).await);
    let mut accounts = identity.accounts(identity.as_token(&owner).await);
    let reach = accounts.get_me(pb::GetMeRequest {}).await.expect("known").into_inner();
    let roles: Vec<_> = reach.memberships.iter().map(pb::Membership::role).collect();
    assert_eq!(roles, [Role::Owner, Role::Admin]);
}

#[tokio::test]
async fn only_administrators_invite_and_only_owners_invite_owners() {
    let identity = Identity::start().await;
    let request = |role: Role| pb::CreateInvitationRequest {
        role: role.into(),
        ..pb::CreateInvitationRequest::default()
    };
    let (_, admin) = identity.join_as(Role::Admin, "admin@example.com").await;
    let mut invitations = identity.invitations(identity.as_token(&admin).await);
    invitations.create_invitation(request(Role::Admin)).await.expect("invited");
    let refused = refusal(invitations.create_invitation(request(Role::Owner)).await);
    assert_eq!(refused, (Code::PermissionDenied, "PERMISSION_DENIED".into()));
    let refused = refusal(invitations.create_invitation(request(Role::Unspecified)).await);
    assert_eq!(refused.0, Code::InvalidArgument);
    let email = pb::CreateInvitationRequest { email: "nobody".into(), ..request(Role::Viewer) };
    assert_eq!(refusal(invitations.create_invitation(email).await).0, Code::InvalidArgument);
    for role in [Role::Member, Role::Viewer] {
        let (_, session) =
            identity.join_as(role, &format!("{}@b.example", role.as_str_name())).await;
        let mut invitations = identity.invitations(identity.as_token(&session).await);
        let refused = refusal(invitations.create_invitation(request(Role::Viewer)).await);
        assert_eq!(refused.0, Code::PermissionDenied);
        let refused = invitations.list_invitations(pb::ListInvitationsRequest::default()).await;
        assert_eq!(refusal(refused).0, Code::PermissionDenied);
    }
    identity.invite(&identity.owner().await, Role::Owner).await;
}

#[tokio::test]
async fn an_organization_has_at_most_a_hundred_open_invitations() {
    let identity = Identity::start().await;
    let owner = identity.as_token(&identity.owner().await).await;
    sqlx::query(
        "insert into identity.invitation
             (id, organization_id, token_hash, email, role, created_by, created_at, expire_at)
         select gen_random_uuid(), m.organization_id, int4send(n), '', 'viewer', m.user_id, $1, $1 + interval '7 days'
         from identity.member m, generate_series(1, 98) n",
    )
    .bind(identity.clock.now())
    .execute(&identity.superuser().await)
    .await
    .expect("inserted");
    let made = futures::future::join_all((0..5).map(|_| {
        let mut invitations = identity.invitations(owner.clone());
        let request =
            pb::CreateInvitationRequest { role: Role::Viewer.into(), ..Default::default() };
        async move { invitations.create_invitation(request).await }
    }))
    .await;
    let refused: Vec<_> = made.into_iter().filter(Result::is_err).map(refusal).collect();
    assert_eq!(refused, vec![(Code::ResourceExhausted, "INVALID_REQUEST".to_owned()); 3]);
    identity.clock.advance(TimeDelta::days(7));
    identity.invite(&identity.owner().await, Role::Viewer).await;
}

#[tokio::test]
async fn who_loses_the_right_to_invite_leaves_no_link_behind() {
    let identity = Identity::start().await;
    let (admin_id, admin) = identity.join_as(Role::Admin, "admin@example.com").await;
    let link = identity.invite(&admin, Role::Admin).await;
    let owner = identity.owner().await;
    let others = identity.invite(&owner, Role::Viewer).await;
    let mut accounts = identity.accounts(identity.as_token(&owner).await);
    let reach = accounts.get_me(pb::GetMeRequest {}).await.expect("known").into_inner();
    let organization_id = reach.memberships[0].organization_id.clone();
    let mut organizations = identity.organizations(identity.as_token(&owner).await);
    let remove = pb::RemoveMemberRequest { organization_id, user_id: admin_id };
    organizations.remove_member(remove).await.expect("removed");
    assert_gone(look(&identity, &link).await);
    look(&identity, &others).await.expect("that of another stays");
}
