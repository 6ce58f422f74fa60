//! Whatever bytes come: PostgreSQL takes what the edge accepted, and nothing makes the edge fail.
//!
//! The generators are seeded: a failure names its seed and comes again. The short forms run with all tests, the long ones by
//! `cargo test -p observe-gateway --test it -- --ignored hostile`.

mod bytes;
mod generator;
mod json;

use observe_proto::events::v1::AcceptedEvent;
use observe_testkit::TestStores;
use sqlx::PgPool;

use crate::support::{SECRET_KEY, Stage, answer};
use generator::Generator;

/// Events in one request and one statement.
const BATCH: usize = 1_000;

/// Sends so many events of arbitrary trees, and gives what the edge accepted to PostgreSQL.
async fn whatever_is_accepted_is_stored(cases: usize) {
    let stores = TestStores::start().await;
    let pool = PgPool::connect(&stores.database_url).await.expect("PostgreSQL");
    let stage = Stage::start().await;
    let mut accepted = 0;
    for seed in 0..cases.div_ceil(BATCH) {
        let mut generator = Generator::new(seed as u64);
        let events: Vec<_> = (0..BATCH).map(|_| json::event(&mut generator)).collect();
        let post = stage.post("/v1/events").bearer_auth(SECRET_KEY);
        let (status, body) = answer(post.body(format!("[{}]", events.join(",")))).await;
        assert_eq!(status, 202, "seed {seed}: {body}");
        let batches = std::mem::take(&mut *stage.events.batches.lock().expect("no test panicked"));
        let written: Vec<_> = batches.into_iter().flat_map(|batch| batch.events).collect();
        accepted += written.len();
        store(&pool, &written, seed).await;
    }
    assert!(accepted * 2 > cases, "most must get as far as PostgreSQL: {accepted} of {cases}");
}

/// Gives events to PostgreSQL as events does: texts, and jsonb made of text.
async fn store(pool: &PgPool, events: &[AcceptedEvent], seed: usize) {
    let column = |of: fn(&AcceptedEvent) -> &str| events.iter().map(of).collect::<Vec<_>>();
    let stored: i64 = sqlx::query_scalar(
        "select count(*) from (
             select name, distinct_id, session_id, properties::jsonb as properties
             from unnest($1::text[], $2::text[], $3::text[], $4::text[])
                 as given (name, distinct_id, session_id, properties)
         ) event where jsonb_typeof(properties) = 'object' and pg_column_size(properties) > 0",
    )
    .bind(column(|event| &event.name))
    .bind(column(|event| &event.distinct_id))
    .bind(column(|event| &event.session_id))
    .bind(column(|event| &event.properties_json))
    .fetch_one(pool)
    .await
    .unwrap_or_else(|error| unreachable!("PostgreSQL refuses a batch of seed {seed}: {error}"));
    assert_eq!(usize::try_from(stored).ok(), Some(events.len()), "seed {seed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_takes_whatever_the_edge_accepted() {
    whatever_is_accepted_is_stored(20_000).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the long form: 200,000 trees"]
async fn postgresql_takes_whatever_the_edge_accepted_in_the_long_form() {
    whatever_is_accepted_is_stored(200_000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_bytes_make_the_edge_fail() {
    bytes::none_makes_the_edge_fail(3_000).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the long form: 300,000 requests"]
async fn no_bytes_make_the_edge_fail_in_the_long_form() {
    bytes::none_makes_the_edge_fail(300_000).await;
}
