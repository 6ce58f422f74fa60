//! An event that kills its reader, again and again: it is found and set aside, and everything beside it is stored.

use std::time::Duration;

use observe_proto::events::v1::pipeline_service_client::PipelineServiceClient;
use observe_proto::events::v1::{
    GetPipelineStatusRequest, ListDeadLettersRequest, RedriveDeadLettersRequest,
};
use observe_testkit::eventually;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cluster::{Cluster, DEADLINE, SECRET_KEY};

const DEADLY: &str = "deadly";

fn event(n: u128, name: &str, session_id: &str) -> Value {
    json!({"uuid": Uuid::from_u128(n), "name": name, "distinct_id": "u", "session_id": session_id})
}

/// Takes the shards from their readers, so that nothing is read before it is answered.
async fn hold_shards(cluster: &Cluster, pool: &sqlx::PgPool) {
    let lost = || cluster.events.log().matches("the lease was lost").count();
    let before = lost();
    sqlx::query(
        "update events.shard set owner = gen_random_uuid(), fence = fence + 1, lease_until = now() + interval '1 hour'",
    )
    .execute(pool)
    .await
    .unwrap();
    eventually(DEADLINE, "the readers to notice", async || lost() >= before + 4).await;
}

/// Hands them back, as a reader does that was told to stop.
async fn hand_back_shards(pool: &sqlx::PgPool) {
    let release = "update events.shard set lease_until = '-infinity'";
    sqlx::query(release).execute(pool).await.unwrap();
}

/// Restarts events whenever it dies, until it has stored or set aside all. Returns how often it died.
async fn restart_until_done(cluster: &mut Cluster, pool: &sqlx::PgPool, accepted: i64) -> usize {
    let mut client = PipelineServiceClient::new(cluster.client(SECRET_KEY));
    let mut deaths = 0;
    eventually(DEADLINE * 3, "everything to be stored or set aside", async || {
        if !cluster.events.is_running() {
            deaths += 1;
            // As if the lease had run out; that takes ten seconds.
            sqlx::query(
                "update events.shard set lease_until = now() - interval '1 second' where lease_until > now()",
            )
            .execute(pool)
            .await
            .unwrap();
            cluster.kill_and_restart_events();
        }
        let status = client.get_pipeline_status(GetPipelineStatusRequest::default()).await.ok()?.into_inner();
        (status.pending == 0 && status.accepted == accepted).then_some(status)
    })
    .await;
    deaths
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_kills_its_reader_is_quarantined_and_the_others_are_stored() {
    let mut cluster = Cluster::start_with(&[("OBSERVE_TEST_TRAP", DEADLY)]).await;
    let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build().unwrap();
    let pool = cluster.sql().await;
    let mut deaths = Vec::new();
    // The last one is sent again, as by a sender who got no answer.
    let killers = [(41, "abort"), (141, "overflow"), (41, "abort")];
    for (round, (n, how)) in (0..).zip(killers) {
        let first = round * 100 + 1;
        let mut batch: Vec<Value> = (first..first + 100).map(|n| event(n, "tick", "s")).collect();
        batch[40] = event(n, DEADLY, how);
        hold_shards(&cluster, &pool).await;
        let answer = cluster.post(&http, json!(batch).to_string()).await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 202);
        hand_back_shards(&pool).await;
        let accepted = (i64::try_from(round).unwrap() + 1) * 100;
        deaths.push(restart_until_done(&mut cluster, &pool, accepted).await);
    }
    // One that nobody counted, three together with others, one alone, one by itself; one that is known then.
    assert_eq!(deaths, [6, 6, 1]);
    let mut client = PipelineServiceClient::new(cluster.client(SECRET_KEY));
    let status =
        client.get_pipeline_status(GetPipelineStatusRequest::default()).await.unwrap().into_inner();
    let outcome = (status.stored, status.duplicates, status.dead_lettered);
    assert_eq!(outcome, (297, 1, 2), "{status:?}");
    let answer = client.list_dead_letters(ListDeadLettersRequest::default()).await.unwrap();
    let letters = answer.into_inner().dead_letters;
    let uuids: Vec<&str> = letters.iter().map(|letter| letter.uuid.as_str()).collect();
    let expected = [141, 41].map(|n| Uuid::from_u128(n).to_string());
    assert_eq!(uuids, expected, "newest first");
    assert!(letters.iter().all(|letter| letter.name == DEADLY && letter.sqlstate.is_empty()));
    // Looking at them, and trying them again, killed nobody.
    let done = client
        .redrive_dead_letters(RedriveDeadLettersRequest::default())
        .await
        .unwrap()
        .into_inner();
    assert_eq!((done.stored, done.refused), (0, 2));
    assert!(cluster.events.is_running());
}
