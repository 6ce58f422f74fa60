use chrono::TimeDelta;
use observe_proto::common::v1::Role;
use observe_proto::identity::v1 as pb;
use tonic::Code;

use crate::harness::{Identity, refusal};

fn change(current: &str, new: &str) -> pb::ChangePasswordRequest {
    pb::ChangePasswordRequest { current_password: current.into(), new_password: new.into() }
}

#[tokio::test]
async fn a_new_password_ends_all_other_sessions() {
    let identity = Identity::start().await;
    let (old, new) = (identity.password(), "another password");
    let (kept, other) = (identity.owner().await, identity.owner().await);
    let (_, somebody) = identity.join_as(Role::Viewer, "eve@example.com").await;
    let mut accounts = identity.accounts(identity.as_token(&kept).await);
    let short = refusal(accounts.change_password(change(&old, "123456789")).await);
    assert_eq!(short, (Code::InvalidArgument, "INVALID_REQUEST".into()));
    let wrong = refusal(accounts.change_password(change("not the password", new)).await);
    assert_eq!(wrong, (Code::Unauthenticated, "INVALID_CREDENTIAL".into()));
    identity.authenticate(&other).await.expect("nothing has changed");

    accounts.change_password(change(&old, new)).await.expect("changed");
    identity.authenticate(&kept).await.expect("the session that made the call goes on");
    assert_eq!(refusal(identity.authenticate(&other).await).0, Code::Unauthenticated);
    identity.authenticate(&somebody).await.expect("somebody else's session goes on");
    assert_eq!(refusal(identity.sign_in(&old).await).0, Code::Unauthenticated);
    identity.sign_in(new).await.expect("signed in");
}

#[tokio::test]
async fn wrong_current_passwords_count_like_failures_to_sign_in() {
    let identity = Identity::start().await;
    let token = identity.owner().await;
    let mut accounts = identity.accounts(identity.as_token(&token).await);
    for _ in 0..10 {
        let refused = accounts.change_password(change("wrong", "another password")).await;
        assert_eq!(refusal(refused).0, Code::Unauthenticated);
    }
    let refused = accounts.change_password(change(&identity.password(), "another password")).await;
    assert_eq!(refusal(refused), (Code::ResourceExhausted, "RATE_LIMITED".into()));
    assert_eq!(refusal(identity.sign_in(&identity.password()).await).0, Code::ResourceExhausted);
}

/// Somebody with the old password must not come in behind the change.
#[tokio::test]
async fn no_session_of_the_old_password_outlives_the_change() {
    let identity = Identity::start().await;
    let token = identity.owner().await;
    let mut accounts = identity.accounts(identity.as_token(&token).await);
    let old = identity.password();
    let (changed, signed_in) = tokio::join!(
        accounts.change_password(change(&old, "another password")),
        futures::future::join_all((0..4).map(|_| identity.sign_in(&old))),
    );
    changed.expect("changed");
    for session in signed_in.into_iter().flatten() {
        let refused = refusal(identity.authenticate(&session.session_token).await);
        assert_eq!(refused.0, Code::Unauthenticated);
    }
}

#[tokio::test]
async fn a_user_lists_and_revokes_the_own_sessions_only() {
    let identity = Identity::start().await;
    let (_, somebody) = identity.join_as(Role::Viewer, "eve@example.com").await;
    identity.clock.advance(TimeDelta::hours(13));
    let first = identity.owner().await;
    identity.clock.advance(TimeDelta::minutes(5));
    let second = identity.owner().await;
    let mut accounts = identity.accounts(identity.as_token(&second).await);
    let sessions = accounts.list_sessions(pb::ListSessionsRequest {}).await.expect("listed");
    let sessions = sessions.into_inner().sessions;
    let current: Vec<_> = sessions.iter().map(|session| session.current).collect();
    assert_eq!(current, [true, false], "newest first, without those that have ended");

    let mut others = identity.accounts(identity.as_role(Role::Owner));
    let revoke = pb::RevokeSessionRequest { session_id: sessions[1].id.clone() };
    let refused = refusal(others.revoke_session(revoke.clone()).await);
    assert_eq!(refused, (Code::NotFound, "NOT_FOUND".into()));
    accounts.revoke_session(revoke.clone()).await.expect("revoked");
    assert_eq!(refusal(identity.authenticate(&first).await).0, Code::Unauthenticated);
    identity.authenticate(&second).await.expect("the other one goes on");
    assert_eq!(refusal(accounts.revoke_session(revoke).await).0, Code::NotFound, "it has ended");
    let nonsense = pb::RevokeSessionRequest { session_id: "nonsense".into() };
    assert_eq!(refusal(accounts.revoke_session(nonsense).await).0, Code::NotFound);
    assert_eq!(refusal(identity.authenticate(&somebody).await).0, Code::Unauthenticated, "idle");
}

#[tokio::test]
async fn without_a_session_there_is_nothing_to_change_or_list() {
    let identity = Identity::start().await;
    let mut accounts = identity.accounts(identity.as_nobody());
    let refused = refusal(accounts.list_sessions(pb::ListSessionsRequest {}).await);
    assert_eq!(refused.0, Code::Unauthenticated);
    let refused = accounts.change_password(change("not the password", "another password")).await;
    assert_eq!(refusal(refused).0, Code::Unauthenticated);
}
