use observe_proto::common::v1::Role;
use observe_proto::identity::v1 as pb;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::harness::{Identity, Signed, refusal};

/// Acts in the first organization on behalf of one session.
struct Desk<'a> {
    identity: &'a Identity,
    channel: Signed,
    organization_id: String,
    me: String,
}

impl<'a> Desk<'a> {
    async fn of(identity: &'a Identity, session: &str) -> Self {
        let channel = identity.as_token(session).await;
        let reach = identity.accounts(channel.clone()).get_me(pb::GetMeRequest {}).await;
        let reach = reach.expect("known").into_inner();
        let organization_id = reach.memberships[0].organization_id.clone();
        Self { identity, channel, organization_id, me: reach.user.expect("given").id }
    }

    async fn members(&self) -> Result<Vec<pb::Member>, Status> {
        let request = pb::ListMembersRequest { organization_id: self.organization_id.clone() };
        let mut client = self.identity.organizations(self.channel.clone());
        Ok(client.list_members(request).await?.into_inner().members)
    }

    async fn update(&self, user_id: &str, role: Role) -> Result<pb::Member, Status> {
        let request = pb::UpdateMemberRequest {
            organization_id: self.organization_id.clone(),
            user_id: user_id.into(),
            role: role.into(),
        };
        let mut client = self.identity.organizations(self.channel.clone());
        Ok(client.update_member(request).await?.into_inner().member.expect("given"))
    }

    async fn remove(&self, user_id: &str) -> Result<(), Status> {
        let request = pb::RemoveMemberRequest {
            organization_id: self.organization_id.clone(),
            user_id: user_id.into(),
        };
        let mut client = self.identity.organizations(self.channel.clone());
        client.remove_member(request).await.map(|_| ())
    }
}

fn denied() -> (Code, String) {
    (Code::PermissionDenied, "PERMISSION_DENIED".into())
}

fn last_owner() -> (Code, String) {
    (Code::FailedPrecondition, "LAST_OWNER".into())
}

#[tokio::test]
async fn everybody_lists_the_members_by_name() {
    let identity = Identity::start().await;
    let (zoe_id, zoe) = identity.join_as(Role::Viewer, "Zoe@example.com").await;
    identity.join_as(Role::Member, "aaron@example.com").await;
    let desk = Desk::of(&identity, &zoe).await;
    let members = desk.members().await.expect("listed");
    let names: Vec<_> = members
        .iter()
        .map(|member| (member.user.as_ref().expect("given").name.as_str(), member.role()))
        .collect();
    assert_eq!(names, [("aaron", Role::Member), ("admin", Role::Owner), ("Zoe", Role::Viewer)]);
    assert_eq!(members[2].user.as_ref().expect("given").id, zoe_id);
    let foreign = pb::ListMembersRequest { organization_id: Uuid::from_u128(9).to_string() };
    let mut client = identity.organizations(identity.as_token(&zoe).await);
    assert_eq!(refusal(client.list_members(foreign).await).0, Code::NotFound);
}

#[tokio::test]
async fn the_last_owner_stays() {
    let identity = Identity::start().await;
    let owner = Desk::of(&identity, &identity.owner().await).await;
    assert_eq!(refusal(owner.update(&owner.me, Role::Admin).await), last_owner());
    assert_eq!(refusal(owner.remove(&owner.me).await), last_owner());
    owner.update(&owner.me, Role::Owner).await.expect("nothing changes");
    let (second, _) = identity.join_as(Role::Owner, "second@example.com").await;
    owner.remove(&owner.me).await.expect("there is another one");
    assert_eq!(refusal(owner.remove(&second).await).0, Code::NotFound, "no member any more");
}

#[tokio::test]
async fn of_two_owners_who_leave_at_once_one_stays() {
    let identity = Identity::start().await;
    for round in 0..4 {
        let (_, session) = identity.join_as(Role::Owner, &format!("o{round}@example.com")).await;
        let first = Desk::of(&identity, &identity.owner().await).await;
        let second = Desk::of(&identity, &session).await;
        let (a, b) = tokio::join!(first.remove(&first.me), second.update(&second.me, Role::Viewer));
        assert_eq!(usize::from(a.is_ok()) + usize::from(b.is_ok()), 1);
        let pool = identity.superuser().await;
        let owners: i64 =
            sqlx::query_scalar("select count(*) from identity.member where role = 'owner'")
                .fetch_one(&pool)
                .await
                .expect("read");
        assert_eq!(owners, 1);
        // The first account is the only owner of the next round.
        sqlx::query("delete from identity.member").execute(&pool).await.expect("cleared");
        sqlx::query(
            "insert into identity.member (organization_id, user_id, role, created_at)
             select o.id, u.id, 'owner', now() from identity.organization o, identity.user_account u
             where u.email = $1",
        )
        .bind(crate::harness::EMAIL)
        .execute(&pool)
        .await
        .expect("restored");
    }
}

#[tokio::test]
async fn only_owners_touch_owners_and_only_administrators_touch_others() {
    let identity = Identity::start().await;
    let owner = Desk::of(&identity, &identity.owner().await).await;
    let (admin_id, admin) = identity.join_as(Role::Admin, "a@example.com").await;
    let (member_id, member) = identity.join_as(Role::Member, "m@example.com").await;
    let (viewer_id, viewer) = identity.join_as(Role::Viewer, "v@example.com").await;
    let admin = Desk::of(&identity, &admin).await;
    let member = Desk::of(&identity, &member).await;
    let viewer = Desk::of(&identity, &viewer).await;

    assert_eq!(refusal(admin.update(&owner.me, Role::Viewer).await), denied());
    assert_eq!(refusal(admin.remove(&owner.me).await), denied());
    assert_eq!(refusal(admin.update(&member_id, Role::Owner).await), denied());
    assert_eq!(refusal(admin.update(&admin_id, Role::Owner).await), denied());
    for desk in [&member, &viewer] {
        assert_eq!(refusal(desk.update(&desk.me, Role::Admin).await), denied());
        assert_eq!(refusal(desk.remove(&admin_id).await), denied());
    }
    assert_eq!(admin.update(&member_id, Role::Viewer).await.expect("changed").role(), Role::Viewer);
    admin.remove(&member_id).await.expect("removed");
    viewer.remove(&viewer_id).await.expect("members may leave");
    assert_eq!(refusal(owner.update(&member_id, Role::Viewer).await).0, Code::NotFound);
    assert_eq!(refusal(owner.update("nonsense", Role::Viewer).await).0, Code::NotFound);
    let role = owner.update(&admin_id, Role::Unspecified).await;
    assert_eq!(refusal(role).0, Code::InvalidArgument);

    // What the call context of a moment ago says does not count any more.
    owner.update(&admin_id, Role::Viewer).await.expect("changed");
    assert_eq!(refusal(admin.update(&admin_id, Role::Admin).await), denied());
    assert_eq!(owner.members().await.expect("listed").len(), 2);
}

#[tokio::test]
async fn an_administrator_renames_the_organization() {
    let identity = Identity::start().await;
    let owner = Desk::of(&identity, &identity.owner().await).await;
    let request = |name: &str| pb::UpdateOrganizationRequest {
        organization_id: owner.organization_id.clone(),
        name: name.into(),
    };
    let mut client = identity.organizations(owner.channel.clone());
    let renamed = client.update_organization(request(" Acme ")).await.expect("renamed");
    assert_eq!(renamed.into_inner().organization.expect("given").name, "Acme");
    assert_eq!(refusal(client.update_organization(request(" ")).await).0, Code::InvalidArgument);
    let nameless = pb::CreateOrganizationRequest::default();
    assert_eq!(refusal(client.create_organization(nameless).await).0, Code::InvalidArgument);
    let (_, viewer) = identity.join_as(Role::Viewer, "v@example.com").await;
    let mut viewer = identity.organizations(identity.as_token(&viewer).await);
    assert_eq!(refusal(viewer.update_organization(request("Mine")).await), denied());
    let mut accounts = identity.accounts(owner.channel.clone());
    let reach = accounts.get_me(pb::GetMeRequest {}).await.expect("known").into_inner();
    assert_eq!(reach.memberships[0].organization_name, "Acme");
    let mut nobody = identity.organizations(identity.as_nobody());
    let request = pb::CreateOrganizationRequest { name: "X".into() };
    assert_eq!(refusal(nobody.create_organization(request).await).0, Code::Unauthenticated);
}
