use std::sync::Arc;

use observe_core::clock::ManualClock;
use observe_core::{Clock as _, Secret, SystemClock};
use observe_identity::{Bootstrap, bootstrap, migrate};
use observe_proto::common::v1::KeyKind;
use observe_proto::identity::v1::authenticate_response::Principal;
use observe_testkit::TestStores;

use crate::harness::{Identity, config, deps};

#[tokio::test]
async fn many_processes_on_one_empty_database_make_one_project() {
    let stores = TestStores::start().await;
    let config = config(&stores);
    let deps = deps(Arc::new(ManualClock::new(SystemClock.now())));
    let start = || async {
        migrate(&config.database_url).await.expect("migrated");
        bootstrap(&config, Bootstrap::default(), &deps, |_| Ok(())).await.expect("bootstrapped")
    };
    let made = futures::future::join_all((0..4).map(|_| start())).await;
    assert_eq!(made.iter().flatten().count(), 1);
    assert!(start().await.is_none(), "a later start makes nothing");
}

#[tokio::test]
async fn the_keys_that_were_generated_belong_to_the_first_project() {
    let identity = Identity::start().await;
    for (token, kind) in [
        (&identity.credentials.write_key, KeyKind::Write),
        (&identity.credentials.secret_key, KeyKind::Secret),
    ] {
        let Principal::Key(key) = identity.authenticate(token.expose()).await.expect("known")
        else {
            unreachable!("a key's token");
        };
        assert_eq!(
            (key.project_id, key.kind),
            (identity.credentials.project_id.clone(), kind.into())
        );
    }
    let file = serde_json::to_value(&identity.credentials).expect("it can be written");
    assert_eq!(file["write_key"], identity.credentials.write_key.expose());
    assert_eq!(file["password"], identity.password());
}

#[tokio::test]
async fn without_an_email_there_is_a_project_with_keys_and_no_account() {
    let identity = Identity::start_with(Bootstrap::default()).await;
    let file = serde_json::to_value(&identity.credentials).expect("it can be written");
    let mut names: Vec<_> = file.as_object().expect("an object").keys().collect();
    names.sort();
    assert_eq!(names, ["project_id", "secret_key", "write_key"]);
    identity.authenticate(identity.credentials.write_key.expose()).await.expect("in force");
    let users: i64 = sqlx::query_scalar("select count(*) from identity.user_account")
        .fetch_one(&identity.superuser().await)
        .await
        .expect("read");
    assert_eq!(users, 0);
}

#[tokio::test]
async fn what_the_operator_gives_is_taken() {
    let stores = TestStores::start().await;
    let config = config(&stores);
    let deps = deps(Arc::new(ManualClock::new(SystemClock.now())));
    migrate(&config.database_url).await.expect("migrated");
    let given = Bootstrap {
        email: Some("me@example.com".into()),
        password: Some(Secret::new("a password of mine")),
        write_key: Some(Secret::new("obs_pub_0123456789abcdef")),
        secret_key: None,
    };
    let made = bootstrap(&config, given, &deps, |_| Ok(()))
        .await
        .expect("bootstrapped")
        .expect("it was empty");
    assert_eq!(made.email.as_deref(), Some("me@example.com"));
    assert!(made.password.is_none(), "a password that was given is not given back");
    assert_eq!(made.write_key.expose(), "obs_pub_0123456789abcdef");
    assert!(made.secret_key.expose().starts_with("obs_sec_"));
}
