use chrono::TimeDelta;
use observe_core::Principal;
use observe_proto::common::v1::Role;
use observe_proto::identity::v1 as pb;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::harness::{EMAIL, Identity, refusal};

#[tokio::test]
async fn a_user_signs_in_and_out_and_the_token_is_refused_at_once() {
    let identity = Identity::start().await;
    let answer = identity.sign_in(&identity.password()).await.expect("signed in");
    assert_eq!(answer.user.expect("given").email, EMAIL);
    assert!(identity.authenticate(&answer.session_token).await.is_ok());

    let me = identity.signed_in().await;
    let mut accounts = identity.accounts(identity.as_principal(me));
    let reach = accounts.get_me(pb::GetMeRequest {}).await.expect("known").into_inner();
    assert_eq!(reach.memberships.len(), 1);
    assert_eq!(reach.memberships[0].role(), Role::Owner);
    assert_eq!(reach.projects.len(), 1);
    assert_eq!(reach.projects[0].id, identity.project.to_string());

    let token = identity.sign_in(&identity.password()).await.expect("signed in").session_token;
    let pb::authenticate_response::Principal::Session(session) =
        identity.authenticate(&token).await.expect("known")
    else {
        unreachable!("a session's token");
    };
    let principal = observe_core::context::wire::session_from_proto(&session).expect("well formed");
    let mut accounts = identity.accounts(identity.as_principal(principal));
    accounts.sign_out(pb::SignOutRequest {}).await.expect("signed out");
    let refused = refusal(identity.authenticate(&token).await);
    assert_eq!(refused, (Code::Unauthenticated, "INVALID_CREDENTIAL".into()));
    assert!(identity.authenticate(&answer.session_token).await.is_ok(), "other sessions go on");
}

#[tokio::test]
async fn a_user_changes_the_own_name_which_others_then_see() {
    let identity = Identity::start().await;
    let (eve, token) = identity.join_as(Role::Viewer, "eve@example.com").await;
    let mut accounts = identity.accounts(identity.as_token(&token).await);
    for name in ["", "  ", &"x".repeat(101)] {
        let refused = refusal(accounts.update_me(pb::UpdateMeRequest { name: name.into() }).await);
        assert_eq!(refused, (Code::InvalidArgument, "INVALID_REQUEST".into()));
    }
    let request = pb::UpdateMeRequest { name: "  Eve Hill ".into() };
    let user = accounts.update_me(request).await.expect("changed").into_inner().user;
    let user = user.expect("given");
    assert_eq!((user.id.as_str(), user.name.as_str()), (eve.as_str(), "Eve Hill"));
    let me = accounts.get_me(pb::GetMeRequest {}).await.expect("known").into_inner();
    assert_eq!(me.user, Some(user));

    let owner = identity.owner().await;
    let mut organizations = identity.organizations(identity.as_token(&owner).await);
    let members = organizations.list_members(pb::ListMembersRequest::default()).await;
    let members = members.expect("listed").into_inner().members;
    let names: Vec<_> =
        members.into_iter().filter_map(|member| member.user).map(|user| user.name).collect();
    assert_eq!(names.iter().filter(|name| *name == "Eve Hill").count(), 1, "{names:?}");
    assert_eq!(names.len(), 2, "the other member keeps the own name");

    let mut accounts = identity.accounts(identity.as_nobody());
    let refused = accounts.update_me(pb::UpdateMeRequest { name: "Nobody".into() }).await;
    assert_eq!(refusal(refused).0, Code::Unauthenticated);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_email_get_the_same_answer() {
    let identity = Identity::start().await;
    let wrong = identity.sign_in("not the password").await.expect_err("refused");
    let unknown = pb::SignInRequest { email: "nobody@example.com".into(), password: "x".into() };
    let mut accounts = identity.accounts(identity.as_principal(Principal::Anonymous));
    let unknown = accounts.sign_in(unknown).await.expect_err("refused");
    assert_eq!(wrong.code(), Code::Unauthenticated);
    assert_eq!((wrong.code(), wrong.message()), (unknown.code(), unknown.message()));
    assert_eq!(wrong.details(), unknown.details());

    let shouted = pb::SignInRequest { email: EMAIL.to_uppercase(), password: identity.password() };
    accounts.sign_in(shouted).await.expect("the case of an e-mail does not matter");
}

#[tokio::test]
async fn an_email_that_nobody_can_have_is_a_wrong_password_and_counts_as_a_failure() {
    let identity = Identity::start().await;
    let wrong = identity.sign_in("not the password").await.expect_err("refused");
    let mut accounts = identity.accounts(identity.as_principal(Principal::Anonymous));
    let long = format!("{}@example.com", "x".repeat(320));
    for email in ["me\0@example.com", "\0", &long] {
        let request = || pb::SignInRequest { email: email.into(), password: identity.password() };
        for _ in 0..10 {
            let refused = accounts.sign_in(request()).await.expect_err("refused");
            assert_eq!((refused.code(), refused.message()), (wrong.code(), wrong.message()));
            assert_eq!(refused.details(), wrong.details());
        }
        let throttled = refusal(accounts.sign_in(request()).await);
        assert_eq!(throttled, (Code::ResourceExhausted, "RATE_LIMITED".into()));
    }
}

#[tokio::test]
async fn ten_failures_close_an_email_for_a_quarter_of_an_hour_even_if_they_come_at_once() {
    let identity = Identity::start().await;
    let attempts = futures::future::join_all((0..14).map(|_| identity.sign_in("wrong"))).await;
    let refused = attempts.into_iter().map(refusal);
    let (checked, throttled): (Vec<_>, Vec<_>) =
        refused.partition(|(code, _)| *code == Code::Unauthenticated);
    assert_eq!((checked.len(), throttled.len()), (10, 4));
    assert_eq!(throttled[0], (Code::ResourceExhausted, "RATE_LIMITED".into()));

    let right = identity.sign_in(&identity.password()).await.expect_err("closed for everybody");
    let wait = right.get_error_details().retry_info().and_then(|info| info.retry_delay);
    assert_eq!(wait.expect("says when to come back").as_secs(), 15 * 60);
    identity.clock.advance(TimeDelta::minutes(15));
    identity.sign_in(&identity.password()).await.expect("open again");
}

#[tokio::test]
async fn success_forgets_failures() {
    let identity = Identity::start().await;
    for _ in 0..2 {
        for _ in 0..9 {
            assert_eq!(refusal(identity.sign_in("wrong").await).0, Code::Unauthenticated);
        }
        identity.sign_in(&identity.password()).await.expect("nine failures are not ten");
    }
}

#[tokio::test]
async fn a_session_ends_after_twelve_idle_hours_and_after_seven_days_of_use() {
    let identity = Identity::start().await;
    let idle = identity.sign_in(&identity.password()).await.expect("signed in").session_token;
    let used = identity.sign_in(&identity.password()).await.expect("signed in").session_token;
    for _ in 0..13 {
        identity.clock.advance(TimeDelta::hours(11));
        identity.authenticate(&used).await.expect("it is in use");
    }
    assert_eq!(refusal(identity.authenticate(&idle).await).0, Code::Unauthenticated);
    for _ in 0..2 {
        identity.clock.advance(TimeDelta::hours(11));
        identity.authenticate(&used).await.expect("165 hours are less than seven days");
    }
    identity.clock.advance(TimeDelta::hours(4));
    assert_eq!(refusal(identity.authenticate(&used).await).0, Code::Unauthenticated);
}

#[tokio::test]
async fn only_a_session_has_a_me_and_only_a_service_authenticates() {
    let identity = Identity::start().await;
    let mut accounts = identity.accounts(identity.as_service());
    let refused = refusal(accounts.get_me(pb::GetMeRequest {}).await);
    assert_eq!(refused, (Code::PermissionDenied, "PERMISSION_DENIED".into()));
    let mut client = pb::authentication_service_client::AuthenticationServiceClient::new(
        identity.as_role(Role::Owner),
    );
    let request = pb::AuthenticateRequest { token: "x".into() };
    assert_eq!(refusal(client.authenticate(request).await).0, Code::PermissionDenied);
    let long = pb::SignInRequest { email: EMAIL.into(), password: "x".repeat(1_001) };
    assert_eq!(refusal(accounts.sign_in(long).await).0, Code::InvalidArgument);
}
