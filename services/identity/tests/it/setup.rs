use std::sync::Arc;

use observe_core::clock::ManualClock;
use observe_core::{Clock as _, Secret, SystemClock};
use observe_identity::{Bootstrap, migrate, needs_setup, setup_token};
use observe_proto::common::v1::Role;
use observe_proto::identity::v1 as pb;
use observe_testkit::TestStores;
use tonic::{Code, Status};

use crate::harness::{Identity, config, deps, refusal};

fn token(identity: &Identity) -> String {
    setup_token(&identity.deps.secret)
}

async fn setup(identity: &Identity, setup_token: String) -> (bool, bool) {
    let mut accounts = identity.accounts(identity.as_nobody());
    let answer = accounts.get_setup(pb::GetSetupRequest { setup_token }).await.expect("answered");
    (answer.get_ref().needed, answer.get_ref().token_valid)
}

async fn sign_up(
    identity: &Identity,
    setup_token: String,
    email: &str,
) -> Result<pb::SignUpResponse, Status> {
    let request = pb::SignUpRequest {
        setup_token,
        email: email.into(),
        password: "a password of mine".into(),
        name: " Ada ".into(),
    };
    let answer = identity.accounts(identity.as_nobody()).sign_up(request).await?;
    Ok(answer.into_inner())
}

#[tokio::test]
async fn the_setup_link_makes_the_first_account_once() {
    let identity = Identity::start_with(Bootstrap::default()).await;
    let config = config(&identity.stores);
    assert!(needs_setup(&config).await.expect("read"));
    assert_eq!(setup(&identity, token(&identity)).await, (true, true));
    assert_eq!(setup(&identity, String::new()).await, (true, false));
    let other = setup_token(&Secret::new("another secret"));
    assert_eq!(setup(&identity, other.clone()).await, (true, false));
    for wrong in [String::new(), other] {
        let refused = refusal(sign_up(&identity, wrong, "ada@example.com").await);
        assert_eq!(refused, (Code::Unauthenticated, "INVALID_CREDENTIAL".into()));
    }

    let made = sign_up(&identity, token(&identity), " Ada@Example.com ").await.expect("made");
    let user = made.user.expect("given");
    assert_eq!((user.email.as_str(), user.name.as_str()), ("ada@example.com", "Ada"));
    let mut accounts = identity.accounts(identity.as_token(&made.session_token).await);
    let reach = accounts.get_me(pb::GetMeRequest {}).await.expect("known").into_inner();
    assert_eq!(reach.memberships[0].role(), Role::Owner);
    assert_eq!(reach.projects[0].id, identity.project.to_string(), "that of the bootstrap");

    assert!(!needs_setup(&config).await.expect("read"));
    assert_eq!(setup(&identity, token(&identity)).await, (false, false));
    let again = refusal(sign_up(&identity, token(&identity), "eve@example.com").await);
    assert_eq!(again, (Code::Unauthenticated, "INVALID_CREDENTIAL".into()));
    let sign_in = pb::SignInRequest {
        email: "ADA@example.com".into(),
        password: "a password of mine".into(),
    };
    identity.accounts(identity.as_nobody()).sign_in(sign_in).await.expect("signed in");
}

#[tokio::test]
async fn of_many_who_follow_the_setup_link_at_once_one_wins() {
    let identity = Identity::start_with(Bootstrap::default()).await;
    let made = futures::future::join_all((0..4).map(|n| {
        let (identity, email) = (&identity, format!("user{n}@example.com"));
        async move { sign_up(identity, token(identity), &email).await }
    }))
    .await;
    let refused: Vec<_> = made.into_iter().filter(Result::is_err).map(refusal).collect();
    assert_eq!(refused, vec![(Code::Unauthenticated, "INVALID_CREDENTIAL".to_owned()); 3]);
}

#[tokio::test]
async fn an_account_given_to_the_bootstrap_leaves_nothing_to_set_up() {
    let identity = Identity::start().await;
    assert_eq!(setup(&identity, token(&identity)).await, (false, false));
    assert!(!needs_setup(&config(&identity.stores)).await.expect("read"));
    let refused = refusal(sign_up(&identity, token(&identity), "eve@example.com").await);
    assert_eq!(refused.0, Code::Unauthenticated);
}

#[tokio::test]
async fn a_first_account_that_breaks_rules_is_refused_with_all_of_them() {
    use tonic_types::StatusExt as _;
    let identity = Identity::start_with(Bootstrap::default()).await;
    let request = pb::SignUpRequest {
        setup_token: token(&identity),
        email: "a b@c".into(),
        password: "123456789".into(),
        name: " ".into(),
    };
    let mut accounts = identity.accounts(identity.as_nobody());
    let status = accounts.sign_up(request).await.expect_err("refused");
    assert_eq!(status.code(), Code::InvalidArgument);
    let details = status.get_error_details();
    let violations = &details.bad_request().expect("given").field_violations;
    let fields: Vec<_> = violations.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(fields, ["email", "password", "name"]);
    sign_up(&identity, token(&identity), "ada@example.com").await.expect("the link is still good");
}

#[tokio::test]
async fn an_empty_database_needs_setup() {
    let stores = TestStores::start().await;
    let config = config(&stores);
    migrate(&config.database_url).await.expect("migrated");
    assert!(needs_setup(&config).await.expect("read"));
    let deps = deps(Arc::new(ManualClock::new(SystemClock.now())));
    assert_eq!(setup_token(&deps.secret).len(), 32);
}
