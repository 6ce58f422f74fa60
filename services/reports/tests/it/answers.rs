//! Answers are kept in the cache Redis, and none is older than the data.

use observe_testkit::{TestStores, eventually};

use crate::stand_in::{StandIn, event};
use crate::{DEADLINE, project, start_in};

/// How many answers Redis holds.
async fn kept(stores: &TestStores) -> u64 {
    let client = redis::Client::open(stores.cache_redis_url.as_str()).expect("a good URL");
    let mut redis = client.get_multiplexed_async_connection().await.expect("it answers");
    let keys: Vec<Vec<u8>> =
        redis::cmd("KEYS").arg("observe:answer:*").query_async(&mut redis).await.expect("keys");
    keys.len() as u64
}

#[tokio::test]
async fn a_question_is_computed_once_until_something_comes_and_goes_on_without_a_cache() {
    let stores = TestStores::start().await;
    let upstream = StandIn::new(1);
    upstream.append(0, project(), vec![event("ada", "view", 5)]);
    let fixture = start_in(&upstream, stores).await;
    let stores = fixture.stores.as_ref().expect("not taken");
    eventually(DEADLINE, "the first answer", async || fixture.views().await.ok() == Some(1.0))
        .await;
    let before = kept(stores).await;
    assert!(before >= 1, "it is kept");
    for _ in 0..5 {
        assert_eq!(fixture.views().await.ok(), Some(1.0));
    }
    // A minute may have ended meanwhile, after which it is computed again.
    assert!(kept(stores).await <= before + 1, "the same question has the same key");

    upstream.append(0, project(), vec![event("bob", "view", 6)]);
    eventually(DEADLINE, "the new event", async || fixture.views().await.ok() == Some(2.0)).await;
    assert!(kept(stores).await > before, "other data has an answer of its own");

    stores.kill_cache().await;
    assert_eq!(fixture.views().await.ok(), Some(2.0));
}
